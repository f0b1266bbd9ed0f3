"""Where the pages find the house they draw: seated once, before the server starts."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from vig.app.policy import Visitor
from vig.errors import VaultLocked, VigError

if TYPE_CHECKING:
    from vig.app.house import House
    from vig.app.workspace import Workspace

log = logging.getLogger("vig.ui")

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


def me() -> str:
    """Who looks at this page, asked anew: also within a callback. Raises VaultLocked."""
    who = actor()
    if who is None:
        raise VaultLocked
    return who


def on_visit() -> bool:
    """Whether this browser is in a family's home; what it may not do there is not offered."""
    return isinstance(actor(), Visitor)


@contextmanager
def told() -> Iterator[None]:
    """Shows an error as its sentence and advice, and lets the rest of the page be drawn.

    It also keeps what nobody foresaw out of the log: Streamlit would write the message there, and a
    message may quote a name or a path.
    """
    try:
        yield
    except VigError as error:
        say(error)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        log.error("%s at %s:%s", type(error).__name__, Path(where.filename).name, where.lineno)
        st.error("Something went wrong on this page. What was saved is safe; try it once more.")


def say(error: VigError) -> None:
    advice = f"  \n{error.advice}" if error.advice else ""
    st.error(f"{error}{advice}", icon=":material/error:")
