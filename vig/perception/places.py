"""How large the baby's head is against the parent's, from whom they look at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from vig.domain.family import Role
from vig.domain.observation import Track
from vig.perception.pose import forward_of

Floats = NDArray[np.float32]

USUAL_DOUBT = 0.12
"""One standard deviation of the logarithm of the baby's head width over the adult's, about its usual
value: a head grows from 9.5 to 12.5 cm in the first two years, and adults differ by 5 percent."""

RAY_DOUBT = 15.0
"""Degrees by which a gaze passes the face it is on: between that of eyes and that of heads."""

LOOKS = 5.0
"""How many independent looks a film's evidence of either person is worth at most."""


def balanced(tracks: list[Track]) -> list[Track]:
    """The same tracks with the baby's distance set so that the two look at each other best.

    A head's distance is judged by its size, so an error in the assumed size of the baby's head
    moves the baby along the line of sight, and the way from parent to baby turns. People look at
    each other's faces more than at any other place. If the baby is put too far away, the
    parent's gazes pass before it while the baby's pass behind the parent. The ratio of sizes is
    taken under which the share of gazes that meet the partner's face is largest, each person
    counting alike and the usual ratio counting as well; a bias of both gazes towards the camera
    cancels out. Nothing changes without both a parent and a baby.
    """
    baby = next((t for t in tracks if t.role is Role.BABY), None)
    parent = next((t for t in tracks if t.role is Role.PARENT), None)
    if baby is None or parent is None:
        return tracks
    both = baby.seen & parent.seen & np.isfinite(baby.gaze[:, 0]) & np.isfinite(parent.gaze[:, 0])
    if not both.any():
        return tracks
    ratios = np.linspace(-0.36, 0.36, 37)
    support = [
        _support(parent, baby, both, ratio) - 0.5 * (ratio / USUAL_DOUBT) ** 2 for ratio in ratios
    ]
    factor = np.float32(np.exp(ratios[int(np.argmax(support))]))
    return [replace(t, where=t.where * factor) if t is baby else t for t in tracks]


def _support(parent: Track, baby: Track, both: NDArray[np.bool_], ratio: float) -> float:
    """Log of the shares of gazes that meet the partner if the baby's distance is scaled."""
    apart = baby.where[both] * np.exp(ratio) - parent.where[both]
    apart /= np.linalg.norm(apart, axis=1, keepdims=True)
    total = 0.0
    for track, way in ((parent, apart), (baby, -apart)):
        gaze = forward_of(track.gaze[both, 0], track.gaze[both, 1])
        off = np.degrees(np.arccos(np.clip((gaze * way).sum(1), -1, 1)))
        # The floor keeps a film in which nobody looks at anybody from saying anything.
        total += float(np.log((np.exp(-0.5 * (off / RAY_DOUBT) ** 2) + 0.05).mean()))
    return LOOKS * total
