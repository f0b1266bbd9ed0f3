"""The one place where database connections are made.

On one machine the catalogue is a SQLCipher file opened with a raw 256-bit key, so that opening
costs no key derivation; for a team it is a Postgres database with the same tables. Keys go
straight from bytes into ``PRAGMA key`` and never into a URL, an environment or a log.

Figures behind the choices (platform.md C1): a passphrase key costs 414 ms a connection, a raw one
0.4 ms; WAL lets the screens read while the worker writes; ``synchronous=FULL`` makes "saved" mean
saved; ``secure_delete`` blanks what is deleted, which erasure stands on.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import event
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.pool import QueuePool

from vig.errors import DiskFull, NoVault, StorageError, Tampered, VaultBusy, WrongKey

BUSY_MS = 30_000
"""How long a writer waits for another one. DBOS rides out its own bursts with the same figure."""

READ = {"vig_read": True}
"""Execution options of a transaction that only reads: it never waits for the writer."""

# How a transaction starts, by whether it only reads. The number says "vigwrite".
_SQLITE_STARTS: dict[bool, tuple[str, ...]] = {True: ("BEGIN",), False: ("BEGIN IMMEDIATE",)}
_POSTGRES_STARTS: dict[bool, tuple[str, ...]] = {
    True: ("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",),
    False: (
        f"SET LOCAL lock_timeout = {BUSY_MS}",
        f"SELECT pg_advisory_xact_lock({0x7669_6777_7269_7465})",
    ),
}


def _damaged() -> Exception:
    return Tampered(what="a page of the catalogue is damaged")


# Numbers: sqlite.org/rescode.html. States: Postgres manual, appendix A.
_BY_SQLITE_CODE: dict[int, Callable[[], Exception]] = {
    5: VaultBusy,
    6: VaultBusy,
    8: StorageError,  # read-only
    10: StorageError,  # input or output failed
    11: _damaged,
    13: DiskFull,
    14: NoVault,
    26: WrongKey,
}
_BY_SQLSTATE: dict[str, Callable[[], Exception]] = {
    "XX001": _damaged,
    "XX002": _damaged,
    "53100": DiskFull,
    "55P03": VaultBusy,
    "40001": VaultBusy,
    "40P01": VaultBusy,
    "58030": StorageError,
    "08006": StorageError,
    "08001": StorageError,
    "57P01": StorageError,
}


def connect(path: Path, key: bytes, *, mode: str = "rw", busy_ms: int | None = None) -> Any:
    """A bare SQLCipher connection in autocommit mode; the caller closes it.

    ``mode`` is SQLite's: "ro", "rw" or "rwc"; NoVault for a missing file with the first two.
    WrongKey where the first page does not open. ``busy_ms`` is how long to wait for a writer, None
    for :data:`BUSY_MS`.
    """
    if len(key) != 32:
        raise ValueError("a database key has 32 bytes")
    try:
        connection = sqlcipher.connect(
            f"{path.absolute().as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
        )
    except sqlcipher.Error as error:
        raise fault(error) or error from None
    try:
        for pragma in (
            # SQLCipher would otherwise write page numbers to standard error for a wrong key.
            "cipher_log_level = NONE",
            f"key = \"x'{key.hex()}'\"",
            f"busy_timeout = {BUSY_MS if busy_ms is None else busy_ms}",
            "foreign_keys = ON",
            "secure_delete = ON",
            "synchronous = FULL",
            "temp_store = MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlcipher.Error as error:
        connection.close()
        raise fault(error) or error from None
    return connection


def engine_for_catalogue(where: Path | str, key: bytes, *, wal: bool = True) -> sa.Engine:
    """The engine of the catalogue: a SQLCipher file for a path, Postgres for a URL.

    One writer at a time, in both: a transaction that may write starts with ``BEGIN IMMEDIATE``, or
    with a lock in Postgres, so that nobody reads, waits, and writes over somebody else. It also
    makes changes of tables part of the transaction in SQLite, whose driver would commit first.
    Under :data:`READ` a transaction waits for nobody and sees one moment. Database faults come
    out as the errors of this house.
    """
    if isinstance(where, str):
        engine = sa.create_engine(
            _with_driver(where), poolclass=QueuePool, pool_pre_ping=True, hide_parameters=True
        )
        starts = _POSTGRES_STARTS
    else:
        engine = _sqlcipher_engine(where, key, wal=wal)
        starts = _SQLITE_STARTS

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        for statement in starts[bool(connection.get_execution_options().get("vig_read"))]:
            connection.exec_driver_sql(statement, execution_options={"stream_results": False})

    event.listen(engine, "handle_error", _in_our_words)
    return engine


def engine_for_jobs(path: Path | str, key: bytes) -> sa.Engine:
    """A SQLCipher engine for the job engine's own file, made at the first use.

    DBOS sends ``BEGIN IMMEDIATE`` itself during its migrations, so here the driver opens
    transactions (at the first write, immediate), and faults stay SQLAlchemy's, which DBOS reads.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    engine = _sqlcipher_engine(path, key, wal=True)

    @event.listens_for(engine, "connect")
    def _immediate(connection: Any, _record: Any) -> None:
        connection.isolation_level = "IMMEDIATE"

    return engine


def _sqlcipher_engine(path: Path, key: bytes, *, wal: bool) -> sa.Engine:
    def fresh() -> Any:
        connection = connect(path, key)
        connection.execute(f"PRAGMA journal_mode = {'WAL' if wal else 'DELETE'}")
        return connection

    return sa.create_engine(
        sa.URL.create("sqlite", database=str(path.absolute())),
        module=sqlcipher,
        creator=fresh,
        poolclass=QueuePool,
        pool_size=5,
        max_overflow=15,
        hide_parameters=True,
    )


def _with_driver(url: str) -> sa.URL:
    parsed = sa.make_url(url)
    if parsed.drivername in ("postgres", "postgresql"):
        return parsed.set(drivername="postgresql+psycopg")
    return parsed


def fault(error: BaseException) -> Exception | None:
    """The house's error for a driver's error; None for one that is not about the store."""
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(code, int):
        make = _BY_SQLITE_CODE.get(code & 0xFF)
    else:
        make = _BY_SQLSTATE.get(getattr(error, "sqlstate", None) or "")
    return make() if make else None


def _in_our_words(context: ExceptionContext) -> None:
    ours = fault(context.original_exception)
    if ours is None and (context.connection is None or context.is_disconnect):
        ours = StorageError()  # the server does not answer, or not to us
    if isinstance(ours, WrongKey):
        ours = _damaged()  # the key fitted when the connection was made
    if ours is not None:
        raise ours from None


def is_double(error: sa.exc.IntegrityError, column: str) -> bool:
    """Whether ``error`` says that a value of ``column`` ("table.column") is there already."""
    told = str(error.orig)
    return (
        f"UNIQUE constraint failed: {column}" in told or f'"uq_{column.replace(".", "_")}"' in told
    )
