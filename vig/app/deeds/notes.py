"""What a person writes beside the film."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from vig.app.deeds.doing import Call, asked, at, done, note_again, own_note
from vig.app.frames import frame_times, inside
from vig.app.policy import plain
from vig.app.workspace import Workspace
from vig.domain.clock import Span
from vig.domain.review import Annotation


def add_note(
    ws: Workspace,
    recording_id: str,
    span: Span,
    words: str,
    *,
    actor: str,
    nonce: str | None = None,
) -> Annotation:
    """A person writes a remark on a stretch of film."""
    recording = asked(ws, recording_id, actor, "note.add")
    note = Annotation(
        uuid.uuid4().hex,
        recording_id,
        frame_times(ws, recording_id).snapped(inside(recording, span)),
        words,
        plain(actor),
        datetime.now(UTC),
    )
    return done(Call(ws, recording_id, actor, nonce), "note.add", f"the note at {at(note.span.start)}",
        lambda act: act.add_annotation(note), again=note_again(ws),
    )  # fmt: skip


def change_note(
    ws: Workspace,
    recording_id: str,
    note_id: str,
    *,
    version: int,
    actor: str,
    span: Span | None = None,
    words: str | None = None,
    nonce: str | None = None,
) -> Annotation:
    """A person rewrites a remark or moves it; None leaves a thing as it is."""
    note = own_note(ws, recording_id, note_id, actor)
    if span is not None:
        recording = ws.catalogue.recording(recording_id)
        span = frame_times(ws, recording_id).snapped(inside(recording, span))
    return done(Call(ws, recording_id, actor, nonce), "note.change",
        f"change the note at {at(note.span.start)}",
        lambda act: act.change_annotation(note_id, version=version, span=span, words=words),
        again=note_again(ws),
    )  # fmt: skip


def drop_note(
    ws: Workspace,
    recording_id: str,
    note_id: str,
    *,
    version: int,
    actor: str,
    nonce: str | None = None,
) -> None:
    """A person takes a remark back."""
    note = own_note(ws, recording_id, note_id, actor)
    done(Call(ws, recording_id, actor, nonce), "note.drop", f"remove the note at {at(note.span.start)}",
        lambda act: act.drop_annotation(note_id, version=version),
    )  # fmt: skip
