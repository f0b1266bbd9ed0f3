"""Looking at the sample films and joining what was seen."""

from __future__ import annotations

import numpy as np
import pytest

from tests.perception.films import frames_of, grid_of
from vig.domain.family import Role
from vig.domain.observation import Seen
from vig.domain.progress import unheard
from vig.perception.models import Models
from vig.perception.sight import Glimpses, join, look


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
