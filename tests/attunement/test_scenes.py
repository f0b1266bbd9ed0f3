"""The little language of scenes itself."""

from __future__ import annotations

import numpy as np
import pytest

from vig.domain.family import Role
from vig.domain.observation import GazeTier
from vig.errors import BadValue
from vig.testing import scene


def test_a_scene_lasts_to_its_last_line_and_has_ten_ticks_a_second() -> None:
    obs = scene("0 2 baby: away parent: baby / 2 5 baby: parent smile parent: baby smile")
    assert obs.grid.ticks == 50
    baby, parent = obs.seen.tracks
    assert (baby.role, parent.role) == (Role.BABY, Role.PARENT)
    assert baby.smile[[10, 30]].tolist() == [0.0, 1.0]


def test_who_is_not_named_or_unseen_is_nan_and_may_still_be_heard() -> None:
    obs = scene("0 1 baby: parent parent: baby / 1 2 parent: baby / 2 3 baby: unseen voice")
    baby = obs.seen.of(Role.BABY)
    assert baby is not None
    assert baby.seen.tolist() == [True] * 10 + [False] * 20
    assert obs.heard.baby_voice[25] == 1.0


def test_profile_leaves_the_head_only_and_cut_begins_a_shot() -> None:
    obs = scene("0 1 baby: parent profile / 1 2 cut baby: parent")
    (baby,) = obs.seen.tracks
    assert baby.gaze_tier[5] == GazeTier.HEAD
    assert baby.gaze_tier[15] == GazeTier.EYES
    assert obs.seen.shot.tolist() == [0] * 10 + [1] * 10


def test_a_silent_scene_has_no_sound_at_all() -> None:
    heard = scene("0 1 baby: parent voice", sound=False).heard
    assert np.isnan([heard.baby_voice, heard.parent_voice, heard.cry, heard.loudness]).all()


@pytest.mark.parametrize(
    "text", ["", "baby: parent", "0 2 baby: sleeping", "0 2 dog: away", "0 2 baby: parent or so"]
)
def test_a_line_that_says_nothing_is_refused(text: str) -> None:
    with pytest.raises(BadValue):
        scene(text)
