"""Our own components: plain ES modules in this package, loaded from our own address, no build step."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import streamlit as st

ASSETS = Path(str(files("vig.ui")))
"""Served under ``/assets/ui/`` (program files by their ending only)."""

_LOADER = """const part = await import(new URL("/assets/ui/{name}/{name}.js", location.origin).href);
export default part.default;
"""


def part(name: str) -> Any:
    """The mount of the component in the folder ``name``: its markup, every style sheet and module.

    The module is loaded by address rather than sent inline, so the policy that forbids foreign
    scripts holds and it is not sent again with every change of data.
    """
    folder = ASSETS / name
    return st.components.v2.component(
        f"vig-{name}",
        html=(folder / f"{name}.html").read_text("utf-8"),
        css="\n".join(sheet.read_text("utf-8") for sheet in sorted(folder.glob("*.css"))),
        js=_LOADER.format(name=name),
    )
