"""Open vaults and a short film to bring into them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from vig.app import walk
from vig.app.analysis import bench_of
from vig.app.house import House
from vig.app.jobs import attend
from vig.app.workspace import Workspace
from vig.domain.clock import SECOND, Span
from vig.domain.family import Purpose
from vig.domain.recording import Recording
from vig.media import clips, video

PASSPHRASE = "seven quiet herons by the water"
SAMPLES = Path(__file__).parents[2] / "sample_clips"


@pytest.fixture(scope="session")
def short_film() -> bytes:
    """Eight rendered seconds in which baby and parent look at each other and take turns."""
    with (SAMPLES / "main.mp4").open("rb") as film:
        cut = io.BytesIO()
        clips.cut(film, Span(24 * SECOND, 32 * SECOND), cut, times=video.frame_times(film))
    return cut.getvalue()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """An open vault of this test's own."""
    made = House(tmp_path / "vault")
    made.confirm(made.set_up(PASSPHRASE))
    yield made
    made.lock()


@pytest.fixture
def ws(house: House) -> Workspace:
    return house.workspace


@pytest.fixture
def working(ws: Workspace) -> Iterator[Workspace]:
    """The open vault with this process doing its jobs."""
    with attend(bench_of(ws)) as jobs:
        ws.employ(jobs)
        yield ws
        ws.employ(None)


def added(
    ws: Workspace,
    film: bytes,
    *purposes: Purpose,
    family: str = "F-014",
    name: str = "film.mp4",
) -> Recording:
    """The film in the vault, with an agreement to these purposes (keeping it in any case)."""
    return walk.add(
        ws,
        io.BytesIO(film),
        family=family,
        name=name,
        agreement=walk.Agreement(purposes=frozenset({Purpose.KEEP, *purposes}), vouched=True),
        actor=ws.opened_by,
        age_weeks=60,
        carer_word="Mum",
    )
