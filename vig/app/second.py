"""The second step of signing in: codes from an authenticator app, printed codes, passkeys.

It guards the *app*: who has the vault's files and a passphrase has the films, whatever stands here
(docs/adr/0016). So it is for several people in one house, where an admin must have one.

Codes are RFC 6238 (SHA-1, six digits, 30 seconds, which is what every authenticator app knows); one
step of drift either way; a step once taken is never taken again. Ten printed codes work once each.
Passkeys are WebAuthn, checked by py_webauthn, bound to this address, without attestation.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor import InvalidToken
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from vig.app import accounts, policy
from vig.catalogue.values import Account, Passkey
from vig.domain.account import Office
from vig.errors import BadValue, WrongCode, WrongPasskey

if TYPE_CHECKING:
    from vig.app.workspace import Workspace

STEP = 30
"""Seconds that one code is shown for."""
SPARES = 10
ISSUER = "VIG review"
_SPARE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@dataclass(frozen=True, slots=True)
class Steps:
    """What an account's second step may be made with."""

    codes: bool
    spares: int
    passkeys: tuple[Passkey, ...]

    @property
    def any(self) -> bool:
        return self.codes or bool(self.passkeys)


def of(ws: Workspace, account_id: str) -> Steps:
    kept = ws.catalogue.codes_of(account_id)
    spares = len(kept["spare"]) if kept else 0
    return Steps(kept is not None, spares, ws.catalogue.passkeys(account_id))


def needed(ws: Workspace, account: Account) -> bool:
    """Whether this account must have a second step: an admin, as soon as others sign in too."""
    return Office.ADMIN in account.offices and len(accounts.active(ws)) > 1


# --- codes


