"""Setting up says in a sentence what is missing, and does nothing twice."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tree import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has the pip route")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What setting up reads, in a folder of its own, and a PATH without any Python."""
    where = tmp_path / "clone with a space"
    (where / "tools").mkdir(parents=True)
    for name in ("requirements.txt", "pyproject.toml", "tools/setup.sh", "Makefile"):
        shutil.copy(ROOT / name, where / name)
    (tmp_path / "bin").mkdir()
    for name in ("sh", "cat", "cksum", "sed", "dirname", "df", "awk", "rm"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name) or "missing")
    return where


def python(clone: Path, name: str, script: str) -> Path:
    """A stand-in for Python that does what ``script`` says."""
    program = clone.parent / "bin" / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


GOOD = """case "$*" in
*platform.python_version*) echo 3.12.4 ;;
*p.machine*) echo "{kind}" ;;
"-m venv"*) echo made "$*"; exit {venv} ;;
*) exit 0 ;;
esac"""


def set_up(clone: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "tools/setup.sh"],
        cwd=clone,
        env={"PATH": str(clone.parent / "bin")} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_a_python_it_says_which_are_wanted(clone: Path) -> None:
    python(clone, "python3", "exit 1")  # a version manager's stand-in that runs nothing
    ended = set_up(clone)
    assert ended.returncode == 1
    assert "Set-up stopped: no Python 3.11, 3.12 or 3.13 was found." in ended.stderr
    assert "make setup PYTHON=" in ended.stderr


def test_a_python_that_was_named_and_does_not_fit_is_named_back(clone: Path) -> None:
    python(clone, "python3", GOOD.format(kind="Linux x86_64", venv=0))
    python(clone, "python3.9", "exit 1")
    ended = set_up(clone, PYTHON="python3.9")
    assert ended.returncode == 1
    assert "was found under the name python3.9." in ended.stderr


def test_without_venv_it_names_the_package(clone: Path) -> None:
    python(clone, "python3", 'case "$*" in *ensurepip*) exit 1 ;; *) exit 0 ;; esac')
    ended = set_up(clone)
    assert ended.returncode == 1
    assert "install python3-venv" in ended.stderr


@pytest.mark.parametrize("kind", ["Linux aarch64", "Darwin x86_64"])
def test_a_machine_without_mediapipe_is_told_so(clone: Path, kind: str) -> None:
    python(clone, "python3", GOOD.format(kind=kind, venv=0))
    ended = set_up(clone)
    assert ended.returncode == 1
    assert f"there is no mediapipe for {kind}" in ended.stderr


def test_a_full_disk_is_seen_before_anything_is_fetched(clone: Path) -> None:
    python(clone, "python3", GOOD.format(kind="Linux x86_64", venv=0))
    (clone.parent / "bin/df").unlink()
    python(clone, "df", "echo head; echo disk 9000000 8000000 1000000 89% /")
    ended = set_up(clone)
    assert ended.returncode == 1
    assert "Setting up needs about 2 GB here, and 976 MB are free." in ended.stderr


def test_what_failed_half_way_is_not_taken_for_done(clone: Path) -> None:
    python(clone, "python3", GOOD.format(kind="Linux x86_64", venv=0))
    ended = set_up(clone)  # "makes" an environment without a Python, so pip cannot run
    assert ended.returncode == 1
    assert "what vig needs could not be installed" in ended.stderr
    assert (clone / ".setup-stamp").read_text().startswith("unfinished in ")


def test_what_is_set_up_already_is_left_alone_until_something_changes(clone: Path) -> None:
    python(clone, "python3", GOOD.format(kind="Linux x86_64", venv=1))
    inside = clone / ".venv/bin/python"
    inside.parent.mkdir(parents=True)
    inside.symlink_to(clone.parent / "bin/python3")
    read = '"$(cat requirements.txt pyproject.toml tools/setup.sh | cksum) in $PWD"'
    subprocess.run(["sh", "-c", f"echo {read} >.setup-stamp; echo >>.setup-stamp"], cwd=clone)
    assert (set_up(clone).returncode, set_up(clone).stdout) == (0, "")

    with (clone / "requirements.txt").open("a") as pins:
        pins.write("# changed\n")
    assert "Bringing .venv up to date." in set_up(clone).stdout

    moved = clone.rename(clone.parent / "elsewhere")
    assert "the virtual environment could not be made" in set_up(moved).stderr


def test_make_run_hands_on_the_port_and_what_else_is_asked(
    clone: Path, need: Callable[[str], str]
) -> None:
    dry = [need("make"), "-n", "run", "PORT=8600", "ARGS=--no-browser"]
    ended = subprocess.run(
        dry, cwd=clone, env=dict(os.environ), capture_output=True, text=True, check=True
    )
    assert ".venv/bin/vig demo --port 8600 --no-browser" in ended.stdout
    assert "tools/setup.sh" in ended.stdout
