"""Columns of one person: where, how sure, and NaN wherever unseen."""

from __future__ import annotations

import numpy as np
import pytest

from tests.perception.people import BLUE_SHIRT, GRID, face, glimpses, looking
from vig.domain.family import Role
from vig.domain.observation import GazeTier, Seen, Track
from vig.perception.models import Models
from vig.perception.people import join

MODELS = Models.load()


def only(*faces: np.ndarray) -> Track:
    (track,) = join([glimpses(*faces)], GRID, MODELS).tracks
    return track


def test_a_head_of_fifteen_centimetres_that_fills_a_tenth_of_the_width_is_a_metre_and_a_half_away() -> (
    None
):
    # Focal length as long as the longer side: 0.15 m of 0.1 widths lie 1.5 m away.
    track = only(face(range(300), at=(0.5, 0.5), scale=0.1))
    np.testing.assert_allclose(track.where[0], [0, 0, 1.5], atol=1e-5)


def test_a_face_at_the_edge_that_looks_along_its_line_of_sight_looks_at_the_camera() -> None:
    track = only(face(range(300), at=(0.9, 0.5), scale=0.1))
    np.testing.assert_allclose(track.where[0] / 1.5, [0.4, 0, 1], atol=1e-5)
    assert track.gaze[0, 0] == pytest.approx(-np.degrees(np.arctan(0.4)), abs=0.1)
    assert track.head[0, 0] == pytest.approx(track.gaze[0, 0], abs=1e-3)


def test_what_was_not_seen_is_nan_in_every_column() -> None:
    track = only(face(range(50, 200)))
    for name in ("box", "head", "head_spread", "gaze", "gaze_spread", "smile", "where"):
        column = getattr(track, name).reshape(300, -1)
        assert np.isnan(column[:50]).all()
        assert np.isfinite(column[50:200]).all()
        assert np.isnan(column[200:]).all()
    assert (track.gaze_tier[:50] == GazeTier.NONE).all()


def test_a_face_whose_mesh_slipped_has_a_place_and_no_direction() -> None:
    rows = face(range(300))
    for name in ("turn", "gaze", "gaze_doubt", "smile", "mouth", "adult", "signature"):
        rows[name][100:150] = np.nan
    rows["presence"][100:150] = 0
    track = only(rows)
    assert track.seen.all()
    assert np.isfinite(track.where[100:150]).all()
    for name in ("head", "head_spread", "gaze", "gaze_spread", "smile"):
        assert np.isnan(getattr(track, name)[100:150]).all()
    assert (track.gaze_tier[100:150] == GazeTier.NONE).all()


@pytest.mark.parametrize(
    "change",
    [
        {"presence": 0.3},
        {"apart": 10.0},
        {"shut": 0.9},
        {"doubt": 30.0},
        {"turn": looking(np.array([1.0, 0, -0.5]))},
    ],
    ids=["unreadable", "too small", "shut", "two nets disagree", "in profile"],
)
def test_eyes_that_cannot_be_read_leave_the_head(change: dict[str, object]) -> None:
    eyes = only(face(range(300), gaze=(0.5, 0, -0.9)))
    assert (eyes.gaze_tier == GazeTier.EYES).all()
    head = only(face(range(300), **{"gaze": (0.5, 0, -0.9), **change}))
    assert (head.gaze_tier == GazeTier.HEAD).all()
    np.testing.assert_allclose(head.gaze, head.head[:, :2], atol=0.1)
    assert (head.gaze_spread > eyes.gaze_spread).all()


def test_a_smile_stands_out_from_the_persons_own_calm_face() -> None:
    for calm, smiling, mouth in ((0.0, 0.6, 0.55), (0.3, 0.3, 0.66), (0.02, 0.1, 0.64)):
        rows = face(range(300), smile=calm)
        rows["smile"][200:], rows["mouth"][200:] = smiling, mouth
        track = only(rows)
        assert (track.smile[:200] < 0.05).all()
        assert (track.smile[200:] > 0.5).all()


def test_where_nothing_could_be_read_there_is_no_smile_at_all() -> None:
    assert np.isnan(only(face(range(300), presence=0.1, smile=0.9)).smile).all()


# ── two people ───────────────────────────────────────────────────────────────────────────────


def pair(parent_at: np.ndarray, baby_at: np.ndarray, head: float, **looks: np.ndarray) -> Seen:
    """A parent and a baby at true places (metres), the baby's head of a true width; both look
    where told, or at each other."""

    def seen_at(place: np.ndarray, width: float, towards: np.ndarray, **more: object):
        ray = place / np.linalg.norm(place)
        axis = np.cross([0, 0, 1.0], ray)
        cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
        along = np.eye(3) + cross + cross @ cross / (1 + ray[2])
        at = (0.5 + place[0] / place[2], 0.5 + place[1] / place[2] * 960 / 540)
        turn = along.T @ looking(towards)
        return face(range(300), at=at, scale=width / place[2], turn=turn, **more)

    there = baby_at - parent_at
    return join(
        [
            glimpses(
                seen_at(parent_at, 0.15, looks.get("parent", there)),
                seen_at(
                    baby_at,
                    head,
                    looks.get("baby", -there),
                    adult=0.2,
                    thread=2,
                    colours=BLUE_SHIRT,
                ),
            )
        ],
        GRID,
        MODELS,
    )


def way(seen: Seen) -> np.ndarray:
    parent, baby = seen.of(Role.PARENT), seen.of(Role.BABY)
    assert parent is not None
    assert baby is not None
    apart = baby.where[0] - parent.where[0]
    return apart / np.linalg.norm(apart)


def error(seen: Seen) -> float:
    """Degrees by which the way from the parent to the baby is wrong."""
    true = (BABY - MUM) / np.linalg.norm(BABY - MUM)
    return float(np.degrees(np.arccos(np.clip(way(seen) @ true, -1, 1))))


MUM, BABY = np.array([-0.25, -0.1, 1.1]), np.array([0.25, 0.0, 1.1])


@pytest.mark.parametrize("head", [0.1, 0.115, 0.125])
def test_two_who_look_at_each_other_set_the_size_of_the_babys_head_right(head: float) -> None:
    assert error(pair(MUM, BABY, head)) < 4


def test_people_who_look_elsewhere_leave_the_usual_size_of_a_head() -> None:
    away = np.array([0.3, 1.0, -0.2])
    assert error(pair(MUM, BABY, 0.115, parent=away, baby=away)) < 1.5


def test_two_pictures_side_by_side_are_brought_into_one_space() -> None:
    parts = glimpses(
        face(range(300), at=(0.25, 0.5), scale=0.15),
        face(range(300), at=(0.75, 0.5), scale=0.115, adult=0.2, thread=2, colours=BLUE_SHIRT),
    )
    parts.seam[:] = 1.0
    seen = join([parts], GRID, MODELS)
    parent, baby = seen.of(Role.PARENT), seen.of(Role.BABY)
    assert parent is not None
    assert baby is not None
    # Each looks into its own camera, so each looks at the other.
    np.testing.assert_allclose(parent.where[0], [0, 0, 1], atol=1e-5)
    np.testing.assert_allclose(baby.where[0], [0, 0, 0], atol=1e-5)
    assert parent.gaze[0, 0] == pytest.approx(0, abs=1e-3)
    assert abs(baby.gaze[0, 0]) == pytest.approx(180, abs=1e-3)
    assert baby.box[0, 0] > 0.5
