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
from dataclasses import dataclass, field

COOKIE = "__Host-vig_session"
"""``__Host-`` makes the browser insist on Secure, on path ``/`` and on no other host."""

IDLE = 15 * 60.0
"""Seconds without a sign of a person after which a session ends (at most 15 min: NHS DCB0129
hazard "unattended screen", requirement 23)."""

LONGEST_SHOWING = 60 * 60.0
"""Seconds for which a review that is being shown counts as a person, after the last real sign of
one: a shared review lasts up to an hour, and a film left looping must not stay open all day."""

LONGEST = 12 * 3600.0
"""Seconds after which a session ends in any case."""

HALFWAY = 10 * 60.0
"""Seconds for somebody whose passphrase was right to do what is still asked of them."""


SURE = 5 * 60.0
"""Seconds for which a passphrase that was typed lets its person change who can come in."""


def awake_and_asleep() -> float:
    """Seconds that go on counting while the computer sleeps, so that a closed lid locks."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.time()


@dataclass(slots=True)
class Session:
    """One browser in which somebody signed in, or is about to."""

    actor: str
    """The account's id."""
    began: float
    active: float
    whole: bool = True
    """False between the passphrase and what is asked after it: nothing but that is answered."""
    where: str = ""
    """The browser by its own word, to tell one from the other in a list."""
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    """Names it in that list; opens nothing."""
    shown: float = 0.0
    """When a review was last being shown in it, without anybody at the keys."""
    tries: int = 0
    """Wrong second steps so far."""
    passed: bool = False
    """Whether the second step was made, or proved needless by the recovery code."""
    sure_until: float = 0.0
    """Until when the passphrase counts as just typed: what decides who comes in asks for it."""
    asked: bytes = field(default=b"", repr=False)
    """The challenge that a device's answer must hold; used once."""
    secret: str = field(default="", repr=False)
    """What an authenticator app is being set up with, until a code of it was typed back."""


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

    def begin(self, actor: str, *, whole: bool = True, where: str = "") -> str:
        """A new session; returns the token for the cookie, which is not kept here."""
        token = secrets.token_urlsafe(32)
        now = self._clock()
        with self._guard:
            self._open[_digest(token)] = Session(actor, now, now, whole, where)
        return token

    def find(self, token: str | None) -> Session | None:
        """The session of this token; None when there is none, when it has run out or is half."""
        session = self._found(token)
        return session if session is not None and session.whole else None

    def halfway(self, token: str | None) -> Session | None:
        """The session of somebody of whom something is still asked; None for everybody else."""
        session = self._found(token)
        return None if session is None or session.whole else session

    def _found(self, token: str | None) -> Session | None:
        if not token:
            return None
        key = _digest(token)
        with self._guard:
            session = self._open.get(key)
            if session is not None and self._over(session):
                del self._open[key]
                return None
            return session

    def listed(self, actor: str) -> tuple[Session, ...]:
        """Where an account is signed in, newest first."""
        with self._guard:
            mine = [s for s in self._open.values() if s.actor == actor and not self._over(s)]
        return tuple(sorted(mine, key=lambda s: s.began, reverse=True))

    def age(self, session: Session) -> float:
        """Seconds since it began."""
        return self._clock() - session.began

    def touch(self, token: str | None) -> bool:
        """Note that a person did something. False when the session is over."""
        session = self.find(token)
        if session is None:
            return False
        session.active = self._clock()
        return True

    def show(self, token: str | None) -> bool:
        """Note that a review is being shown, for at most ``LONGEST_SHOWING`` without a person."""
        session = self.find(token)
        if session is None:
            return False
        session.shown = self._clock()
        return True

    def sure(self, session: Session) -> None:
        """Note that its person has just typed their passphrase."""
        session.sure_until = self._clock() + SURE

    def is_sure(self, session: Session) -> bool:
        return self._clock() < session.sure_until

    def end(self, token: str | None) -> None:
        if token:
            with self._guard:
                self._open.pop(_digest(token), None)

    def end_of(self, actor: str, *, but: str | None = None, only: str | None = None) -> None:
        """End an account's sessions: all ``but`` the one with this token, or ``only`` one by its id."""
        kept = _digest(but) if but else None
        with self._guard:
            for key, session in list(self._open.items()):
                if session.actor == actor and key != kept and only in (None, session.id):
                    del self._open[key]

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
        if not session.whole and now - session.began > HALFWAY:
            return True
        last = max(session.active, min(session.shown, session.active + LONGEST_SHOWING))
        return now - last > self._idle or now - session.began >= self._longest


class Throttle:
    """Makes guessing slow: after five misses, each further try must wait twice as long."""

    FREE = 5
    LONGEST = 300.0

    def __init__(self, clock: Callable[[], float] = awake_and_asleep, free: int = FREE) -> None:
        self._clock = clock
        self._free = free
        self._misses = 0
        self._until = 0.0

    @property
    def wait(self) -> float:
        """Seconds before the next try is looked at; 0 when it may be made now."""
        return max(0.0, self._until - self._clock())

    def missed(self) -> None:
        self._misses += 1
        if self._misses >= self._free:
            pause = min(2.0 ** min(self._misses - self._free, 32), self.LONGEST)
            self._until = self._clock() + pause

    def hit(self) -> None:
        self._misses = 0
        self._until = 0.0


class Throttles:
    """One for each name that is tried, and one over all of them.

    The one over all is not eased by somebody who signs in well: who has an account of their own
    must not get free tries at those of others. It forgets after a quiet quarter of an hour.
    """

    FREE_OVER_ALL = 20
    FORGETS = 900.0
    MOST_NAMES = 1000

    def __init__(self, clock: Callable[[], float] = awake_and_asleep) -> None:
        self._clock = clock
        self._over_all = Throttle(clock, self.FREE_OVER_ALL)
        self._last = 0.0
        self._names: dict[bytes, Throttle] = {}

    def wait(self, name: str) -> float:
        """Seconds before the next try by this name is looked at; 0 when it may be made now."""
        if self._clock() - self._last > self.FORGETS:
            self._over_all.hit()
        known = self._names.get(_key(name))  # asking alone must never push another name out
        return max(known.wait if known else 0.0, self._over_all.wait)

    def missed(self, name: str) -> None:
        self._last = self._clock()
        self._over_all.missed()
        self._of(name).missed()

    def hit(self, name: str) -> None:
        self._of(name).hit()

    def _of(self, name: str) -> Throttle:
        # Of names only digests are held; those that must wait are kept, whatever else is tried.
        key = _key(name)
        if key not in self._names and len(self._names) >= self.MOST_NAMES:
            free = (known for known, held in self._names.items() if held.wait == 0)
            self._names.pop(next(free, next(iter(self._names))))
        return self._names.setdefault(key, Throttle(self._clock))


def _key(name: str) -> bytes:
    return _digest(" ".join(name.split()).casefold())


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
