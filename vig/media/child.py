"""The decoder child: one task on one film, then it ends. Started by ``sandbox.py`` only.

It is a fresh interpreter (never a fork: the parent has threads and keys), has no environment, and
speaks over its standard input and output. ``main`` gives up its rights before the film's first
byte is read, and after everything is imported, because no file can be opened any more then.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, NoReturn

from vig.media import confine, wire


class SourceFailed(OSError):
    """The parent could not read the source; it knows why."""


class ParentGone(BaseException):
    """Nobody listens any more."""


class Pipe:
    """The two pipes to the parent, and the film behind them as a file that PyAV can read."""

    def __init__(self, inward: int, outward: int) -> None:
        self._in = inward
        self._out = outward
        self.request: dict[str, Any] = json.loads(self._take(*wire.LENGTH.unpack(self._take(4))))
        self.size = int(self.request["size"])

    def _take(self, length: int) -> bytearray:
        got = bytearray(length)
        view = memoryview(got)
        while view:
            part = os.readv(self._in, [view]) if hasattr(os, "readv") else self._read(view)
            if not part:
                raise ParentGone
            view = view[part:]
        return got

    def _read(self, view: memoryview) -> int:
        part = os.read(self._in, len(view))
        view[: len(part)] = part
        return len(part)

    def _give(self, *parts: wire.Raw) -> None:
        for part in parts:
            view = memoryview(part).cast("B")
            while view:
                try:
                    view = view[os.write(self._out, view) :]
                except BrokenPipeError:
                    raise ParentGone from None

    def range(self, offset: int, length: int) -> bytes:
        """``length`` bytes of the source, fewer at its end."""
        head = wire.HEAD.pack(wire.WANTED, wire.RANGE.size, 0)
        self._give(head + wire.RANGE.pack(offset, length))
        (served,) = wire.SERVED.unpack(self._take(wire.SERVED.size))
        if served < 0:
            raise SourceFailed
        confine.grant_time(CPU_SECONDS)
        return bytes(self._take(served))

    def say(self, kind: bytes, header: dict[str, object], payload: wire.Raw = b"") -> None:
        """One message; ``header`` must be plain JSON."""
        text = json.dumps(header, separators=(",", ":")).encode()
        size = memoryview(payload).nbytes
        self._give(wire.HEAD.pack(kind, len(text), size) + text, payload)

    def answer(self, header: dict[str, object], payload: wire.Raw = b"") -> None:
        """One part of the answer, and a little more processor time to go on with."""
        self.say(wire.ANSWER, header, payload)
        confine.grant_time(CPU_SECONDS)


CPU_SECONDS = 120
"""Processor time from one word with the parent to the next; a loop that says nothing ends there."""


def main() -> NoReturn:
    """Run the one task that was asked for, and end without any clean-up that could hang."""
    online = not confine.drop_network()
    confine.few_processors()
    pipe = Pipe(0, os.dup(1))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    from vig.media.inside import tasks

    tasks.load_everything()
    held = confine.limit(int(pipe.request["memory"]), CPU_SECONDS) + confine.drop_privileges()
    if not online:
        held.append("no network")
    try:
        tasks.run(pipe, held)
        pipe.say(wire.DONE, {})
        code = 0
    except tasks.Refusal as no:
        pipe.say(wire.REFUSED, {"why": no.why, "figures": list(no.figures)})
        code = 0
    except MemoryError:
        pipe.say(wire.REFUSED, {"why": "memory", "figures": []})
        code = 0
    except ParentGone:
        code = 3
    except BaseException:
        # Standard error is the null device: nothing of the film may reach a log, and the parent
        # learns only that it went wrong. Whoever looks into it gives the child another one.
        code = 4
        sys.excepthook(*sys.exc_info())
    os._exit(code)
