"""The worker process: does the jobs of one vault, for as long as somebody holds the other end.

``start_worker`` starts ``python -m vig.app.worker ROOT OPENER`` and hands the key over its standard
input: never by argument, environment or file. Frames on that pipe, in this direction only::

    K  length (2 bytes, big-endian)  key     the vault is open with this key (first frame; again to unlock)
    L                                        the vault is locked: drop the keys, but for those of
                                             the recordings being worked on; end when they are done
    (end of file)                            stop; also what happens when the parent dies

and one line of JSON back, ``{"ready": true}`` or ``{"failure": {...}}``.

``OPENER`` names a function ``(root: Path, key: bytes) -> Bench`` as ``module:name``. The worker takes
the lock of the vault, or stands by until whoever has it lets go. SIGTERM stops it in good order:
parts halt at their next call of ``progress`` and nothing counts as a failure.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING

import vig
from vig.app.jobs import Bench, Failure
from vig.errors import VaultLocked, WorkError

if TYPE_CHECKING:
    from vig.app.jobs.standby import Standby

OPENER = "vig.app.analysis:bench"
"""Opens the real vault; tests name another."""

PATIENCE = 10.0
"""Seconds a part gets to notice that it is to halt, before the process ends under it."""


LINGER = 5.0
"""Seconds a locked worker without work stays, in case somebody comes straight back."""


class WorkerHandle:
    """The parent's end of a worker. A worker that dies is started again while the vault is open."""

    def __init__(self, root: Path, key: bytes, opener: str, patience: float) -> None:
        self._root, self._opener, self._patience = root, opener, patience
        self._key: bytes | None = key
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._process = self._spawn(key)
        self._nurse = threading.Thread(target=self._tend, name="vig-worker-nurse", daemon=True)
        self._nurse.start()

    def __repr__(self) -> str:
        return f"WorkerHandle(pid={self.pid})"

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def lock(self) -> None:
        """Drop the keys, here and there. A job under way keeps those of its own recording and goes
        on; jobs that need another wait and say so. Then the worker ends.
        """
        with self._lock:
            self._key = None
            self._send(b"L")

    def unlock(self, key: bytes) -> None:
        """Give the key again; starts a worker where none is alive."""
        with self._lock:
            self._key = key
            if self.alive:
                self._send(_key_frame(key))
            elif not self._stopping.is_set():
                self._process = self._spawn(key)

    def stop(self, patience: float = 15.0) -> None:
        """Close the pipe and wait for the end; a worker that does not end is killed."""
        self._stopping.set()
        with self._lock:
            self._key = None
            process = self._process
        _close(process.stdin)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._nurse.join()

    def __enter__(self) -> WorkerHandle:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _send(self, frame: bytes) -> None:
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(frame)
            self._process.stdin.flush()
        except (OSError, ValueError):
            # It has just died, and the pipe may be closed already; the nurse sees to it.
            return

    def _spawn(self, key: bytes) -> subprocess.Popen[bytes]:
        # -P: the folder we happen to stand in must not be where a key holder finds its modules.
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "vig.app.worker", str(self._root), self._opener],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
        )
        assert process.stdin is not None
        assert process.stdout is not None
        watch = threading.Timer(self._patience, process.kill)
        watch.start()
        try:
            process.stdin.write(_key_frame(key))
            process.stdin.flush()
            line = process.stdout.readline()
        except OSError:
            line = b""
        finally:
            watch.cancel()
            process.stdout.close()
        told = json.loads(line) if line else {"failure": Failure("WorkError").to_json()}
        if "failure" in told:
            _close(process.stdin)
            process.wait()
            raise Failure.from_json(told["failure"]).error()
        return process

    def _tend(self) -> None:
        pause = 1.0
        while not self._stopping.is_set():
            began, process = time.monotonic(), self._process
            while process.poll() is None and not self._stopping.is_set():
                self._stopping.wait(0.5)
            if self._stopping.is_set():
                return
            _close(process.stdin)
            # A worker that keeps dying is tried ever more rarely.
            pause = 1.0 if time.monotonic() - began > 60 else min(pause * 2, 60.0)
            if self._stopping.wait(pause):
                return
            with self._lock:
                if self._key is not None and not self._stopping.is_set() and not self.alive:
                    try:
                        self._process = self._spawn(self._key)
                    except Exception:  # noqa: S112  it is tried again, ever more rarely
                        continue


