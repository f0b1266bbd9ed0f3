"""What the bytes of a sealed file mean: the header, and where each segment lies.

docs/VAULT-FORMAT.md says the same in a table, with worked counts that a test computes again.
"""

from __future__ import annotations

import hmac
import struct
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vig.errors import Tampered

SEGMENT = 2**18
"""Bytes of a sealed segment. 256 KiB: random reads as quick as with less, fewer requests over a
network (trials with 64 KiB and 1 MiB)."""
HEADER_BYTES = 128

TAG = 16
PREFIX = 7
MOST_SEGMENTS = 2**32
_MAGIC = b"VIGV"
# magic, format version, cipher, log2 of the segment, flags, owner, object, commitment, zeros
_HEADER = struct.Struct(">4sBBBB16s16s32s56s")
_VERSION = 1
_TINK_AES256_GCM_HKDF_SHA256 = 1
_SMALLEST_LOG2, _LARGEST_LOG2 = 12, 24


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the segments of one stream lie. All counts are bytes.

    ``lead`` bytes stand before the stream and are none of its business. Key sizes and hashes other
    than the defaults exist only for Tink's published vectors.
    """

    segment: int = SEGMENT
    lead: int = 0
    key_size: int = 32
    hash: type[hashes.HashAlgorithm] = hashes.SHA256

    def __post_init__(self) -> None:
        if self.segment <= self.stream_header + TAG:
            raise ValueError("a segment must hold more than the stream's header and a tag")

    @property
    def stream_header(self) -> int:
        return 1 + self.key_size + PREFIX

    @property
    def room(self) -> int:
        """Plaintext in a full segment."""
        return self.segment - TAG

    @property
    def first_room(self) -> int:
        """Plaintext in a full first segment, which shares its place with the stream's header."""
        return self.room - self.stream_header

    def segments_for(self, size: int) -> int:
        """How many segments hold ``size`` bytes of plaintext; at least one."""
        return 1 + max(0, -(-(size - self.first_room) // self.room))

    def sealed_size(self, size: int) -> int:
        """Length of the whole file for ``size`` bytes of plaintext."""
        return self.lead + self.stream_header + size + self.segments_for(size) * TAG

    def plain_size(self, sealed: int) -> tuple[int, int]:
        """Plaintext bytes and number of segments of a file of ``sealed`` bytes.

        Tampered for a length that no writer makes.
        """
        stream = sealed - self.lead
        segments = max(1, -(-stream // self.segment))
        size = stream - self.stream_header - segments * TAG
        if size < 0 or segments > MOST_SEGMENTS or self.segments_for(size) != segments:
            raise Tampered(what="it has a length that no sealed file has")
        return size, segments

    def place(self, at: int) -> tuple[int, int]:
        """Segment and offset within its plaintext of the plaintext byte ``at``."""
        if at < self.first_room:
            return 0, at
        number, offset = divmod(at - self.first_room, self.room)
        return number + 1, offset

    def start(self, number: int) -> int:
        """Where segment ``number`` begins in the file."""
        return self.lead + (number * self.segment if number else self.stream_header)

    def plain_start(self, number: int) -> int:
        """The plaintext byte that segment ``number`` begins with."""
        return self.first_room + (number - 1) * self.room if number else 0

    def cipher(self, key: bytes, salt: bytes, associated: bytes) -> AESGCM:
        """The cipher of one file: its key comes from the data key, the salt and what it is bound to."""
        kdf = HKDF(algorithm=self.hash(), length=self.key_size, salt=salt, info=associated)
        return AESGCM(kdf.derive(key))


def sealed_size(size: int) -> int:
    """Bytes on disk of a sealed object of ``size`` bytes, header included."""
    return Layout(lead=HEADER_BYTES).sealed_size(size)


def header_for(key: bytes, owner: bytes, object_id: bytes, segment: int) -> bytes:
    """The 128 bytes before the stream."""
    log2 = segment.bit_length() - 1
    if len(key) != 32 or len(owner) != 16 or len(object_id) != 16:
        raise ValueError("a key has 32 bytes, an owner and an object id 16")
    if segment != 1 << log2 or not _SMALLEST_LOG2 <= log2 <= _LARGEST_LOG2:
        raise ValueError("a segment is a power of two from 4 KiB to 16 MiB")
    return _HEADER.pack(
        _MAGIC,
        _VERSION,
        _TINK_AES256_GCM_HKDF_SHA256,
        log2,
        0,
        owner,
        object_id,
        _commitment(key, object_id),
        bytes(56),
    )


def _commitment(key: bytes, object_id: bytes) -> bytes:
    """Names the one key of this file: AES-GCM alone would let one file open under two keys."""
    kdf = HKDF(hashes.SHA256(), 32, salt=object_id, info=b"vig dek commitment v1")
    return kdf.derive(key)


def layout_of(header: bytes, key: bytes, owner: bytes, object_id: bytes) -> Layout:
    """The layout that a header tells, or Tampered. What is expected never comes from the file."""
    magic, version, cipher, log2, flags, its_owner, its_id, commitment, rest = _HEADER.unpack(
        header
    )
    if (
        (magic, version, cipher) != (_MAGIC, _VERSION, _TINK_AES256_GCM_HKDF_SHA256)
        or flags
        or any(rest)
        or not _SMALLEST_LOG2 <= log2 <= _LARGEST_LOG2
    ):
        raise Tampered(what="its first bytes are not those of a sealed file")
    if its_owner != owner or its_id != object_id:
        raise Tampered(what="it belongs to another recording or is an older version")
    if not hmac.compare_digest(commitment, _commitment(key, object_id)):
        raise Tampered(what="it was sealed with another key")
    return Layout(1 << log2, HEADER_BYTES)
