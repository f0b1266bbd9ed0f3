"""The parent's side of decoding: start the child, serve it the film, watch it, end it.

The child may be taken over by what it decodes. So it gets nothing but byte ranges of its one film,
and what it says is checked before it is believed. However it ends (answer, refusal, crash, hang,
nonsense), the caller sees the answer or one error of ``vig.errors``, and the child is gone.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, BinaryIO, Final, Self

from vig.errors import DecoderFailed, DecoderTimedOut, NotAFilm
from vig.media import wire
from vig.media.sayings import refusal

PATIENCE: Final = 30.0
"""Seconds without any progress after which the child is stopped."""
REREAD: Final = 64 << 20
"""Bytes that may be read again and again between two answers, besides the film itself twice."""
MEMORY: Final = 3 << 29
"""Address space of the child in bytes (1.5 GiB)."""

# -I: no environment, no user folder, no current folder on the path. The package's own folder is
# put back, so that an installed copy and a source tree work alike.
_BOOT: Final = (
    "import sys; sys.path.insert(0, sys.argv[1]); from vig.media.child import main; main()"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A part of what the child answers: checked as to form, not yet as to truth."""

    header: dict[str, Any]
    payload: bytearray

    def whole(self, name: str, low: int = -(1 << 62), high: int = 1 << 62) -> int:
        """The whole number called ``name``, which must lie within ``low`` and ``high``."""
        value = self.header.get(name)
        if type(value) is not int or not low <= value <= high:
            raise nonsense()
        return value


def measures() -> tuple[str, ...]:
    """What confines a decoder child on this machine, as a list of plain words."""
    with Child("confined", io.BytesIO(b"-")) as child:
        for answer in child.answers():
            held = answer.header.get("held")
            if isinstance(held, list):
                return tuple(str(measure) for measure in held)
    raise nonsense()


def nonsense() -> DecoderFailed:
    """The error for an answer that cannot be true."""
    return DecoderFailed(what="the decoder gave an answer that makes no sense")


class _Ended(Exception):
    """The child closed its pipe."""


