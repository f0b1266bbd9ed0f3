"""The benchmark of the suggestions measures what it says, and the order holds on true signals."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from vig.attunement.moments import suggest
from vig.attunement.scoring import Scoring
from vig.domain.clock import SECOND, Grid, Span
from vig.perception.models import Models

ROOT = Path(__file__).parents[2]
LONG = ["sample_clips/practice", "benchmarks/films/play2", "benchmarks/films/play3"]


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    place = importlib.util.spec_from_file_location(
        "suggestions", ROOT / "benchmarks/suggestions.py"
    )
    assert place is not None
    assert place.loader is not None
    module = importlib.util.module_from_spec(place)
    sys.modules["suggestions"] = module
    place.loader.exec_module(module)
    return module


def at(start: float, end: float) -> Span:
    return Span(round(start * SECOND), round(end * SECOND))


def test_an_event_is_found_when_half_of_it_lies_in_one_clip(bench: ModuleType) -> None:
    assert bench.hits([at(10, 14)], [at(0, 12)]) == 1
    assert bench.hits([at(10, 14)], [at(0, 11.9)]) == 0
    assert bench.hits([at(10, 14)], [at(0, 11), at(13, 20)]) == 0
    assert bench.hits([at(10, 14), at(15, 17)], [at(9, 18)]) == 2


def test_evenly_spaced_clips_are_as_many_and_as_long_as_allowed(bench: ModuleType) -> None:
    clips = bench.evenly_spaced(Grid.over(240 * SECOND))
    assert clips == [at(14 + 40 * i, 26 + 40 * i) for i in range(6)]


def test_chance_finds_what_random_clips_must_find(bench: ModuleType) -> None:
    grid = Grid.over(252 * SECOND)  # clips begin anywhere in 240 s; six are allowed
    found = bench.chance([at(100, 104)], grid)
    # A clip of 12 s holds half of it when it begins in a stretch of 12 - 4 + 2 * 2 = 12 s.
    assert found == pytest.approx(1 - (1 - 12 / 240) ** 6, abs=0.03)


@pytest.mark.parametrize("name", LONG)
def test_with_true_signals_every_long_film_gives_its_moments(bench: ModuleType, name: str) -> None:
    film, scoring = bench.Film(ROOT / f"{name}.mp4"), Scoring.load()
    targets, grid = film.targets(), film.grid()
    moments = suggest(bench.true_signals(film, scoring), scoring)
    bench.check(moments, grid)
    found = bench.hits(targets, [moment.span for moment in moments])
    assert found >= 0.8 * len(targets)
    assert found >= 2 * bench.hits(targets, bench.evenly_spaced(grid))


@pytest.mark.soak
@pytest.mark.parametrize("name", LONG)
def test_seen_and_heard_four_fifths_of_the_moments_are_found(bench: ModuleType, name: str) -> None:
    film, scoring = bench.Film(ROOT / f"{name}.mp4"), Scoring.load()
    signals = bench.measure(bench.observed(film, Models.load(), None), scoring)
    moments = suggest(signals, scoring)
    bench.check(moments, film.grid())
    found = bench.hits(film.targets(), [moment.span for moment in moments])
    assert found >= 0.8 * len(film.targets())
    assert found >= 2 * bench.hits(film.targets(), bench.evenly_spaced(film.grid()))
