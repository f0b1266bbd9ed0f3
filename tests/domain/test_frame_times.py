"""Which frame is shown when, for films of any rhythm."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vig.domain.clock import Span
from vig.domain.recording import FrameTimes


@st.composite
def times(draw: st.DrawFn) -> FrameTimes:
    lengths = draw(st.lists(st.integers(1, 40), min_size=1, max_size=30))
    edges = np.concatenate([[0], np.cumsum(lengths)])
    return FrameTimes(edges[:-1].astype(np.int64), int(edges[-1]))


def cells(film: FrameTimes) -> list[Span]:
    edges = [*map(int, film.starts), film.end]
    return [Span(a, b) for a, b in pairwise(edges)]


@given(times(), st.integers(-50, 1_300))
def test_the_frame_shown_at_a_time_is_the_one_whose_stretch_holds_it(
    film: FrameTimes, at: int
) -> None:
    shown = [number for number, cell in enumerate(cells(film)) if at in cell]
    outside = 0 if at < 0 else len(film) - 1
    assert film.frame_at(at) == (shown[0] if shown else outside)


@given(times(), st.data())
def test_the_span_of_frames_is_the_union_of_their_stretches(
    film: FrameTimes, data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, len(film) - 1))
    after = data.draw(st.integers(first + 1, len(film)))
    parts = cells(film)[first:after]
    assert film.span_of(first, after) == Span(parts[0].start, parts[-1].end)


@given(times(), st.data())
def test_snapping_takes_every_frame_touched_and_no_other(
    film: FrameTimes, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, film.end - 1))
    span = Span(start, data.draw(st.integers(start + 1, film.end)))
    touched = [cell for cell in cells(film) if cell & span]
    snapped = film.snapped(span)
    assert snapped == Span(touched[0].start, touched[-1].end)
    assert film.snapped(snapped) == snapped
