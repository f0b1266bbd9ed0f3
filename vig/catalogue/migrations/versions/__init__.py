"""The steps from each release's tables to the next; shipped with the package, no alembic.ini."""
