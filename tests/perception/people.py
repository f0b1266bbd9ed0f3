"""Made-up faces in made-up films: rows of glimpses without any picture."""

from __future__ import annotations

import numpy as np

from vig.domain.clock import SECOND, Grid
from vig.perception.glimpses import FACE, LOOK, SIGNATURE, Glimpses

GRID = Grid(SECOND // 10, 300)

RED_SHIRT, BLUE_SHIRT, GREEN_SHIRT = (
    np.array([120, a, b, 10, 60, 130, 135, 20], np.float32)
    for a, b in ((175, 150), (125, 90), (90, 150))
)
assert RED_SHIRT.shape == (SIGNATURE,)


def face(
    ticks: range,
    *,
    thread: int = 1,
    at: tuple[float, float] = (0.3, 0.4),
    scale: float = 0.15,
    adult: float = 0.8,
    colours: np.ndarray = RED_SHIRT,
    turn: np.ndarray | None = None,
    **more: object,
) -> np.ndarray:
    """Rows of one face that keeps still, facing the camera unless told otherwise."""
    rows = np.zeros(len(ticks), FACE)
    rows["tick"], rows["thread"] = list(ticks), thread
    half = np.array([scale / 2, scale * 0.8])
    rows["box"] = np.concatenate([np.array(at) - half, np.array(at) + half])
    rows["middle"], rows["scale"], rows["adult"] = at, scale, adult
    rows["sure"] = rows["presence"] = 0.9
    rows["turn"] = np.eye(3) if turn is None else turn
    rows["gaze"] = -rows["turn"][:, :, 2]
    rows["apart"], rows["mouth"], rows["signature"] = 60, 0.55, colours
    for name, value in more.items():
        rows[name] = value
    return rows


def glimpses(
    *faces: np.ndarray, grid: Grid = GRID, first: int = 0, cuts: tuple[int, ...] = ()
) -> Glimpses:
    """The faces as one part that goes on to the end of the grid."""
    ticks = grid.ticks - first
    rows = np.concatenate(faces) if faces else np.zeros(0, FACE)
    cut = np.isin(np.arange(first, grid.ticks), cuts)
    flat = np.full(LOOK, 0.5, np.float32)
    calm = np.full(ticks, 0.5, np.float32)
    rows = rows[np.argsort(rows["tick"], kind="stable")]
    return Glimpses(first, 960, 540, calm, calm, cut, calm * 0, calm * 0, flat, flat, rows)


def looking(towards: np.ndarray) -> np.ndarray:
    """The turn of a head that faces along ``towards``, upright."""
    out = -np.asarray(towards, float) / np.linalg.norm(towards)  # the head's axis into the head
    side = np.cross([0.0, 1.0, 0.0], out)
    side /= np.linalg.norm(side)
    return np.stack([side, np.cross(out, side), out], 1)
