"""Telling a baby's voice from an adult's, from five readings of each 32 ms of sound.

Nothing here is trained: the thresholds come from what is published about voices, and the weights
say how far each reading is trusted. A cry is told by its rhythm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from vig.domain.clock import SECOND
from vig.domain.observation import Floats

LOWEST, HIGHEST = 75.0, 1000.0  # Hz; from a low man's voice to a squeal
VOICED = 0.5  # peak of the normalised autocorrelation from which a step counts as voiced
ABOVE_ROOM = 9.0  # dB over the film's quiet moments from which something is a voice
QUIET_SHARE = 10.0  # percentile of the level that stands for the room itself

# Infants vocalise at 300 to 600 Hz (Rothgaenger 2003: cooing 300-400, cries about 450), women
# speak at about 200 Hz and to babies at 250 to 350 Hz: pitch alone leaves the two overlapping.
BABY_PITCH, BABY_PITCH_WIDTH = 310.0, 30.0
# A woman's third formant lies near 2.8 kHz, a one-year-old's near 4 kHz: the vocal tract is about
# half as long (Fitch & Giedd 1999; Vorperian & Kent 2007). At high pitch formants are read badly,
# so the vote is small.
BABY_FORMANT, BABY_FORMANT_WIDTH = 3300.0, 400.0
# What Silero calls speech is an adult's, so far as could be tried.
SPEECH_VOTE = 8.0

SYLLABLE_GAP = 6  # steps (0.19 s): laughter and babble fall silent for so long between syllables
SHORTEST_BABY = 5  # steps (0.16 s): shorter sounds are clicks, squeaks of toys, ends of words

# Cries come in breaths: units of 0.5 to 1.5 s, one after the other (LaGasse, Neal & Lester 2005).
CRY_UNIT = 0.5  # seconds
CRY_BREATH = 1.0  # seconds at most between two units
CRY_UNITS = 3  # one after the other
CRY_PITCH = 330.0
CRY_VOICED = 0.7  # share of a unit


@dataclass(frozen=True, slots=True)
class Steps:
    """Readings of consecutive 32 ms steps, one row each."""

    times: NDArray[np.int64]  # (steps,) microseconds, middle of the step
    level: Floats  # (steps,) decibels below full scale
    pitch: Floats  # (steps,) Hz
    harmonic: Floats  # (steps,) 0 to 1
    formant: Floats  # (steps,) third formant, Hz; NaN where it was not found
    speech: Floats  # (steps,) Silero's probability

    @classmethod
    def joined(cls, parts: Sequence[Steps]) -> Steps:
        columns = [[getattr(part, f.name) for part in parts] for f in fields(cls)]
        empty = [np.zeros(0, np.int64), *(np.zeros(0, np.float32) for _ in columns[1:])]
        return cls(*(np.concatenate([e, *c]) for e, c in zip(empty, columns, strict=True)))

    def without(self, rows: NDArray[np.bool_]) -> Steps:
        """The same steps but those marked in ``rows``."""
        return Steps(*(getattr(self, f.name)[~rows] for f in fields(Steps)))


@dataclass(frozen=True, slots=True)
class Voices:
    """Who is heard in each step, 0 to 1."""

    times: NDArray[np.int64]
    adult: Floats
    baby: Floats
    cry: Floats
    level: Floats


def read(
    windows: NDArray[np.float32], times: NDArray[np.int64], speech: Floats, rate: int
) -> Steps:
    """Level, pitch, harmonicity and third formant of each window (one row each)."""
    level = 20 * np.log10(np.sqrt((windows**2).mean(axis=1)) + 1e-6)
    pitch, harmonic = _pitch(windows, rate)
    formant = np.full(len(windows), np.nan)
    voiced = harmonic > VOICED
    if voiced.any():
        formant[voiced] = _third_formant(windows[voiced], rate)
    columns = (level, pitch, harmonic, formant, speech)
    return Steps(times, *(column.astype(np.float32) for column in columns))


def _pitch(windows: NDArray[np.float32], rate: int) -> tuple[Floats, Floats]:
    """Pitch and harmonicity by the normalised autocorrelation (Boersma 1993).

    Of the peaks nearly as high as the highest, the one with the shortest lag is the pitch; the
    others are its subharmonics.
    """
    length = windows.shape[1]
    hann = np.hanning(length)
    shape = _autocorrelation(hann[None], length)[0]
    of_sound = _autocorrelation(windows * hann, length)
    of_sound /= of_sound[:, :1] + 1e-12
    curve = of_sound / (shape / shape[0] + 1e-3)
    curve = curve[:, int(rate / HIGHEST) - 1 : int(rate / LOWEST) + 2]
    inner = curve[:, 1:-1]
    peak = (inner >= curve[:, :-2]) & (inner >= curve[:, 2:])
    high = peak & (inner > 0.9 * inner.max(axis=1, keepdims=True))
    lag = np.where(high.any(axis=1), high.argmax(axis=1), inner.argmax(axis=1))
    harmonic = inner[np.arange(len(inner)), lag]
    return rate / (lag + int(rate / HIGHEST)), np.clip(harmonic, 0.0, 1.0)


def _autocorrelation(windows: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    power = np.abs(np.fft.rfft(windows, 2 * length, axis=1)) ** 2
    found: NDArray[np.float64] = np.fft.irfft(power, axis=1)[:, :length]
    return found


def _third_formant(windows: NDArray[np.float32], rate: int) -> NDArray[np.float64]:
    """Third resonance of the vocal tract by linear prediction, Hz; NaN where there are fewer.

    Order 14 at 16 kHz leaves room for an adult's seven formants below 8 kHz.
    """
    order = 14
    lifted = np.diff(windows, axis=1, prepend=0.0) * np.hamming(windows.shape[1])
    r = _autocorrelation(lifted, windows.shape[1])[:, : order + 1]
    r[:, 0] = r[:, 0] * (1 + 1e-4) + 1e-12  # a whisper of white noise keeps it solvable
    lags = np.abs(np.subtract.outer(np.arange(order), np.arange(order)))
    predictor = np.linalg.solve(r[:, lags], r[:, 1:, None])[:, :, 0]
    companion = np.zeros((len(windows), order, order))
    companion[:, 0] = predictor
    companion[:, np.arange(1, order), np.arange(order - 1)] = 1.0
    roots = np.linalg.eigvals(companion)
    frequency = np.angle(roots) * rate / (2 * np.pi)
    width = -np.log(np.abs(roots) + 1e-12) * rate / np.pi
    frequency = np.where((frequency > 150) & (width < 700), frequency, np.inf)
    third = np.sort(frequency, axis=1)[:, 2]
    return np.where(np.isfinite(third), third, np.nan)


def tell_apart(steps: Steps) -> Voices:
    """Adult speech, the baby's voice and crying in each step.

    Where both sound at once the adult is heard: Silero cannot be asked what lies under speech.
    """
    if not len(steps.times):
        none = np.zeros(0, np.float32)
        return Voices(steps.times, none, none, none, none)
    room = float(np.percentile(steps.level, QUIET_SHARE))
    loud = steps.level > room + ABOVE_ROOM
    speech = _widest(steps.speech, 3)
    raw = np.where(loud & (steps.harmonic > VOICED), _baby_logistic(steps, speech), 0.0)
    baby = np.zeros(len(raw), np.float32)
    for first, after in _runs(raw > 0.5, SYLLABLE_GAP):
        if after - first >= SHORTEST_BABY:
            baby[first:after] = raw[first:after][raw[first:after] > 0.5].mean()
    cry = _cry(steps, baby > 0.5)
    adult = np.where((steps.speech > 0.5) & (baby > 0.5), 0.0, steps.speech)
    adult = np.where(loud | (_widest(steps.level, 3) > room + ABOVE_ROOM), adult, 0.0)
    return Voices(
        steps.times,
        adult.astype(np.float32),
        np.where(cry > 0.5, 0.0, baby).astype(np.float32),
        cry,
        steps.level,
    )


def _baby_logistic(steps: Steps, speech: Floats) -> Floats:
    by_pitch = np.clip((steps.pitch - BABY_PITCH) / BABY_PITCH_WIDTH, -4, 4)
    by_tract = np.clip((steps.formant - BABY_FORMANT) / BABY_FORMANT_WIDTH, -1, 1)
    by_speech = -SPEECH_VOTE * np.clip(speech - 0.2, 0.0, 1.0)
    total = by_pitch + np.nan_to_num(by_tract) + by_speech
    return np.asarray(1 / (1 + np.exp(-total)), np.float32)


def _cry(steps: Steps, baby: NDArray[np.bool_]) -> Floats:
    """1 in rows of cry units, told by pitch, voicing, length and rhythm; else 0."""
    cry = np.zeros(len(baby), np.float32)
    row: list[tuple[int, int]] = []
    last = SECOND * CRY_BREATH
    for first, after in [*_runs(baby, 3), (len(baby), len(baby))]:
        unit = slice(first, after)
        at = steps.times[min(first, len(baby) - 1)]
        ended = bool(row) and (after == first or at - steps.times[row[-1][1] - 1] > last)
        if ended:
            if len(row) >= CRY_UNITS:
                cry[row[0][0] : row[-1][1]] = 1.0
            row = []
        if after == first:
            break
        length = (steps.times[after - 1] - steps.times[first]) / SECOND
        voiced = float((steps.harmonic[unit] > VOICED).mean())
        pitched = float(np.median(steps.pitch[unit])) > CRY_PITCH
        if length >= CRY_UNIT and voiced >= CRY_VOICED and pitched:
            row.append((first, after))
    return cry


def _widest(values: Floats, steps: int) -> Floats:
    """The largest value within ``steps`` before and after."""
    padded = np.pad(values, steps, mode="edge")
    found: Floats = np.lib.stride_tricks.sliding_window_view(padded, 2 * steps + 1).max(axis=1)
    return found


def _runs(on: NDArray[np.bool_], gap: int) -> list[tuple[int, int]]:
    """Runs of True as (first, after), those at most ``gap`` apart joined."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], on, [False]]).astype(np.int8)))
    runs = [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    joined = runs[:1]
    for (_, before), (first, after) in pairwise(runs):
        if first - before <= gap:
            joined[-1] = (joined[-1][0], after)
        else:
            joined.append((first, after))
    return joined
