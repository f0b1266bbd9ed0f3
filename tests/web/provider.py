"""A small sign-in service of an organisation, on this computer: OpenID Connect with real signatures."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "vig-review", "between us two"


class Provider:
    """Lets in whoever ``subject`` says; ``claims`` and ``key`` may be bent by a test."""

    def __init__(self) -> None:
        self.subject = "ann"
        self.claims: dict[str, Any] = {}
        self.published = RSAKey.generate_key(2048, parameters={"kid": "one"})
        self.key = self.published
        self.asked: list[str] = []
        self.issuer = ""
        self._codes: dict[str, dict[str, str]] = {}

    def visit(self, address: str) -> str:
        """What a browser does there: signs in, and is sent back; the address it is sent to."""
        asked = {k: v[0] for k, v in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self._codes)}"
        self._codes[code] = asked
        return f"{asked['redirect_uri']}?code={code}&state={asked['state']}"

    def token(self, fields: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """Exchanges a code, once, with the right secret and the right verifier."""
        asked = self._codes.pop(fields["code"], None)
        pair = base64.b64encode(f"{CLIENT}:{SECRET}".replace(" ", "%20").encode()).decode()
        digest = hashlib.sha256(fields["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or authorization != f"Basic {pair}":
            return None
        if challenge != asked["code_challenge"] or fields["redirect_uri"] != asked["redirect_uri"]:
            return None
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": self.subject,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 60,
            "nonce": asked["nonce"],
            **self.claims,
        }
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)
        return {"access_token": "opaque", "token_type": "Bearer", "id_token": signed}


@contextmanager
def running() -> Iterator[Provider]:
    """The service, listening on a port of its own until the block ends."""
    provider = Provider()

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            provider.asked.append(self.path)
            if self.path == "/.well-known/openid-configuration":
                self._say(
                    {
                        "issuer": provider.issuer,
                        "authorization_endpoint": f"{provider.issuer}/authorize",
                        "token_endpoint": f"{provider.issuer}/token",
                        "jwks_uri": f"{provider.issuer}/keys",
                    }
                )
            elif self.path.startswith("/authorize?"):
                self.send_response(302)
                self.send_header("location", provider.visit(self.path))
                self.send_header("content-length", "0")
                self.end_headers()
            elif self.path == "/keys":
                self._say({"keys": [provider.published.as_dict(private=False)]})
            else:
                self.send_error(404)

        def do_POST(self) -> None:
            provider.asked.append(self.path)
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            fields = {k: v[0] for k, v in parse_qs(body).items()}
            answer = provider.token(fields, self.headers.get("authorization", ""))
            if answer is None:
                self.send_error(400)
            else:
                self._say(answer)

        def _say(self, answer: dict[str, Any]) -> None:
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    provider.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
