"""Slots → master key → data keys.

::

    secret ──Argon2id/HKDF──▶ slot key ──opens──▶ X25519 private key of the slot, and the veil
                                                     │ AES-GCM (the veil), then HPKE (RFC 9180)
                                                     ▼
                      master key, versions 1…n ──wraps──▶ one data key per sealed object
                                │ wraps
                                ▼
                      random root ──HKDF──▶ subkeys (database, fields, audit), the same for ever

A new master key is sealed to the *public* keys of all slots, so rotating and removing need one
unlocked slot and nobody else's secret. The veil, a key that all slots share, lies around each of
these sealings: X25519 alone would fall to a quantum computer, and films of children must stay
closed for longer than that may take. See docs/VAULT-FORMAT.md and docs/adr/0003.
"""

from __future__ import annotations

import os
import secrets as random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vig.errors import (
    BadSlot,
    BadValue,
    Conflict,
    SlotsMissing,
    Tampered,
    Unknown,
    VaultExists,
    WrongKey,
)
from vig.vault import vaultfile
from vig.vault.durable import locked, make_folder
from vig.vault.ring import KeyRing, derived
from vig.vault.secrets import (
    CHEAPEST,
    INTERACTIVE,
    Kdf,
    Key,
    KeyFile,
    OsKeyring,
    Passphrase,
    RecoveryCode,
    Secret,
    SlotKind,
    key_file,
    recovery_code,
)
from vig.vault.vaultfile import Master, Slot, VaultFile

__all__ = [
    "CHEAPEST",
    "INTERACTIVE",
    "Kdf",
    "Key",
    "KeyFile",
    "KeyRing",
    "OsKeyring",
    "Passphrase",
    "RecoveryCode",
    "Secret",
    "SlotInfo",
    "SlotKind",
    "Slots",
    "key_file",
    "recovery_code",
]

FEWEST_SLOTS = 2
_HPKE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


@dataclass(frozen=True, slots=True)
class SlotInfo:
    """What may be shown of a slot."""

    id: str
    kind: SlotKind
    tested: bool
    """Whether it has opened this vault once since it was made."""
    made_at: datetime


