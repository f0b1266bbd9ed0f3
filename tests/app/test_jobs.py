"""What the jobs promise, whoever keeps them."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from vig.app.jobs import Bench, Jobs, JobState, Work, attend
from vig.catalogue.engine import engine_for_jobs
from vig.domain.progress import Progress
from vig.errors import Cancelled, DamagedFilm, NotAFilm, Unknown, VaultLocked

SEAL = bytes(range(32))


class Bakery:
    """A work whose ovens are in the test's hand."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self.ended: list[str] = []
        self.finished: list[str] = []
        self.hold = threading.Event()
        self.hold.set()
        self.trouble: BaseException | None = None

    def work(self, parts: int = 4, lanes: int = 2) -> Work:
        return Work(
            "bake", lambda s: [f"loaf:{i}" for i in range(parts)], self.part, self.done, lanes
        )

    def part(self, subject: str, part: str, progress: Progress) -> None:
        self.began.append(part)
        if self.trouble is not None:
            raise self.trouble
        while not self.hold.wait(0.02):
            progress(0.5)
        progress(1.0)
        self.ended.append(part)

    def done(self, subject: str) -> None:
        self.finished.append(subject)


@pytest.fixture
def bakery() -> Bakery:
    return Bakery()


@pytest.fixture
def bench(tmp_path: Path, bakery: Bakery) -> Iterator[Bench]:
    engine = engine_for_jobs(tmp_path / "jobs.db", bytes(32))
    yield Bench(engine, SEAL, (bakery.work(),), tmp_path)
    engine.dispose()


@pytest.fixture
def jobs(bench: Bench) -> Iterator[Jobs]:
    with attend(bench) as desk:
        yield desk


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
    while len(bakery.began) < 2:
        time.sleep(0.01)
    jobs.cancel(job)
    assert jobs.status(job).state is JobState.CANCELLED
    time.sleep(1.5)
    assert (len(bakery.began), bakery.ended) == (2, [])
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
