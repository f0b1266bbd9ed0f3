"""The promises of ``Jobs`` kept in memory: for tests and trials, gone with the process."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from vig.app.jobs import Failure, JobId, JobState, JobStatus, Work, job_id
from vig.domain.progress import Progress, unheard
from vig.errors import Cancelled, Unknown, VaultLocked

T = TypeVar("T")


@dataclass
class _Job:
    kind: str
    subject: str
    version: str
    submitted_at: int
    state: JobState = JobState.WAITING
    share: float = 0.0
    step: str | None = None
    failure: Failure | None = None
    finished: set[str] = field(default_factory=set)
    run: int = 0
    idle: threading.Event = field(default_factory=threading.Event)


class MemoryJobs:
    """One job at a time, its parts in lanes, in threads of this process."""

    def __init__(self, *works: Work, retry_locked: float = 0.02) -> None:
        self._works = {work.kind: work for work in works}
        self._retry_locked = retry_locked
        self._jobs: dict[JobId, _Job] = {}
        self._lock = threading.RLock()
        self._asked: queue.Queue[JobId | None] = queue.Queue()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._work_on, name="memory-jobs", daemon=True)
        self._thread.start()

    def submit(self, kind: str, subject: str, version: str) -> JobId:
        job = job_id(kind, subject, version)
        with self._lock:
            if job not in self._jobs:
                self._jobs[job] = _Job(kind, subject, version, int(time.time() * 1000))
                self._jobs[job].idle.set()
                self._asked.put(job)
        return job

    def status(self, job: JobId) -> JobStatus:
        with self._lock:
            held = self._held(job)
            return JobStatus(
                id=job,
                kind=held.kind,
                subject=held.subject,
                version=held.version,
                state=held.state,
                share=held.share,
                step=None if held.state.ended else held.step,
                failure=held.failure,
                submitted_at=held.submitted_at,
            )

    def list(self) -> Sequence[JobStatus]:
        with self._lock:
            return [self.status(job) for job in reversed(self._jobs)]

    def cancel(self, job: JobId) -> None:
        with self._lock:
            held = self._held(job)
            if not held.state.ended:
                held.state, held.run = JobState.CANCELLED, held.run + 1

    def resume(self, job: JobId) -> None:
        with self._lock:
            held = self._held(job)
            if held.state in (JobState.FAILED, JobState.CANCELLED):
                held.state, held.failure = JobState.WAITING, None
                self._asked.put(job)

    def forget(self, subject: str) -> None:
        with self._lock:
            jobs = [job for job, held in self._jobs.items() if held.subject == subject]
        for job in jobs:
            self.cancel(job)
            self._jobs[job].idle.wait()
            with self._lock:
                del self._jobs[job]

    def wait(
        self, job: JobId, progress: Progress = unheard, timeout: float | None = None
    ) -> JobStatus:
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            status = self.status(job)
            try:
                progress(status.share)
            except Cancelled:
                self.cancel(job)
                raise
            if status.failure is not None:
                raise status.failure.error()
            if status.state is JobState.CANCELLED:
                raise Cancelled
            if status.state is JobState.DONE:
                return status
            if until is not None and time.monotonic() >= until:
                raise TimeoutError
            time.sleep(0.01)

    def close(self) -> None:
        self._closed.set()
        self._asked.put(None)
        self._thread.join()

    def _held(self, job: JobId) -> _Job:
        try:
            return self._jobs[job]
        except KeyError:
            raise Unknown(kind="job", name=job) from None

    def _work_on(self) -> None:
        while (job := self._asked.get()) is not None:
            with self._lock:
                held = self._jobs.get(job)
                if held is None or held.state is not JobState.WAITING:
                    continue
                held.state, held.run = JobState.RUNNING, held.run + 1
                held.idle.clear()
                run = held.run
            try:
                self._do(held, run)
                end, failure = JobState.DONE, None
            except Cancelled:
                end, failure = JobState.CANCELLED, None
            except Exception as error:
                end, failure = JobState.FAILED, Failure.of(error)
            with self._lock:
                if held.run == run and not self._closed.is_set():
                    held.state, held.failure = end, failure
                    held.share = 1.0 if end is JobState.DONE else held.share
                held.idle.set()

    def _do(self, held: _Job, run: int) -> None:
        work, subject = self._works[held.kind], held.subject
        parts = self._patiently(held, run, lambda: work.parts_of(subject))
        weights = {part: work.weight(part) for part in parts}
        shares = {part: 1.0 for part in parts if part in held.finished}

        def hear(part: str) -> Progress:
            def heard(share: float) -> None:
                with self._lock:
                    if held.run != run or self._closed.is_set():
                        raise Cancelled
                    shares[part] = max(shares.get(part, 0.0), min(share, 1.0))
                    done = sum(weights[p] * s for p, s in shares.items())
                    held.share = max(held.share, 0.98 * done / sum(weights.values()))
                    held.step, held.state = part.split(":", maxsplit=1)[0], JobState.RUNNING

            return heard

        def do(part: str) -> None:
            heard = hear(part)
            heard(0.0)
            self._patiently(held, run, lambda: work.do_part(subject, part, heard))
            with self._lock:
                held.finished.add(part)

        with ThreadPoolExecutor(work.lanes) as lanes:
            for done in [lanes.submit(do, part) for part in parts if part not in held.finished]:
                done.result()
        self._patiently(held, run, lambda: work.finish(subject))

    def _patiently(self, held: _Job, run: int, act: Callable[[], T]) -> T:
        """Do it; while the vault is locked, wait and say so."""
        while True:
            try:
                return act()
            except VaultLocked:
                with self._lock:
                    if held.run != run or self._closed.is_set():
                        raise Cancelled from None
                    held.state = JobState.LOCKED
                time.sleep(self._retry_locked)
