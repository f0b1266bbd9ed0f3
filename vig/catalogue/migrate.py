"""Bringing the tables up to this release, all of it or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from vig.catalogue.engine import READ
from vig.errors import NewerVault, NoVault, Tampered

STEPS = Path(__file__).parent / "migrations"


def upgrade(engine: sa.Engine, *, fresh: bool = False, steps: Path = STEPS) -> None:
    """Run the steps that are missing in one transaction, with foreign keys checked at its end.

    ``fresh`` says that the database is to be made now; without it no tables of ours are an error:
    NoVault on a server, Tampered in a file. NewerVault where a newer release was here. Nothing is
    changed in either case.
    """
    config = Config()
    config.set_main_option("script_location", str(steps).replace("%", "%%"))
    known = ScriptDirectory.from_config(config)
    head = known.get_current_head()
    if revision(engine) == head:
        return  # nothing to do, and nobody to wait for
    with _foreign_keys_off(engine) as connection, connection.begin():
        current = MigrationContext.configure(connection).get_current_revision()
        if current is None and not fresh:
            raise _nothing_here(engine)
        if current is not None and current not in {s.revision for s in known.walk_revisions()}:
            raise NewerVault
        if current != head:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            _check_foreign_keys(connection)


def _nothing_here(engine: sa.Engine) -> Exception:
    """An empty server is no vault yet; a sealed file without tables was one."""
    if engine.dialect.name == "sqlite":
        return Tampered(what="the catalogue's file has lost its tables")
    return NoVault()


def revision(engine: sa.Engine) -> str | None:
    """The step that the database is at; None where no step ran."""
    with engine.execution_options(**READ).connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


@contextmanager
def _foreign_keys_off(engine: sa.Engine) -> Iterator[sa.Connection]:
    """SQLite changes a table by copying it, and would take the dropped one's children along.

    It would also refuse to give the copy its name while a trigger of another table asks for it.
    """
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            yield connection
            return
        bare = connection.connection.dbapi_connection
        assert bare is not None
        cursor = bare.cursor()
        cursor.execute("PRAGMA foreign_keys = OFF")
        cursor.execute("PRAGMA legacy_alter_table = ON")
        try:
            yield connection
        finally:
            cursor.execute("PRAGMA legacy_alter_table = OFF")
            cursor.execute("PRAGMA foreign_keys = ON")
            cursor.close()


def _check_foreign_keys(connection: sa.Connection) -> None:
    if connection.dialect.name == "sqlite":
        lost = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if lost:
            raise Tampered(what=f"{len(lost)} rows belong to nothing after the change of tables")
