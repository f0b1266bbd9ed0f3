"""Who was found, and tips that speak of the camera only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vig.app import found
from vig.domain.family import Role
from vig.domain.observation import Observations, Track
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


def told(of: Observations) -> list[str]:
    return [tip.what for tip in found.tips(of)]


def test_a_well_filmed_scene_gets_no_tip() -> None:
    assert told(film()) == []


def test_a_dark_film_gets_a_tip_about_light() -> None:
    made = film()
    dark = replace(made.seen, light=made.seen.light * 0.3)
    assert told(Observations(dark, made.heard)) == ["The picture is dark."]


def test_small_faces_get_a_tip_about_distance() -> None:
    made = film()
    small = np.tile(np.array([0.4, 0.4, 0.43, 0.45], np.float32), (made.grid.ticks, 1))
    assert told(changed(made, {"box": small})) == ["Faces are small in the picture."]


def test_quiet_and_missing_sound_are_two_things() -> None:
    made = film()
    quiet = replace(made.heard, loudness=np.full(made.grid.ticks, -60, np.float32))
    assert told(Observations(made.seen, quiet)) == ["Voices are quiet."]
    silent = replace(made.heard, loudness=np.full(made.grid.ticks, np.nan, np.float32))
    assert told(Observations(made.seen, silent)) == ["There is no sound."]


def shaken(track: Track, by: float) -> Track:
    """Moved to and fro by a share of the picture each tick, as a hand does."""
    sway = (by * (np.arange(len(track.box)) % 2)).astype(np.float32)
    return replace(track, box=track.box + sway[:, None])


def test_what_all_faces_do_together_is_the_cameras_and_what_one_does_is_not() -> None:
    made = film()
    all_of_them = tuple(shaken(track, 0.05) for track in made.seen.tracks)
    moving = Observations(replace(made.seen, tracks=all_of_them), made.heard)
    assert told(moving) == ["The camera moves a good deal."]
    one = (shaken(made.seen.tracks[0], 0.05), *made.seen.tracks[1:])
    assert told(Observations(replace(made.seen, tracks=one), made.heard)) == []


def test_one_face_at_a_time_is_said_of_the_camera() -> None:
    made = film()
    tracks = []
    for track in made.seen.tracks:
        box = track.box.copy()
        half = slice(0, 50) if track.role is Role.BABY else slice(50, None)
        box[half] = np.nan
        tracks.append(replace(track, box=box))
    apart = Observations(replace(made.seen, tracks=tuple(tracks)), made.heard)
    assert told(apart) == ["The camera could not see two faces at once for much of the film."]


def test_no_tip_speaks_of_a_person_in_words_of_judgement() -> None:
    for tip in found.tips(changed(film(), {"box": np.full((100, 4), 0.01, np.float32)})):
        for word in ("parent", "mother", "baby", "fail", "bad", "poor"):
            assert word not in tip.what.casefold()


def test_a_film_in_which_nobody_was_seen_gets_no_tip_about_faces() -> None:
    made = film()
    empty = Observations(replace(made.seen, tracks=()), made.heard)
    assert told(empty) == []
    assert found.faces(empty) == ()


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
