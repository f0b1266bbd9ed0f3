"""What a person holds to open a vault: a passphrase, a key file, a printed code, the OS keyring.

Each turns into the 32-byte key of its slot. Nothing here shows itself in ``repr``, ``str``, a
traceback with local variables or a pickle.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn, Protocol, TypeAlias

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vig.errors import BadSlot, BadValue, MistypedCode, NoSecureKeyring, WrongKey

Settings: TypeAlias = Mapping[str, int | str]
"""The public part of how a slot's key is made, as it stands in vault.json."""


class SlotKind(StrEnum):
    """The kinds of ways in."""

    PASSPHRASE = "passphrase"  # noqa: S105  (the name of a kind)
    KEY_FILE = "key-file"
    RECOVERY = "recovery"
    OS_KEYRING = "os-keyring"


class Key(bytes):
    """Secret bytes that do not show themselves. ``bytes(key)`` and ``key.hex()`` do, on purpose."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self)} secret bytes>"

    __str__ = __repr__

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a key is never pickled")


class _Hidden:
    """A secret that does not show itself."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret is never pickled")


class Secret(Protocol):
    """One way into a vault. ``place`` names the vault and the slot in it."""

    @property
    def kind(self) -> SlotKind: ...

    def settings(self, kdf: Kdf, place: str) -> Settings:
        """Fresh settings for a new slot."""

    def slot_key(self, settings: Settings, place: str) -> Key | None:
        """The slot's key; None where this secret cannot have made it. BadSlot before any work."""


# ── passphrases ──────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Kdf:
    """Cost of Argon2id (RFC 9106)."""

    memory_kib: int
    passes: int
    lanes: int


INTERACTIVE = Kdf(memory_kib=64 * 1024, passes=3, lanes=4)
"""RFC 9106, section 4, second recommended option; about half a second. Also the least allowed."""

CHEAPEST = Kdf(memory_kib=8, passes=1, lanes=1)
"""For tests only: refused unless the environment says VIG_TEST_CHEAPEST_KDF=1."""

_LARGEST = Kdf(memory_kib=1024 * 1024, passes=16, lanes=16)


def _allowed(kdf: Kdf) -> bool:
    """Whether these costs may be paid: asked before any memory is set aside for them."""
    if kdf == CHEAPEST:
        return os.environ.get("VIG_TEST_CHEAPEST_KDF") == "1"
    return (
        INTERACTIVE.memory_kib <= kdf.memory_kib <= _LARGEST.memory_kib
        and INTERACTIVE.passes <= kdf.passes <= _LARGEST.passes
        and 1 <= kdf.lanes <= _LARGEST.lanes
    )


class Passphrase(_Hidden):
    """Words that a person remembers. Compared as RFC 8265 (OpaqueString) prepares them: NFC, and
    every kind of space as a plain one. BadValue where nothing was given.
    """

    __slots__ = ("_bytes",)
    kind = SlotKind.PASSPHRASE

    def __init__(self, text: str) -> None:
        plain = "".join(" " if unicodedata.category(c) == "Zs" else c for c in text)
        # A lone surrogate (from a broken terminal) must not end in an error that quotes the text.
        prepared = unicodedata.normalize("NFC", plain).encode("utf-8", "surrogatepass")
        self._bytes = Key(prepared)
        if not text:
            raise BadValue(what="A passphrase cannot be empty.")

    def settings(self, kdf: Kdf, place: str) -> Settings:
        if not _allowed(kdf):
            raise ValueError("too cheap or too costly (CHEAPEST needs VIG_TEST_CHEAPEST_KDF=1)")
        return {
            "memory_kib": kdf.memory_kib,
            "passes": kdf.passes,
            "lanes": kdf.lanes,
            "salt": _salt(),
        }

    def slot_key(self, settings: Settings, place: str) -> Key | None:
        costs = [settings.get(name) for name in ("memory_kib", "passes", "lanes")]
        if set(settings) != {"memory_kib", "passes", "lanes", "salt"} or any(
            type(cost) is not int for cost in costs
        ):
            raise BadSlot
        kdf = Kdf(*costs)  # type: ignore[arg-type]
        if not _allowed(kdf):
            raise BadSlot
        return Key(_argon2(kdf, _salt_in(settings)).derive(self._bytes))


def hashed(passphrase: Passphrase) -> str:
    """What a server keeps to know a passphrase by (PHC text, Argon2id at the cost of a slot)."""
    return _argon2(INTERACTIVE, os.urandom(16)).derive_phc_encoded(passphrase._bytes)


def matches(passphrase: Passphrase, phc: str) -> bool:
    """Whether :func:`hashed` gave ``phc`` for these words."""
    with suppress(InvalidKey, ValueError):
        Argon2id.verify_phc_encoded(passphrase._bytes, phc)
        return True
    return False


def work_in_vain(passphrase: Passphrase) -> None:
    """Cost what a real try costs, so that an unknown name answers no sooner than a known one."""
    _argon2(INTERACTIVE, bytes(16)).derive(passphrase._bytes)


def _argon2(kdf: Kdf, salt: bytes) -> Argon2id:
    return Argon2id(
        salt=salt,
        length=32,
        iterations=kdf.passes,
        lanes=kdf.lanes,
        memory_cost=kdf.memory_kib,
    )


# ── 256 random bits, kept on paper or in a file ──────────────────────────────────────────────


