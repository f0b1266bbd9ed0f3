"""Long work: submitted once, done part by part, continued where it stopped after any crash.

Read this module for what the app may ask; nothing else of the package need be known::

    with attend(root, bench) as jobs:              # or start_worker() of vig.app.worker
        job = jobs.submit("analysis", recording, "3")
        jobs.wait(job, progress)

``Work`` says what is to be done, ``Bench`` what a worker needs of an open vault, ``Jobs`` what
everybody may ask. Behind it, and nowhere else in the house, is DBOS: ``durable`` is the desk where
jobs are asked for, ``runner`` the engine, ``run`` one run of one job, ``standby`` whose turn it is,
``ledger`` our two tables beside DBOS's, ``sealing`` how values are stored. ``memory`` keeps the same
promises without a database, for tests and trials.

A job is named by kind, subject and version, so the same recording is never analysed twice at once
by the same version. Only opaque ids and codes go in: names are refused at the door.
"""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from vig import errors
from vig.domain.progress import Progress, unheard

if TYPE_CHECKING:
    import sqlalchemy as sa

JobId: TypeAlias = str
"""``kind:subject:version``."""

_CODE = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_PART = re.compile(r"[a-z0-9][a-z0-9:._-]{0,63}")
_SUBJECT = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class JobState(Enum):
    """Where a job is. The last three are ends; the last two can be resumed."""

    WAITING = "waiting"
    LOCKED = "locked"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        return self in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job ended badly, in a form that can be stored and shown later.

    ``kind`` is a class name of vig.errors, or that of an exception nobody foresaw; then ``fields``
    is empty (a foreign message may quote a file) and ``where`` is the module and line to look at.
    """

    kind: str
    fields: Mapping[str, object] = field(default_factory=dict)
    where: str | None = None

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        if isinstance(error, errors.VigError):
            plain = (str, int, float, bool, type(None))
            fields = {k: v if isinstance(v, plain) else str(v) for k, v in error.fields.items()}
            return cls(type(error).__name__, fields)
        frames = traceback.extract_tb(error.__traceback__)
        where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else None
        return cls(type(error).__name__, {}, where)

    def error(self) -> errors.VigError:
        """The error as it was raised; a plain ``WorkError`` where nobody foresaw it."""
        kind = getattr(errors, self.kind, None)
        if isinstance(kind, type) and issubclass(kind, errors.VigError):
            try:
                return kind(**self.fields)
            except LookupError:
                # Stored by a release whose sentence had other fields.
                return errors.WorkError()
        return errors.WorkError()

    def to_json(self) -> str:
        return json.dumps({"kind": self.kind, "fields": dict(self.fields), "where": self.where})

    @classmethod
    def from_json(cls, text: str) -> Failure:
        held = json.loads(text)
        return cls(held["kind"], held["fields"], held["where"])


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A job at this moment.

    ``share`` is 0 to 1 and never falls, not even over a restart. ``step`` is the code of what is
    being done (the part's name up to its first colon), None before it starts and after it ends.
    ``seconds_left`` is None until there is something to reckon from. ``submitted_at`` is in
    milliseconds since 1970 by the database's clock.
    """

    id: JobId
    kind: str
    subject: str
    version: str
    state: JobState
    share: float = 0.0
    step: str | None = None
    seconds_left: float | None = None
    failure: Failure | None = None
    submitted_at: int = 0

    @property
    def ended(self) -> bool:
        return self.state.ended


