"""A browser small enough to see through: requests and websockets straight into an ASGI app."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

HOST = "localhost:8501"


@dataclass(slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True)
class Browser:
    """Sends what a browser sends, and keeps its cookies."""

    app: Any
    cookies: dict[str, str] = field(default_factory=dict)
    host: str = HOST
    client: tuple[str, int] = ("127.0.0.1", 50000)
    html: bool = False
    """Whether it asks for pages (then the gate redirects) rather than for bytes."""

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.send("GET", path, headers=headers)

    async def form(self, path: str, **fields: str) -> Answer:
        kind = {
            "content-type": "application/x-www-form-urlencoded",
            "origin": f"http://{self.host}",
        }
        return await self.send("POST", path, urlencode(fields).encode(), kind)

    async def script(self, method: str, path: str, body: Any = b"", **headers: str) -> Answer:
        """As our own JavaScript asks."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        ours = {"x-vig-request": "1", "origin": f"http://{self.host}"}
        return await self.send(method, path, raw, {**ours, **headers})

    async def send(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> Answer:
        start: dict[str, Any] = {}
        chunks: list[bytes] = []
        waiting = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            if waiting:
                return waiting.pop(0)
            await asyncio.sleep(3600)
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            elif message["type"] == "http.response.body":
                chunks.append(message.get("body", b""))

        await self.app(self.scope("http", method, path, headers or {}), receive, send)
        got = [(k.decode().lower(), v.decode()) for k, v in start["headers"]]
        for name, value in got:
            if name == "set-cookie":
                self._keep(value)
        return Answer(start["status"], dict(got), b"".join(chunks))

    def scope(self, kind: str, method: str, path: str, headers: dict[str, str]) -> dict[str, Any]:
        path, _, query = path.partition("?")
        all_headers = {"host": self.host, **{k.replace("_", "-"): v for k, v in headers.items()}}
        if self.html:
            all_headers.setdefault("accept", "text/html,*/*")
        if self.cookies:
            all_headers["cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        return {
            "type": kind,
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http" if kind == "http" else "ws",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(k.encode(), v.encode()) for k, v in all_headers.items()],
            "client": self.client,
            "server": ("127.0.0.1", 8501),
            "subprotocols": [],
            "state": {},
        }

    def _keep(self, header: str) -> None:
        name, _, rest = header.partition("=")
        value = rest.split(";")[0].strip('"')
        if value and "Max-Age=0" not in header:
            self.cookies[name] = value
        else:
            self.cookies.pop(name, None)


class Socket:
    """One websocket of a browser, for as long as the ``async with`` lasts."""

    def __init__(self, browser: Browser, path: str = "/_stcore/stream", **headers: str) -> None:
        headers.setdefault("origin", f"http://{browser.host}")
        self._scope = browser.scope("websocket", "GET", path, headers)
        self._app = browser.app
        self._in: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.out: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def __aenter__(self) -> Socket:
        await self._in.put({"type": "websocket.connect"})
        self._task = asyncio.create_task(self._app(self._scope, self._in.get, self.out.put))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._in.put({"type": "websocket.disconnect", "code": 1001})
        await asyncio.wait_for(self._task, 5)

    async def say(self, text: str) -> None:
        await self._in.put({"type": "websocket.receive", "text": text})

    async def hear(self, seconds: float = 5) -> dict[str, Any]:
        return await asyncio.wait_for(self.out.get(), seconds)
