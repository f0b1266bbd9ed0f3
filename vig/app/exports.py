"""What leaves the vault unprotected: only what somebody asked for by name, and it is written down."""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

from vig.app import policy
from vig.app.walk import frame_times, inside
from vig.app.workspace import Workspace
from vig.catalogue.act import Act
from vig.domain.clock import Micros, Span
from vig.domain.family import Purpose
from vig.errors import BadSpan, BadValue, DiskFull
from vig.media import clips

T = TypeVar("T")


def export_clip(
    ws: Workspace,
    recording_id: str,
    span: Span,
    out: Path,
    *,
    purpose: Purpose = Purpose.KEEP,
    actor: str,
    reason: str | None = None,
) -> Span:
    """Write a micro-clip as an unprotected MP4 that somebody asked for by name, and said why.

    Exactly the frames shown in ``span``, with their sound. Gives the span of those frames. Raises
    NotAllowed, ReasonNeeded, NoConsent.
    """
    policy.authorise(ws, actor, "film.export", recording=recording_id, reason=reason)
    recording = ws.check(recording_id, purpose, actor)
    span = inside(recording, span)
    times = frame_times(ws, recording_id)

    def write(sink: BinaryIO) -> Span:
        with ws.read(recording_id, "film") as film:
            return clips.cut(cast(BinaryIO, film), span, sink, times=times)

    act = partial(ws.catalogue.act, actor, "export.clip", reason=reason)
    return _export(lambda: act(object=recording_id, purpose=purpose), out, write)


def export_still(
    ws: Workspace,
    recording_id: str,
    at: Micros,
    out: Path,
    *,
    purpose: Purpose = Purpose.KEEP,
    actor: str,
    reason: str | None = None,
) -> None:
    """Write the frame shown at ``at`` as an unprotected PNG. NotAllowed, ReasonNeeded, NoConsent."""
    policy.authorise(ws, actor, "film.export", recording=recording_id, reason=reason)
    recording = ws.check(recording_id, purpose, actor)
    if not 0 <= at < recording.duration:
        raise BadSpan(start=at, end=at)
    if out.suffix.lower() != ".png":
        raise BadValue(what="A still is written as a PNG; let the file's name end in .png.")

    def write(sink: BinaryIO) -> None:
        with ws.read(recording_id, "film") as film:
            sink.write(clips.still(cast(BinaryIO, film), at))

    act = partial(ws.catalogue.act, actor, "export.still", reason=reason)
    _export(lambda: act(object=recording_id, purpose=purpose), out, write)


def _export(
    acting: Callable[[], AbstractContextManager[Act]], out: Path, write: Callable[[BinaryIO], T]
) -> T:
    """Write beside ``out`` and rename, so that a half-written export never looks whole."""
    part = out.with_name(f".{out.name}.part")
    try:
        with part.open("wb") as sink:
            written = write(sink)
        # The audit row and the file appear together, or neither does.
        with acting():
            part.replace(out)
    except OSError as error:
        raise (
            DiskFull()
            if error.errno == errno.ENOSPC
            else BadValue(what="The file could not be written there. Choose another folder.")
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return written
