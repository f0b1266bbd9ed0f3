"""What a person did in the room, as a value: nothing that the page sends goes further unchecked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from vig.domain.clock import Span

Kind = Literal[
    "keep",
    "leave",
    "return",
    "unkeep",
    "keep-span",
    "clip-edges",
    "clip-change",
    "clip-order",
    "note-add",
    "note-change",
    "note-drop",
    "focus",
    "look-first",
    "question",
    "cues",
    "person",
    "swap",
    "original-gone",
    "keys",
    "settled",
    "undo",
    "redo",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

SPANS = {"keep-span": True, "clip-edges": True, "note-add": True, "note-change": False}
"""Kinds with a stretch of film, and whether it must be there."""

WORDS = ("title", "note", "question", "initiated_by", "received_by", "play")
"""What a micro-clip's change may hold as text."""

LONGEST = 4000
"""Characters in one field; longer texts are no gesture of a page of ours."""


@dataclass(frozen=True, slots=True)
class Gesture:
    """What a person did in the room."""

    number: int
    kind: Kind | Literal["unreadable"]
    moment: str | None = None
    clip: str | None = None
    note: str | None = None
    span: Span | None = None
    """The marked part, a clip's new edges or what a note is about."""
    version: int | None = None
    """Which edit of the thing the person saw; a newer one makes it a conflict."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """What of a micro-clip changes: title, note, question, initiated_by, received_by, play as text,
    ``principles`` as a tuple of text, ``play_at`` as whole microseconds or None. For ``keys``: which
    key does what."""
    names: tuple[str, ...] = ()
    """Clips in their order, or principles."""
    person: str | None = None
    """Who in the film, for ``person``; which cue, for ``cues``."""
    words: str | None = None
    """Of a note or the helping question; who somebody is, for ``person``."""
    on: bool = False
    seen: str | tuple[str, ...] | None = None
    """What stood there when the person began: principles, the question, or who somebody was."""
    page: str | None = None
    """What the page calls itself: it may outlive this process's memory of it."""


def gesture_of(raw: Mapping[str, Any] | None) -> Gesture | None:
    """What the page sent as a value of ours; None for nothing, or for what no page of ours sends."""
    if not raw or raw.get("kind") not in KINDS or type(raw.get("number")) is not int:
        return None
    try:
        return _gesture(raw, raw["kind"])
    except ValueError:
        return None


def heard(raw: Mapping[str, Any] | None) -> Gesture | None:
    """The same, but what has a number and cannot be read is a gesture that is refused.

    The page sends one after the other and waits: a number that got no answer would stop the rest.
    """
    gesture = gesture_of(raw)
    if gesture is None and raw and type(raw.get("number")) is int:
        return Gesture(raw["number"], "unreadable")
    return gesture


def _gesture(raw: Mapping[str, Any], kind: Kind) -> Gesture:
    return Gesture(
        number=raw["number"],
        kind=kind,
        moment=_text(raw.get("moment")) or None,
        clip=_text(raw.get("clip")) or None,
        note=_text(raw.get("note")) or None,
        span=_span(raw, kind),
        version=_whole(raw.get("version")),
        fields=_fields(raw, kind),
        names=_names(raw.get("clips" if kind == "clip-order" else "principles")),
        person=_text(raw.get("cue" if kind == "cues" else "person")) or None,
        words=_text(raw.get("as" if kind == "person" else "words")),
        on=raw.get("on") is True,
        seen=_seen(raw, kind),
        page=_page(raw.get("page")),
    )


def _text(given: object) -> str | None:
    if given is None:
        return None
    if not isinstance(given, str) or len(given) > LONGEST:
        raise ValueError("a text")
    return given


def _whole(given: object) -> int | None:
    if given is None or type(given) is int:
        return given
    raise ValueError("a whole number")


def _seen(raw: Mapping[str, Any], kind: Kind) -> str | tuple[str, ...] | None:
    if kind == "focus":
        return None if raw.get("seen") is None else _names(raw["seen"])
    return _text(raw.get("seen")) if kind in ("question", "person") else None


def _page(given: object) -> str | None:
    if given is None:
        return None
    if not isinstance(given, str) or not re.fullmatch("[0-9a-f]{8,32}", given):
        raise ValueError("a page's name")
    return given


def _names(given: object) -> tuple[str, ...]:
    if given is None:
        return ()
    if not isinstance(given, list) or len(given) > 500:
        raise ValueError("a list of names")
    return tuple(_text(one) or "" for one in given)


def _span(raw: Mapping[str, Any], kind: Kind) -> Span | None:
    must = SPANS.get(kind)
    start, end = raw.get("start"), raw.get("end")
    if must is None or (not must and start is None and end is None):
        return None
    if type(start) is not int or type(end) is not int:
        raise ValueError("a stretch of film")
    return Span(start, end)  # ValueError where it is empty


def _fields(raw: Mapping[str, Any], kind: Kind) -> dict[str, Any]:
    if kind == "keys":
        given = raw.get("map")
        if not isinstance(given, Mapping) or len(given) > 100:
            raise ValueError("keys")
        return {
            str(name): "yes" if key is True else _text(key) or "" for name, key in given.items()
        }
    if kind != "clip-change":
        return {}
    given = raw.get("fields")
    if not isinstance(given, Mapping) or not given:
        raise ValueError("what changes")
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name in WORDS:
            found[name] = _text(value) or ""
        elif name == "principles":
            found[name] = _names(value)
        elif name == "play_at":
            found[name] = _whole(value)
        else:
            raise ValueError(f"no field {name}")
    return found
