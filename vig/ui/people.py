"""The part of the settings about accounts. What changes who can come in has pages of its own."""

from __future__ import annotations

import streamlit as st

from vig.app import accounts, policy, second
from vig.ui import desk, words


def own() -> None:
    """Who is here, and the way to their own account."""
    ws, me = desk.workspace(), desk.me()
    account = accounts.of(ws, me)
    st.header("Your account")
    if account is None:
        return
    offices = ", ".join(sorted(office.words for office in account.offices))
    st.markdown(f"**{words.plain(account.name)}** :gray[{offices}]")
    steps = second.of(ws, account.id)
    ways = [
        "codes from an app" if steps.codes else None,
        words.count(len(steps.passkeys), "passkey") if steps.passkeys else None,
    ]
    st.markdown(f"Second step: {words.line(*ways) or 'none'}")
    st.html(
        '<a href="/account/own" target="_self" style="color:inherit">Name, passphrase, second step, where you are '
        "signed in…</a>"
    )


def everybody() -> None:
    """For an admin: who signs in here."""
    ws = desk.workspace()
    if desk.house().demo or not policy.may(ws, desk.me(), "house.accounts"):
        return
    with st.container(border=True):
        st.header("People")
        for account in accounts.listed(ws):
            offices = ", ".join(sorted(office.words for office in account.offices))
            state = " · disabled" if account.disabled else ""
            st.markdown(f"{words.plain(account.name)} :gray[{offices}{state}]")
        st.html(
            '<a href="/account/people" target="_self" style="color:inherit">Add or change people…</a>'
        )


def owners() -> dict[str, str]:
    """Whose passphrase each slot is, by the slot's id; told where there are several people."""
    everyone = accounts.active(desk.workspace())
    return {a.slot: a.name for a in everyone if a.slot} if len(everyone) > 1 else {}