class Slots:
    """The ways into one vault. ``folder`` is the vault's; vault.json lies in it.

    Every change reads the file again under a lock, checks it against the ring and replaces it
    whole. A change raises Conflict where another process has rotated or retired a master key since
    the ring was unlocked, and DiskFull or StorageError with the old file still in place.
    """

    def __init__(self, folder: Path, file: VaultFile) -> None:
        self.folder = folder
        self._file = file

    @classmethod
    def create(
        cls, folder: Path, secret: Secret, *, kdf: Kdf = INTERACTIVE
    ) -> tuple[Slots, KeyRing]:
        """A new vault with one way in, the first of the two it needs. VaultExists."""
        make_folder(folder)
        with locked(folder / vaultfile.LOCK_NAME):
            if (folder / vaultfile.FILE_NAME).exists():
                raise VaultExists
            now = _now()
            ring = KeyRing(os.urandom(16).hex(), 1, {1: Key(os.urandom(32))}, Key(os.urandom(32)))
            # Whoever made the vault has just typed this one, and types it at each unlock.
            slot = replace(_new_slot(ring, secret, kdf), tested=True)
            file = VaultFile(
                vault_id=ring.vault_id,
                made_at=now,
                serial=1,
                current=1,
                slots=(slot,),
                masters=(Master(1, now, {slot.id: _sealed_to(slot, ring, 1)}),),
                root=_sealed_root(ring),
            ).signed(ring.master(1))
            vaultfile.write(folder, file)
        return cls(folder, file), ring

    @classmethod
    def load(cls, folder: Path) -> Slots:
        """NoVault, NewerVault, or Tampered for a vault.json that cannot be read."""
        return cls(folder, vaultfile.read(folder))

    @property
    def vault_id(self) -> str:
        return self._file.vault_id

    @property
    def serial(self) -> int:
        """Rises with every change. Whoever remembers the highest one notices an older vault.json
        that was put back, and with it ways in that had been removed.
        """
        return self._file.serial

    @property
    def complete(self) -> bool:
        """Whether losing one secret loses nothing: two ways in, both tried."""
        return len(self._file.slots) >= FEWEST_SLOTS and _tested(self._file.slots) >= FEWEST_SLOTS

    def info(self) -> tuple[SlotInfo, ...]:
        return tuple(_info(slot) for slot in self._file.slots)

    def unlock(self, secret: Secret) -> KeyRing:
        """All keys of the vault.

        Raises WrongKey; BadSlot where a slot of this kind has settings out of range (nothing was
        computed with them) and no other opens; Tampered where vault.json is not as written;
        NoSecureKeyring.
        """
        return self._opened(secret)[1]

    def enter(self, secret: Secret, only: str | None = None) -> tuple[str, KeyRing]:
        """The same, and the id of the slot that opened; ``only`` is the one slot to be tried."""
        slot, ring = self._opened(secret, only)
        return slot.id, ring

    def confirm(self, secret: Secret, only: str | None = None) -> SlotInfo:
        """Marks the slot of ``secret`` as tested. Raises what :meth:`unlock` raises."""
        slot, ring = self._opened(secret, only)
        with self._changing(ring) as file:
            tested = tuple(replace(s, tested=s.tested or s.id == slot.id) for s in file.slots)
            self._put(ring, replace(file, slots=tested))
        return next(info for info in self.info() if info.id == slot.id)

    def add(self, ring: KeyRing, secret: Secret, *, kdf: Kdf = INTERACTIVE) -> SlotInfo:
        """A further way in, untested until :meth:`confirm`."""
        with self._changing(ring) as file:
            slot = _new_slot(ring, secret, kdf)
            masters = tuple(
                replace(m, sealed={**m.sealed, slot.id: _sealed_to(slot, ring, m.version)})
                for m in file.masters
            )
            self._put(ring, replace(file, slots=(*file.slots, slot), masters=masters))
        return _info(slot)

    def remove(self, ring: KeyRing, slot_id: str) -> None:
        """Takes a way in away. SlotsMissing where fewer than two, or fewer than two tested ones
        that were there before, would be left. Unknown.

        Who has the old vault.json and its secret still has the keys it held: rotate afterwards.
        """
        with self._changing(ring) as file:
            gone = file.slot(slot_id)
            if gone is None:
                raise Unknown(kind="key slot", name=slot_id)
            left = tuple(slot for slot in file.slots if slot.id != slot_id)
            enough = min(FEWEST_SLOTS, _tested(file.slots))
            if len(left) < FEWEST_SLOTS or _tested(left) < enough:
                raise SlotsMissing
            masters = tuple(
                replace(m, sealed={k: v for k, v in m.sealed.items() if k != slot_id})
                for m in file.masters
            )
            self._put(ring, replace(file, slots=left, masters=masters))
        if gone.kind is SlotKind.OS_KEYRING:
            OsKeyring(str(gone.settings["service"])).discard(_place(self.vault_id, slot_id))

    def rotate(self, ring: KeyRing) -> KeyRing:
        """A ring with a new master key; older ones stay until :meth:`retire`.

        Then rewrap every data key in one transaction of the catalogue, and retire the old version.
        """
        with self._changing(ring) as file:
            version = max(m.version for m in file.masters) + 1
            masters = {v: ring.master(v) for v in ring.versions} | {version: Key(os.urandom(32))}
            new = KeyRing(file.vault_id, version, masters, ring.root())
            sealed = {slot.id: _sealed_to(slot, new, version) for slot in file.slots}
            added = (*file.masters, Master(version, _now(), sealed))
            self._put(new, replace(file, current=version, masters=added, root=_sealed_root(new)))
        return new

    def retire(self, ring: KeyRing, version: int) -> KeyRing:
        """A ring without an old master key. What is still wrapped with it is lost for ever.

        BadValue for the current version; Unknown.
        """
        with self._changing(ring) as file:
            if version == file.current:
                raise BadValue(what="The current master key cannot be retired; rotate first.")
            if version not in ring.versions:
                raise Unknown(kind="master key", name=version)
            left = tuple(m for m in file.masters if m.version != version)
            self._put(ring, replace(file, masters=left))
        masters = {v: ring.master(v) for v in ring.versions if v != version}
        return KeyRing(ring.vault_id, ring.version, masters, ring.root())

    # ── inside ───────────────────────────────────────────────────────────────────────────────

    def _opened(self, secret: Secret, only: str | None = None) -> tuple[Slot, KeyRing]:
        self._file = file = vaultfile.read(self.folder)
        refused = False
        for slot in file.slots:
            if slot.kind != secret.kind or only not in (None, slot.id):
                continue
            try:
                key = secret.slot_key(slot.settings, _place(file.vault_id, slot.id))
            except BadSlot:
                refused = True
                continue
            inside = _unboxed(key, slot.sealed, slot.bound(file.vault_id)) if key else None
            if inside is not None:
                return slot, _ring(file, slot, inside)
        raise BadSlot if refused else WrongKey

    @contextmanager
    def _changing(self, ring: KeyRing) -> Iterator[VaultFile]:
        """The file as it stands now, ours alone, and vouched for by the ring."""
        master = ring.master(ring.version)
        with locked(self.folder / vaultfile.LOCK_NAME):
            file = vaultfile.read(self.folder)
            if file.vault_id != ring.vault_id:
                raise WrongKey
            if {m.version for m in file.masters} != set(ring.versions):
                raise Conflict
            file.check(master)
            yield file

    def _put(self, ring: KeyRing, file: VaultFile) -> None:
        signed = replace(file, serial=file.serial + 1).signed(ring.master(file.current))
        vaultfile.write(self.folder, signed)
        self._file = signed


