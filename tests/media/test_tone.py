"""HDR film becomes ordinary film: greys, skin and white where a person expects them."""

from __future__ import annotations

import io
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.media import making
from tests.media.oddities import X265
from vig.media import proxy, video
from vig.media.inside import tone

# BT.2020 light in nits, and what it is: (red, green, blue).
GREY_18 = (26.0, 26.0, 26.0)
"""A grey card (18 % reflectance) beside a white of 203 nits reflects 38 nits; BT.2408 puts it at
an HLG signal of 0.38, which is 26 nits on a screen of 1000."""
WHITE = (203.0, 203.0, 203.0)
BRIGHT = (1000.0, 1000.0, 1000.0)
SKIN = (90.0, 62.0, 47.0)


def _hlg_signal(nits: np.ndarray) -> np.ndarray:
    """The inverse of BT.2100's HLG display light, written apart from the code under test."""
    light = np.maximum(nits, 1e-6) / 1000
    luma = light @ np.array([0.2627, 0.6780, 0.0593])
    scene = light * luma[..., None] ** (1 / 1.2 - 1)
    root = np.sqrt(3 * scene)
    with np.errstate(invalid="ignore", divide="ignore"):
        log = 0.17883277 * np.log(12 * scene - 0.28466892) + 0.55991073
    return np.where(scene <= 1 / 12, root, log)


def _pq_signal(nits: np.ndarray) -> np.ndarray:
    """ST 2084's inverse EOTF, with its constants as decimals."""
    y = (nits / 10_000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * y) / (1 + 18.6875 * y)) ** 78.84375


SIGNALS = {"hlg": _hlg_signal, "pq": _pq_signal}
TRANSFERS = {"hlg": "arib-std-b67", "pq": "smpte2084"}


def _film_of(patches: list[tuple[float, float, float]], kind: str) -> bytes:
    """A HEVC film of 10 bits with one column for each patch of light."""
    light = np.repeat(np.array(patches)[None], 64, axis=0).repeat(32, axis=1)
    signal = np.round(SIGNALS[kind](light) * 65535).astype(np.uint16)

    def paint(number: int) -> av.VideoFrame:
        frame = av.VideoFrame.from_ndarray(signal, "rgb48le")
        return frame.reformat(format="yuv420p10le", dst_colorspace=9)

    said = (
        f"log-level=none:colorprim=bt2020:transfer={TRANSFERS[kind]}"
        ":colormatrix=bt2020nc:range=limited:crf=4"
    )
    return making.film(
        making.Recipe(
            codec="libx265",
            pixels="yuv420p10le",
            codec_tag="hvc1",
            frames=5,
            sound=None,
            size=(32 * len(patches), 64),
            options=X265 | {"x265-params": said},
            paint=paint,
        )
    )


def _columns(rgb: np.ndarray) -> list[np.ndarray]:
    return [
        rgb[16:48, at + 8 : at + 24].reshape(-1, 3).mean(axis=0)
        for at in range(0, rgb.shape[1], 32)
    ]


@pytest.mark.parametrize("kind", ["hlg", "pq"])
def test_patches_of_light_come_out_as_ordinary_colours(kind: str) -> None:
    data = _film_of([(1.0, 1.0, 1.0), GREY_18, WHITE, BRIGHT, SKIN], kind)
    assert video.probe(io.BytesIO(data)).hdr == kind
    dark, grey, white, bright, skin = _columns(video.frame_at(io.BytesIO(data), 0).rgb)
    for neutral in (dark, grey, white, bright):
        assert np.ptp(neutral) < 6
    # An ordinary film shows a grey card between 90 and 130, and white near the top.
    assert dark.mean() < 40
    assert 90 < grey.mean() < 130
    assert 200 < white.mean() < 245
    assert 245 < bright.mean() <= 255
    red, green, blue = skin
    assert red > green > blue
    assert 130 < red < 215


@pytest.mark.parametrize("kind", ["hlg", "pq"])
def test_the_browser_copy_has_the_same_ordinary_colours(kind: str) -> None:
    data = _film_of([GREY_18, WHITE, SKIN], kind)
    wanted = _columns(video.frame_at(io.BytesIO(data), 0).rgb)
    out = io.BytesIO()
    proxy.browser_copy(io.BytesIO(data), out)
    with av.open(io.BytesIO(out.getvalue())) as made:
        frame = next(made.decode(video=0))
        assert (frame.color_trc, frame.color_primaries, frame.colorspace) == (1, 1, 1)
        got = _columns(frame.to_ndarray(format="rgb24", src_colorspace="ITU709"))
    for a, b in zip(got, wanted, strict=True):
        assert np.abs(a - b).max() < 8


def test_both_kinds_agree_on_the_same_light() -> None:
    light = np.array([GREY_18, WHITE, SKIN, (5.0, 50.0, 2.0)])
    hlg = tone.ordinary(_hlg_signal(light), "hlg")
    pq = tone.ordinary(_pq_signal(light), "pq")
    assert np.abs(hlg - pq).max() < 0.01


@given(st.lists(st.floats(0.01, 9000), min_size=2, max_size=2, unique=True))
def test_brighter_light_never_comes_out_darker(nits: list[float]) -> None:
    low, high = sorted(nits)
    greys = np.array([[low] * 3, [high] * 3])
    dark, bright = tone.ordinary(_pq_signal(greys), "pq").mean(axis=1)
    assert dark <= bright + 1e-9


@given(st.floats(0.01, 10_000))
def test_pq_light_and_signal_are_inverse(nits: float) -> None:
    there: Any = tone.pq_signal(np.array(nits))
    assert abs(float(tone.pq_light(there)) - nits) < 1e-3 * nits
    assert abs(float(there) - float(_pq_signal(np.array(nits)))) < 1e-6


def test_ordinary_film_is_left_alone() -> None:
    assert tone.kind_of(1) is None
    data = making.film(making.Recipe(frames=5, sound=None))
    assert video.probe(io.BytesIO(data)).hdr is None
