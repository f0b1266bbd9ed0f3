"""Run by Streamlit as a script when the library page is looked at."""

from vig.ui.library import page

page()
