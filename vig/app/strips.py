"""What lies along a film on its timeline: small pictures, and the outline of its sound.

Both are made from the browser copy when they are first asked for (a few seconds for an hour of
film), kept as sealed objects of the film, and go with it. Making one decodes in the sandboxed
child, a picture at a time, and holds no more than the result in memory.
"""

from __future__ import annotations

import io
import json
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from vig.app.workspace import Workspace
from vig.domain.clock import SECOND, Micros
from vig.domain.family import Purpose
from vig.domain.recording import Recording
from vig.media import clips, sound

STRIP = "strip"
OUTLINE = "outline"

MOST = 200
"""Pictures along a film at most: as many as a scrubber has room for."""
OFTEN: Micros = SECOND // 2
"""Pictures are no closer together than this: the browser copy has a keyframe about as often."""
LONGEST = 160
"""Pixels of a picture's longer side."""
STEP: Micros = SECOND // 50
"""Of the outline: finer than a syllable."""

# One is made at a time: whoever asks for the same film meanwhile finds it made.
_turn = threading.Lock()


@dataclass(frozen=True, slots=True)
class Strip:
    """Small pictures of a film on one sheet, row by row from the top left."""

    at: tuple[Micros, ...]
    """When the frame on each picture is shown."""
    width: int
    height: int
    """Pixels of one picture."""
    across: int
    """Pictures in a row."""
    sheet: bytes
    """JPEG."""


def strip(ws: Workspace, recording_id: str, *, actor: str) -> Strip:
    """The pictures along a film. Raises NoConsent, Unknown, Tampered, the BadFilm errors."""
    return _strip_of(_kept(ws, recording_id, STRIP, _make_strip, actor))


def outline(ws: Workspace, recording_id: str, *, actor: str) -> bytes:
    """The loudness of a film, one byte for each ``STEP``; nothing where it has no sound.

    0 is silence, 255 full scale, see :func:`vig.media.sound.outline`. Raises as ``strip``.
    """
    return _kept(ws, recording_id, OUTLINE, _make_outline, actor)


def _kept(
    ws: Workspace,
    recording_id: str,
    kind: str,
    make: Callable[[Recording, BinaryIO], bytes],
    actor: str,
) -> bytes:
    recording = ws.check(recording_id, Purpose.KEEP, actor)
    if ws.object_of(recording_id, kind) is None:
        with _turn:
            if ws.object_of(recording_id, kind) is None:
                with ws.read(recording_id, "copy") as copy:
                    made = make(recording, cast(BinaryIO, copy))
                ws.put(recording_id, kind, made)
    with ws.open(recording_id, Purpose.KEEP, kind, actor=actor) as reader:
        return bytes(reader.readall())


def times_along(duration: Micros) -> list[Micros]:
    """The middles of equal parts of a film: at most ``MOST``, none shorter than ``OFTEN``."""
    parts = min(MOST, max(1, duration // OFTEN))
    return [(2 * part + 1) * duration // (2 * parts) for part in range(parts)]


def _make_strip(recording: Recording, copy: BinaryIO) -> bytes:
    at = times_along(recording.duration)
    made = clips.sheet(copy, at, longest=LONGEST)
    about = {"at": at, "width": made.width, "height": made.height, "across": made.across}
    head = json.dumps(about).encode()
    return struct.pack("<I", len(head)) + head + made.jpeg


def _strip_of(data: bytes) -> Strip:
    raw = io.BytesIO(data)
    (size,) = struct.unpack("<I", raw.read(4))
    about: dict[str, Any] = json.loads(raw.read(size))
    return Strip(
        at=tuple(about["at"]),
        width=about["width"],
        height=about["height"],
        across=about["across"],
        sheet=raw.read(),
    )


def _make_outline(recording: Recording, copy: BinaryIO) -> bytes:
    return sound.outline(copy, recording.duration, step=STEP)
