"""The whole room on one ordinary film."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest

from tests.media import barcode, making
from vig.domain.clock import SECOND, Grid, Span
from vig.errors import BadSpan, Cancelled, DiskFull
from vig.media import clips, proxy, sound, video


@pytest.fixture(scope="module")
def film() -> bytes:
    return making.film(making.Recipe(frames=60))


def _frames(mp4: bytes) -> list[tuple[float, int]]:
    with av.open(io.BytesIO(mp4)) as made:
        return [
            (float(f.pts * f.time_base), barcode.read(f.to_ndarray(format="rgb24")))
            for f in made.decode(video=0)
        ]


def test_a_probe_says_what_the_film_holds(film: bytes) -> None:
    footage = video.probe(io.BytesIO(film))
    assert (footage.width, footage.height) == (160, 120)
    assert footage.duration == 60 * SECOND // 25
    assert (footage.video_codec, footage.audio_codec, footage.container) == ("h264", "aac", "mp4")
    assert footage.sound_start == 0
    assert footage.frames is None


def test_frame_times_are_those_that_were_written(film: bytes) -> None:
    times = video.frame_times(io.BytesIO(film))
    assert times.starts.tolist() == [n * 40_000 for n in range(60)]
    assert times.end == 2_400_000


def test_each_tick_gets_the_frame_shown_at_that_tick(film: bytes) -> None:
    grid = Grid.over(2_400_000)
    got = list(video.sample(io.BytesIO(film), grid))
    assert [tick for tick, _ in got] == list(range(24))
    for tick, frame in got:
        assert barcode.read(frame.rgb) * 40_000 == frame.at
        assert grid.time_of(tick) - 80_000 < frame.at <= grid.time_of(tick)


def test_a_part_of_the_film_gives_the_ticks_of_that_part(film: bytes) -> None:
    got = list(video.sample(io.BytesIO(film), Grid.over(2_400_000), Span(950_000, 1_300_000)))
    assert [tick for tick, _ in got] == [10, 11, 12]


def test_the_frame_at_a_time_is_the_one_shown_then(film: bytes) -> None:
    for at, number in ((0, 0), (39_999, 0), (40_000, 1), (1_999_999, 49), (9_999_999, 59)):
        assert barcode.read(video.frame_at(io.BytesIO(film), at).rgb) == number


def test_the_browser_copy_shows_the_same_frames_at_the_same_times(film: bytes) -> None:
    out = io.BytesIO()
    copied = proxy.browser_copy(io.BytesIO(film), out)
    assert _frames(out.getvalue()) == [(n / 25, n) for n in range(60)]
    assert copied.footage.frames == len(copied.times) == 60
    assert out.getvalue().index(b"moov") < out.getvalue().index(b"mdat")


def test_a_cut_holds_exactly_the_chosen_frames_and_starts_at_zero(film: bytes) -> None:
    times = video.frame_times(io.BytesIO(film))
    out = io.BytesIO()
    cut = clips.cut(io.BytesIO(film), Span(810_000, 1_590_000), out, times=times)
    assert cut == Span(800_000, 1_600_000)
    assert _frames(out.getvalue()) == [(n / 25, n + 20) for n in range(20)]


def test_a_part_outside_the_film_is_refused(film: bytes) -> None:
    times = video.frame_times(io.BytesIO(film))
    with pytest.raises(BadSpan):
        clips.cut(io.BytesIO(film), Span(0, 2_400_001), io.BytesIO(), times=times)


def test_sound_comes_in_blocks_without_gaps_on_the_films_clock(film: bytes) -> None:
    got = list(sound.blocks(io.BytesIO(film), seconds=1))
    assert [block.start for block in got] == [0, SECOND, 2 * SECOND]
    samples = np.concatenate([block.samples for block in got])
    assert len(samples) == 16_000 * 24 // 10
    loud = np.abs(samples) > 0.2
    for click in range(4):
        began = int(np.argmax(loud[click * 8000 - 200 * (click > 0) :])) + click * 8000
        assert abs(began - 200 * (click > 0) - click * 8000) < 16_000 * 0.02


def test_stills_and_thumbnails_are_pictures_of_that_frame(film: bytes) -> None:
    assert clips.still(io.BytesIO(film), 0).startswith(b"\x89PNG")
    small = list(clips.thumbnails(io.BytesIO(film), [0, SECOND], longest=80))
    assert [data[:2] for data in small] == [b"\xff\xd8", b"\xff\xd8"]


@pytest.mark.parametrize("work", ["times", "copy"])
def test_progress_rises_to_the_whole(film: bytes, work: str) -> None:
    shares: list[float] = []
    if work == "times":
        video.frame_times(io.BytesIO(film), shares.append)
    else:
        proxy.browser_copy(io.BytesIO(film), io.BytesIO(), progress=shares.append)
    assert len(shares) > 1
    assert shares == sorted(shares)
    assert shares[0] > 0
    assert shares[-1] == 1.0


def test_a_full_disk_ends_a_copy_with_the_sinks_own_error(film: bytes) -> None:
    class Full(io.BytesIO):
        def write(self, data: object, /) -> int:
            raise DiskFull

    with pytest.raises(DiskFull):
        proxy.browser_copy(io.BytesIO(film), Full())


def test_work_stops_when_progress_says_so(film: bytes) -> None:
    def stop(share: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        proxy.browser_copy(io.BytesIO(film), io.BytesIO(), progress=stop)
