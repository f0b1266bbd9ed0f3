"""Memory does not grow with the film (long: outside CI)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import decode


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.skipif(sys.platform == "win32", reason="peak memory of a child is not known there")
def test_an_hour_of_film_takes_no_more_memory_than_a_minute(tmp_path: Path) -> None:
    peaks = {}
    for minutes in (1, 60):
        film = tmp_path / f"{minutes}.mp4"
        decode.long_film(film, minutes)
        peaks[minutes] = (decode.peak_sampling(film), decode.peak_copying(film))
    for short, long in zip(peaks[1], peaks[60], strict=True):
        # What grows is the index: a few bytes for each frame, read and written.
        assert long < short + 100
        assert long < 400
