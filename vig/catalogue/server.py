"""What a Postgres database needs where SQLCipher has a file: blanking, and a copy in a file."""

from __future__ import annotations

import sqlalchemy as sa

from vig.catalogue.rows import Row
from vig.errors import VaultBusy

_BATCH = 500


def purge(engine: sa.Engine) -> bool:
    """Write every table anew, so that no deleted row is left in its file.

    False while anybody's transaction might still see an older state, since such rows are copied
    along. What Postgres keeps beside its tables (write-ahead log, archives, replicas, backups) is
    beyond this: there the keys die when the master key that wrapped them is retired.
    """
    older = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)"
        " AND xact_start <= :since"
    )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("SET lock_timeout = 2000")
        try:
            since = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
            if connection.execute(older, {"since": since}).scalar_one():
                return False
            for table in Row.metadata.sorted_tables:
                connection.exec_driver_sql(f'VACUUM FULL "{table.name}"')
            return not connection.execute(older, {"since": since}).scalar_one()
        except VaultBusy:
            return False
        finally:
            connection.exec_driver_sql("RESET lock_timeout")


def copy_rows(source: sa.Connection, target: sa.Connection) -> None:
    """Copy every row of every table, as it is: sealed values stay sealed under the same keys."""
    for table in Row.metadata.sorted_tables:
        found = source.execution_options(stream_results=True).execute(sa.select(table))
        for batch in found.mappings().partitions(_BATCH):
            target.execute(sa.insert(table), [dict(row) for row in batch])
