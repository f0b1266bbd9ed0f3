"""Several stretches of a film watched at once: the same answer as one after the other."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.app.conftest import added
from vig.app import analysis
from vig.app.workspace import Workspace
from vig.domain.clock import SECOND
from vig.domain.family import Purpose
from vig.domain.progress import unheard


def answer(ws: Workspace, recording: str, lanes: int) -> tuple[list[bytes], bytes]:
    """Every part as it was kept, and the observations joined from them."""
    work = analysis.work(ws)
    parts = work.parts_of(recording)
    with ThreadPoolExecutor(lanes) as pool:
        for done in [pool.submit(work.do_part, recording, part, unheard) for part in parts]:
            done.result()
    kept = [ws.read_all(recording, part) for part in parts]
    work.finish(recording)
    return kept, ws.read_all(recording, analysis.OBSERVATIONS)


def test_watched_in_several_lanes_the_answer_is_the_same_to_the_byte(
    ws: Workspace, short_film: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analysis, "STRETCH", 2 * SECOND)
    film = added(ws, short_film, Purpose.ANALYSE).id
    alone, together = answer(ws, film, 1), answer(ws, film, 3)
    assert len(alone[0]) == 5
    assert alone == together


def test_there_is_a_lane_for_every_processor_up_to_a_most(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for processors, lanes in ((1, 1), (2, 2), (3, 3), (64, analysis.MOST_LANES)):
        monkeypatch.setattr(
            os, "sched_getaffinity", lambda pid, n=processors: set(range(n)), raising=False
        )
        assert analysis.lanes() == lanes
        assert analysis.work(ws).lanes == lanes
