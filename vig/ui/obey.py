"""What a gesture in the review room asks of the app, and what the room says back."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

from vig.app import deeds, library, room, vocabulary
from vig.app.people import As
from vig.app.room import Room
from vig.app.workspace import Workspace
from vig.domain.clock import Span
from vig.domain.family import Role
from vig.domain.review import Annotation, MicroClip, Play, Sense
from vig.errors import BadValue, Conflict, VigError
from vig.ui import words
from vig.ui.player.gesture import Gesture

log = logging.getLogger("vig.ui")

NOT_DONE = "This could not be done. What was saved is safe; try it once more."
UNREADABLE = "The page sent something that this tool does not know."

Seen = str | tuple[str, ...] | None


@dataclass(slots=True)
class Memory:
    """What a page remembers of one film between two gestures."""

    page: str = field(default_factory=lambda: uuid4().hex)
    """Names the gestures of a page that has no name of its own, so that each is done once."""
    heard: int = 0
    problem: str | None = None
    refused: dict[str, Any] | None = None
    """The last gesture that was not done, by its number, and why."""
    conflict: dict[str, Any] | None = None
    """Two versions of one thing, until the person chooses."""
    wrote: dict[str, int] = field(default_factory=dict)
    """The version that this page itself made last, by the thing."""
    said: dict[str, list[Seen]] = field(default_factory=dict)
    """What this page itself set one after the other, by the thing, and what stood there before.

    A gesture says what its person saw, which may be from before the page's own last one was heard.
    """


def obey(ws: Workspace, film: str, gesture: Gesture, memory: Memory, *, actor: str) -> None:
    """Do what the gesture asks, once; where it was refused the memory says so in a sentence."""
    memory.heard = gesture.number
    memory.problem = None
    memory.refused = None
    if gesture.kind == "settled":
        memory.conflict = None
        return
    if gesture.kind == "unreadable":
        _refuse(memory, gesture, UNREADABLE)
        return
    try:
        nonce = f"{gesture.page or memory.page}:{gesture.number}"
        made = _Deeds(ws, film, gesture, nonce, actor, _saw(gesture, memory)).do()
    except VigError as error:
        said = words.sentences(str(error), error.advice)
        _refuse(memory, gesture, said)
        memory.said.clear()
        if isinstance(error, Conflict) and (clash := _clash(ws, film, gesture, str(error))):
            memory.conflict, memory.problem = clash, None
        return
    except Exception as error:
        # Not left to Streamlit, which would log the message: it may quote a name or a path. The
        # page must not take what it hears for "saved" either.
        where = traceback.extract_tb(error.__traceback__)[-1]
        log.error("%s at %s:%s", type(error).__name__, Path(where.filename).name, where.lineno)
        _refuse(memory, gesture, NOT_DONE)
        return
    _remember(gesture, memory)
    if isinstance(made, MicroClip | Annotation):
        memory.wrote[made.id] = made.version
        if memory.conflict and memory.conflict["id"] == made.id:
            memory.conflict = None


def _saw(gesture: Gesture, memory: Memory) -> Seen:
    """What must stand there still: what the person saw, or what this page made of that since."""
    own = memory.said.get(f"{gesture.kind} {gesture.person}", [])
    return own[-1] if gesture.seen in own else gesture.seen


def _remember(gesture: Gesture, memory: Memory) -> None:
    if gesture.kind in ("undo", "redo", "swap"):
        memory.said.clear()
    if gesture.seen is None:
        return
    name = f"{gesture.kind} {gesture.person}"
    own = memory.said.get(name, [])
    before = own if gesture.seen in own else [gesture.seen]
    said = gesture.names if gesture.kind == "focus" else " ".join((gesture.words or "").split())
    memory.said[name] = [*before, said]


def _refuse(memory: Memory, gesture: Gesture, said: str | None) -> None:
    memory.refused = {"number": gesture.number, "words": said}
    memory.problem = said


@dataclass(frozen=True, slots=True)
class _Deeds:
    """One gesture, and everything that a deed needs to know of it."""

    ws: Workspace
    film: str
    gesture: Gesture
    nonce: str
    actor: str
    seen: Seen = None

    def do(self) -> object:
        # long because all gestures stand here in one table
        kinds: dict[str, Callable[[], object]] = {
            "keep": lambda: self._call(deeds.keep, self._moment),
            "leave": lambda: self._call(deeds.leave, self._moment),
            "return": lambda: self._call(deeds.bring_back, self._moment),
            "unkeep": self._unkeep,
            "keep-span": lambda: self._call(
                deeds.choose, self._span, moment_id=self.gesture.moment
            ),
            "clip-edges": lambda: self._call(
                deeds.edges, self._clip, self._span, version=self._version
            ),
            "clip-change": lambda: self._call(
                deeds.change, self._clip, version=self._version, **self._fields()
            ),
            "clip-order": lambda: self._call(
                deeds.order, self.gesture.names, version=self._version
            ),
            "note-add": lambda: self._call(deeds.add_note, self._span, self._words),
            "note-change": lambda: self._call(
                deeds.change_note,
                self._note,
                version=self._version,
                span=self.gesture.span,
                words=self.gesture.words,
            ),
            "note-drop": lambda: self._call(deeds.drop_note, self._note, version=self._version),
            "focus": lambda: self._call(deeds.focus, self.gesture.names, seen=self.seen),
            "look-first": lambda: self._call(deeds.look_first, self.gesture.on),
            "question": lambda: self._call(deeds.question, self._words, seen=self.seen),
            "cues": self._cues,
            "person": self._person,
            "swap": lambda: self._call(deeds.swap),
            "keys": lambda: deeds.keys(
                self.ws,
                self.gesture.fields,
                actor=self.actor,
                recording_id=self.film,
                nonce=self.nonce,
            ),
            "original-gone": lambda: library.original_gone(self.ws, self.film, actor=self.actor),
            "undo": lambda: self._call(deeds.undo),
            "redo": lambda: self._call(deeds.redo),
        }
        return kinds[self.gesture.kind]()

    def _call(self, deed: Callable[..., object], *what: object, **more: object) -> object:
        return deed(self.ws, self.film, *what, actor=self.actor, nonce=self.nonce, **more)

    @property
    def _room(self) -> Room:
        return room.room(self.ws, self.film, self.actor)

    @property
    def _moment(self) -> str:
        return self.gesture.moment or ""

    @property
    def _clip(self) -> str:
        return self.gesture.clip or ""

    @property
    def _note(self) -> str:
        return self.gesture.note or ""

    @property
    def _words(self) -> str:
        return self.gesture.words or ""

    @property
    def _version(self) -> int:
        return self.gesture.version or 0

    @property
    def _span(self) -> Span:
        if self.gesture.span is None:
            raise BadValue(what="Say from where to where.")
        return self.gesture.span

    def _unkeep(self) -> object:
        clip = self.gesture.clip or self._room.kept.get(self._moment, "")
        return self._call(deeds.unkeep, clip, version=self.gesture.version)

    def _fields(self) -> dict[str, Any]:
        given = dict(self.gesture.fields)
        for name in ("initiated_by", "received_by"):
            if name in given:
                given[name] = _one(Role, given[name]) if given[name] else None
        if "play" in given:
            given["play"] = _one(Play, given["play"])
        return given

    def _cues(self) -> object:
        sense = _one(Sense, self.gesture.person)
        off = self._room.off
        off = off - {sense} if self.gesture.on else off | {sense}
        return self._call(deeds.cues, off)

    def _person(self) -> object:
        as_ = cast(As, self.gesture.words) if self.gesture.words else None
        return self._call(deeds.person, _one(int, self.gesture.person), as_, seen=self.seen)


def _one(kind: Any, given: object) -> Any:
    try:
        return kind(given)
    except ValueError:
        raise BadValue(what=UNREADABLE) from None


def _clash(ws: Workspace, film: str, gesture: Gesture, said: str) -> dict[str, Any] | None:
    """Both versions of what was changed by two; None where there is nothing to choose between."""
    mine: dict[str, Any] = {n: v for n, v in gesture.fields.items() if n != "play_at"}
    if gesture.span is not None:
        mine["span"] = gesture.span
    if gesture.kind in ("clip-change", "clip-edges"):
        kept: dict[str, Any] = {clip.id: clip for clip in ws.catalogue.clips(film)}
    elif gesture.kind == "note-change":
        kept = {note.id: note for note in ws.catalogue.annotations(film)}
        if gesture.words is not None:
            mine["words"] = gesture.words
    else:
        return None
    thing = gesture.clip or gesture.note or ""
    if thing not in kept:
        return None
    terms = {term.code: term.words for term in vocabulary.terms(ws)}
    return {
        "id": thing,
        "number": gesture.number,
        "words": said,
        "again": {"kind": gesture.kind, "fields": _again(gesture)},
        "theirs": [[words.FIELDS[n], words.value(getattr(kept[thing], n), terms)] for n in mine],
        "mine": [[words.FIELDS[n], words.value(v, terms)] for n, v in mine.items()],
    }


def _again(gesture: Gesture) -> dict[str, Any]:
    """What was refused, as the page says it: it may be wanted once more, at the newest version."""
    if gesture.kind == "clip-change":
        return {n: list(v) if isinstance(v, tuple) else v for n, v in gesture.fields.items()}
    said: dict[str, Any] = {}
    if gesture.span is not None:
        said |= {"start": gesture.span.start, "end": gesture.span.end}
    if gesture.words is not None:
        said["words"] = gesture.words
    return said
