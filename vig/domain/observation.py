"""What the computer saw and heard, as columns on one grid.

NaN means "could not be seen", never "was not there". Angles are degrees, in the camera's axes of
OpenCV (x to the picture's right, y down, z away from the camera): for a forward vector
``(x, y, z)`` yaw is ``atan2(x, -z)`` (positive towards the picture's right) and pitch is
``asin(-y)`` (positive up); roll is positive clockwise in the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray

from vig.domain.clock import Grid
from vig.domain.family import Role

Floats = NDArray[np.float32]


class GazeTier(IntEnum):
    """How a gaze was read: from the eyes, only from the head, or not at all."""

    NONE = 0
    HEAD = 1
    EYES = 2


class LooksAt(StrEnum):
    """Where a gaze goes. ``UNKNOWN`` wherever it could not be told."""

    PARTNER = "partner"
    OBJECT = "object"
    ELSEWHERE = "elsewhere"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ModelRef:
    """A model that took part, named so that its answer can be traced."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Track:
    """One person through the film: columns with one row a grid tick, NaN where unseen.

    In a film from two cameras side by side every direction and place is given in the axes of the
    first camera, at which the second one is taken to look back.
    """

    number: int
    role: Role
    role_sure: float
    """Share of the votes for this role, 0 to 1."""
    box: Floats  # (ticks, 4) left, top, right, bottom in fractions of the upright frame
    head: Floats  # (ticks, 3) yaw, pitch, roll in degrees
    head_spread: Floats  # (ticks,) degrees
    gaze: Floats  # (ticks, 2) yaw, pitch in degrees
    gaze_spread: Floats  # (ticks,) degrees
    gaze_tier: NDArray[np.uint8]  # (ticks,) GazeTier
    smile: Floats  # (ticks,) 0 to 1 against the person's own baseline
    where: Floats  # (ticks, 3) middle between the eyes in metres, camera axes, from head size

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Where this person's face was seen."""
        return np.isfinite(self.box[:, 0])


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything seen in a film."""

    grid: Grid
    tracks: tuple[Track, ...]
    light: Floats  # (ticks,) mean brightness 0 to 1
    sharp: Floats  # (ticks,) sharpness, higher is sharper
    shot: NDArray[np.int32]  # (ticks,) number of the shot; rises at each cut
    models: tuple[ModelRef, ...]
    moved: Floats | None = None
    """(ticks,) how far the whole picture went since the tick before, as a share of its width; NaN
    where it cannot be told. None in a film that was watched before this was measured."""

    def of(self, role: Role) -> Track | None:
        """The track with this role that was seen longest; None where there is none."""
        found = [t for t in self.tracks if t.role is role]
        return max(found, key=lambda t: int(t.seen.sum()), default=None)


@dataclass(frozen=True, slots=True)
class Heard:
    """Everything heard in a film; NaN where there is no sound."""

    grid: Grid
    baby_voice: Floats  # (ticks,) 0 to 1
    parent_voice: Floats  # (ticks,) 0 to 1
    cry: Floats  # (ticks,) 0 to 1
    loudness: Floats  # (ticks,) decibels below full scale
    models: tuple[ModelRef, ...]


@dataclass(frozen=True, slots=True)
class Observations:
    """What one analysis saw and heard."""

    seen: Seen
    heard: Heard

    @property
    def grid(self) -> Grid:
        return self.seen.grid

    @property
    def models(self) -> tuple[ModelRef, ...]:
        return (*self.seen.models, *self.heard.models)
