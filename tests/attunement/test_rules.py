"""Rules that every list of suggestions keeps, whatever was seen."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.attunement.made_up import STEP, TICKS
from tests.attunement.made_up import columns as made_up
from vig.attunement.moments import suggest
from vig.attunement.scoring import Scoring
from vig.attunement.signals import Columns, gather
from vig.attunement.words import Words
from vig.domain.clock import Span
from vig.domain.review import Cue, Principle

SCORING = Scoring.load()
FILM = Span(0, STEP * TICKS)
# Guiding and deepening are for people to see.
SEEN_BY_A_MACHINE = set(Principle) - {Principle.GUIDING, Principle.DEEPENING}


@settings(max_examples=150)
@given(made_up(), st.sampled_from([None, 8, 60]))
def test_suggestions_keep_their_rules(columns: Columns, age: int | None) -> None:
    signals = gather(columns, SCORING)
    moments = suggest(signals, SCORING, age_weeks=age, carer=Words("Mum", "she"), analysis="a")
    assert len(moments) <= 1  # twelve seconds of film
    assert moments == suggest(
        signals, SCORING, age_weeks=age, carer=Words("Mum", "she"), analysis="a"
    )
    for moment in moments:
        assert moment.span & FILM == moment.span
        assert SCORING.clip.shortest <= moment.span.length <= SCORING.clip.longest
        assert SCORING.choice.coverage <= moment.coverage <= 1
        assert all(0 <= part <= 1 for _, part in moment.parts)
        assert sum(part for _, part in moment.parts) >= SCORING.choice.score - 1e-6
        assert moment.evidence
        assert moment.reason[0].isupper()
        assert moment.reason.endswith(".")
        assert moment.principle in SEEN_BY_A_MACHINE
        for piece in moment.evidence:
            assert piece.span & moment.span == piece.span
            assert piece.delay is None or 0 <= piece.delay < SCORING.chain.none
            assert piece.words
        assert {e.cue for e in moment.evidence} - {Cue.PAUSE, Cue.FACING}


@settings(max_examples=150)
@given(made_up())
def test_events_are_sorted_apart_and_long_enough(columns: Columns) -> None:
    signals = gather(columns, SCORING)
    times = SCORING.events
    for least, sets in (
        (times.look_least, signals.looks), (times.least, signals.smiles), (times.least, signals.voices),
    ):  # fmt: skip
        for events in sets.values():
            assert all(event.span.length >= least for event in events)
            assert all(a.span.end <= b.span.start for a, b in pairwise(events))
    for turn in signals.turns:
        assert SCORING.turns.gap_from <= turn.gap <= SCORING.turns.gap_to
        assert turn.first is not turn.second
