"""Where each person looks, from the direction of the gaze and the place of the heads.

::

      parent ●────────────►● baby        partner: the gaze lies in a cone around the other's face
              ╲          ╱               object:  both lines of sight meet, or one goes where they met
               ╲        ╱
                ▼  toy ▼

All geometry is in the camera's axes (OpenCV: x right, y down, z away), metres and degrees.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vig.attunement.scoring import Look
from vig.domain.clock import Grid, Micros
from vig.domain.family import Role
from vig.domain.observation import Floats, GazeTier, LooksAt, Seen, Track

Codes = NDArray[np.uint8]
LOOKS: tuple[LooksAt, ...] = (
    LooksAt.UNKNOWN,
    LooksAt.PARTNER,
    LooksAt.OBJECT,
    LooksAt.ELSEWHERE,
)
UNKNOWN, PARTNER, OBJECT, ELSEWHERE = range(4)
"""What the numbers in a column of looks stand for: places in ``LOOKS``."""

_PLAY_SPOT_LEAST = 10  # ticks of joint looking from which a place counts as where they play
_CAMERA_NEAR = 0.25  # metres; lines of sight that meet here meet in the camera
_OWN_NEAR = 0.08  # metres; nearer than this nobody can look at anything


@dataclass(frozen=True, slots=True)
class Person:
    """One person of the pair, put together from all tracks of that role."""

    seen: NDArray[np.bool_]  # (ticks,)
    gaze: Floats  # (ticks, 3) unit vector
    head: Floats  # (ticks, 3) unit vector of the face
    spread: Floats  # (ticks,) degrees
    tier: NDArray[np.uint8]  # (ticks,)
    where: Floats  # (ticks, 3) metres
    smile: Floats  # (ticks,)


@dataclass(frozen=True, slots=True)
class Looks:
    """Where the two look."""

    baby: Codes  # (ticks,) places in LOOKS
    parent: Codes
    joint: Floats  # (ticks,) 1 where both look at one thing, 0 where not, NaN unknown
    facing: Floats  # (ticks,) 1 where both heads are turned to each other


def unit(angles: Floats) -> Floats:
    """The unit vectors of rows of (yaw, pitch) in degrees, in the camera's axes."""
    yaw, pitch = np.radians(angles[:, 0]), np.radians(angles[:, 1])
    flat = np.cos(pitch)
    return np.stack([np.sin(yaw) * flat, -np.sin(pitch), -np.cos(yaw) * flat], axis=1)


def person_of(seen: Seen, role: Role, look: Look) -> Person:
    """One person from every track with ``role``: at each tick the one that is seen longest.

    A face that is lost and found again, or a cut, begins a new track; it is still one person.
    With twins or two carers in the picture the longest track leads.
    """
    ticks = seen.grid.ticks
    found = [track for track in seen.tracks if track.role is role]
    columns: dict[str, Any] = {
        "seen": np.zeros(ticks, np.bool_),
        "gaze": np.full((ticks, 2), np.nan, np.float32),
        "head": np.full((ticks, 2), np.nan, np.float32),
        "spread": np.full(ticks, np.nan, np.float32),
        "tier": np.zeros(ticks, np.uint8),
        "where": np.full((ticks, 3), np.nan, np.float32),
        "smile": np.full(ticks, np.nan, np.float32),
    }
    for track in sorted(found, key=lambda t: int(t.seen.sum())):
        rows = track.seen
        for name, values in _columns_of(track).items():
            columns[name][rows] = values[rows]
    return _steady(Person(**columns), seen, look)


def _columns_of(track: Track) -> dict[str, Any]:
    return {
        "seen": track.seen,
        "gaze": track.gaze,
        "head": track.head[:, :2],
        "spread": track.gaze_spread,
        "tier": track.gaze_tier,
        "where": track.where,
        "smile": track.smile,
    }


def _steady(raw: Person, seen: Seen, look: Look) -> Person:
    """Angles as vectors, places steadied, and eyes believed only in a face that is not in profile."""
    gaze, head = unit(raw.gaze), unit(raw.head)
    # A face that is seen is turned to its camera, so an angle past 90 degrees is told in the axes
    # of the other camera of a split picture, which looks back.
    aside = np.degrees(np.arccos(np.clip(np.abs(head[:, 2]), 0, 1))) > look.eyes_upto
    return Person(
        raw.seen,
        gaze,
        head,
        raw.spread,
        np.where(aside, np.minimum(raw.tier, GazeTier.HEAD), raw.tier).astype(np.uint8),
        _steady_places(raw.where, seen.grid, seen.shot, look.smooth_place),
        raw.smile,
    )


def _median(windows: Floats) -> Floats:
    ordered = np.sort(windows, axis=-1)  # NaN sorts last
    known = np.isfinite(windows).sum(axis=-1, keepdims=True)
    low = np.take_along_axis(ordered, np.maximum((known - 1) // 2, 0), axis=-1)
    high = np.take_along_axis(ordered, np.minimum(known // 2, windows.shape[-1] - 1), axis=-1)
    return np.asarray(((low + high) / 2)[..., 0], np.float32)


def _steady_places(places: Floats, grid: Grid, shot: NDArray[np.int32], over: Micros) -> Floats:
    """The median of the known places around each known one, never across a cut.

    Directions are not smoothed: that would let an unseen tick change what its neighbours say.
    """
    reach = int(over // grid.step) // 2
    result = np.full(places.shape, np.nan, np.float32)
    for number in np.unique(shot):
        rows = np.flatnonzero(shot == number)
        part = np.pad(places[rows], ((reach, reach), (0, 0)), constant_values=np.nan)
        windows = np.lib.stride_tricks.sliding_window_view(part, 2 * reach + 1, axis=0)
        result[rows] = _median(windows)
    result[~np.isfinite(places).all(axis=1)] = np.nan
    return result


def _normal(vectors: Floats) -> Floats:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(length > 0, length, np.nan), np.float32)


def angle_to(direction: Floats, start: Floats, goal: Floats) -> Floats:
    """Degrees between each direction and the way from ``start`` to ``goal``; NaN unknown."""
    cosine = (direction * _normal(goal - start)).sum(axis=1)
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))), np.float32)


