"""What a timeline is given can only say yes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from tests.app.conftest import added
from vig.app import analysis
from vig.app.lanes import Lanes, lanes, lanes_of
from vig.app.suggestions import PEOPLE
from vig.app.workspace import Workspace
from vig.attunement.scoring import Scoring
from vig.domain.clock import SECOND, SpanSet
from vig.domain.family import ConsentRuling, Purpose, Role
from vig.domain.review import Sense
from vig.errors import NoConsent
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


def drawn(text: str = FILM, off: tuple[Sense, ...] = (), **more: Any) -> Lanes:
    return lanes_of(scene(text, **more), Scoring.load(), off)


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
    observations = scene(FILM)
    observations.heard.loudness[60:85] = np.nan
    made = lanes_of(observations, Scoring.load())
    assert seconds(made.spans["not-heard"]) == [(6, 8.5)]
    assert not drawn(sound=False).spans["not-heard"]


@pytest.mark.parametrize("name", ["eyes", "baby-voice", "not-seen"])
def test_a_film_of_nobody_has_lanes_too(name: str) -> None:
    made = drawn("0 9 baby: unseen parent: unseen")
    assert seconds(made.spans[name]) == ([(0, 9)] if name == "not-seen" else [])


def test_a_sense_that_a_family_switched_off_is_not_drawn() -> None:
    blind = drawn(off=(Sense.LOOKING,))
    assert not blind.spans["eyes"]
    assert not blind.spans["facing"]
    assert blind.spans["baby-smile"]
    plain = drawn(off=(Sense.SMILING,))
    assert not plain.spans["baby-smile"]
    assert np.isnan(plain.heights["parent-smile-height"]).all()
    assert plain.spans["eyes"]


def test_a_second_carer_is_drawn_on_the_same_lanes() -> None:
    one = scene("0 10 baby: parent smile parent: toy / 4 8 baby: parent smile parent: baby smile")
    (parent,) = (t for t in one.seen.tracks if t.role is Role.PARENT)
    other = replace(parent, number=9, role=Role.CARER2)
    other = replace(other, smile=np.roll(other.smile, -30))  # smiles three seconds sooner
    both = replace(one, seen=replace(one.seen, tracks=(*one.seen.tracks, other)))
    alone, together = lanes_of(one, Scoring.load()), lanes_of(both, Scoring.load())
    assert seconds(alone.spans["parent-smile"]) == [(4, 8)]
    assert seconds(together.spans["parent-smile"]) == [(1, 8)]


def test_lanes_follow_what_people_said_and_end_with_the_agreement(
    ws: Workspace, short_film: bytes
) -> None:
    film = added(ws, short_film, Purpose.ANALYSE)
    story = "0 8 baby: parent parent: baby / 2 5 baby: parent smile parent: baby"
    analysis.keep_answer(ws, film, scene(story))
    assert seconds(lanes(ws, film.id).spans["baby-smile"]) == [(2, 5)]
    numbers = {t.role: t.number for t in scene(story).seen.tracks}
    with ws.catalogue.act(ws.opened_by, "test.people", object=film.id) as act:
        act.set_item(film.id, PEOPLE, "parent", whose=str(numbers[Role.BABY]))
        act.set_item(film.id, PEOPLE, "baby", whose=str(numbers[Role.PARENT]))
    assert seconds(lanes(ws, film.id).spans["parent-smile"]) == [(2, 5)]
    ws.note(film.family, ConsentRuling(Purpose.ANALYSE, False, datetime.now(UTC)), ws.opened_by)
    with pytest.raises(NoConsent):
        lanes(ws, film.id)
