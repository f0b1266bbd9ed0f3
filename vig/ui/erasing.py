"""Erasures that were asked for: who may erase does it here, who asked may take it back."""

from __future__ import annotations

import streamlit as st

from vig.app import accounts, erasing, walk
from vig.app.erasing import Asked
from vig.ui import desk, words


def section() -> None:
    """For the settings; nothing where nothing was asked for."""
    with desk.told():
        asked = erasing.waiting(desk.workspace(), desk.me())
        if not asked:
            return
        with st.container(border=True):
            st.header("Asked to be erased")
            for one in asked:
                _line(one)


def _line(one: Asked) -> None:
    account = accounts.of(desk.workspace(), one.by)
    who = words.plain(account.name) if account else "somebody"
    st.markdown(
        f"**{words.plain(one.pseudonym)}**, {words.filmed(one.filmed_on)} "
        f":gray[{who} asked, {words.day(one.at.date())}]"
    )
    if one.may and st.button("Erase…", key=f"asked-{one.recording}"):
        sure(one.recording, one.pseudonym)
    elif not one.may and st.button("Keep the film", key=f"kept-{one.recording}"):
        with desk.told():
            erasing.take_back(desk.workspace(), one.recording, actor=desk.me())
            st.rerun()


@st.dialog("Erase this film?")
def sure(recording: str, pseudonym: str) -> None:
    """Says what will be gone and asks for the pseudonym."""
    st.write(
        f"The film of **{words.plain(pseudonym)}**, its stills, suggestions and micro-clips will "
        "be gone for good. Its key is destroyed first: nobody can bring it back."
    )
    typed = st.text_input("Type the pseudonym to erase it", key="asked-typed")
    if st.button("Erase", type="primary", disabled=typed.strip() != pseudonym):
        with desk.told():
            walk.erase(desk.workspace(), recording, actor=desk.me())
            st.rerun()


def ask(recording: str, pseudonym: str) -> None:
    """Within the library's dialog, for whoever may ask for it and not do it."""
    st.write(
        f"Somebody else has to erase the film of **{words.plain(pseudonym)}**: a supervisor of "
        "this family, or an admin. You can ask them here; until then it stays as it is."
    )
    if st.button("Ask for it to be erased", type="primary"):
        with desk.told():
            erasing.ask(desk.workspace(), recording, actor=desk.me())
            st.session_state["erased"] = words.ERASE_ASKED
            st.rerun()
