"""A Postgres server of our own for the length of one test run: loopback only, gone afterwards."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.needs import postgres_programs


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _other_user() -> str | None:
    """Postgres refuses to run as root; somebody who is not, or None where we are not either."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return None
    import pwd

    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _run(command: list[str], user: str | None) -> None:
    """Run as ``user``; what it prints is shown only when it fails."""
    with tempfile.TemporaryFile() as said:  # a file: the server keeps its end of a pipe open
        extra: dict[str, object] = {"user": user, "extra_groups": []} if user else {}
        ended = subprocess.run(
            command, stdout=said, stderr=said, cwd="/", timeout=60, check=False, **extra
        )
        if ended.returncode:
            said.seek(0)
            raise RuntimeError(f"{command[0]} failed: {said.read().decode(errors='replace')}")


@contextmanager
def server() -> Iterator[str]:
    """The URL of a fresh server (``postgresql+psycopg://…/postgres``)."""
    programs = postgres_programs()
    if programs is None:
        raise RuntimeError("ask need('postgres') first")
    user, port, password = _other_user(), _free_port(), secrets.token_hex(16)
    folder = Path(tempfile.mkdtemp(prefix="vig-postgres-"))
    data = folder / "data"
    secret = folder / "password"
    secret.write_text(password)
    if user:
        for path in (folder, secret):
            shutil.chown(path, user)
    try:
        settings = "--no-sync --encoding=UTF8 --locale=C --auth=scram-sha-256 -U vig"
        _run([f"{programs}/initdb", *settings.split(), f"--pwfile={secret}", str(data)], user)
        network = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        control = [f"{programs}/pg_ctl", "-D", str(data), "-l", str(folder / "log"), "-w"]
        _run([*control, "-o", f"{network} -c fsync=off", "start"], user)
        yield f"postgresql+psycopg://vig:{password}@127.0.0.1:{port}/postgres"
    finally:
        if (data / "postmaster.pid").exists():
            _run([f"{programs}/pg_ctl", "-D", str(data), "-m", "immediate", "stop"], user)
        shutil.rmtree(folder)


@contextmanager
def database(url: str) -> Iterator[str]:
    """An empty database on the server at ``url``, dropped afterwards; its URL."""
    import psycopg

    plain = url.replace("postgresql+psycopg://", "postgresql://")
    name = f"vig_{secrets.token_hex(8)}"
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield url.rpartition("/")[0] + "/" + name
    finally:
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
