"""The Lock button on every page, and the watch that signs an abandoned page out."""

from __future__ import annotations

from vig.ui.parts import part


def door(who: str) -> None:
    """Draw it once a page, above everything else."""
    part("door")(key="door", data={"who": who}, height="content")
