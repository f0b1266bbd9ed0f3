"""The sample films for tests of sight: frames at ticks, and their truth."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from vig.domain.clock import SECOND, Grid
from vig.domain.recording import Frame
from vig.media.video import sample

SAMPLES = Path(__file__).parents[2] / "sample_clips"


def grid_of(name: str, step: int = SECOND // 10) -> Grid:
    meta = truth_of(name)["meta"]
    return Grid.over(round(meta["duration_s"] * SECOND), step)


def frames_of(
    name: str, grid: Grid, ticks: Iterable[int] | None = None
) -> Iterator[tuple[int, Frame]]:
    """The frame shown at each tick of ``ticks`` (all of them unless told otherwise)."""
    wanted = sorted(range(grid.ticks) if ticks is None else ticks)
    span = grid.span_of(wanted[0], wanted[-1] + 1)
    with (SAMPLES / f"{name}.mp4").open("rb") as film:
        yield from ((t, frame) for t, frame in sample(film, grid, span) if t in set(wanted))


@cache
def truth_of(name: str) -> dict[str, Any]:
    return json.loads((SAMPLES / f"{name}.truth.json").read_text())
