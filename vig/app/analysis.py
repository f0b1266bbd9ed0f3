"""Watching a film, as a job in parts that survive any crash.

::

    see:0 … see:n    stretches of film, each: sample → look, kept sealed
    hear             the whole sound, once
    finish           join → measure → suggest, one transaction with the moments

Every part writes one sealed object of its own name; doing it again replaces it. ``finish`` drops
the parts. The work reads the film through the gate: agreement withdrawn stops it at the next part.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

from vig import __version__
from vig.app import policy
from vig.app.columns import (
    heard_from_bytes,
    heard_to_bytes,
    observations_from_bytes,
    observations_to_bytes,
)
from vig.app.jobs import Bench, Work
from vig.app.people import As, carried
from vig.app.suggestions import PEOPLE, RECIPE, people, signals_by_pair, standing, work_out
from vig.app.workspace import Workspace
from vig.attunement.scoring import Scoring
from vig.attunement.signals import Signals
from vig.catalogue.engine import engine_for_jobs
from vig.catalogue.values import Analysis, AnalysisState
from vig.domain.clock import SECOND, Grid, Span
from vig.domain.family import Purpose
from vig.domain.observation import Observations
from vig.domain.progress import Progress
from vig.domain.recording import Recording
from vig.errors import Unknown
from vig.media import sound, video
from vig.perception.glimpses import Glimpses
from vig.perception.models import Models
from vig.perception.people import join
from vig.perception.sight import look
from vig.perception.sound import listen
from vig.vault.ring import KeyRing

T = TypeVar("T")

KIND = "analysis"
ACTOR = "worker"
STRETCH = 20 * SECOND
"""Film time of one part: short enough that a crash costs little, long enough to be worth a child."""
MOST_LANES = 4
"""Each holds nets and pictures of its own: two lanes were measured at 569 MiB with everything."""
JOBS_FILE = "jobs.db"
OBSERVATIONS = "observations"
_SEE, _HEAR = "see", "hear"


@cache
def models() -> Models:
    """The model files, read and checked once a process."""
    return Models.load()


@cache
def version() -> str:
    """A code that changes when another answer could come out: software, models, weights."""
    digest = hashlib.sha256(__version__.encode())
    for ref in models().refs:
        digest.update(ref.sha256.encode())
    digest.update(settings_hash().encode())
    return digest.hexdigest()[:16]


@cache
def settings_hash() -> str:
    """SHA-256 of the visible weights."""
    return hashlib.sha256((files("vig.attunement") / "scoring.toml").read_bytes()).hexdigest()


def bench(root: Path, handed: bytes) -> Bench:
    """What a worker process needs, from the key it was handed over its pipe."""
    ws = Workspace.from_key(root, handed)

    def unlock(key: bytes) -> None:
        ws.ring = KeyRing.taken_over(key)

    def lock(subjects: frozenset[str]) -> None:
        ws.ring.narrow(subjects)

    return replace(bench_of(ws), lock=lock, unlock=unlock, close=ws.close)


def bench_of(ws: Workspace) -> Bench:
    """What asking for jobs, or doing them in this process, needs of an open vault."""
    return Bench(
        engine=engine_for_jobs(ws.root / JOBS_FILE, ws.ring.subkey("jobs database")),
        seal=ws.ring.subkey("jobs values"),
        works=(work(ws),),
        root=ws.root,
    )


def work(ws: Workspace) -> Work:
    """The parts of watching a film."""

    def do_part(subject: str, part: str, progress: Progress) -> None:
        with policy.at_work_on(subject):
            _do_part(ws, subject, part, progress)

    def finish(subject: str) -> None:
        with policy.at_work_on(subject):
            _finish(ws, subject)

    return Work(
        kind=KIND,
        plan=lambda subject: _plan(ws.catalogue.recording(subject)),
        do_part=do_part,
        finish=finish,
        lanes=lanes(),
        weight=lambda part: 0.3 if part == _HEAR else 1.0,
    )


def lanes() -> int:
    """How many stretches are watched at once: one for each processor that this process may use.

    Each lane is a thread here and a decoder process beside it. The nets let the interpreter's lock
    go (ADR 0015), and every lane holds nets and pictures of its own, hence a most.
    """
    allowed = getattr(os, "sched_getaffinity", None)
    processors = len(allowed(0)) if allowed is not None else os.cpu_count() or 1
    return max(1, min(processors, MOST_LANES))


def _plan(recording: Recording) -> list[str]:
    stretches = -(-recording.duration // STRETCH)
    return [_HEAR, *(f"{_SEE}:{number}" for number in range(stretches))]


def _do_part(ws: Workspace, recording_id: str, part: str, progress: Progress) -> None:
    recording = ws.check(recording_id, Purpose.ANALYSE, ACTOR)
    grid = Grid.over(recording.duration)
    with ws.open(recording_id, Purpose.ANALYSE, "film", actor=ACTOR) as film:
        source = cast(BinaryIO, film)
        if part == _HEAR:
            heard = listen(sound.blocks(source), grid, models(), _scaled(progress, 0.0, 0.98))
            kind, data = _HEAR, heard_to_bytes(heard)
        else:
            number = int(part.removeprefix(f"{_SEE}:"))
            start = number * STRETCH
            span = Span(start, min(start + STRETCH, grid.duration))
            frames = video.sample(source, grid, span)
            seen = look(_counted(frames, grid, span, progress), grid, models(), lambda share: None)
            kind, data = part, seen.to_bytes()
    progress(1.0)  # asks whether this worker may still write
    ws.put(recording_id, kind, data)
    _give_memory_back()


def _give_memory_back() -> None:
    """Nets come and go with each part; glibc keeps what they freed unless it is asked for it."""
    if sys.platform == "linux":
        with suppress(AttributeError):  # another C library has no such call and no such habit
            ctypes.CDLL(None).malloc_trim(0)


def _counted(
    frames: Iterable[tuple[int, T]], grid: Grid, span: Span, progress: Progress
) -> Iterator[tuple[int, T]]:
    ticks = grid.ticks_in(span)
    for tick, frame in frames:
        progress(0.98 * (tick - ticks.start) / max(len(ticks), 1))
        yield tick, frame


def _scaled(progress: Progress, start: float, end: float) -> Progress:
    return lambda share: progress(start + (end - start) * share)


def _finish(ws: Workspace, recording_id: str) -> None:
    recording = ws.check(recording_id, Purpose.ANALYSE, ACTOR)
    grid = Grid.over(recording.duration)
    parts = _plan(recording)
    if ws.object_of(recording_id, _HEAR) is None:
        # Done before: the last worker died between keeping the answer and saying so.
        if ws.catalogue.latest_analysis(recording_id) is not None:
            return
        raise Unknown(kind="object", name=_HEAR)
    glimpses = [
        Glimpses.from_bytes(ws.read_all(recording_id, part)) for part in parts if part != _HEAR
    ]
    heard = heard_from_bytes(ws.read_all(recording_id, _HEAR))
    observations = Observations(join(glimpses, grid, models()), heard)
    keep_answer(ws, recording, observations)
    ws.drop(recording_id, set(parts))


def keep_answer(ws: Workspace, recording: Recording, observations: Observations) -> None:
    """Measure, suggest, and keep both in one transaction; older answers give way."""
    before = _before(ws, recording.id, observations)
    with ws.writing(recording.id, OBSERVATIONS) as sink:
        sink.write(observations_to_bytes(observations))
    kept = ws.object_of(recording.id, OBSERVATIONS)
    stand = replace(standing(ws, recording), people=before)
    moments = work_out(observations, stand, Scoring.load(), recording)
    older = ws.catalogue.analyses(recording.id)
    with ws.catalogue.act(ACTOR, "analysis.keep", object=recording.id) as act:
        for gone in older:
            act.drop_analysis(gone.id)
        made = act.add_analysis(
            recording.id,
            software=__version__,
            models=observations.models,
            settings_hash=settings_hash(),
            observations=kept.id if kept else None,
            state=AnalysisState.DONE,
        )
        act.add_moments(made.id, moments)
        for number in ws.catalogue.items(recording.id, PEOPLE):
            act.set_item(recording.id, PEOPLE, None, whose=number)
        for track, as_ in before.items():
            act.set_item(recording.id, PEOPLE, as_, whose=str(track))
        act.set_item(recording.id, RECIPE, stand.recipe(settings_hash()))


def _before(ws: Workspace, recording_id: str, observations: Observations) -> dict[int, As]:
    """What people had said about who is who, for the people that were found this time."""
    said = people(ws.catalogue.items(recording_id, PEOPLE))
    if not said:
        return {}
    return carried(observations_of(ws, recording_id), observations, said)


def observations_of(ws: Workspace, recording_id: str) -> Observations:
    """What the newest analysis saw and heard. Unknown where the film was not analysed."""
    return observations_from_bytes(ws.read_all(recording_id, OBSERVATIONS))


def signals_of(ws: Workspace, recording_id: str) -> Signals:
    """The signals of the newest analysis: of the baby and the parent, as they are known now."""
    stand = standing(ws, ws.catalogue.recording(recording_id))
    by_pair = signals_by_pair(observations_of(ws, recording_id), stand, Scoring.load())
    return next(iter(by_pair.values()))


def stale(analysis: Analysis) -> bool:
    """Whether this version of the tool would answer differently."""
    known = {ref.sha256 for ref in models().refs}
    return (
        analysis.software != __version__
        or analysis.settings_hash != settings_hash()
        or any(ref.sha256 not in known for ref in analysis.models)
    )
