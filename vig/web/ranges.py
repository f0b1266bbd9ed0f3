"""Byte ranges as a browser's film element asks for them (RFC 9110, section 14)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ONE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes ``first`` to ``last``, both included, of ``size``."""

    first: int
    last: int
    size: int
    whole: bool
    """Whether the browser asked for everything (answered with 200, not 206)."""

    @property
    def length(self) -> int:
        return self.last - self.first + 1


def part_of(header: str | None, size: int) -> Part | None:
    """What is asked for; None for a range that cannot be met (answered with 416).

    A header that is not one plain byte range is ignored, as the standard asks.
    """
    everything = Part(0, size - 1, size, whole=True)
    found = _ONE.fullmatch((header or "").strip().replace(" ", ""))
    if found is None or found.group(0) == "bytes=-":
        return everything
    first, last = found.groups()
    if first == "":
        length = min(int(last), size)
        return Part(size - length, size - 1, size, whole=False) if length else None
    begin = int(first)
    end = min(int(last), size - 1) if last else size - 1
    if last and int(last) < begin:
        return everything
    return Part(begin, end, size, whole=False) if begin < size else None
