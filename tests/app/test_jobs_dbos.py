"""What we lean on in DBOS that its makers do not promise, and what it may not do here."""

from __future__ import annotations

import inspect
import json
import logging
import pickle
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
import pytest
import sqlalchemy as sa
from dbos import DBOS, DBOSClient, Serializer
from dbos import error as dbos_error

from tests.app.ovens import KEY, QUICK, bench, team_bench, write_order
from tests.tree import ROOT, texts
from vig.app.jobs import Bench, Failure, JobState, Pace, Work, attend
from vig.app.jobs.durable import QUEUE, SHAPE, WORKFLOW, Desk
from vig.app.jobs.ledger import Ledger, Row
from vig.app.jobs.run import Halt
from vig.app.jobs.sealing import Recorded, SealedJson
from vig.catalogue.engine import engine_for_jobs
from vig.domain.progress import Progress
from vig.errors import DamagedFilm, DiskFull, Tampered

MARK = "Kowalczyk-Oyelaran"


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Bench]:
    write_order(tmp_path, parts=4, seconds=0.02)
    made = bench(tmp_path, KEY)
    yield made
    made.engine.dispose()


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came to pass"
        time.sleep(0.02)


# ── pins ─────────────────────────────────────────────────────────────────────────────────────


def test_the_dbos_that_was_tried_is_the_one_that_is_here() -> None:
    assert version("dbos") == "3.4.0", "try the private calls below again, then change this line"


def test_the_private_calls_that_are_used_still_have_their_shape() -> None:
    recover = inspect.signature(DBOS._recover_pending_workflows)
    assert list(recover.parameters) == ["executor_ids"]
    from dbos._sys_db import SystemDatabase

    assert list(inspect.signature(SystemDatabase.run_migrations).parameters) == ["self"]
    assert "self._sys_db" in inspect.getsource(DBOSClient.__init__)


def test_no_other_private_call_of_dbos_is_used() -> None:
    allowed = ("DBOS._recover_pending_workflows", "_client._sys_db.run_migrations")
    ours = {name: text for name, text in texts().items() if re.match(r"vig/.*\.py", name)}
    assert all(any(call in text for text in ours.values()) for call in allowed)
    for name, text in ours.items():
        for call in allowed:
            text = text.replace(call, "")
        assert not re.search(r"DBOS\._|_sys_db|(from|import) dbos\.", text), name


def test_a_halted_step_is_one_that_dbos_does_not_record() -> None:
    # It catches Exception around a step; our ways out are not Exceptions.
    from vig.app.jobs.run import Halt, PartFailed

    assert not issubclass(Halt, Exception)
    assert not issubclass(PartFailed, Exception)
    for theirs in (dbos_error.DBOSWorkflowCancelledError, dbos_error.DBOSWorkflowConflictIDError):
        assert not issubclass(theirs, Exception)


def test_our_serializer_has_the_shape_of_theirs() -> None:
    for name in ("serialize", "deserialize", "name"):
        theirs = inspect.signature(getattr(Serializer, name)).parameters
        ours = inspect.signature(getattr(SealedJson, name)).parameters
        assert len(theirs) == len(ours)


def test_recovery_moves_the_jobs_of_the_named_workers_only(table: Bench) -> None:
    hold = Waiting(table)
    with attend(hold.bench) as jobs:
        job = jobs.submit("hold", uuid.uuid4().hex, "1")
        until(lambda: jobs.status(job).state is JobState.RUNNING)
        desk = Desk(table.engine, KEY, QUICK)
        mine = desk.worker_of(job)
        assert mine is not None
        DBOS._recover_pending_workflows(["somebody-else"])
        assert desk.worker_of(job) == mine
        hold.go()
        jobs.wait(job, timeout=30)
        desk.close()


