"""What is taken out of a film: exact frames, aligned sound, nothing that was not asked for."""

from __future__ import annotations

import io
import itertools

import av
import cv2
import numpy as np
import pytest

from tests.media import barcode, making
from tests.media.oddities import INDEX_FIRST, PLAYABLE, X264
from vig.domain.clock import SECOND, Grid, Span
from vig.errors import BadSpan, DecoderFailed
from vig.media import clips, proxy, sound, video
from vig.media.inside import tasks

LONG = making.Recipe(frames=250, options=X264 | {"g": "50"})
"""Ten seconds with a keyframe every two, so that most cuts begin between keyframes."""


@pytest.fixture(scope="module")
def film() -> bytes:
    return making.film(LONG)


class HeadOnly(io.BytesIO):
    """A sink that, like the vault's, is written from front to back and again in its head only."""

    def __init__(self, head: int) -> None:
        super().__init__()
        self.head = head
        self.end = 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        assert whence == io.SEEK_SET
        assert offset == self.end or offset <= self.head
        return super().seek(offset)

    def write(self, data: bytes) -> int:  # type: ignore[override]
        at = self.tell()
        assert at == self.end or at + len(data) <= self.head or self.end <= self.head
        written = super().write(data)
        self.end = max(self.end, self.tell())
        return written


def _frames(mp4: bytes) -> list[tuple[int, int]]:
    with av.open(io.BytesIO(mp4)) as made:
        return [
            (round(f.pts * f.time_base * SECOND), barcode.read(f.to_ndarray(format="rgb24")))
            for f in made.decode(video=0)
        ]


def _sound(mp4: bytes) -> tuple[float, np.ndarray]:
    """When the sound starts in seconds, and the sound."""
    with av.open(io.BytesIO(mp4)) as made:
        frames = list(made.decode(audio=0))
    first = frames[0]
    return float(first.pts * first.time_base), np.concatenate([f.to_ndarray()[0] for f in frames])


@pytest.mark.parametrize(("first", "after"), [(0, 10), (37, 41), (49, 51), (120, 240), (240, 250)])
def test_a_cut_shows_the_chosen_frames_with_their_sound(
    film: bytes, first: int, after: int
) -> None:
    times = video.frame_times(io.BytesIO(film))
    span = Span(first * 40_000, after * 40_000)
    out = io.BytesIO()
    assert clips.cut(io.BytesIO(film), span, out, times=times) == span
    assert _frames(out.getvalue()) == [(n * 40_000, n + first) for n in range(after - first)]
    begins, samples = _sound(out.getvalue())
    assert abs(begins) < 1024 / 48_000
    assert abs(len(samples) / 48_000 - span.length / SECOND) < 1024 / 48_000
    # Clicks lie at every half second of the film: find where they lie in the cut.
    loud = np.flatnonzero(np.abs(samples) > 0.15)
    onsets = [i for n, i in enumerate(loud) if n == 0 or i - loud[n - 1] > 4800]
    for onset in onsets:
        at = begins + onset / 48_000 + span.start / SECOND
        since = (at + 0.02) % making.CLICK_EVERY - 0.02
        # A cut may fall into a click of 40 ms; then its rest is heard at once.
        assert abs(since) < 1024 / 48_000 or (onset < 2000 and since < 0.04)


def test_a_cut_of_a_film_with_uneven_times_keeps_them() -> None:
    data = PLAYABLE["variable_rate"].make()
    times = video.frame_times(io.BytesIO(data))
    out = io.BytesIO()
    cut = clips.cut(io.BytesIO(data), Span(80_000, 420_000), out, times=times)
    assert cut == times.span_of(2, 6)
    got = _frames(out.getvalue())
    assert [number for _, number in got] == [2, 3, 4, 5]
    assert [at for at, _ in got] == [int(t - times.starts[2]) for t in times.starts[2:6]]


