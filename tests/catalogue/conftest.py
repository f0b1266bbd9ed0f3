"""One catalogue, twice: every test that asks for it runs on SQLCipher and on Postgres."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.catalogue.making import KEYS, Clock
from vig.catalogue import Catalogue
from vig.catalogue.rows import Row

BOTH = ["sqlcipher", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=BOTH)
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where a catalogue may be made: a path, then the URL of an empty Postgres database."""
    if request.param == "postgres":
        url: str = request.getfixturevalue("postgres")
        return url
    return tmp_path / "catalogue.db"


@pytest.fixture(params=BOTH)
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where an empty catalogue was made, for tests that leave the tables themselves alone."""
    if request.param == "postgres":
        url: str = request.getfixturevalue("emptied_on_postgres")
        return url
    empty: Path = request.getfixturevalue("empty_file")
    return Path(shutil.copy(empty, tmp_path / "catalogue.db"))


@pytest.fixture(params=BOTH)
def own(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """The same, for tests that change tables and triggers: a database of the test's own."""
    if request.param == "postgres":
        url: str = request.getfixturevalue("copied_on_postgres")
        return url
    empty: Path = request.getfixturevalue("empty_file")
    return Path(shutil.copy(empty, tmp_path / "catalogue.db"))


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "catalogue.db"
    Catalogue.create(path, KEYS, clock=Clock()).close()
    return path


@pytest.fixture(scope="session")
def empty_on_postgres(postgres_url: str) -> Iterator[str]:
    """The name of a database that is only ever copied."""
    with _database(postgres_url, "template0") as name:
        Catalogue.create(_named(postgres_url, name), KEYS, clock=Clock()).close()
        yield name


@pytest.fixture
def copied_on_postgres(postgres_url: str, empty_on_postgres: str) -> Iterator[str]:
    with _database(postgres_url, empty_on_postgres) as name:
        yield _named(postgres_url, name)


@pytest.fixture(scope="session")
def shared_on_postgres(postgres_url: str, empty_on_postgres: str) -> Iterator[str]:
    with _database(postgres_url, empty_on_postgres) as name:
        yield _named(postgres_url, name)


@pytest.fixture
def emptied_on_postgres(shared_on_postgres: str) -> Iterator[str]:
    """The shared database, put back afterwards to the rows it was made with: far quicker."""
    with psycopg.connect(_plain(shared_on_postgres), autocommit=True) as server:
        names = [t.name for t in Row.metadata.sorted_tables]
        before = {name: server.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}
        yield shared_on_postgres
        server.execute("SET session_replication_role = replica")  # no triggers, no references
        server.execute(f"TRUNCATE {', '.join(names)} RESTART IDENTITY")
        for name, rows in before.items():
            for row in rows:
                places = ", ".join(["%s"] * len(row))
                server.execute(f'INSERT INTO "{name}" VALUES ({places})', row)


@contextmanager
def _database(url: str, like: str) -> Iterator[str]:
    name = f"vig_{secrets.token_hex(8)}"
    with psycopg.connect(_plain(url), autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{like}"')
        try:
            yield name
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")


def _named(url: str, name: str) -> str:
    return url.rpartition("/")[0] + "/" + name


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def catalogue(made: Path | str, clock: Clock) -> Iterator[Catalogue]:
    with Catalogue.open(made, KEYS, clock=clock) as opened:
        yield opened


@pytest.fixture
def apart(own: Path | str, clock: Clock) -> Iterator[Catalogue]:
    """A catalogue whose tables and triggers the test may change."""
    with Catalogue.open(own, KEYS, clock=clock) as opened:
        yield opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a SQLCipher catalogue may be made, for what concerns the file alone."""
    return tmp_path / "catalogue.db"


@pytest.fixture
def filed(empty_file: Path, path: Path, clock: Clock) -> Iterator[Catalogue]:
    """A SQLCipher catalogue, for what concerns the file alone."""
    shutil.copy(empty_file, path)
    with Catalogue.open(path, KEYS, clock=clock) as opened:
        yield opened
