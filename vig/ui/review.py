"""The review room: one film, what the computer proposes, and what a person keeps."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from vig.app import library, playback, walk
from vig.app.library import Shelf
from vig.app.workspace import Workspace
from vig.errors import Unknown, VigError
from vig.ui import desk, words
from vig.ui.library import LOOK_EVERY, bar, films_now, open_film, thumbnail
from vig.ui.player import Gesture, review_room, room_data

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
    with desk.told():
        for shelf in films_now().shelves:
            if shelf.recording.id == film and shelf.work and not shelf.work.ended:
                st.fragment(bar, run_every=LOOK_EVERY)(film, shelf.work.id)


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
        except Unknown:
            st.session_state.pop("film", None)
            raise
        _draw(desk.workspace(), shelf)


def _draw(workspace: Workspace, shelf: Shelf) -> None:
    recording = shelf.recording
    film = recording.id
    about = words.line(
        words.age(shelf.age_weeks),
        words.filmed(recording.filmed_on),
        words.length(recording.duration),
    )
    memory = st.session_state.setdefault(f"room-{film}", {"heard": 0, "problem": None})
    data = room_data(
        recording,
        shelf.pseudonym,
        workspace.catalogue.moments(film),
        workspace.catalogue.clips(film),
        workspace.catalogue.annotations(film),
        about=about,
        left=walk.left(workspace, film),
        seen=shelf.analysed,
        heard=memory["heard"],
        problem=memory["problem"],
        none=words.NO_SUGGESTION if shelf.analysed else words.NOT_WATCHED,
        remark=words.sentences(
            words.OLDER if shelf.stale else None,
            words.RENDERED if playback.rendered(workspace, recording) else None,
        ),
    )

    def made(gesture: Gesture) -> None:
        if gesture.number > memory["heard"]:
            memory["problem"] = obey(workspace, shelf, gesture, desk.me())
            memory["heard"] = gesture.number

    review_room(data, key=f"review-{film}", made=made)


def obey(workspace: Workspace, shelf: Shelf, gesture: Gesture, actor: str) -> str | None:
    """Hand a gesture to the app; the sentence to show where it was refused."""
    film = shelf.recording.id
    deeds: dict[str, Callable[[], object]] = {
        "keep": lambda: walk.keep(workspace, film, gesture.moment or "", actor=actor),
        "leave": lambda: walk.leave(workspace, film, gesture.moment or "", actor=actor),
        "return": lambda: walk.bring_back(workspace, film, gesture.moment or "", actor=actor),
        "unkeep": lambda: _unkeep(workspace, film, gesture, actor),
        "keep-span": lambda: (
            gesture.span and walk.choose(workspace, film, gesture.span, actor=actor)
        ),
    }
    try:
        deeds[gesture.kind]()
    except VigError as error:
        return words.sentences(str(error), error.advice)
    return None


def _unkeep(workspace: Workspace, film: str, gesture: Gesture, actor: str) -> None:
    for clip in workspace.catalogue.clips(film):
        if clip.id == gesture.clip or (gesture.moment and clip.proposed_by == gesture.moment):
            walk.unkeep(workspace, clip, actor=actor)
