"""Looking at the sample films and joining what was seen."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.perception.films import frames_of, grid_of, truth_of
from vig.domain.clock import SECOND, Grid
from vig.domain.family import Role
from vig.domain.observation import Seen
from vig.domain.progress import unheard
from vig.domain.recording import Sound
from vig.errors import Cancelled
from vig.perception.models import Models
from vig.perception.observe import observe
from vig.perception.pose import forward_of
from vig.perception.sight import Glimpses, join, look
from vig.perception.watcher import Watcher


@pytest.fixture(scope="module")
def models() -> Models:
    return Models.load()


@pytest.fixture(scope="module")
def glimpses(models: Models) -> Glimpses:
    grid = grid_of("split")
    return look(frames_of("split", grid, range(60)), grid, models, unheard)


@pytest.fixture(scope="module")
def seen(glimpses: Glimpses, models: Models) -> Seen:
    return join([glimpses], grid_of("split"), models)


def test_parent_and_baby_are_found_and_told_apart(seen: Seen) -> None:
    assert {track.role for track in seen.tracks} == {Role.PARENT, Role.BABY}
    parent, baby = seen.of(Role.PARENT), seen.of(Role.BABY)
    assert parent is not None
    assert baby is not None
    assert np.nanmedian(parent.box[:, 2]) < 0.5 < np.nanmedian(baby.box[:, 0])


def test_ticks_that_nobody_looked_at_are_nan(seen: Seen) -> None:
    assert np.isfinite(seen.light[:60]).all()
    assert np.isnan(seen.light[60:]).all()
    for track in seen.tracks:
        assert track.seen[:60].mean() > 0.95
        assert not track.seen[60:].any()


def test_glimpses_become_bytes_and_come_back(glimpses: Glimpses) -> None:
    again = Glimpses.from_bytes(glimpses.to_bytes())
    assert (again.first, again.after) == (glimpses.first, glimpses.after)
    assert again.faces.tobytes() == glimpses.faces.tobytes()
    assert again.to_bytes() == glimpses.to_bytes()


@pytest.mark.parametrize("data", [b"", b"not an archive", b"\x80\x04N."])
def test_other_bytes_are_not_glimpses(data: bytes) -> None:
    with pytest.raises(ValueError, match="do not hold"):
        Glimpses.from_bytes(data)


def test_parts_that_overlap_are_refused(glimpses: Glimpses, models: Models) -> None:
    with pytest.raises(ValueError, match="overlap"):
        join([glimpses, glimpses], grid_of("split"), models)


def test_a_film_seen_in_twelve_parts_is_the_same_as_in_one(models: Models, seen: Seen) -> None:
    grid = grid_of("split")
    frames = list(frames_of("split", grid, range(60)))
    parts = [look(frames[f : f + 5], grid, models, unheard) for f in range(0, 60, 5)]
    many = join([Glimpses.from_bytes(p.to_bytes()) for p in reversed(parts)], grid, models)
    assert [t.role for t in many.tracks] == [t.role for t in seen.tracks]
    np.testing.assert_array_equal(many.shot, seen.shot)
    np.testing.assert_array_equal(many.light, seen.light)
    for one, other in zip(seen.tracks, many.tracks, strict=True):
        both = one.seen & other.seen
        assert both.sum() >= one.seen.sum() - 1
        assert np.abs(one.box - other.box)[both].max() < 0.02
        assert np.median(np.abs(one.head - other.head)[both]) < 2
        assert np.median(np.abs(one.gaze - other.gaze)[both]) < 4
        assert np.median(np.abs(one.where - other.where)[both]) < 0.03


def test_two_parts_may_be_looked_at_at_the_same_time(models: Models) -> None:
    grid = grid_of("split")
    frames = list(frames_of("split", grid, range(12)))
    halves = [frames[:6], frames[6:]]
    in_turn = [look(half, grid, models, unheard).to_bytes() for half in halves]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda half: look(half, grid, models, unheard).to_bytes(), halves))
    assert together == in_turn


def test_directions_agree_with_what_was_rendered(seen: Seen) -> None:
    """Rendered people: this says that axes, signs and scales are right, nothing about real ones."""
    rows = [truth_of("split")["frames"][round(tick * 2.5)]["people"] for tick in range(60)]
    for name, role, about in (("parent", Role.PARENT, 1), ("baby", Role.BABY, -1)):
        track = seen.of(role)
        assert track is not None
        # The second picture's directions are given in the axes of the first one's camera.
        axes = np.array([about, 1, about])
        for angles, truth, limit in (
            (track.head[:60, :2], "head_forward_cam", 10),
            (track.gaze[:60], "gaze_cam", 14),
        ):
            true = axes * [row[name][truth] for row in rows]
            cosine = (forward_of(angles[:, 0], angles[:, 1]) * true).sum(1)
            assert np.median(np.degrees(np.arccos(np.clip(cosine, -1, 1)))) < limit


def test_progress_rises_along_the_film_and_may_stop_the_work(models: Models) -> None:
    grid = grid_of("split")
    told: list[float] = []

    def stop_after_three(share: float) -> None:
        told.append(share)
        if len(told) > 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        look(frames_of("split", grid, range(120, 140)), grid, models, stop_after_three)
    assert told == sorted(told)
    assert told[0] == pytest.approx(0.5)


def test_a_stretch_without_frames_is_no_glimpse_at_all(models: Models) -> None:
    nothing = look([], grid_of("split"), models, unheard)
    assert (nothing.first, nothing.after) == (0, 0)
    assert join([nothing], grid_of("split"), models).tracks == ()


def test_the_models_that_saw_are_named(seen: Seen) -> None:
    assert [ref.name for ref in seen.models] == ["yunet", "blazeface-back", "face-landmarker"]


def test_a_whole_small_film_is_observed_in_one_go(models: Models) -> None:
    grid = Grid(SECOND // 10, 6)
    silence = Sound(np.zeros(9_600, np.float32), 16_000, 0)
    told: list[float] = []
    observed = observe(frames_of("split", grid), [silence], grid, models, told.append)
    assert observed.grid == grid
    assert np.isfinite(observed.seen.light).all()
    assert told == sorted(told)
    assert told[-1] == 1


def test_a_frame_that_is_still_shown_is_not_looked_at_again(
    models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    see = Watcher.see

    def counted(self: Watcher, tick: int, rgb: np.ndarray) -> None:
        seen.append(tick)
        see(self, tick, rgb)

    monkeypatch.setattr(Watcher, "see", counted)
    grid = grid_of("split")
    (_, one), (_, two) = frames_of("split", grid, range(2))
    glimpses = look(enumerate([one, one, one, two, two]), grid, models, unheard)
    assert seen == [0, 3]
    assert list(glimpses.faces["tick"]) == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    faces = glimpses.faces.reshape(5, 2)
    for tick in (1, 2):
        np.testing.assert_array_equal(faces[tick]["box"], faces[0]["box"])
    assert (faces[3]["box"] != faces[0]["box"]).any()
    assert np.isfinite(glimpses.light).all()
    assert not glimpses.cut.any()