class Child:
    """One decoder child at work on one task. Use as a context; iterate ``answers`` once."""

    def __init__(
        self,
        task: str,
        source: BinaryIO,
        arguments: Mapping[str, object] | None = None,
        *,
        patience: float | None = None,
    ) -> None:
        self._source = source
        self._size = source.seek(0, os.SEEK_END)
        if self._size == 0:
            raise NotAFilm
        self._patience = PATIENCE if patience is None else patience
        # Four pictures ahead keep both processors busy and memory flat.
        self._said: queue.Queue[tuple[bytes, bytes, bytearray] | None] = queue.Queue(4)
        self._trouble: BaseException | None = None
        self._serving = False
        self._alive_at = time.monotonic()
        self._allowance = self._fresh_allowance()
        try:
            self._process = _start()
        except OSError:
            raise DecoderFailed(what="the decoder could not be started") from None
        self._pump = threading.Thread(target=self._serve, name="film source", daemon=True)
        request = {"task": task, "size": self._size, "memory": MEMORY, **(arguments or {})}
        self._request = json.dumps(request).encode()

    def __enter__(self) -> Self:
        self._pump.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the child, whatever it is doing, and wait until it is gone."""
        self._process.kill()
        while self._pump.is_alive():
            with contextlib.suppress(queue.Empty):
                self._said.get(timeout=0.02)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._process.wait()

    def answers(self) -> Iterator[Answer]:
        """Everything the child answers, until it is done.

        Raises:
            BadFilm: the child refused the film.
            DecoderTimedOut: no progress for the patience of this child.
            DecoderFailed: it crashed, or what it says makes no sense.
            Exception: whatever the source raised while it was read, such as ``Tampered``.
        """
        while (said := self._next()) is not None:
            kind, text, payload = said
            header = _parsed(text)
            if kind == wire.DONE:
                return
            if kind == wire.REFUSED:
                raise refusal(header.get("why"), header.get("figures")) or nonsense()
            if kind != wire.ANSWER:
                raise nonsense()
            yield Answer(header, payload)
        raise self._post_mortem()

    def _next(self) -> tuple[bytes, bytes, bytearray] | None:
        self._alive_at = max(self._alive_at, time.monotonic())
        while True:
            with contextlib.suppress(queue.Empty):
                return self._said.get(timeout=min(0.5, self._patience))
            idle = time.monotonic() - self._alive_at
            if not self._serving and idle > self._patience:
                raise DecoderTimedOut

    def _post_mortem(self) -> BaseException:
        if self._trouble is not None:
            return self._trouble
        try:
            code = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return nonsense()
        if sys.platform != "win32":
            import signal

            if code == -signal.SIGXCPU:
                return DecoderTimedOut()
        if code < 0:
            return DecoderFailed(what="the decoder crashed on it")
        return DecoderFailed(what="the decoder gave up on it")

    # The rest runs in the pump thread, so that the child can decode ahead while the caller works.

    def _serve(self) -> None:
        try:
            inward, outward = self._process.stdin, self._process.stdout
            assert inward is not None
            assert outward is not None
            _give(inward, wire.LENGTH.pack(len(self._request)) + self._request)
            while True:
                kind, text_length, length = wire.HEAD.unpack(_take(outward, wire.HEAD.size))
                if kind == wire.WANTED:
                    self._serve_range(inward, *wire.RANGE.unpack(_take(outward, wire.RANGE.size)))
                    continue
                if text_length > wire.MAX_HEADER or length > wire.MAX_PAYLOAD:
                    raise nonsense()
                text, payload = bytes(_take(outward, text_length)), _take(outward, length)
                self._alive_at, self._allowance = time.monotonic(), self._fresh_allowance()
                self._said.put((kind, text, payload))
        except (_Ended, BrokenPipeError):
            pass
        except BaseException as trouble:
            # Handed to the caller's thread, whose business it is (a tampered source, a lie).
            self._trouble = trouble
            self._process.kill()
        finally:
            self._said.put(None)

    def _fresh_allowance(self) -> int:
        """Reading more of the film than this between two answers no longer counts as progress."""
        return 2 * self._size + REREAD

    def _serve_range(self, inward: IO[bytes], offset: int, length: int) -> None:
        self._serving = True
        try:
            self._source.seek(min(offset, self._size))
            part = _read(self._source, min(length, wire.MAX_RANGE))
        finally:
            self._serving = False
        self._allowance -= len(part)
        if self._allowance > 0 and part:
            self._alive_at = time.monotonic()
        _give(inward, wire.SERVED.pack(len(part)))
        _give(inward, part)


def _start() -> subprocess.Popen[bytes]:
    """A fresh interpreter: no environment, no open files, no current folder, nothing to say."""
    kept = ("SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    return subprocess.Popen(
        [sys.executable, "-I", "-c", _BOOT, str(Path(__file__).parents[2])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        close_fds=True,
        cwd=os.path.abspath(os.sep),  # noqa: PTH100 - the root of this drive, on Windows too
        env={name: os.environ[name] for name in kept if name in os.environ}
        # The arrays in the child are small, and each idle thread would reserve address space.
        | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"},
    )


def _parsed(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text)
    except (ValueError, RecursionError):
        raise nonsense() from None
    if not isinstance(header, dict):
        raise nonsense()
    return header


def _read(source: BinaryIO, length: int) -> bytes:
    """``length`` bytes, fewer at the end only: a raw file may give less than it was asked for."""
    got = source.read(length)
    while len(got) < length and (more := source.read(length - len(got))):
        got += more
    return got


def _take(pipe: IO[bytes], length: int) -> bytearray:
    got = bytearray(length)
    view = memoryview(got)
    while view:
        part = pipe.readinto(view)  # type: ignore[attr-defined]  # unbuffered pipes are FileIO
        if not part:
            raise _Ended
        view = view[part:]
    return got


def _give(pipe: IO[bytes], part: bytes) -> None:
    view = memoryview(part)
    while view:
        view = view[pipe.write(view) :]
