"""What the jobs promise, whoever keeps them: DBOS on SQLCipher, DBOS on Postgres, or memory."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from vig.app.jobs import Bench, Jobs, JobState, Pace, Work, attend
from vig.app.jobs.memory import MemoryJobs
from vig.catalogue.engine import engine_for_jobs
from vig.domain.progress import Progress
from vig.errors import Cancelled, DamagedFilm, NotAFilm, Unknown, VaultLocked

SEAL = bytes(range(32))
QUICK = Pace(poll=0.1, beat=0.5, dead=60.0, patience=60.0)  # nobody dies in these tests


class Bakery:
    """A work whose ovens are in the test's hand."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self.ended: list[str] = []
        self.finished: list[str] = []
        self.hold = threading.Event()
        self.hold.set()
        self.trouble: Exception | None = None
        self.closed = threading.Event()
        self.parts = [f"loaf:{number}" for number in range(4)]
        self.heavy: dict[str, float] = {}
        self.at_once = self.most_at_once = 0
        self._lock = threading.Lock()

    def work(self) -> Work:
        return Work(
            "bake",
            self.plan,
            self.part,
            self.join,
            lanes=2,
            weight=lambda part: self.heavy.get(part, 1.0),
        )

    def plan(self, subject: str) -> list[str]:
        if self.closed.is_set():
            raise VaultLocked
        return self.parts

    def part(self, subject: str, part: str, progress: Progress) -> None:
        if self.trouble is not None:
            raise self.trouble
        with self._lock:
            self.began.append(part)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            while not self.hold.wait(0.02):
                progress(0.5)
            progress(1.0)
            self.ended.append(part)
        finally:
            with self._lock:
                self.at_once -= 1

    def join(self, subject: str) -> None:
        if self.closed.is_set():
            raise VaultLocked
        self.finished.append(subject)


@pytest.fixture
def bakery() -> Bakery:
    return Bakery()


@pytest.fixture(
    params=["memory", "sqlcipher", pytest.param("postgres", marks=pytest.mark.postgres)]
)
def jobs(request: pytest.FixtureRequest, tmp_path: Path, bakery: Bakery) -> Iterator[Jobs]:
    if request.param == "memory":
        kept = MemoryJobs(bakery.work())
        yield kept
        kept.close()
        return
    if request.param == "sqlcipher":
        engine = engine_for_jobs(tmp_path / "jobs.db", bytes(32))
        root: Path | None = tmp_path
    else:
        engine, root = sa.create_engine(request.getfixturevalue("postgres")), None
    with attend(Bench(engine, SEAL, (bakery.work(),), root, pace=QUICK)) as desk:
        yield desk
    engine.dispose()


@pytest.fixture
def subject() -> str:
    return uuid.uuid4().hex


