"""Streamlit pages and the player: they draw, they decide nothing."""
