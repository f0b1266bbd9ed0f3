"""One run of one job: its parts as durable steps, in lanes, and every way they can end.

Each part is a DBOS step of its own number, drawn before the lanes start, so a replay finds every
finished part at its place, whatever order they ended in. A part that fails or is stopped leaves no
record at all: that is why a failed or cancelled job can go on later.
"""

from __future__ import annotations

import contextvars
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from dbos import DBOS
from sqlalchemy.exc import DBAPIError

from vig.app.jobs import JobId, Work
from vig.errors import Cancelled, StorageError, VaultLocked, WorkError

if TYPE_CHECKING:
    from vig.app.jobs.runner import Runner

T = TypeVar("T")

PARTS_SHARE = 0.98
"""How much of a job its parts are; the rest is for joining them."""
TELL_EVERY = 0.5
"""Seconds between two writes of the progress, so also until a cancelled part notices."""
BARREN_RUNS = 5
"""A job whose worker died so often in a row without finishing one part is given up."""


class Halt(BaseException):
    """Leaves a step and its workflow without a trace in the database."""


class PartFailed(BaseException):
    """Carries a part's error past DBOS, which would otherwise record it as the part's result."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


class Run:
    """One run of one job: the lanes, the progress, and the ways it can end."""

    def __init__(self, runner: Runner, job: JobId, work: Work, subject: str) -> None:
        self.job = job
        self.subject = subject
        self._runner, self._work = runner, work
        self._token = uuid.uuid4().hex
        self._lock = threading.Lock()
        self._broken = threading.Event()
        self._done: dict[str, float] = {}
        self._weights: dict[str, float] = {}
        self._locked_lanes = 0
        self._labels: set[str | None] = set()
        self._told = 0.0

    @property
    def waits(self) -> bool:
        """Whether it stands still until the vault is unlocked."""
        return self._locked_lanes > 0

    def do(self) -> None:
        barren = self._persist(lambda: self._runner.ledger.begin(self.job, self._token))
        if not self._runner.owns(self):
            raise Halt
        if barren > BARREN_RUNS:
            raise WorkError
        self._tell("plan", at_once=True)
        parts: list[str] = DBOS.run_step(
            {"name": "plan"}, self._guard, lambda: self._work.parts_of(self.subject)
        )
        self._weights = {part: self._work.weight(part) for part in parts}
        self._do_parts(parts)
        self._tell("finish", at_once=True)
        DBOS.run_step({"name": "finish"}, self._guard, lambda: self._work.finish(self.subject))

    def leave(self) -> None:
        """The run is over, one way or another."""
        with suppress(DBAPIError, StorageError):  # what is left behind is put right by the next run
            if self._runner.stopping.is_set():
                # Ended in good order, which says nothing against the job.
                self._runner.ledger.fruitful(self.job)
            self._runner.ledger.leave(self.job, self._token)

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
        for problem in sorted(problems, key=lambda p: isinstance(p, Halt)):
            assert problem is not None
            raise problem

    def _do_part(self, step: Any, part: str) -> None:
        if self._broken.is_set():
            raise Halt
        heard = self._hear(part)
        newly = []

        def do() -> None:
            heard(0.0)
            self._work.do_part(self.subject, part, heard)
            newly.append(part)

        step.run({"name": part}, self._guard, do)
        with self._lock:
            self._done[part] = 1.0
        if newly:
            self._persist(lambda: self._runner.ledger.fruitful(self.job))

    def _hear(self, part: str) -> Callable[[float], None]:
        label = part.split(":", maxsplit=1)[0]

        def heard(share: float) -> None:
            with self._lock:
                self._done[part] = max(self._done.get(part, 0.0), min(1.0, share))
            # Each kind of part shows once at least, however short it is.
            self._tell(label, at_once=share >= 1.0 or label not in self._labels)

        return heard

    def _share(self) -> float:
        whole = sum(self._weights.values())
        with self._lock:
            done = sum(self._weights[part] * share for part, share in self._done.items())
        return PARTS_SHARE * done / whole if whole else 0.0

    def _tell(self, label: str | None, *, at_once: bool = False) -> None:
        """Record the progress and learn whether to go on. Raises Cancelled when not."""
        if self._runner.stopping.is_set() or self._broken.is_set():
            raise Cancelled
        now = time.monotonic()
        with self._lock:
            if not at_once and now - self._told < TELL_EVERY:
                return
            self._told = now
            self._labels.add(label)
            locked = self._locked_lanes > 0
        ledger = self._runner.ledger
        if not self._persist(
            lambda: ledger.tell(self.job, self._token, self._share(), label, locked)
        ):
            if not self._runner.owns(self):
                self._broken.set()
                raise Cancelled
            # A paused run of another worker took the token as it woke; it is not the owner.
            self._persist(lambda: ledger.claim(self.job, self._token))

    def _persist(self, act: Callable[[], T]) -> T:
        """A database that is away for a moment must not fail a part of an hour."""
        for pause in (0.1, 0.5, 2.0, 5.0):
            try:
                return act()
            except (DBAPIError, StorageError):
                if self._runner.stopping.wait(pause):
                    raise Cancelled from None
        return act()

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
            raise Halt from None
        except Exception as error:
            raise PartFailed(error) from None
        finally:
            if waited:
                with self._lock:
                    self._locked_lanes -= 1

    def _wait_for_key(self) -> None:
        self._tell(None, at_once=True)
        with self._runner.unlocked:
            self._runner.unlocked.wait(2 * self._runner.pace.poll)
