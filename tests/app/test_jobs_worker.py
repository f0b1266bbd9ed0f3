"""Worker processes that are killed, paused, locked and stopped at any moment."""

from __future__ import annotations

import multiprocessing
import os
import random
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import psutil
import pytest
import sqlalchemy as sa

from tests.app.ovens import KEY, QUICK, bake, bench, diary, team_bench, write_order
from tests.tree import ROOT
from vig.app.jobs import JobState, attend, open_desk
from vig.app.jobs.durable import Desk
from vig.app.jobs.run import BARREN_RUNS
from vig.app.worker import start_worker
from vig.errors import WorkError, WrongKey

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


_started: list[multiprocessing.process.BaseProcess] = []


@cache
def forks() -> Any:
    """Loads Python and DBOS once: only what comes after is hit by a kill, and sooner."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.app.ovens", "vig.app.jobs.standby"])
    return context


def start_baking(
    root: Path, opener: str = "bench", *, politely: bool = False
) -> multiprocessing.process.BaseProcess:
    process = forks().Process(target=bake, args=(root, opener, politely), daemon=True)
    process.start()
    assert isinstance(process, multiprocessing.process.BaseProcess)
    _started.append(process)
    return process


def end_all() -> None:
    while _started:
        left = _started.pop()
        left.kill()
        left.join()


@pytest.fixture(autouse=True)
def _nobody_left_behind() -> Iterator[None]:
    yield
    end_all()


def pause(process: psutil.Process) -> None:
    """Stop it, and wait until it has stopped."""
    process.suspend()
    until(lambda: process.status() == psutil.STATUS_STOPPED)
    time.sleep(0.2)


def kill_at_random_moments(root: Path, desk: Desk, job: str, kills: int, seed: int) -> None:
    """Each time at another moment, from the first breath on; then let it end."""
    chance = random.Random(seed)
    finished: set[str] = set()
    shares = [0.0]
    for _ in range(kills):
        so_far = len(diary(root))
        worker = start_baking(root)
        time.sleep(chance.uniform(0.0, 1.6))
        worker.kill()
        worker.join()
        began = {part for word, part, _ in diary(root)[so_far:] if word == "began"}
        assert not began & finished, "a finished part was done again"
        finished = recorded(desk, job)
        shares.append(desk.status(job).share)
    assert shares == sorted(shares)
    assert not desk.status(job).ended, "the last kills hit nothing"
    start_baking(root)
    assert desk.wait(job, timeout=240).share == 1.0


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


def test_a_worker_takes_no_module_from_the_folder_its_parent_stands_in(
    tmp_path: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap = tmp_path / "downloads"
    trap.mkdir()
    for name in ("json", "sqlalchemy", "dbos", "vig"):
        (trap / f"{name}.py").write_text("raise SystemExit('taken')")
    monkeypatch.chdir(trap)
    with start_worker(tmp_path, KEY, opener=OPENER) as worker:
        assert worker.alive


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


def test_a_worker_ends_when_its_parent_is_killed(tmp_path: Path, desk: Desk, subject: str) -> None:
    write_order(tmp_path, parts=200)
    desk.submit("bake", subject, "1")
    code = (
        "import time; from pathlib import Path; from tests.app.ovens import KEY;"
        "from vig.app.worker import start_worker;"
        f"w = start_worker(Path({str(tmp_path)!r}), KEY, opener={OPENER!r});"
        "print(w.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        until(lambda: len(diary(tmp_path)) > 2)
        parent.kill()
    until(lambda: not psutil.pid_exists(worker))
    assert not desk.status(desk.list()[0].id).ended


def test_a_worker_that_dies_is_started_again_and_takes_its_job_up(
    tmp_path: Path, desk: Desk, subject: str
) -> None:
    write_order(tmp_path, parts=20, seconds=0.2)
    job = desk.submit("bake", subject, "1")
    with start_worker(tmp_path, KEY, opener=OPENER) as worker:
        until(lambda: len(diary(tmp_path)) > 6)
        first = worker.pid
        psutil.Process(first).kill()
        desk.wait(job, timeout=60)
        assert worker.pid != first
        assert worker.alive
    check_the_diary(tmp_path, parts=20, kills=1)


def test_locking_lets_a_job_wait_and_unlocking_lets_it_go_on(
    tmp_path: Path, desk: Desk, subject: str
) -> None:
    write_order(tmp_path, parts=20, seconds=0.1)
    job = desk.submit("bake", subject, "1")
    with start_worker(tmp_path, KEY, opener=OPENER) as worker:
        until(lambda: len(diary(tmp_path)) > 6)
        worker.lock()
        until(lambda: desk.status(job).state is JobState.LOCKED)
        time.sleep(0.3)  # a part that had its key already may end
        so_far = len(diary(tmp_path))
        time.sleep(0.5)
        assert len(diary(tmp_path)) == so_far
        worker.unlock(KEY)
        desk.wait(job, timeout=60)


def test_a_locked_job_can_be_cancelled(tmp_path: Path, desk: Desk, subject: str) -> None:
    (tmp_path / "locked").touch()
    job = desk.submit("bake", subject, "1")
    with start_worker(tmp_path, KEY, opener=OPENER):
        until(lambda: desk.status(job).state is JobState.LOCKED)
        desk.cancel(job)
        (tmp_path / "locked").unlink()
        other = desk.submit("bake", uuid.uuid4().hex, "1")
        desk.wait(other, timeout=30)
    assert desk.status(job).state is JobState.CANCELLED
    assert {word for word, _, _ in diary(tmp_path)} == {"began", "wrote", "joined"}


@needs_signals
def test_sigterm_ends_a_worker_in_good_order_and_its_job_is_not_blamed(
    tmp_path: Path, desk: Desk, subject: str
) -> None:
    write_order(tmp_path, parts=6, seconds=1.0)
    job = desk.submit("bake", subject, "1")
    for _ in range(BARREN_RUNS + 2):
        worker = start_baking(tmp_path, politely=True)
        so_far = len(diary(tmp_path))
        until(lambda so_far=so_far: len(diary(tmp_path)) > so_far)
        worker.terminate()
        worker.join(20)
        assert worker.exitcode == 0
        assert desk.status(job).state is JobState.WAITING
    assert all(word == "began" for word, _, _ in diary(tmp_path))
    write_order(tmp_path, parts=6, seconds=0.01)
    start_baking(tmp_path)
    assert desk.wait(job, timeout=60).share == 1.0


def test_a_film_that_kills_its_worker_every_time_is_given_up(
    tmp_path: Path, desk: Desk, subject: str
) -> None:
    write_order(tmp_path, parts=6, lanes=1, deadly=2)
    job = desk.submit("bake", subject, "1")
    for _ in range(BARREN_RUNS + 1):  # the first of them does finish two parts
        worker = start_baking(tmp_path)
        worker.join(30)
        assert worker.exitcode == 9
        assert not desk.status(job).ended
    last = start_baking(tmp_path)
    with pytest.raises(WorkError):
        desk.wait(job, timeout=30)
    last.kill()
    last.join()
    write_order(tmp_path)
    desk.resume(job)
    start_baking(tmp_path)
    assert desk.wait(job, timeout=30).share == 1.0
    began = Counter(part for word, part, _ in diary(tmp_path) if word == "began")
    assert (began["loaf:0"], began["loaf:1"]) == (1, 1)


def test_a_part_that_never_looks_up_does_not_keep_a_stopped_worker(
    tmp_path: Path, desk: Desk, subject: str
) -> None:
    write_order(tmp_path, seconds=60, deaf=True)
    job = desk.submit("bake", subject, "1")
    worker = start_worker(tmp_path, KEY, opener=OPENER)
    until(lambda: len(diary(tmp_path)) > 0)
    began = time.monotonic()
    worker.stop()
    assert time.monotonic() - began < 10
    assert not psutil.pid_exists(worker.pid)
    assert not desk.status(job).ended


@needs_signals
def test_a_paused_worker_keeps_the_vault_and_a_dead_one_gives_it_up(
    tmp_path: Path, desk: Desk, subject: str
) -> None:
    write_order(tmp_path, parts=30, seconds=0.2)
    job = desk.submit("bake", subject, "1")
    first = start_baking(tmp_path)
    until(lambda: len(diary(tmp_path)) > 4)
    second = start_baking(tmp_path)
    assert first.pid is not None
    paused = psutil.Process(first.pid)
    pause(paused)
    so_far = len(diary(tmp_path))
    time.sleep(QUICK.dead + 1.0)
    assert len(diary(tmp_path)) == so_far
    paused.resume()
    until(lambda: len(diary(tmp_path)) > so_far)
    first.kill()
    desk.wait(job, timeout=60)
    assert {who for _, _, who in diary(tmp_path)} == {str(first.pid), str(second.pid)}
    check_the_diary(tmp_path, parts=30, kills=1)


def test_beside_the_worker_of_another_process_attending_only_watches(
    tmp_path: Path, desk: Desk, subject: str
) -> None:
    table = bench(tmp_path, KEY)
    with start_worker(tmp_path, KEY, opener=OPENER) as worker, attend(table) as jobs:
        jobs.wait(jobs.submit("bake", subject, "1"), timeout=60)
        assert {who for _, _, who in diary(tmp_path)} == {str(worker.pid)}
        worker.stop()
        jobs.wait(jobs.submit("bake", subject, "2"), timeout=60)
        assert {who for _, _, who in diary(tmp_path)} == {str(worker.pid), str(os.getpid())}
    table.engine.dispose()


class Team:
    """Two workers on one Postgres, told apart by their signs of life only."""

    def __init__(self, root: Path, url: str) -> None:
        (root / "postgres.url").write_text(url)
        self.root = root
        self.bench = team_bench(root, KEY)
        self.desk = Desk(self.bench.engine, KEY, QUICK)

    def start(self) -> psutil.Process:
        worker = start_baking(self.root, "team_bench")
        assert worker.pid is not None
        return psutil.Process(worker.pid)

    def at_work(self) -> set[str]:
        return {who for _, _, who in diary(self.root)}


@pytest.fixture
def team(tmp_path: Path, postgres: str) -> Iterator[Team]:
    write_order(tmp_path, parts=24, seconds=0.3)
    made = Team(tmp_path, postgres)
    yield made
    end_all()
    made.desk.close()
    made.bench.engine.dispose()


@pytest.mark.postgres
@needs_signals
def test_a_killed_worker_of_a_team_is_relieved_by_another(team: Team, subject: str) -> None:
    job = team.desk.submit("bake", subject, "1")
    first = team.start()
    until(lambda: len(diary(team.root)) > 6)
    second = team.start()
    first.kill()
    finished, so_far = recorded(team.desk, job), len(diary(team.root))
    until(lambda: str(second.pid) in team.at_work())
    team.desk.wait(job, timeout=60)
    began = {part for word, part, _ in diary(team.root)[so_far:] if word == "began"}
    assert not began & finished
    check_the_diary(team.root, parts=24, kills=1)


@pytest.mark.postgres
@needs_signals
def test_a_paused_worker_that_wakes_up_relieved_writes_nothing(team: Team, subject: str) -> None:
    write_order(team.root, parts=8, seconds=1.0)
    job = team.desk.submit("bake", subject, "1")
    first = team.start()
    until(lambda: [word for word, _, _ in diary(team.root)][-2:] == ["began", "began"])
    time.sleep(0.3)  # both lanes are in the middle of a part
    pause(first)
    second = team.start()
    until(lambda: str(second.pid) in team.at_work())
    so_far = len(diary(team.root))
    first.resume()
    team.desk.wait(job, timeout=60)
    late = [part for word, part, who in diary(team.root)[so_far:] if who == str(first.pid)]
    assert late == []
    wrote = Counter(part for word, part, _ in diary(team.root) if word == "wrote")
    assert len(wrote) == 8
    assert set(wrote.values()) == {1}


@pytest.mark.postgres
def test_a_database_that_drops_every_connection_costs_no_finished_part(
    team: Team, subject: str
) -> None:
    job = team.desk.submit("bake", subject, "1")
    team.start()
    drop = sa.text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    alone = sa.create_engine(team.bench.engine.url, poolclass=sa.NullPool)
    for written in (4, 12, 20):
        until(lambda written=written: len(diary(team.root)) > written)
        with alone.connect() as c:
            assert len(c.execute(drop).all()) > 1
    team.desk.wait(job, timeout=60)
    check_the_diary(team.root, parts=24, kills=3)
