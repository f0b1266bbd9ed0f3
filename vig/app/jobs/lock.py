"""One worker per vault on one machine: a lock of the operating system on ``worker.lock``.

The system drops it when the process ends, however it ends, so a dead worker never bars the door;
a paused one keeps it. The file stays empty and is never removed (removing it would let two
processes lock two files of one name).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

NAME = "worker.lock"


class WorkerLock:
    """Held by whoever does the jobs of the vault in ``root``. Not inherited by child processes."""

    def __init__(self, root: Path) -> None:
        self._path = root / NAME
        self._held: int | None = None

    def take(self) -> bool:
        """True when it is ours from now on; False while somebody else holds it."""
        if self._held is not None:
            return True
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(fd)
        except OSError:
            os.close(fd)
            return False
        self._held = fd
        return True

    def release(self) -> None:
        if self._held is not None:
            os.close(self._held)
            self._held = None


if sys.platform == "win32":
    import msvcrt

    def _lock(fd: int) -> None:
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
