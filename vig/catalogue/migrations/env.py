"""Alembic's entry: runs the steps on the connection it is handed, in that transaction."""

from alembic import context

from vig.catalogue.rows import Row

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Row.metadata,
    # SQLite cannot change a table in place: Alembic copies it. Triggers must then be made anew.
    render_as_batch=True,
    compare_type=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
