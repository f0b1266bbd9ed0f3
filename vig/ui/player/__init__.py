"""The review room: film, timeline, suggestions and micro-clips as one component.

JavaScript owns playing. Python hears gestures, one at a time and numbered; the number is said back
as ``heard``, so two quick ones cannot swallow each other. Frame times and curves come from
authenticated routes, not through the component's data.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import streamlit as st

from vig.domain.recording import Recording
from vig.domain.review import Annotation, MicroClip, Moment
from vig.ui import words
from vig.ui.parts import part
from vig.ui.player.gesture import Gesture, gesture_of


def room_data(
    recording: Recording,
    pseudonym: str,
    moments: Sequence[Moment],
    clips: Sequence[MicroClip],
    notes: Sequence[Annotation] = (),
    *,
    about: str = "",
    left: Collection[str] = (),
    seen: bool = True,
    heard: int = 0,
    problem: str | None = None,
    none: str | None = None,
    remark: str | None = None,
) -> dict[str, Any]:
    """What the component draws. Times are whole microseconds."""
    kept = {clip.proposed_by for clip in clips}
    return {
        "picture": words.line(pseudonym, words.filmed(recording.filmed_on)),
        "whose": words.line(pseudonym, words.day(recording.filmed_on)),
        "head": {"family": pseudonym, "about": about},
        "film_url": f"/api/film/{recording.id}",
        "times_url": f"/api/times/{recording.id}",
        "lanes_url": f"/api/lanes/{recording.id}" if seen else None,
        "sound_url": f"/api/sound/{recording.id}",
        "strip_url": f"/api/strip/{recording.id}",
        "still_url": f"/api/still/{recording.id}/",
        "moments": [
            _moment(m, "kept" if m.id in kept else "left" if m.id in left else "new")
            for m in moments
        ],
        "clips": [_clip(clip) for clip in clips],
        "notes": [_note(note) for note in notes],
        "heard": heard,
        "problem": problem,
        "none": none,
        "remark": remark,
    }


def review_room(data: Mapping[str, Any], *, key: str, made: Callable[[Gesture], None]) -> None:
    """Draw the room. ``made`` hears each gesture before the room is drawn anew."""

    def heard() -> None:
        gesture = gesture_of(st.session_state[key].gesture)
        if gesture is not None:
            made(gesture)

    part("player")(key=key, data=dict(data), height="content", on_gesture_change=heard)


def _moment(moment: Moment, state: str) -> dict[str, Any]:
    return {
        "id": moment.id,
        "start": moment.span.start,
        "end": moment.span.end,
        "principle": words.PRINCIPLES[moment.principle],
        "reason": moment.reason,
        "evidence": [
            {"at": one.span.start, "words": one.words, "delay": one.delay}
            for one in moment.evidence
        ],
        "state": state,
    }


def _clip(clip: MicroClip) -> dict[str, Any]:
    return {
        "id": clip.id,
        "start": clip.span.start,
        "end": clip.span.end,
        "title": clip.title,
        "note": clip.note,
        "play": clip.play.value,
        "play_words": words.PLAYS[clip.play],
        "proposed_by": clip.proposed_by,
        "version": clip.version,
    }


def _note(note: Annotation) -> dict[str, Any]:
    return {
        "id": note.id,
        "start": note.span.start,
        "end": note.span.end,
        "words": note.words,
        "version": note.version,
    }


__all__ = ["Gesture", "gesture_of", "review_room", "room_data"]
