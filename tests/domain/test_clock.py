"""The algebra of spans is the algebra of sets of integers."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vig.domain.clock import SECOND, Grid, Span, SpanSet

EDGE = st.integers(-60, 60)


@st.composite
def spans(draw: st.DrawFn) -> Span:
    start = draw(EDGE)
    return Span(start, draw(st.integers(start + 1, 64)))


def span_sets() -> st.SearchStrategy[SpanSet]:
    return st.lists(spans(), max_size=8).map(SpanSet.of)


def points(spans: Iterable[Span]) -> set[int]:
    return {at for span in spans for at in range(span.start, span.end)}


@given(EDGE, EDGE)
def test_a_span_that_would_be_empty_or_backward_cannot_be_made(start: int, end: int) -> None:
    if start < end:
        assert Span(start, end).length == end - start
    else:
        with pytest.raises(ValueError, match="ends after it starts"):
            Span(start, end)


@pytest.mark.parametrize("start", [0.0, True, None, "0"])
def test_a_span_takes_whole_microseconds_only(start: object) -> None:
    with pytest.raises(TypeError, match="whole microseconds"):
        Span(start, 5)  # type: ignore[arg-type]


@given(spans(), EDGE)
def test_a_time_lies_in_a_span_as_an_integer_lies_in_its_range(span: Span, at: int) -> None:
    assert (at in span) == (at in range(span.start, span.end))
    assert span.start in span
    assert span.end not in span
    assert span.middle in span


@given(spans(), spans())
def test_what_two_spans_share_is_the_intersection_of_their_points(a: Span, b: Span) -> None:
    shared = a & b
    assert (points([shared]) if shared else set()) == points([a]) & points([b])
    assert shared == b & a
    assert a.within(b) == shared


@given(spans(), spans())
def test_iou_is_shared_points_over_joint_points(a: Span, b: Span) -> None:
    shared, joint = points([a]) & points([b]), points([a]) | points([b])
    assert a.iou(b) == len(shared) / len(joint)
    assert a.iou(b) == b.iou(a)
    assert a.iou(a) == 1.0


@given(spans(), spans())
def test_a_gap_is_negative_exactly_where_one_starts_before_the_other_ends(a: Span, b: Span) -> None:
    assert (a.gap_to(b) < 0) == (b.start < a.end)
    assert b.start == a.end + a.gap_to(b)


@given(st.lists(spans(), max_size=8))
def test_a_span_set_holds_the_points_of_its_spans_sorted_and_apart(given_: list[Span]) -> None:
    made = SpanSet.of(given_)
    assert points(made) == points(given_)
    assert made.length == len(points(given_))
    assert all(a.gap_to(b) > 0 for a, b in pairwise(made))
    assert SpanSet.of(made) == made
    assert SpanSet.of(reversed(given_)) == made


@given(span_sets(), span_sets())
def test_union_and_intersection_of_span_sets_are_those_of_their_points(
    a: SpanSet, b: SpanSet
) -> None:
    assert points(a | b) == points(a) | points(b)
    assert points(a & b) == points(a) & points(b)
    assert a | b == b | a
    assert a & b == b & a


@given(span_sets(), span_sets(), span_sets())
def test_span_sets_distribute_as_sets_do(a: SpanSet, b: SpanSet, c: SpanSet) -> None:
    assert a & (b | c) == (a & b) | (a & c)
    assert (a | b) | c == a | (b | c)


@given(span_sets(), st.integers(0, 20))
def test_bridging_fills_exactly_the_gaps_that_are_short_enough(a: SpanSet, gap: int) -> None:
    filled = a.bridged(gap)
    gaps = pairwise(a)
    short = [Span(left.end, right.start) for left, right in gaps if right.start - left.end <= gap]
    assert points(filled) == points(a) | points(short)
    assert filled.bridged(gap) == filled


@given(span_sets(), st.integers(0, 40))
def test_at_least_keeps_whole_spans_and_only_the_long_ones(a: SpanSet, length: int) -> None:
    kept = a.at_least(length)
    assert set(kept) <= set(a)
    assert all(span.length >= length for span in kept)
    assert all(span.length < length for span in set(a) - set(kept))


grids = st.builds(Grid, st.integers(1, 50), st.integers(0, 40))


@pytest.mark.parametrize(("step", "ticks"), [(0, 3), (-1, 3), (1, -1)])
def test_a_grid_without_a_forward_step_cannot_be_made(step: int, ticks: int) -> None:
    with pytest.raises(ValueError, match="positive step"):
        Grid(step, ticks)


@given(st.integers(0, 10_000), st.integers(1, 400))
def test_a_grid_over_a_film_covers_it_and_wastes_less_than_a_step(duration: int, step: int) -> None:
    grid = Grid.over(duration, step)
    assert 0 <= grid.duration - duration < step


def test_a_grid_has_ten_ticks_a_second_unless_told() -> None:
    assert Grid.over(60 * SECOND).ticks == 600


@given(grids.filter(lambda grid: grid.ticks > 0), st.integers(-200, 3_000))
def test_the_tick_of_a_time_is_the_cell_that_holds_it_or_the_nearest(grid: Grid, at: int) -> None:
    tick = grid.tick_of(at)
    assert 0 <= tick < grid.ticks
    if 0 <= at < grid.duration:
        assert at in grid.span_of(tick, tick + 1)
    else:
        assert tick == (0 if at < 0 else grid.ticks - 1)


@given(grids, spans())
def test_the_ticks_in_a_span_are_those_whose_time_lies_in_it(grid: Grid, span: Span) -> None:
    inside = [tick for tick in range(grid.ticks) if grid.time_of(tick) in span]
    assert list(grid.ticks_in(span)) == inside
