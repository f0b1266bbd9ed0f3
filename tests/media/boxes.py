"""Finds, changes and damages the boxes of an MP4, for films that no muxer would write."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_NESTED = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"udta"}


def walk(mp4: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """Every box: its kind, where its body starts and ends."""
    at, end = start, len(mp4) if end is None else end
    while at + 8 <= end:
        size, kind = struct.unpack(">I4s", mp4[at : at + 8])
        body = at + 8
        if size == 1:
            (size,) = struct.unpack(">Q", mp4[body : body + 8])
            body += 8
        size = size or end - at
        yield kind, body, at + size
        if kind in _NESTED:
            yield from walk(mp4, body, at + size)
        at += size


def find(mp4: bytes, kind: bytes, nth: int = 0) -> tuple[int, int]:
    """Where the body of the ``nth`` box of a kind starts and ends."""
    found = [(start, end) for k, start, end in walk(mp4) if k == kind]
    return found[nth]


def patched(mp4: bytes, at: int, data: bytes) -> bytes:
    """The file with some bytes overwritten."""
    return mp4[:at] + data + mp4[at + len(data) :]


def with_edit(mp4: bytes, skipped: int, shown: int) -> bytes:
    """The first track starts ``skipped`` of its own ticks in; ``shown`` counts the film's ticks."""
    start, _ = find(mp4, b"elst")
    return patched(mp4, start + 8, struct.pack(">Ii", shown, skipped))


def resized(mp4: bytes, width: int, height: int) -> bytes:
    """The header of the first track claims another size."""
    start, _ = find(mp4, b"stsd")
    return patched(mp4, start + 8 + 32, struct.pack(">HH", width, height))


def renamed(mp4: bytes, nth: int, kind: bytes) -> bytes:
    """The codec of the ``nth`` track is called something else."""
    start, _ = find(mp4, b"stsd", nth)
    return patched(mp4, start + 8 + 4, kind)
