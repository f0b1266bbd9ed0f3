"""A SQLCipher file page by page, the free ones too, without the database in between.

::

    page 1: salt 16 | ciphertext | IV 16 | HMAC-SHA-512 64        4096 bytes a page
    others:           ciphertext | IV 16 | HMAC-SHA-512 64        AES-256-CBC, the raw key itself
    HMAC over ciphertext | IV | LE32(page number), under
    PBKDF2-HMAC-SHA-512(raw key, salt with every byte xor 0x3a, 2 rounds, 32 bytes)

(SQLCipher 4 defaults; zetetic.net/sqlcipher/design.) Used to see that something is truly gone,
where looking at the file itself proves nothing; to tell a wrong key from a damaged page; and to
save what a damaged file still holds.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

PAGE = 4096
_SALT = 16
_SEALED = PAGE - 80
_TAG = PAGE - 64
_PAGE_KINDS = frozenset({0, 2, 5, 10, 13})
"""First byte of a page: the four kinds of b-tree page, or 0 for free and overflow pages."""


def pages(path: Path, key: bytes) -> Iterator[bytes]:
    """Each whole page's plaintext in the file's order, without salt and reserve, unchecked."""
    with path.open("rb") as file:
        number = 1
        while len(page := file.read(PAGE)) == PAGE:
            yield _opened(page, number, key)
            number += 1


def _opened(page: bytes, number: int, key: bytes) -> bytes:
    sealed = page[_SALT if number == 1 else 0 : _SEALED]
    # The database itself checks the seal before it trusts; so does sound_image below.
    cipher = Cipher(algorithms.AES(key), modes.CBC(page[_SEALED:_TAG]))
    return cipher.decryptor().update(sealed)


def key_fits(path: Path, key: bytes) -> bool:
    """Whether pages beyond the first decrypt to pages: at least half of them say what they are.

    Of pages under a wrong key one in fifty would by chance.
    """
    kinds = [page[0] for page in pages(path, key)][1:]
    return sum(kind in _PAGE_KINDS for kind in kinds) * 2 > len(kinds)


def holds_any(path: Path, key: bytes, needles: Iterable[bytes]) -> bool:
    """Whether any of these bytes lies in a page, in use or free.

    A value of up to 3,900 bytes is never spread over pages.
    """
    sought = [needle for needle in needles if needle]
    return any(needle in page for page in pages(path, key) for needle in sought)


def sound_image(path: Path, key: bytes) -> tuple[bytes, list[int]]:
    """The database as plain SQLite, for memory only, with blank pages where a seal does not fit.

    Its log is followed as far as it was committed. Also gives the numbers of the blanked pages,
    from 1.
    """
    content = path.read_bytes()
    sealed = {n: content[(n - 1) * PAGE : n * PAGE] for n in range(1, len(content) // PAGE + 1)}
    log = path.with_name(path.name + "-wal")
    sealed.update(_committed(log.read_bytes() if log.exists() else b""))
    salt = bytes(byte ^ 0x3A for byte in content[:_SALT])
    check = hashlib.pbkdf2_hmac("sha512", key, salt, 2, 32)
    image, blank = bytearray(), []
    for number in range(1, max(sealed, default=0) + 1):
        page = sealed.get(number, bytes(PAGE))
        start = _SALT if number == 1 else 0
        told = page[start:_TAG] + struct.pack("<I", number)
        if hmac.compare_digest(hmac.digest(check, told, "sha512"), page[_TAG:]):
            plain = _opened(page, number, key)
        else:
            blank.append(number)
            plain = bytes(_SEALED - start)
        image += (b"SQLite format 3\0" if number == 1 else b"") + plain + bytes(PAGE - _SEALED)
    image[18:20] = b"\1\1"  # not in WAL mode: there is no log beside memory
    return bytes(image), blank


def _committed(log: bytes) -> dict[int, bytes]:
    """The newest committed page of each number in a write-ahead log (sqlite.org/fileformat2)."""
    found: dict[int, bytes] = {}
    waiting: dict[int, bytes] = {}
    salts = log[16:24]
    for at in range(32, len(log) - 24 - PAGE + 1, 24 + PAGE):
        number, size = struct.unpack(">II", log[at : at + 8])
        if log[at + 8 : at + 16] != salts:
            break
        waiting[number] = log[at + 24 : at + 24 + PAGE]
        if size:
            found.update(waiting)
            waiting.clear()
    return found
