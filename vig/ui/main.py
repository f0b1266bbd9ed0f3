"""What every page has: its title, the places to go, who is here and the Lock button."""

from __future__ import annotations

import streamlit as st

from vig.app import accounts, visits
from vig.ui import desk
from vig.ui.door import door
from vig.ui.parts import ASSETS

PAGES = ASSETS / "pages"
LIBRARY = str(PAGES / "library.py")
REVIEW = str(PAGES / "review.py")
SETTINGS = str(PAGES / "settings.py")


def draw() -> None:
    """Run by Streamlit for every look at a page."""
    # The icon is set first: with a material icon the browser would ask fonts.gstatic.com for it.
    st.set_page_config(
        page_title="VIG review",
        page_icon=str(ASSETS / "assets" / "icon.svg"),
        layout="wide",
        initial_sidebar_state="collapsed",
    )
    # Our one style for the pages: on a tablet Streamlit's margins would cost the film a sixth.
    st.html(ASSETS / "assets" / "pages.css")
    pages = [
        st.Page(LIBRARY, title="Library", url_path="library", default=True),
        st.Page(REVIEW, title="Review", url_path="review"),
    ]
    if not desk.on_visit():
        pages.append(st.Page(SETTINGS, title="Settings", url_path="settings"))
    page = st.navigation(pages, position="top")
    who = desk.actor()
    if who is None or desk.house().state != "open":
        st.write("You are signed out.")
        st.html('<a href="/account/sign-in" target="_self">Unlock</a>')
        st.stop()
    st.session_state["actor"] = who
    # First, so that the way out is there however long the rest takes.
    with desk.told():
        account, family = accounts.of(desk.workspace(), who), visits.whose(desk.workspace(), who)
        door(account.name if account else "", family.pseudonym if family else None)
    with desk.told():
        page.run()
