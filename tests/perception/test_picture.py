"""Shots, seams, light, sharpness and the colours round a face."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.perception.films import frames_of, grid_of
from vig.perception.picture import (
    coarse,
    is_cut,
    light_of,
    seam_of,
    sharpness_of,
    signature_of,
)

NOISE = np.random.default_rng(7).integers(0, 255, (120, 160, 3), np.uint8)


def test_the_cuts_of_a_film_are_found_and_no_others() -> None:
    around = [tick for cut in (80, 160, 240) for tick in range(cut - 3, cut + 3)]
    looks = {t: coarse(f.rgb) for t, f in frames_of("hard", grid_of("hard"), around)}
    found = [t for t in around if t - 1 in looks and is_cut(looks[t - 1], looks[t])]
    assert found == [80, 160, 240]


def test_a_split_picture_has_a_seam_and_another_has_none() -> None:
    seams = {
        name: [seam_of(frame.rgb) for _, frame in frames_of(name, grid_of(name), range(0, 100, 20))]
        for name in ("split", "main", "hard")
    }
    assert min(seams["split"]) > 0.95
    assert max(seams["main"] + seams["hard"]) < 0.3


def test_a_picture_too_narrow_to_be_split_has_no_seam() -> None:
    assert seam_of(NOISE[:, :20]) == 0


def test_light_goes_from_black_to_white() -> None:
    assert light_of(np.zeros((9, 9, 3), np.uint8)) == 0
    assert light_of(np.full((9, 9, 3), 255, np.uint8)) == 1


def test_a_blurred_picture_is_less_sharp() -> None:
    assert sharpness_of(NOISE) > 10 * sharpness_of(cv2.GaussianBlur(NOISE, (9, 9), 3))


def head(x: float, y: float, height: float, lean: float = 0.0) -> np.ndarray:
    """Points of a face whose chin is ``height`` below the brow, leaning clockwise by radians."""
    points = np.zeros((478, 3), np.float32)
    down = np.array([-np.sin(lean), np.cos(lean)]) * height / 2
    points[10, :2], points[152, :2] = np.array([x, y]) - down, np.array([x, y]) + down
    return points


@pytest.mark.parametrize("lean", [0.0, np.pi / 2, -np.pi / 2])
def test_colours_are_taken_along_the_heads_own_up_and_down(lean: float) -> None:
    picture = np.full((400, 400, 3), 128, np.uint8)
    face = head(200, 200, 60, lean)
    shirt = 200 + np.array([-np.sin(lean), np.cos(lean)]) * 81
    cv2.circle(picture, tuple(int(v) for v in shirt), 30, (255, 0, 0), -1)
    signature = signature_of(picture, face)
    assert signature[1] > 180  # red clothes (Lab a)
    assert signature[5] == pytest.approx(128, abs=1)  # grey above the head


def test_clothes_outside_the_picture_are_unknown() -> None:
    signature = signature_of(NOISE, head(80, 110, 60))
    assert np.isnan(signature[:4]).all()
    assert np.isfinite(signature[4:]).all()
