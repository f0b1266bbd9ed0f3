"""A fake vault for worker processes: its work is written on a card, its diary is a file.

``order.json``: parts, seconds (how long each takes), lanes, deaf (parts that never look up),
deadly (the number of a part that kills its worker).
``diary``: one line for each beginning and end of a part, on the disk before the work goes on.
``locked``: while this file is there, every part finds the vault locked.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path

import sqlalchemy as sa

from vig.app.jobs import Bench, Pace, Work
from vig.catalogue.engine import engine_for_jobs
from vig.domain.progress import Progress
from vig.errors import VaultLocked, WrongKey

KEY = bytes(range(32))
QUICK = Pace(poll=0.2, beat=0.5, dead=2.0, patience=2.0)


def write_order(
    root: Path,
    *,
    parts: int = 12,
    seconds: float = 0.05,
    lanes: int = 2,
    deaf: bool = False,
    deadly: int | None = None,
) -> None:
    order = {"parts": parts, "seconds": seconds, "lanes": lanes, "deaf": deaf, "deadly": deadly}
    (root / "order.json").write_text(json.dumps(order))


def diary(root: Path) -> list[list[str]]:
    """What happened so far: [word, part, worker]."""
    path = root / "diary"
    return [line.split() for line in path.read_text().splitlines()] if path.exists() else []


class Oven:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.order = json.loads((root / "order.json").read_text())
        self.open = True

    def work(self) -> Work:
        parts = [f"loaf:{i}" for i in range(self.order["parts"])]
        return Work("bake", lambda s: parts, self.part, self.done, lanes=self.order["lanes"])

    def part(self, subject: str, part: str, progress: Progress) -> None:
        if not self.open or (self.root / "locked").exists():
            raise VaultLocked
        self.note("began", part)
        if part == f"loaf:{self.order['deadly']}":
            os._exit(9)
        end = time.monotonic() + self.order["seconds"]
        while time.monotonic() < end:
            time.sleep(0.01)
            if not self.order["deaf"]:
                progress(0.5)
        if not self.order["deaf"]:
            progress(1.0)
        self.note("wrote", part)

    def done(self, subject: str) -> None:
        self.note("joined", "-")

    def note(self, word: str, part: str) -> None:
        fd = os.open(self.root / "diary", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(fd, f"{word} {part} {os.getpid()}\n".encode())
        os.fsync(fd)
        os.close(fd)

    def lock(self, subjects: frozenset[str]) -> None:
        self.open = False

    def unlock(self, key: bytes) -> None:
        self.open = key == KEY


def bench(root: Path, key: bytes) -> Bench:
    """For ``start_worker(root, KEY, opener="tests.app.ovens:bench")``."""
    if key != KEY:
        raise WrongKey
    oven = Oven(root)
    engine = engine_for_jobs(root / "jobs.db", key)
    return Bench(
        engine,
        key,
        (oven.work(),),
        root,
        lock=oven.lock,
        unlock=oven.unlock,
        close=engine.dispose,
        pace=QUICK,
    )


def bake(root: Path, opener: str = "bench", politely: bool = False) -> None:
    """A worker without the pipe: what a process of the tests runs until it is killed."""
    from vig.app.jobs.standby import Standby

    stop = threading.Event()
    if politely:
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
    standby = Standby(globals()[opener](root, KEY))
    standby.start()
    stop.wait()
    standby.stop()


def team_bench(root: Path, key: bytes) -> Bench:
    """The same on the Postgres whose URL is in ``postgres.url``: no lock, several workers."""
    oven = Oven(root)
    engine = sa.create_engine((root / "postgres.url").read_text(), pool_pre_ping=True)
    return Bench(engine, key, (oven.work(),), None, close=engine.dispose, pace=QUICK)
