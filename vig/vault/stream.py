"""The sealed format: Google Tink's AES-256-GCM-HKDF streaming behind a header of our own.

::

    header 128 bytes | 0x28 salt[32] nonce_prefix[7] | segment 0 | segment 1 | … | last segment

Every segment is 256 KiB of sealed bytes (the first 40 bytes shorter, the last whatever is left)
and carries its number and whether it is the last, so none can be changed, moved, repeated or left
out. Opening checks the header and the *last* segment: a file that was cut or grew is refused
before the first byte. docs/VAULT-FORMAT.md holds every byte; what lies behind the header can be
opened by any stock Tink. Ours is only the framing; the cipher is AES-GCM from `cryptography`.
"""

from __future__ import annotations

import io
import os
import struct
import threading
from collections import OrderedDict
from typing import Any, BinaryIO, TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vig.errors import Tampered
from vig.vault.layout import (
    HEADER_BYTES,
    MOST_SEGMENTS,
    PREFIX,
    SEGMENT,
    TAG,
    Layout,
    header_for,
    layout_of,
    sealed_size,
)
from vig.vault.secrets import Key

__all__ = ["SEGMENT", "SealedReader", "SealedWriter", "seal", "sealed_size", "unseal"]

CACHED_SEGMENTS = 4

Raw: TypeAlias = BinaryIO | io.RawIOBase | io.BufferedIOBase


def seal(
    raw: Raw,
    key: bytes,
    owner: bytes,
    object_id: bytes,
    *,
    head: int = 0,
    segment: int = SEGMENT,
) -> SealedWriter:
    """A writer that seals into ``raw``, an empty file that stands at its beginning.

    ``key``: 32 random bytes that have sealed nothing before and will seal nothing else. ``owner``
    and ``object_id``: 16 bytes each, the recording and this version of this object; only who
    gives the same two can open it. ``head``: while the writer is open, its first so many plaintext
    bytes may be written again (``raw`` must be seekable then). Other sizes of ``segment`` than the
    default are for tests. The writer leaves ``raw`` open.
    """
    key = Key(key)  # so that no traceback shows it
    layout = Layout(segment, HEADER_BYTES)
    header = header_for(key, owner, object_id, segment)
    return SealedWriter(raw, layout, key, header, lead=header, head=head)


def unseal(
    raw: Raw, key: bytes, owner: bytes, object_id: bytes, *, size: int | None = None
) -> SealedReader:
    """A reader of what :func:`seal` wrote, with random access.

    ``size``: the length of ``raw`` where it is known already (spares a question to the store).
    ``raw`` now belongs to the reader: it is closed with it, and at once where opening fails.

    Raises Tampered for a damaged header, another key, owner or object, and for a file that was
    cut off or extended.
    """
    key = Key(key)
    try:
        raw.seek(0)
        header = _read(raw, HEADER_BYTES)
        layout = layout_of(header, key, owner, object_id)
        sealed = raw.seek(0, io.SEEK_END) if size is None else size
        return SealedReader(raw, layout, key, header, sealed)
    except BaseException:
        raw.close()
        raise


def _nonce(prefix: bytes, number: int, last: bool) -> bytes:
    return prefix + struct.pack(">I?", number, last)


def _read(raw: Raw, size: int) -> bytes:
    """Exactly ``size`` bytes, or Tampered."""
    data = bytearray()
    while len(data) < size:
        more = raw.read(size - len(data))
        if not more:
            raise Tampered(what="it is cut off")
        data += more
    return bytes(data)


