"""Run by Streamlit as a script when the review page is looked at."""

from vig.ui.review import page

page()
