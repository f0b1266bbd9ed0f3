"""A house in memory for what the gate and the routes need of one, and an app to stand behind it."""

from __future__ import annotations

import io
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import numpy as np

from tests.web.driver import Browser
from vig.app.columns import times_to_bytes
from vig.catalogue.values import Account
from vig.domain.account import FIRST_OFFICES
from vig.domain.family import Purpose
from vig.domain.recording import FrameTimes
from vig.errors import NoConsent, Unknown, VaultLocked, WrongKey
from vig.web.gate import Gate
from vig.web.porch import Porch

PASSPHRASE = "apple river cloud seven"
FILM = "0" * 32
WITHHELD = "f" * 32
BYTES = bytes(range(256)) * 4096  # 1 MiB, every offset recognisable
TIMES = FrameTimes(np.array([0, 33_367, 66_733, 150_000], np.int64), 183_367)


class Reader(io.BytesIO):
    size = len(BYTES)


class MemoryCatalogue:
    """Whoever asks has an account, is guider and admin, and alone in the house."""

    def account(self, account_id: str) -> Account:
        return Account(account_id, "guider", FIRST_OFFICES, None, False, 1)

    def accounts(self) -> tuple[Account, ...]:
        return (self.account("guider"),)

    def codes_of(self, account_id: str) -> None:
        return None

    def passkeys(self, account_id: str) -> tuple[()]:
        return ()

    def act(self, *told: Any, **more: Any) -> Any:
        return nullcontext()


class MemoryWorkspace:
    """One film that may be watched but not shown to others, and one that may not be touched."""

    jobs: Any = SimpleNamespace(list=tuple)

    def __init__(self) -> None:
        self.catalogue = MemoryCatalogue()
        self.opened: list[tuple[str, Purpose, str, str]] = []
        self.readers: list[Reader] = []
        self.closed: set[tuple[str, str]] = set()

    def check(self, recording_id: str, purpose: Purpose, actor: str) -> None:
        if recording_id not in (FILM, WITHHELD):
            raise Unknown(kind="film", name=recording_id)
        if recording_id == WITHHELD or purpose is not Purpose.KEEP:
            raise NoConsent(purpose=purpose.words)

    def open(
        self, recording_id: str, purpose: Purpose, kind: str = "film", *, actor: str
    ) -> Reader:
        self.check(recording_id, purpose, actor)
        self.opened.append((recording_id, purpose, kind, actor))
        self.readers.append(Reader(BYTES))
        return self.readers[-1]

    def still_open(self, recording_id: str, purpose: Purpose, actor: str) -> bool:
        return (recording_id, actor) not in self.closed

    def read_all(self, recording_id: str, kind: str) -> bytes:
        return {"times": times_to_bytes(TIMES)}[kind]


class MemoryHouse:
    """Opens with PASSPHRASE; what happens is told in ``happened``."""

    demo = False

    def __init__(self, state: str = "locked") -> None:
        self.state = state
        self.happened: list[str] = []
        self._workspace = MemoryWorkspace()

    @property
    def workspace(self) -> Any:
        if self.state != "open":
            raise VaultLocked
        return self._workspace

    asks_name = False

    def sign_in(self, name: str, secret: str) -> str:
        self.happened.append("unlock")
        if secret != PASSPHRASE:
            raise WrongKey
        self.state = "open"
        return "guider"

    def lock(self) -> None:
        self.happened.append("lock")
        self.state = "locked"

    def close(self) -> None:
        self.happened.append("close")

    def sign_log(self) -> None:
        self.happened.append("sign")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def behind(scope: Any, receive: Any, send: Any) -> None:
    """What stands behind the gate: says the path, or what it hears on a websocket."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": "heard " + message["text"]})
        return
    headers = [(b"content-type", b"text/plain"), (b"etag", b'"x"'), (b"last-modified", b"now")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"behind " + scope["path"].encode()})


def gated(porch: Porch, **more: Any) -> Browser:
    return Browser(Gate(behind, porch, **more))


def open_porch(**more: Any) -> tuple[Porch, str]:
    """A porch of an open house, and the token of somebody signed in."""
    porch = Porch(MemoryHouse("open"), **more)  # type: ignore[arg-type]
    return porch, porch.sessions.begin("guider")
