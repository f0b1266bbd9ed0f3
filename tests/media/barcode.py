"""Films whose every frame carries its own number, as twelve black and white bars.

The bars fill the left half of the picture from top to bottom, most significant first; the right
half holds four patches (red, green, blue, grey), so that a film that was turned, mirrored,
squeezed or recoloured can be told from one that was not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BITS = 12
WIDTH, HEIGHT = 160, 120
PATCHES = ((200, 30, 30), (30, 200, 30), (30, 30, 200), (128, 128, 128))


def drawn(number: int, width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    """The picture of frame ``number``: (height, width, 3)."""
    rgb = np.full((height, width, 3), 16, np.uint8)
    edges = np.linspace(0, height, BITS + 1).round().astype(int)
    for bit in range(BITS):
        if number >> (BITS - 1 - bit) & 1:
            rgb[edges[bit] : edges[bit + 1], : width // 2] = 235
    edges = np.linspace(0, height, len(PATCHES) + 1).round().astype(int)
    for patch, colour in enumerate(PATCHES):
        rgb[edges[patch] : edges[patch + 1], width // 2 :] = colour
    return rgb


def read(rgb: NDArray[np.uint8]) -> int:
    """The number of the frame in an upright picture."""
    height, width = rgb.shape[:2]
    number = 0
    for bit in range(BITS):
        row = round((bit + 0.5) * height / BITS)
        bar = rgb[max(row - 1, 0) : row + 2, width // 6 : width // 3].mean()
        number = number << 1 | int(bar > 125)
    return number


def patches(rgb: NDArray[np.uint8]) -> list[tuple[float, float, float]]:
    """The mean colours of the four patches, top to bottom."""
    height, width = rgb.shape[:2]
    found = []
    for patch in range(len(PATCHES)):
        row = round((patch + 0.5) * height / len(PATCHES))
        part = rgb[row - height // 20 : row + height // 20 + 1, width * 5 // 8 : width * 7 // 8]
        red, green, blue = part.reshape(-1, 3).mean(axis=0)
        found.append((float(red), float(green), float(blue)))
    return found