@pytest.mark.parametrize(
    "name",
    ["h264_ts_aac", "h264_avi_b_frames", "mjpeg_avi", "vp9_webm", "av1_mp4", "hevc_10_bit_mov",
     "mpeg2_program", "clock_jumps_back", "late_picture", "starts_at_an_hour", "fragmented",
     "begins_inside_by_edit_list", "turned_90", "live_webm_without_duration"],
)  # fmt: skip
def test_odd_films_are_cut_at_the_frame_too(name: str) -> None:
    odd = PLAYABLE[name]
    data = odd.make()
    times = video.frame_times(io.BytesIO(data))
    first, after = len(times) // 3, len(times) * 2 // 3
    out = io.BytesIO()
    clips.cut(io.BytesIO(data), times.span_of(first, after), out, times=times)
    got = _frames(out.getvalue())
    assert [number for _, number in got] == odd.shown()[first:after]
    assert got[0][0] == 0


@pytest.mark.parametrize(
    "name",
    ["h264_mp4", "h264_ts_aac", "h264_avi_b_frames", "hevc_10_bit_mov", "vp9_webm", "fragmented",
     "variable_rate", "clock_jumps_back", "begins_inside_by_edit_list", "cut_off_mkv"],
)  # fmt: skip
def test_a_film_sampled_in_parts_is_the_film_sampled_whole(name: str) -> None:
    data = PLAYABLE[name].make()
    grid = Grid.over(video.probe(io.BytesIO(data)).duration)
    whole = [(tick, f.at, barcode.read(f.rgb)) for tick, f in video.sample(io.BytesIO(data), grid)]
    edges = [0, grid.ticks // 3, grid.ticks * 2 // 3, grid.ticks]
    parts = [
        (tick, f.at, barcode.read(f.rgb))
        for first, after in itertools.pairwise(edges)
        for tick, f in video.sample(io.BytesIO(data), grid, grid.span_of(first, after))
    ]
    assert parts == whole


def test_nothing_of_the_phone_goes_with_a_cut_or_a_copy() -> None:
    said = {"location": "+52.5200+013.4050/", "make": "PhoneMaker", "comment": "Mrs Brown",
            "title": "At home", "creation_time": "2026-11-24T10:00:00Z"}  # fmt: skip
    data = making.film(LONG.but(frames=30, container="mov", metadata=said))
    assert b"+52.52" in data
    assert b"Mrs Brown" in data
    cut, copy = io.BytesIO(), io.BytesIO()
    times = proxy.browser_copy(io.BytesIO(data), copy).times
    clips.cut(io.BytesIO(data), Span(0, SECOND), cut, times=times)
    still = clips.still(io.BytesIO(data), 0)
    (thumb,) = clips.thumbnails(io.BytesIO(data), [0])
    for made in (cut.getvalue(), copy.getvalue(), still, thumb):
        assert made
        for word in (b"+52.52", b"PhoneMaker", b"Mrs Brown", b"At home"):
            assert word not in made
        assert b"Exif" not in made
    with av.open(io.BytesIO(copy.getvalue())) as made_copy:
        assert "creation_time" not in made_copy.metadata


def test_a_copy_writes_again_only_within_the_head_it_asked_for(film: bytes) -> None:
    footage = video.probe(io.BytesIO(film))
    sink = HeadOnly(proxy.head_bytes(footage))
    proxy.browser_copy(io.BytesIO(film), sink)
    assert len(_frames(sink.getvalue())) == 250
    assert sink.getvalue().index(b"moov") < sink.getvalue().index(b"mdat")


def test_a_copy_can_be_stepped_through(film: bytes) -> None:
    out = io.BytesIO()
    proxy.browser_copy(io.BytesIO(film), out)
    with av.open(io.BytesIO(out.getvalue())) as made:
        stream = made.streams.video[0]
        packets = [p for p in made.demux(stream) if p.size]
        assert stream.codec_context.profile == "High"
        assert stream.pix_fmt == "yuv420p"
        assert not stream.codec_context.has_b_frames
    keys = [i for i, packet in enumerate(packets) if packet.is_keyframe]
    assert keys == list(range(0, 250, 15))
    assert all(packet.pts == packet.dts for packet in packets)


def test_a_large_film_is_copied_no_larger_than_720_lines() -> None:
    data = making.film(
        making.Recipe(codec="mjpeg", container="mov", pixels="yuvj420p", size=(1920, 1080),
                      frames=4, sound=None)
    )  # fmt: skip
    out = io.BytesIO()
    proxy.browser_copy(io.BytesIO(data), out)
    with av.open(io.BytesIO(out.getvalue())) as made:
        assert (made.streams.video[0].width, made.streams.video[0].height) == (1280, 720)


def test_a_film_that_was_cut_short_says_so_and_its_part_can_be_cut() -> None:
    recipe = LONG.but(frames=100, container_options=INDEX_FIRST, options=X264 | {"g": "10"})
    whole = making.film(recipe)
    data = whole[: len(whole) * 8 // 10]
    assert video.probe(io.BytesIO(data)).cut_short
    times = video.frame_times(io.BytesIO(data))
    out = io.BytesIO()
    clips.cut(io.BytesIO(data), times.span_of(5, 15), out, times=times)
    assert [number for _, number in _frames(out.getvalue())] == list(range(5, 15))


def test_a_cut_from_where_the_sound_has_ended_is_silent() -> None:
    data = making.film(LONG.but(sound_until=1_000_000))
    times = video.frame_times(io.BytesIO(data))
    out = io.BytesIO()
    clips.cut(io.BytesIO(data), Span(3 * SECOND, 4 * SECOND), out, times=times)
    assert [number for _, number in _frames(out.getvalue())] == list(range(75, 100))
    _, samples = _sound(out.getvalue())
    assert abs(len(samples) - 48_000) <= 1024
    assert np.abs(samples).max() < 0.001


@pytest.mark.parametrize("span", [Span(-1, 5), Span(0, 10_000_001), Span(99_000_000, 99_000_001)])
def test_a_cut_outside_the_film_is_refused_before_anything_is_read(film: bytes, span: Span) -> None:
    times = video.frame_times(io.BytesIO(film))
    sink = io.BytesIO()
    with pytest.raises(BadSpan):
        clips.cut(io.BytesIO(film), span, sink, times=times)
    assert sink.getvalue() == b""


def test_a_sheet_holds_the_frames_shown_at_its_times_row_by_row(film: bytes) -> None:
    times = [n * 400_000 + 20_000 for n in range(23)]
    made = clips.sheet(io.BytesIO(film), times, longest=160)
    whole = cv2.imdecode(np.frombuffer(made.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert whole is not None
    assert whole.shape[:2] == (3 * made.height, 10 * made.width)
    for number in range(len(times)):
        top, left = number // 10 * made.height, number % 10 * made.width
        tile = whole[top : top + made.height, left : left + made.width, ::-1]
        assert barcode.read(tile) == number * 10


@pytest.mark.parametrize("step", [20_000, 100_000])
def test_the_outline_is_loud_where_the_film_is_and_flat_where_it_is_quiet(
    film: bytes, step: int
) -> None:
    made = np.frombuffer(sound.outline(io.BytesIO(film), 10 * SECOND, step=step), np.uint8)
    assert abs(len(made) - 10 * SECOND // step) <= 1
    # Clicks of 40 ms lie at every half second of the film.
    at = np.arange(len(made)) * step / SECOND % making.CLICK_EVERY
    clicking = at < 0.04 - 1e-9
    quiet = (at > 0.12) & (at < making.CLICK_EVERY - 0.11)
    assert made[clicking].min() > 120
    assert made[quiet].max() < 20


def test_the_outline_is_a_picture_of_decibels() -> None:
    for level, expected in ((0.0, 255), (-27.0, 127), (-54.0, 0), (-80.0, 0)):
        made = tasks._loudness(np.full(50, 10 ** (level / 10)))
        assert {abs(value - expected) <= 1 for value in made} == {True}


@pytest.mark.parametrize("name", ["h264_ts_aac", "clock_jumps_back", "vp9_webm"])
def test_odd_films_have_an_outline_of_their_length(name: str) -> None:
    data = PLAYABLE[name].make()
    length = video.probe(io.BytesIO(data)).duration
    made = sound.outline(io.BytesIO(data), length, step=20_000)
    assert abs(len(made) - length // 20_000) <= 2


def test_a_film_without_sound_has_no_outline() -> None:
    data = making.film(LONG.but(frames=50, sound=None))
    assert sound.outline(io.BytesIO(data), 2 * SECOND, step=20_000) == b""


def test_more_outline_than_film_is_nonsense(film: bytes) -> None:
    with pytest.raises(DecoderFailed):
        sound.outline(io.BytesIO(film), SECOND, step=20_000)
