"""The film behind the pipe as a file, with a few blocks kept so that small reads stay cheap."""

from __future__ import annotations

import io
from collections import OrderedDict
from typing import Final, Protocol

BLOCK: Final = 1 << 18
KEPT: Final = 16


class Ranges(Protocol):
    """Where byte ranges come from."""

    size: int

    def range(self, offset: int, length: int) -> bytes: ...


class Source(io.RawIOBase):
    """A seekable file over ranges. Blocks of 256 KiB, the sixteen used last are kept (4 MiB)."""

    def __init__(self, ranges: Ranges) -> None:
        super().__init__()
        self._ranges = ranges
        self.size = ranges.size
        self._at = 0
        self._blocks: OrderedDict[int, bytes] = OrderedDict()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = max(base + offset, 0)
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes, fewer at the end of a block: PyAV asks again by itself."""
        if size < 0:
            size = self.size - self._at
        if size <= 0 or self._at >= self.size:
            return b""
        number, within = divmod(self._at, BLOCK)
        part = self._block(number)[within : within + size]
        self._at += len(part)
        return part

    def _block(self, number: int) -> bytes:
        block = self._blocks.get(number)
        if block is None:
            block = self._ranges.range(number * BLOCK, BLOCK)
            self._blocks[number] = block
            if len(self._blocks) > KEPT:
                self._blocks.popitem(last=False)
        else:
            self._blocks.move_to_end(number)
        return block
