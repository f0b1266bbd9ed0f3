"""``vault.json``: what may be read without any key, and how it is read and written.

Its bytes are described in docs/VAULT-FORMAT.md. Nothing in it is secret, all of it is
authenticated: each slot by its own sealing, the whole by a MAC under the current master key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from vig.errors import NewerVault, NoVault, Tampered
from vig.vault.durable import disk, replace_file
from vig.vault.ring import derived
from vig.vault.secrets import Settings, SlotKind

FORMAT = "vig-vault"
VERSION = 1
FILE_NAME = "vault.json"
LOCK_NAME = "vault.json.lock"
_MOST_BYTES = 2**20
_SLOT_ID = re.compile(r"[0-9a-f]{16}")
_VAULT_ID = re.compile(r"[0-9a-f]{32}")


def canonical(value: object) -> bytes:
    """JSON in the one spelling that is sealed and signed: sorted, no spaces, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


@dataclass(frozen=True, slots=True)
class Slot:
    """One way in. ``sealed`` opens with the slot's key and holds what opens the master keys."""

    id: str
    kind: SlotKind
    made_at: str
    tested: bool
    settings: Settings
    public: bytes  # X25519, 32 bytes
    sealed: bytes  # nonce 12 | AES-256-GCM of private key 32 and veil 32 | tag 16

    def bound(self, vault_id: str) -> bytes:
        """What the sealing of the private key vouches for: everything but ``tested``."""
        return b"vig slot v1\0" + canonical(
            {
                "vault": vault_id,
                "id": self.id,
                "kind": self.kind,
                "made_at": self.made_at,
                "settings": dict(self.settings),
                "public": _text(self.public),
            }
        )


@dataclass(frozen=True, slots=True)
class Master:
    """One version of the master key, sealed to the public key of every slot, under the veil."""

    version: int
    made_at: str
    sealed: Mapping[str, bytes]  # slot id → nonce 12 | (HPKE: 32 | 32 | 16) | tag 16


@dataclass(frozen=True, slots=True)
class VaultFile:
    """All of vault.json, format version 1."""

    vault_id: str
    made_at: str
    serial: int
    """Rises with every change, so that an older file put back can be told from the newest."""
    current: int
    slots: tuple[Slot, ...]
    masters: tuple[Master, ...]
    root: bytes  # nonce 12 | AES-256-GCM of 32 bytes under the current master key | tag 16
    mac: bytes = b""

    def slot(self, slot_id: str) -> Slot | None:
        return next((slot for slot in self.slots if slot.id == slot_id), None)

    def signed(self, master: bytes) -> VaultFile:
        return replace(self, mac=self._mac(master))

    def check(self, master: bytes) -> None:
        """Tampered unless this was signed under ``master``."""
        if not hmac.compare_digest(self.mac, self._mac(master)):
            raise Tampered(what="vault.json is not as it was written")

    def to_bytes(self) -> bytes:
        document = self._body() | {"mac": _text(self.mac)}
        return (json.dumps(document, indent=1, ensure_ascii=True) + "\n").encode()

    def _mac(self, master: bytes) -> bytes:
        key = derived(master, self.vault_id, b"vig vault file mac v1")
        return hmac.digest(key, canonical(self._body()), hashlib.sha256)

    def _body(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "version": VERSION,
            "vault_id": self.vault_id,
            "made_at": self.made_at,
            "serial": self.serial,
            "current": self.current,
            "slots": [
                {
                    "id": slot.id,
                    "kind": str(slot.kind),
                    "made_at": slot.made_at,
                    "tested": slot.tested,
                    "settings": dict(slot.settings),
                    "public": _text(slot.public),
                    "sealed": _text(slot.sealed),
                }
                for slot in self.slots
            ],
            "masters": [
                {
                    "version": master.version,
                    "made_at": master.made_at,
                    "sealed": {slot: _text(data) for slot, data in master.sealed.items()},
                }
                for master in self.masters
            ],
            "root": _text(self.root),
        }


