"""Work that goes on after the request that started it: sealing and copying an uploaded film."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from vig.domain.progress import Progress
from vig.errors import Cancelled, VigError


@dataclass(slots=True)
class Errand:
    """One piece of work in a thread of its own, and how far it is."""

    share: float = 0.0
    result: str | None = None
    problem: VigError | None = None
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    @classmethod
    def start(cls, work: Callable[[Progress], str]) -> Errand:
        """Run ``work`` with a progress callable; it returns the id of what it made."""
        errand = cls()
        errand._thread = threading.Thread(target=errand._run, args=(work,), daemon=True)
        errand._thread.start()
        return errand

    @property
    def running(self) -> bool:
        return self.result is None and self.problem is None

    def stop(self) -> None:
        """Ask it to stop at its next step."""
        self._stop.set()

    def wait(self, seconds: float) -> None:
        if self._thread is not None:
            self._thread.join(seconds)

    def as_json(self) -> dict[str, Any]:
        said = str(self.problem) if self.problem else None
        advice = self.problem.advice if self.problem else None
        return {
            "running": self.running,
            "share": round(self.share, 4),
            "recording": self.result,
            "error": said,
            "advice": advice,
        }

    def _run(self, work: Callable[[Progress], str]) -> None:
        try:
            self.result = work(self._heard)
        except VigError as error:
            self.problem = error
        except Exception:
            # The sentence of an unknown error may name a path or a family; it is not shown.
            self.problem = VigError()

    def _heard(self, share: float) -> None:
        self.share = share
        if self._stop.is_set():
            raise Cancelled
