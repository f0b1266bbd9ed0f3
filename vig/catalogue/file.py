"""The SQLCipher file as a file: made whole, copied whole, checked, and blanked."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa
import sqlcipher3.dbapi2 as sqlcipher

from vig.catalogue.engine import connect, fault
from vig.catalogue.values import Finding


def check_key(path: Path, key: bytes) -> None:
    """Read the first page: WrongKey or Tampered where that does not work."""
    connect(path, key, mode="ro").close()


def publish(part: Path, path: Path) -> None:
    """Give a finished file its name, durably; it is whole or it is not there."""
    with part.open("rb") as whole:
        os.fsync(whole.fileno())
    part.replace(path)
    if hasattr(os, "O_DIRECTORY"):
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def purge(path: Path, key: bytes) -> bool:
    """Move the log into the file and cut it to nothing; False while a reader needs it."""
    with closing(connect(path, key, busy_ms=200)) as connection:
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy


def purge_postgres(engine: sa.Engine) -> bool:
    raise NotImplementedError


def copy(path: Path, to: Path, key: bytes) -> None:
    """SQLite's online backup: one moment, whatever is written meanwhile."""
    part = to.with_name(to.name + ".part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        with closing(connect(path, key, mode="ro")) as source, closing(connect(part, key)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
        publish(part, to)
    finally:
        part.unlink(missing_ok=True)


def damage(path: Path, key: bytes) -> tuple[Finding, ...]:
    """Pages whose seal does not fit, broken trees, and rows that belong to nothing."""
    with closing(connect(path, key, mode="ro")) as connection:
        try:
            seals = [row[0] for row in connection.execute("PRAGMA cipher_integrity_check")]
            trees = [row[0] for row in connection.execute("PRAGMA integrity_check")]
            lost = connection.execute("PRAGMA foreign_key_check").fetchall()
        except sqlcipher.Error as error:
            raise fault(error) or error from None
    found = [Finding(text) for text in (*seals, *trees) if text != "ok"]
    found.extend(Finding(f"a row of {table} belongs to nothing") for table, *_ in lost)
    return tuple(found)
