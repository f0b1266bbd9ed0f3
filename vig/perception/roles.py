"""Telling a baby's face from an adult's by its proportions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vig.domain.family import Role

Floats = NDArray[np.float32]


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


def roles_of(people: list[NDArray[np.void]]) -> list[tuple[Role, float]]:
    """Role of each person and the share of the evidence for it, in the order given.

    Every frame votes with the shape of the face; where two people were seen together, the one
    with the more babyish face and the smaller head is the likelier baby. The adult seen longest
    is the parent, further ones are others.
    """
    votes = [_adult_votes(person) for person in people]
    if len(people) >= 2:
        votes[:2] = _against_each_other(people[0], people[1], votes[0], votes[1])
    roles: list[tuple[Role, float]] = []
    for vote in votes:
        sure = max(vote, 1 - vote)
        taken = [role for role, _ in roles]
        role = Role.PARENT if vote >= 0.5 else Role.BABY
        if sure < 0.55:
            role = Role.UNKNOWN
        elif role in taken:
            role = Role.OTHER
        roles.append((role, float(sure)))
    return roles


def _adult_votes(person: NDArray[np.void]) -> float:
    """Mean of the votes of the frames in which the face could be read best."""
    readable = person[person["presence"] > 0.5]
    votes = (readable if len(readable) else person)["adult"]
    return float(np.mean(votes))


def _against_each_other(
    a: NDArray[np.void], b: NDArray[np.void], vote_a: float, vote_b: float
) -> list[float]:
    """Two votes sharpened by how the two people differ."""
    _, in_a, in_b = np.intersect1d(a["tick"], b["tick"], return_indices=True)
    larger = float(np.median(np.log(a["scale"][in_a] / b["scale"][in_b]))) if len(in_a) else 0.0
    # An adult's head is 1.3 times as wide as a baby's (15 to 11.5 cm): ln 1.3 = 0.26.
    lean = 4 * (vote_a - vote_b) + 2 * np.clip(larger / 0.26, -1, 1)
    together = (_logit(vote_a) - _logit(vote_b)) / 2 + lean / 2
    middle = (_logit(vote_a) + _logit(vote_b)) / 2
    return [float(1 / (1 + np.exp(-(0.3 * middle + s * together)))) for s in (1, -1)]


def _logit(share: float) -> float:
    share = min(max(share, 0.02), 0.98)
    return float(np.log(share / (1 - share)))
