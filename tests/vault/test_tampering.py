"""Every way to damage a sealed file, and where each is refused.

Damage to the header or the length is refused when the file is opened; any other before a byte of
the damaged segment is given out.
"""

from __future__ import annotations

import io
import os
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vault.sealing import (
    KEY,
    OBJECT,
    OWNER,
    SMALL,
    TINY,
    flipped,
    opened,
    outcome,
    sealed,
    segments,
    tiny,
    tiny_outcome,
)
from vig.errors import Tampered
from vig.vault.layout import HEADER_BYTES, Layout
from vig.vault.stream import seal, unseal

LAYOUT = Layout(SMALL, HEADER_BYTES)
PLAIN = os.urandom(3 * SMALL)
STREAM_HEADER = LAYOUT.stream_header


# ── bits ─────────────────────────────────────────────────────────────────────────────────────


def test_every_flipped_bit_of_a_short_file_is_refused_at_open() -> None:
    whole = sealed(b"look, she smiles back")
    accepted = [bit for bit in range(8 * len(whole)) if outcome(flipped(whole, bit)) != "open"]
    assert accepted == []


def test_every_flipped_bit_of_a_stream_of_many_segments_is_refused() -> None:
    plain = os.urandom(4_900)
    whole = tiny(plain)
    assert len(whole) > 20 * TINY.segment
    last = TINY.start(TINY.segments_for(len(plain)) - 1)
    for bit in range(8 * len(whole)):
        at_open = bit // 8 < STREAM_HEADER or bit // 8 >= last
        refused = tiny_outcome(flipped(whole, bit))
        # A damaged salt or nonce shows in the last segment already, so at open.
        assert refused == ("open" if at_open else "read"), bit


def test_every_flipped_bit_of_both_headers_is_refused_at_open() -> None:
    whole = sealed(PLAIN)
    for bit in range(8 * (HEADER_BYTES + STREAM_HEADER)):
        assert outcome(flipped(whole, bit)) == "open", bit


def test_what_lies_before_and_behind_a_damaged_segment_is_still_given_out() -> None:
    whole = sealed(PLAIN)
    reader = opened(flipped(whole, 8 * (LAYOUT.start(1) + 100)))
    start, after = LAYOUT.plain_start(1), LAYOUT.plain_start(2)
    assert reader.read_at(0, start) == PLAIN[:start]
    assert reader.read_at(after, len(PLAIN)) == PLAIN[after:]


def test_no_byte_of_a_damaged_segment_reaches_the_callers_buffer() -> None:
    whole = sealed(PLAIN)
    start, after = LAYOUT.plain_start(1), LAYOUT.plain_start(2)
    for at in (LAYOUT.start(1), LAYOUT.start(1) + 2_000, LAYOUT.start(2) - 1):
        reader = opened(flipped(whole, 8 * at))
        buffer = bytearray(len(PLAIN))
        with pytest.raises(Tampered, match="part 2 of 4"):
            reader.readinto(buffer)
        assert bytes(buffer[start:]) == bytes(len(PLAIN) - start)
        assert reader.tell() == 0
        reader.seek(start)
        with pytest.raises(Tampered, match="part 2 of 4"):
            reader.read(1)
        reader.seek(after - 1)
        with pytest.raises(Tampered, match="part 2 of 4"):
            reader.read(1)


def test_a_damaged_segment_stays_refused_when_asked_again_and_again() -> None:
    reader = opened(flipped(sealed(PLAIN), 8 * (LAYOUT.start(1) + 7)))
    for _ in range(5):
        with pytest.raises(Tampered):
            reader.read_at(LAYOUT.plain_start(1), 1)
        assert reader.read_at(0, 10) == PLAIN[:10]


