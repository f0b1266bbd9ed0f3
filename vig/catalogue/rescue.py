"""Saving what a damaged catalogue still holds. The damaged file is read and never written.

Only pages whose seal fits are looked at, so that nobody can make a changed ruling pass by breaking
the file first. Plaintext of the tables is in memory only; sealed values stay sealed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from vig.catalogue import pages
from vig.catalogue.engine import connect
from vig.catalogue.rows import Row
from vig.errors import Tampered


def salvage(path: Path, key: bytes, to: Path) -> dict[str, int]:
    """Copy every readable row into the tables that stand ready in ``to``; how many, by table.

    A family that was lost but still has films comes back under a made-up pseudonym. Tampered where
    the first page or the list of tables is damaged: then only a backup helps.
    """
    image, blank = pages.sound_image(path, key)
    if 1 in blank or not image:
        raise Tampered(what="the first page of the catalogue is damaged")
    kept = {}
    with (
        closing(sqlite3.connect(":memory:", isolation_level=None)) as source,
        closing(connect(to, key)) as target,
    ):
        source.deserialize(image)
        _check_tables(source)
        target.execute("PRAGMA foreign_keys = OFF")
        target.execute("BEGIN IMMEDIATE")
        for table in Row.metadata.sorted_tables:
            names = [column.name for column in table.columns]
            places = ", ".join("?" * len(names))
            listed = ", ".join(f'"{name}"' for name in names)
            insert = f'INSERT OR IGNORE INTO "{table.name}" ({listed}) VALUES ({places})'  # noqa: S608
            kept[table.name] = sum(
                target.execute(insert, row).rowcount for row in _rows(source, table, listed)
            )
        _give_families(target)
        _drop_what_belongs_to_nothing(target, kept)
        target.execute("COMMIT")
    return kept


def _check_tables(source: sqlite3.Connection) -> None:
    """Tampered where what matters most cannot even be asked for: nothing must look like nothing."""
    for name in ("family", "recording", "sealed_object"):
        try:
            there = {row[1] for row in source.execute(f'PRAGMA table_info("{name}")')}
        except sqlite3.DatabaseError:
            there = set()
        if not {column.name for column in Row.metadata.tables[name].columns} <= there:
            raise Tampered(what="the list of the catalogue's tables is damaged")


def _rows(source: sqlite3.Connection, table: sa.Table, listed: str) -> Iterator[tuple[Any, ...]]:
    """Rows from the first to the first bad page, from the last down to one, and one by one between."""
    asked = f'SELECT rowid, {listed} FROM "{table.name}" NOT INDEXED'  # noqa: S608
    low, whole = 0, True
    try:
        for row in source.execute(f"{asked} ORDER BY rowid"):
            low = row[0]
            yield row[1:]
    except sqlite3.DatabaseError:
        whole = False
    if whole:
        return
    high = low
    try:
        for row in source.execute(f"{asked} WHERE rowid > ? ORDER BY rowid DESC", (low,)):
            high = row[0]
            yield row[1:]
    except sqlite3.DatabaseError:
        pass
    for rowid in range(low + 1, high):
        try:
            found = source.execute(f"{asked} WHERE rowid = ?", (rowid,)).fetchone()
        except sqlite3.DatabaseError:
            continue
        if found:
            yield found[1:]


def _give_families(target: Any) -> None:
    """A film must not be lost because its family's row was."""
    orphans = target.execute(
        "SELECT DISTINCT family FROM recording WHERE family NOT IN (SELECT id FROM family)"
    ).fetchall()
    for (family,) in orphans:
        name = f"rescued-{family[:8]}"
        target.execute(
            "INSERT INTO family (id, pseudonym, folded, made_at, version)"
            " VALUES (?, ?, ?, '1970-01-01T00:00:00.000000+00:00', 1)",
            (family, name, name),
        )


def _drop_what_belongs_to_nothing(target: Any, kept: dict[str, int]) -> None:
    while lost := target.execute("PRAGMA foreign_key_check").fetchall():
        for table, rowid, *_ in lost:
            kept[table] -= target.execute(
                f'DELETE FROM "{table}" WHERE rowid = ?',  # noqa: S608
                (rowid,),
            ).rowcount
