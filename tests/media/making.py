"""Writes small films with numbered frames and clicks of sound, in every way PyAV can."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import av
import numpy as np

from tests.media import barcode

RATE = 48_000
CLICK_EVERY = 0.5
"""A burst of tone starts every half second of the film's clock."""


_FIXED = ("mpeg4", "mpeg2video", "h263", "mpeg1video")
"""Codecs that count in whole frames."""


@dataclass(frozen=True)
class Recipe:
    """How to make one film. Times are whole microseconds of the container's clock."""

    container: str = "mp4"
    codec: str = "libx264"
    pixels: str = "yuv420p"
    frames: int = 40
    rate: int = 25
    times: Sequence[int] | None = None
    """When each frame starts; every 1/rate second where None."""
    sound: str | None = "aac"
    sound_rate: int = RATE
    sound_from: int = 0
    sound_until: int | None = None
    sound_layout: str = "mono"
    size: tuple[int, int] = (barcode.WIDTH, barcode.HEIGHT)
    options: dict[str, str] = field(default_factory=dict)
    container_options: dict[str, str] = field(default_factory=dict)
    codec_tag: str | None = None
    aspect: Fraction | None = None
    matrix: tuple[int, ...] | None = None
    paint: Callable[[int], Any] | None = None
    """Gives the stored frame for a number instead of the bar code as it is."""
    metadata: dict[str, str] = field(default_factory=dict)

    def starts(self) -> list[int]:
        """When each frame starts."""
        if self.times is not None:
            return list(self.times)
        return [round(n * 1_000_000 / self.rate) for n in range(self.frames)]

    def but(self, **changes: Any) -> Recipe:
        return replace(self, **changes)


def film(recipe: Recipe) -> bytes:
    """The film as a file."""
    out = io.BytesIO()
    made = av.open(out, "w", format=recipe.container, options=recipe.container_options)
    made.metadata.update(recipe.metadata)
    video = made.add_stream(recipe.codec, rate=recipe.rate, options=recipe.options)
    video.width, video.height = recipe.size
    video.pix_fmt = recipe.pixels
    fixed = recipe.container in ("avi", "h264", "hevc") or recipe.codec.startswith(_FIXED)
    base = Fraction(1, recipe.rate) if fixed else Fraction(1, 90_000)
    video.codec_context.time_base = base
    if recipe.codec_tag:
        video.codec_context.codec_tag = recipe.codec_tag
    if recipe.aspect:
        video.codec_context.sample_aspect_ratio = recipe.aspect
        video.sample_aspect_ratio = recipe.aspect
    if recipe.matrix:
        video.set_display_matrix(recipe.matrix)
    sound = None
    if recipe.sound:
        sound = made.add_stream(recipe.sound, rate=recipe.sound_rate, layout=recipe.sound_layout)
    starts = recipe.starts()
    for number, at in enumerate(starts):
        painted = recipe.paint(number) if recipe.paint else barcode.drawn(number, *recipe.size)
        frame = (
            painted
            if isinstance(painted, av.VideoFrame)
            else av.VideoFrame.from_ndarray(painted, "rgb24").reformat(format=recipe.pixels)
        )
        frame.pts = round(at / 1_000_000 / base)
        frame.time_base = base
        made.mux(video.encode(frame))
    made.mux(video.encode(None))
    if sound is not None:
        length = (starts[-1] - starts[0]) / 1_000_000 + 1 / recipe.rate
        if recipe.sound_until is not None:
            length = recipe.sound_until / 1_000_000
        _add_sound(made, sound, recipe, length)
    made.close()
    return out.getvalue()


def tone(seconds: float, rate: int, begin: float = 0.0) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Bursts of 40 ms every half second of the film's clock, else silence."""
    at = begin + np.arange(round(seconds * rate)) / rate
    since = at % CLICK_EVERY
    return (np.sin(2 * np.pi * 1000 * at) * (since < 0.04) * 0.6).astype(np.float32)


def _add_sound(made: Any, sound: Any, recipe: Recipe, length: float) -> None:
    begin = recipe.sound_from / 1_000_000
    samples = tone(length - begin, recipe.sound_rate, begin)[None]
    if recipe.sound_layout == "stereo":
        samples = np.repeat(samples, 2, axis=0)
    size = sound.codec_context.frame_size or 1024
    resampler = av.AudioResampler(
        sound.codec_context.format, recipe.sound_layout, recipe.sound_rate
    )
    first = round(begin * recipe.sound_rate)
    for at in range(0, samples.shape[1], size):
        part = np.ascontiguousarray(samples[:, at : at + size])
        frame = av.AudioFrame.from_ndarray(part, "fltp", recipe.sound_layout)
        frame.sample_rate = recipe.sound_rate
        frame.pts, frame.time_base = first + at, Fraction(1, recipe.sound_rate)
        for ready in resampler.resample(frame):
            made.mux(sound.encode(ready))
    made.mux(sound.encode(None))
