"""Writing and reading sealed files: equal to plain ones in everything but the bytes on disk."""

from __future__ import annotations

import io
import os
import random
import struct
import threading
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vault.sealing import KEY, OBJECT, OWNER, SMALL, opened, outcome, sealed
from vig.errors import DiskFull
from vig.vault.layout import HEADER_BYTES, Layout
from vig.vault.stream import (
    CACHED_SEGMENTS,
    SEGMENT,
    SealedReader,
    seal,
    sealed_size,
    unseal,
)

LAYOUT = Layout(SMALL, HEADER_BYTES)
EDGES = sorted(
    {
        0,
        1,
        *(max(0, LAYOUT.plain_start(n) + d) for n in (1, 2, 3) for d in (-1, 0, 1)),
    }
)


class Watched(io.BytesIO):
    """Counts what is asked of it."""

    def __init__(self, data: bytes = b"") -> None:
        super().__init__(data)
        self.reads: list[tuple[int, int]] = []

    def readinto(self, buffer: Any, /) -> int:
        start = self.tell()
        count = super().readinto(buffer)
        self.reads.append((start, count))
        return count


# ── reading ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("size", EDGES)
def test_what_was_sealed_comes_back(size: int) -> None:
    plain = os.urandom(size)
    whole = sealed(plain)
    reader = opened(whole)
    assert len(whole) == LAYOUT.sealed_size(size)
    assert (reader.size, reader.readall(), reader.read(1)) == (size, plain, b"")


@given(st.data())
def test_random_reads_equal_those_of_a_plain_file(data: st.DataObject) -> None:
    size = data.draw(st.sampled_from(EDGES) | st.integers(0, 5 * SMALL))
    plain = random.Random(size).randbytes(size)
    reader, model = opened(sealed(plain)), io.BytesIO(plain)
    places = st.integers(0, size + 50)
    for _ in range(data.draw(st.integers(1, 12))):
        match data.draw(st.sampled_from(["set", "end", "current", "at", "read"])):
            case "set":
                to = data.draw(places)
                assert reader.seek(to) == model.seek(to)
            case "end":
                to = -data.draw(st.integers(0, size))
                assert reader.seek(to, io.SEEK_END) == model.seek(to, io.SEEK_END)
            case "current":
                to = data.draw(places) - model.tell()
                assert reader.seek(to, io.SEEK_CUR) == model.seek(model.tell() + to)
            case "at":
                start, count = data.draw(places), data.draw(places)
                assert reader.read_at(start, count) == plain[start : start + count]
            case _:
                count = data.draw(st.none() | places)
                assert reader.read(-1 if count is None else count) == model.read(count)
        assert reader.tell() == model.tell()


def test_opening_reads_the_headers_and_the_last_segment_only() -> None:
    raw = Watched(sealed(os.urandom(10 * SMALL)))
    unseal(raw, KEY, OWNER, OBJECT)
    assert [start for start, _ in raw.reads] == [LAYOUT.start(10)]


def test_reading_from_end_to_end_fetches_each_segment_once() -> None:
    raw = Watched(sealed(os.urandom(10 * SMALL)))
    reader = unseal(raw, KEY, OWNER, OBJECT)
    while reader.read(1_000):
        pass
    fetched = [start for start, _ in raw.reads]
    assert sorted(set(fetched)) == [LAYOUT.start(n) for n in range(11)]
    assert len(fetched) == 12  # the last one, read at open, had to make room and came back


def test_going_back_a_little_fetches_nothing() -> None:
    raw = Watched(sealed(os.urandom(10 * SMALL)))
    reader = unseal(raw, KEY, OWNER, OBJECT)
    reader.read_at(0, 2 * SMALL)
    before = len(raw.reads)
    reader.read_at(100, SMALL)
    assert len(raw.reads) == before