@pytest.mark.parametrize("began", [False, True])
def test_a_job_of_an_older_shape_is_begun_anew(table: Bench, began: bool) -> None:
    assert SHAPE != "0"
    desk = Desk(table.engine, KEY, QUICK)
    subject = uuid.uuid4().hex
    job = f"bake:{subject}:1"
    desk._client.enqueue(
        {
            "workflow_name": WORKFLOW,
            "queue_name": QUEUE,
            "workflow_id": job,
            "app_version": "0",
        },
        "bake",
        subject,
    )
    if began:
        with table.engine.begin() as c:
            c.execute(sa.text("UPDATE workflow_status SET status='PENDING', executor_id='old'"))
    with attend(table) as jobs:
        assert jobs.wait(job, timeout=30).state is JobState.DONE
    desk.close()


# ── when the database has trouble of its own ─────────────────────────────────────────────────


def test_a_run_that_ended_unrecorded_is_begun_again_by_the_same_worker(table: Bench) -> None:
    tries = []

    def part(subject: str, part: str, progress: Progress) -> None:
        tries.append(part)
        if len(tries) == 1:
            raise Halt  # leaves no trace, as when the end could not be written down

    work = Work("bake", lambda s: ["one", "two"], part, lambda s: None, lanes=1)
    with attend(Bench(table.engine, KEY, (work,), table.root, pace=QUICK)) as jobs:
        jobs.wait(jobs.submit("bake", uuid.uuid4().hex, "1"), timeout=30)
    assert sorted(tries) == ["one", "one", "two"]


def test_a_full_disk_fails_the_job_as_such_and_it_goes_on_when_there_is_room(
    table: Bench,
) -> None:
    room = {"pages": 2**30}

    @sa.event.listens_for(table.engine, "checkout")
    def _limit(connection: Any, _record: Any, _proxy: Any) -> None:
        connection.execute(f"PRAGMA max_page_count = {room['pages']}")

    def part(subject: str, part: str, progress: Progress) -> None:
        if part == "p:2":
            room["pages"] = 1  # SQLite reads it as: not one page more than there are

    work = Work("bake", lambda s: [f"p:{n}" for n in range(300)], part, lambda s: None)
    with attend(Bench(table.engine, KEY, (work,), table.root, pace=QUICK)) as jobs:
        job = jobs.submit("bake", uuid.uuid4().hex, "1")
        until(lambda: room["pages"] == 1)
        time.sleep(1.0)
        room["pages"] = 2**30
        try:
            status = jobs.wait(job, timeout=60)
        except DiskFull:
            jobs.resume(job)
            status = jobs.wait(job, timeout=60)
        assert status.state is JobState.DONE


def test_desks_that_open_a_new_vault_together_all_get_in(tmp_path: Path) -> None:
    subjects = [uuid.uuid4().hex for _ in range(5)]

    def ask(_: int) -> list[str]:
        engine = engine_for_jobs(tmp_path / "new.db", KEY)
        desk = Desk(engine, KEY, QUICK)
        jobs = [desk.submit("bake", subject, "1") for subject in subjects]
        desk.close()
        engine.dispose()
        return jobs

    with ThreadPoolExecutor(4) as crowd:
        answers = list(crowd.map(ask, range(4)))
    assert answers == [answers[0]] * 4
    engine = engine_for_jobs(tmp_path / "new.db", KEY)
    desk = Desk(engine, KEY, QUICK)
    assert sorted(s.id for s in desk.list()) == sorted(answers[0])
    desk.close()
    engine.dispose()


def test_a_jobs_database_that_is_none_is_named_as_damaged(tmp_path: Path) -> None:
    (tmp_path / "jobs.db").write_bytes(b"x" * 8192)
    engine = engine_for_jobs(tmp_path / "jobs.db", KEY)
    with pytest.raises(Tampered, match="list of jobs"):
        Desk(engine, KEY, QUICK)
    engine.dispose()


def test_the_usual_pace_relieves_a_dead_worker_within_thirty_seconds() -> None:
    usual = Pace()
    assert usual.dead + usual.beat + usual.poll < 30
    assert usual.beat * 3 < usual.dead, "one late sign of life must not look like death"


def test_time_left_is_reckoned_from_the_pace_of_this_run_alone() -> None:
    def row(share: float, began: float, told: float, at: float) -> Row:
        return Row(share, "loaf", False, int(began * 1000), at, int(told * 1000))

    assert row(0.5, 100, 110, 0.0).seconds_left() == pytest.approx(10)
    assert row(0.5, 100, 110, 0.4).seconds_left() == pytest.approx(50)
    assert row(0.5, 100, 101, 0.0).seconds_left() is None
    assert row(0.5, 100, 110, 0.495).seconds_left() is None