class SealedWriter(io.RawIOBase):
    """Seals what is written. Nothing is complete before :meth:`finish`; closing never finishes.

    Sequential, but for the first ``head`` bytes of plaintext: the segments that hold them stay in
    memory and are sealed last, so that each nonce is used for one plaintext only. A gap left by
    seeking forward within the head reads as zeros.
    """

    def __init__(
        self,
        raw: Raw,
        layout: Layout,
        key: bytes,
        associated: bytes,
        *,
        lead: bytes = b"",
        head: int = 0,
        salt: bytes | None = None,
        prefix: bytes | None = None,
    ) -> None:
        # salt and prefix are chosen by the published vectors only.
        super().__init__()
        salt = salt or os.urandom(layout.key_size)
        self._raw, self._layout, self._head = raw, layout, head
        self._prefix = prefix or os.urandom(PREFIX)
        self._cipher: AESGCM | None = layout.cipher(key, salt, associated)
        self._opening = lead + bytes([layout.stream_header]) + salt + self._prefix
        self._held = bytearray()
        self._held_segments = layout.place(head - 1)[0] + 1 if head else 0
        self._hold = layout.plain_start(self._held_segments)
        self._number = self._held_segments
        self._segment = bytearray(layout.segment)
        self._plain = bytearray(layout.room)
        self._filled = 0
        self._at = self._end = 0
        self._usable = True
        if not head:
            self._put(self._opening)

    @property
    def size(self) -> int:
        """Plaintext bytes written so far."""
        return self._end

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._head > 0

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """To the end of what was written, or anywhere within the head."""
        to = offset + (0, self._at, self._end)[whence]
        if to != self._end and not (self._head and 0 <= to <= self._head):
            raise io.UnsupportedOperation("only the head of a sealed file can be written again")
        self._at = to
        return to

    def write(self, data: Any, /) -> int:
        self._check_usable()
        view = memoryview(data).cast("B")
        written = len(view)
        if self._at != self._end and written:
            view = self._write_again(view)
        self._append(view)
        return written

    def finish(self) -> None:
        """Seals what is still held and writes the last segment: from now on the file can be opened."""
        self._check_usable()
        self._usable = False
        streaming = self._end > self._hold or not self._head
        if streaming:
            self._emit(self._number, memoryview(self._plain)[: self._filled], last=True)
        if self._head:
            self._seal_held(last=not streaming)
        self._forget()

    def close(self) -> None:
        """Lets go without finishing. ``raw`` stays open."""
        if not self.closed:
            self._usable = False
            self._forget()
        super().close()

    def _check_usable(self) -> None:
        if self.closed or not self._usable:
            raise ValueError("this sealed file is finished, closed or could not be written")

    def _forget(self) -> None:
        self._cipher = None
        self._held, self._plain, self._segment = bytearray(), bytearray(), bytearray()

    def _write_again(self, view: memoryview) -> memoryview:
        """Writes over what is there; returns what is left to append."""
        if self._at > self._end:
            self._append(memoryview(bytes(self._at - self._end)))
            return view
        room = min(self._end, self._head) - self._at
        if len(view) > room and self._end > self._head:
            raise io.UnsupportedOperation("only the head of a sealed file can be written again")
        again = view[:room]
        self._held[self._at : self._at + len(again)] = again
        self._at += len(again)
        return view[len(again) :]

    def _append(self, view: memoryview) -> None:
        if not view:
            return
        held = view[: max(0, self._hold - len(self._held))]
        self._held += held
        self._end += len(view)
        view = view[len(held) :]
        while view:
            room = self._layout.first_room if self._number == 0 else self._layout.room
            if self._filled == room:  # only when more follows: the last segment may be just full
                self._emit(self._number, memoryview(self._plain)[:room], last=False)
                self._number, self._filled = self._number + 1, 0
                continue
            part = view[: room - self._filled]
            self._plain[self._filled : self._filled + len(part)] = part
            self._filled += len(part)
            view = view[len(part) :]
        self._at = self._end

    def _seal_held(self, *, last: bool) -> None:
        self._raw.seek(0)
        self._put(self._opening)
        count = self._layout.segments_for(len(self._held)) if last else self._held_segments
        for number in range(count):
            start, after = (self._layout.plain_start(n) for n in (number, number + 1))
            plain = memoryview(self._held)[start:after]
            self._emit(number, plain, last=last and number == count - 1)

    def _emit(self, number: int, plain: memoryview, *, last: bool) -> None:
        assert self._cipher is not None
        if number >= MOST_SEGMENTS:
            raise OverflowError("a sealed file holds at most a pebibyte")
        if number and number == self._held_segments:
            self._raw.seek(self._layout.start(number))
        sealed = memoryview(self._segment)[: len(plain) + TAG]
        self._cipher.encrypt_into(_nonce(self._prefix, number, last), plain, None, sealed)
        self._put(sealed)

    def _put(self, data: bytes | memoryview) -> None:
        """Writes all of it; after a failure this writer writes nothing more."""
        view = memoryview(data)
        usable, self._usable = self._usable, False
        while view:
            view = view[self._raw.write(view) or 0 :]
        self._usable = usable


