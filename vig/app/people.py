"""Who is who in a film: what a person said about it, laid over what the computer saw.

What was seen is never written over. A correction names tracks (one person through the film each),
and everything that follows from roles is worked out anew from the observations that were kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal, get_args

import numpy as np

from vig.domain.family import Role
from vig.domain.observation import Observations, Track
from vig.perception.places import balanced
from vig.perception.tracks import ADULT_WIDTH, HEAD_WIDTH

As = Literal["parent", "baby", "carer2", "twin", "ignore"]
"""What a person may say that a track is; "ignore" is for a sibling, another family, the television."""
AS: tuple[As, ...] = get_args(As)

Corrections = Mapping[int, As]
"""What was said, by the number of the track."""

CHILDREN = (Role.BABY, Role.TWIN)
CARERS = (Role.PARENT, Role.CARER2)

_OVERLAP = 10  # ticks seen side by side from which two tracks are two people
_SAME_BOX = 0.3  # intersection over union from which two boxes are round one face


def corrected(observations: Observations, said: Corrections) -> Observations:
    """The observations with everybody in the role that a person gave them.

    A track that the computer gave the same role, and that was seen beside the one that was named,
    is somebody else; one that was never seen beside it may be the same person found again.
    Ignored tracks are left out. Heads change their assumed size with their role, and so how far
    away they are (not in a film from two cameras, where places are told in the axes of one).
    """
    seen = observations.seen
    if not any(track.number in said for track in seen.tracks):
        return observations
    named = [t for t in seen.tracks if t.number in said]
    tracks = []
    for track in seen.tracks:
        role = _role(track, said, named)
        if role is not None:
            tracks.append(track if role is track.role else replace(track, role=role))
    if not any(_from_the_other_camera(track) for track in seen.tracks):
        before = {track.number: track.role for track in seen.tracks}
        tracks = [_resized(track, before[track.number]) for track in tracks]
        if any(before[t.number] is not t.role for t in tracks):
            tracks = balanced(tracks)
    return replace(observations, seen=replace(seen, tracks=tuple(tracks)))


def _role(track: Track, said: Corrections, named: list[Track]) -> Role | None:
    """The role of a track; None where it is left out."""
    own = said.get(track.number)
    if own is not None:
        return None if own == "ignore" else Role(own)
    for other in named:
        if said[other.number] == track.role.value and _together(track, other):
            return Role.OTHER
    return track.role


def _together(one: Track, other: Track) -> bool:
    return int((one.seen & other.seen).sum()) >= _OVERLAP


def _from_the_other_camera(track: Track) -> bool:
    """Whether its places are told in the axes of a camera that looks at it from behind."""
    yaw = np.abs(track.head[:, 0])
    known = np.isfinite(yaw)
    return bool(known.any()) and float((yaw[known] > 90).mean()) > 0.5


def _width(role: Role) -> float:
    return HEAD_WIDTH[Role.BABY] if role in CHILDREN else ADULT_WIDTH


def _resized(track: Track, before: Role) -> Track:
    factor = _width(track.role) / _width(before)
    return track if factor == 1 else replace(track, where=track.where * np.float32(factor))


def swapped(observations: Observations, said: Corrections) -> dict[int, As]:
    """The corrections with which parent and baby have changed places."""
    other: dict[Role, As] = {Role.BABY: "parent", Role.PARENT: "baby"}
    now = corrected(observations, said)
    turned = {t.number: other[t.role] for t in now.seen.tracks if t.role in other}
    return {**said, **turned}


def carried(before: Observations, after: Observations, said: Corrections) -> dict[int, As]:
    """Corrections made for one watching of a film, for the people that another one found.

    A person is found again where the boxes lie on each other most often; one who is not found
    again is not spoken of any more.
    """
    result: dict[int, As] = {}
    for track in before.seen.tracks:
        if track.number not in said:
            continue
        shared = {other.number: _shared(track, other) for other in after.seen.tracks}
        best = max(shared, key=lambda number: shared[number], default=None)
        if best is not None and shared[best] >= _OVERLAP:
            result[best] = said[track.number]
    return result


def _shared(one: Track, other: Track) -> int:
    """Ticks at which both boxes are round one face."""
    ticks = min(len(one.box), len(other.box))
    a, b = one.box[:ticks], other.box[:ticks]
    low, high = np.maximum(a[:, :2], b[:, :2]), np.minimum(a[:, 2:], b[:, 2:])
    both = np.clip(high - low, 0, None).prod(1)
    area = (a[:, 2:] - a[:, :2]).prod(1) + (b[:, 2:] - b[:, :2]).prod(1) - both
    return int((both > _SAME_BOX * area).sum())


def present(observations: Observations) -> tuple[tuple[Role, Role], ...]:
    """The pairs of a child and a carer that are in the film, the baby and the parent first."""
    there = {track.role for track in observations.seen.tracks}
    pairs = [(child, carer) for child in CHILDREN for carer in CARERS]
    found = [(child, carer) for child, carer in pairs if child in there and carer in there]
    return tuple(found) or ((Role.BABY, Role.PARENT),)


def taken_for(role: Role) -> As:
    """Who somebody is taken for while nobody has said who they are."""
    return "baby" if role is Role.BABY else "parent" if role is Role.PARENT else "ignore"
