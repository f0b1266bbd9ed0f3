"""The review room: one film, what the computer proposes, and what a person keeps."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import streamlit as st

from vig.app import analysis, found, library, playback, policy, quality, room
from vig.app.library import Shelf
from vig.app.people import corrected
from vig.app.room import Room
from vig.app.workspace import Workspace
from vig.domain.family import Purpose
from vig.errors import NotAllowed, Unknown, VigError
from vig.ui import desk, words
from vig.ui.library import LOOK_EVERY, bar, films_now, open_film, thumbnail
from vig.ui.obey import Memory, obey
from vig.ui.player import Gesture, Said, review_room, room_data

RECENT = 24
"""Films that are offered where none was chosen; the library has them all."""


def page() -> None:
    """The film that was chosen in the library, or the choice."""
    film = st.session_state.get("film")
    if film is None:
        _choose()
        return
    _watching(film)
    _room(film)


def _watching(film: str) -> None:
    """A film can be looked at while the computer still watches it."""
    with suppress(VigError):  # the room says what is wrong
        workspace = desk.workspace()
        work = library.shelf(workspace, desk.me(), film, workspace.jobs).work
        if work and not work.ended:
            st.fragment(bar, run_every=LOOK_EVERY)(film, work.id)


def _choose() -> None:
    st.title("Review")
    with desk.told():
        films = films_now(many=RECENT).shelves
        if not films:
            st.write("There is no film yet. Add one in the library.")
            return
        st.write("Which film?")
        with st.container(horizontal=True):
            for shelf in films:
                with st.container(border=True, width=240):
                    recording = shelf.recording
                    st.html(thumbnail(recording.id, shelf.pseudonym, recording.filmed_on))
                    st.caption(
                        words.line(words.plain(shelf.pseudonym), words.filmed(recording.filmed_on))
                    )
                    if st.button("Review", key=f"choose-{recording.id}", width="stretch"):
                        open_film(recording.id)


@st.fragment
def _room(film: str) -> None:
    """In a fragment: keeping a moment redraws this and nothing else, and the film plays on."""
    with desk.told():
        try:
            shelf = library.shelf(desk.workspace(), desk.me(), film)
        except (Unknown, NotAllowed):
            st.session_state.pop("film", None)
            raise
        _draw(desk.workspace(), shelf)


def _draw(workspace: Workspace, shelf: Shelf) -> None:
    film = shelf.recording.id
    agreed = workspace.allowed(shelf.recording, Purpose.ANALYSE)
    if not agreed:
        # What the computer saw before the family withdrew is not shown either.
        shelf = replace(shelf, analysed=False, stale=False)
    kept = st.session_state.setdefault(f"room-{film}", Memory())
    memory: Memory = kept
    now = room.room(workspace, film, desk.me())

    def made(gesture: Gesture) -> None:
        if gesture.number > memory.heard:
            obey(workspace, film, gesture, memory, actor=desk.me())

    seen: dict[str, Any] = {}
    if shelf.analysed:
        with suppress(VigError):  # the film and what people kept of it are there all the same
            seen = _seen(workspace, now)
    said = Said(
        me=policy.plain(desk.me()),
        carer=workspace.catalogue.family(shelf.recording.family).carer_word,
        names=_names(workspace, now),
        nobody=words.NOBODY_FOUND if agreed else words.NOT_AGREED,
        none=_none(workspace, shelf, now),
        remark=words.sentences(
            words.OLDER if shelf.stale else None,
            words.RENDERED if playback.rendered(workspace, shelf.recording) else None,
        ),
        heard=memory.heard,
        problem=memory.problem,
        refused=memory.refused,
        conflict=memory.conflict,
        wrote=memory.wrote,
        **seen,
    )
    data = room_data(now, shelf, said)
    review_room(data, key=f"review-{film}", made=made)


def _none(workspace: Workspace, shelf: Shelf, now: Room) -> str:
    """Why there is no suggestion, in words that say nothing about the family."""
    if now.look_first:
        return words.LOOK_FIRST
    if not workspace.allowed(shelf.recording, Purpose.ANALYSE):
        return words.NOT_AGREED
    return words.NO_SUGGESTION if shelf.analysed else words.NOT_WATCHED


def _names(workspace: Workspace, now: Room) -> dict[str, str]:
    """What those who wrote here are called."""
    wrote = {note.by for note in now.notes}
    return {one.id: one.name for one in workspace.catalogue.accounts() if one.id in wrote}


def _seen(workspace: Workspace, now: Room) -> dict[str, Any]:
    """Who was found and what about the camera would help; worked out once as long as both hold."""
    film = now.recording.id
    newest = workspace.catalogue.latest_analysis(film)
    name = (newest.observations if newest else None, sorted(now.people.items()))
    known: tuple[object, dict[str, Any]] | None = st.session_state.get(f"seen-{film}")
    if known is None or known[0] != name:
        observations = analysis.observations_of(workspace, film)
        known = (
            name,
            {
                "faces": found.faces(observations),
                "tips": quality.tips_of(corrected(observations, now.people), now.recording.footage),
            },
        )
        st.session_state[f"seen-{film}"] = known
    return known[1]
