"""Who is heard when: adult speech, a baby's voice, crying and loudness, one value a grid tick.

::

    blocks ── 32 ms steps ──┬─ Silero VAD ─────────────── adult speech
                            └─ pitch, harmonicity, level ─ baby's voice, cry      → ticks

Silero hears adults and is deaf to babies (median 0.00 on 25 recorded cries, 0.66 to 0.77 on adult
speech), so it is the gate for speech; the baby's voice is told from pitch, harmonicity, the length
of the vocal tract and duration. Everything here was checked on rendered sound only: it says that
times and thresholds work, and nothing reliable about real babies.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from vig.domain.clock import SECOND, Grid, Micros
from vig.domain.observation import Floats, Heard
from vig.domain.progress import Progress, unheard
from vig.domain.recording import Sound
from vig.errors import BadValue
from vig.perception import voice
from vig.perception.models import Models

RATE = 16_000
STEP = 512  # samples; the step that Silero was trained with at 16 kHz
_CONTEXT = 64  # samples of the step before that Silero is given again
_DIGITAL_SILENCE = 1e-6  # full scale is 1; no microphone is as quiet as -120 dB


def listen(
    blocks: Iterable[Sound], grid: Grid, models: Models, progress: Progress = unheard
) -> Heard:
    """Listen to a film once, from its start to its end.

    ``blocks`` are one channel at 16 kHz in the order of time, of any length; memory holds one
    block and five numbers for each 32 ms. Ticks without sound, or with the digital silence that
    fills a gap, are NaN: nothing can be said about them.

    Raises BadValue for another rate and whatever ``progress`` raises.
    """
    ear = _Ear(models)
    for block in blocks:
        ear.hear(block)
        done = block.start + len(block.samples) * SECOND // RATE
        progress(min(done / max(grid.duration, 1), 1.0))
    heard = voice.tell_apart(ear.steps())
    return Heard(
        grid=grid,
        baby_voice=_on_ticks(heard.baby, heard.times, grid),
        parent_voice=_on_ticks(heard.adult, heard.times, grid),
        cry=_on_ticks(heard.cry, heard.times, grid),
        loudness=_on_ticks(heard.level, heard.times, grid),
        models=models.refs_of("silero-vad"),
    )


def _no_state() -> NDArray[np.float32]:
    return np.zeros((2, 1, 128), np.float32)


@dataclass(slots=True)
class _Ear:
    """What must be carried from one block to the next."""

    models: Models
    net: Any = None
    state: NDArray[np.float32] = field(default_factory=_no_state)
    context: NDArray[np.float32] = field(default_factory=lambda: np.zeros(_CONTEXT, np.float32))
    rest: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    rest_at: Micros | None = None
    parts: list[voice.Steps] = field(default_factory=list)

    def hear(self, block: Sound) -> None:
        if block.rate != RATE:
            raise BadValue(what=f"Sound is listened to at {RATE} Hz, not at {block.rate}.")
        if self.net is None:
            self.net = _session(self.models)
        rest_at = self.rest_at
        if rest_at is None or abs(block.start - self._expected(rest_at)) > SECOND // 100:
            rest_at = self._begin_anew(block.start)
        samples = np.concatenate([self.rest, block.samples.astype(np.float32, copy=False)])
        # Pitch is read over two steps, so the last step of a block waits for the next one.
        count = max(len(samples) // STEP - 1, 0)
        if count:
            windows = np.lib.stride_tricks.sliding_window_view(samples, 2 * STEP)[::STEP][:count]
            self.parts.append(self._steps_of(windows, rest_at))
        self.rest = samples[count * STEP :].copy()
        self.rest_at = rest_at + count * STEP * SECOND // RATE

    def _expected(self, rest_at: Micros) -> Micros:
        """When the next block starts if nothing is missing."""
        return rest_at + len(self.rest) * SECOND // RATE

    def _begin_anew(self, at: Micros) -> Micros:
        self.rest = np.zeros(0, np.float32)
        self.state, self.context = _no_state(), np.zeros(_CONTEXT, np.float32)
        return at

    def _steps_of(self, windows: NDArray[np.float32], at: Micros) -> voice.Steps:
        speech = np.array([self._speech(window[:STEP]) for window in windows], np.float32)
        offsets = (np.arange(len(windows)) * STEP + STEP) * SECOND // RATE
        steps = voice.read(windows, at + offsets, speech, RATE)
        silent = np.abs(windows).max(axis=1) < _DIGITAL_SILENCE
        return steps.without(silent)

    def _speech(self, samples: NDArray[np.float32]) -> float:
        given = np.concatenate([self.context, samples])[None]
        rate = np.array(RATE, np.int64)
        answer, self.state = self.net.run(None, {"input": given, "state": self.state, "sr": rate})
        self.context = samples[-_CONTEXT:]
        return float(answer.item())

    def steps(self) -> voice.Steps:
        return voice.Steps.joined(self.parts)


def _session(models: Models) -> Any:
    options = onnxruntime.SessionOptions()
    # Small nets lose to thread hand-over: two threads cost twice the CPU and save no time.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        models.data("silero-vad"), options, providers=["CPUExecutionProvider"]
    )


def _on_ticks(values: Floats, times: NDArray[np.int64], grid: Grid) -> Floats:
    """The mean of the known steps whose middle lies in each tick, NaN where there is none."""
    known = np.isfinite(values)
    ticks = times[known] // grid.step
    kept = (ticks >= 0) & (ticks < grid.ticks)
    ticks = ticks[kept]
    total = np.bincount(ticks, weights=values[known][kept], minlength=grid.ticks)
    count = np.bincount(ticks, minlength=grid.ticks)
    with np.errstate(invalid="ignore"):
        return (total / np.where(count == 0, np.nan, count)).astype(np.float32)
