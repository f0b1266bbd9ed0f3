"""Every film with a disease either plays with exact frames or is refused with one sentence."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import av
import numpy as np
import psutil
import pytest

from tests.media import barcode
from tests.media.oddities import PLAYABLE
from tests.media.unplayable import UNPLAYABLE
from vig.domain.clock import Grid
from vig.errors import BadFilm
from vig.media import proxy, sound, video

_made = cache(lambda name: PLAYABLE[name].make())


@pytest.fixture(autouse=True)
def _nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No child process and no file in the temp folder outlives a film."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = psutil.Process().children()  # of tests in other rooms
    yield
    assert [each for each in psutil.Process().children() if each not in before] == []
    assert list(tmp_path.iterdir()) == []


def _near(got: list[int], wanted: list[int], slack: int) -> bool:
    return len(got) == len(wanted) and all(
        abs(a - b) <= slack for a, b in zip(got, wanted, strict=True)
    )


@pytest.mark.parametrize("name", PLAYABLE)
def test_an_odd_film_is_described_and_copied_frame_by_frame(name: str) -> None:
    odd, data = PLAYABLE[name], _made(name)
    footage = video.probe(io.BytesIO(data))
    assert (footage.width, footage.height) == odd.size
    for what, wanted in odd.footage.items():
        assert getattr(footage, what) == wanted or (
            what == "sound_start" and abs(getattr(footage, what) - wanted) < 30_000
        ), what
    out = io.BytesIO()
    copied = proxy.browser_copy(io.BytesIO(data), out)
    numbers, times = _shown(out.getvalue())
    count = len(odd.times)
    if "cut_off" in name:
        # How much is left depends on where the cut fell; what is left must be right.
        assert count * 0.5 < len(numbers) <= 100
        wanted_times = [n * 40_000 for n in range(len(numbers))]
        assert numbers[:-2] == list(range(len(numbers)))[:-2]
    else:
        wanted_times = list(odd.times)
        assert numbers == odd.shown()
    assert _near(times, copied.times.starts.tolist(), 1)
    assert _near(times, wanted_times, odd.slack)
    assert copied.footage.frames == len(numbers)
    if odd.clicks:
        with av.open(io.BytesIO(out.getvalue())) as made:
            heard = [frame.to_ndarray()[0] for frame in made.decode(audio=0)]
        _assert_clicks(np.concatenate(heard), 48_000)
    assert abs(copied.footage.duration - footage.duration) <= max(odd.slack, 45_000)


@pytest.mark.parametrize("name", PLAYABLE)
def test_an_odd_film_is_sampled_upright_in_true_colours(name: str) -> None:
    odd, data = PLAYABLE[name], _made(name)
    grid = Grid.over(odd.times[-1] + 40_000)
    shown = odd.shown()
    ticks = []
    for tick, frame in video.sample(io.BytesIO(data), grid):
        ticks.append(tick)
        at = grid.time_of(tick)
        wanted = max(i for i, start in enumerate(odd.times) if start <= at)
        number = barcode.read(frame.rgb)
        assert number in shown
        assert abs(shown.index(number) - wanted) <= 1
        assert frame.rgb.shape == (odd.size[1], odd.size[0], 3)
        for got, painted in zip(barcode.patches(frame.rgb), barcode.PATCHES, strict=True):
            assert np.abs(np.subtract(got, painted)).max() < odd.colours
    assert ticks == list(range(len(ticks)))
    assert len(ticks) >= (grid.ticks // 2 if "cut_off" in name else grid.ticks - 2)


@pytest.mark.parametrize(
    "name",
    ["h264_mp4", "h264_mov_pcm", "h264_mkv_opus", "mpeg4_avi", "h264_mts_ac3", "h263_3gp_amr",
     "late_picture", "late_sound", "stereo_44100", "live_webm_without_duration", "cut_off_mkv"],
)  # fmt: skip
def test_the_sound_of_an_odd_film_lies_where_it_belongs(name: str) -> None:
    heard = list(sound.blocks(io.BytesIO(_made(name)), rate=16_000))
    samples = np.concatenate([block.samples for block in heard])
    _assert_clicks(samples, 16_000)


def _assert_clicks(samples: np.ndarray, rate: int) -> None:
    """Each click starts on a half second of the container's clock, which the film's shares."""
    loud = np.abs(samples) > 0.15
    onsets = [i / rate for i in np.flatnonzero(loud) if not loud[max(0, i - rate // 10) : i].any()]
    assert len(onsets) >= len(samples) / rate / 0.5 - 2
    for onset in onsets:
        assert abs(onset - round(onset * 2) / 2) < 0.03, onsets


def _shown(mp4: bytes) -> tuple[list[int], list[int]]:
    with av.open(io.BytesIO(mp4)) as made:
        assert mp4.index(b"moov") < mp4.index(b"mdat")
        frames = list(made.decode(video=0))
    return (
        [barcode.read(frame.to_ndarray(format="rgb24")) for frame in frames],
        [round(frame.pts * frame.time_base * 1_000_000) for frame in frames],
    )


@pytest.mark.parametrize("name", UNPLAYABLE)
def test_what_is_not_a_film_is_refused_with_one_sentence(name: str) -> None:
    make, kind = UNPLAYABLE[name]
    data = make()
    with pytest.raises(BadFilm) as refused:
        video.probe(io.BytesIO(data))
    assert isinstance(refused.value, kind)
    sentence = str(refused.value)
    assert sentence.endswith(".")
    assert "{" not in sentence
    assert os.sep not in sentence


@pytest.mark.parametrize("name", ["text_called_mp4", "png_bomb_in_mov", "huge_jpegs", "too_long"])
def test_what_is_not_a_film_is_not_copied_either(name: str) -> None:
    make, kind = UNPLAYABLE[name]
    sink = io.BytesIO()
    with pytest.raises(kind):
        proxy.browser_copy(io.BytesIO(make()), sink)
