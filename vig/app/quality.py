"""How well a film was filmed: a few tips for next time, about the camera and never about people.

Asked of what was seen and heard the one time. A tip is given only where the camera was plainly in
the way of seeing or hearing; where all is well there is none. The figures are this project's own:
each is where reading faces or hearing voices stops working, with room to spare.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from vig.app import analysis
from vig.app.people import corrected
from vig.app.suggestions import standing
from vig.app.workspace import Workspace
from vig.domain.family import Role
from vig.domain.observation import Floats, Observations
from vig.domain.recording import Footage

DARK, GLARING = 0.2, 0.85
"""Mean brightness (0 to 1) below which, and above which, faces lose their features."""
SMALL = 60.0
"""Pixels across a face below which its eyes are hardly read (25 between their outer corners)."""
WATCHED_AT = 1920
"""The longer side of the pictures that were looked at (``media.video.sample``)."""
FAINT = -50.0
"""Decibels below full scale that the loudest tenth of a film should reach."""
STEADY_NOISE = 10.0
"""Decibels by which the loud parts should stand out from what is always there."""
HUM = -45.0
"""Decibels below full scale under which what is always there disturbs nobody."""
SHAKY = 0.01
"""Share of the picture's width per tenth of a second: more is a camera that is carried."""
OFTEN = 0.3
"""Share of the film from which something is worth a tip."""


class Matter(StrEnum):
    """What a tip is about."""

    LIGHT = "light"
    SIZE = "size"
    FRAME = "frame"
    SOUND = "sound"
    MOVEMENT = "movement"


@dataclass(frozen=True, slots=True)
class Tip:
    """One thing about the filming, and what to try with the camera next time."""

    about: Matter
    what: str
    tip: str


_DARK = Tip(
    Matter.LIGHT, "The picture is dark.", "Film with the window behind you, or turn on a lamp."
)
_GLARING = Tip(Matter.LIGHT, "The picture is very bright.", "Film with the window behind you.")
_SMALL = Tip(
    Matter.SIZE, "Faces are small in the picture.", "A step closer, or the phone held sideways."
)
_OUTSIDE = Tip(
    Matter.FRAME,
    "The camera could not see two faces at once for much of the film.",
    "From the side, at the height of the smaller one's eyes, it sees both.",
)
_SILENT = Tip(Matter.SOUND, "There is no sound.", "Check that the microphone is on.")
_FAINT = Tip(
    Matter.SOUND, "The sound is faint.", "A step closer, with nothing over the microphone."
)
_NOISY = Tip(
    Matter.SOUND, "There is noise throughout.", "Turn off the television or radio, shut the window."
)
_SHAKY = Tip(
    Matter.MOVEMENT, "The camera moves a good deal.", "Lean it on a shelf or against some books."
)


def tips(ws: Workspace, recording_id: str) -> tuple[Tip, ...]:
    """What to try next time; none where all is well. Unknown where the film was not watched."""
    recording = ws.catalogue.recording(recording_id)
    said = standing(ws, recording).people
    seen = corrected(analysis.observations_of(ws, recording_id), said)
    return tips_of(seen, recording.footage)


def tips_of(observations: Observations, footage: Footage) -> tuple[Tip, ...]:
    """The same out of what was seen and heard."""
    found = (_light(observations), _faces(observations, footage), _sound(observations))
    return tuple(tip for tip in (*found, _movement(observations)) if tip is not None)


def _light(observations: Observations) -> Tip | None:
    light = observations.seen.light
    if _share(light < DARK, light) > OFTEN:
        return _DARK
    return _GLARING if _share(light > GLARING, light) > OFTEN else None


def _faces(observations: Observations, footage: Footage) -> Tip | None:
    """The baby and the parent, or whoever was seen longest: how large, and how often together.

    One person alone in a film is no fault of the camera's that could be told from here.
    """
    seen = observations.seen
    pair = [track for role in (Role.BABY, Role.PARENT) if (track := seen.of(role))]
    longest = pair or sorted(seen.tracks, key=lambda track: -int(track.seen.sum()))[:2]
    longest = [track for track in longest if track.seen.any()]
    if not longest:
        return None
    shrunk = min(1.0, WATCHED_AT / max(footage.width, footage.height))
    wide = [(track.box[:, 2] - track.box[:, 0]) * footage.width * shrunk for track in longest]
    if min(float(np.nanmedian(column)) for column in wide) < SMALL:
        return _SMALL
    together = np.logical_and.reduce([track.seen for track in longest])
    either = np.logical_or.reduce([track.seen for track in longest])
    if len(longest) == 2 and together.sum() < OFTEN * either.sum():
        return _OUTSIDE
    return None


def _sound(observations: Observations) -> Tip | None:
    level = observations.heard.loudness
    known = level[np.isfinite(level)]
    if not len(known):
        return _SILENT
    quiet, loud = (float(np.percentile(known, at)) for at in (10, 90))
    if loud < FAINT:
        return _FAINT
    return _NOISY if quiet > HUM and loud - quiet < STEADY_NOISE else None


def _movement(observations: Observations) -> Tip | None:
    moved = observations.seen.moved
    if moved is None:
        return None
    return _SHAKY if _share(moved > SHAKY, moved) > OFTEN else None


def _share(where: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], column: Floats) -> float:
    """The share of the known ticks at which it is so; 0 where none is known."""
    known = np.isfinite(column)
    return float((where & known).sum()) / max(int(known.sum()), 1)
