"""Micro-clips, stills and thumbnails: what is taken out of a film, exactly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from vig.domain.clock import Micros, Span
from vig.domain.recording import FrameTimes
from vig.errors import BadSpan
from vig.media.proxy import Sink, poured
from vig.media.sandbox import Child, nonsense
from vig.media.video import frame_at, frames_at

CRF: Final = 18
"""Nearly as the film itself: a clip is looked at closely and may be the only copy kept."""


def cut(source: BinaryIO, span: Span, sink: Sink, *, times: FrameTimes) -> Span:
    """Write the frames shown in ``span``, with their sound, as an MP4 that starts at time 0.

    Exactly the frames that :meth:`FrameTimes.snapped` gives, encoded anew; the sound is aligned
    within one AAC frame (21 ms). Nothing else of the film's file (place, device) goes with it.

    Returns the span of the film that was cut.

    Raises:
        BadSpan: the span does not lie in the film. Others: see ``video.py``.
    """
    if span.start < 0 or span.end > times.end:
        raise BadSpan(start=span.start, end=span.end)
    exact = times.snapped(span)
    asked = {
        "start": exact.start,
        "end": exact.end,
        "longest": 1920,
        "preset": "fast",
        "crf": CRF,
    }
    with Child("cut", source, asked) as child:
        for answer in child.answers():
            if poured(answer, sink) or "share" in answer.header:
                continue
            answer.whole("start", exact.start, exact.start)
            return exact
    raise nonsense()


def still(source: BinaryIO, at: Micros, *, longest: int | None = None) -> bytes:
    """The frame shown at ``at`` as a PNG without any metadata."""
    return _encoded(".png", frame_at(source, at, longest=longest).rgb, [])


def thumbnails(source: BinaryIO, times: list[Micros], *, longest: int = 320) -> Iterator[bytes]:
    """Small JPEG pictures of the frames shown at ``times``."""
    for frame in frames_at(source, times, longest=longest):
        yield _encoded(".jpg", frame.rgb, [cv2.IMWRITE_JPEG_QUALITY, 85])


@dataclass(frozen=True, slots=True)
class Sheet:
    """Pictures of one size on one JPEG, row by row from the top left."""

    jpeg: bytes
    width: int
    height: int
    """Pixels of one picture."""
    across: int
    """Pictures in a row."""


def sheet(source: BinaryIO, times: list[Micros], *, longest: int, across: int = 10) -> Sheet:
    """The frames shown at ``times`` side by side; memory holds the sheet and one picture."""
    rows = -(-len(times) // across)
    drawn: NDArray[np.uint8] | None = None
    height = width = 0
    for number, frame in enumerate(frames_at(source, times, longest=longest)):
        if drawn is None:
            height, width = frame.rgb.shape[:2]
            drawn = np.zeros((rows * height, across * width, 3), np.uint8)
        if frame.rgb.shape[:2] != (height, width):
            raise nonsense()
        top, left = number // across * height, number % across * width
        drawn[top : top + height, left : left + width] = frame.rgb
    if drawn is None:
        raise nonsense()
    return Sheet(_encoded(".jpg", drawn, [cv2.IMWRITE_JPEG_QUALITY, 75]), width, height, across)


def _encoded(kind: str, rgb: NDArray[np.uint8], settings: list[int]) -> bytes:
    made, data = cv2.imencode(kind, cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), settings)
    assert made
    return bytes(data)
