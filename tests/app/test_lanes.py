"""What a timeline is given can only say yes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vig.app.lanes import Lanes, lanes_of
from vig.attunement.scoring import Scoring
from vig.attunement.signals import measure
from vig.domain.clock import SECOND, SpanSet
from vig.testing import scene

FILM = """
    0 4    baby: toy            parent: toy
    4 8    baby: parent smile   parent: baby
    5 8    baby: parent smile   parent: baby smile voice
    8 12   baby: away           parent: toy
    12 15  baby: parent cry     parent: baby voice
    15 18  baby: unseen         parent: unseen
    18 20  baby: away           parent: away
"""


def drawn(text: str = FILM, **more: Any) -> Lanes:
    scoring = Scoring.load()
    observations = scene(text, **more)
    return lanes_of(observations, measure(observations, scoring), scoring)


def seconds(spans: SpanSet) -> list[tuple[float, float]]:
    return [(span.start / SECOND, span.end / SECOND) for span in spans]


def test_what_was_seen_and_heard_is_there_when_it_was() -> None:
    spans = drawn().spans
    assert seconds(spans["eyes"]) == [(4, 8), (12, 15)]
    assert seconds(spans["baby-smile"]) == [(4, 8)]
    assert seconds(spans["parent-smile"]) == [(5, 8)]
    assert seconds(spans["parent-voice"]) == [(5, 8), (12, 15)]
    assert seconds(spans["cry"]) == [(12, 15)]


def test_looking_elsewhere_and_not_smiling_leave_no_trace() -> None:
    made = drawn("0 20 baby: away parent: away")
    said = {name for name, spans in made.spans.items() if spans}
    assert said == set()
    assert all(np.isnan(heights).all() for heights in made.heights.values())


def test_known_and_unknown_absence_are_the_same_to_whoever_draws() -> None:
    known = drawn("0 5 baby: parent smile parent: baby / 5 20 baby: away parent: away")
    unknown = drawn("0 5 baby: parent smile parent: baby / 5 20 baby: unseen parent: unseen")
    for name in set(known.spans) - {"not-seen", "not-heard"}:
        assert known.spans[name] == unknown.spans[name], name
    for name, heights in known.heights.items():
        assert np.array_equal(heights, unknown.heights[name], equal_nan=True)


def test_a_smile_has_a_height_within_itself_and_nowhere_else() -> None:
    made = drawn()
    heights = made.heights["baby-smile-height"]
    assert np.flatnonzero(np.isfinite(heights)).tolist() == list(range(40, 80))
    assert (heights[40:80] >= 0.5).all()
    assert set(made.heights) == {"baby-smile-height", "parent-smile-height"}


def test_the_computer_says_where_it_could_not_see_from_a_second_on() -> None:
    assert seconds(drawn().spans["not-seen"]) == [(15, 18)]
    brief = "0 5 baby: toy parent: toy / 5 5.9 baby: unseen parent: unseen / 5.9 9 baby: toy parent: toy"
    assert not drawn(brief).spans["not-seen"]


def test_one_face_is_enough_to_have_seen_somebody() -> None:
    assert not drawn("0 9 baby: toy parent: unseen").spans["not-seen"]


def test_a_hole_in_the_sound_is_said_but_not_of_a_film_that_has_none() -> None:
    scoring = Scoring.load()
    observations = scene(FILM)
    observations.heard.loudness[60:85] = np.nan
    made = lanes_of(observations, measure(observations, scoring), scoring)
    assert seconds(made.spans["not-heard"]) == [(6, 8.5)]
    assert not drawn(sound=False).spans["not-heard"]


@pytest.mark.parametrize("name", ["eyes", "baby-voice", "not-seen"])
def test_a_film_of_nobody_has_lanes_too(name: str) -> None:
    made = drawn("0 9 baby: unseen parent: unseen")
    assert seconds(made.spans[name]) == ([(0, 9)] if name == "not-seen" else [])
