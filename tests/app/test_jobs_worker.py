"""Worker processes that are killed, paused, locked and stopped at any moment."""

from __future__ import annotations

import multiprocessing
import os
import random
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.app.ovens import KEY, bake, bench, diary, write_order
from vig.app.jobs import open_desk
from vig.app.jobs.durable import Desk
from vig.app.worker import start_worker
from vig.errors import WrongKey

OPENER = "tests.app.ovens:bench"
needs_signals = pytest.mark.skipif(os.name == "nt", reason="Windows has no signals to stop with")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    write_order(tmp_path)
    table = bench(tmp_path, KEY)
    opened = open_desk(table)
    assert isinstance(opened, Desk)
    yield opened
    opened.close()
    table.engine.dispose()


@pytest.fixture
def subject() -> str:
    return uuid.uuid4().hex


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came to pass"
        time.sleep(0.02)


def recorded(desk: Desk, job: str) -> set[str]:
    """The parts that the database calls finished."""
    steps = desk._client.list_workflow_steps(job)
    return {s["function_name"] for s in steps if s["function_name"].startswith("loaf:")}


FORKS = multiprocessing.get_context("forkserver")
# Python and DBOS are loaded once; only what comes after may be hit by a kill, and sooner.
FORKS.set_forkserver_preload(["tests.app.ovens", "vig.app.jobs.standby"])


def start_baking(root: Path, opener: str = "bench") -> multiprocessing.process.BaseProcess:
    process = FORKS.Process(target=bake, args=(root, opener), daemon=True)
    process.start()
    return process


def kill_at_random_moments(root: Path, desk: Desk, job: str, kills: int, seed: int) -> None:
    """Each time at another moment, from the first breath on; then let it end."""
    chance = random.Random(seed)
    finished: set[str] = set()
    for _ in range(kills):
        so_far = len(diary(root))
        worker = start_baking(root)
        time.sleep(chance.uniform(0.0, 1.6))
        worker.kill()
        worker.join()
        began = {part for word, part, _ in diary(root)[so_far:] if word == "began"}
        assert not began & finished, "a finished part was done again"
        finished = recorded(desk, job)
    assert not desk.status(job).ended, "the last kills hit nothing"
    worker = start_baking(root)
    assert desk.wait(job, timeout=240).share == 1.0
    worker.kill()
    worker.join()


def check_the_diary(root: Path, parts: int, kills: int, lanes: int = 2) -> None:
    words = Counter(word for word, _, _ in diary(root))
    assert len({part for word, part, _ in diary(root) if word == "wrote"}) == parts
    assert words["began"] <= parts + kills * lanes, "more than what was under way was repeated"
    assert 1 <= words["joined"] <= 1 + kills


@needs_signals
def test_after_kill_9_no_finished_part_is_done_again_and_the_job_completes(
    tmp_path: Path, desk: Desk, subject: str
) -> None:
    write_order(tmp_path, parts=120, seconds=0.12)
    job = desk.submit("bake", subject, "1")
    kill_at_random_moments(tmp_path, desk, job, kills=10, seed=20261124)
    check_the_diary(tmp_path, parts=120, kills=10)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@needs_signals
def test_fifty_kills_in_a_row_change_nothing(tmp_path: Path, desk: Desk, subject: str) -> None:
    write_order(tmp_path, parts=600, seconds=0.12)
    job = desk.submit("bake", subject, "1")
    kill_at_random_moments(tmp_path, desk, job, kills=50, seed=random.randrange(2**32))
    check_the_diary(tmp_path, parts=600, kills=50)


def test_a_worker_does_the_job_and_ends_when_its_pipe_is_closed(
    tmp_path: Path, desk: Desk, subject: str
) -> None:
    with start_worker(tmp_path, KEY, opener=OPENER) as worker:
        desk.wait(desk.submit("bake", subject, "1"), timeout=30)
        pid = worker.pid
    assert not psutil.pid_exists(pid)
    assert {who for _, _, who in diary(tmp_path)} == {str(pid)}


def test_a_worker_given_the_wrong_key_says_so_to_its_parent(tmp_path: Path, desk: Desk) -> None:
    with pytest.raises(WrongKey):
        start_worker(tmp_path, bytes(32), opener=OPENER)


def test_the_key_is_in_neither_the_arguments_nor_the_environment_of_the_worker(
    tmp_path: Path, desk: Desk
) -> None:
    with start_worker(tmp_path, KEY, opener=OPENER) as worker:
        seen = psutil.Process(worker.pid)
        shown = " ".join(seen.cmdline()) + str(seen.environ()) + repr(worker)
        assert str(tmp_path) in shown
        assert KEY.hex() not in shown
        assert repr(KEY)[2:-1] not in shown