def new_secret() -> str:
    """160 random bits in base 32, as authenticator apps take it."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def address(secret: str, account: Account) -> str:
    """The ``otpauth`` address that the square holds."""
    return _totp(secret).get_provisioning_uri(account.name, ISSUER)


def square(text: str) -> str:
    """The address as a square to be photographed: an inline SVG, drawn here."""
    import segno

    drawn = io.BytesIO()
    segno.make(text, error="m").save(
        drawn, kind="svg", scale=5, border=2, xmldecl=False, svgns=True, nl=False, light="#fff"
    )
    return drawn.getvalue().decode()


def set_up_codes(
    ws: Workspace, account_id: str, secret: str, code: str, *, now: Callable[[], float] = time.time
) -> tuple[str, ...]:
    """Begin with codes, once one of them was typed back; ten printed codes. WrongCode."""
    policy.authorise(ws, account_id, "account.own", by=account_id)
    step = _step_of(secret, code, int(now()), 0)
    if step is None:
        raise WrongCode
    spares = tuple(_spare() for _ in range(SPARES))
    kept = {"secret": secret, "step": step, "spare": [_digest(spare) for spare in spares]}
    with ws.catalogue.act(account_id, "second.codes", object=account_id) as act:
        act.set_codes(account_id, kept)
    return spares


def check_code(
    ws: Workspace, account_id: str, typed: str, *, now: Callable[[], float] = time.time
) -> None:
    """Take a code of the app, or one of the printed ones, once and never again. WrongCode.

    Looked up and struck out in one transaction, so that two tries at once cannot both pass.
    """
    text = "".join(typed.split()).replace("-", "").upper()
    try:
        with ws.catalogue.act(account_id, "second.code", object=account_id) as act:
            kept = act.codes_of(account_id)
            taken = None if kept is None else _taken(kept, text, int(now()))
            if taken is None:
                raise WrongCode
            act.set_codes(account_id, taken)
    except WrongCode:
        ws.catalogue.denied(account_id, "second.code", object=account_id)
        raise


def _taken(kept: dict[str, Any], text: str, now: int) -> dict[str, Any] | None:
    """What is to be kept once this code was taken; None where it is none."""
    step = _step_of(kept["secret"], text, now, kept["step"])
    if step is not None:
        return {**kept, "step": step}
    digest = _digest(text)
    if digest in kept["spare"]:
        return {**kept, "spare": [spare for spare in kept["spare"] if spare != digest]}
    return None


def _step_of(secret: str, code: str, now: int, last: int) -> int | None:
    """The step whose code this is, later than ``last`` and at most one away from now."""
    for step in (now // STEP, now // STEP - 1, now // STEP + 1):
        if step > last:
            try:
                _totp(secret).verify(code.encode(), step * STEP)
            except InvalidToken:
                continue
            return step
    return None


def _totp(secret: str) -> TOTP:
    # RFC 6238 as the apps have it; SHA-1 is no weakness inside HMAC.
    return TOTP(base64.b32decode(secret), 6, SHA1(), STEP)  # noqa: S303


def _spare() -> str:
    letters = "".join(secrets.choice(_SPARE_LETTERS) for _ in range(10))
    return f"{letters[:5]}-{letters[5:]}"


def _digest(spare: str) -> str:
    """50 random bits, kept sealed besides: a plain digest is enough."""
    return hashlib.sha256(b"vig spare v1" + spare.replace("-", "").encode()).hexdigest()


# --- passkeys


@dataclass(frozen=True, slots=True)
class Question:
    """What a device is asked, for the browser, and the challenge that its answer must hold."""

    options: str
    challenge: bytes


@dataclass(frozen=True, slots=True)
class Site:
    """The address that a passkey is bound to."""

    host: str
    """A host name such as ``localhost``; passkeys refuse a bare IP address."""
    origin: str


def ask_new(ws: Workspace, account: Account, site: Site) -> Question:
    """What to ask a device that is to be set up."""
    from webauthn import generate_registration_options, options_to_json
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        PublicKeyCredentialDescriptor,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    policy.authorise(ws, account.id, "account.own", by=account.id)
    options = generate_registration_options(
        rp_id=site.host,
        rp_name=ISSUER,
        user_id=bytes.fromhex(account.id),
        user_name=account.name,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=key.credential)
            for key in ws.catalogue.passkeys(account.id)
        ],
    )
    return Question(options_to_json(options), options.challenge)


def keep_new(
    ws: Workspace, account_id: str, answer: dict[str, Any], name: str, *, asked: bytes, site: Site
) -> Passkey:
    """The device's answer, checked and kept. WrongPasskey, BadValue."""
    from webauthn import verify_registration_response
    from webauthn.helpers.exceptions import WebAuthnException

    policy.authorise(ws, account_id, "account.own", by=account_id)
    try:
        made = verify_registration_response(
            credential=answer,
            expected_challenge=asked,
            expected_rp_id=site.host,
            expected_origin=site.origin,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise WrongPasskey from None
    with ws.catalogue.act(account_id, "second.passkey", object=account_id) as act:
        return act.add_passkey(
            account_id,
            name.strip() or "passkey",
            credential=made.credential_id,
            public=made.credential_public_key,
        )


def ask_known(ws: Workspace, account_id: str, site: Site) -> Question:
    """What to ask one of the devices that are set up."""
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    options = generate_authentication_options(
        rp_id=site.host,
        allow_credentials=[
            PublicKeyCredentialDescriptor(id=key.credential)
            for key in ws.catalogue.passkeys(account_id)
        ],
    )
    return Question(options_to_json(options), options.challenge)


def check_passkey(
    ws: Workspace, account_id: str, answer: dict[str, Any], asked: bytes, site: Site
) -> None:
    """The device's answer to :func:`ask_known`; its count of uses must have risen. WrongPasskey."""
    from webauthn import verify_authentication_response
    from webauthn.helpers import base64url_to_bytes
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        credential = base64url_to_bytes(answer["rawId"])
        key = next(k for k in ws.catalogue.passkeys(account_id) if k.credential == credential)
        seen = verify_authentication_response(
            credential=answer,
            expected_challenge=asked,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=key.public,
            credential_current_sign_count=key.count,
        )
    except (WebAuthnException, StopIteration, ValueError, KeyError, TypeError):
        ws.catalogue.denied(account_id, "second.passkey", object=account_id)
        raise WrongPasskey from None
    with ws.catalogue.act(account_id, "second.passkey-used", object=account_id) as act:
        act.used_passkey(key.id, seen.new_sign_count)


def parsed(answer: str) -> dict[str, Any]:
    """A browser's JSON; WrongPasskey for anything else."""
    try:
        found = json.loads(answer)
    except ValueError:
        raise WrongPasskey from None
    if not isinstance(found, dict):
        raise WrongPasskey
    return found


# --- taking away


def drop_codes(ws: Workspace, account_id: str) -> None:
    """No codes any more. BadValue where an admin would be left without a second step."""
    policy.authorise(ws, account_id, "account.own", by=account_id)
    _check_left(ws, account_id, bool(ws.catalogue.passkeys(account_id)))
    with ws.catalogue.act(account_id, "second.codes-off", object=account_id) as act:
        act.set_codes(account_id, None)


def drop_passkey(ws: Workspace, account_id: str, passkey_id: str) -> None:
    """One device less. BadValue as above, or where it is somebody else's."""
    policy.authorise(ws, account_id, "account.own", by=account_id)
    mine = ws.catalogue.passkeys(account_id)
    if passkey_id not in {key.id for key in mine}:
        raise BadValue(what="This device is not among yours.")
    codes = ws.catalogue.codes_of(account_id) is not None
    _check_left(ws, account_id, codes or len(mine) > 1)
    with ws.catalogue.act(account_id, "second.passkey-off", object=account_id) as act:
        act.drop_passkey(passkey_id)


def _check_left(ws: Workspace, account_id: str, left: bool) -> None:
    if not left and needed(ws, ws.catalogue.account(account_id)):
        raise BadValue(what="An admin keeps a second step while others sign in here too.")
