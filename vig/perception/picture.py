"""Numbers of a whole picture or of a patch of it: light, sharpness, shots, colours."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vig.perception.detectors import Picture
from vig.perception.glimpses import SIGNATURE

Floats = NDArray[np.floating[Any]]

MOSAIC = 8 * 8 * 3


def light_of(rgb: Picture) -> float:
    """Mean brightness, 0 to 1."""
    return float(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).mean()) / 255


def sharpness_of(rgb: Picture) -> float:
    """Variance of the Laplacian of the grey picture: higher is sharper, near 0 is blurred."""
    return float(cv2.Laplacian(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), cv2.CV_32F).var())


def coarse(rgb: Picture) -> Floats:
    """What tells shots apart, (LOOK,): 8 x 8 mean colours and the shares of 8 x 8 x 8 Lab colours."""
    mosaic = cv2.resize(rgb, (8, 8), interpolation=cv2.INTER_AREA).astype(np.float32).ravel() / 255
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)
    shares = (
        cv2.calcHist([lab], [0, 1, 2], None, [8, 8, 8], [0, 256] * 3).ravel() / lab[..., 0].size
    )
    return np.concatenate([mosaic, shares]).astype(np.float32)


def is_cut(before: Floats, now: Floats) -> bool:
    """Whether a new shot starts between two coarse looks a tick apart.

    Either two fifths of the picture change colour, or one fifth does and the places change too. In
    the sample films cuts change 0.67 or more, and everything else 0.04 at most.
    """
    moved = float(np.abs(before[:MOSAIC] - now[:MOSAIC]).mean())
    recoloured = 1 - float(np.minimum(before[MOSAIC:], now[MOSAIC:]).sum())
    return recoloured > 0.4 or (recoloured > 0.2 and moved > 0.1)


def outline(rgb: Picture) -> Floats:
    """What tells where the picture has gone: grey at 160 pixels, for :func:`moved_by`."""
    small = cv2.resize(rgb, (160, max(1, round(160 * rgb.shape[0] / rgb.shape[1]))))
    grey: Floats = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return grey


def moved_by(before: Floats, now: Floats) -> float:
    """How far the whole picture went between two outlines, as a share of its width.

    Phase correlation finds the shift that most of the picture shares: people who move before a
    still room do not count. NaN where no one shift explains the picture (response below 0.1).
    """
    window = cv2.createHanningWindow((now.shape[1], now.shape[0]), cv2.CV_32F)
    (across, down), response = cv2.phaseCorrelate(before, now, window)
    return float(np.hypot(across, down)) / now.shape[1] if response >= 0.1 else float("nan")


def signature_of(rgb: Picture, points: Floats) -> Floats:
    """Colours around a face: mean Lab and spread of the clothes, mean Lab and spread of the hair.

    Patches are placed along the face's own up and down, so they move with a leaning head.
    """
    brow, chin = points[10, :2], points[152, :2]
    down = chin - brow
    size = max(float(np.linalg.norm(down)) * 0.5, 2.0)
    middle = (brow + chin) / 2
    patches = (_patch(rgb, middle + 1.35 * down, size), _patch(rgb, middle - 0.65 * down, size))
    out = np.full(SIGNATURE, np.nan, np.float32)
    for half, patch in enumerate(patches):
        if patch is not None:
            lab = cv2.cvtColor(patch, cv2.COLOR_RGB2LAB).reshape(-1, 3).astype(np.float32)
            out[4 * half : 4 * half + 3] = lab.mean(0)
            out[4 * half + 3] = lab[:, 0].std()
    return out


def _patch(rgb: Picture, centre: Floats, side: float) -> Picture | None:
    """The square round ``centre`` as far as it lies in the frame; None where hardly any does."""
    height, width = rgb.shape[:2]
    left, top = np.maximum(np.round(centre - side / 2), 0).astype(int)
    right = min(int(np.round(centre[0] + side / 2)), width)
    bottom = min(int(np.round(centre[1] + side / 2)), height)
    if (right - left) * (bottom - top) < 0.3 * side * side or right <= left or bottom <= top:
        return None
    return rgb[top:bottom, left:right]


def seam_of(rgb: Picture) -> float:
    """Share of the rows in which the picture breaks off at its vertical middle, 0 to 1.

    A film from two cameras side by side does so in nearly every row, with or without a thin bar
    between them. A thing that stands there by chance is soft, short, or a little off the middle.
    """
    width = rgb.shape[1]
    strip = rgb[:, width // 2 - 16 : width // 2 + 16].astype(np.float32).mean(2)
    steps = np.abs(np.diff(strip, axis=1))
    if steps.shape[1] < 31:
        return 0.0
    middle, beside = steps[:, 12:19], np.delete(steps, np.s_[10:21], axis=1)
    column = middle[:, middle.mean(0).argmax()]
    return float((column > np.maximum(2 * beside.max(1), 6)).mean())
