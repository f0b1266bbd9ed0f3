"""Sealed files to look at and to damage. Small segments, so that every byte can have its turn."""

from __future__ import annotations

import io
import os

from vig.errors import Tampered
from vig.vault.layout import HEADER_BYTES, Layout
from vig.vault.stream import SealedReader, SealedWriter, seal, unseal

KEY, OWNER, OBJECT = os.urandom(32), os.urandom(16), os.urandom(16)
SMALL = 2**12  # the smallest segment that the header allows
TINY = Layout(segment=256)  # smaller than the header allows: the bare stream only


def sealed(
    plain: bytes,
    *,
    key: bytes = KEY,
    owner: bytes = OWNER,
    object_id: bytes = OBJECT,
    segment: int = SMALL,
    head: int = 0,
) -> bytes:
    raw = io.BytesIO()
    writer = seal(raw, key, owner, object_id, segment=segment, head=head)
    writer.write(plain)
    writer.finish()
    return raw.getvalue()


def opened(data: bytes, key: bytes = KEY) -> SealedReader:
    return unseal(io.BytesIO(data), key, OWNER, OBJECT)


def outcome(data: bytes, key: bytes = KEY) -> bytes | str:
    """The plaintext, or where a damaged file was refused: "open" or "read"."""
    try:
        reader = opened(data, key)
    except Tampered:
        return "open"
    try:
        return reader.readall()
    except Tampered:
        return "read"


def tiny(plain: bytes, associated: bytes = b"") -> bytes:
    """The bare stream in 256-byte segments, without our header."""
    raw = io.BytesIO()
    writer = SealedWriter(raw, TINY, KEY, associated)
    writer.write(plain)
    writer.finish()
    return raw.getvalue()


def tiny_outcome(data: bytes, associated: bytes = b"") -> bytes | str:
    try:
        reader = SealedReader(io.BytesIO(data), TINY, KEY, associated, len(data))
    except Tampered:
        return "open"
    try:
        return reader.readall()
    except Tampered:
        return "read"


def segments(data: bytes, *, segment: int = SMALL, lead: int = HEADER_BYTES) -> list[bytes]:
    """A file cut where its segments begin; the first piece holds everything before segment 1."""
    stream = data[lead:]
    pieces = [stream[i : i + segment] for i in range(0, len(stream), segment)]
    return [data[:lead] + pieces[0], *pieces[1:]]


def flipped(data: bytes, bit: int) -> bytes:
    damaged = bytearray(data)
    damaged[bit // 8] ^= 1 << bit % 8
    return bytes(damaged)
