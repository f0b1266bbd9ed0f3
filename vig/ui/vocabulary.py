"""Settings: the words for what a micro-clip shows, which a service may make its own."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from vig.app import policy, vocabulary
from vig.domain.review import Term
from vig.errors import VigError
from vig.ui import desk, words

NEW = "vocabulary-new"


def section() -> None:
    """The attunement principles and a service's own: reworded in place, withdrawn, offered again."""
    workspace = desk.workspace()
    st.header("Principles")
    st.caption(words.PRINCIPLES_FROM)
    may = policy.may(workspace, desk.me(), "house.settings")
    for term in vocabulary.terms(workspace):
        if may:
            _row(term)
        else:
            st.markdown(words.plain(term.words) + (" :gray[withdrawn]" if term.withdrawn else ""))
    if may:
        st.text_input("Add one of your own", key=NEW, max_chars=80, on_change=_add)
    if said := st.session_state.pop("vocabulary-said", None):
        st.error(said, icon=":material/error:")


def _row(term: Term) -> None:
    key = f"term-{term.code}"
    # What is kept stands in the field, unless this person is just changing it.
    st.session_state.setdefault(key, term.words)
    field, act = st.columns([4, 1.3], vertical_alignment="center")
    field.text_input(
        f"Principle: {term.words}",
        key=key,
        max_chars=80,
        label_visibility="collapsed",
        disabled=term.withdrawn,
        on_change=lambda: _said(lambda: _reword(term.code, key)),
    )
    act.button(
        "Offer again" if term.withdrawn else "Withdraw",
        key=f"{key}-withdraw",
        width="stretch",
        help=f"“{words.plain(term.words)}”: a micro-clip that carries it still says it.",
        on_click=lambda: _said(lambda: _turn(term)),
    )


def _reword(code: str, key: str) -> None:
    try:
        vocabulary.reword(desk.workspace(), code, st.session_state[key], actor=desk.me())
    except VigError:
        st.session_state.pop(key, None)  # what is kept stands there again
        raise


def _turn(term: Term) -> None:
    turn = vocabulary.offer if term.withdrawn else vocabulary.withdraw
    turn(desk.workspace(), term.code, actor=desk.me())


def _add() -> None:
    typed = str(st.session_state[NEW])
    if typed.strip():
        _said(lambda: vocabulary.add(desk.workspace(), typed, actor=desk.me()))
        st.session_state[NEW] = ""


def _said(deed: Callable[[], object]) -> None:
    try:
        deed()
    except VigError as error:
        st.session_state["vocabulary-said"] = words.sentences(str(error), error.advice)
