"""On every page: who is here, the Lock button, visit mode, and the key that hides the picture.

It also holds the watch that signs an abandoned page out.
"""

from __future__ import annotations

from vig.ui.parts import part


def door(who: str, visit: str | None = None) -> None:
    """Draw it once a page, above everything else. ``visit``: the pseudonym of the visited family."""
    part("door")(key="door", data={"who": who, "visit": visit}, height="content")