def test_sampled_flips_of_a_large_file_are_refused() -> None:
    dice = random.Random(20261124)
    plain = dice.randbytes(12 * 2**20 + 17)
    whole = bytearray(sealed(plain, segment=2**18))
    layout = Layout(2**18, HEADER_BYTES)
    for _ in range(300):
        bit = dice.randrange(8 * len(whole))
        whole[bit // 8] ^= 1 << bit % 8
        number = max(0, (bit // 8 - HEADER_BYTES) // layout.segment)
        with pytest.raises(Tampered):
            opened(bytes(memoryview(whole))).read_at(layout.plain_start(number), 1)
        whole[bit // 8] ^= 1 << bit % 8
    assert opened(bytes(whole)).readall() == plain


# ── lengths ──────────────────────────────────────────────────────────────────────────────────


def test_every_truncation_of_a_stream_of_many_segments_is_refused_at_open() -> None:
    whole = tiny(os.urandom(4_900))
    assert {tiny_outcome(whole[:length]) for length in range(len(whole))} == {"open"}


def test_every_truncation_of_a_sealed_file_is_refused_at_open() -> None:
    whole = sealed(os.urandom(SMALL + 500))
    assert {outcome(whole[:length]) for length in range(len(whole))} == {"open"}


def test_a_film_cut_on_a_segment_boundary_is_refused_at_open() -> None:
    pieces = segments(sealed(PLAIN))
    for kept in range(1, len(pieces)):
        assert outcome(b"".join(pieces[:kept])) == "open"


def test_every_extension_is_refused_at_open() -> None:
    whole = sealed(PLAIN)
    second = LAYOUT.start(1)
    for length in range(1, 600):
        for more in (bytes(length), whole[-length:], whole[second : second + length]):
            assert outcome(whole + more) == "open"
    for more in segments(whole):
        assert outcome(whole + more) == "open"


def test_a_file_that_shrinks_while_it_is_open_is_refused() -> None:
    raw = io.BytesIO(sealed(PLAIN))
    reader = unseal(raw, KEY, OWNER, OBJECT)
    raw.truncate(LAYOUT.start(1) + 5)
    with pytest.raises(Tampered, match="cut off"):
        reader.read_at(LAYOUT.plain_start(1), 1)


@pytest.mark.parametrize("wrong", [-1, 1, -SMALL, SMALL, 10**9])
def test_a_wrong_size_from_the_store_is_refused_at_open(wrong: int) -> None:
    whole = sealed(PLAIN)
    with pytest.raises(Tampered):
        unseal(io.BytesIO(whole), KEY, OWNER, OBJECT, size=len(whole) + wrong)


# ── segments ─────────────────────────────────────────────────────────────────────────────────


def test_every_swapped_repeated_or_dropped_segment_is_refused() -> None:
    whole = tiny(os.urandom(4_900))
    pieces = segments(whole, segment=TINY.segment, lead=0)
    tried = 0
    for i in range(len(pieces)):
        changes = [[*pieces[:i], *pieces[i + 1 :]]]
        for j in range(len(pieces)):
            if i != j:
                swapped, repeated = list(pieces), list(pieces)
                swapped[i], swapped[j] = pieces[j], pieces[i]
                repeated[i] = pieces[j]
                changes += [swapped, repeated, [*pieces[:i], pieces[j], *pieces[i:]]]
        for change in changes:
            assert tiny_outcome(b"".join(change)) in ("open", "read"), i
            tried += 1
    assert tried > 1_000


def test_a_segment_of_another_file_with_the_same_key_is_refused() -> None:
    ours, other = segments(sealed(PLAIN)), segments(sealed(PLAIN))
    for i in range(len(ours)):
        spliced = [*ours[:i], other[i], *ours[i + 1 :]]
        assert outcome(b"".join(spliced)) in ("open", "read")


# ── whole files ──────────────────────────────────────────────────────────────────────────────


def test_a_film_under_the_name_of_another_recording_is_refused_at_open() -> None:
    stranger = sealed(PLAIN, owner=os.urandom(16))
    with pytest.raises(Tampered, match="another recording"):
        opened(stranger)


def test_an_older_version_put_back_is_refused_at_open() -> None:
    older = sealed(PLAIN, object_id=os.urandom(16))
    with pytest.raises(Tampered, match="older version"):
        opened(older)


def test_another_key_is_refused_at_open_and_named() -> None:
    with pytest.raises(Tampered, match="another key"):
        opened(sealed(PLAIN), key=os.urandom(32))


def test_the_header_of_another_file_does_not_open_this_one() -> None:
    ours, other_id = sealed(PLAIN), os.urandom(16)
    other = sealed(PLAIN, object_id=other_id)
    moved = other[:HEADER_BYTES] + ours[HEADER_BYTES:]
    with pytest.raises(Tampered):
        unseal(io.BytesIO(moved), KEY, OWNER, other_id)


def test_two_imports_of_one_film_share_no_salt_and_no_segment() -> None:
    first = sealed(PLAIN, key=os.urandom(32), object_id=os.urandom(16))
    second = sealed(PLAIN, key=os.urandom(32), object_id=os.urandom(16))
    salts = {whole[HEADER_BYTES + 1 : HEADER_BYTES + 33] for whole in (first, second)}
    blocks = [
        {whole[i : i + 16] for i in range(HEADER_BYTES, len(whole), 16)}
        for whole in (first, second)
    ]
    assert len(salts) == 2
    assert not blocks[0] & blocks[1]


@given(st.binary(max_size=400))
def test_any_other_file_is_refused_as_tampered_and_nothing_else(data: bytes) -> None:
    assert outcome(data) == "open"


@given(st.data())
def test_any_bytes_in_place_of_any_others_are_refused(data: st.DataObject) -> None:
    whole = sealed(PLAIN[: SMALL + 300])
    start = data.draw(st.integers(0, len(whole) - 1))
    cut = data.draw(st.integers(0, len(whole) - start))
    put = data.draw(st.binary(max_size=64))
    changed = whole[:start] + put + whole[start + cut :]
    if changed != whole:
        assert outcome(changed) in ("open", "read")


# ── what was never finished ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("head", [0, 1, 5_000, 50_000])
@pytest.mark.parametrize("size", [0, 1, SMALL, 3 * SMALL, 60_000])
def test_a_writer_that_was_closed_never_looks_finished(size: int, head: int) -> None:
    raw = io.BytesIO()
    with seal(raw, KEY, OWNER, OBJECT, segment=SMALL, head=head) as writer:
        writer.write(os.urandom(size))
    assert outcome(raw.getvalue()) == "open"


def test_a_damaged_file_is_closed_when_it_is_refused() -> None:
    raw = io.BytesIO(flipped(sealed(PLAIN), 3))
    with pytest.raises(Tampered):
        unseal(raw, KEY, OWNER, OBJECT)
    assert raw.closed
