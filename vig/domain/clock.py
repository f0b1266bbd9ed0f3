"""Time in whole microseconds since the first shown frame.

Phones film at variable rates and containers count in rationals; both are turned into integers at
the edge (the media room), so that two times are equal or they are not. There is no frame rate
anywhere in the house.

::

    Span(2, 7)        |··[====)···|       2 ≤ t < 7, never empty
    & Span(5, 9)      |·····[==)··|       Span(5, 7), or None where nothing is shared
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

Micros: TypeAlias = int
"""Whole microseconds."""

SECOND: Micros = 1_000_000


@dataclass(frozen=True, order=True, slots=True)
class Span:
    """A half-open stretch of time, from ``start`` up to but not including ``end``; never empty."""

    start: Micros
    end: Micros

    def __post_init__(self) -> None:
        if type(self.start) is not int or type(self.end) is not int:
            raise TypeError("a span is made of whole microseconds")
        if self.end <= self.start:
            raise ValueError(f"a span ends after it starts, not {self.start}..{self.end}")

    @property
    def length(self) -> Micros:
        return self.end - self.start

    @property
    def middle(self) -> Micros:
        return (self.start + self.end) // 2

    def __contains__(self, at: Micros) -> bool:
        return self.start <= at < self.end

    def __and__(self, other: Span) -> Span | None:
        """What both share, or None."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Span(start, end) if start < end else None

    def gap_to(self, other: Span) -> Micros:
        """Time from this end to the other's start; negative where they overlap."""
        return other.start - self.end

    def iou(self, other: Span) -> float:
        """Shared time over joint time (intersection over union), 0 to 1."""
        shared = self & other
        if shared is None:
            return 0.0
        return shared.length / (self.length + other.length - shared.length)

    def within(self, bounds: Span) -> Span | None:
        """This span cut to ``bounds``; None where nothing is left."""
        return self & bounds


@dataclass(frozen=True, slots=True)
class SpanSet:
    """Sorted spans that neither touch nor overlap. Build one with :meth:`of`."""

    spans: tuple[Span, ...] = ()

    @classmethod
    def of(cls, spans: Iterable[Span]) -> SpanSet:
        joined: list[Span] = []
        for span in sorted(spans):
            if joined and span.start <= joined[-1].end:
                joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
            else:
                joined.append(span)
        return cls(tuple(joined))

    def __iter__(self) -> Iterator[Span]:
        return iter(self.spans)

    def __len__(self) -> int:
        return len(self.spans)

    @property
    def length(self) -> Micros:
        return sum(span.length for span in self.spans)

    def __or__(self, other: SpanSet) -> SpanSet:
        return SpanSet.of((*self.spans, *other.spans))

    def __and__(self, other: SpanSet) -> SpanSet:
        return SpanSet.of(both for a in self for b in other if (both := a & b) is not None)

    def bridged(self, gap: Micros) -> SpanSet:
        """The same set with gaps of at most ``gap`` filled in."""
        joined: list[Span] = []
        for span in self.spans:
            if joined and joined[-1].gap_to(span) <= gap:
                joined[-1] = Span(joined[-1].start, span.end)
            else:
                joined.append(span)
        return SpanSet(tuple(joined))

    def at_least(self, length: Micros) -> SpanSet:
        """Only the spans that last ``length`` or longer."""
        return SpanSet(tuple(span for span in self.spans if span.length >= length))


@dataclass(frozen=True, slots=True)
class Grid:
    """Equally spaced ticks: tick ``i`` stands for the time ``i * step`` and covers up to the next.

    One grid belongs to one analysis; every signal is an array with one value a tick.
    """

    step: Micros
    ticks: int

    def __post_init__(self) -> None:
        if self.step <= 0 or self.ticks < 0:
            raise ValueError("a grid has a positive step and no negative number of ticks")

    @classmethod
    def over(cls, duration: Micros, step: Micros = SECOND // 10) -> Grid:
        """The grid that covers a film of ``duration``; 10 Hz unless said otherwise."""
        return cls(step, -(-duration // step))

    @property
    def duration(self) -> Micros:
        return self.step * self.ticks

    def time_of(self, tick: int) -> Micros:
        return tick * self.step

    def tick_of(self, at: Micros) -> int:
        """The tick whose cell holds ``at``, kept within the grid."""
        return min(max(at // self.step, 0), max(self.ticks - 1, 0))

    def span_of(self, first: int, after: int) -> Span:
        """The time from tick ``first`` up to tick ``after``."""
        return Span(first * self.step, after * self.step)

    def ticks_in(self, span: Span) -> range:
        """The ticks whose time lies in ``span``."""
        first = max(-(-span.start // self.step), 0)
        return range(first, min(-(-span.end // self.step), self.ticks))
