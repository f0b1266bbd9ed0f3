"""The SQLCipher file as a file: made whole, copied whole, checked, and blanked."""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

import sqlcipher3.dbapi2 as sqlcipher

from vig.catalogue import pages
from vig.catalogue.engine import connect, fault
from vig.catalogue.values import Finding
from vig.errors import NoVault, Tampered, VaultBusy, WrongKey

_PLAIN = b"SQLite format 3\0"


def check_key(path: Path, key: bytes) -> None:
    """Open the file and let go of it: NoVault, WrongKey, or Tampered where it is damaged.

    SQLCipher says the same of a wrong key and of a damaged first page; the other pages tell.
    """
    if not path.exists():
        raise NoVault
    with path.open("rb") as file:
        start = file.read(len(_PLAIN))
    if not start:
        raise Tampered(what="the catalogue's file is empty")
    if path.stat().st_size < pages.PAGE:
        raise Tampered(what="the catalogue's file was cut off")
    if start == _PLAIN:
        raise Tampered(what="the catalogue's file is not sealed")
    try:
        connect(path, key, mode="ro").close()
    except WrongKey:
        if pages.key_fits(path, key):
            raise Tampered(what="the first page of the catalogue is damaged") from None
        raise


def publish(part: Path, path: Path) -> None:
    """Give a finished file its name, durably; it is whole or it is not there."""
    with part.open("rb+") as whole:
        os.fsync(whole.fileno())
    part.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a new name in a folder durable; nothing to do on Windows."""
    if hasattr(os, "O_DIRECTORY"):
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def new_part(path: Path) -> Path:
    """An empty file beside ``path``, for nobody else to read, to be published when whole."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    return part


def purge(path: Path, key: bytes, gone: Collection[bytes]) -> bool:
    """Move the log into the file and cut it to nothing, then look for ``gone`` in every page.

    False while a reader needs the log, or where any of ``gone`` is still to be found.
    ``secure_delete`` blanks deleted rows in the pages; the log keeps older pages until it is cut
    (platform.md B2).
    """
    try:
        with closing(connect(path, key, busy_ms=200)) as connection:
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except VaultBusy:
        return False
    log = path.with_name(path.name + "-wal")
    if busy or (log.exists() and log.stat().st_size):
        return False
    return not pages.holds_any(path, key, gone)


def copy(path: Path, to: Path, key: bytes) -> None:
    """SQLite's online backup: one moment, whatever is written meanwhile."""
    part = new_part(to)
    try:
        with closing(connect(path, key)) as source, closing(connect(part, key)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")
        publish(part, to)
    except sqlcipher.Error as error:
        raise fault(error) or error from None
    finally:
        part.unlink(missing_ok=True)


def damage(path: Path, key: bytes) -> tuple[Finding, ...]:
    """Pages whose seal does not fit, broken trees, and rows that belong to nothing.

    Writers wait meanwhile: the seals are read past SQLite's locks, and a page that is just being
    written would look broken.
    """
    try:
        with closing(connect(path, key)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            seals = [row[0] for row in connection.execute("PRAGMA cipher_integrity_check")]
            if seals:
                return tuple(Finding(text) for text in seals)
            trees = [row[0] for row in connection.execute("PRAGMA integrity_check")]
            lost = connection.execute("PRAGMA foreign_key_check").fetchall()
    except sqlcipher.Error as error:
        raise fault(error) or error from None
    found = [Finding(text) for text in trees if text != "ok"]
    found.extend(Finding(f"a row of {table} belongs to nothing") for table, *_ in lost)
    return tuple(found)
