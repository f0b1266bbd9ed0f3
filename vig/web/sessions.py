"""Who is at the screen: sessions that live in this process only and can be ended at any time.

The browser holds a random token in a cookie that no script can read; this process holds only the
token's SHA-256. A restart therefore signs everybody out, which is what a locked house means.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

COOKIE = "__Host-vig_session"
"""``__Host-`` makes the browser insist on Secure, on path ``/`` and on no other host."""

IDLE = 15 * 60.0
"""Seconds without a sign of a person after which a session ends (at most 15 min: NHS DCB0129
hazard "unattended screen", requirement 23)."""

LONGEST = 12 * 3600.0
"""Seconds after which a session ends in any case."""


def awake_and_asleep() -> float:
    """Seconds that go on counting while the computer sleeps, so that a closed lid locks."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.time()


@dataclass(slots=True)
class Session:
    """One browser in which somebody signed in."""

    actor: str
    began: float
    active: float


class Sessions:
    """The open sessions of this process; safe to use from any thread."""

    def __init__(
        self,
        *,
        idle: float = IDLE,
        longest: float = LONGEST,
        clock: Callable[[], float] = awake_and_asleep,
    ) -> None:
        self._idle = idle
        self._longest = longest
        self._clock = clock
        self._open: dict[bytes, Session] = {}
        self._guard = threading.Lock()

    def begin(self, actor: str) -> str:
        """A new session; returns the token for the cookie, which is not kept here."""
        token = secrets.token_urlsafe(32)
        now = self._clock()
        with self._guard:
            self._open[_digest(token)] = Session(actor, now, now)
        return token

    def find(self, token: str | None) -> Session | None:
        """The session of this token; None when there is none or it has run out."""
        if not token:
            return None
        key = _digest(token)
        with self._guard:
            session = self._open.get(key)
            if session is not None and self._over(session):
                del self._open[key]
                return None
            return session

    def touch(self, token: str | None) -> bool:
        """Note that a person did something. False when the session is over."""
        session = self.find(token)
        if session is None:
            return False
        session.active = self._clock()
        return True

    def end(self, token: str | None) -> None:
        if token:
            with self._guard:
                self._open.pop(_digest(token), None)

    def end_all(self) -> None:
        with self._guard:
            self._open.clear()

    def alive(self) -> int:
        """How many sessions are open now; those that have run out are dropped first."""
        with self._guard:
            for key in [key for key, session in self._open.items() if self._over(session)]:
                del self._open[key]
            return len(self._open)

    def _over(self, session: Session) -> bool:
        now = self._clock()
        return now - session.active > self._idle or now - session.began >= self._longest


class Throttle:
    """Makes guessing slow: after five misses, each further try must wait twice as long."""

    FREE = 5
    LONGEST = 300.0

    def __init__(self, clock: Callable[[], float] = awake_and_asleep) -> None:
        self._clock = clock
        self._misses = 0
        self._until = 0.0

    @property
    def wait(self) -> float:
        """Seconds before the next try is looked at; 0 when it may be made now."""
        return max(0.0, self._until - self._clock())

    def missed(self) -> None:
        self._misses += 1
        if self._misses >= self.FREE:
            pause = min(2.0 ** (self._misses - self.FREE), self.LONGEST)
            self._until = self._clock() + pause

    def hit(self) -> None:
        self._misses = 0
        self._until = 0.0


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
