"""Films from two cameras side by side: which picture a face is in, and one set of axes for both."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vig.domain.observation import Track
from vig.perception.pose import angles_of, forward_of

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pane:
    """One camera's part of the frame, from ``left`` to ``right`` in fractions of its width."""

    left: float
    right: float

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2


WHOLE = (Pane(0.0, 1.0),)
HALVES = (Pane(0.0, 0.5), Pane(0.5, 1.0))


def panes_of(seam: Floats) -> tuple[Pane, ...]:
    """Two panes where the picture breaks off at its middle throughout the film, else one.

    ``seam`` is the share of rows that break off, one a tick, NaN where no frame came. A film that
    is split in some of its shots only counts as one picture: nothing is said about its distances.
    """
    known = seam[np.isfinite(seam)]
    split = bool(len(known)) and float((known > 0.8).mean()) > 0.9
    return HALVES if split else WHOLE


def facing_each_other(first: list[Track], second: list[Track]) -> list[Track]:
    """The tracks of the second pane in the axes of the first pane's camera.

    The usual two-camera film of a parent and a baby is face to face: each camera stands beside one
    person's head and films the other. So the second camera looks back along the first one's line
    of sight from where the first pane's people are. Boxes stay as they are.
    """
    places = [track.where[track.seen] for track in first]
    there = np.nanmedian(np.concatenate(places), 0) if places else np.array([0.0, 0.0, 1.0])
    return [_turned_about(track, there) for track in second]


def _turned_about(track: Track, there: NDArray[np.floating]) -> Track:
    about = np.array([-1.0, 1.0, -1.0])
    head = track.head.copy()
    head[:, :2] = _about(track.head[:, :2])
    return replace(
        track,
        head=head,
        gaze=_about(track.gaze),
        where=(track.where * about + there).astype(np.float32),
    )


def _about(angles: Floats) -> Floats:
    turned = forward_of(angles[:, 0], angles[:, 1]) * [-1.0, 1.0, -1.0]
    return np.stack(angles_of(turned), 1).astype(np.float32)