def _place(vault_id: str, slot_id: str) -> str:
    return f"{vault_id}/{slot_id}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _info(slot: Slot) -> SlotInfo:
    return SlotInfo(slot.id, slot.kind, slot.tested, datetime.fromisoformat(slot.made_at))


def _tested(slots: tuple[Slot, ...]) -> int:
    return sum(slot.tested for slot in slots)


def _new_slot(ring: KeyRing, secret: Secret, kdf: Kdf) -> Slot:
    slot_id = random.token_hex(8)
    place = _place(ring.vault_id, slot_id)
    settings = secret.settings(kdf, place)
    key = secret.slot_key(settings, place)
    if key is None:
        raise WrongKey
    private = X25519PrivateKey.generate()
    slot = Slot(
        id=slot_id,
        kind=secret.kind,
        made_at=_now(),
        tested=False,
        settings=settings,
        public=private.public_key().public_bytes_raw(),
        sealed=b"",
    )
    inside = Key(private.private_bytes_raw() + _veil(ring))
    return replace(slot, sealed=_boxed(key, inside, slot.bound(ring.vault_id)))


def _boxed(key: Key, plain: bytes, bound: bytes) -> bytes:
    nonce = os.urandom(12)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound)


def _unboxed(key: Key, boxed: bytes, bound: bytes) -> Key | None:
    try:
        return Key(AESGCM(key).decrypt(boxed[:12], boxed[12:], bound))
    except InvalidTag:
        return None


def _veil(ring: KeyRing) -> Key:
    return derived(ring.root(), ring.vault_id, b"vig veil v1")


def _master_bound(vault_id: str, slot_id: str, version: int) -> bytes:
    return b"vig master key v1\0" + vaultfile.canonical([vault_id, slot_id, version])


def _sealed_to(slot: Slot, ring: KeyRing, version: int) -> bytes:
    public = X25519PublicKey.from_public_bytes(slot.public)
    bound = _master_bound(ring.vault_id, slot.id, version)
    return _boxed(_veil(ring), _HPKE.encrypt(ring.master(version), public, bound), bound)


def _opened_master(slot: Slot, master: Master, inside: Key, vault_id: str) -> Key | None:
    private, veil = X25519PrivateKey.from_private_bytes(inside[:32]), Key(inside[32:])
    bound = _master_bound(vault_id, slot.id, master.version)
    sealed = _unboxed(veil, master.sealed[slot.id], bound)
    try:
        return Key(_HPKE.decrypt(sealed, private, bound)) if sealed else None
    except InvalidTag:
        return None


def _root_bound(vault_id: str, version: int) -> bytes:
    return b"vig root v1\0" + vaultfile.canonical([vault_id, version])


def _sealed_root(ring: KeyRing) -> bytes:
    key = derived(ring.master(ring.version), ring.vault_id, b"vig root wrap v1")
    return _boxed(key, ring.root(), _root_bound(ring.vault_id, ring.version))


def _ring(file: VaultFile, slot: Slot, inside: Key) -> KeyRing:
    """All keys that a slot opens. Tampered where any part of the file is not as written."""
    masters: dict[int, Key] = {}
    for master in file.masters:
        key = _opened_master(slot, master, inside, file.vault_id)
        if key is None:
            raise Tampered(what="vault.json is not as it was written")
        masters[master.version] = key
    current = masters[file.current]
    file.check(current)
    wrapping = derived(current, file.vault_id, b"vig root wrap v1")
    root = _unboxed(wrapping, file.root, _root_bound(file.vault_id, file.current))
    if root is None:
        raise Tampered(what="vault.json is not as it was written")
    return KeyRing(file.vault_id, file.current, masters, root)
