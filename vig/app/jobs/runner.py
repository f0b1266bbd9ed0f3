"""The engine of this process: DBOS configured, launched, watched and ended.

It takes jobs from DBOS's queue (``run`` does one), shows signs of life, and takes over the jobs of
workers that show none.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable

from dbos import DBOS
from dbos import error as dbos_error
from sqlalchemy.exc import DBAPIError

from vig.app.jobs import Bench, JobId
from vig.app.jobs.durable import APP, QUEUE, SHAPE, WORKFLOW, Desk, hush
from vig.app.jobs.ledger import Ledger
from vig.app.jobs.run import Halt, PartFailed, Run
from vig.app.jobs.sealing import SealedJson
from vig.catalogue.engine import fault
from vig.errors import Cancelled, DiskFull, VaultBusy, WorkError

_log = logging.getLogger("vig.jobs")

_one_per_process = threading.Lock()


class Runner:
    """Does the jobs of one bench in this process; at most one per process (DBOS is a singleton)."""

    def __init__(self, bench: Bench) -> None:
        self.executor = uuid.uuid4().hex
        # Its own client: what a workflow asks of DBOS itself is recorded as one of its steps.
        self.desk = Desk(bench.engine, bench.seal, bench.pace)
        self.ledger = Ledger(bench.engine)
        self.stopping = threading.Event()
        self.unlocked = threading.Condition()
        self._bench = bench
        self._works = {work.kind: work for work in bench.works}
        self.pace = bench.pace
        self._runs: dict[JobId, Run] = {}
        self._stranded: set[JobId] = set()
        # Two threads: taking over may wait for a lock, and that must not look like death.
        self._watches = [
            threading.Thread(target=self._every_beat, args=(act,), name=name, daemon=True)
            for name, act in (("vig-jobs-alive", self._beat), ("vig-jobs-relief", self._take_over))
        ]
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
                # As the desks do; on Postgres the tables must be made for one way or the other.
                "use_listen_notify": False,
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

        self.desk.open_queue()
        self.ledger.beat(self.executor)
        _log.info("worker %s", self.executor)
        DBOS.launch()
        self._renew_old_shapes()
        for watch in self._watches:
            watch.start()

    def stop(self) -> bool:
        """Halt every part at its next call of progress. False when one did not within patience."""
        if not self._launched:
            return True
        self._launched = False
        self.stopping.set()
        self.wake()
        until = time.monotonic() + self.pace.patience
        while self._runs and time.monotonic() < until:
            time.sleep(0.02)
        quiet = not self._runs
        DBOS.destroy(destroy_registry=True)
        for watch in self._watches:
            watch.join(self.pace.patience)
        self.ledger.retire(self.executor)
        self.desk.close()
        _one_per_process.release()
        return quiet

    @property
    def subjects(self) -> frozenset[str]:
        """What is being worked on."""
        return frozenset(run.subject for run in list(self._runs.values()))

    @property
    def waiting(self) -> bool:
        """Whether all there is to do waits for the key."""
        return all(run.waits for run in list(self._runs.values()))

    def wake(self) -> None:
        """The vault may be open again: whoever waits for it tries at once."""
        with self.unlocked:
            self.unlocked.notify_all()

    def owns(self, run: Run) -> bool:
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
        run = Run(self, job, work, subject)
        self._runs[job] = run
        try:
            run.do()
        except (
            Cancelled,
            dbos_error.DBOSWorkflowCancelledError,
            dbos_error.DBOSWorkflowConflictIDError,
        ):
            # Not DBOS's own way out, which would keep this thread waiting for the new owner.
            raise Halt from None
        except PartFailed as failed:
            raise self._end_of(run, failed.error) from None
        except DBAPIError as error:
            raise self._end_of(run, error) from None
        finally:
            if self._runs.get(job) is run:
                del self._runs[job]
            run.leave()

    def _end_of(self, run: Run, error: Exception) -> BaseException:
        """What an error makes of the job: its failure, or nothing that lasts."""
        if isinstance(error, DBAPIError):
            known = fault(error.orig) if error.orig is not None else None
            # Other trouble of the jobs database passes; then the job goes on (see _take_over).
            return known if isinstance(known, DiskFull) else Halt()
        return error if self.owns(run) else Halt()

    def _every_beat(self, act: Callable[[], None]) -> None:
        while True:
            try:
                act()
            except Exception as error:
                # Said once a beat until the database is back; it is tried again, never given up.
                _log.warning("%s: %s", threading.current_thread().name, type(error).__name__)
            if self.stopping.wait(self.pace.beat):
                return

    def _beat(self) -> None:
        self.ledger.beat(self.executor)

    def _take_over(self) -> None:
        """Put the jobs of workers that show no sign of life back in the queue (dbos issues 453, 716)."""
        pending = DBOS.list_workflows(
            name=WORKFLOW, status="PENDING", load_input=False, load_output=False
        )
        lost = {w.executor_id for w in pending} - {None, self.executor}
        if lost and self._bench.root is None:
            lost -= self.ledger.alive(self.pace.dead)
        # With the OS lock of worker.lock in hand nobody else can be alive.
        mine = {w.workflow_id for w in pending if w.executor_id == self.executor}
        stranded = mine - set(self._runs)
        if stranded & self._stranded and not self._runs:
            # A run of our own whose end the database did not take (it was full, or away).
            lost.add(self.executor)
        self._stranded = stranded
        if lost:
            _log.info("taking over from %s", ", ".join(sorted(lost)))
            DBOS._recover_pending_workflows(sorted(lost))

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