def read(folder: Path) -> VaultFile:
    """NoVault, NewerVault, or Tampered for what is no vault.json."""
    with disk():
        try:
            with (folder / FILE_NAME).open("rb") as file:
                data = file.read(_MOST_BYTES + 1)
        except (FileNotFoundError, NotADirectoryError):
            raise NoVault from None
    return parse(data)


def write(folder: Path, file: VaultFile) -> None:
    """Puts the new vault.json in place of the old; the caller holds the lock."""
    replace_file(folder / FILE_NAME, file.to_bytes())


def parse(data: bytes) -> VaultFile:
    """The content of a vault.json. NewerVault for a later format, Tampered for anything else."""
    try:
        if len(data) > _MOST_BYTES:
            raise ValueError("too long")
        document = json.loads(data)
        if document["format"] == FORMAT and _whole(document["version"]) > VERSION:
            raise NewerVault
        return _file(document)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise Tampered(what="vault.json cannot be read") from None


def _file(document: dict[str, Any]) -> VaultFile:
    names = "format version vault_id made_at serial current slots masters root mac"
    _only(document, names)
    if document["format"] != FORMAT or _whole(document["version"]) != VERSION:
        raise ValueError("not of this format")
    file = VaultFile(
        vault_id=_matching(_VAULT_ID, document["vault_id"]),
        made_at=_time(document["made_at"]),
        serial=_whole(document["serial"]),
        current=_whole(document["current"]),
        slots=tuple(_slot(slot) for slot in document["slots"]),
        masters=tuple(_master(master) for master in document["masters"]),
        root=_bytes(document["root"], 60),
        mac=_bytes(document["mac"], 32),
    )
    ids = [slot.id for slot in file.slots]
    versions = [master.version for master in file.masters]
    if len(set(ids)) != len(ids) or len(set(versions)) != len(versions) or not ids:
        raise ValueError("twice the same")
    if file.current not in versions or any(set(m.sealed) != set(ids) for m in file.masters):
        raise ValueError("slots and master keys do not belong together")
    return file


def _slot(document: dict[str, Any]) -> Slot:
    _only(document, "id kind made_at tested settings public sealed")
    settings, tested = document["settings"], document["tested"]
    if type(settings) is not dict or type(tested) is not bool:
        raise TypeError
    if any(type(value) not in (int, str) for value in settings.values()):
        raise TypeError
    return Slot(
        id=_matching(_SLOT_ID, document["id"]),
        kind=SlotKind(document["kind"]),
        made_at=_time(document["made_at"]),
        tested=tested,
        settings=settings,
        public=_bytes(document["public"], 32),
        sealed=_bytes(document["sealed"], 92),
    )


def _master(document: dict[str, Any]) -> Master:
    _only(document, "version made_at sealed")
    return Master(
        version=_whole(document["version"]),
        made_at=_time(document["made_at"]),
        sealed={_string(slot): _bytes(data, 108) for slot, data in document["sealed"].items()},
    )


def _only(document: dict[str, Any], names: str) -> None:
    if type(document) is not dict or set(document) != set(names.split()):
        raise ValueError("other fields than expected")


def _whole(value: object) -> int:
    if type(value) is not int or not 0 < value < 2**32:
        raise ValueError("not a whole number")
    return value


def _string(value: object) -> str:
    if type(value) is not str:
        raise TypeError
    return value


def _time(value: object) -> str:
    if datetime.fromisoformat(_string(value)).tzinfo is None:
        raise ValueError("a time without its zone")
    return _string(value)


def _matching(pattern: re.Pattern[str], value: object) -> str:
    if not pattern.fullmatch(_string(value)):
        raise ValueError("not an id")
    return _string(value)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: object, size: int) -> bytes:
    data = base64.b64decode(_string(text), validate=True)
    if len(data) != size:
        raise ValueError("another length than expected")
    return data
