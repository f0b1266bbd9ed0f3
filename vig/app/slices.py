"""The sealed slices of an upload read as one film, and the mark by which a file is known again."""

from __future__ import annotations

import bisect
import hashlib
import io
import uuid
from typing import Any, BinaryIO

from vig.app.workspace import Workspace
from vig.vault.stream import SealedReader, unseal

END = 2**20
"""Bytes at the start, and at the end, of a film that its mark is made from."""


def mark_of(film: BinaryIO, size: int) -> str:
    """Tells whether a file is the same: SHA-256 of its first and last MiB (all of it, if shorter)."""
    digest = hashlib.sha256()
    for start, end in _ends(size):
        film.seek(start)
        digest.update(film.read(end - start))
    return digest.hexdigest()


def _ends(size: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """The parts of a film that its mark is made from; no byte twice."""
    first = min(END, size)
    return (0, first), (max(first, size - END), size)


def id_of(name: str) -> bytes:
    """A name as the sealed format wants it."""
    return uuid.UUID(name).bytes


def context_of(upload: str, name: str) -> bytes:
    """What the key of a slice is bound to."""
    return f"vig upload|{upload}|{name}".encode()


class Slices(io.RawIOBase):
    """The slices of an upload as one seekable film."""

    def __init__(self, ws: Workspace, upload: str, slices: list[dict[str, Any]]) -> None:
        self._ws, self._upload, self._slices = ws, upload, slices
        self._starts = [0]
        for piece in slices:
            self._starts.append(self._starts[-1] + piece["size"])
        self._at = 0
        self._open: tuple[int, SealedReader] | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._starts[-1]}[whence]
        self._at = max(base + offset, 0)
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        """As much as was asked for, across slices; less only at the end of the film."""
        view, done = memoryview(buffer).cast("B"), 0
        while done < len(view) and self._at < self._starts[-1]:
            number = bisect.bisect_right(self._starts, self._at) - 1
            inside = self._at - self._starts[number]
            count = min(len(view) - done, self._slices[number]["size"] - inside)
            view[done : done + count] = self._reader(number).read_at(inside, count)
            self._at += count
            done += count
        return done

    def _reader(self, number: int) -> SealedReader:
        if self._open is None or self._open[0] != number:
            self._let_go()
            piece = self._slices[number]
            wrapped = bytes.fromhex(piece["key"])
            context = context_of(self._upload, piece["id"])
            key = self._ws.ring.unwrap(wrapped, context, owner=self._upload)
            raw = self._ws.store.open(piece["id"])
            self._open = (number, unseal(raw, key, id_of(self._upload), id_of(piece["id"])))
        return self._open[1]

    def _let_go(self) -> None:
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def close(self) -> None:
        self._let_go()
        super().close()
