"""Listening: who is heard when, and what is not known. Judged on rendered and computed sound."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest

from tests.perception.voices import (
    RATE,
    SAMPLES,
    babble,
    blocks,
    cry,
    quiet,
    room,
    sample_sound,
    voice,
)
from vig.domain.clock import SECOND, Grid, Span, SpanSet
from vig.domain.observation import Floats, Heard
from vig.domain.progress import unheard
from vig.domain.recording import Sound
from vig.errors import BadValue, Cancelled
from vig.perception.models import Models
from vig.perception.sound import listen


@pytest.fixture(scope="module")
def models() -> Models:
    return Models.load()


def grid_of(samples: Floats) -> Grid:
    return Grid.over(len(samples) * SECOND // RATE)


def heard(samples: Floats, models: Models, size: int = RATE * 10) -> Heard:
    return listen(blocks(samples, size), grid_of(samples), models)


def events(column: Floats, grid: Grid) -> list[Span]:
    on = (column > 0.5).astype(np.int8)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], on, [0]]))).tolist()
    spans = [grid.span_of(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return list(SpanSet.of(spans).bridged(3 * SECOND // 10).at_least(3 * SECOND // 10))


def seconds(column: Floats) -> float:
    return float((column > 0.5).sum()) / 10


def all_columns(of: Heard) -> list[Floats]:
    return [of.baby_voice, of.parent_voice, of.cry, of.loudness]


# ── the rendered films ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["main", "hard", "split"])
def test_parent_and_baby_of_the_rendered_films_are_heard_and_told_apart(
    name: str, models: Models
) -> None:
    told = json.loads((SAMPLES / f"{name}.events.json").read_text(encoding="utf-8"))["events"]
    found = heard(sample_sound(name), models)
    for who, column in (("parent", found.parent_voice), ("baby", found.baby_voice)):
        true = [
            Span(round(v["start"] * SECOND), round(v["end"] * SECOND))
            for v in told["vocalisations"]
            if v["who"] == who
        ]
        got = events(column, found.grid)
        hits = sum(any(a.iou(b) >= 0.5 for b in got) for a in true)
        f1 = 2 * hits / (len(true) + len(got))
        assert f1 >= 0.85, (who, true, got)
    assert seconds(found.cry) == 0


# ── voices ───────────────────────────────────────────────────────────────────────────────────


def test_babble_is_the_baby_and_nobody_else(models: Models) -> None:
    found = heard(room(np.concatenate([quiet(1), babble(4), quiet(1)])), models)
    (event,) = events(found.baby_voice, found.grid)
    assert abs(event.start - SECOND) <= SECOND // 5
    assert 1.0 <= event.length / SECOND <= 1.8
    assert seconds(found.parent_voice) == 0


def test_a_squeak_that_is_too_short_is_no_voice(models: Models) -> None:
    found = heard(room(np.concatenate([quiet(1), voice(0.1, 400, 420), quiet(1)])), models)
    assert seconds(found.baby_voice) == 0


def test_a_low_voice_is_not_the_baby_s(models: Models) -> None:
    low = voice(1.0, 180, 220, formants=(600, 1500, 2700))
    found = heard(room(np.concatenate([quiet(1), low, quiet(1)])), models)
    assert seconds(found.baby_voice) == 0


def test_noise_however_loud_is_nobody(models: Models) -> None:
    noise = (np.random.default_rng(1).normal(size=RATE * 4) * 0.1).astype(np.float32)
    found = heard(np.concatenate([room(quiet(2)), noise, room(quiet(2))]), models)
    assert seconds(found.baby_voice) == seconds(found.parent_voice) == 0


def test_crying_is_told_from_voice_by_its_rhythm(models: Models) -> None:
    found = heard(room(np.concatenate([quiet(1), cry(4), quiet(2), babble(4), quiet(1)])), models)
    crying, babbling = slice(10, 65), slice(85, 105)
    assert seconds(found.cry[crying]) >= 4
    assert seconds(found.baby_voice[crying]) == 0
    assert seconds(found.cry[babbling]) == 0
    assert seconds(found.baby_voice[babbling]) >= 1


def test_two_wails_are_not_yet_a_cry(models: Models) -> None:
    found = heard(room(np.concatenate([quiet(1), cry(2), quiet(1)])), models)
    assert seconds(found.cry) == 0


def test_loudness_is_in_decibels_below_full_scale(models: Models) -> None:
    tone = (np.sin(2 * np.pi * 300 * np.arange(RATE) / RATE)).astype(np.float32)
    found = heard(np.concatenate([tone, tone * 0.1]), models)
    assert found.loudness[3] == pytest.approx(-3.0, abs=0.2)
    assert found.loudness[15] == pytest.approx(-23.0, abs=0.2)


# ── what is not known ────────────────────────────────────────────────────────────────────────


def test_a_film_without_sound_is_nan_all_over(models: Models) -> None:
    found = listen([], Grid.over(5 * SECOND), models)
    assert all(len(column) == 50 for column in all_columns(found))
    assert np.isnan(all_columns(found)).all()


def test_before_a_late_sound_and_after_its_end_nothing_is_known(models: Models) -> None:
    samples = room(quiet(4))
    found = listen(blocks(samples, start=3 * SECOND), Grid.over(10 * SECOND), models)
    for column in all_columns(found):
        assert np.isnan(column[:30]).all()
        assert np.isfinite(column[31:69]).all()
        assert np.isnan(column[71:]).all()


def test_digital_silence_is_a_gap_and_not_a_quiet_person(models: Models) -> None:
    samples = np.concatenate([room(quiet(3)), quiet(3), room(quiet(3))])
    found = heard(samples, models)
    assert np.isnan(found.parent_voice[31:59]).all()
    assert np.isfinite(found.parent_voice[:29]).all()
    assert np.isfinite(found.parent_voice[62:88]).all()


def test_a_gap_between_blocks_is_unknown_and_what_follows_is_where_it_belongs(
    models: Models,
) -> None:
    first, second = room(quiet(2)), room(np.concatenate([quiet(1), babble(4), quiet(1)]))
    given = [Sound(first, RATE, 0), Sound(second, RATE, 5 * SECOND)]
    found = listen(given, Grid.over(9 * SECOND), models)
    assert np.isnan(found.baby_voice[21:49]).all()
    (event,) = events(found.baby_voice, found.grid)
    assert abs(event.start - 6 * SECOND) <= SECOND // 5


def test_sound_past_the_end_of_the_picture_is_left_out(models: Models) -> None:
    found = listen(blocks(room(quiet(5))), Grid.over(2 * SECOND), models)
    assert len(found.loudness) == 20


# ── blocks ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("size", [1_000, 16_000, 77_777])
def test_how_the_sound_is_cut_into_blocks_changes_nothing(size: int, models: Models) -> None:
    samples = room(np.concatenate([quiet(1), babble(4), quiet(0.7), cry(3), quiet(0.5)]))
    whole, cut = heard(samples, models, len(samples)), heard(samples, models, size)
    for one, other in zip(all_columns(whole), all_columns(cut), strict=True):
        assert other == pytest.approx(one, abs=1e-5, nan_ok=True)


def test_another_rate_is_refused_with_a_sentence(models: Models) -> None:
    with pytest.raises(BadValue, match="16000 Hz, not at 44100"):
        listen([Sound(quiet(1), 44_100, 0)], Grid.over(SECOND), models)


def test_progress_rises_to_the_end_and_can_stop_the_work(models: Models) -> None:
    samples, told = room(quiet(3)), []
    listen(blocks(samples, RATE), grid_of(samples), models, told.append)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1.0)

    def stop(share: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        listen(blocks(samples, RATE), grid_of(samples), models, stop)


def test_the_one_model_that_listens_is_named(models: Models) -> None:
    (ref,) = listen([], Grid.over(SECOND), models).models
    assert ref.name == "silero-vad"
    assert ref.sha256 == models.weights["silero-vad"].sha256


def test_listening_holds_one_block_and_not_the_film(models: Models) -> None:
    """Twice the film costs a few numbers a step more, not twice the sound."""

    def peak(minutes: int) -> int:
        one = room(np.concatenate([quiet(4), babble(8), quiet(3)]))

        def stream() -> Iterator[Sound]:
            for i in range(minutes * 6):
                yield Sound(one, RATE, i * len(one) * SECOND // RATE)

        tracemalloc.start()
        listen(stream(), Grid.over(minutes * 60 * SECOND), models, unheard)
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    longer = 60 * RATE * 4  # bytes of one minute of sound
    assert peak(2) - peak(1) < longer / 8
