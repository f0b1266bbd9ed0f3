"""A film, and what is known of it before anybody looks at the people in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from vig.domain.clock import Micros, Span


class RecordingState(StrEnum):
    """How far a film has come on its way into the vault."""

    IMPORTING = "importing"
    READY = "ready"
    ERASING = "erasing"


@dataclass(frozen=True, slots=True)
class Recording:
    """A film of one family in the vault."""

    id: str
    family: str
    """The family's id."""
    duration: Micros
    filmed_on: date | None
    state: RecordingState
    footage: Footage

    @property
    def span(self) -> Span:
        return Span(0, self.duration)


@dataclass(frozen=True, slots=True)
class Footage:
    """What the file holds, as its decoded frames say, not only its headers.

    ``width`` and ``height`` are those of the upright picture with square pixels.
    """

    duration: Micros
    width: int
    height: int
    video_codec: str
    audio_codec: str | None
    """None where there is no sound."""
    rotation: int
    """Degrees clockwise that a player must turn the stored picture: 0, 90, 180 or 270."""
    mirrored: bool
    hdr: str | None
    """"hlg" or "pq" for film with a high dynamic range; None for ordinary film."""
    pixel_aspect: Fraction
    container: str
    frames: int | None
    """How many frames are shown; None until the film was decoded once."""
    sound_start: Micros | None
    """When the first sound is heard, counted from the first shown frame; None without sound."""
    cut_short: bool = False
    """Whether the file ends before its index says it does; the part that is there is used."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The picture shown at a time: upright, square pixels, ordinary colours."""

    at: Micros
    """When this very frame starts to be shown (not the tick it was asked for)."""
    rgb: NDArray[np.uint8]  # (height, width, 3)


@dataclass(frozen=True, slots=True)
class FrameTimes:
    """When each shown frame starts, and when the last one ends."""

    starts: NDArray[np.int64]  # (frames,) microseconds, strictly rising, the first is 0
    end: Micros

    def __len__(self) -> int:
        return len(self.starts)

    def frame_at(self, at: Micros) -> int:
        """The number of the frame shown at ``at`` (the first or last where it lies outside)."""
        found = int(np.searchsorted(self.starts, at, side="right")) - 1
        return min(max(found, 0), len(self.starts) - 1)

    def span_of(self, first: int, after: int) -> Span:
        """The time covered by the frames ``first`` up to, not including, ``after``."""
        end = int(self.starts[after]) if after < len(self.starts) else self.end
        return Span(int(self.starts[first]), end)

    def snapped(self, span: Span) -> Span:
        """The smallest run of whole frames that covers ``span``."""
        return self.span_of(self.frame_at(span.start), self.frame_at(span.end - 1) + 1)


@dataclass(frozen=True, slots=True)
class Sound:
    """The sound of a film as one channel. Sample ``i`` is heard at ``start + i / rate``."""

    samples: NDArray[np.float32]  # (samples,) -1 to 1
    rate: int
    start: Micros
