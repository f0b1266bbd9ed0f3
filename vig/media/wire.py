"""What the decoder child and its parent say to each other over two pipes.

Child to parent: ``kind (1) | header length (u32) | payload length (u64) | header | payload``.
A header is JSON, except that of a wanted range (offset u64, length u32). Parent to child: once a
JSON request behind its length (u32), then for each wanted range a length (i32, -1 when the source
failed) and the bytes. All numbers are big-endian. Nothing either side receives is ever unpickled.
"""

from __future__ import annotations

import struct
from typing import Final, TypeAlias

Raw: TypeAlias = bytes | bytearray | memoryview

HEAD: Final = struct.Struct(">cIQ")
RANGE: Final = struct.Struct(">QI")
LENGTH: Final = struct.Struct(">I")
SERVED: Final = struct.Struct(">i")

WANTED: Final = b"R"
"""The child wants a range of the source."""
ANSWER: Final = b"A"
"""A part of the answer: a JSON header and raw bytes."""
DONE: Final = b"D"
"""The answer is complete."""
REFUSED: Final = b"B"
"""The film cannot be used; the header says why, by a word of ``sayings.py`` and figures."""

MAX_HEADER: Final = 1 << 16
MAX_RANGE: Final = 1 << 20
MAX_PAYLOAD: Final = 1 << 28
"""No single picture or block of sound is larger: 256 MiB."""
