"""Who is at work in a vault: a lock of the operating system on an empty file.

The system drops it when the process ends, however it ends, so a dead holder never bars the door;
a paused one keeps it.
"""

from __future__ import annotations

import os
from pathlib import Path

from vig.vault.durable import lock


class ProcessLock:
    """Held by one living process at a time. Not inherited by child processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: int | None = None

    def take(self) -> bool:
        """True when it is ours from now on; False while somebody else holds it."""
        if self._held is not None:
            return True
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        if not lock(descriptor, wait=False):
            os.close(descriptor)
            return False
        self._held = descriptor
        return True

    def release(self) -> None:
        """Let go. The file stays: removing it could let two processes lock two files of one name."""
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def retire(self) -> None:
        """Let go and remove the file, for a lock whose name never comes back."""
        if self._held is not None:
            self._path.unlink(missing_ok=True)
            self.release()