class SealedReader(io.RawIOBase):
    """Reads with random access; no byte of a segment is given out before the segment is checked.

    Any number of threads may use one reader: each call is whole. ``read_at`` neither uses nor
    moves the position that ``seek`` and ``read`` share.
    """

    def __init__(
        self,
        raw: Raw,
        layout: Layout,
        key: bytes,
        associated: bytes,
        sealed: int,
        *,
        cached: int = CACHED_SEGMENTS,
    ) -> None:
        super().__init__()
        # First what close() needs: it is called for a reader that never came to be, too.
        self._raw, self._layout, self._sealed = raw, layout, sealed
        self._lock = threading.Lock()
        self._cipher: AESGCM | None = None
        self._cached = cached
        self._plain: OrderedDict[int, memoryview] = OrderedDict()
        self._size, self._segments = layout.plain_size(sealed)
        raw.seek(layout.lead)
        opening = _read(raw, layout.stream_header)
        if opening[0] != layout.stream_header:
            raise Tampered(what="the stream in it is not of the expected kind")
        salt, self._prefix = opening[1 : 1 + layout.key_size], opening[1 + layout.key_size :]
        self._cipher = layout.cipher(Key(key), salt, associated)
        self._at = 0
        self._buffer = bytearray(min(layout.segment, sealed))
        self._open_segment(self._segments - 1)  # what makes the length certain

    @property
    def size(self) -> int:
        """Plaintext bytes, checked when the file was opened."""
        return self._size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        with self._lock:
            to = offset + (0, self._at, self._size)[whence]
            if to < 0:
                raise ValueError("there is nothing before the beginning")
            self._at = to
            return to

    def readinto(self, buffer: Any, /) -> int:
        with self._lock:
            count = self._fill(memoryview(buffer).cast("B"), self._at)
            self._at += count
            return count

    def readall(self) -> bytes:
        with self._lock:
            data = bytearray(max(0, self._size - self._at))
            self._at += self._fill(memoryview(data), self._at)
            return bytes(data)

    def read_at(self, offset: int, size: int) -> bytes:
        """Up to ``size`` bytes from ``offset``; fewer at the end. Raises Tampered."""
        data = bytearray(max(0, min(size, self._size - offset)))
        with self._lock:
            self._fill(memoryview(data), offset)
        return bytes(data)

    def close(self) -> None:
        if not self.closed:
            with self._lock:
                self._cipher = None
                self._plain.clear()
                self._raw.close()
        super().close()

    def _fill(self, view: memoryview, at: int) -> int:
        if self._cipher is None:
            raise ValueError("I/O operation on closed file")
        wanted = max(0, min(len(view), self._size - at))
        done = 0
        while done < wanted:
            number, offset = self._layout.place(at + done)
            plain = self._open_segment(number)[offset : offset + wanted - done]
            view[done : done + len(plain)] = plain
            done += len(plain)
        return done

    def _open_segment(self, number: int) -> memoryview:
        found = self._plain.get(number)
        if found is not None:
            self._plain.move_to_end(number)
            return found
        start = self._layout.start(number)
        after = min(self._layout.lead + (number + 1) * self._layout.segment, self._sealed)
        sealed = self._fetch(start, after - start)
        plain = memoryview(self._spare())[: len(sealed) - TAG]
        nonce = _nonce(self._prefix, number, number == self._segments - 1)
        assert self._cipher is not None
        try:
            self._cipher.decrypt_into(nonce, sealed, None, plain)
        except InvalidTag:
            raise Tampered(
                what=f"part {number + 1} of {self._segments} is not as written"
            ) from None
        self._plain[number] = plain
        return plain

    def _spare(self) -> bytearray:
        """The buffer of the segment that was not asked for longest: fresh ones cost page faults."""
        if len(self._plain) < self._cached:
            return bytearray(len(self._buffer))
        return self._plain.popitem(last=False)[1].obj  # type: ignore[return-value]

    def _fetch(self, start: int, size: int) -> memoryview:
        self._raw.seek(start)
        view = memoryview(self._buffer)[:size]
        into = getattr(self._raw, "readinto", None)
        if into is None:
            view[:] = _read(self._raw, size)
            return view
        got = 0
        while got < size:
            count = into(view[got:])
            if not count:
                raise Tampered(what="it is cut off")
            got += count
        return view
