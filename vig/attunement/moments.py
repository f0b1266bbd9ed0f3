"""Which stretches of a film to propose, and why: windows, components, choice.

A moment is proposed only for what was seen and heard. Each component runs from 0 to 1 and is shown
on its own; their weighted sum orders one list and is then forgotten. Proposing nothing is a valid
answer, and says nothing about a family.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vig.attunement.chains import Act, Answer, acts_of, answers_of
from vig.attunement.reasons import evidence_of, reason_of
from vig.attunement.scoring import Scoring
from vig.attunement.signals import Signals, Turn, turn_count
from vig.attunement.words import Words
from vig.domain.clock import SECOND, Micros, Span, SpanSet
from vig.domain.family import Role
from vig.domain.review import Cue, Evidence, Moment, Principle, Sense

_REPLY_CORE = 2 * SECOND  # of a long answer, so much belongs to the moment it answers in
_CLEARLY = 0.25  # of what fills a component; less at the edge of a stretch names no principle


@dataclass(frozen=True, slots=True)
class Story:
    """The signals of a film with what follows from them, ready to be asked about any stretch."""

    signals: Signals
    scoring: Scoring
    acts: tuple[Act, ...]
    answers: tuple[Answer, ...]
    seen: NDArray[np.int64]  # (ticks + 1,) ticks with both faces, summed up

    @classmethod
    def of(cls, signals: Signals, scoring: Scoring) -> Story:
        acts = acts_of(signals)
        seen = np.concatenate([[0], np.cumsum(signals.columns.seen)]).astype(np.int64)
        return cls(signals, scoring, tuple(acts), answers_of(acts, scoring), seen)

    def coverage(self, span: Span) -> float:
        """Share of the stretch in which both faces were seen."""
        ticks = self.signals.grid.ticks_in(span)
        if not len(ticks):
            return 0.0
        return float(self.seen[ticks.stop] - self.seen[ticks.start]) / len(ticks)

    def going_on_at(self, at: Micros) -> bool:
        """Whether a clip that begins here begins in the middle of a mutual look or a voice."""
        voices = (event.span for events in self.signals.voices.values() for event in events)
        return any(each.start < at < each.end for each in (*self.signals.mutual_looks, *voices))

    def answers_in(self, span: Span) -> list[Answer]:
        """Answers whose initiative and reply both begin in the stretch."""
        first = bisect_left(self.answers, span.start, key=lambda a: a.initiative.span.start)
        after = bisect_left(self.answers, span.end, key=lambda a: a.initiative.span.start)
        return [a for a in self.answers[first:after] if a.reply.span.start < span.end]

    def turns_in(self, span: Span) -> list[Turn]:
        """Turns whose voices both begin in the stretch."""
        turns = self.signals.turns
        first = bisect_left(turns, span.start, key=lambda turn: turn.span.start)
        after = bisect_left(turns, span.end, key=lambda turn: turn.span.start)
        return [turn for turn in turns[first:after] if turn.start < span.end]


def time_in(spans: SpanSet, span: Span) -> Micros:
    """How much of the stretch the spans cover."""
    listed = spans.spans
    first = bisect_right(listed, span.start, key=lambda each: each.end)
    after = bisect_left(listed, span.end, key=lambda each: each.start)
    shared = (each & span for each in listed[first:after])
    return sum(each.length for each in shared if each is not None)


def components(story: Story, span: Span) -> dict[str, float]:
    """What speaks for this stretch, each 0 to 1; taking sight away never raises one.

    ``mutual_look``, ``facing``, ``joint_look``, ``joint_smile``, ``pause``, ``soothing``: time in
    it, of the time that fills the component. ``chain``: the credit of the best-earned answer for
    each reply. ``turns``: changes of speaker, from two on.
    """
    signals, scoring = story.signals, story.scoring
    full = scoring.full
    timed = {
        "mutual_look": (signals.mutual_looks, full.mutual_look),
        "facing": (signals.facings, full.facing),
        "joint_look": (signals.joint_looks, full.joint_look),
        "joint_smile": (signals.joint_smiles, full.joint_smile),
        "pause": (signals.pauses, scoring.pause.many),
        "soothing": (signals.soothings, scoring.soothing.many),
    }
    found = {name: min(time_in(spans, span) / much, 1.0) for name, (spans, much) in timed.items()}
    earned: dict[Act, float] = {}
    for answer in story.answers_in(span):
        earned[answer.reply] = max(earned.get(answer.reply, 0.0), answer.credit)
    found["chain"] = min(sum(earned.values()) / scoring.chain.many, 1.0)
    turns = turn_count(story.turns_in(span))
    found["turns"] = 0.0 if turns < scoring.turns.few else min(turns / scoring.turns.many, 1.0)
    return found


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stretch that might be proposed."""

    span: Span
    parts: dict[str, float]
    """Each component times its share of the weights."""
    coverage: float
    principle: Principle
    cuts_in: bool
    """It begins in the middle of a mutual look or of somebody's voice."""
    weight: float = 1.0
    """That of its principle, which the helping question may have raised."""

    @property
    def score(self) -> float:
        return sum(self.parts.values())


