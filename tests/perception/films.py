"""The sample films for tests of sight: frames at ticks, straight from PyAV, and their truth."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import av

from vig.domain.clock import SECOND, Grid
from vig.domain.recording import Frame

SAMPLES = Path(__file__).parents[2] / "sample_clips"


def grid_of(name: str, step: int = SECOND // 10) -> Grid:
    meta = truth_of(name)["meta"]
    return Grid.over(round(meta["duration_s"] * SECOND), step)


def frames_of(
    name: str, grid: Grid, ticks: Iterable[int] | None = None
) -> Iterator[tuple[int, Frame]]:
    """The frame shown at each tick of ``ticks`` (all of them unless told otherwise)."""
    wanted = iter(range(grid.ticks) if ticks is None else ticks)
    tick = next(wanted, None)
    with av.open(str(SAMPLES / f"{name}.mp4")) as film:
        shown: av.VideoFrame | None = None
        for frame in film.decode(video=0):
            while tick is not None and shown is not None and time_of(frame) > grid.time_of(tick):
                yield tick, picture(shown)
                tick = next(wanted, None)
            if tick is None:
                return
            shown = frame
        while tick is not None and shown is not None:
            yield tick, picture(shown)
            tick = next(wanted, None)


def time_of(frame: av.VideoFrame) -> int:
    return round(frame.pts * frame.time_base * SECOND)


def picture(frame: av.VideoFrame) -> Frame:
    return Frame(time_of(frame), frame.to_ndarray(format="rgb24"))


@cache
def truth_of(name: str) -> dict[str, Any]:
    return json.loads((SAMPLES / f"{name}.truth.json").read_text())
