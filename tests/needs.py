"""What some tests need beyond Python, and how each is found.

A test asks with the ``need`` fixture: ``chromium = need("chromium")``. Where the thing is missing
the test is skipped with the sentence below, and the run says so at its end; under
``VIG_REQUIRE_ALL=1`` (continuous integration) a skip fails.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that a machine may lack."""

    missing: str
    """The sentence a person reads: what is missing, and what brings it."""
    find: Callable[[], str | None]
    """Where it is (a path, mostly), or None."""


def _program(*names: str) -> str | None:
    return next((found for name in names if (found := shutil.which(name))), None)


def _works(*command: str) -> bool:
    """Whether a command runs and succeeds: being there is not enough inside a container."""
    try:
        ended = subprocess.run(command, capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ended.returncode == 0


def _chromium() -> str | None:
    """A browser, where Playwright's driver runs too: it needs a library that it does not bring."""
    found = os.environ.get("VIG_TEST_CHROMIUM") or _program(
        "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"
    )
    return found if found and _works(sys.executable, "-m", "playwright", "--version") else None


def postgres_programs() -> str | None:
    """The folder with ``initdb`` and ``pg_ctl``: Debian keeps it off the PATH."""
    if found := _program("initdb"):
        return os.path.dirname(os.path.realpath(found))  # noqa: PTH120
    config = _program("pg_config")
    if not config:
        return None
    asked = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
    folder = asked.stdout.strip()
    return folder if shutil.which("initdb", path=folder) else None


def _postgres() -> str | None:
    return os.environ.get("VIG_TEST_POSTGRES") or postgres_programs()


def _strace() -> str | None:
    found = _program("strace")
    return found if found and _works(found, "-qq", "-e", "trace=none", "true") else None


def _netns() -> str | None:
    """The ``unshare`` program, where it may make an empty network name space."""
    found = _program("unshare")
    return found if found and _works(found, "-n", "true") else None


def _tmpfs() -> str | None:
    """The ``unshare`` program, where it may mount a small disk out of everybody else's sight."""
    found = _program("unshare")
    mount = "mount -t tmpfs -o size=64k none /mnt"
    return found if found and _works(found, "-m", "sh", "-c", mount) else None


def _root() -> str | None:
    if sys.platform == "win32":
        return None
    return "root" if os.geteuid() == 0 else None


NEEDS: dict[str, Need] = {
    "chromium": Need(
        "no browser (install Chromium and libatomic1, or name one in VIG_TEST_CHROMIUM)",
        cache(_chromium),
    ),
    "postgres": Need(
        "no Postgres (install its server, or give the URL of one in VIG_TEST_POSTGRES)",
        cache(_postgres),
    ),
    "strace": Need("no strace that may trace (Linux; install strace)", cache(_strace)),
    "netns": Need("no network name spaces (Linux, as root: unshare -n)", cache(_netns)),
    "tmpfs": Need("no small disks (Linux, as root: unshare -m and mount)", cache(_tmpfs)),
    "make": Need("no make", cache(lambda: _program("make", "gmake"))),
    "root": Need("not root", cache(_root)),
}
