"""What was not seen never speaks for anything: taking sight away never raises a component."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.attunement.made_up import MASK, STEP, TICKS
from tests.attunement.made_up import columns as made_up
from vig.attunement.looks import UNKNOWN
from vig.attunement.moments import Story, components, suggest
from vig.attunement.scoring import Scoring
from vig.attunement.signals import PAIR, Columns, gather, measure
from vig.domain.clock import Span
from vig.domain.observation import Observations
from vig.testing import scene

SCORING = Scoring.load()


def _hidden(columns: Columns, masks: list[NDArray[np.bool_]]) -> Columns:
    """The same columns with the ticks of each mask unseen or unheard."""
    baby, parent, voices, other = masks
    nan = np.float32(np.nan)
    by_role = dict(zip(PAIR, (baby, parent), strict=True))
    return replace(
        columns,
        seen=columns.seen & ~baby & ~parent,
        looks={r: np.where(by_role[r], UNKNOWN, columns.looks[r]).astype(np.uint8) for r in PAIR},
        smile={r: np.where(by_role[r], nan, columns.smile[r]) for r in PAIR},
        voice={
            PAIR[0]: np.where(voices, nan, columns.voice[PAIR[0]]),
            PAIR[1]: np.where(other, nan, columns.voice[PAIR[1]]),
        },
        cry=np.where(voices, nan, columns.cry),
        joint=np.where(baby | parent, nan, columns.joint),
        facing=np.where(baby | parent, nan, columns.facing),
    )


@settings(max_examples=150)
@given(
    made_up(),
    st.lists(MASK, min_size=4, max_size=4),
    st.integers(0, TICKS - 31),
    st.integers(30, TICKS),
)
def test_hiding_ticks_never_raises_a_component_of_any_stretch(
    columns: Columns, masks: list[NDArray[np.bool_]], first: int, length: int
) -> None:
    span = Span(first * STEP, min(first + length, TICKS) * STEP)
    whole = Story.of(gather(columns, SCORING), SCORING)
    less = Story.of(gather(_hidden(columns, masks), SCORING), SCORING)
    before, after = components(whole, span), components(less, span)
    assert all(after[name] <= before[name] + 1e-9 for name in before)
    assert less.coverage(span) <= whole.coverage(span)


@settings(max_examples=60)
@given(made_up(), st.lists(MASK, min_size=4, max_size=4))
def test_hiding_ticks_never_makes_the_best_suggestion_better(
    columns: Columns, masks: list[NDArray[np.bool_]]
) -> None:
    less = suggest(gather(_hidden(columns, masks), SCORING), SCORING)
    whole = Story.of(gather(columns, SCORING), SCORING)
    shares = SCORING.younger.shares()
    for moment in less:
        was = components(whole, moment.span)
        assert sum(p for _, p in moment.parts) <= sum(was[n] * shares[n] for n in was) + 1e-5


@settings(max_examples=50)
@given(st.lists(st.tuples(MASK, MASK), min_size=1, max_size=1))
def test_a_scene_in_which_faces_are_lost_scores_no_higher(
    masks: list[tuple[NDArray[np.bool_], NDArray[np.bool_]]],
) -> None:
    obs = scene("""
        0 12 baby: away parent: baby
        2 9 baby: parent parent: baby
        3 6 baby: parent smile parent: baby smile
        7 8 baby: parent voice parent: baby
        8.5 9.5 baby: parent parent: baby voice
        10 12 baby: toy parent: toy
    """)
    tracks = []
    for track, mask in zip(obs.seen.tracks, masks[0], strict=True):
        names = ("box", "head", "gaze", "where", "smile", "gaze_spread", "head_spread")
        columns = {name: getattr(track, name).copy() for name in names}
        for column in columns.values():
            column[mask] = np.nan
        tier = np.where(mask, 0, track.gaze_tier).astype(np.uint8)
        tracks.append(replace(track, gaze_tier=tier, **columns))
    lost = Observations(replace(obs.seen, tracks=tuple(tracks)), obs.heard)
    span = Span(0, 12_000_000)
    before = components(Story.of(measure(obs, SCORING), SCORING), span)
    after = components(Story.of(measure(lost, SCORING), SCORING), span)
    assert all(after[name] <= before[name] + 1e-9 for name in before)
