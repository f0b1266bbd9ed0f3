"""Connections as they must be, for the catalogue and for the job engine's own file."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.catalogue.making import KEYS, stocked
from vig.catalogue import Catalogue, engine_for_jobs
from vig.catalogue.engine import READ, connect, engine_for_catalogue
from vig.errors import WrongKey

KEY = b"j" * 32


def pragma(connection: sa.Connection, name: str) -> object:
    return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


@pytest.mark.parametrize("make", [engine_for_catalogue, engine_for_jobs])
def test_every_connection_is_sealed_durable_and_blanks_what_is_deleted(
    filed: Catalogue, path: Path, make: object
) -> None:
    stocked(filed)
    engine = make(path, KEYS.database)  # type: ignore[operator]
    with engine.connect() as connection:
        found = {
            name: pragma(connection, name)
            for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys")
        }
        assert found == {
            "journal_mode": "wal",
            "synchronous": 2,
            "secure_delete": 1,
            "foreign_keys": 1,
        }
        assert pragma(connection, "busy_timeout") == 30_000
        assert str(pragma(connection, "cipher_version")).startswith("4.")
        assert pragma(connection, "cipher_page_size") == "4096"
    engine.dispose()


def test_a_transaction_that_writes_locks_first_and_one_that_reads_does_not(
    filed: Catalogue, path: Path
) -> None:
    engine = filed._engine
    with engine.connect() as reading:
        reading = reading.execution_options(**READ)
        reading.exec_driver_sql("SELECT count(*) FROM family").scalar()
        with filed.act("cli", "family.add") as act:
            act.add_family("F-014")
        # One moment: what was written meanwhile is not seen by who began before.
        assert reading.exec_driver_sql("SELECT count(*) FROM family").scalar() == 0
    with engine.connect() as writing:
        writing.exec_driver_sql("SELECT 1")
        other = connect(path, KEYS.database, busy_ms=0)
        with pytest.raises(Exception, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()


def test_on_both_a_reader_sees_one_moment(catalogue: Catalogue) -> None:
    with catalogue._reading() as reader:
        count = sa.text("SELECT count(*) FROM family")
        assert reader.scalar(count) == 0
        with catalogue.act("cli", "family.add") as act:
            act.add_family("F-014")
        assert reader.scalar(count) == 0
    assert len(catalogue.families()) == 1


def test_a_path_with_any_letters_works(tmp_path: Path) -> None:
    path = tmp_path / "Tür #1?%41 & co" / "ka:ta'log.db"
    path.parent.mkdir()
    with Catalogue.create(path, KEYS) as catalogue:
        stocked(catalogue)
        catalogue.backup(path.with_name("copy?.db"))
    with Catalogue.open(path.with_name("copy?.db"), KEYS) as copied:
        assert len(copied.families()) == 1


# --- the job engine's file


def test_the_jobs_file_is_made_at_the_first_use_for_nobody_else_to_read(tmp_path: Path) -> None:
    path = tmp_path / "jobs" / "jobs.db"
    engine = engine_for_jobs(path, KEY)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (a TEXT)")
        connection.exec_driver_sql("INSERT INTO t VALUES ('MARKERjob')")
    files = list(path.parent.iterdir())
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert not any(b"MARKERjob" in file.read_bytes() for file in files)
    engine.dispose()
    again = engine_for_jobs(path, KEY)
    with again.connect() as connection:
        assert connection.exec_driver_sql("SELECT a FROM t").scalar() == "MARKERjob"
    again.dispose()


def test_the_jobs_file_wants_its_own_key(tmp_path: Path) -> None:
    engine = engine_for_jobs(tmp_path / "jobs.db", KEY)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (a TEXT)")
    engine.dispose()
    other = engine_for_jobs(tmp_path / "jobs.db", b"x" * 32)
    with pytest.raises(WrongKey), other.connect():
        pass
    other.dispose()
    assert "6a6a" not in f"{engine!r} {engine.url!r} {engine.url}"


def test_writers_of_the_jobs_file_queue_and_none_is_told_to_go_away(tmp_path: Path) -> None:
    engine = engine_for_jobs(tmp_path / "jobs.db", KEY)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (n INTEGER)")
        connection.exec_driver_sql("INSERT INTO t VALUES (0)")
    went_wrong: list[BaseException] = []

    def counts() -> None:
        try:
            for _ in range(20):
                with engine.begin() as connection:
                    # As DBOS does in its migrations: the lock first, then reading and writing.
                    connection.execute(sa.text("BEGIN IMMEDIATE"))
                    n = connection.exec_driver_sql("SELECT n FROM t").scalar_one()
                    connection.exec_driver_sql(f"UPDATE t SET n = {n + 1}")
        except BaseException as error:
            went_wrong.append(error)
            raise

    writers = [threading.Thread(target=counts) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert not went_wrong
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT n FROM t").scalar() == 60
    engine.dispose()


@pytest.mark.parametrize("key", [b"", b"short", b"x" * 33])
def test_a_key_has_32_bytes(tmp_path: Path, key: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        connect(tmp_path / "x.db", key, mode="rwc")
    assert not (tmp_path / "x.db").exists()
