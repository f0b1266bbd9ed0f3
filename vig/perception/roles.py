"""Telling a baby's face from an adult's by its proportions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vig.domain.family import Role

Floats = NDArray[np.float32]
Rows = NDArray[np.void]  # (rows,) of glimpses.FACE


def adult_of(shape: Floats) -> float:
    """How adult a face is shaped, 0 (baby) to 1 (adult), from the pose-free mesh of a Pose.

    A baby's face is short below the eyes: from the root of the nose to the chin, and from there
    to the base of the nose, measured against the width over the outer corners of the eyes, and
    against the width of the face.
    """

    def apart(a: int, b: int) -> float:
        return float(np.linalg.norm(shape[a] - shape[b]))

    eyes, face = apart(33, 263), apart(234, 454)
    lower, nose = apart(168, 152), apart(168, 2)
    evidence = [
        np.log(lower / eyes / 1.196) / 0.18,
        np.log(nose / eyes / 0.507) / 0.19,
        np.log(lower / face / 0.764) / 0.08,
    ]
    return float(1 / (1 + np.exp(-2 * np.mean(evidence))))


def lean_of(people: Sequence[Rows], panes: Sequence[int] | None = None) -> Floats:
    """How far each person leans to adult (above 0) or baby (below 0), in natural log odds.

    Every readable frame votes with the shape of the face. Beside somebody else it also counts
    whose face is the more adult, and whose head is the larger: an adult's is 1.3 times as wide
    (15 to 11.5 cm, ln 1.3 = 0.26), blurred by how far apart they sit (0.2). Sizes in different
    ``panes`` of a split film are not compared.
    """
    shape = np.array([_shape(rows) for rows in people], np.float32)
    lean = shape.copy()
    for i, j in np.argwhere(seen_together(people)):
        one, other = people[i], people[j]
        _, in_one, in_other = np.intersect1d(one["tick"], other["tick"], return_indices=True)
        larger = float(np.median(np.log(one["scale"][in_one] / other["scale"][in_other])))
        if panes and panes[i] != panes[j]:
            larger = 0.0
        share = len(in_one) / len(one)
        lean[i] += share * (0.5 * (shape[i] - shape[j]) + np.clip(10 * larger, -2.5, 2.5))
    return lean


def seen_together(people: Sequence[Rows]) -> NDArray[np.bool_]:
    """Which of them share a tick with which, (people, people); nobody with themselves."""
    together = np.zeros((len(people), len(people)), np.bool_)
    ends = [(rows["tick"][0], rows["tick"][-1]) for rows in people]
    for i, (first, last) in enumerate(ends):
        for j in range(i):
            if first <= ends[j][1] and ends[j][0] <= last:
                shared = np.intersect1d(people[i]["tick"], people[j]["tick"])
                together[i, j] = together[j, i] = bool(len(shared))
    return together


def _shape(rows: Rows) -> float:
    """Log odds of adult by the mean vote of the frames in which the face could be read best."""
    votes = rows["adult"][(rows["presence"] > 0.5) & np.isfinite(rows["adult"])]
    if not len(votes):
        return 0.0
    mean = float(np.clip(votes.mean(), 0.02, 0.98))
    return float(np.log(mean / (1 - mean)))


def roles_of(people: Sequence[Rows], panes: Sequence[int]) -> list[tuple[Role, float]]:
    """Role of each person and the share of the evidence for it, in the order given.

    The most babyish is the baby; the adult who was seen longest is the parent; others are others.
    """
    lean = lean_of(people, panes)
    sure = 1 / (1 + np.exp(-np.abs(lean)))
    roles = [Role.UNKNOWN if s < 0.6 else Role.OTHER for s in sure]
    for role, own in ((Role.BABY, lean < 0), (Role.PARENT, lean > 0)):
        able = [i for i in range(len(people)) if own[i] and roles[i] is Role.OTHER]
        if able:
            rank = (lambda i: lean[i]) if role is Role.BABY else (lambda i: -len(people[i]))
            roles[min(able, key=rank)] = role
    return [(role, float(s)) for role, s in zip(roles, sure, strict=True)]