def suggest(
    signals: Signals,
    scoring: Scoring,
    *,
    age_weeks: int | None = None,
    carer: Words | None = None,
    analysis: str = "",
) -> tuple[Moment, ...]:
    """The stretches of a film worth looking at first, best first; none is a valid answer.

    ``age_weeks`` switches the weights at about nine months (None: the younger ones). ``carer`` holds
    the family's own words. ``analysis`` is the id of the analysis: it and the stretch make the moment's
    id, so that the same analysis always gives the same ids.
    """
    pairing = Pairing(signals, carer or Words())
    return suggest_among([pairing], scoring, age_weeks=age_weeks, analysis=analysis)


@dataclass(frozen=True, slots=True)
class Pairing:
    """A child and a carer of one film: their signals, and how the family speaks of them."""

    signals: Signals
    words: Words
    child: Role = Role.BABY
    carer: Role = Role.PARENT


def suggest_among(
    pairings: Sequence[Pairing],
    scoring: Scoring,
    *,
    age_weeks: int | None = None,
    analysis: str = "",
    focus: Collection[str] = (),
    off: Collection[Sense] = (),
) -> tuple[Moment, ...]:
    """Like :func:`suggest` for all pairs of a film together: one list, and no stretch twice.

    ``focus``: codes of the principles that the helping question is about. ``off``: senses that
    were left out of the signals; where both are, nobody's face needs to have been seen.
    """
    shares = scoring.weights(age_weeks).shares(off)
    stories = [Story.of(pairing.signals, scoring) for pairing in pairings]
    whose: dict[int, int] = {}
    found: list[Candidate] = []
    for number, story in enumerate(stories):
        for each in candidates(story, shares, focus=focus, faces=set(off) != set(Sense)):
            whose[id(each)] = number
            found.append(each)
    duration = pairings[0].signals.grid.duration
    moments = []
    for each in choose(found, scoring, duration):
        number = whose[id(each)]
        moments.append(_moment(stories[number], each, pairings[number], analysis))
    return tuple(moments)


def candidates(
    story: Story, shares: dict[str, float], *, focus: Collection[str] = (), faces: bool = True
) -> Iterable[Candidate]:
    """Every stretch that is good enough and was seen well enough to be proposed.

    ``faces`` False asks for no seen faces, where nothing is told by them.
    """
    floor = story.scoring.choice
    for span in windows(story):
        coverage = story.coverage(span)
        found = components(story, span)
        if faces and coverage < floor.coverage:
            continue
        parts = {name: found[name] * share for name, share in shares.items()}
        principle = principle_of(story, span, found)
        candidate = Candidate(
            span,
            parts,
            coverage,
            principle,
            story.going_on_at(span.start),
            story.scoring.principles.weight(principle, focus),
        )
        if candidate.score >= floor.score:
            yield candidate


def windows(story: Story) -> list[Span]:
    """Stretches around what happens: a little before the initiative to a little after the answer.

    Things that happen close together make one episode. An episode that fits a clip is one window;
    a longer one is looked at from each beginning in it, and again after each usual length.
    """
    clip = story.scoring.clip
    film = Span(0, max(story.signals.grid.duration, 1))
    happenings = _happenings(story)
    found: set[Span] = set()
    for episode in SpanSet.of(happenings).bridged(clip.together):
        whole = _within_film(
            episode.start - clip.before, episode.end + clip.after, film, clip.shortest
        )
        if whole.length <= clip.longest:
            found.add(whole)
            continue
        inside = [h for h in happenings if episode.start <= h.start < episode.end]
        starts = {at for h in inside for at in range(h.start, h.end, clip.usual)}
        found |= {_window_from(start, inside, story.scoring, film) for start in sorted(starts)}
    return sorted(found)


