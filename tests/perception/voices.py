"""Voices made of arithmetic, and the sound of the sample films, for tests of listening."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from vig.domain.clock import SECOND
from vig.domain.recording import Sound

RATE = 16_000
SAMPLES = Path(__file__).parents[2] / "sample_clips"
Samples = NDArray[np.float32]


def quiet(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE), np.float32)


def voice(
    seconds: float, low: float, high: float, formants: tuple[float, ...] = (1050, 2600, 4100)
) -> Samples:
    """One breath of a voice whose pitch rises from ``low`` to ``high`` and falls again, in Hz."""
    share = np.linspace(0, 1, round(seconds * RATE))
    pitch = low + (high - low) * np.sin(np.pi * share)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    sound = np.zeros(len(share))
    for number in range(1, int(7500 / pitch.max()) + 1):
        near = sum(1 / (1 + ((number * pitch - f) / 150) ** 2) for f in formants)
        sound += (near + 0.02) * np.sin(number * phase) / np.sqrt(number)
    edges = np.minimum(np.arange(len(sound)), np.arange(len(sound))[::-1]) / 800
    return (0.3 * sound / np.abs(sound).max() * np.minimum(1, edges)).astype(np.float32)


def babble(syllables: int = 4) -> Samples:
    return np.concatenate(
        [p for _ in range(syllables) for p in (voice(0.25, 330, 400), quiet(0.1))]
    )


def cry(units: int = 4, seconds: float = 1.0, breath: float = 0.4) -> Samples:
    one = (voice(seconds, 390, 520), quiet(breath))
    return np.concatenate([part for _ in range(units) for part in one])


def room(samples: Samples, loudness: float = 0.0015) -> Samples:
    """The same in a room that is never quite silent."""
    noise = np.random.default_rng(0).normal(size=len(samples)) * loudness
    return (samples + noise).astype(np.float32)


def blocks(samples: Samples, size: int = RATE * 10, start: int = 0) -> Iterator[Sound]:
    for first in range(0, len(samples), size):
        yield Sound(samples[first : first + size], RATE, start + first * SECOND // RATE)


def sample_sound(name: str) -> Samples:
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    with av.open(str(SAMPLES / f"{name}.mp4")) as film:
        made = [out for frame in film.decode(audio=0) for out in resampler.resample(frame)]
    return np.concatenate([out.to_ndarray()[0] for out in made])
