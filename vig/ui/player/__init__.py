"""The review room: film, timeline, suggestions and micro-clips as one component.

JavaScript owns playing. Python hears gestures, one at a time and numbered; the number is said back
as ``heard``, so two quick ones cannot swallow each other. Frame times and curves come from
authenticated routes, not through the component's data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from vig.app.found import Face
from vig.app.library import Shelf
from vig.app.people import AS, taken_for
from vig.app.quality import Tip
from vig.app.room import Room
from vig.domain.family import Role
from vig.domain.review import Annotation, MicroClip, Moment, Sense
from vig.ui import words
from vig.ui.parts import part
from vig.ui.player.gesture import Gesture, gesture_of, heard

__all__ = ["Gesture", "Said", "gesture_of", "review_room", "room_data"]


@dataclass(frozen=True, slots=True)
class Said:
    """What the room says besides what is kept of the film."""

    me: str
    """Who looks at it: the id of their account."""
    carer: str | None = None
    """The family's own word for the parent."""
    names: Mapping[str, str] | None = None
    """What other people who wrote here are called, by account."""
    faces: tuple[Face, ...] = ()
    tips: tuple[Tip, ...] = ()
    nobody: str = words.NOBODY_FOUND
    """Why there is nobody to say who is who of."""
    none: str | None = None
    """Why there is no suggestion."""
    remark: str | None = None
    heard: int = 0
    problem: str | None = None
    refused: Mapping[str, Any] | None = None
    conflict: Mapping[str, Any] | None = None
    wrote: Mapping[str, int] | None = None


def room_data(room: Room, shelf: Shelf, said: Said) -> dict[str, Any]:
    """What the component draws. Times are whole microseconds."""
    # long because it is the whole of what JavaScript hears, in one place
    recording = room.recording
    film = recording.id
    offered = [term for term in room.vocabulary if not term.withdrawn]
    about = words.line(
        words.age(shelf.age_weeks),
        words.filmed(recording.filmed_on),
        words.length(recording.duration),
    )
    return {
        "picture": words.line(shelf.pseudonym, words.filmed(recording.filmed_on)),
        "whose": words.line(shelf.pseudonym, words.day(recording.filmed_on)),
        "head": {"family": shelf.pseudonym, "about": about},
        "film_url": f"/api/film/{film}",
        "times_url": f"/api/times/{film}",
        "lanes_url": f"/api/lanes/{film}" if shelf.analysed else None,
        "sound_url": f"/api/sound/{film}",
        "strip_url": f"/api/strip/{film}",
        "still_url": f"/api/still/{film}/",
        "moments": [_moment(moment, room) for moment in room.moments],
        "clips": [_clip(clip) for clip in _in_order(room)],
        "plan_version": room.plan.version,
        "notes": [_note(note, said) for note in room.notes],
        "question": room.question,
        "focus": list(room.focus),
        "principles": [[term.code, term.words] for term in offered],
        "vocabulary": [
            {"id": term.code, "name": term.words, "withdrawn": term.withdrawn}
            for term in room.vocabulary
        ],
        "who": words.who(said.carer, _roles_in(room)),
        "look_first": {"on": room.look_first, "hiding": room.look_first},
        "cues": {sense.value: sense not in room.off for sense in Sense},
        "people": [_face(face, room, film) for face in said.faces],
        "roles": words.roles(said.carer, AS),
        "people_words": words.PEOPLE if said.faces else said.nobody,
        "quality": [{"what": tip.what, "tip": tip.tip} for tip in said.tips],
        "original_left": shelf.original_left,
        "original_words": words.ERASE_ORIGINAL,
        "keys": {key: value == "yes" or value for key, value in room.keys.items()},
        "undo": _named(room.undo),
        "redo": _named(room.redo),
        "heard": said.heard,
        "problem": said.problem,
        "refused": said.refused,
        "conflict": said.conflict,
        "wrote": dict(said.wrote or {}),
        "none": said.none,
        "remark": said.remark,
    }


def review_room(data: Mapping[str, Any], *, key: str, made: Callable[[Gesture], None]) -> None:
    """Draw the room. ``made`` hears each gesture before the room is drawn anew."""

    def came() -> None:
        gesture = heard(st.session_state[key].gesture)
        if gesture is not None:
            made(gesture)

    part("player")(key=key, data=dict(data), height="content", on_gesture_change=came)


def _named(step: str | None) -> str | None:
    """What undo or redo would do: the button says the word itself already."""
    return step.partition(": ")[2] or step if step else None


def _moment(moment: Moment, room: Room) -> dict[str, Any]:
    terms = {term.code: term.words for term in room.vocabulary}
    return {
        "id": moment.id,
        "start": moment.span.start,
        "end": moment.span.end,
        "principle": terms.get(moment.principle, words.PRINCIPLES[moment.principle]),
        "reason": moment.reason,
        "evidence": [
            {"at": one.span.start, "words": one.words, "delay": one.delay}
            for one in moment.evidence
        ],
        "state": "kept" if moment.id in room.kept else "left" if moment.id in room.left else "new",
        "clip": room.kept.get(moment.id),
    }


def _in_order(room: Room) -> list[MicroClip]:
    """The clips of the plan in their order, then those that are left out of it."""
    planned = [clip.id for clip in room.plan.clips]
    place = {clip_id: number for number, clip_id in enumerate(planned)}
    return sorted(room.clips, key=lambda clip: place.get(clip.id, len(place)))


def _clip(clip: MicroClip) -> dict[str, Any]:
    return {
        "id": clip.id,
        "start": clip.span.start,
        "end": clip.span.end,
        "title": clip.title,
        "note": clip.note,
        "question": clip.question,
        "initiated_by": clip.initiated_by.value if clip.initiated_by else "",
        "received_by": clip.received_by.value if clip.received_by else "",
        "principles": list(clip.principles),
        "play": clip.play.value,
        "play_at": clip.play_at,
        "play_words": words.PLAYS[clip.play],
        "proposed_by": clip.proposed_by,
        "version": clip.version,
    }


def _note(note: Annotation, said: Said) -> dict[str, Any]:
    mine = note.by == said.me
    return {
        "id": note.id,
        "start": note.span.start,
        "end": note.span.end,
        "words": note.words,
        "by": "" if mine else (said.names or {}).get(note.by, "a colleague"),
        "mine": mine,
        "version": note.version,
    }


def _face(face: Face, room: Room, film: str) -> dict[str, Any]:
    """A person who was found: ``box`` is left, top, right, bottom in fractions of the picture."""
    return {
        "id": str(face.track),
        "picture": f"/api/still/{film}/{face.at}",
        "box": [round(edge, 4) for edge in face.box],
        "as": room.people.get(face.track, taken_for(face.role)),
    }


def _roles_in(room: Room) -> list[Role]:
    """Second carers and twins are offered where there are any."""
    said = set(room.people.values())
    for clip in room.clips:
        said |= {role.value for role in (clip.initiated_by, clip.received_by) if role}  # type: ignore[misc]
    return [role for role in (Role.CARER2, Role.TWIN) if role.value in said]
