"""How long work reports how far it is, and how it is stopped."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Progress: TypeAlias = Callable[[float], None]
"""Called with the share done, 0 to 1, never falling. It may raise ``Cancelled`` to stop the work."""


def unheard(share: float) -> None:
    """The progress that nobody listens to."""
