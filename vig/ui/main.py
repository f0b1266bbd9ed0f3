"""What every page has: its title, the places to go, who is here and the Lock button."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

import streamlit as st

from vig.errors import VigError
from vig.ui import desk
from vig.ui.door import door
from vig.ui.parts import ASSETS

log = logging.getLogger("vig.ui")

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
    page = st.navigation(
        [
            st.Page(LIBRARY, title="Library", url_path="library", default=True),
            st.Page(REVIEW, title="Review", url_path="review"),
            st.Page(SETTINGS, title="Settings", url_path="settings"),
        ],
        position="top",
    )
    who = desk.actor()
    if who is None or desk.house().state != "open":
        st.write("You are signed out.")
        st.html('<a href="/account/sign-in" target="_self">Unlock</a>')
        st.stop()
    st.session_state["actor"] = who
    door(who)
    try:
        page.run()
    except VigError as error:
        desk.say(error)
    except Exception as error:
        # Streamlit would write the message to the log, and a message may quote a name or a path.
        where = traceback.extract_tb(error.__traceback__)[-1]
        log.error("%s at %s:%s", type(error).__name__, Path(where.filename).name, where.lineno)
        st.error("Something went wrong on this page. What was saved is safe; try it once more.")
