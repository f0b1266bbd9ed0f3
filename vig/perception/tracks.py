"""The columns of one person: head, gaze, smile and place on the film's grid."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vig.domain.clock import Grid
from vig.domain.family import Role
from vig.domain.observation import GazeTier, Track
from vig.perception.pose import FOCAL, angles_of, forward_of

Floats = NDArray[np.float32]

HEAD_WIDTH = {Role.BABY: 0.115}
ADULT_WIDTH = 0.15
READABLE = 0.5
EYES_APART = 20.0
"""Pixels between the outer corners of the eyes below which nothing is read from them."""


def track_of(
    number: int,
    role: Role,
    sure: float,
    rows: NDArray[np.void],
    *,
    grid: Grid,
    size: tuple[int, int],
) -> Track:
    """The track of one person from their rows; ``size`` is height and width of the frames."""
    tick = rows["tick"]

    def column(values: NDArray[np.generic], *shape: int) -> Floats:
        out = np.full((grid.ticks, *shape), np.nan, np.float32)
        out[tick] = values
        return out

    turn = rows["turn"].astype(np.float64)
    yaw, pitch = angles_of(-turn[:, :, 2])
    roll = np.degrees(np.arctan2(-turn[:, 0, 1], turn[:, 1, 1]))
    head_spread = _head_spread(rows)
    readable = (rows["presence"] > READABLE) & (rows["apart"] >= EYES_APART) & (rows["shut"] < 0.6)
    eye = forward_of(rows["eyes"][:, 0], rows["eyes"][:, 1])
    gaze = np.where(readable[:, None], np.einsum("nij,nj->ni", turn, eye), -turn[:, :, 2])
    tier = np.where(readable, GazeTier.EYES, GazeTier.HEAD).astype(np.uint8)
    tiers = np.zeros(grid.ticks, np.uint8)
    tiers[tick] = tier
    smile = np.where(rows["presence"] > READABLE, _smile(rows), np.nan)
    return Track(
        number=number,
        role=role,
        role_sure=sure,
        box=column(rows["box"], 4),
        head=column(np.stack([yaw, pitch, roll], 1), 3),
        head_spread=column(head_spread),
        gaze=column(np.stack(angles_of(gaze), 1), 2),
        gaze_spread=column(np.where(readable, 12.0, np.hypot(head_spread, 20.0))),
        gaze_tier=tiers,
        smile=column(smile),
        where=column(_where(rows, role, size), 3),
    )


def _head_spread(rows: NDArray[np.void]) -> Floats:
    """One standard deviation of the head's direction: 5 degrees where all is well, more where the
    mesh net is unsure or mediapipe reads another head."""
    doubt = np.nan_to_num(rows["doubt"], nan=10.0)
    spread: Floats = np.hypot(5.0 + 10.0 * (1 - rows["presence"]), doubt)
    return spread


def _smile(rows: NDArray[np.void]) -> Floats:
    """The smile above the person's own median, 0 to 1."""
    raw = rows["smile"]
    seen = rows["presence"] > READABLE
    usual = np.median(raw[seen]) if seen.any() else 0.0
    above: Floats = np.clip((raw - usual) / max(1 - usual, 0.2), 0, 1)
    return above


def _where(rows: NDArray[np.void], role: Role, size: tuple[int, int]) -> Floats:
    """Between the eyes in metres: the width of a head is known, so its size tells the distance."""
    height, width = size
    real = HEAD_WIDTH.get(role, ADULT_WIDTH)
    focal = FOCAL * max(height, width) / width
    away = real * focal / np.maximum(rows["scale"], 1e-4)
    across = (rows["middle"][:, 0] - 0.5) / focal * away
    down = (rows["middle"][:, 1] - 0.5) * (height / width) / focal * away
    where: Floats = np.stack([across, down, away], 1).astype(np.float32)
    return where
