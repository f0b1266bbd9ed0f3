"""The keys of an unlocked vault, in memory only."""

from __future__ import annotations

import json
import os
import struct
import sys
from collections.abc import Iterable, Mapping
from typing import NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vig.errors import Tampered, VaultLocked, WrongKey
from vig.vault.secrets import Key

_WRAPPED = struct.Struct(">BI12s")  # format, version of the master key, nonce
_BY_MASTER, _BY_OWNER = 1, 2


def derived(key: bytes, vault_id: str, purpose: bytes) -> Key:
    """A key for one purpose (HKDF-SHA256, the vault's id as salt)."""
    return Key(HKDF(hashes.SHA256(), 32, salt=bytes.fromhex(vault_id), info=purpose).derive(key))


def _no_core_dumps() -> None:
    """From here on this process holds keys; a crash must not write them to the disk."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class KeyRing:
    """Master keys of one vault (all versions that still wrap something) and its root.

    Never shows a key, cannot be pickled. After :meth:`forget` every use raises VaultLocked; after
    :meth:`narrow` every use but wrapping and unwrapping what a named owner has.
    """

    __slots__ = ("_masters", "_owned", "_root", "_wrapping", "vault_id", "version")

    def __init__(
        self, vault_id: str, version: int, masters: Mapping[int, bytes], root: bytes
    ) -> None:
        _no_core_dumps()
        self.vault_id = vault_id
        self.version = version
        """The version that wraps from now on."""
        self._masters = {number: Key(master) for number, master in masters.items()}
        self._root: Key | None = Key(root)
        self._wrapping = {
            number: AESGCM(derived(master, vault_id, b"vig key wrap v1"))
            for number, master in self._masters.items()
        }
        self._owned: dict[tuple[int, str], AESGCM] = {}

    def __repr__(self) -> str:
        if self._root is not None:
            return "<KeyRing>"
        return "<KeyRing, narrowed>" if self._owned else "<KeyRing, locked>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a key ring is never pickled")

    @property
    def versions(self) -> tuple[int, ...]:
        """All versions held, oldest first."""
        return tuple(sorted(self._masters))

    def wrap(self, key: bytes, context: bytes, *, owner: str | None = None) -> bytes:
        """A data key under the current master key; opens only with the same ``context`` again.

        Bind everything that says whose key it is: a wrapped key moved to another row must not open.
        With an ``owner`` (a recording's id) a ring narrowed to that owner can open it too.
        """
        nonce = os.urandom(12)
        cipher = self._cipher(self.version, owner)
        form = _BY_MASTER if owner is None else _BY_OWNER
        sealed = cipher.encrypt(nonce, bytes(key), self._bound(form, self.version, context))
        return _WRAPPED.pack(form, self.version, nonce) + sealed

    def unwrap(self, wrapped: bytes, context: bytes, *, owner: str | None = None) -> Key:
        """The data key. WrongKey for a master key not held, Tampered for anything else amiss.

        ``owner`` may be named for a key that was wrapped without one.
        """
        version = self.version_of(wrapped)
        form = wrapped[0]
        cipher = self._cipher(version, owner if form == _BY_OWNER else None)
        nonce, sealed = wrapped[5 : _WRAPPED.size], wrapped[_WRAPPED.size :]
        try:
            return Key(cipher.decrypt(nonce, sealed, self._bound(form, version, context)))
        except InvalidTag:
            raise Tampered(what="the key of a sealed file is not as written") from None

    def version_of(self, wrapped: bytes) -> int:
        """The version of the master key that a data key is wrapped with."""
        if len(wrapped) < _WRAPPED.size + 16 or wrapped[0] not in (_BY_MASTER, _BY_OWNER):
            raise Tampered(what="the key of a sealed file is not as written")
        version: int = _WRAPPED.unpack_from(wrapped)[1]
        return version

    def rewrap(self, wrapped: bytes, context: bytes, *, owner: str | None = None) -> bytes:
        """The same data key under the current master key."""
        return self.wrap(self.unwrap(wrapped, context, owner=owner), context, owner=owner)

    def narrow(self, owners: Iterable[str]) -> None:
        """Let go of the master keys and the root; keep what opens and makes keys of ``owners``.

        For work that goes on behind a locked screen: it can read and write its own recording and
        nothing else. Narrowing again keeps at most what is still held.
        """
        wanted = set(owners)
        if self._root is None:
            self._owned = {k: cipher for k, cipher in self._owned.items() if k[1] in wanted}
            return
        kept = {
            (version, owner): self._cipher(version, owner)
            for version in self._masters
            for owner in wanted
        }
        self._owned = kept  # first, so that work under way never finds itself without
        self._masters, self._wrapping, self._root = {}, {}, None

    def subkey(self, name: str) -> Key:
        """32 bytes for one use, the same for ever for this vault and name, whatever is rotated."""
        self._check()
        assert self._root is not None
        return derived(self._root, self.vault_id, b"vig subkey v1\0" + name.encode())

    def forget(self) -> None:
        """Lets go of every key. (Python gives no way to overwrite them; the process must end.)"""
        self._masters, self._wrapping, self._root, self._owned = {}, {}, None, {}

    def hand_over(self) -> Key:
        """Everything, for a worker process: over an inherited pipe only, never to disk."""
        self._check()
        assert self._root is not None
        masters = {str(number): master.hex() for number, master in self._masters.items()}
        return Key(json.dumps([self.vault_id, self.version, masters, self._root.hex()]).encode())

    @classmethod
    def taken_over(cls, handed: bytes) -> KeyRing:
        """The ring that :meth:`hand_over` gave. WrongKey for anything else."""
        ring = _read(Key(handed))
        del handed
        if ring is None:
            raise WrongKey
        return ring

    # ── for the vault file ───────────────────────────────────────────────────────────────────

    def master(self, version: int) -> Key:
        """A master key itself. WrongKey where it is not held."""
        self._check()
        if version not in self._masters:
            raise WrongKey
        return self._masters[version]

    def root(self) -> Key:
        """The root of all subkeys."""
        self._check()
        assert self._root is not None
        return self._root

    def _check(self) -> None:
        if self._root is None:
            raise VaultLocked

    def _cipher(self, version: int, owner: str | None) -> AESGCM:
        """What wraps for the owner under this master key. VaultLocked, WrongKey."""
        if owner is not None and (held := self._owned.get((version, owner))) is not None:
            return held
        masters, wrapping = self._masters, self._wrapping
        if version not in wrapping:
            self._check()
            raise WrongKey
        if owner is None:
            return wrapping[version]
        info = b"vig recording key v1\0" + owner.encode()
        return AESGCM(derived(masters[version], self.vault_id, info))

    def _bound(self, form: int, version: int, context: bytes) -> bytes:
        vault = bytes.fromhex(self.vault_id)
        return b"vig wrapped key v%d\0" % form + vault + version.to_bytes(4, "big") + context


def _read(handed: Key) -> KeyRing | None:
    # An error of the reader would quote what it could not read, so none leaves this function.
    try:
        vault_id, version, masters, root = json.loads(bytes(handed))
        known = {int(number): Key(bytes.fromhex(master)) for number, master in masters.items()}
        return KeyRing(vault_id, version, known, Key(bytes.fromhex(root)))
    except (ValueError, TypeError, AttributeError):
        return None
