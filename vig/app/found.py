"""Who was found in a film, and how well the camera let the computer see: tips about filming.

Nothing here speaks of what anybody did: light, size in the picture, sound and a moving camera.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vig.domain.clock import Micros
from vig.domain.family import Role
from vig.domain.observation import Observations, Seen, Track

LEAST_SEEN: Micros = 1_000_000
"""A person who was seen for less is not shown: mostly a picture on a wall or a blink of a door."""

DARK = 0.22
"""Mean brightness (0 to 1) below which faces in home films lose their contrast; set by eye on the
sample films, where ordinary rooms lie between 0.35 and 0.6."""

SMALL = 0.11
"""Height of a face as a share of the picture's: some 80 pixels of a 720-line film, about where the
eyes stop being readable (METHODS.md)."""

QUIET = -48.0
"""Decibels below full scale of the loudest tenth: speech across a room on a phone lies above -40."""

SHAKY = 0.12
"""Picture widths a second that all faces move by together, in the middle half of the film."""

TOGETHER = 0.5
"""Share of the film with two faces at once below which a tip is worth giving."""


@dataclass(frozen=True, slots=True)
class Face:
    """One person who was found: which track, and where to see them best."""

    track: int
    role: Role
    at: Micros
    """When their face is largest in the picture."""
    box: tuple[float, float, float, float]
    """Left, top, right, bottom there, in fractions of the picture."""


@dataclass(frozen=True, slots=True)
class Tip:
    """One thing about the filming, and what would make the next film easier to see."""

    what: str
    tip: str


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


def tips(observations: Observations) -> tuple[Tip, ...]:
    """What about the camera would help next time; none where all is well or nobody was seen."""
    seen = observations.seen
    found: list[Tip] = []
    light = seen.light[np.isfinite(seen.light)]
    if light.size and float(np.median(light)) < DARK:
        found.append(Tip("The picture is dark.", "A lamp or a window behind the camera helps."))
    people = [t for t in seen.tracks if t.role in (Role.BABY, Role.PARENT) and t.seen.any()]
    if people:
        smallest = min(float(np.nanmedian(_height(t))) for t in people)
        if smallest < SMALL:
            found.append(
                Tip("Faces are small in the picture.", "A step closer, or the phone held sideways.")
            )
    if len(people) > 1 and _together(people) < TOGETHER:
        found.append(
            Tip(
                "The camera could not see two faces at once for much of the film.",
                "From the side, at the height of the baby's eyes, it sees both.",
            )
        )
    if _movement(seen, observations.grid.step) > SHAKY:
        found.append(
            Tip("The camera moves a good deal.", "Leaning the phone on a shelf keeps it still.")
        )
    loud = observations.heard.loudness[np.isfinite(observations.heard.loudness)]
    if not loud.size:
        found.append(Tip("There is no sound.", "With sound, voices can be found too."))
    elif float(np.percentile(loud, 90)) < QUIET:
        found.append(
            Tip("Voices are quiet.", "A step closer, with the television off, they are clearer.")
        )
    return tuple(found)


def _together(people: list[Track]) -> float:
    return float((np.sum([t.seen for t in people], axis=0) > 1).mean())


def _movement(seen: Seen, step: Micros) -> float:
    """Picture widths a second by which everybody in the picture moves the same way, typically."""
    moves = []
    for track in seen.tracks:
        middle = (track.box[:, :2] + track.box[:, 2:]) / 2
        moves.append(np.diff(middle, axis=0))
    if len(moves) < 2:
        return 0.0  # one face alone may move by itself
    both = np.stack(moves)
    known = np.isfinite(both[..., 0]).sum(axis=0) > 1
    known &= np.diff(seen.shot) == 0
    if not known.any():
        return 0.0
    shared = np.nanmedian(both[:, known], axis=0)
    apart = np.nanmax(np.abs(both[:, known] - shared), axis=(0, 2))
    length = np.hypot(shared[:, 0], shared[:, 1])
    # Only what is common to all is the camera's: nobody strays from it by more than half of it.
    common = np.where(apart <= length / 2, length, 0.0)
    return float(np.median(common)) / (step / 1_000_000)
