"""Tips about filming: about the camera, never about people, and none where all is well."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.app.rooms import ANN, filmed, opened
from vig.app import deeds, quality
from vig.app.columns import observations_from_bytes, observations_to_bytes
from vig.app.quality import Matter, tips_of
from vig.domain.family import Role
from vig.domain.observation import Observations
from vig.domain.recording import Footage
from vig.errors import Unknown
from vig.perception.picture import moved_by, outline
from vig.testing import scene

STORY = "0 60 baby: parent parent: baby\n10 20 baby: parent voice parent: baby"
TICKS = 600


def film(tmp_path: Path) -> Footage:
    return filmed(opened(tmp_path / "vault"), None).footage


def well_filmed(**changed: Any) -> Observations:
    """A film in which nothing was in the way, but for what is said."""
    seen = scene(STORY)
    level = np.where(np.arange(TICKS) % 3 == 0, np.float32(-25), np.float32(-55))
    heard = replace(seen.heard, loudness=changed.pop("loudness", level.astype(np.float32)))
    moved = changed.pop("moved", np.full(TICKS, 0.001, np.float32))
    return replace(seen, seen=replace(seen.seen, moved=moved, **changed), heard=heard)


def flat(value: float) -> np.ndarray[Any, Any]:
    return np.full(TICKS, value, np.float32)


@pytest.mark.parametrize(
    ("changed", "about"),
    [
        ({}, None),
        ({"light": flat(0.1)}, Matter.LIGHT),
        ({"light": flat(0.95)}, Matter.LIGHT),
        ({"moved": flat(0.03)}, Matter.MOVEMENT),
        ({"moved": None}, None),
        ({"moved": flat(np.nan)}, None),
        ({"loudness": flat(np.nan)}, Matter.SOUND),
        ({"loudness": flat(-60)}, Matter.SOUND),
        ({"loudness": flat(-30)}, Matter.SOUND),
    ],
)
def test_one_thing_in_the_way_is_one_tip(
    tmp_path: Path, changed: dict[str, Any], about: Matter | None
) -> None:
    found = tips_of(well_filmed(**changed), film(tmp_path))
    assert [tip.about for tip in found] == ([about] if about else [])


def test_a_little_of_it_is_no_tip(tmp_path: Path) -> None:
    dark = flat(0.5)
    dark[: TICKS // 5] = 0.1
    assert tips_of(well_filmed(light=dark), film(tmp_path)) == ()


def test_small_faces_and_faces_that_are_seldom_together(tmp_path: Path) -> None:
    footage = film(tmp_path)
    seen = well_filmed()
    baby, parent = seen.seen.tracks
    far = replace(baby, box=baby.box * np.float32(0.3))
    assert [t.about for t in tips_of(with_tracks(seen, far, parent), footage)] == [Matter.SIZE]
    box = parent.box.copy()
    box[100:] = np.nan
    other = baby.box.copy()
    other[:100] = np.nan
    apart = with_tracks(seen, replace(baby, box=other), replace(parent, box=box))
    assert [t.about for t in tips_of(apart, footage)] == [Matter.FRAME]


def test_a_film_of_one_person_or_of_nobody_is_no_fault(tmp_path: Path) -> None:
    footage = film(tmp_path)
    seen = well_filmed()
    assert tips_of(with_tracks(seen, seen.seen.tracks[0]), footage) == ()
    assert tips_of(with_tracks(seen), footage) == ()


def test_a_television_that_is_ignored_has_no_face_that_is_too_small(tmp_path: Path) -> None:
    ws = opened(tmp_path / "vault")
    seen = well_filmed()
    baby, parent = seen.seen.tracks
    screen = replace(baby, number=9, role=Role.BABY, box=baby.box * np.float32(0.2))
    recording = filmed(ws, with_tracks(seen, screen, replace(parent, number=1)))
    assert [tip.about for tip in quality.tips(ws, recording.id)] == [Matter.SIZE]
    deeds.person(ws, recording.id, 9, "ignore", actor=ANN)
    assert quality.tips(ws, recording.id) == ()


def test_of_a_film_that_was_not_watched_nothing_is_said(tmp_path: Path) -> None:
    ws = opened(tmp_path / "vault")
    with pytest.raises(Unknown):
        quality.tips(ws, filmed(ws, None).id)


def test_no_tip_speaks_of_a_person() -> None:
    tips = [value for value in vars(quality).values() if isinstance(value, quality.Tip)]
    assert len(tips) >= 8
    for tip in tips:
        words = f"{tip.what} {tip.tip}".lower().replace(",", " ").replace(".", " ").split()
        assert not {"you're", "baby", "parent", "mum", "he", "she", "they", "bad", "poor"} & set(
            words
        )


def test_how_far_the_picture_went_is_kept_and_old_films_are_read_without_it() -> None:
    seen = well_filmed(moved=np.linspace(0, 1, TICKS, dtype=np.float32))
    back = observations_from_bytes(observations_to_bytes(seen))
    assert back.seen.moved is not None
    assert np.array_equal(back.seen.moved, seen.seen.moved)
    assert (
        observations_from_bytes(observations_to_bytes(well_filmed(moved=None))).seen.moved is None
    )


def test_a_shifted_picture_has_gone_as_far_as_it_was_shifted() -> None:
    rng = np.random.default_rng(1)
    room = np.kron(rng.integers(0, 255, (36, 64, 3)), np.ones((5, 5, 1))).astype(np.uint8)
    for shift in (0, 4, 16):
        moved = moved_by(outline(room), outline(np.roll(room, shift, axis=1)))
        assert moved == pytest.approx(shift / 320, abs=0.003)
    # Somebody who moves before a still room does not move the room.
    walked = room.copy()
    walked[60:120, 100:160] = 255
    before = room.copy()
    before[60:120, 80:140] = 255
    assert moved_by(outline(before), outline(walked)) < 0.005


def with_tracks(seen: Observations, *tracks: Any) -> Observations:
    return replace(seen, seen=replace(seen.seen, tracks=tracks))
