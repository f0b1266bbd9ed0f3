"""What was not seen never speaks for anything: taking sight away never raises a component."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from vig.attunement.looks import UNKNOWN
from vig.attunement.moments import Story, components, suggest
from vig.attunement.scoring import Scoring
from vig.attunement.signals import PAIR, Columns, gather, measure
from vig.domain.clock import Grid, Span
from vig.domain.observation import Observations
from vig.testing import scene

SCORING = Scoring.load()
STEP = 100_000
TICKS = 120


def _column(values: st.SearchStrategy[float]) -> st.SearchStrategy[NDArray[np.float32]]:
    """A column made of runs, as people make them: a value and how many ticks it lasts."""
    runs = st.lists(st.tuples(values, st.integers(1, 25)), min_size=1, max_size=30)

    def laid_out(pairs: list[tuple[float, int]]) -> NDArray[np.float32]:
        laid = np.concatenate([np.full(length, value) for value, length in pairs])
        return np.resize(laid, TICKS).astype(np.float32)

    return runs.map(laid_out)


_READING = _column(st.sampled_from([0.0, 0.0, 1.0, 1.0, float("nan")]))
_LOOK = _column(st.sampled_from([0.0, 1.0, 1.0, 2.0, 3.0])).map(lambda c: c.astype(np.uint8))
_MASK = _column(st.sampled_from([0.0, 0.0, 1.0])).map(lambda c: c.astype(np.bool_))
_SHOT = st.lists(st.integers(0, TICKS), max_size=2).map(
    lambda cuts: np.searchsorted(sorted(cuts), np.arange(TICKS), side="right").astype(np.int32)
)


@st.composite
def _columns(draw: st.DrawFn) -> Columns:
    looks = {role: draw(_LOOK) for role in PAIR}
    return Columns(
        grid=Grid(STEP, TICKS),
        shot=draw(_SHOT),
        seen=np.all([codes != UNKNOWN for codes in looks.values()], axis=0),
        looks=looks,
        by_eyes={role: draw(_MASK) for role in PAIR},
        smile={role: draw(_READING) for role in PAIR},
        voice={role: draw(_READING) for role in PAIR},
        cry=draw(_READING),
        joint=draw(_READING),
        facing=draw(_READING),
    )


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
    _columns(),
    st.lists(_MASK, min_size=4, max_size=4),
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
@given(_columns(), st.lists(_MASK, min_size=4, max_size=4))
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
@given(st.lists(st.tuples(_MASK, _MASK), min_size=1, max_size=1))
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
