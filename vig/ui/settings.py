"""Settings: backup and restore, the ways in, and what this copy of the tool is."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

import vig
from vig.app import policy
from vig.errors import VigError
from vig.ui import desk, erasing, people, vocabulary, words


def page() -> None:
    """The whole page."""
    st.title("Settings")
    left, right = st.columns(2, gap="large")
    with left:
        if policy.may(desk.workspace(), desk.me(), "house.backup"):
            with st.container(border=True):
                _backup()
        with st.container(border=True):
            _restore()
        with st.container(border=True):
            vocabulary.section()
    with right:
        with st.container(border=True):
            people.own()
        people.everybody()
        erasing.section()
        if policy.may(desk.workspace(), desk.me(), "house.ways"):
            with st.container(border=True):
                _ways_in()
        with st.container(border=True):
            _about()


def _backup() -> None:
    st.header("Backup")
    st.write(
        "Copies everything, sealed as it is, to a folder: a second disk, or a stick that you "
        "lock away. It opens with the same passphrase."
    )
    folder = st.text_input(
        "Folder for the backup", key="backup-folder", placeholder="/media/backup/vig"
    )
    if st.button("Back up now", type="primary", disabled=not folder.strip()):
        bar = st.progress(0.0, text="Copying. Leave this page to stop; doing it again goes on.")

        def heard(share: float) -> None:
            bar.progress(share)

        try:
            copied = desk.house().backup_to(
                Path(folder.strip()).expanduser(), heard, actor=desk.me()
            )
        except VigError as error:
            bar.empty()
            desk.say(error)
        else:
            bar.empty()
            st.success(
                f"Backed up: {words.count(copied, 'sealed object')} copied, the rest was there already.",
                icon=":material/check_circle:",
            )


def _restore() -> None:
    st.header("Restore")
    st.write(
        "A backup is brought back into an empty data folder, so that nothing is ever overwritten. "
        "Start this tool with a new folder; its first page offers **Bring back a backup**."
    )
    st.code("VIG_HOME=/path/to/a/new/folder vig serve", language=None)


def _ways_in() -> None:
    st.header("Ways in")
    kinds = {
        "passphrase": "Passphrase",
        "recovery": "Printed recovery code",
        "key-file": "Key file",
        "os-keyring": "This computer's key store",
    }
    owners = people.owners()
    for slot in desk.house().ways_in():
        tried = "tried" if slot.tested else "not tried yet"
        made = words.day(slot.made_at.date())
        kind = kinds.get(str(slot.kind), str(slot.kind))
        whose = f" of {words.plain(owners[slot.id])}" if slot.id in owners else ""
        st.markdown(f"{kind}{whose} :gray[{tried}, made {made}]")
    st.caption("Anybody with one of these can open every film. Two are needed at all times.")


def _about() -> None:
    st.header("About")
    st.markdown(f"VIG review {vig.__version__}")
    st.caption(
        "It finds moments to look at. It does not measure, rate or diagnose anybody, and it sends "
        "nothing anywhere."
    )
    st.html(
        '<form method="post" action="/account/sign-out"><button style="font:inherit;cursor:pointer;'
        "padding:.5rem 1rem;border-radius:.55rem;border:1px solid currentColor;background:transparent;"
        'color:inherit">Sign out of this browser</button></form>'
    )
