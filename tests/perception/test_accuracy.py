"""Whole sample films against the truth they were rendered from: long, and only a check of geometry.

Rendered people: nothing here says anything about real babies.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from benchmarks.perception import PEOPLE, hits, measure, truth_rows
from tests.perception.films import frames_of, grid_of, truth_of
from vig.domain.progress import unheard
from vig.perception.models import Models
from vig.perception.sight import Glimpses, join, look

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]

HEAD = {"parent": 7.0, "baby": 10.0}
EYES = {"parent": 11.0, "baby": 14.0}


@pytest.mark.parametrize("name", ["main", "split", "practice"])
def test_both_people_are_followed_and_their_directions_are_right(name: str) -> None:
    figures = measure(name)
    assert figures["both_found"] >= 0.95
    assert figures["cpu"] <= 0.6  # 0.3 on a quiet machine
    for who, person in figures["people"].items():
        assert person["role"] == 1
        assert person["head"]["median"] <= HEAD[who]
        assert person["gaze_eyes"]["median"] <= EYES[who]
        assert person["head"]["within2"] > 0.9
        assert person["auc"] > 0.9
        assert person["smile"] > 0.6


def test_lying_dim_small_and_hidden_faces_are_followed_through_three_cuts() -> None:
    figures = measure("hard")
    assert figures["cuts"] == 3
    assert figures["both_found"] >= 0.9
    assert all(person["role"] == 1 for person in figures["people"].values())


def test_twelve_parts_of_a_hard_film_give_the_same_people_as_one() -> None:
    grid, models, truth = grid_of("hard"), Models.load(), truth_of("hard")
    edges = np.linspace(0, grid.ticks, 13).astype(int)
    parts = [
        look(frames_of("hard", grid, range(a, b)), grid, models, unheard).to_bytes()
        for a, b in itertools.pairwise(edges)
    ]
    seen = join([Glimpses.from_bytes(part) for part in parts], grid, models)
    rows = truth_rows(truth, grid)
    assert seen.shot[-1] == 3
    for who, role in PEOPLE.items():
        track = seen.of(role)
        assert track is not None
        assert hits(track, who, rows, truth["meta"]).mean() >= 0.9