def angle_to_partner(direction: Floats, own: Floats, other: Floats, doubt: float) -> Floats:
    """Degrees off the other's face, kind to the doubt about how far away it is.

    The distance of a head is judged by its size and may be off by ``doubt`` (a share); the least
    angle over that stretch of the line of sight is taken.
    """
    tried = [angle_to(direction, own, other * (1 + share)) for share in (-doubt, 0.0, doubt)]
    return np.asarray(np.stack(tried).min(axis=0), np.float32)


def look_at_partner(person: Person, other: Person, look: Look, shot: NDArray[np.int32]) -> Floats:
    """1 where the gaze is on the other's face, 0 where it is not, NaN where it cannot be told.

    The cone is wider where only the head is seen. Once on, a look holds until it leaves a cone
    that is ``leave`` degrees wider; after an unseen tick or a cut it must be found anew, so that
    what was not seen never prolongs a look.
    """
    angle = angle_to_partner(person.gaze, person.where, other.where, look.depth_doubt)
    told = np.isfinite(angle) & (person.tier != GazeTier.NONE)
    told &= ~(person.spread > look.spread_most)
    cone = np.where(person.tier == GazeTier.EYES, look.cone_eyes, look.cone_head)
    result = np.full(len(angle), np.nan, np.float32)
    on = False
    for tick in range(len(angle)):
        if not told[tick]:
            on = False
            continue
        if tick and shot[tick] != shot[tick - 1]:
            on = False
        on = bool(angle[tick] <= cone[tick] + (look.leave if on else 0.0))
        result[tick] = on
    return result


def facing(baby: Person, parent: Person, look: Look) -> Floats:
    """1 where both heads are turned to each other, 0 where not, NaN where one is unknown."""
    doubt = look.depth_doubt
    angles = np.stack(
        [
            angle_to_partner(baby.head, baby.where, parent.where, doubt),
            angle_to_partner(parent.head, parent.where, baby.where, doubt),
        ]
    )
    both = (angles <= look.facing_cone).all(axis=0).astype(np.float32)
    return np.where(np.isfinite(angles).all(axis=0), both, np.float32(np.nan))


def meeting_points(baby: Person, parent: Person, look: Look) -> Floats:
    """Where the two lines of sight meet, (ticks, 3) metres; NaN where they do not or are unknown.

    They meet where the middle of their closest approach lies in front of both, within reach, and
    within ``joint_cone`` of either gaze. The camera does not count: looking there together is no
    joint look.
    """
    a, b = baby.gaze.astype(np.float64), parent.gaze.astype(np.float64)
    apart = (baby.where - parent.where).astype(np.float64)
    ab, da, db = (a * b).sum(1), (a * apart).sum(1), (b * apart).sum(1)
    below = np.where(np.abs(1 - ab**2) > 1e-6, 1 - ab**2, np.nan)
    along_a, along_b = (ab * db - da) / below, (db - ab * da) / below
    middle = (baby.where + a * along_a[:, None] + parent.where + b * along_b[:, None]) / 2
    middle = middle.astype(np.float32)
    near = np.stack([along_a, along_b])
    met = ((near > _OWN_NEAR) & (near < look.joint_reach)).all(axis=0)
    for person in (baby, parent):
        met &= angle_to(person.gaze, person.where, middle) <= look.joint_cone
        met &= ~(person.spread > look.spread_most)
    met &= np.linalg.norm(middle, axis=1) > _CAMERA_NEAR
    return np.where(met[:, None], middle, np.float32(np.nan))


def looks(baby: Person, parent: Person, look: Look, shot: NDArray[np.int32]) -> Looks:
    """Where the two look at each tick.

    An object is known only by the two lines of sight that meet there: at such a tick for both,
    and afterwards in the same shot for either who looks at the place where they met most.
    """
    at_parent = look_at_partner(baby, parent, look, shot)
    at_baby = look_at_partner(parent, baby, look, shot)
    met = meeting_points(baby, parent, look)
    met[(at_parent == 1) | (at_baby == 1)] = np.nan
    joint = np.isfinite(met[:, 0])
    codes = []
    for person, on_partner in ((baby, at_parent), (parent, at_baby)):
        there = joint | _at_play_spot(person, met, look, shot)
        column = np.where(there, OBJECT, ELSEWHERE)
        column = np.where(on_partner == 1, PARTNER, column)
        codes.append(np.where(np.isnan(on_partner), UNKNOWN, column).astype(np.uint8))
    known = np.isfinite(at_parent) & np.isfinite(at_baby)
    return Looks(
        codes[0],
        codes[1],
        np.where(known, joint.astype(np.float32), np.float32(np.nan)),
        facing(baby, parent, look),
    )


def _at_play_spot(
    person: Person, met: Floats, look: Look, shot: NDArray[np.int32]
) -> NDArray[np.bool_]:
    there = np.zeros(len(met), np.bool_)
    for number in np.unique(shot):
        rows = shot == number
        points = met[rows & np.isfinite(met[:, 0])]
        if len(points) >= _PLAY_SPOT_LEAST:
            spot = np.median(points, axis=0).astype(np.float32)
            off = angle_to(person.gaze, person.where, np.broadcast_to(spot, met.shape))
            there |= rows & (off <= look.joint_cone)
    return there
