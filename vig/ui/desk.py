"""Where the pages find the house they draw: seated once, before the server starts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from vig.errors import VaultLocked, VigError

if TYPE_CHECKING:
    from vig.app.house import House
    from vig.app.workspace import Workspace

Who = Callable[[Mapping[str, str]], str | None]
"""The name of the person behind a browser's cookies; None when nobody is signed in."""


@dataclass(slots=True)
class _Seat:
    house: House
    who: Who


_seat: list[_Seat] = []


def seat(house: House, who: Who) -> None:
    """Say which house this process shows, and how to tell who looks at it."""
    _seat[:] = [_Seat(house, who)]


def house() -> House:
    if not _seat:
        raise VaultLocked
    return _seat[0].house


def workspace() -> Workspace:
    """The open vault. Raises VaultLocked."""
    return house().workspace


def actor() -> str | None:
    """Who looks at this page. The gate asks too; a page drawn for nobody would be a leak."""
    return _seat[0].who(st.context.cookies) if _seat else None


@contextmanager
def told() -> Iterator[None]:
    """Shows an error as its sentence and advice, and lets the rest of the page be drawn."""
    try:
        yield
    except VigError as error:
        say(error)


def say(error: VigError) -> None:
    advice = f"  \n{error.advice}" if error.advice else ""
    st.error(f"{error}{advice}", icon=":material/error:")
