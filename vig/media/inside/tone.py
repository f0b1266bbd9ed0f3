"""Brings film with a high dynamic range (HLG, PQ; BT.2100) to the ordinary colours of BT.709.

One table of colours, made once, holds the whole way: signal → light in nits → highlights rolled
off → BT.709 primaries → signal. Reference white of 203 nits (BT.2408) is the white of the result;
the roll-off is that of BT.2390 (the knee of its EETF, in the PQ domain), applied to the brightest
of the three channels, so that a colour keeps its hue: skin stays skin.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]  # (..., 3) or (...)

LEVEL: Final = 6
"""Level of the table for FFmpeg's haldclut: 36 steps a channel, a picture of 216 x 216."""
_TRANSFERS: Final = {16: "pq", 18: "hlg"}
_WHITE: Final = 203.0
"""Nits of reference white, BT.2408."""
_PEAK: Final = 1000.0
"""Nits of the brightest light that is kept apart: the nominal peak of HLG, and of most PQ film."""

# PQ, BT.2100 table 4.
_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
# HLG, BT.2100 table 5.
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073
_LUMA_2020: Final = np.array([0.2627, 0.6780, 0.0593])
# BT.2087: linear BT.2020 to linear BT.709.
_TO_709: Final = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]]
)


def kind_of(transfer: int) -> str | None:
    """ "hlg", "pq" or None for a frame's transfer characteristic (H.273 code points)."""
    return _TRANSFERS.get(transfer)


def pq_signal(nits: Values) -> Values:
    """PQ signal 0 to 1 of a light in nits."""
    y = np.clip(nits / 10_000, 0, 1) ** _M1
    return np.asarray(((_C1 + _C2 * y) / (1 + _C3 * y)) ** _M2)


def pq_light(signal: Values) -> Values:
    """Nits of a PQ signal."""
    e = np.clip(signal, 0, 1) ** (1 / _M2)
    return np.asarray(10_000 * (np.maximum(e - _C1, 0) / (_C2 - _C3 * e)) ** (1 / _M1))


def hlg_light(signal: Values) -> Values:
    """Nits of an HLG signal (..., 3) on a screen of 1000 nits (system gamma 1.2)."""
    s = np.clip(signal, 0, 1)
    scene = np.where(s <= 0.5, s * s / 3, (np.exp((s - _C) / _A) + _B) / 12)
    luma = np.maximum(scene @ _LUMA_2020, 1e-9)[..., None]
    return np.asarray(_PEAK * luma**0.2 * scene)


def ordinary(signal: Values, kind: str) -> Values:
    """BT.709 signal (..., 3) 0 to 1 of a BT.2020 signal in HLG or PQ."""
    light = pq_light(signal) if kind == "pq" else hlg_light(signal)
    brightest = np.maximum(light.max(axis=-1, keepdims=True), 1e-6)
    light = light * (_rolled_off(brightest) / brightest) / _WHITE
    # BT.1886: an ordinary screen shows the signal to the power of 2.4.
    return np.asarray(np.clip(light @ _TO_709.T, 0, 1) ** (1 / 2.4))


def _rolled_off(nits: Values) -> Values:
    """BT.2390-10 EETF from the peak to reference white: linear below the knee, a spline above."""
    top = pq_signal(np.array(_PEAK))
    e = np.minimum(pq_signal(nits) / top, 1)
    goal = pq_signal(np.array(_WHITE)) / top
    knee = 1.5 * goal - 0.5
    t = (e - knee) / (1 - knee)
    spline = (
        (2 * t**3 - 3 * t**2 + 1) * knee
        + (t**3 - 2 * t**2 + t) * (1 - knee)
        + (-2 * t**3 + 3 * t**2) * goal
    )
    return pq_light(np.where(e < knee, e, spline) * top)


def table(kind: str) -> NDArray[np.uint16]:
    """The whole way as a picture for haldclut: (216, 216, 3), red changing fastest."""
    steps = LEVEL * LEVEL
    axis = np.arange(steps) / (steps - 1)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
    colours: NDArray[Any] = ordinary(np.stack([red, green, blue], axis=-1), kind)
    side = LEVEL**3
    return np.round(colours.reshape(side, side, 3) * 65535).astype(np.uint16)