def start_worker(root: Path, key: bytes, *, opener: str, patience: float = 60.0) -> WorkerHandle:
    """Start a worker for the vault in ``root`` and wait until it works or stands by.

    ``key`` is what the opener needs to open the vault. Raises what the opener raised (WrongKey,
    NewerVault, ...), WorkError when the process died or said nothing within ``patience`` seconds.
    """
    return WorkerHandle(root, key, opener, patience)


def _key_frame(key: bytes) -> bytes:
    return b"K" + len(key).to_bytes(2, "big") + key


def _environment() -> dict[str, str]:
    """Ours, without DBOS's switches (some reach for its cloud), and with the way to this package."""
    kept = {k: v for k, v in os.environ.items() if not k.upper().startswith("DBOS_")}
    here = str(Path(vig.__file__).resolve().parent.parent)
    kept["PYTHONPATH"] = os.pathsep.join([here, *filter(None, [kept.get("PYTHONPATH")])])
    return kept


def _close(pipe: IO[bytes] | None) -> None:
    if pipe is not None:
        try:
            pipe.close()
        except OSError:
            return


def main(argv: Sequence[str]) -> int:
    """Runs in the worker process. Ends it without waiting for a part that does not listen."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    # Ctrl-C reaches the whole terminal; whether to end is the parent's to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    orders, answer = _ours_alone(0), _ours_alone(1)
    locked = threading.Event()
    try:
        bench = _open(argv[2], Path(argv[1]), _first_key(orders))
        from vig.app.jobs.standby import Standby

        standby = Standby(bench)
        standby.start()
    except Exception as error:
        os.write(answer, json.dumps({"failure": Failure.of(error).to_json()}).encode() + b"\n")
        return 1
    os.write(answer, b'{"ready": true}\n')
    os.close(answer)

    def obey() -> None:
        try:
            while (order := _order(orders)) is not None:
                if isinstance(order, bytes) and bench.unlock is not None:
                    bench.unlock(order)
                    locked.clear()
                    standby.wake()
                elif order == "L" and bench.lock is not None:
                    bench.lock(standby.subjects)
                    locked.set()
        finally:
            stop.set()

    threading.Thread(target=obey, name="vig-orders", daemon=True).start()
    _until_needless(stop, locked, standby)
    if standby.stop() and bench.close is not None:
        bench.close()
    # Threads of a part that never looked up would keep the interpreter, and the lock, for ever.
    os._exit(0)


def _until_needless(stop: threading.Event, locked: threading.Event, standby: Standby) -> None:
    """Until the end is ordered, or the vault is locked and no work goes on any more.

    A locked worker with nothing to do would only keep the catalogue open; whoever unlocks the
    vault starts another.
    """
    idle_since: float | None = None
    while not stop.wait(0.5):
        if locked.is_set() and standby.waiting:
            idle_since = time.monotonic() if idle_since is None else idle_since
            if time.monotonic() - idle_since > LINGER:
                return
        else:
            idle_since = None


def _open(opener: str, root: Path, key: bytes) -> Bench:
    module, _, name = opener.partition(":")
    bench = getattr(importlib.import_module(module), name)(root, key)
    if not isinstance(bench, Bench):
        raise TypeError("an opener gives a Bench")
    return bench


def _ours_alone(fd: int) -> int:
    """Move a standard stream where no library writes to it and no child inherits it."""
    moved = os.dup(fd)
    blank = os.open(os.devnull, os.O_RDWR)
    os.dup2(blank, fd)
    os.close(blank)
    return moved


def _first_key(orders: int) -> bytes:
    order = _order(orders)
    if not isinstance(order, bytes):
        raise VaultLocked
    return order


def _order(orders: int) -> bytes | str | None:
    """The next frame: a key, "L", or None at the end."""
    kind = _exactly(orders, 1)
    if kind == b"K":
        return _exactly(orders, int.from_bytes(_exactly(orders, 2), "big"))
    if kind == b"L":
        return "L"
    if kind:
        raise WorkError
    return None


def _exactly(fd: int, size: int) -> bytes:
    """That many bytes; fewer only when the pipe has ended."""
    held = b""
    while len(held) < size and (more := os.read(fd, size - len(held))):
        held += more
    return held


if __name__ == "__main__":
    sys.exit(main(sys.argv))
