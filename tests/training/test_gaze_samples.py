"""Strips and axes of the gaze net's training set: what is taught is what a film would show."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.perception.test_pose import CANONICAL, mesh_of, turned
from training.gaze.layout import KNOWN, MIRROR, STRIP
from training.gaze.samples import Film
from training.gaze.strips import eyes_middle, known_of, strip_of, uprighted
from vig.perception.pose import angle_between, forward_of, pose_of

angles = st.tuples(st.floats(-60, 60), st.floats(-40, 40), st.floats(-25, 25), st.floats(-20, 20))


def head_of(yaw: float, pitch: float, roll: float, eye: float, up: float) -> np.ndarray:
    """What the net is told of a head at so many degrees whose eyes look (eye, up) from it."""
    turn = turned(yaw, pitch, roll)
    mesh = mesh_of(turn, 8, turn @ forward_of(np.float32(eye), np.float32(up)))
    return known_of(mesh, pose_of(mesh, CANONICAL))


@given(angles, st.floats(-170, 170))
def test_what_is_known_of_a_head_does_not_change_when_the_picture_is_turned(
    head: tuple[float, float, float, float], roll: float
) -> None:
    yaw, pitch, eye, up = head
    upright, lying = head_of(yaw, pitch, 0, eye, up), head_of(yaw, pitch, roll, eye, up)
    assert upright.shape == (KNOWN,)
    np.testing.assert_allclose(lying, upright, atol=0.02)


@given(angles)
def test_the_mirror_image_of_a_head_is_known_by_its_signs(
    head: tuple[float, float, float, float],
) -> None:
    yaw, pitch, eye, up = head
    there, back = head_of(yaw, pitch, 0, eye, up), head_of(-yaw, pitch, 0, -eye, up)
    np.testing.assert_allclose(back, there * MIRROR, atol=0.02)


@pytest.mark.parametrize("roll", [0.0, 0.7, -2.5])
@pytest.mark.parametrize("scale", [3.0, 8.0, 40.0])
def test_a_strip_is_upright_and_its_middle_is_the_middle_of_the_eyes(
    roll: float, scale: float
) -> None:
    turn = turned(0, 0, float(np.degrees(roll)))
    mesh = mesh_of(turn, scale)
    mesh.points[:, :2] += [400, 500]
    picture = np.zeros((1500, 1500, 3), np.uint8)
    for corner in (33, 263):  # the right eye red, the left one green
        at = mesh.points[corner, :2].round().astype(int).tolist()
        cv2.circle(picture, at, int(scale), (255, 0, 0) if corner == 33 else (0, 255, 0), -1)
    strip = strip_of(picture, eyes_middle(mesh), roll, scale)
    assert strip.shape == (*STRIP, 3)
    (red_y, red_x), (green_y, green_x) = (np.argwhere(strip[..., c] > 100).mean(0) for c in (0, 1))
    assert red_y == pytest.approx(green_y, abs=2)
    assert red_x + green_x == pytest.approx(STRIP[1], abs=3)
    assert green_x - red_x == pytest.approx(66, abs=6)  # 8.8 of 12.8 cm


def rendered() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A grey disc with a white right and a black left eye: picture, cover and row of meta."""
    rgb = np.full((256, 256, 3), 120, np.uint8)
    cv2.circle(rgb, (98, 120), 9, (255, 255, 255), -1)
    cv2.circle(rgb, (158, 120), 9, (0, 0, 0), -1)
    cover = cv2.circle(np.zeros((256, 256), np.uint8), (128, 140), 90, 255, -1)
    gaze, head = np.array([0.5, -0.1, -0.86]), np.diag([1.0, -1, -1])
    box, eyes = [58, 60, 198, 220], [98, 120, 158, 120]
    meta = np.concatenate([gaze, head.ravel(), box, eyes, [600.0]])
    return rgb, cover, meta


@pytest.mark.parametrize("seed", range(12))
def test_a_turned_picture_and_its_gaze_are_turned_alike(seed: int) -> None:
    rgb, cover, meta = rendered()
    film = Film(np.random.default_rng(seed), rgb, cover, meta)
    across = film.eyes[1] - film.eyes[0]
    assert np.arctan2(across[1], across[0]) == pytest.approx(
        (film.turn + np.pi) % (2 * np.pi) - np.pi, abs=1e-5
    )
    # In the axes of the upright head the gaze is the rendered one, however the picture was turned.
    assert (
        angle_between(film.gaze(film.turn)[:3], meta[:3]) < 3
    )  # the line of sight is not the axis
    turned_back = uprighted(film.turn).T @ film.gaze(film.turn)[:3]
    np.testing.assert_allclose(film.gaze(0.0)[:3], turned_back, atol=1e-6)


def test_eyes_lie_where_the_film_says_they_do() -> None:
    rgb, cover, meta = rendered()
    right = 0
    for seed in range(40):
        film = Film(np.random.default_rng(seed), rgb, cover, meta)
        small = cv2.GaussianBlur(film.picture, (0, 0), 1).mean(2)
        at = film.eyes.round().astype(int)
        right += int(small[at[0, 1], at[0, 0]] > small[at[1, 1], at[1, 0]] + 20)
    assert right >= 34  # now and then something is in front
