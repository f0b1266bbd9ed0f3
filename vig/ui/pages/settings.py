"""Run by Streamlit as a script when the settings page is looked at."""

from vig.ui.settings import page

page()