# ── what lies in the database ────────────────────────────────────────────────────────────────


class Waiting:
    """A work that waits, and one that fails with a mark in its words."""

    def __init__(self, table: Bench) -> None:
        import threading

        self._event = threading.Event()
        works = (
            Work("hold", lambda s: ["one"], self._wait, lambda s: None),
            Work("fail", lambda s: ["one"], self._fail, lambda s: None),
        )
        self.bench = Bench(table.engine, KEY, works, table.root, pace=QUICK)

    def go(self) -> None:
        self._event.set()

    def _wait(self, subject: str, part: str, progress: Progress) -> None:
        while not self._event.wait(0.02):
            progress(0.5)

    def _fail(self, subject: str, part: str, progress: Progress) -> None:
        raise DamagedFilm(what=MARK)


def everything(engine: sa.Engine) -> str:
    """Every value of every table, as text, as somebody sees it who holds the database key."""
    rows = []
    tables = sa.MetaData()
    for schema in (None, "dbos") if engine.dialect.name == "postgresql" else (None,):
        tables.reflect(engine, schema=schema)
    with engine.connect() as c:
        for each in tables.sorted_tables:
            rows += [str(tuple(row)) for row in c.execute(sa.select(each))]
    return "\n".join(rows)


def fail_with_a_mark(table: Bench) -> str:
    with attend(Waiting(table).bench) as jobs:
        job = jobs.submit("fail", uuid.uuid4().hex, "1")
        with pytest.raises(DamagedFilm, match=MARK):
            jobs.wait(job, timeout=30)
    return job


def test_the_words_of_a_failure_are_sealed_even_from_the_holder_of_the_database_key(
    table: Bench,
) -> None:
    job = fail_with_a_mark(table)
    seen = everything(table.engine)
    assert job in seen, "the search looks in the wrong place"
    assert MARK not in seen
    assert "DamagedFilm" not in seen
    assert "vig-sealed-json-1" in seen
    assert "py_pickle" not in seen


@pytest.mark.postgres
def test_on_postgres_they_are_sealed_as_well(tmp_path: Path, postgres: str) -> None:
    write_order(tmp_path)
    (tmp_path / "postgres.url").write_text(postgres)
    table = team_bench(tmp_path, KEY)
    job = fail_with_a_mark(table)
    seen = everything(table.engine)
    assert job in seen
    assert MARK not in seen
    table.engine.dispose()


def test_no_file_of_the_jobs_holds_an_id_or_a_word_in_plain(table: Bench, tmp_path: Path) -> None:
    (tmp_path / "planted").write_text(f"x{MARK}x")
    job = fail_with_a_mark(table)
    subject = job.split(":")[1]
    held = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert [name for name, data in held.items() if MARK.encode() in data] == ["planted"]
    assert [name for name, data in held.items() if subject.encode() in data] == []
    assert not held["jobs.db"].startswith(b"SQLite format 3")
    assert held["worker.lock"] == b""


def test_a_stored_value_cannot_be_altered_or_read_with_another_key() -> None:
    from cryptography.exceptions import InvalidTag

    box = SealedJson(KEY)
    sealed = box.serialize({"args": ["bake", "0" * 32], "kwargs": {}})
    assert box.deserialize(sealed) == {"args": ["bake", "0" * 32], "kwargs": {}}
    with pytest.raises(InvalidTag):
        SealedJson(bytes(32)).deserialize(sealed)
    altered = sealed[:20] + ("A" if sealed[20] != "A" else "B") + sealed[21:]
    with pytest.raises(InvalidTag):
        box.deserialize(altered)
    assert box.serialize(None) != box.serialize(None)
    assert KEY.hex() not in repr(box)


