"""Whose turn it is: the engine runs in the process that holds the vault's lock, one at a time."""

from __future__ import annotations

import logging
import threading

from vig.app.jobs import Bench
from vig.app.jobs.lock import WorkerLock
from vig.app.jobs.runner import Runner

_log = logging.getLogger("vig.jobs")


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

    @property
    def subjects(self) -> frozenset[str]:
        """What is being worked on here."""
        return self._runner.subjects if self._runner is not None else frozenset()

    @property
    def waiting(self) -> bool:
        """Whether nothing is under way here, or only what waits for the key."""
        return self._runner is None or self._runner.waiting

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

    def stop(self) -> bool:
        """Halt the jobs and let go of the lock. False when a part did not halt in time: then only
        the end of the process makes sure that it writes no more, and the lock is kept until then.
        """
        self._ending.set()
        if self._thread.ident is not None:
            self._thread.join()
        if self._runner is not None and not self._runner.stop():
            return False
        self._runner = None
        if self._lock is not None:
            self._lock.release()
        return True
