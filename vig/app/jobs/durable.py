"""The desk: submit and watch jobs that DBOS keeps. Does no work itself."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from dbos import DBOSClient
from sqlalchemy.exc import DBAPIError

from vig.app.jobs import Failure, JobId, JobState, JobStatus, Pace, job_id
from vig.app.jobs.ledger import Ledger, Row
from vig.app.jobs.sealing import Recorded, SealedJson
from vig.catalogue.engine import fault
from vig.domain.progress import Progress, unheard
from vig.errors import Cancelled, Tampered, Unknown, WrongKey

APP = "vig"
QUEUE = "vig-jobs"
WORKFLOW = "vig-job"
SHAPE = "1"
"""Version of the workflow's own steps (plan, parts, finish), not of any analysis. DBOS continues a
job only under the version that began it; on a change of shape, the runner begins such jobs anew."""

_BEYOND_ALL_STEPS = 2**31 - 1
_STATES = {
    "SUCCESS": JobState.DONE,
    "ERROR": JobState.FAILED,
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": JobState.FAILED,
    "CANCELLED": JobState.CANCELLED,
}


class Desk:
    """Jobs on DBOS (see ``vig.app.jobs.Jobs``). Several desks may serve one database."""

    def __init__(self, engine: sa.Engine, seal: bytes, pace: Pace) -> None:
        """Raises Tampered (not a jobs database of this vault), DiskFull, VaultBusy."""
        hush()
        self._pace = pace
        self._ledger = Ledger(engine)
        self._client: Any = DBOSClient(
            system_database_engine=engine,
            serializer=SealedJson(seal),
            application_name=APP,
            lazy=True,
        )
        self._make_tables()

    def _make_tables(self) -> None:
        """Whoever comes first makes them; DBOS takes the write lock while it looks."""
        try:
            self._client._sys_db.run_migrations()
            self._ledger.create()
        except (DBAPIError, WrongKey) as error:
            known = error if isinstance(error, WrongKey) else _known(error)
            if isinstance(known, WrongKey):
                # The key came from the open vault, so it is the file that is wrong.
                known = Tampered(what="the list of jobs")
            raise known or error from None

    def submit(self, kind: str, subject: str, version: str) -> JobId:
        job = job_id(kind, subject, version)
        self._client.enqueue(
            {
                "workflow_name": WORKFLOW,
                "queue_name": QUEUE,
                "workflow_id": job,
                "app_version": SHAPE,
            },
            kind,
            subject,
        )
        return job

    def status(self, job: JobId) -> JobStatus:
        found = self._statuses(workflow_ids=[job])
        if not found:
            raise Unknown(kind="job", name=job)
        return found[0]

    def list(self) -> Sequence[JobStatus]:
        return self._statuses(sort_desc=True)

    def _statuses(self, **chosen: Any) -> Sequence[JobStatus]:
        found = self._client.list_workflows(name=WORKFLOW, load_input=False, **chosen)
        rows = self._ledger.rows([w.workflow_id for w in found])
        alive = self._ledger.alive(self._pace.dead)
        return [_status(w, rows.get(w.workflow_id), alive) for w in found]

    def cancel(self, job: JobId) -> None:
        self.status(job)
        self._client.cancel_workflow(job)
        self._ledger.release(job)

    def resume(self, job: JobId) -> None:
        if self.status(job).state not in (JobState.FAILED, JobState.CANCELLED):
            return
        self._ledger.release(job)
        self._ledger.fruitful(job)
        # Rewinding past the last step drops nothing: finished parts stay, the rest is done.
        self._client.rewind_workflow(
            job, start_step=_BEYOND_ALL_STEPS, application_version=SHAPE, queue_name=QUEUE
        )

    def forget(self, subject: str) -> None:
        found = self._client.list_workflows(name=WORKFLOW, load_input=False, load_output=False)
        mine = [w for w in found if w.workflow_id.split(":")[1] == subject]
        if not mine:
            return
        jobs = [w.workflow_id for w in mine]
        self._client.cancel_workflows(jobs)
        for job in jobs:
            self._ledger.release(job)
        until = time.monotonic() + self._pace.patience
        alive = self._ledger.alive(self._pace.dead)
        at_work = [w.workflow_id for w in mine if w.executor_id in alive]
        while self._ledger.held(at_work) and time.monotonic() < until:
            time.sleep(0.05)
        self._client.delete_workflows(jobs)
        self._ledger.forget(jobs)

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
            if status.state is JobState.FAILED:
                raise (status.failure or Failure("WorkError")).error()
            if status.state is JobState.CANCELLED:
                raise Cancelled
            if status.state is JobState.DONE:
                return status
            if until is not None and time.monotonic() >= until:
                raise TimeoutError
            time.sleep(0.25)

    def open_queue(self) -> None:
        """Set how many jobs one worker does at a time, and how often it looks for them."""
        self._client.register_queue(
            QUEUE,
            worker_concurrency=self._pace.jobs_at_once,
            polling_interval_sec=self._pace.poll,
            on_conflict="always_update",
        )

    def worker_of(self, job: JobId) -> str | None:
        """The worker that DBOS counts as doing this job; None when nobody does."""
        found = self._client.list_workflows(
            workflow_ids=[job], status="PENDING", load_input=False, load_output=False
        )
        return found[0].executor_id if found else None

    def close(self) -> None:
        self._client.destroy()


def _known(error: DBAPIError) -> Exception | None:
    """The house's error for one of the database, if it has one."""
    return fault(error.orig) if error.orig is not None else None


def _status(workflow: Any, row: Row | None, alive: set[str]) -> JobStatus:
    kind, subject, version = workflow.workflow_id.split(":")
    state = _STATES.get(workflow.status)
    if state is None:
        busy = workflow.status == "PENDING" and workflow.executor_id in alive
        state = JobState.RUNNING if busy else JobState.WAITING
        if busy and row is not None and row.locked:
            state = JobState.LOCKED
    failure = None
    if state is JobState.FAILED:
        held = workflow.error
        failure = held.failure if isinstance(held, Recorded) else Failure("WorkError")
    running = state is JobState.RUNNING and row is not None
    return JobStatus(
        id=workflow.workflow_id,
        kind=kind,
        subject=subject,
        version=version,
        state=state,
        share=1.0 if state is JobState.DONE else row.share if row else 0.0,
        step=row.step if row is not None and not state.ended else None,
        seconds_left=row.seconds_left() if running and row is not None else None,
        failure=failure,
        submitted_at=workflow.created_at or 0,
    )


class _Relay(logging.Handler):
    """Says where DBOS complained and about what class of thing, never in its own words."""

    def emit(self, record: logging.LogRecord) -> None:
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else "-"
        logging.getLogger("vig.jobs").info("dbos %s:%d %s", record.module, record.lineno, kind)


def hush() -> None:
    """DBOS logs whole exceptions, with parameters, to the console; keep only place and class."""
    log = logging.getLogger("dbos")
    log.propagate = False
    if not any(isinstance(h, _Relay) for h in log.handlers):
        log.handlers[:] = [_Relay(level=logging.WARNING)]
