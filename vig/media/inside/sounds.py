"""Sound without gaps or overlaps, from the first shown frame to the end of the film."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from vig.media.inside.timing import MICROS, micros

Samples: TypeAlias = NDArray[np.float32]  # (channels, samples) -1 to 1


class Band:
    """Resampled sound on the film's clock: sample ``i`` is heard at ``start + i / rate``.

    A hole of more than 20 ms is filled with silence, sound that overlaps by more is cut, and
    jitter below that is left alone: containers round their times.
    """

    _SLACK = 20_000

    def __init__(self, *, origin: int, start: int, end: int, rate: int, channels: int) -> None:
        """``origin`` is the container's time of the first shown frame; the rest is film time."""
        self._origin = origin
        self._start = start
        self._rate = rate
        self._channels = channels
        self._layout = "mono" if channels == 1 else "stereo"
        self._total = (end - start) * rate // MICROS
        self._made = 0
        self._came_as: tuple[str, int, int] | None = None
        self._paced: AudioResampler | None = None
        self._anchor = start
        self._fed = 0
        self._native = rate
        self.heard_at: int | None = None
        """When the first sound of the file is heard, in film time; may be negative."""

    @property
    def full(self) -> bool:
        """Whether everything up to the end is there."""
        return self._made >= self._total

    def add(self, frame: AudioFrame) -> Iterator[Samples]:
        """The next decoded frame of sound; gives what is ready of the band."""
        # Never the layout's name: PyAV 18.1 writes past the end of a buffer for a long one.
        came_as = (frame.format.name, frame.layout.nb_channels, frame.sample_rate)
        if came_as != self._came_as:
            yield from self._turn_to(came_as)
        until = self._anchor + micros(self._fed, Fraction(1, self._native))
        at = until
        if frame.pts is not None and frame.time_base is not None:
            at = micros(frame.pts, frame.time_base) - self._origin
        slack = self._SLACK if self.heard_at is not None else 0
        if self.heard_at is None:
            self.heard_at = at
        samples = _mixed(frame, self._channels)
        if at - until > slack:
            yield from self._silence((at - until) * self._native // MICROS)
        elif until - at > slack:
            samples = samples[:, (until - at) * self._native // MICROS :]
        yield from self._feed(samples)

    def finish(self) -> Iterator[Samples]:
        """What is still held, and silence up to the end."""
        yield from self._drained()
        while not self.full:
            blank = np.zeros((self._channels, min(self._rate, self._total - self._made)))
            yield from self._kept(blank.astype(np.float32))

    def _turn_to(self, came_as: tuple[str, int, int]) -> Iterator[Samples]:
        """Sound of another kind follows, or the first: nothing of the old may be lost."""
        self._anchor += micros(self._fed, Fraction(1, self._native))
        self._fed = 0
        yield from self._drained()
        self._came_as = came_as
        self._native = came_as[2]
        self._paced = AudioResampler("fltp", self._layout, self._rate)

    def _drained(self) -> Iterator[Samples]:
        if self._paced is not None and self._fed:
            for out in self._paced.resample(None):
                yield from self._kept(out.to_ndarray())
        self._paced = None

    def _silence(self, count: int) -> Iterator[Samples]:
        while count > 0 and not self.full:
            part = min(count, self._native)
            yield from self._feed(np.zeros((self._channels, part), np.float32))
            count -= part

    def _feed(self, samples: Samples) -> Iterator[Samples]:
        if samples.shape[1] == 0 or self.full:
            return
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), "fltp", self._layout)
        frame.sample_rate = self._native
        frame.pts = self._fed
        frame.time_base = Fraction(1, self._native)
        self._fed += samples.shape[1]
        assert self._paced is not None
        for out in self._paced.resample(frame):
            assert isinstance(out, AudioFrame)
            yield from self._kept(out.to_ndarray())

    def _kept(self, samples: NDArray[Any]) -> Iterator[Samples]:
        kept = samples[:, : self._total - self._made]
        self._made += kept.shape[1]
        if kept.shape[1]:
            yield np.clip(kept, -1, 1).astype(np.float32, copy=False)


class Meter:
    """The mean square of the sound in equal steps of the film's time, without resampling it.

    A second is gathered before anything is counted: an hour has 170,000 frames of sound.
    """

    _SLACK = 20_000

    def __init__(self, step: int, steps: int) -> None:
        """``step`` in microseconds; ``steps`` of them are kept."""
        self._step = step
        self._sum = np.zeros(steps)
        self._count = np.zeros(steps)
        self._held: list[Samples] = []
        self._at = 0
        self._many = 0
        self._rate = 1

    def add(self, frame: AudioFrame, origin: int) -> None:
        """The next decoded frame; ``origin`` is the container's time of the first shown frame."""
        samples = _mixed(frame, 1)
        due = self._at + self._many * MICROS // self._rate
        at = due
        if frame.pts is not None and frame.time_base is not None:
            at = micros(frame.pts, frame.time_base) - origin
        if frame.sample_rate != self._rate or abs(at - due) > self._SLACK:
            self._counted()
            self._at, self._rate = at, frame.sample_rate
        self._held.append(samples)
        self._many += samples.shape[1]
        if self._many >= self._rate:
            self._counted()

    def power(self) -> NDArray[np.float64]:
        """The mean square of each step; 0 where there was no sound."""
        self._counted()
        return self._sum / np.maximum(self._count, 1)

    def _counted(self) -> None:
        if self._held:
            square = np.concatenate(self._held, axis=1)[0].astype(np.float64) ** 2
            steps = (self._at + np.arange(self._many) * MICROS // self._rate) // self._step
            inside = (steps >= 0) & (steps < len(self._sum))
            steps, square = steps[inside], square[inside]
            if len(steps):
                first, after = int(steps[0]), int(steps[-1]) + 1
                self._sum[first:after] += np.bincount(steps - first, square)
                self._count[first:after] += np.bincount(steps - first)
        self._at += self._many * MICROS // self._rate
        self._held, self._many = [], 0


def _mixed(frame: AudioFrame, channels: int) -> Samples:
    """A frame as one or two channels of floats.

    Of more than two channels the first three count (left, right, centre in FFmpeg's order), so
    that a voice in the middle keeps its loudness and nothing exceeds full scale. Done here, since
    swresample neither keeps to full scale nor survives every layout that a file can claim.
    """
    data: NDArray[Any] = frame.to_ndarray()
    count = frame.layout.nb_channels
    if not frame.format.is_planar:
        data = data.reshape(-1, count).T
    if data.dtype == np.uint8:
        samples = (data.astype(np.float32) - 128) / np.float32(128)
    elif data.dtype.kind == "i":
        samples = data.astype(np.float32) / np.float32(2.0 ** (8 * data.dtype.itemsize - 1))
    else:
        samples = np.nan_to_num(data.astype(np.float32))
    if count > 2:
        samples = samples[:2] / 1.7 + samples[2] * (0.7 / 1.7)
    if channels == 1:
        samples = samples.mean(axis=0, keepdims=True)
    elif len(samples) == 1:
        samples = np.repeat(samples, 2, axis=0)
    return samples
