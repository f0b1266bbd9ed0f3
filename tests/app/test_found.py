"""Who was found in a film."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vig.app import found
from vig.domain.family import Role
from vig.domain.observation import Observations
from vig.testing import scene

PLAY = """
    0 10   baby: parent voice   parent: baby
    4 10   baby: parent         parent: baby smile voice
"""


def film() -> Observations:
    """A scene well filmed: in daylight, with sound, both faces large enough."""
    made = scene(PLAY)
    lit = replace(made.seen, light=np.full(made.grid.ticks, 0.5, np.float32))
    loud = replace(made.heard, loudness=np.full(made.grid.ticks, -30, np.float32))
    return Observations(lit, loud)


def changed(of: Observations, change: dict[str, object]) -> Observations:
    tracks = tuple(replace(track, **change) for track in of.seen.tracks)  # type: ignore[arg-type]
    return Observations(replace(of.seen, tracks=tracks), of.heard)


def test_of_a_film_in_which_nobody_was_seen_there_is_nobody_to_show() -> None:
    made = film()
    assert found.faces(Observations(replace(made.seen, tracks=()), made.heard)) == ()


def test_each_person_is_shown_where_their_face_is_largest_longest_seen_first() -> None:
    made = film()
    baby, parent = (
        next(t for t in made.seen.tracks if t.role is role) for role in (Role.BABY, Role.PARENT)
    )
    near = baby.box.copy()
    near[37] = (0.5, 0.2, 0.9, 0.8)
    near[90:] = np.nan
    tracks = (replace(baby, box=near), parent)
    first, second = found.faces(Observations(replace(made.seen, tracks=tracks), made.heard))
    assert first.role is Role.PARENT
    assert second.role is Role.BABY
    assert second.at == 3_700_000
    assert np.allclose(second.box, (0.5, 0.2, 0.9, 0.8))


def test_somebody_seen_for_less_than_a_second_is_nobody_to_ask_about() -> None:
    made = film()
    brief = made.seen.tracks[0].box.copy()
    brief[9:] = np.nan
    tracks = (replace(made.seen.tracks[0], box=brief), *made.seen.tracks[1:])
    assert len(found.faces(Observations(replace(made.seen, tracks=tracks), made.heard))) == 1
