"""Films damaged by chance: each one plays or is refused, and nothing is left of either."""

from __future__ import annotations

import io
import random
from functools import cache

import psutil
import pytest

from tests.media import making
from tests.media.oddities import INDEX_FIRST, VPX, X264, R
from vig.errors import BadFilm
from vig.media import proxy, video

BASES = {
    "mp4": R.but(options=X264),
    "mp4_index_first": R.but(options=X264, container_options=INDEX_FIRST),
    "fragmented": R.but(container_options={"movflags": "frag_keyframe+empty_moov"}),
    "mkv": R.but(container="matroska", options=X264),
    "webm": R.but(codec="libvpx-vp9", container="webm", sound="libopus", options=VPX),
    "avi": R.but(codec="mpeg4", container="avi", sound="libmp3lame"),
    "ts": R.but(container="mpegts", options=X264),
}
_film = cache(lambda base: making.film(BASES[base]))


def mutant(base: str, seed: int) -> bytes:
    """One of six kinds of damage to one of the films, the same for the same seed."""
    chance = random.Random(f"{base} {seed}")
    data = bytearray(_film(base))
    size = len(data)
    # Half of all damage goes where the structure is, at the ends of the file.
    at = chance.randrange(size) if chance.random() < 0.5 else chance.choice((0, size - 4000))
    at = min(max(at + chance.randrange(2000), 0), size - 8)
    match chance.choice(("flip", "cut", "bytes", "repeat", "length", "zero")):
        case "flip":
            for _ in range(chance.choice((1, 10, 200))):
                data[chance.randrange(size)] ^= 1 << chance.randrange(8)
        case "cut":
            del data[chance.randrange(size) :]
        case "bytes":
            for offset in range(chance.choice((1, 5, 8))):
                data[at + offset] = chance.choice((0, 1, 127, 128, 255))
        case "repeat":
            data[at:at] = data[at : at + chance.randrange(1, 5000)]
        case "length":
            data[at : at + 4] = chance.choice((0, 1, 2**31 - 1, 2**31, 2**32 - 1)).to_bytes(
                4, "big"
            )
        case "zero":
            length = min(chance.randrange(1, 20_000), size - at)
            data[at : at + length] = bytes(length)
    return bytes(data)


def _plays_or_is_refused(data: bytes) -> bool:
    try:
        footage = video.probe(io.BytesIO(data))
        out = io.BytesIO()
        copied = proxy.browser_copy(io.BytesIO(data), out)
    except BadFilm:
        return False
    assert footage.duration > 0
    assert len(copied.times) == copied.footage.frames
    return True


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("seed", range(3))
def test_a_damaged_film_plays_or_is_refused(base: str, seed: int) -> None:
    before = psutil.Process().children()  # of tests in other rooms
    _plays_or_is_refused(mutant(base, seed))
    assert [each for each in psutil.Process().children() if each not in before] == []


def test_a_stream_that_turns_up_in_the_middle_is_passed_over() -> None:
    _plays_or_is_refused(mutant("ts", 3029))  # PyAV 18.1 raises IndexError for its packets


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_ten_thousand_damaged_films_play_or_are_refused() -> None:
    played = 0
    before = psutil.Process().children()
    for seed in range(10_000):
        base = list(BASES)[seed % len(BASES)]
        try:
            played += _plays_or_is_refused(mutant(base, 1_000 + seed))
        except Exception as error:
            error.add_note(f"mutant({base!r}, {1_000 + seed})")
            raise
        assert [each for each in psutil.Process().children() if each not in before] == []
    assert 2_000 < played < 9_900
