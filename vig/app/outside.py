"""Signing in through a service of one's organisation (OpenID Connect). Off unless it is set up.

The file that ``VIG_OIDC`` names says which service; nothing is contacted before somebody chooses to
sign in there. The service says who somebody is (issuer and subject); which account that is was said
before, by its person, signed in here. No account is ever made by it, and no vault is opened: the
house must be open already.

Authorization code with PKCE, state and nonce; Authlib checks the ID token's claims, joserfc its
signature. The few requests go through the standard library, over https only, but for a service on
this very computer.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import tomllib
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vig.app import policy
from vig.catalogue.values import Account
from vig.errors import BadValue, NoService, WrongService

if TYPE_CHECKING:
    from vig.app.workspace import Workspace

SETTING = "VIG_OIDC"
PATIENCE = 10.0
"""Seconds for one answer of the service."""
LONGEST_ANSWER = 2**20
LEEWAY = 60
"""Seconds by which the two clocks may differ."""
SIGNATURES = ["RS256", "ES256", "PS256", "EdDSA"]
HERE = frozenset({"localhost", "127.0.0.1"})


@dataclass(frozen=True, slots=True)
class Service:
    """What the file says."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str
    second_step: bool
    """Whether the service asks for a second step itself, so that ours is not asked too."""


def configured() -> Service | None:
    """The service, where ``VIG_OIDC`` names a file about one; None otherwise. BadValue.

    A TOML file: ``issuer``, ``client_id``, ``client_secret``, and if wanted ``name`` (as it stands on
    the button) and ``second_step`` (true where the service asks for one).
    """
    path = os.environ.get(SETTING)
    if not path:
        return None
    try:
        told = tomllib.loads(Path(path).read_text("utf-8"))
        return Service(
            issuer=_safe(str(told["issuer"])).rstrip("/"),
            client_id=str(told["client_id"]),
            client_secret=str(told.get("client_secret", "")),
            name=str(told.get("name", "your organisation")),
            second_step=told.get("second_step") is True,
        )
    except (OSError, KeyError, ValueError):
        raise BadValue(what="The file named in VIG_OIDC cannot be used as it is.") from None


@dataclass(frozen=True, slots=True)
class Asking:
    """One sign-in under way: kept here, while the browser is at the service."""

    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    back: str
    """Our address that the service sends the browser to."""
    link: str | None = None
    """The account that is to be known by this service from now on; None to sign in."""


def begin(service: Service, back: str, link: str | None = None) -> tuple[Asking, str]:
    """A sign-in under way, and the address to send the browser to. NoService."""
    from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
    from authlib.oauth2.rfc7636 import create_s256_code_challenge

    asking = Asking(
        state=secrets.token_urlsafe(24),
        nonce=secrets.token_urlsafe(24),
        verifier=secrets.token_urlsafe(48),
        back=back,
        link=link,
    )
    where = prepare_grant_uri(
        _described(service)["authorization_endpoint"],
        client_id=service.client_id,
        response_type="code",
        redirect_uri=back,
        scope="openid",
        state=asking.state,
        nonce=asking.nonce,
        prompt="login",  # who sits here now, not who once signed in in this browser
        code_challenge=create_s256_code_challenge(asking.verifier),
        code_challenge_method="S256",
    )
    return asking, str(where)


def subject_of(service: Service, asking: Asking, code: str) -> str:
    """Who the service says this is: its issuer and its word for the person. NoService, WrongService."""
    described = _described(service)
    asked = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": asking.back,
        "client_id": service.client_id,
        "code_verifier": asking.verifier,
    }
    headers = {"content-type": "application/x-www-form-urlencoded"}
    if service.client_secret:
        pair = f"{_quoted(service.client_id)}:{_quoted(service.client_secret)}"
        headers["authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    body = urllib.parse.urlencode(asked).encode()
    answer = _fetched(described["token_endpoint"], body, headers)
    return _subject_in(service, asking, answer, _fetched(described["jwks_uri"]))


def _subject_in(
    service: Service, asking: Asking, answer: dict[str, Any], keys: dict[str, Any]
) -> str:
    """What the ID token says, once its signature and every claim were checked."""
    from authlib.oidc.core import CodeIDToken
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    try:
        token = jwt.decode(str(answer["id_token"]), KeySet.import_key_set(keys), SIGNATURES)  # type: ignore[arg-type]
        claims = CodeIDToken(
            token.claims,
            token.header,
            {
                "iss": {"essential": True, "value": service.issuer},
                "aud": {"essential": True, "value": service.client_id},
            },
            {
                "nonce": asking.nonce,
                "client_id": service.client_id,
                "access_token": answer.get("access_token"),
            },
        )
        claims.validate(leeway=LEEWAY)
        subject = claims["sub"]
    except (JoseError, KeyError, ValueError, TypeError):
        raise WrongService from None
    if not isinstance(subject, str) or not subject:
        raise WrongService
    return f"{service.issuer}|{subject}"


def account_of(ws: Workspace, subject: str) -> Account:
    """The account that is known by this; WrongService where none is, or it is disabled."""
    account = ws.catalogue.account_of_subject(subject)
    if account is None or account.disabled:
        ws.catalogue.denied("caller", "sign-in.outside", object=account.id if account else None)
        raise WrongService
    return account


def know(ws: Workspace, account_id: str, subject: str | None) -> Account:
    """From now on this account is known by the service so; None forgets it. BadValue."""
    policy.authorise(ws, account_id, "account.own", by=account_id)
    with ws.catalogue.act(account_id, "account.outside", object=account_id) as act:
        return act.know_subject(account_id, subject)


def _described(service: Service) -> dict[str, Any]:
    """What the service says of itself; NoService where it is another than the one that was named."""
    said = _fetched(f"{service.issuer}/.well-known/openid-configuration")
    if str(said.get("issuer", "")).rstrip("/") != service.issuer:
        raise NoService
    try:
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            _safe(said[name])
    except (KeyError, ValueError):
        raise NoService from None
    return said


class _Stay(urllib.request.HTTPRedirectHandler):
    """A service that sends us elsewhere is not followed."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _fetched(
    address: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310  (checked by _safe)
        _safe(address), body, {"accept": "application/json", **(headers or {})}
    )
    try:
        with urllib.request.build_opener(_Stay).open(request, timeout=PATIENCE) as answer:
            found = json.loads(answer.read(LONGEST_ANSWER))
    except (urllib.error.URLError, OSError, ValueError):
        raise NoService from None
    if not isinstance(found, dict):
        raise NoService
    return found


def _safe(address: str) -> str:
    """The address, where it is https or on this computer; ValueError."""
    parts = urllib.parse.urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in HERE):
        raise ValueError("neither https nor on this computer")
    return address


def _quoted(text: str) -> str:
    return urllib.parse.quote(text, safe="")