@dataclass(frozen=True, slots=True)
class Work:
    """One kind of work, as parts that may each be done again without harm.

    ``plan(subject)`` names the parts, once; ``do_part(subject, part, progress)`` does one, up to
    ``lanes`` at the same time in threads of the worker; ``finish(subject)`` joins them when all are
    done. A finished part is never redone; one that was under way when the worker died is done
    again, so it must write under a name of its own. ``progress`` raises ``Cancelled`` when the work
    is to stop; call it often, and with 1.0 right before the result is written: then it always asks
    whether this worker may still write. ``weight`` is how much of the whole a part is (1 each).

    ``VaultLocked`` raised by any of them does not fail the job: it waits, says so, and tries again.
    """

    kind: str
    plan: Callable[[str], Sequence[str]]
    do_part: Callable[[str, str, Progress], None]
    finish: Callable[[str], None]
    lanes: int = 2
    weight: Callable[[str], float] = lambda part: 1.0

    def parts_of(self, subject: str) -> list[str]:
        """The plan, checked: codes only, none twice."""
        parts = list(self.plan(subject))
        if len(set(parts)) != len(parts):
            raise ValueError("a plan names a part twice")
        for part in parts:
            _check(_PART, part, "a part")
        return parts


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the engine looks, in seconds.

    ``poll`` is how soon a new job is noticed; ``beat`` the time between two signs of life of a
    worker, ``dead`` the time without one until its jobs are taken over (within 30 s: requirement
    33); ``patience`` how long a part may take to notice that it is to halt, before the process ends
    under it. ``jobs_at_once`` is what one worker takes on, each job with lanes of its own.
    """

    poll: float = 1.0
    beat: float = 5.0
    dead: float = 20.0
    patience: float = 10.0
    jobs_at_once: int = 1


@dataclass(frozen=True, slots=True)
class Bench:
    """What a worker needs of an open vault.

    ``engine`` reaches the jobs database (SQLCipher on one machine, Postgres for a team), ``seal``
    is the 32-byte key under which values are stored in it, ``root`` the folder of ``worker.lock``
    (None for a team server, where workers are told apart by their heartbeat). ``lock`` drops the
    vault's keys but those of the subjects it is given, which are being worked on; ``unlock``
    brings them back, ``close`` ends the whole; all may be left out.
    """

    engine: sa.Engine
    seal: bytes
    works: tuple[Work, ...]
    root: Path | None = None
    lock: Callable[[frozenset[str]], None] | None = None
    unlock: Callable[[bytes], None] | None = None
    close: Callable[[], None] | None = None
    pace: Pace = Pace()


class Jobs(Protocol):
    """What everybody may ask of the jobs, whoever does them."""

    def submit(self, kind: str, subject: str, version: str) -> JobId:
        """Ask for work. Asking again changes nothing, whatever became of it: see ``resume``."""

    def status(self, job: JobId) -> JobStatus:
        """Raises Unknown."""

    def list(self) -> Sequence[JobStatus]:
        """Every job, newest first."""

    def cancel(self, job: JobId) -> None:
        """Stop it at the next call of ``progress``; finished parts are kept. An ended job stays."""

    def resume(self, job: JobId) -> None:
        """Go on with a cancelled or failed job where it stopped. Others stay as they are."""

    def forget(self, subject: str) -> None:
        """Remove every job of this subject; waits for its parts to halt first (erasure)."""

    def wait(
        self, job: JobId, progress: Progress = unheard, timeout: float | None = None
    ) -> JobStatus:
        """Wait until it is done.

        Raises the job's own error when it failed, Cancelled when it was cancelled, TimeoutError
        after ``timeout`` seconds. When ``progress`` raises Cancelled, the job is cancelled too.
        """

    def close(self) -> None:
        """Let go of what asking needs. Jobs go on."""


def job_id(kind: str, subject: str, version: str) -> JobId:
    """The name of a job; refuses anything that could be more than an id or a code."""
    _check(_CODE, kind, "a kind of work")
    _check(_SUBJECT, subject, "a subject")
    _check(_CODE, version, "a version")
    return f"{kind}:{subject}:{version}"


def _check(shape: re.Pattern[str], text: str, what: str) -> None:
    # The value is left out on purpose: what is refused here may be a name.
    if not shape.fullmatch(text):
        raise ValueError(f"{what} must be an opaque id or a code")


def open_desk(bench: Bench) -> Jobs:
    """Submit and watch, without doing any work in this process."""
    from vig.app.jobs.durable import Desk

    return Desk(bench.engine, bench.seal, bench.pace)


@contextmanager
def attend(bench: Bench, *, take_over: bool = True) -> Iterator[Jobs]:
    """Submit and watch, and do the work here for as long as no other process does.

    While another worker holds the vault this only watches; when that one ends or dies, this
    process takes the lock and its jobs over (unless ``take_over`` is False).
    """
    from vig.app.jobs.standby import Standby

    desk = open_desk(bench)
    standby = Standby(bench, keep_trying=take_over)
    try:
        standby.start()
        yield desk
    finally:
        standby.stop()
        desk.close()


__all__ = [
    "Bench",
    "Failure",
    "JobId",
    "JobState",
    "JobStatus",
    "Jobs",
    "Pace",
    "Work",
    "attend",
    "job_id",
    "open_desk",
]
