"""What stands before the house: who is signed in, and how a refusal is worded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse

from vig import errors
from vig.app import accounts
from vig.web.sessions import COOKIE, Session, Sessions, Throttles, awake_and_asleep

if TYPE_CHECKING:
    from vig.app.house import House

MARK = "x-vig-request"
"""A header that only our own scripts send: a form on a foreign page cannot."""

LOOK_AGAIN = 1.0
"""Seconds for which an account that was looked up counts as still there."""

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})


@dataclass(slots=True)
class Porch:
    """The house, the sessions and the hosts this process answers to."""

    house: House
    sessions: Sessions = field(default_factory=Sessions)
    throttle: Throttles = field(default_factory=Throttles)
    hosts: frozenset[str] = LOCAL_HOSTS
    loopback_only: bool = True
    clock: Callable[[], float] = awake_and_asleep
    at_lock: list[Callable[[], None]] = field(default_factory=list)
    """What must be forgotten with the keys."""
    kept_open: bool = False
    """Whether an operator opened the house and keeps it so (a server)."""
    one_at_a_time: anyio.Lock = field(default_factory=anyio.Lock)
    """Held while a passphrase or a code is tried."""
    _standing: dict[str, tuple[float, bool]] = field(default_factory=dict)

    def who(self, conn: HTTPConnection) -> Session | None:
        """Who asks; None when nobody is signed in or the house is not open."""
        return self.with_token(conn.cookies.get(COOKIE))

    def with_token(self, token: str | None) -> Session | None:
        session = self.sessions.find(token)
        return session if session is not None and self._stands(session) else None

    def halfway(self, conn: HTTPConnection) -> Session | None:
        """Whose passphrase was right, and of whom something is still asked; None for others."""
        session = self.sessions.halfway(conn.cookies.get(COOKIE))
        return session if session is not None and self._stands(session) else None

    def _stands(self, session: Session) -> bool:
        """Whether the house is open and the account not disabled, even by another process."""
        if self.house.state != "open":
            return False
        now = self.clock()
        looked, fine = self._standing.get(session.actor, (now - LOOK_AGAIN, False))
        if now - looked >= LOOK_AGAIN:
            with suppress(errors.VigError):
                fine = accounts.stands(self.house.workspace, session.actor)
                self._standing[session.actor] = now, fine
        if not fine:
            self.sessions.end_of(session.actor)
        return fine

    def end_of(self, account_id: str) -> None:
        """End an account's sessions now, its websockets within a second."""
        self._standing.pop(account_id, None)
        self.sessions.end_of(account_id)

    def name_of(self, cookies: Mapping[str, str]) -> str | None:
        """The same for a page that has only the browser's cookies."""
        session = self.with_token(cookies.get(COOKIE))
        return session.actor if session is not None else None

    def lock(self) -> None:
        """End every session and drop the keys."""
        self.sessions.end_all()
        self._drop_keys()

    def lock_if_left(self) -> bool:
        """Drop the keys when nobody is signed in any more; True when it did.

        A film being brought in or watched goes on with the keys of its own recording.
        """
        if self.kept_open or self.house.state != "open" or self.sessions.alive():
            return False
        self._drop_keys()
        return True

    def _drop_keys(self) -> None:
        self.house.lock()
        for forget in self.at_lock:
            forget()


def same_origin(conn: HTTPConnection) -> bool:
    """Whether the browser says that a page of this very server sent this."""
    origin = conn.headers.get("origin")
    if origin is None or "://" not in origin:
        return False
    return origin.split("://", 1)[1] == conn.headers.get("host")


def from_our_script(conn: HTTPConnection) -> bool:
    """Whether one of our own scripts sent this (header that forms cannot set, and the origin)."""
    return conn.headers.get(MARK) == "1" and same_origin(conn)


_STATUS: tuple[tuple[type[errors.VigError], int], ...] = (
    (errors.Unknown, 404),
    (errors.AlreadyHere, 409),
    (errors.FilmTooLarge, 413),
    (errors.BadFilm, 415),
    (errors.BadInput, 422),
    (errors.Refused, 403),
    (errors.VaultLocked, 423),
    (errors.WrongKey, 401),
    (errors.MistypedCode, 422),
    (errors.VaultExists, 409),
    (errors.NoVault, 404),
    (errors.SlotsMissing, 409),
    (errors.Conflict, 409),
    (errors.DiskFull, 507),
    (errors.VaultBusy, 503),
)


def status_of(error: errors.VigError) -> int:
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def refusal(error: errors.VigError) -> JSONResponse:
    """An error as one sentence, and what to do next where there is something to say."""
    return JSONResponse({"error": str(error), "advice": error.advice}, status_of(error))
