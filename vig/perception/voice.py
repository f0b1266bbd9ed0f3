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
# What Silero calls speech is an adult's, so far as could be tried; a little of it is chance.
SPEECH_VOTE, SPEECH_FREE = 8.0, 0.2
PITCH_LEAP = 0.25  # of its logarithm between two steps; a voice glides, another voice leaps

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
        formant[voiced] = _third_formant(windows[voiced], pitch[voiced], rate)
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


def _third_formant(windows: NDArray[np.float32], pitch: Floats, rate: int) -> NDArray[np.float64]:
    """Third resonance of the vocal tract by linear prediction, Hz; NaN where there are fewer.

    Order 14 at 16 kHz leaves room for an adult's seven formants below 8 kHz. At a high pitch the
    predictor finds single harmonics; those closer together than the pitch are one formant.
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
    clear = (frequency > 150) & (width < 700)
    ordered = np.sort(np.where(clear, frequency, 2.0 * rate), axis=1)
    apart = np.diff(ordered, axis=1) > np.maximum(350.0, 1.3 * pitch)[:, None]
    number = np.concatenate([np.zeros((len(ordered), 1)), np.cumsum(apart, axis=1)], axis=1)
    third = ordered[np.arange(len(ordered)), (number == 2).argmax(axis=1)]
    return np.where((number.max(axis=1) >= 2) & (third < rate / 2), third, np.nan)


def tell_apart(steps: Steps) -> Voices:
    """Adult speech, the baby's voice and crying in each step.

    Where both sound at once the adult is heard: Silero cannot be asked what lies under speech.
    """
    if not len(steps.times):
        none = np.zeros(0, np.float32)
        return Voices(steps.times, none, none, none, none)
    room = float(np.percentile(steps.level, QUIET_SHARE))
    loud = steps.level > room + ABOVE_ROOM
    surely = np.zeros(len(loud), np.float32)
    for syllable in _syllables(steps, loud):
        surely[syllable] = _how_babyish(steps, syllable)
    baby = np.zeros(len(loud), np.float32)
    for first, after in _runs(surely > 0.5, SYLLABLE_GAP):
        if after - first >= SHORTEST_BABY:
            baby[first:after] = surely[first:after][surely[first:after] > 0.5].mean()
    cry = _cry(steps, baby > 0.5)
    # Speech has soft ends and stops within words, so the steps around a loud one still belong.
    adult = np.where(_widest(loud, 3) & (baby <= 0.5), steps.speech, np.float32(0.0))
    baby[cry > 0.5] = 0.0
    return Voices(steps.times, adult, baby, cry, steps.level)


def _syllables(steps: Steps, loud: NDArray[np.bool_]) -> list[slice]:
    """Runs of voiced sound without a leap in pitch: one voice each, so far as can be told."""
    voiced = loud & (steps.harmonic > VOICED)
    leap = np.abs(np.diff(np.log(steps.pitch + 1e-6), prepend=0.0)) > PITCH_LEAP
    found = []
    for first, after in _runs(voiced, 0):
        inside = np.flatnonzero(leap[first + 1 : after]) + first + 1
        edges = [first, *inside.tolist(), after]
        found += [slice(a, b) for a, b in pairwise(edges)]
    return found


def _how_babyish(steps: Steps, syllable: slice) -> float:
    """How surely this syllable is the baby's, 0 to 1 (a logistic sum of three votes)."""
    formants = steps.formant[syllable]
    formants = formants[np.isfinite(formants)]
    tract = float(np.median(formants)) if len(formants) else BABY_FORMANT
    total = (
        np.clip((float(np.median(steps.pitch[syllable])) - BABY_PITCH) / BABY_PITCH_WIDTH, -4, 4)
        + np.clip((tract - BABY_FORMANT) / BABY_FORMANT_WIDTH, -1, 1)
        - SPEECH_VOTE * max(float(steps.speech[syllable].mean()) - SPEECH_FREE, 0.0)
    )
    return float(1 / (1 + np.exp(-total)))


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


def _widest(values: NDArray[np.bool_], steps: int) -> NDArray[np.bool_]:
    """True within ``steps`` before and after each True."""
    padded = np.pad(values, steps)
    found: NDArray[np.bool_] = np.lib.stride_tricks.sliding_window_view(padded, 2 * steps + 1).max(
        axis=1
    )
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
