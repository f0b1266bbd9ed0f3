"""The gate: every request and every websocket passes here before Streamlit or a route sees it.

Pure ASGI, because the usual middleware classes never see a websocket and buffer bodies. It

* answers only to this computer, and only under its own host names (DNS rebinding),
* lets nobody without a session past ``/account`` and ``/assets``,
* closes live websockets within a second of sign-out, lock or expiry, and sends nothing after it,
* closes Streamlit's own upload, agent and metrics routes: the first would spool a family's film
  to the temporary folder in plaintext,
* sets the headers that keep films out of the browser's disk cache and pages out of frames.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterable

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vig.app.policy import Visitor
from vig.web.forms import refused
from vig.web.porch import Porch, same_origin
from vig.web.sessions import COOKIE
from vig.web.visit import OPEN_ON_VISIT

PUBLIC = ("/account", "/assets", "/healthz")
CLOSED = ("/_stcore/upload_file", "/_stcore/agent", "/_stcore/metrics", "/media")
"""``/media`` holds what ``st.image`` and the like keep in memory for anybody who knows the
address; nothing of ours goes there but the page icon."""
CACHED = ("/assets/", "/static/", "/_stcore/bidi-components/")
"""Program files. Everything else may hold a family's bytes and is never stored by the browser."""

CSP = "; ".join(
    (
        "default-src 'self'",
        # blob: for the one-line loaders of Streamlit's components; no inline script anywhere.
        "script-src 'self' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "object-src 'none'",
    )
)
PAGE_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""For our own pages before the door, which need less."""

HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    # Not "no-referrer": with it browsers send "Origin: null" for forms, and the origin is checked.
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), display-capture=()"),
)
_STRIPPED = frozenset({b"cache-control", b"etag", b"last-modified", b"server"})

SIGNED_OUT = 4401
FOREIGN = 4403


class Gate:
    """ASGI middleware around the whole app. ``every``: seconds between looks at live sockets."""

    def __init__(self, app: ASGIApp, porch: Porch, every: float = 1.0) -> None:
        self._app = app
        self._porch = porch
        self._every = every

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        else:
            await self._http(scope, receive, _with_headers(scope["path"], send))

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        conn = HTTPConnection(scope)
        path: str = scope["path"]
        if not self._for_us(conn):
            await PlainTextResponse("This address is not served here.", 421)(scope, receive, send)
        elif _under(path, CLOSED):
            await PlainTextResponse("This is closed here.", 403)(scope, receive, send)
        elif _under(path, ("/account",)) and self._away(conn, path):
            words = "Not during a visit. End the visit first, with your passphrase."
            await refused(words, 403)(scope, receive, send)
        elif _under(path, PUBLIC) or self._porch.who(conn) is not None:
            await self._app(scope, receive, send)
        elif "text/html" in conn.headers.get("accept", ""):
            await RedirectResponse("/account/sign-in", 303)(scope, receive, send)
        else:
            await PlainTextResponse("Sign in first.", 401)(scope, receive, send)

    def _away(self, conn: HTTPConnection, path: str) -> bool:
        """Whether this browser is on a visit, which has no business with accounts."""
        session = self._porch.who(conn)
        return (
            session is not None
            and isinstance(session.actor, Visitor)
            and path != "/account"
            and path not in OPEN_ON_VISIT
        )

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        conn = HTTPConnection(scope)
        # Refused before Streamlit's own origin check, which would ask an outside server.
        ours = self._for_us(conn) and same_origin(conn)
        if not ours or self._porch.who(conn) is None:
            await receive()  # websocket.connect; closing before accepting answers HTTP 403
            code = SIGNED_OUT if ours else FOREIGN
            await send({"type": "websocket.close", "code": code})
            return
        await _Watched(self._porch, conn.cookies.get(COOKIE), receive, send).run(
            self._app, scope, self._every
        )

    def _for_us(self, conn: HTTPConnection) -> bool:
        if self._porch.loopback_only and not _is_loopback(conn.client.host if conn.client else ""):
            return False
        host = conn.headers.get("host", "")
        name = host if host.endswith("]") else host.rsplit(":", 1)[0]
        return name.lower() in self._porch.hosts


class _Watched:
    """A live websocket that ends with its session."""

    def __init__(self, porch: Porch, token: str | None, receive: Receive, send: Send) -> None:
        self._porch = porch
        self._token = token
        self._receive = receive
        self._send = send
        self._mail: asyncio.Queue[Message] = asyncio.Queue()
        self._closed = False

    async def run(self, app: ASGIApp, scope: Scope, every: float) -> None:
        tasks = [asyncio.create_task(self._pump()), asyncio.create_task(self._watch(every))]
        try:
            await app(scope, self._incoming, self._outgoing)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _over(self) -> bool:
        return self._porch.with_token(self._token) is None

    async def _pump(self) -> None:
        while True:
            message = await self._receive()
            await self._mail.put(message)
            if message["type"] == "websocket.disconnect":
                return

    async def _watch(self, every: float) -> None:
        while not self._over():
            await asyncio.sleep(every)
        await self._hang_up()

    async def _hang_up(self) -> None:
        if not self._closed:
            self._closed = True
            await self._send({"type": "websocket.close", "code": SIGNED_OUT})
            await self._mail.put({"type": "websocket.disconnect", "code": SIGNED_OUT})

    async def _incoming(self) -> Message:
        message = await self._mail.get()
        if message["type"] == "websocket.receive" and self._over():
            await self._hang_up()
            return {"type": "websocket.disconnect", "code": SIGNED_OUT}
        return message

    async def _outgoing(self, message: Message) -> None:
        if self._closed:
            return
        if self._over():
            await self._hang_up()
            return
        self._closed = message["type"] == "websocket.close"
        await self._send(message)


def _with_headers(path: str, send: Send) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers: Iterable[tuple[bytes, bytes]] = message.get("headers", ())
            if not path.startswith(CACHED):
                kept = [pair for pair in headers if pair[0].lower() not in _STRIPPED]
                headers = [*kept, (b"cache-control", b"no-store, private")]
            csp = PAGE_CSP if _under(path, ("/account",)) else CSP
            message["headers"] = [*headers, *HEADERS, (b"content-security-policy", csp.encode())]
        await send(message)

    return guarded


def _under(path: str, roots: Iterable[str]) -> bool:
    return any(path == root or path.startswith(root + "/") for root in roots)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.split("%", maxsplit=1)[0]).is_loopback
    except ValueError:
        return False
