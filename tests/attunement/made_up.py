"""Columns as hypothesis makes them up: runs of yes, no and unknown, as people and cameras make them."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from vig.attunement.looks import UNKNOWN
from vig.attunement.signals import PAIR, Columns
from vig.domain.clock import Grid

STEP = 100_000
TICKS = 120


def column(values: st.SearchStrategy[float]) -> st.SearchStrategy[NDArray[np.float32]]:
    """A column made of runs, as people make them: a value and how many ticks it lasts."""
    runs = st.lists(st.tuples(values, st.integers(1, 25)), min_size=1, max_size=30)

    def laid_out(pairs: list[tuple[float, int]]) -> NDArray[np.float32]:
        laid = np.concatenate([np.full(length, value) for value, length in pairs])
        return np.resize(laid, TICKS).astype(np.float32)

    return runs.map(laid_out)


_READING = column(st.sampled_from([0.0, 0.0, 1.0, 1.0, float("nan")]))
_LOOK = column(st.sampled_from([0.0, 1.0, 1.0, 2.0, 3.0])).map(lambda c: c.astype(np.uint8))
MASK = column(st.sampled_from([0.0, 0.0, 1.0])).map(lambda c: c.astype(np.bool_))
_SHOT = st.lists(st.integers(0, TICKS), max_size=2).map(
    lambda cuts: np.searchsorted(sorted(cuts), np.arange(TICKS), side="right").astype(np.int32)
)


@st.composite
def columns(draw: st.DrawFn) -> Columns:
    looks = {role: draw(_LOOK) for role in PAIR}
    return Columns(
        grid=Grid(STEP, TICKS),
        shot=draw(_SHOT),
        seen=np.all([codes != UNKNOWN for codes in looks.values()], axis=0),
        looks=looks,
        by_eyes={role: draw(MASK) for role in PAIR},
        smile={role: draw(_READING) for role in PAIR},
        voice={role: draw(_READING) for role in PAIR},
        cry=draw(_READING),
        joint=draw(_READING),
        facing=draw(_READING),
    )
