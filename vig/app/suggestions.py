"""Suggestions as they stand: what was seen, and what people have said about the film since.

Watching is slow and is done once; everything after it is arithmetic and is done again whenever
something it stands on has changed: who is who, the senses switched off, the focus, the family's
words, the visible weights. What it stood on is kept as a short *recipe* beside the answer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from vig.app.people import AS, As, Corrections, corrected, present
from vig.app.workspace import Workspace
from vig.attunement.moments import Pairing, suggest_among
from vig.attunement.scoring import Scoring
from vig.attunement.signals import Signals, measure
from vig.attunement.words import Words
from vig.domain.clock import Span
from vig.domain.family import Role
from vig.domain.observation import Observations
from vig.domain.recording import Recording
from vig.domain.review import Moment, Sense

PEOPLE, FOCUS, CUES, WORDS, LOOK_FIRST, QUESTION, RECIPE = (
    "people", "focus", "cues", "words", "look-first", "question", "recipe",
)  # fmt: skip
"""Kinds of things that are set of a film, a family or an account."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything that suggestions stand on beside what was seen."""

    people: Corrections
    focus: tuple[str, ...]
    off: frozenset[Sense]
    age_weeks: int | None
    words: dict[Role, str]

    def recipe(self, settings: str) -> str:
        """16 hexadecimal digits that change with anything in it, or with the weights."""
        told = [
            sorted((number, as_) for number, as_ in self.people.items()),
            sorted(self.focus),
            sorted(self.off),
            self.age_weeks,
            sorted((role.value, word) for role, word in self.words.items()),
            settings,
        ]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def standing(ws: Workspace, recording: Recording) -> Standing:
    """What the suggestions of a film stand on now."""
    family = ws.catalogue.family(recording.family)
    words = {Role(r): word for r, word in ws.catalogue.items(family.id, WORDS).items()}
    if family.carer_word:
        words[Role.PARENT] = family.carer_word
    return Standing(
        people=people(ws.catalogue.items(recording.id, PEOPLE)),
        focus=tuple(ws.catalogue.item(recording.id, FOCUS) or ()),
        off=senses(ws.catalogue.item(family.id, CUES)),
        age_weeks=family.age_weeks,
        words=words,
    )


def people(kept: Mapping[str, Any]) -> dict[int, As]:
    """Corrections as they are kept (a thing for each track), as they are used."""
    return {int(number): cast(As, as_) for number, as_ in kept.items() if as_ in AS}


def senses(kept: Any) -> frozenset[Sense]:
    """The senses that a family has switched off."""
    return frozenset(Sense(name) for name in kept or ())


def signals_by_pair(
    observations: Observations, stand: Standing, scoring: Scoring
) -> dict[tuple[Role, Role], Signals]:
    """The signals of every pair of a child and a carer in the film."""
    seen = corrected(observations, stand.people)
    return {pair: measure(seen, scoring, pair=pair, off=stand.off) for pair in present(seen)}


def work_out(
    observations: Observations, stand: Standing, scoring: Scoring, recording: Recording
) -> tuple[Moment, ...]:
    """The suggestions that follow, best first. The same stretch has the same id each time.

    The last tick of what was seen may reach a little over the end of the film; no suggestion does.
    """
    by_pair = signals_by_pair(observations, stand, scoring)
    pairings = [
        Pairing(signals, _words(stand.words, child, carer, by_pair), child, carer)
        for (child, carer), signals in by_pair.items()
    ]
    moments = suggest_among(
        pairings,
        scoring,
        age_weeks=stand.age_weeks,
        analysis=recording.id,
        focus=stand.focus,
        off=stand.off,
    )
    end = recording.duration
    return tuple(
        replace(moment, span=Span(moment.span.start, min(moment.span.end, end)))
        for moment in moments
        if moment.span.start < end
    )


def _words(
    said: dict[Role, str], child: Role, carer: Role, by_pair: dict[tuple[Role, Role], Signals]
) -> Words:
    """How this pair is spoken of; a voice that may be another's is not put in anybody's mouth."""
    usual = {
        Role.PARENT: "the parent",
        Role.CARER2: "the other carer",
        Role.BABY: "the baby",
        Role.TWIN: "the other baby",
    }
    carers = {pair[1] for pair in by_pair}
    children = {pair[0] for pair in by_pair}
    return Words(
        carer=said.get(carer, usual[carer]),
        baby=said.get(child, usual[child]),
        voice="one of the grown-ups" if len(carers) > 1 else None,
        baby_voice="one of the babies" if len(children) > 1 else None,
    )
