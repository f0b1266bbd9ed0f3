"""kill -9 at random moments: the whole recording or none of it, and no work is done twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.app.conftest import PASSPHRASE, added
from vig.app.analysis import bench_of
from vig.app.house import House
from vig.app.jobs import attend
from vig.domain.family import Purpose
from vig.domain.recording import RecordingState


def command(home: Path, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "vig", *words],
        env={**os.environ, "VIG_HOME": str(home), "VIG_PASSPHRASE": PASSPHRASE},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def killed_after(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """True where it was still at work and was killed."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True
    return False


def rounds() -> list[object]:
    few = [pytest.param(number, id=f"{number}") for number in range(6)]
    many = [pytest.param(n, id=f"{n}", marks=pytest.mark.soak) for n in range(6, 50)]
    return [*few, *many]


@pytest.mark.parametrize("number", rounds())
def test_a_killed_import_leaves_the_whole_recording_or_none_of_it(
    number: int, tmp_path: Path, short_film: bytes
) -> None:
    house = House(tmp_path / "vault")
    house.confirm(house.set_up(PASSPHRASE))
    house.lock()
    (tmp_path / "film.mp4").write_bytes(short_film)
    chance = random.Random(number)
    started = command(house.root, "add", str(tmp_path / "film.mp4"), "--family", "F-014", "--yes")
    # Most of the time goes by before the first byte is written: look for the row first.
    end = time.monotonic() + 30
    while not list((house.root / "imports").glob("*")) and time.monotonic() < end:
        time.sleep(0.01)
    killed_after(started, chance.uniform(0.0, 3.0))

    ws = house.unlock(PASSPHRASE)
    try:
        found = ws.catalogue.recordings()
        assert all(recording.state is RecordingState.READY for recording in found)
        assert ws.store.names() == ws.catalogue.object_ids()
        assert not [p for p in (house.root / "objects").iterdir() if p.name.endswith(".part")]
        if found:
            assert ws.read_all(found[0].id, "film") == short_film
        else:
            assert not ws.store.names()
            assert added(ws, short_film).state is RecordingState.READY
        assert not house.verify().bad
    finally:
        house.lock()


@pytest.mark.parametrize("number", rounds()[:4] + rounds()[6:])
def test_a_killed_analysis_goes_on_where_it_stopped(
    number: int, tmp_path: Path, short_film: bytes
) -> None:
    house = House(tmp_path / "vault")
    house.confirm(house.set_up(PASSPHRASE))
    recording = added(house.workspace, short_film, Purpose.ANALYSE)
    house.lock()
    chance = random.Random(number)
    killed_after(command(house.root, "analyse", recording.id), chance.uniform(1.0, 8.0))

    ws = house.unlock(PASSPHRASE)
    finished = {
        row.id: row.kind
        for row in ws.catalogue.objects(recording.id)
        if row.kind == "hear" or row.kind.startswith("see:")
    }
    with attend(bench_of(ws)) as jobs:
        ws.employ(jobs)
        for status in jobs.list():
            jobs.wait(status.id, timeout=120)
            # A part that was finished before the kill has not been sealed anew: its steps say so.
            assert status.share <= jobs.status(status.id).share == 1.0
    house.lock()
    assert command(house.root, "analyse", recording.id).wait(120) == 0
    ws = house.unlock(PASSPHRASE)
    assert ws.catalogue.latest_analysis(recording.id) is not None
    assert not {r.kind for r in ws.catalogue.objects(recording.id)} & set(finished.values())
    assert ws.store.names() == ws.catalogue.object_ids()
    house.lock()
