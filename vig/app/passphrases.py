"""Passphrases: whether one will do, fresh ones, and how one is known again."""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

from vig.errors import MistypedCode, SlotsMissing, Unknown
from vig.vault.keys import Passphrase, RecoveryCode, Secret, Slots
from vig.vault.secrets import hashed

if TYPE_CHECKING:
    from vig.app.workspace import Workspace

SHORTEST = 12
"""Characters of a passphrase, at least."""

SERVED = "served"
"""Setting: an operator opens this vault, and accounts have no key slot of their own."""

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like another


def strength(passphrase: str) -> tuple[bool, str]:
    """Whether a passphrase will do, and one sentence about it."""
    distinct = len(set(passphrase.casefold()))
    if len(passphrase) < SHORTEST:
        return False, f"Use at least {SHORTEST} characters; four or five words are good."
    if distinct < 6:
        return False, "This repeats itself too much; four or five words are good."
    words = len(passphrase.split())
    if words >= 5 or (len(passphrase) >= 20 and distinct >= 10):
        return True, "Strong. Nobody can open the vault without it or the recovery code."
    return True, "Good enough. One word more would make it strong."


def secret_from(text: str) -> Secret:
    """A recovery code where it can be one, a passphrase otherwise."""
    if text.count("-") >= 10:
        with suppress(MistypedCode):
            return RecoveryCode(text)
    return Passphrase(text)


def is_recovery_code(text: str) -> bool:
    return isinstance(secret_from(text or " "), RecoveryCode)


def fresh() -> str:
    """Four groups of five: about 99 random bits, to be typed once."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(4))


def served(ws: Workspace) -> bool:
    return bool(ws.catalogue.setting(SERVED))


def serve(ws: Workspace) -> None:
    """From now on an operator opens this vault: passphrases chosen later are no way into it."""
    if not served(ws):
        with ws.catalogue.act("operator", "settings.served", object="settings") as act:
            act.set(SERVED, True)


def kept(ws: Workspace, passphrase: str) -> tuple[str | None, str | None]:
    """How a passphrase is known again: by a new key slot or, on a server, by a hash."""
    if served(ws):
        return None, hashed(Passphrase(passphrase))
    return Slots.load(ws.root).add(ws.ring, Passphrase(passphrase)).id, None


def drop_slot(ws: Workspace, slot_id: str | None) -> None:
    if slot_id is not None:
        with suppress(Unknown, SlotsMissing):
            Slots.load(ws.root).remove(ws.ring, slot_id)
