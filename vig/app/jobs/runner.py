"""The engine: takes jobs from DBOS's queue and does their parts as durable steps.

One job at a time by default, its parts in lanes. Each part is a DBOS step of its own number, drawn
before the lanes start, so a replay finds every finished part at its place whatever order they ended
in. A part that fails or is stopped leaves no record at all: that is why a failed or cancelled job
can go on later.
"""

from __future__ import annotations

import contextvars
import logging
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from typing import Any

from dbos import DBOS
from dbos import error as dbos_error

from vig.app.jobs import Bench, JobId, Work
from vig.app.jobs.durable import APP, QUEUE, SHAPE, WORKFLOW, Desk, hush
from vig.app.jobs.ledger import Ledger
from vig.app.jobs.lock import WorkerLock
from vig.app.jobs.sealing import SealedJson
from vig.errors import Cancelled, VaultBusy, VaultLocked, WorkError

_log = logging.getLogger("vig.jobs")

PARTS_SHARE = 0.98
"""How much of a job its parts are; the rest is for joining them."""
TELL_EVERY = 0.5
"""Seconds between two writes of the progress, so also until a cancelled part notices."""
BARREN_RUNS = 5
"""A job whose worker died so often in a row without finishing one part is given up."""

_one_per_process = threading.Lock()


class _Halt(BaseException):
    """Leaves a step and its workflow without a trace in the database."""


