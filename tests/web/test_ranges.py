"""Byte ranges mean what the standard says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vig.web.ranges import part_of

SIZES = st.integers(1, 10_000)


@given(SIZES, st.integers(0, 12_000), st.integers(0, 12_000))
def test_a_range_is_the_slice_it_names(size: int, first: int, extra: int) -> None:
    data = bytes(i % 251 for i in range(size))
    part = part_of(f"bytes={first}-{first + extra}", size)
    if first >= size:
        assert part is None
    else:
        assert part is not None
        assert not part.whole
        assert data[part.first : part.last + 1] == data[first : first + extra + 1]


@given(SIZES, st.integers(1, 12_000))
def test_a_suffix_range_is_the_end_of_the_film(size: int, last: int) -> None:
    data = bytes(i % 251 for i in range(size))
    part = part_of(f"bytes=-{last}", size)
    assert part is not None
    assert data[part.first : part.last + 1] == data[-last:]
    assert part.length <= size


@given(SIZES)
def test_an_open_range_runs_to_the_end(size: int) -> None:
    part = part_of(f"bytes={size - 1}-", size)
    assert part is not None
    assert (part.first, part.last, part.length) == (size - 1, size - 1, 1)


@pytest.mark.parametrize(
    "header", [None, "", "bytes=-", "bytes=1-2,4-5", "items=0-1", "bytes=9-3", "bytes=a-b"]
)
def test_what_is_no_single_range_is_answered_with_the_whole_film(header: str | None) -> None:
    part = part_of(header, 100)
    assert part is not None
    assert part.whole
    assert part.length == 100


def test_the_last_no_bytes_cannot_be_sent() -> None:
    assert part_of("bytes=-0", 100) is None
