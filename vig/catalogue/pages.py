"""A SQLCipher file page by page, the free ones too, without the database in between.

::

    page 1: salt 16 | ciphertext | IV 16 | HMAC-SHA-512 64        4096 bytes a page
    others:           ciphertext | IV 16 | HMAC-SHA-512 64        AES-256-CBC, the raw key itself

(SQLCipher 4 defaults; zetetic.net/sqlcipher/design.) Used to see that something is truly gone,
where looking at the file itself proves nothing, and to tell a wrong key from a damaged page.
Nothing here checks a page's seal: SQLCipher does that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

PAGE = 4096
_RESERVED = 80
_PAGE_KINDS = frozenset({0, 2, 5, 10, 13})
"""First byte of a page: the four kinds of b-tree page, or 0 for free and overflow pages."""


def pages(path: Path, key: bytes) -> Iterator[bytes]:
    """Each whole page's plaintext in the file's order, without the salt and the reserve."""
    with path.open("rb") as file:
        number = 0
        while len(page := file.read(PAGE)) == PAGE:
            iv = page[PAGE - _RESERVED : PAGE - _RESERVED + 16]
            sealed = page[16 if number == 0 else 0 : PAGE - _RESERVED]
            # CBC without a check of its own: only ever used to look, never to trust.
            yield Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor().update(sealed)
            number += 1


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
