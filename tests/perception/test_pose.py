"""Angles from meshes that were made to measure."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vig.perception.mesh import LOOK_IN, LOOK_OUT, Mesh, canonical
from vig.perception.models import Models
from vig.perception.pose import (
    BALL_DEPTH,
    EYES,
    IRIS_AT,
    Pose,
    angle_between,
    angles_of,
    forward_of,
    gaze_of,
    mouth_of,
    pose_of,
    seen_along,
)

CANONICAL = canonical(Models.load().data("face-landmarker"))

turns = st.tuples(st.floats(-80, 80), st.floats(-60, 60), st.floats(-170, 170))


def turned(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """The turn of a head: about its own up, then up or down, then in the picture."""
    y, p, r = np.radians([yaw, pitch, roll])
    about_up = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    about_side = np.array([[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]])
    in_picture = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return in_picture @ about_side @ about_up


def mesh_of(turn: np.ndarray, scale: float, gaze: np.ndarray | None = None) -> Mesh:
    """The canonical face seen from afar, its eyes looking straight ahead unless told otherwise."""
    model = CANONICAL * [1.0, -1.0, -1.0]
    points = np.zeros((478, 3))
    points[:468] = model @ turn.T * scale + [300, 200, 0]
    gaze = -turn[:, 2] if gaze is None else gaze
    width = np.mean([np.linalg.norm(points[a] - points[b]) for a, b, _ in EYES])
    for outer, inner, iris in EYES:
        ball = (points[outer] + points[inner]) / 2 + BALL_DEPTH * width * turn[:, 2]
        points[iris] = ball + IRIS_AT * width * gaze
    return Mesh(points.astype(np.float32), 1.0, np.zeros(52, np.float32))


def test_the_canonical_face_is_a_face_of_fifteen_centimetres() -> None:
    assert CANONICAL.shape == (468, 3)
    assert CANONICAL[454, 0] - CANONICAL[234, 0] == pytest.approx(15.3, abs=0.1)
    assert CANONICAL[10, 1] > CANONICAL[152, 1]  # forehead above chin
    assert CANONICAL[1, 2] > CANONICAL[234, 2]  # nose before ears


@given(turns, st.floats(0.5, 40))
def test_the_pose_of_a_turned_face_is_its_turn(turn: tuple[float, ...], scale: float) -> None:
    pose = pose_of(mesh_of(turned(*turn), scale), CANONICAL)
    np.testing.assert_allclose(pose.turn, turned(*turn), atol=1e-3)
    assert pose.scale == pytest.approx(scale, rel=1e-3)
    assert mouth_of(pose) == pytest.approx(4.91 / 8.89, abs=0.01)


def test_a_head_turned_to_the_pictures_right_has_positive_yaw_and_one_that_looks_up_positive_pitch() -> (
    None
):
    yaw, pitch = angles_of(-turned(30, 0, 0)[:, 2])
    assert (yaw, pitch) == (pytest.approx(30, abs=0.01), pytest.approx(0, abs=0.01))
    yaw, pitch = angles_of(-turned(0, 20, 0)[:, 2])
    assert (yaw, pitch) == (pytest.approx(0, abs=0.01), pytest.approx(20, abs=0.01))


def test_roll_is_positive_where_the_head_leans_clockwise_in_the_picture() -> None:
    pose = pose_of(mesh_of(turned(0, 0, 25), 5), CANONICAL)
    assert np.degrees(pose.roll) == pytest.approx(25, abs=0.1)
    # In a picture (y down) a head that leans clockwise has its brow to the right of its chin.
    mesh = mesh_of(turned(0, 0, 25), 5).points
    assert mesh[10, 0] > mesh[152, 0]


@given(st.floats(-180, 180), st.floats(-89, 89))
def test_angles_and_directions_are_inverse(yaw: float, pitch: float) -> None:
    back = angles_of(forward_of(np.float32(yaw), np.float32(pitch)))
    assert np.cos(np.radians(back[0] - yaw)) == pytest.approx(1, abs=1e-4)
    assert back[1] == pytest.approx(pitch, abs=0.01)


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_a_line_of_sight_is_turned_without_roll(x: float, y: float) -> None:
    ray = np.array([x, y, 1.0]) / np.linalg.norm([x, y, 1.0])
    turn = seen_along(ray)
    np.testing.assert_allclose(turn @ [0, 0, 1], ray, atol=1e-9)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-9)
    shortest = cv2.Rodrigues(turn)[0].ravel()
    assert shortest[2] == pytest.approx(0, abs=1e-9)


@given(st.floats(-40, 40), st.floats(-30, 30), st.floats(-25, 25), st.floats(-20, 20))
def test_eyes_are_read_from_the_irises(yaw: float, pitch: float, eye: float, up: float) -> None:
    turn = turned(yaw, pitch, 0)
    gaze = turn @ forward_of(np.float32(eye), np.float32(up))
    read, doubt = gaze_of(mesh_of(turn, 8, gaze), straight_pose(turn))
    # The blendshapes say "straight ahead" here, so they hold the reading back by half at most.
    whole = angle_between(-turn[:, 2], gaze)
    assert angle_between(read, gaze) <= whole / 2 + 1.5
    assert doubt <= whole + 3


def straight_pose(turn: np.ndarray) -> Pose:
    return pose_of(mesh_of(turn, 8), CANONICAL)


def test_blendshapes_that_look_to_the_persons_left_turn_the_gaze_to_the_pictures_right() -> None:
    turn = turned(0, 0, 0)
    mesh = mesh_of(turn, 8)
    mesh.shapes[[LOOK_OUT[0], LOOK_IN[1]]] = 1.0  # left eye outwards, right eye inwards
    read, doubt = gaze_of(mesh, pose_of(mesh, CANONICAL))
    assert angles_of(read)[0] == pytest.approx(15, abs=1.5)  # the irises say 0, the shapes 30
    assert doubt == pytest.approx(30, abs=2)