def test_what_is_asked_for_often_stays_at_hand() -> None:
    raw = Watched(sealed(os.urandom(10 * SMALL)))
    reader = unseal(raw, KEY, OWNER, OBJECT)
    for number in range(1, 11):
        reader.read_at(0, 1)  # the index of a film, say
        reader.read_at(LAYOUT.plain_start(number), 1)
    assert [start for start, _ in raw.reads].count(LAYOUT.start(0)) == 1


def test_memory_stays_flat_however_long_the_film_is(tmp_path: Path) -> None:
    path = tmp_path / "long"
    with path.open("wb") as file:
        writer = seal(file, KEY, OWNER, OBJECT)
        for _ in range(48):
            writer.write(bytes(2**20))
        writer.finish()
    tracemalloc.start()
    try:
        with unseal(path.open("rb", buffering=0), KEY, OWNER, OBJECT) as reader:
            while reader.read(2**16):
                pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < (CACHED_SEGMENTS + 3) * SEGMENT


def test_many_threads_share_one_reader() -> None:
    plain = random.Random(5).randbytes(40 * SMALL)
    reader = opened(sealed(plain))
    wrong: list[int] = []

    def read(seed: int) -> None:
        dice = random.Random(seed)
        for _ in range(300):
            start, count = dice.randrange(len(plain)), dice.randrange(3 * SMALL)
            if reader.read_at(start, count) != plain[start : start + count]:
                wrong.append(start)

    threads = [threading.Thread(target=read, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_threads_that_read_on_share_the_film_out_without_loss() -> None:
    plain = random.Random(6).randbytes(30 * SMALL)
    reader = opened(sealed(plain))
    got: list[bytes] = []

    def read() -> None:
        while piece := reader.read(1_000):
            got.append(piece)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == sorted(plain[i : i + 1_000] for i in range(0, len(plain), 1_000))


class Stuttering(io.RawIOBase):
    """A source that gives a few bytes at a time, as networks do."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self._file = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._file.seek(offset, whence)

    def readinto(self, buffer: Any, /) -> int:
        return self._file.readinto(memoryview(buffer)[:37])


class ReadOnly:
    """A source that knows no `readinto`."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)
        self.seek, self.read, self.close = self._file.seek, self._file.read, self._file.close


@pytest.mark.parametrize("kind", [Stuttering, ReadOnly])
def test_sources_that_give_little_at_a_time_are_read_whole(kind: Any) -> None:
    plain = os.urandom(3 * SMALL)
    assert unseal(kind(sealed(plain)), KEY, OWNER, OBJECT).readall() == plain


def test_closing_the_reader_closes_the_file_and_ends_reading() -> None:
    raw = io.BytesIO(sealed(b"film"))
    reader = unseal(raw, KEY, OWNER, OBJECT)
    reader.close()
    reader.close()
    assert raw.closed
    for act in (reader.readall, lambda: reader.read(1), lambda: reader.read_at(0, 1)):
        with pytest.raises(ValueError, match="closed"):
            act()


def test_nothing_lies_before_the_beginning() -> None:
    reader = opened(sealed(b"film"))
    with pytest.raises(ValueError, match="before the beginning"):
        reader.seek(-1)
    assert reader.tell() == 0


# ── writing ──────────────────────────────────────────────────────────────────────────────────


@given(st.lists(st.integers(0, 2 * SMALL), max_size=12))
def test_how_the_film_is_cut_into_writes_does_not_matter(sizes: list[int]) -> None:
    plain, raw = random.Random(1).randbytes(sum(sizes)), io.BytesIO()
    writer = seal(raw, KEY, OWNER, OBJECT, segment=SMALL)
    at = 0
    for size in sizes:
        assert writer.write(plain[at : at + size]) == size
        at += size
        assert writer.tell() == writer.size == at
    writer.finish()
    assert opened(raw.getvalue()).readall() == plain


def test_a_writer_takes_any_buffer() -> None:
    raw = io.BytesIO()
    writer = seal(raw, KEY, OWNER, OBJECT, segment=SMALL)
    numbers = memoryview(struct.pack("4I", 1, 2, 3, 4)).cast("I")
    assert writer.write(numbers) == 16
    assert writer.write(bytearray(b"abc")) == 3
    writer.finish()
    assert opened(raw.getvalue()).readall() == bytes(numbers) + b"abc"


class Takes37(io.BytesIO):
    """A file that takes a few bytes at a time, as a nearly full disk does."""

    def write(self, data: Any, /) -> int:
        return super().write(memoryview(data)[:37])


@pytest.mark.parametrize("head", [0, 5_000])
def test_a_file_that_takes_little_at_a_time_gets_everything(head: int) -> None:
    plain, raw = os.urandom(3 * SMALL), Takes37()
    writer = seal(raw, KEY, OWNER, OBJECT, segment=SMALL, head=head)
    writer.write(plain)
    writer.finish()
    assert opened(raw.getvalue()).readall() == plain


class Fills(io.BytesIO):
    """A disk that becomes full."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def write(self, data: Any, /) -> int:
        if self.tell() + len(data) > self.room:
            raise DiskFull
        return super().write(data)


@pytest.mark.parametrize("room", [168, 200, SMALL + 500, 2 * SMALL + 500])
def test_after_a_failed_write_the_writer_writes_nothing_more(room: int) -> None:
    raw = Fills(room)
    writer = seal(raw, KEY, OWNER, OBJECT, segment=SMALL)
    with pytest.raises(DiskFull):
        writer.write(os.urandom(4 * SMALL))
    left, raw.room = raw.getvalue(), 10**9
    for act in (lambda: writer.write(b"more"), writer.finish):
        with pytest.raises(ValueError, match="could not be written"):
            act()
    assert raw.getvalue() == left


@pytest.mark.parametrize("head", [0, 5_000, 50_000])
def test_a_disk_that_fills_up_at_the_very_end_leaves_nothing_that_opens(head: int) -> None:
    plain = os.urandom(3 * SMALL)
    raw = Fills(len(sealed(plain)) - 1)
    writer = seal(raw, KEY, OWNER, OBJECT, segment=SMALL, head=head)
    writer.write(plain)
    with pytest.raises(DiskFull):
        writer.finish()
    assert outcome(raw.getvalue()) == "open"


def test_nothing_can_be_written_after_finish() -> None:
    writer = seal(io.BytesIO(), KEY, OWNER, OBJECT)
    writer.finish()
    for act in (lambda: writer.write(b"more"), writer.finish):
        with pytest.raises(ValueError, match="finished"):
            act()


def test_finishing_and_closing_leave_the_file_open() -> None:
    raw = io.BytesIO()
    with seal(raw, KEY, OWNER, OBJECT) as writer:
        writer.finish()
    assert not raw.closed


@pytest.mark.parametrize(
    "arguments",
    [(b"short", OWNER, OBJECT), (KEY, b"short", OBJECT), (KEY, OWNER, OBJECT + b"x")],
)
def test_keys_and_ids_of_other_lengths_are_a_mistake(arguments: tuple[bytes, bytes, bytes]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        seal(io.BytesIO(), *arguments)


@pytest.mark.parametrize("segment", [2**11, 2**25, 5000, 2**18 + 1])
def test_segments_of_other_sizes_are_a_mistake(segment: int) -> None:
    with pytest.raises(ValueError, match="power of two"):
        seal(io.BytesIO(), KEY, OWNER, OBJECT, segment=segment)


# ── a head that is written last ──────────────────────────────────────────────────────────────


@given(st.data())
def test_a_head_can_be_written_again_like_a_plain_file(data: st.DataObject) -> None:
    head = data.draw(st.sampled_from([1, 40, LAYOUT.first_room, SMALL, 2 * SMALL + 5]))
    writer = seal(raw := io.BytesIO(), KEY, OWNER, OBJECT, segment=SMALL, head=head)
    model = io.BytesIO()
    for _ in range(data.draw(st.integers(1, 15))):
        end = len(model.getvalue())
        place = data.draw(st.one_of(st.just(end), st.integers(0, head)))
        piece = random.Random(place).randbytes(data.draw(st.integers(0, 2 * SMALL)))
        if place < end and place + len(piece) > head < end:
            piece = piece[: max(0, head - place)]
        writer.seek(place)
        model.seek(place)
        assert writer.write(piece) == model.write(piece)
        assert writer.tell() == model.tell()
        assert writer.size == len(model.getvalue())
    writer.finish()
    assert opened(raw.getvalue()).readall() == model.getvalue()


@pytest.mark.parametrize("size", EDGES)
@pytest.mark.parametrize("head", [*EDGES[1:], 4 * SMALL])
def test_a_head_changes_nothing_in_the_file(size: int, head: int) -> None:
    plain = os.urandom(size)
    whole = sealed(plain, head=head)
    assert len(whole) == LAYOUT.sealed_size(size)
    assert opened(whole).readall() == plain


def test_no_nonce_is_used_twice_however_often_the_head_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    used: list[bytes] = []
    true = Layout.cipher

    class Noting:
        def __init__(self, cipher: Any) -> None:
            self._cipher = cipher

        def encrypt_into(self, nonce: bytes, *rest: Any) -> int:
            used.append(nonce)
            count: int = self._cipher.encrypt_into(nonce, *rest)
            return count

    monkeypatch.setattr(Layout, "cipher", lambda *a: Noting(true(*a)))
    writer = seal(io.BytesIO(), KEY, OWNER, OBJECT, segment=SMALL, head=6_000)
    for _ in range(5):
        writer.seek(0, io.SEEK_END)
        writer.write(os.urandom(2 * SMALL))
        writer.seek(0)
        writer.write(os.urandom(6_000))
    writer.finish()
    assert len(used) == len(set(used)) == LAYOUT.segments_for(10 * SMALL)


def test_only_the_head_can_be_written_again() -> None:
    writer = seal(io.BytesIO(), KEY, OWNER, OBJECT, segment=SMALL, head=100)
    writer.write(os.urandom(500))
    for place in (101, 499, 501, -1):
        with pytest.raises(io.UnsupportedOperation):
            writer.seek(place)
    writer.seek(90)
    with pytest.raises(io.UnsupportedOperation):
        writer.write(bytes(11))
    assert writer.write(bytes(10)) == 10


def test_without_a_head_there_is_no_going_back() -> None:
    writer = seal(io.BytesIO(), KEY, OWNER, OBJECT)
    writer.write(b"film")
    assert not writer.seekable()
    assert writer.seek(0, io.SEEK_CUR) == writer.seek(0, io.SEEK_END) == 4
    with pytest.raises(io.UnsupportedOperation):
        writer.seek(0)


# ── sizes ────────────────────────────────────────────────────────────────────────────────────


@given(st.integers(0, 2**50), st.sampled_from([256, SMALL, SEGMENT]))
def test_a_sealed_size_tells_the_plain_one(size: int, segment: int) -> None:
    layout = Layout(segment, HEADER_BYTES)
    if layout.segments_for(size) <= 2**32:
        assert layout.plain_size(layout.sealed_size(size)) == (size, layout.segments_for(size))


def test_the_size_on_disk_is_known_before_sealing() -> None:
    for size in (0, 1, SEGMENT, 3 * SEGMENT + 1):
        assert sealed_size(size) == len(sealed(bytes(size), segment=SEGMENT))


def test_a_reader_knows_its_size_without_asking_where_the_store_has_said_it() -> None:
    whole = sealed(b"film")

    class NoEnd(io.BytesIO):
        def seek(self, offset: int, whence: int = 0, /) -> int:
            assert whence == io.SEEK_SET
            return super().seek(offset)

    assert unseal(NoEnd(whole), KEY, OWNER, OBJECT, size=len(whole)).readall() == b"film"


def test_a_reader_is_a_file_for_those_who_expect_one() -> None:
    reader: SealedReader = opened(sealed(b"one\ntwo\n"))
    assert (reader.readable(), reader.seekable(), reader.writable()) == (True, True, False)
    assert io.BufferedReader(reader).readlines() == [b"one\n", b"two\n"]
