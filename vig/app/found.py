"""Who was found in a film, and where each is seen best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vig.domain.clock import Micros
from vig.domain.family import Role
from vig.domain.observation import Observations, Track

LEAST_SEEN: Micros = 1_000_000
"""A person who was seen for less is not shown: mostly a picture on a wall or a blink of a door."""


@dataclass(frozen=True, slots=True)
class Face:
    """One person who was found: which track, and where to see them best."""

    track: int
    role: Role
    at: Micros
    """When their face is largest in the picture."""
    box: tuple[float, float, float, float]
    """Left, top, right, bottom there, in fractions of the picture."""


def faces(observations: Observations) -> tuple[Face, ...]:
    """Everybody who was seen for at least a second, longest first."""
    step = observations.grid.step
    known = [t for t in observations.seen.tracks if int(t.seen.sum()) * step >= LEAST_SEEN]
    known.sort(key=lambda t: (-int(t.seen.sum()), t.number))
    return tuple(_face(track, step) for track in known)


def _face(track: Track, step: Micros) -> Face:
    best = int(np.nanargmax(_height(track)))
    left, top, right, bottom = (float(edge) for edge in track.box[best])
    return Face(track.number, track.role, best * step, (left, top, right, bottom))


def _height(track: Track) -> NDArray[np.float32]:
    return track.box[:, 3] - track.box[:, 1]
