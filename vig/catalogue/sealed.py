"""Sealed columns: what a person wrote lies in the database as ciphertext bound to its place.

::

    version 1 byte | nonce 12 bytes | AES-256-GCM(key of table.column, JSON of the value) | tag
    associated data: table|column|row id|version

A value moved to another row, column or table, put together from two, or changed by a bit does not
open (platform.md C2). The row's id is made before the row, so that it can be bound. What is lost
is searching inside: :meth:`FieldCipher.blind` gives exact matches and nothing more. The same bytes
work in SQLCipher and in Postgres.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, overload

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vig.errors import Tampered

if TYPE_CHECKING:
    from vig.catalogue.rows import Row

T = TypeVar("T")


class FieldCipher:
    """Seals and opens values of columns.

    ``roots`` are 32-byte keys by version (1 to 255); the highest one seals, each of them opens.
    """

    def __init__(self, roots: Mapping[int, bytes]) -> None:
        if not roots or any(len(k) != 32 or not 1 <= v <= 255 for v, k in roots.items()):
            raise ValueError("field keys have 32 bytes and versions from 1 to 255")
        self._roots = dict(roots)
        self._version = max(roots)
        self._aead = lru_cache(maxsize=None)(self._make_aead)
        self._blind_key = lru_cache(maxsize=None)(self._make_blind_key)

    def __repr__(self) -> str:
        return "<FieldCipher>"

    def seal(self, table: str, column: str, row: str, value: object) -> bytes:
        """``value`` (anything JSON can hold) as bytes for this place only."""
        nonce = os.urandom(12)
        plain = json.dumps(value, separators=(",", ":")).encode()
        place = _place(table, column, row, self._version)
        sealed = self._aead(table, column, self._version).encrypt(nonce, plain, place)
        return bytes([self._version]) + nonce + sealed

    def open(self, table: str, column: str, row: str, sealed: bytes) -> Any:
        """The value; Tampered where the bytes do not belong exactly here."""
        try:
            version = sealed[0]
            aead = self._aead(table, column, version)
            plain = aead.decrypt(sealed[1:13], sealed[13:], _place(table, column, row, version))
        except (InvalidTag, KeyError, IndexError, ValueError):
            raise Tampered(what=f"a value in {table}.{column}") from None
        return json.loads(plain)

    def blind(self, table: str, column: str, value: str | bytes) -> bytes:
        """16 bytes that are equal for equal values in this vault; text is compared without case."""
        if isinstance(value, str):
            value = folded(value).encode("utf-8", "surrogatepass")
        return hmac.new(self._blind_key(table, column), value, hashlib.sha256).digest()[:16]

    def _make_aead(self, table: str, column: str, version: int) -> AESGCM:
        return AESGCM(_derive(self._roots[version], f"vig field v1|{table}.{column}"))

    def _make_blind_key(self, table: str, column: str) -> bytes:
        # Always the oldest root: an index whose key changed would find nothing.
        return _derive(self._roots[min(self._roots)], f"vig blind v1|{table}.{column}")


def folded(text: str) -> str:
    """Text for comparing: composed, trimmed, without case."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def _derive(root: bytes, info: str) -> bytes:
    return HKDF(SHA256(), 32, None, info.encode()).derive(root)


def _place(table: str, column: str, row: str, version: int) -> bytes:
    return f"{table}|{column}|{row}|{version}".encode()


class Sealed(Generic[T]):
    """An attribute that reads and writes plain values while its column ``<name>_ct`` holds bytes.

    The cipher is that of the row's session. None is stored as NULL.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, row: None, owner: type) -> Sealed[T]: ...
    @overload
    def __get__(self, row: Row, owner: type) -> T: ...
    def __get__(self, row: Row | None, owner: type) -> Sealed[T] | T:
        if row is None:
            return self
        sealed = getattr(row, self._name + "_ct")
        if sealed is None:
            return cast(T, None)
        value = row.cipher.open(row.__tablename__, self._name, row.row_id, bytes(sealed))
        return cast(T, value)

    def __set__(self, row: Row, value: T) -> None:
        sealed = (
            None
            if value is None
            else row.cipher.seal(row.__tablename__, self._name, row.row_id, value)
        )
        setattr(row, self._name + "_ct", sealed)
