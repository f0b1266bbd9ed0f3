"""How every deed is done: ask, write, remember; in one transaction, and once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from vig.app.policy import authorise, plain
from vig.app.workspace import Workspace
from vig.catalogue.act import Act
from vig.catalogue.write_deeds import DoneBefore
from vig.domain.clock import SECOND, Micros
from vig.domain.family import Purpose
from vig.domain.recording import Recording
from vig.domain.review import Annotation, MicroClip
from vig.errors import BadValue, Unknown

T = TypeVar("T")

LONGEST_TITLE = 200


def asked(
    ws: Workspace, recording_id: str, actor: str, right: str, *, by: str | None = None
) -> Recording:
    """The film, where this person may do this to it and the family lets it be kept."""
    authorise(ws, actor, right, recording=recording_id, by=by)
    return ws.check(recording_id, Purpose.KEEP, actor)


@dataclass(frozen=True, slots=True)
class Call:
    """Who does something, where, and what their page calls the gesture."""

    ws: Workspace
    recording: str
    actor: str
    nonce: str | None


def done(
    call: Call,
    action: str,
    words: str,
    write: Callable[[Act], T],
    *,
    again: Callable[[str], T] | None = None,
    object: str | None = None,
) -> T:
    """Write a deed and remember it as ``words``; what ``write`` gave.

    ``again`` gives the same for a gesture that was heard before, from the id of what it made.
    """
    try:
        with call.ws.catalogue.act(plain(call.actor), action, object=object) as act:
            act.once(call.recording, call.nonce)
            result = write(act)
            act.remember(call.recording, words)
            return result
    except DoneBefore as before:
        return again(before.thing or "") if again else None  # type: ignore[return-value]


def own_clip(ws: Workspace, recording_id: str, clip_id: str, actor: str) -> MicroClip:
    """A micro-clip of this film, where this person may change it; also one taken away since."""
    asked(ws, recording_id, actor, "clip.change")
    clip = clip_again(ws)(clip_id)
    if clip.recording != recording_id:
        raise Unknown(kind="micro-clip", name=clip_id)
    return clip


def own_note(ws: Workspace, recording_id: str, note_id: str, actor: str) -> Annotation:
    """A remark on this film, where this person may change it; also one taken away since."""
    note = note_again(ws)(note_id)
    if note.recording != recording_id:
        raise Unknown(kind="note", name=note_id)
    asked(ws, recording_id, actor, "note.change", by=note.by)
    return note


def clip_again(ws: Workspace) -> Callable[[str], MicroClip]:
    """Reads a micro-clip by its id, or how it was when it was taken away."""

    def read(clip_id: str) -> MicroClip:
        try:
            return ws.catalogue.clip(clip_id)
        except Unknown:
            kept = [v.what for v in ws.catalogue.versions(clip_id)]
            found = [what for what in kept if isinstance(what, MicroClip)]
            if not found:
                raise
            return found[-1]

    return read


def note_again(ws: Workspace) -> Callable[[str], Annotation]:
    """Reads a remark by its id, or how it was when it was taken away."""

    def read(note_id: str) -> Annotation:
        kept = [v.what for v in ws.catalogue.versions(note_id)]
        found = [what for what in kept if isinstance(what, Annotation)]
        if not found:
            raise Unknown(kind="note", name=note_id)
        return found[-1]

    return read


def short(title: str) -> str:
    """A title as one line. BadValue where it is too long for one."""
    line = " ".join(title.split())
    if len(line) > LONGEST_TITLE:
        raise BadValue(what=f"A title has at most {LONGEST_TITLE} characters.")
    return line


def at(time: Micros) -> str:
    """A time in the film as it is read aloud: 2:14, or 1:02:14."""
    seconds = time // SECOND
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"