def until(jobs: Jobs, job: str, state: JobState, seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while (now := jobs.status(job).state) is not state:
        assert time.monotonic() < end, f"still {now}"
        time.sleep(0.05)


def test_a_job_does_every_part_once_and_then_joins_them(
    jobs: Jobs, bakery: Bakery, subject: str
) -> None:
    told: list[float] = []
    status = jobs.wait(jobs.submit("bake", subject, "1"), told.append, timeout=30)
    assert (status.state, status.share) == (JobState.DONE, 1.0)
    assert sorted(bakery.ended) == ["loaf:0", "loaf:1", "loaf:2", "loaf:3"]
    assert bakery.finished == [subject]
    assert told == sorted(told)


def test_asking_twice_for_one_version_is_one_job(jobs: Jobs, bakery: Bakery, subject: str) -> None:
    first = jobs.submit("bake", subject, "1")
    assert jobs.submit("bake", subject, "1") == first
    jobs.wait(first, timeout=30)
    jobs.submit("bake", subject, "1")
    assert [s.id for s in jobs.list()] == [first]
    assert len(bakery.began) == 4


def test_a_cancelled_job_stops_within_a_part_and_goes_on_where_it_was(
    jobs: Jobs, bakery: Bakery, subject: str
) -> None:
    bakery.hold.clear()
    job = jobs.submit("bake", subject, "1")
    until(jobs, job, JobState.RUNNING)
    while bakery.at_once < 2:
        time.sleep(0.01)
    jobs.cancel(job)
    assert jobs.status(job).state is JobState.CANCELLED
    while bakery.at_once:
        time.sleep(0.01)
    assert (len(bakery.began), bakery.ended, bakery.most_at_once) == (2, [], 2)
    bakery.hold.set()
    jobs.resume(job)
    assert jobs.wait(job, timeout=30).state is JobState.DONE
    assert sorted(bakery.ended) == ["loaf:0", "loaf:1", "loaf:2", "loaf:3"]


def test_a_failure_comes_back_as_the_error_it_was(jobs: Jobs, bakery: Bakery, subject: str) -> None:
    bakery.trouble = DamagedFilm(what="it ends in the middle of a picture")
    job = jobs.submit("bake", subject, "1")
    with pytest.raises(DamagedFilm, match="ends in the middle of a picture"):
        jobs.wait(job, timeout=30)
    failure = jobs.status(job).failure
    assert failure is not None
    assert isinstance(failure.error(), DamagedFilm)
    bakery.trouble = None
    jobs.resume(job)
    assert jobs.wait(job, timeout=30).state is JobState.DONE


def test_a_job_that_finds_the_vault_locked_waits_and_says_so(
    jobs: Jobs, bakery: Bakery, subject: str
) -> None:
    bakery.trouble = VaultLocked()
    job = jobs.submit("bake", subject, "1")
    until(jobs, job, JobState.LOCKED)
    bakery.trouble = None
    assert jobs.wait(job, timeout=30).state is JobState.DONE


def test_waiting_can_call_the_job_off(jobs: Jobs, bakery: Bakery, subject: str) -> None:
    bakery.hold.clear()

    def enough(share: float) -> None:
        raise Cancelled

    job = jobs.submit("bake", subject, "1")
    with pytest.raises(Cancelled):
        jobs.wait(job, enough)
    assert jobs.status(job).state is JobState.CANCELLED


def test_names_are_refused_at_the_door(jobs: Jobs, subject: str) -> None:
    with pytest.raises(ValueError, match="opaque"):
        jobs.submit("bake", "Familie Jansen", "1")
    with pytest.raises(ValueError, match="opaque"):
        jobs.submit("bake", subject, "version one")


def test_a_job_nobody_asked_for_is_unknown(jobs: Jobs) -> None:
    with pytest.raises(Unknown):
        jobs.status("bake:none:1")


def test_an_unforeseen_error_keeps_its_words_to_itself(
    jobs: Jobs, bakery: Bakery, subject: str
) -> None:
    bakery.trouble = RuntimeError("/films/Familie Jansen.mp4")
    job = jobs.submit("bake", subject, "1")
    until(jobs, job, JobState.FAILED)
    failure = jobs.status(job).failure
    assert failure is not None
    assert failure.kind == "RuntimeError"
    assert failure.where is not None
    assert failure.where.startswith("test_jobs.py:")
    assert "Jansen" not in failure.to_json() + str(failure.error())


def test_the_first_of_two_failing_lanes_tells_why(jobs: Jobs, bakery: Bakery, subject: str) -> None:
    bakery.trouble = NotAFilm()
    with pytest.raises(NotAFilm):
        jobs.wait(jobs.submit("bake", subject, "1"), timeout=30)


def test_what_was_finished_before_a_failure_is_not_done_again(
    jobs: Jobs, bakery: Bakery, subject: str
) -> None:
    bakery.hold.clear()
    job = jobs.submit("bake", subject, "1")
    while bakery.at_once < 2:
        time.sleep(0.01)
    bakery.trouble = NotAFilm()
    bakery.hold.set()
    until(jobs, job, JobState.FAILED)
    assert sorted(bakery.ended) == ["loaf:0", "loaf:1"]
    before = jobs.status(job).share
    assert before > 0.4
    bakery.trouble = None
    jobs.resume(job)
    told: list[float] = []
    jobs.wait(job, told.append, timeout=30)
    assert min(told) >= before
    assert sorted(bakery.ended) == ["loaf:0", "loaf:1", "loaf:2", "loaf:3"]


def test_resuming_leaves_a_job_that_is_well_alone(jobs: Jobs, bakery: Bakery, subject: str) -> None:
    job = jobs.submit("bake", subject, "1")
    jobs.resume(job)
    jobs.wait(job, timeout=30)
    jobs.resume(job)
    jobs.cancel(job)
    assert jobs.status(job).state is JobState.DONE
    assert len(bakery.began) == 4


def test_forgetting_waits_for_the_parts_to_halt_and_leaves_nothing(
    jobs: Jobs, bakery: Bakery, subject: str
) -> None:
    bakery.hold.clear()
    other = jobs.submit("bake", uuid.uuid4().hex, "1")
    jobs.cancel(other)
    job = jobs.submit("bake", subject, "1")
    while bakery.at_once < 2:
        time.sleep(0.01)
    jobs.forget(subject)
    assert (bakery.at_once, bakery.ended) == (0, [])
    assert [s.id for s in jobs.list()] == [other]
    with pytest.raises(Unknown):
        jobs.status(job)


def test_a_cancelled_job_that_never_began_does_not_begin(
    jobs: Jobs, bakery: Bakery, subject: str
) -> None:
    bakery.hold.clear()
    first, second = (jobs.submit("bake", each, "1") for each in (subject, uuid.uuid4().hex))
    while bakery.at_once < 2:
        time.sleep(0.01)
    assert jobs.status(second).state is JobState.WAITING
    jobs.cancel(second)
    bakery.hold.set()
    jobs.wait(first, timeout=30)
    assert jobs.status(second).state is JobState.CANCELLED
    assert len(bakery.began) == 4


def test_waiting_gives_up_after_its_time_and_the_job_goes_on(
    jobs: Jobs, bakery: Bakery, subject: str
) -> None:
    bakery.hold.clear()
    job = jobs.submit("bake", subject, "1")
    with pytest.raises(TimeoutError):
        jobs.wait(job, timeout=0.1)
    bakery.hold.set()
    assert jobs.wait(job, timeout=30).state is JobState.DONE


def test_a_status_names_the_step_and_reckons_no_time_before_it_can(
    jobs: Jobs, bakery: Bakery, subject: str
) -> None:
    bakery.hold.clear()
    job = jobs.submit("bake", subject, "1")
    while bakery.at_once < 2:
        time.sleep(0.01)
    until(jobs, job, JobState.RUNNING)
    status = jobs.status(job)
    assert (status.kind, status.subject, status.version) == ("bake", subject, "1")
    assert status.step == "loaf"
    assert status.seconds_left is None
    assert abs(status.submitted_at / 1000 - time.time()) < 60
    bakery.hold.set()
    assert jobs.wait(job, timeout=30).step is None


def test_a_vault_that_is_locked_before_the_first_or_after_the_last_part_is_waited_for(
    jobs: Jobs, bakery: Bakery, subject: str
) -> None:
    bakery.closed.set()
    job = jobs.submit("bake", subject, "1")
    until(jobs, job, JobState.LOCKED)
    assert bakery.began == []
    bakery.hold.clear()
    bakery.closed.clear()
    while bakery.at_once < 2:
        time.sleep(0.01)
    bakery.closed.set()
    bakery.hold.set()
    until(jobs, job, JobState.LOCKED)
    assert (len(bakery.ended), bakery.finished) == (4, [])
    bakery.closed.clear()
    assert jobs.wait(job, timeout=60).state is JobState.DONE
    assert len(bakery.began) == 4


def test_a_heavy_part_counts_for_more(jobs: Jobs, bakery: Bakery, subject: str) -> None:
    bakery.parts, bakery.heavy = ["stone:0", "loaf:0"], {"stone:0": 3.0}
    bakery.hold.clear()
    job = jobs.submit("bake", subject, "1")
    while bakery.at_once < 2:
        time.sleep(0.01)
    end = time.monotonic() + 30
    while jobs.status(job).share < 0.48:  # both at one half: (3 + 1) / 2 / 4, less the joining
        assert time.monotonic() < end
        time.sleep(0.02)
    assert jobs.status(job).share == pytest.approx(0.49)
    bakery.hold.set()
    jobs.wait(job, timeout=60)


def test_a_plan_that_names_a_part_twice_or_by_a_name_is_refused(
    jobs: Jobs, bakery: Bakery, subject: str
) -> None:
    for number, parts in enumerate((["loaf:0", "loaf:0"], ["Oma Kowalczyk"])):
        bakery.parts = parts
        job = jobs.submit("bake", subject, str(number))
        until(jobs, job, JobState.FAILED)
        failure = jobs.status(job).failure
        assert failure is not None
        assert failure.kind == "ValueError"
    assert bakery.began == []


def test_a_plan_without_parts_is_only_joined(jobs: Jobs, bakery: Bakery, subject: str) -> None:
    bakery.parts = []
    assert jobs.wait(jobs.submit("bake", subject, "1"), timeout=60).share == 1.0
    assert bakery.finished == [subject]