def _window_from(start: Micros, inside: list[Span], scoring: Scoring, film: Span) -> Span:
    """The stretch that begins before ``start``: of the usual length, or a little longer to let
    what is going on come to its end, or shorter where nothing more happens."""
    clip = scoring.clip
    first = max(start - clip.before, film.start)
    limit, usual = first + clip.longest, first + clip.usual
    going_on = [h for h in inside if h.end > start and h.start < usual - clip.after]
    ends = [h.end + clip.after for h in going_on]
    fitting = [end for end in ends if end <= limit]
    end = max(fitting) if fitting and max(fitting) >= usual else usual
    if ends and max(ends) < usual:
        end = max(ends)
    return _within_film(first, end, film, clip.shortest)


def _within_film(start: Micros, end: Micros, film: Span, shortest: Micros) -> Span:
    start, end = max(start, film.start), min(end, film.end)
    if end - start < shortest:
        end = min(start + shortest, film.end)
        start = max(min(start, end - shortest), film.start)
    return Span(start, end)


def _happenings(story: Story) -> list[Span]:
    """What a moment can be made of, in the order of time: things that need both people.

    A parent who looks and waits, or two heads turned to each other, are no moment alone.
    """
    signals = story.signals
    found = [
        *signals.mutual_looks,
        *signals.joint_looks,
        *signals.joint_smiles,
        *signals.soothings,
        *(turn.span for turn in signals.turns),
    ]
    for answer in story.answers:
        reply = answer.reply.span
        core = min(reply.end, reply.start + _REPLY_CORE)
        found.append(Span(answer.initiative.span.start, core))
    return sorted(found)


def principle_of(story: Story, span: Span, found: dict[str, float]) -> Principle:
    """The attunement principle that a stretch speaks of most.

    Turn-taking or a smile within a mutual look: developing. An initiative of the baby that is
    answered: receiving. Looking together, or a pause that the baby fills: encouraging. Else the
    parent is attentive. Guiding and deepening are for people to see.
    """
    if found["turns"] > 0 or (found["joint_smile"] > 0 and found["mutual_look"] > 0):
        return Principle.DEVELOPING
    answers = story.answers_in(span)
    if any(answer.initiative.by is Role.BABY for answer in answers):
        return Principle.RECEIVING
    if found["joint_look"] >= _CLEARLY or (found["pause"] >= _CLEARLY and answers):
        return Principle.ENCOURAGING
    return Principle.ATTENTIVE


def choose(found: list[Candidate], scoring: Scoring, duration: Micros) -> list[Candidate]:
    """The best that do not overlap, spread over the film and the principles, best first.

    One for each ``film_for_one`` of film (at least one), ``most`` at most.
    """
    choice = scoring.choice
    number = min(choice.most, max(1, duration // choice.film_for_one))
    left = sorted(found, key=lambda each: (-each.score, each.span))
    chosen: list[Candidate] = []
    while left and len(chosen) < number:
        worth = _worth(chosen, scoring)
        best = max(left, key=lambda each: (worth(each), each.score, -each.span.start))
        chosen.append(best)
        left = [each for each in left if each.span & best.span is None]
    return chosen


def _worth(chosen: list[Candidate], scoring: Scoring) -> Callable[[Candidate], float]:
    choice = scoring.choice
    used = Counter(each.principle for each in chosen)

    def worth(each: Candidate) -> float:
        near = any(
            max(each.span.gap_to(other.span), other.span.gap_to(each.span)) < choice.near
            for other in chosen
        )
        same = max(1 - choice.same_principle * used[each.principle], 0.0)
        whole = 1 - choice.cut_in_less if each.cuts_in else 1.0
        return each.score * each.weight * same * whole * (1 - choice.near_less if near else 1.0)

    return worth


def _whose(evidence: Evidence, pairing: Pairing) -> Role | None:
    """Whose it is in the film; None also for a voice that may be another's."""
    if evidence.by is None:
        return None
    voiced = evidence.cue in (Cue.VOICE, Cue.SOOTHING)
    if voiced and pairing.words.heard(evidence.by) != pairing.words.of(evidence.by):
        return None
    return pairing.child if evidence.by is Role.BABY else pairing.carer


def _moment(story: Story, each: Candidate, pairing: Pairing, analysis: str) -> Moment:
    span, words = each.span, pairing.words
    answers, turns = story.answers_in(span), story.turns_in(span)
    evidence = tuple(
        replace(e, by=_whose(e, pairing))
        for e in evidence_of(story.signals, span, answers, turns, words)
    )
    named = f"{analysis}|{span.start}|{span.end}|{each.principle.value}"
    return Moment(
        id=hashlib.sha256(named.encode()).hexdigest()[:32],
        span=span,
        principle=each.principle,
        reason=reason_of(story.signals, span, answers, turns, words),
        evidence=evidence,
        parts=tuple((name, round(part, 6)) for name, part in each.parts.items()),
        coverage=each.coverage,
    )
