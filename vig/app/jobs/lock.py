"""One worker per vault on one machine: a lock of the operating system on ``worker.lock``."""

from __future__ import annotations

from pathlib import Path

from vig.app.locks import ProcessLock

NAME = "worker.lock"


class WorkerLock(ProcessLock):
    """Held by whoever does the jobs of the vault in ``root``."""

    def __init__(self, root: Path) -> None:
        super().__init__(root / NAME)
