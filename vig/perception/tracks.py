"""The columns of one person: head, gaze, smile and place on the film's grid."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vig.domain.clock import SECOND, Grid
from vig.domain.family import Role
from vig.domain.observation import GazeTier, Track
from vig.perception.panes import Pane
from vig.perception.pose import FOCAL, angles_of, seen_along

Floats = NDArray[np.float32]
Rows = NDArray[np.void]  # (rows,) of glimpses.FACE

HEAD_WIDTH = {Role.BABY: 0.115}
ADULT_WIDTH = 0.15
"""Width of a head over the ears in metres; anybody who is not the baby counts as grown up."""

READABLE = 0.5
EYES_APART = 25.0
"""Pixels between the outer corners of the eyes below which nothing is read from them."""

CALM = 30
"""Percentile of a person's readings that counts as their calm face."""

SURE_HEAD = 15.0
"""Spread of the head in degrees above which the eyes in it are not believed."""

EYES_FADE = (50.0, 60.0)
"""Degrees of the head off the line of sight over which the eyes lose their say (docs/METHODS.md)."""


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """One person's rows on their way to a :class:`Track`."""

    rows: Rows
    grid: Grid
    size: tuple[int, int]
    """Height and width of the frames in pixels."""
    pane: Pane
    role: Role

    def track(self, number: int, sure: float) -> Track:
        rows = self.rows
        rays = self._rays()
        turn = np.einsum("nij,njk->nik", _turns_along(rays), rows["turn"].astype(np.float64))
        head = -turn[:, :, 2]
        believed = self._belief_in_eyes()
        eyes = np.einsum("nij,nj->ni", _turns_along(rays), rows["gaze"].astype(np.float64))
        gaze = (
            np.where(believed[:, None] > 0, believed[:, None] * eyes, 0)
            + (1 - believed[:, None]) * head
        )
        by_eyes = believed >= 0.5
        tier = np.where(by_eyes, GazeTier.EYES, GazeTier.HEAD)
        tier = np.where(np.isfinite(head[:, 0]), tier, GazeTier.NONE).astype(np.uint8)
        spread = self._head_spread()
        roll = np.degrees(np.arctan2(-turn[:, 0, 1], turn[:, 1, 1]))
        tiers = np.zeros(self.grid.ticks, np.uint8)
        tiers[rows["tick"]] = tier
        return Track(
            number=number,
            role=self.role,
            role_sure=sure,
            box=self._column(rows["box"]),
            head=self._column(np.stack([*angles_of(head), roll], 1)),
            head_spread=self._column(spread),
            gaze=self._column(np.stack(angles_of(gaze), 1)),
            gaze_spread=self._column(self._gaze_spread(by_eyes, spread)),
            gaze_tier=tiers,
            smile=self._column(self._smile()),
            where=self._column(self._where(rays)),
        )

    def _column(self, values: NDArray[np.floating]) -> Floats:
        """Values of the rows at their ticks, NaN at all others."""
        out = np.full((self.grid.ticks, *values.shape[1:]), np.nan, np.float32)
        out[self.rows["tick"]] = values
        return out

    def _rays(self) -> NDArray[np.float64]:
        """Unit rays from the camera to the middle between the eyes, (rows, 3)."""
        height, width = self.size
        focal = FOCAL * max(height, width)
        middle = self.rows["middle"].astype(np.float64)
        across = (middle[:, 0] - self.pane.middle) * width / focal
        down = (middle[:, 1] - 0.5) * height / focal
        rays = np.stack([across, down, np.ones(len(middle))], 1)
        unit: NDArray[np.float64] = rays / np.linalg.norm(rays, axis=1, keepdims=True)
        return unit

    def _belief_in_eyes(self) -> NDArray[np.float64]:
        """How far the eyes have a say in the gaze, 0 to 1."""
        rows = self.rows
        off = self._off()
        full, none = EYES_FADE
        read = (rows["presence"] > READABLE) & (rows["apart"] >= EYES_APART) & (rows["shut"] < 0.6)
        read &= self._head_spread() < SURE_HEAD
        belief: NDArray[np.float64] = np.where(
            read & np.isfinite(off), np.clip((none - off) / (none - full), 0, 1), 0.0
        )
        return belief

    def _off(self) -> NDArray[np.float64]:
        """Degrees of the head off the line of sight, NaN where it was not read."""
        off: NDArray[np.float64] = np.degrees(np.arccos(np.clip(self.rows["turn"][:, 2, 2], -1, 1)))
        return off

    def _head_spread(self) -> Floats:
        """One standard deviation of the head's direction.

        4 degrees at best; a mesh that lies a tenth of a face off the detectors' points has the head
        wrong by about 10; and two nets that read different heads cannot both be right.
        """
        rows = self.rows
        doubt = np.nan_to_num(rows["doubt"], nan=8.0)
        spread = np.sqrt(4.0**2 + (100 * rows["slip"]) ** 2 + doubt**2)
        return np.where(np.isnan(rows["turn"][:, 0, 0]), np.nan, spread).astype(np.float32)

    def _gaze_spread(self, by_eyes: NDArray[np.bool_], head_spread: Floats) -> Floats:
        """One standard deviation of the gaze's direction.

        Eyes turn 17 degrees to the side of the head and 16 up or down (one standard deviation on
        home film), so a head alone tells the gaze to about 23. Eyes are read the worse the further
        the head is turned from the camera, and the smaller they are (home film: a correlation of
        0.77 with a gaze net from 50 pixels between them on, 0.69 from 25, 0.47 below).
        """
        doubt = np.nan_to_num(self.rows["gaze_doubt"], nan=20.0)
        aside = np.clip((self._off() - 40) / 15, 0, 1) * 12
        small = np.clip((50 - self.rows["apart"]) / 25, 0, 1) * 8
        eyes = np.sqrt(9.0**2 + (doubt / 2) ** 2 + aside**2 + small**2)
        spread: Floats = np.where(by_eyes, eyes, np.hypot(head_spread, 23.0))
        return spread

    def _smile(self) -> Floats:
        """The smile above the person's own calm face, 0 to 1; NaN where the mouth cannot be read.

        Either sign will do: the net's mouthSmile, or a mouth that is wider than usual, by a fifth
        in a full smile and less as far as that can be seen in a turned face. The net alone hardly
        sees the smile of a face in profile, and the soft smile of a baby scores 0.02 to 0.1.
        """
        rows, off = self.rows, self._off()
        read = (rows["presence"] > READABLE) & (self._head_spread() < 2 * SURE_HEAD)
        if not read.any():
            return np.full(len(rows), np.nan, np.float32)
        calm = float(np.percentile(rows["smile"][read], CALM))
        by_net = np.clip((rows["smile"] - calm) / max(1 - calm, 0.2), 0, 1)
        wider = rows["mouth"] / self._calm_mouth(off, read) - 1
        by_width = np.clip(wider / (0.2 - 0.08 * np.clip((off - 20) / 30, 0, 1)), 0, 1)
        return self._steadied(np.where(read, 1 - (1 - by_net) * (1 - by_width), np.nan))

    def _steadied(self, values: NDArray[np.float64]) -> Floats:
        """Medians over half a second of what was read while the face was followed unbroken."""
        reach = max(1, round(SECOND / 4 / self.grid.step))
        ticks, padded = self.rows["tick"] + reach, self.grid.ticks + 2 * reach
        column, thread = np.full(padded, np.nan), np.full(padded, -1)
        column[ticks], thread[ticks] = values, self.rows["thread"]
        near = np.stack(
            [
                np.where(thread[ticks + k] == thread[ticks], column[ticks + k], np.nan)
                for k in range(-reach, reach + 1)
            ]
        )
        known = np.isfinite(values)
        steady = np.full(len(values), np.nan, np.float32)
        steady[known] = np.nanmedian(near[:, known], 0)
        return steady

    def _calm_mouth(self, off: NDArray[np.float64], read: NDArray[np.bool_]) -> NDArray[np.float64]:
        """The width of the person's calm mouth at each row.

        A mesh draws a turned face's mouth with a bias of its own, so heads turned about as far are
        compared with each other, and with all others as if five more seconds of them had been seen.
        """
        mouth, some = self.rows["mouth"], 5 * SECOND / self.grid.step
        overall = float(np.percentile(mouth[read], CALM))
        calm = np.full(len(mouth), overall)
        for low, high in itertools.pairwise((0, 30, 50, 181)):
            alike = read & (off >= low) & (off < high)
            if alike.any():
                own, count = float(np.percentile(mouth[alike], CALM)), int(alike.sum())
                calm[alike] = (count * own + some * overall) / (count + some)
        return calm

    def _where(self, rays: NDArray[np.float64]) -> Floats:
        """Between the eyes in metres: the width of a head is known, so its size tells how far."""
        height, width = self.size
        real = HEAD_WIDTH.get(self.role, ADULT_WIDTH)
        away = real * FOCAL * max(height, width) / width / np.maximum(self.rows["scale"], 1e-4)
        return np.asarray(rays * (away / rays[:, 2])[:, None], np.float32)


def _turns_along(rays: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each ray the turn from its line of sight to the camera's axes, (rows, 3, 3)."""
    return np.stack([seen_along(ray) for ray in rays]) if len(rays) else np.zeros((0, 3, 3))
