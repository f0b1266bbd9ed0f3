"""The two detectors, and the small tools around them."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.perception.films import SAMPLES, frames_of, grid_of, truth_of
from vig.perception.detectors import (
    BlazeBack,
    Found,
    Picture,
    YuNet,
    any_size,
    distinct,
    in_tiles,
    iou,
    shrink,
    tiles,
)
from vig.perception.models import Models

assert SAMPLES.is_dir()


@pytest.fixture(scope="module")
def models() -> Models:
    return Models.load()


@pytest.fixture(scope="module")
def picture() -> Picture:
    grid = grid_of("split")
    return next(frames_of("split", grid, range(40, 41)))[1].rgb


def true_boxes() -> list[np.ndarray]:
    people = truth_of("split")["frames"][100]["people"].values()
    return [np.array([x, y, x + w, y + h]) for x, y, w, h in (p["box"] for p in people)]


def test_yunet_freed_of_its_fixed_size_gives_the_very_same_numbers(models: Models) -> None:
    image = np.random.default_rng(1).uniform(0, 255, (1, 3, 640, 640)).astype(np.float32)
    fixed, free = (
        onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"]).run(
            None, {"input": image}
        )
        for model in (models.data("yunet"), any_size(models.data("yunet")))
    )
    for a, b in zip(fixed, free, strict=True):
        np.testing.assert_array_equal(a, b)


def test_both_detectors_find_both_faces(models: Models, picture: Picture) -> None:
    for found in (
        YuNet(models.data("yunet"))(picture),
        in_tiles(BlazeBack(models.data("blazeface-back")), picture),
    ):
        for box in true_boxes():
            assert max(iou(f.box, box) for f in found) > 0.4


def test_a_face_upside_down_is_found_in_its_place(models: Models, picture: Picture) -> None:
    blaze = BlazeBack(models.data("blazeface-back"))
    hanging = np.ascontiguousarray(picture[::-1, ::-1])
    height, width = picture.shape[:2]
    found = in_tiles(blaze, hanging, upside_down=True)
    for left, top, right, bottom in true_boxes():
        box = np.array([width - right, height - bottom, width - left, height - top])
        best = max(found, key=lambda f: iou(f.box, box))
        assert iou(best.box, box) > 0.4
        assert abs(abs(np.degrees(best.roll)) - 180) < 25


def test_an_empty_picture_has_no_faces(models: Models) -> None:
    grey = np.full((540, 960, 3), 128, np.uint8)
    assert YuNet(models.data("yunet"))(grey) == []
    assert in_tiles(BlazeBack(models.data("blazeface-back")), grey) == []


@given(st.integers(16, 4000), st.integers(16, 4000))
def test_tiles_are_squares_that_cover_the_frame(height: int, width: int) -> None:
    side = min(height, width)
    covered = np.zeros(max(height, width), bool)
    for left, top, own in tiles(height, width):
        assert own == side
        assert 0 <= left <= width - side
        assert 0 <= top <= height - side
        covered[max(left, top) : max(left, top) + side] = True
    assert covered.mean() > 0.9


@given(st.lists(st.floats(0, 100), min_size=8, max_size=8))
def test_shared_area_is_a_share_and_the_same_both_ways(numbers: list[float]) -> None:
    a, b = (np.sort(np.array(n).reshape(2, 2), 0).ravel() for n in (numbers[:4], numbers[4:]))
    assert 0 <= iou(a, b) <= 1
    assert iou(a, b) == pytest.approx(iou(b, a))


def test_of_a_heap_of_boxes_the_best_is_kept() -> None:
    points = np.zeros((4, 2), np.float32)
    heap = [
        Found(np.array([0, 0, 10, 10.0]) + shift, score, points, "yunet")
        for shift, score in ((0, 0.7), (1, 0.9), (50, 0.6))
    ]
    assert [f.score for f in distinct(heap)] == [0.9, 0.6]


def test_shrinking_never_enlarges() -> None:
    small, factor = shrink(np.zeros((100, 200, 3), np.uint8), 640)
    assert (small.shape, factor) == ((100, 200, 3), 1.0)
    small, factor = shrink(np.zeros((1080, 1920, 3), np.uint8), 640)
    assert (small.shape, factor) == ((360, 640, 3), pytest.approx(1 / 3))


def test_bytes_that_are_no_model_are_refused() -> None:
    with pytest.raises(ValueError, match="kind"):
        any_size(b"\x07\x07")