class _Random(_Hidden):
    """32 random bytes: no costly derivation is needed where nothing can be guessed."""

    __slots__ = ("_key",)
    kind: SlotKind
    _key: Key

    def settings(self, kdf: Kdf, place: str) -> Settings:
        return {"salt": _salt()}

    def slot_key(self, settings: Settings, place: str) -> Key | None:
        return _spread(self._key, settings, self.kind)


class KeyFile(_Random):
    """What is in a key file made by :func:`key_file`. WrongKey where it is not one."""

    __slots__ = ()
    kind = SlotKind.KEY_FILE

    def __init__(self, content: bytes) -> None:
        found = _KEY_FILE.fullmatch(content)
        del content
        if found is None:
            raise WrongKey
        self._key = Key(bytes.fromhex(found[1].decode()))


_KEY_FILE = re.compile(rb"vig-key-file-1 ([0-9a-f]{64})\s*")


def key_file() -> bytes:
    """The content of a new key file: one line of text."""
    return Key(b"vig-key-file-1 " + os.urandom(32).hex().encode() + b"\n")


class RecoveryCode(_Random):
    """A printed code made by :func:`recovery_code`, typed in any case, with or without hyphens.

    MistypedCode where its check does not hold (24 bits; a wrong character slips through once in
    16 million).
    """

    __slots__ = ()
    kind = SlotKind.RECOVERY

    def __init__(self, text: str) -> None:
        key = _decoded(text)
        del text
        if key is None:
            raise MistypedCode
        self._key = key


# Crockford's base 32: no I, L, O or U, so that what looks alike reads alike.
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RFC4648 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_TO_RFC4648 = str.maketrans(_DIGITS + "OIL", _RFC4648 + "ABB")
_FROM_RFC4648 = str.maketrans(_RFC4648, _DIGITS)


def recovery_code() -> str:
    """A new printed code: 256 random bits and a check, in 14 groups of four."""
    key = os.urandom(32)
    digits = base64.b32encode(key + _check(key)).decode().translate(_FROM_RFC4648)
    return "-".join(digits[i : i + 4] for i in range(0, len(digits), 4))


def _check(key: bytes) -> bytes:
    return hashlib.sha256(b"vig recovery check v1" + key).digest()[:3]


def _decoded(text: str) -> Key | None:
    digits = re.sub(r"[\s\-‐‑–—]", "", text).upper()
    if len(digits) != 56 or not set(digits) <= set(_DIGITS + "OIL"):
        return None
    data = base64.b32decode(digits.translate(_TO_RFC4648))
    return Key(data[:32]) if _check(data[:32]) == data[32:] else None


# ── the key store of the operating system ────────────────────────────────────────────────────

# An allow list: `null`, `fail` and everything of keyrings.alt (plain files) are not on it, and
# neither is a back end nobody has looked at.
_SECURE = {
    "keyring.backends.macOS",
    "keyring.backends.Windows",
    "keyring.backends.SecretService",
    "keyring.backends.libsecret",
    "keyring.backends.kwallet",
}


class OsKeyring(_Hidden):
    """A random key in the key store of this computer's user. NoSecureKeyring where there is none."""

    __slots__ = ("_service",)
    kind = SlotKind.OS_KEYRING

    def __init__(self, service: str = "vig") -> None:
        self._service = service

    def settings(self, kdf: Kdf, place: str) -> Settings:
        stored = base64.b64encode(os.urandom(32)).decode()
        try:
            _secure_keyring().set_password(self._service, place, stored)
        except Exception:  # a back end may raise whatever its desktop does
            del stored
            raise NoSecureKeyring from None
        return {"salt": _salt(), "service": self._service}

    def slot_key(self, settings: Settings, place: str) -> Key | None:
        try:
            stored = _secure_keyring().get_password(self._service, place)
        except Exception:
            raise NoSecureKeyring from None
        try:
            key = Key(base64.b64decode(stored, validate=True)) if stored else Key()
        except ValueError:
            key = Key()
        del stored
        return _spread(key, settings, self.kind) if len(key) == 32 else None

    def discard(self, place: str) -> None:
        """Forgets what was stored for a slot."""
        with suppress(Exception):  # then nothing is left that could be deleted from here
            _secure_keyring().delete_password(self._service, place)


def _secure_keyring() -> Any:
    """The back end in use, or the best of several, where it is one of the secure kinds."""
    import keyring

    chosen = keyring.get_keyring()
    for backend in getattr(chosen, "backends", None) or [chosen]:
        if any(_is_secure(kind.__module__) for kind in type(backend).__mro__):
            return backend
    raise NoSecureKeyring


def _is_secure(module: str) -> bool:
    return any(module == known or module.startswith(known + ".") for known in _SECURE)


def _salt() -> str:
    return base64.b64encode(os.urandom(16)).decode()


def _salt_in(settings: Settings) -> bytes:
    try:
        salt = base64.b64decode(str(settings.get("salt")), validate=True)
    except ValueError:
        raise BadSlot from None
    if len(salt) != 16:
        raise BadSlot
    return salt


def _spread(key: bytes, settings: Settings, kind: SlotKind) -> Key:
    """The slot's key from 256 random bits; every slot and kind has its own."""
    info = b"vig slot key v1\0" + kind.encode()
    return Key(HKDF(hashes.SHA256(), 32, salt=_salt_in(settings), info=info).derive(key))