def test_nothing_in_the_database_is_ever_unpickled(table: Bench) -> None:
    box = SealedJson(KEY)
    with pytest.raises(Exception, match=r".*"):
        box.deserialize(pickle.dumps(print).decode("latin-1"))
    back = box.deserialize(box.serialize(DamagedFilm(what=MARK)))
    assert isinstance(back, Recorded)
    assert isinstance(back.failure.error(), DamagedFilm)


def test_a_failure_of_a_later_release_is_still_a_failure() -> None:
    for text in (
        '{"kind": "TooNew", "fields": {"a": 1}, "where": null}',
        '{"kind": "DamagedFilm", "fields": {"other": 1}, "where": null}',
        '{"kind": "annotations", "fields": {}, "where": null}',
    ):
        assert type(Failure.from_json(text).error()).__name__ == "WorkError"
        assert json.loads(Failure.from_json(text).to_json()) == json.loads(text)


def test_dbos_complains_without_content(
    table: Bench, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        fail_with_a_mark(table)
        logging.getLogger("dbos").error("about %s", MARK, exc_info=ValueError(MARK))
    # caplog hangs on to silenced loggers as well; what counts is what goes on from there.
    told = [record.getMessage() for record in caplog.records if record.name == "vig.jobs"]
    assert any(line.startswith("dbos ") and line.endswith(" ValueError") for line in told)
    assert MARK not in "".join(told) + "".join(capfd.readouterr())


# ── a transaction left open ──────────────────────────────────────────────────────────────────


@pytest.mark.postgres
def test_a_transaction_that_a_paused_worker_left_open_bars_nobody_for_long(postgres: str) -> None:
    engine = sa.create_engine(postgres)
    ledger = Ledger(engine)
    ledger.create()
    ledger.begin("job", "paused")
    stuck = engine.connect()
    stuck.execute(sa.text("UPDATE vig_job_progress SET share = 0.5"))
    began = time.monotonic()
    ledger.begin("job", "relief")
    assert 1 < time.monotonic() - began < 15
    assert not ledger.tell("job", "paused", 0.9, None, False)
    assert ledger.tell("job", "relief", 0.2, "loaf", False)
    stuck.invalidate()
    engine.dispose()


# ── no network, and little to do when there is nothing to do ─────────────────────────────────

IDLE = """
import sys, time
from pathlib import Path
from tests.app.ovens import KEY, bench
from vig.app.jobs import attend
import uuid
with attend(bench(Path(sys.argv[1]), KEY)) as jobs:
    jobs.wait(jobs.submit("bake", uuid.uuid4().hex, "1"), timeout=60)
    print("idle", flush=True)
    time.sleep(float(sys.argv[2]))
"""


@pytest.mark.tracing
def test_the_engine_opens_no_internet_socket(
    table: Bench, tmp_path: Path, need: Callable[[str], str]
) -> None:
    log = tmp_path / "calls"
    command = [
        need("strace"), "-f", "-qq", "-e", "trace=socket,connect,bind,sendto", "-o", str(log),
        sys.executable, "-c",
    ]  # fmt: skip
    planted = "import socket; socket.socket(socket.AF_INET).connect_ex(('127.0.0.1', 9))"
    subprocess.run([*command, planted], check=True, timeout=60)
    assert "AF_INET" in log.read_text(), "the trace would not see one"
    ended = subprocess.run(
        [*command, IDLE, str(tmp_path), "3"],
        cwd=ROOT, check=False, timeout=200, capture_output=True, text=True,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    seen = log.read_text()
    assert "AF_INET" not in seen
    assert "AF_INET6" not in seen


def test_an_idle_engine_costs_little(tmp_path: Path) -> None:
    write_order(tmp_path, parts=1)
    engine = engine_for_jobs(tmp_path / "jobs.db", KEY)
    with attend(Bench(engine, KEY, (), tmp_path, pace=Pace())):
        time.sleep(3)  # its first breaths are busier
        me = psutil.Process()
        before = me.cpu_times()
        time.sleep(6)
        after = me.cpu_times()
    engine.dispose()
    spent = (after.user - before.user) + (after.system - before.system)
    # Measured 0.6 to 0.9 % of a core; the limit is for a busy machine, and still catches a spin.
    assert spent / 6 < 0.05