class _PartFailed(BaseException):
    """Carries a part's error past DBOS, which would otherwise record it as the part's result."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


class Runner:
    """Does the jobs of one bench in this process; at most one per process (DBOS is a singleton)."""

    def __init__(self, bench: Bench) -> None:
        self.executor = uuid.uuid4().hex
        # Its own client: what a workflow asks of DBOS itself is recorded as one of its steps.
        self.desk = Desk(bench.engine, bench.seal, dead_after=bench.pace.dead)
        self.ledger = Ledger(bench.engine)
        self.stopping = threading.Event()
        self.unlocked = threading.Condition()
        self._bench = bench
        self._works = {work.kind: work for work in bench.works}
        self._pace = bench.pace
        self._runs: dict[JobId, _Run] = {}
        self._watch = threading.Thread(target=self._watchdog, name="vig-jobs-watch", daemon=True)
        self._launched = False

    def start(self) -> None:
        """Raises VaultBusy where this process is already doing jobs."""
        if not _one_per_process.acquire(blocking=False):
            raise VaultBusy
        try:
            self._launch()
        except BaseException:
            DBOS.destroy(destroy_registry=True)
            _one_per_process.release()
            raise
        self._launched = True

    def _launch(self) -> None:
        hush()
        DBOS(
            config={
                "name": APP,
                "executor_id": self.executor,
                "application_version": SHAPE,
                "system_database_engine": self._bench.engine,
                "serializer": SealedJson(self._bench.seal),
                "enable_otlp": False,
                "log_level": "WARNING",
                "scheduler_polling_interval_sec": 3600.0,
                # Nothing listens, so this costs no query; ending waits for it to come round.
                "notification_listener_polling_interval_sec": 0.2,
            }
        )

        # No limit on recoveries: closing the laptop is not a fault of the film. See BARREN_RUNS.
        @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)  # type: ignore[untyped-decorator]
        def workflow(kind: str, subject: str) -> None:
            self._do(kind, subject)

        self.desk.open_queue(self._pace.jobs_at_once, self._pace.poll)
        self.ledger.beat(self.executor)
        DBOS.launch()
        self._renew_old_shapes()
        self._watch.start()

    def stop(self, patience: float = 10.0) -> bool:
        """Halt every part at its next call of progress. False when one did not within patience."""
        if not self._launched:
            return True
        self._launched = False
        self.stopping.set()
        self.wake()
        until = time.monotonic() + patience
        while self._runs and time.monotonic() < until:
            time.sleep(0.02)
        quiet = not self._runs
        DBOS.destroy(destroy_registry=True)
        self._watch.join()
        self.ledger.retire(self.executor)
        self.desk.close()
        _one_per_process.release()
        return quiet

    def wake(self) -> None:
        """The vault may be open again: whoever waits for it tries at once."""
        with self.unlocked:
            self.unlocked.notify_all()

    def owns(self, run: _Run) -> bool:
        """Whether DBOS still counts this run as the one that does its job."""
        if self._runs.get(run.job) is not run:
            return False
        return self.desk.worker_of(run.job) == self.executor

    def _do(self, kind: str, subject: str) -> None:
        """The workflow. Everything that decides its course is the recorded plan."""
        job = DBOS.workflow_id
        assert job is not None
        work = self._works.get(kind)
        if work is None:
            raise WorkError
        run = _Run(self, job, work, subject)
        self._runs[job] = run
        try:
            run.do()
        except (dbos_error.DBOSWorkflowCancelledError, dbos_error.DBOSWorkflowConflictIDError):
            # Not DBOS's own way out, which would keep this thread waiting for the new owner.
            raise _Halt from None
        except _PartFailed as failed:
            raise failed.error from None
        finally:
            if self._runs.get(job) is run:
                del self._runs[job]

    def _watchdog(self) -> None:
        """Show signs of life, and take over from whoever shows none (dbos issues 453, 716)."""
        while True:
            try:
                self.ledger.beat(self.executor)
                self._take_over()
            except Exception as error:
                _log.warning("watchdog: %s", type(error).__name__)
            if self.stopping.wait(self._pace.beat):
                return

    def _take_over(self) -> None:
        pending = DBOS.list_workflows(
            name=WORKFLOW, status="PENDING", load_input=False, load_output=False
        )
        others = {w.executor_id for w in pending} - {None, self.executor}
        if others and self._bench.root is None:
            others -= self.ledger.alive(self._pace.dead)
        # With the OS lock of worker.lock in hand nobody else can be alive.
        if others:
            DBOS._recover_pending_workflows(sorted(others))

    def _renew_old_shapes(self) -> None:
        """Begin jobs of an earlier workflow shape anew; DBOS would never touch them again."""
        unfinished = DBOS.list_workflows(
            name=WORKFLOW, status=["PENDING", "ENQUEUED"], load_input=False, load_output=False
        )
        for w in unfinished:
            if w.app_version != SHAPE and (w.status == "ENQUEUED" or self._bench.root is not None):
                DBOS.cancel_workflow(w.workflow_id)
                DBOS.rewind_workflow(
                    w.workflow_id, start_step=1, application_version=SHAPE, queue_name=QUEUE
                )


class _Run:
    """One run of one job: the lanes, the progress, and the ways it can end."""

    def __init__(self, runner: Runner, job: JobId, work: Work, subject: str) -> None:
        self.job = job
        self._runner, self._work, self._subject = runner, work, subject
        self._token = uuid.uuid4().hex
        self._lock = threading.Lock()
        self._broken = threading.Event()
        self._done: dict[str, float] = {}
        self._weights: dict[str, float] = {}
        self._locked_lanes = 0
        self._told = 0.0

    def do(self) -> None:
        barren = self._runner.ledger.begin(self.job, self._token)
        if not self._runner.owns(self):
            raise _Halt
        if barren > BARREN_RUNS:
            raise WorkError
        self._step("plan")
        parts: list[str] = DBOS.run_step(
            {"name": "plan"}, self._guard, lambda: self._work.parts_of(self._subject)
        )
        self._weights = {part: self._work.weight(part) for part in parts}
        self._do_parts(parts)
        self._step("finish")
        DBOS.run_step({"name": "finish"}, self._guard, lambda: self._work.finish(self._subject))

    def _do_parts(self, parts: Sequence[str]) -> None:
        drawn = [(DBOS.reserve_step(), part) for part in parts]
        with ThreadPoolExecutor(max(1, self._work.lanes), thread_name_prefix="vig-lane") as lanes:
            tasks = [
                lanes.submit(contextvars.copy_context().run, self._do_part, step, part)
                for step, part in drawn
            ]
            ended, waiting = wait_for(tasks, return_when=FIRST_EXCEPTION)
            if waiting:
                self._broken.set()
                for task in waiting:
                    task.cancel()
                ended |= wait_for(waiting).done
        problems = [t.exception() for t in ended if not t.cancelled() and t.exception()]
        # A lane that was only stopped because of another one says nothing about the job.
        for problem in sorted(problems, key=lambda p: isinstance(p, _Halt)):
            assert problem is not None
            raise problem

    def _do_part(self, step: Any, part: str) -> None:
        if self._broken.is_set():
            raise _Halt
        heard = self._hear(part)

        def do() -> None:
            heard(0.0)
            self._work.do_part(self._subject, part, heard)

        step.run({"name": part}, self._guard, do)
        with self._lock:
            self._done[part] = 1.0
        self._runner.ledger.fruitful(self.job)

    def _hear(self, part: str) -> Callable[[float], None]:
        label = part.split(":", maxsplit=1)[0]

        def heard(share: float) -> None:
            with self._lock:
                self._done[part] = max(self._done.get(part, 0.0), min(1.0, share))
            self._tell(label, at_once=share >= 1.0)

        return heard

    def _share(self) -> float:
        whole = sum(self._weights.values())
        with self._lock:
            done = sum(self._weights[part] * share for part, share in self._done.items())
        return PARTS_SHARE * done / whole if whole else 0.0

    def _step(self, label: str) -> None:
        try:
            self._tell(label, at_once=True)
        except Cancelled:
            raise _Halt from None

    def _tell(self, label: str | None, *, at_once: bool = False) -> None:
        """Record the progress and learn whether to go on. Raises Cancelled when not."""
        if self._runner.stopping.is_set() or self._broken.is_set():
            raise Cancelled
        now = time.monotonic()
        with self._lock:
            if not at_once and now - self._told < TELL_EVERY:
                return
            self._told = now
            locked = self._locked_lanes > 0
        ledger = self._runner.ledger
        if not ledger.tell(self.job, self._token, self._share(), label, locked):
            if not self._runner.owns(self):
                self._broken.set()
                raise Cancelled
            # A paused run of another worker took the token as it woke; it is not the owner.
            ledger.claim(self.job, self._token)

    def _guard(self, act: Callable[[], Any]) -> Any:
        """Turn every way a part can end into one that DBOS treats rightly."""
        waited = False
        try:
            while True:
                try:
                    return act()
                except VaultLocked:
                    if not waited:
                        waited = True
                        with self._lock:
                            self._locked_lanes += 1
                    self._wait_for_key()
        except Cancelled:
            if not (self._broken.is_set() or self._runner.stopping.is_set()):
                self._runner.desk.cancel(self.job)
            raise _Halt from None
        except Exception as error:
            raise _PartFailed(error) from None
        finally:
            if waited:
                with self._lock:
                    self._locked_lanes -= 1

    def _wait_for_key(self) -> None:
        self._tell(None, at_once=True)
        with self._runner.unlocked:
            self._runner.unlocked.wait(2.0)


class Standby:
    """Runs the jobs here as soon as, and as long as, this process holds the vault's lock."""

    def __init__(self, bench: Bench, *, keep_trying: bool = True, every: float = 1.0) -> None:
        self._bench, self._keep_trying, self._every = bench, keep_trying, every
        self._lock = WorkerLock(bench.root) if bench.root is not None else None
        self._runner: Runner | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._try_on, name="vig-standby", daemon=True)

    @property
    def working(self) -> bool:
        return self._runner is not None

    def start(self) -> None:
        if not self._try_once() and self._keep_trying:
            self._thread.start()

    def _try_once(self) -> bool:
        if self._lock is not None and not self._lock.take():
            return False
        runner = Runner(self._bench)
        try:
            runner.start()
        except BaseException:
            if self._lock is not None:
                self._lock.release()
            raise
        self._runner = runner
        return True

    def _try_on(self) -> None:
        while not self._ending.wait(self._every):
            try:
                if self._try_once():
                    return
            except Exception as error:
                _log.warning("taking over: %s", type(error).__name__)

    def wake(self) -> None:
        """The vault is open again."""
        if self._runner is not None:
            self._runner.wake()

    def stop(self, patience: float = 10.0) -> bool:
        """Halt the jobs and let go of the lock. False when a part did not halt in time: then only
        the end of the process makes sure that it writes no more, and the lock is kept until then.
        """
        self._ending.set()
        if self._thread.ident is not None:
            self._thread.join()
        if self._runner is not None and not self._runner.stop(patience):
            return False
        self._runner = None
        if self._lock is not None:
            self._lock.release()
        return True
