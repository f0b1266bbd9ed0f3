"""The ground that tests stand on holds: no quiet skip, no unnoticed error, nobody's own data."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tree import ROOT, text

INNER = """
import logging
import os
from pathlib import Path
import pytest

def test_passes(): pass

def test_asks(need): need("chromium")

def test_skips(): pytest.skip("for no reason")

@pytest.mark.xfail(reason="known to be wrong", strict=True)
def test_expected_to_fail(): raise AssertionError

def test_logs_an_error(): logging.getLogger("x").error("this went wrong")

def test_means_to_log_an_error(logged_errors):
    logging.getLogger("x").error("as planned")
    assert [record.getMessage() for record in logged_errors] == ["as planned"]
    logged_errors.clear()

@pytest.mark.soak
def test_takes_an_hour(): raise AssertionError("soak tests run only when asked for")

def test_home_is_nobodys(vig_home):
    assert os.environ["HOME"] != os.environ["REAL_HOME"]
    assert os.environ["VIG_HOME"] == str(vig_home)
    assert "VIG_PASSPHRASE" not in os.environ
    assert not vig_home.exists()
"""


def run(tmp_path: Path, *arguments: str, inner: str = INNER, **environment: str) -> str:
    """What pytest says of ``inner``, under this house's conftest and settings."""
    where = tmp_path / "house"
    (where / "tests").mkdir(parents=True)
    for name in ("pyproject.toml", "tests/conftest.py", "tests/needs.py", "tests/postgres.py"):
        (where / name).write_text(text(name))
    (where / "tests/__init__.py").touch()
    (where / "tests/test_inner.py").write_text(inner)
    outer = {k: v for k, v in os.environ.items() if not k.startswith(("VIG_", "PYTEST_"))}
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=where,
        env=outer | {"PATH": "", "REAL_HOME": outer["HOME"], "VIG_PASSPHRASE": "x"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.stdout + ended.stderr


def failed(said: str) -> set[str]:
    return set(re.findall(r"^(?:FAILED|ERROR) \S+::(\w+)", said, re.M))


def test_at_home_a_skip_is_named_at_the_end_and_fails_nothing(tmp_path: Path) -> None:
    said = run(tmp_path)
    assert failed(said) == {"test_logs_an_error"}
    tail = said.split("Not run on this machine", 1)[1]
    assert "1 test: no browser (install Chromium and libatomic1" in tail
    assert "1 test: for no reason" in tail


def test_where_everything_is_required_any_skip_fails(tmp_path: Path) -> None:
    said = run(tmp_path, VIG_REQUIRE_ALL="1")
    skips = {"test_asks", "test_skips", "test_expected_to_fail"}
    assert failed(said) == {"test_logs_an_error"} | skips
    assert "VIG_REQUIRE_ALL=1 allows no skip: no browser" in said
    assert not re.search(r"\d+ (?:skipped|xfailed)", said)


def test_the_same_holds_when_tests_run_side_by_side(tmp_path: Path) -> None:
    said = run(tmp_path, "-n", "2", VIG_REQUIRE_ALL="1")
    skips = {"test_asks", "test_skips", "test_expected_to_fail"}
    assert failed(said) == {"test_logs_an_error"} | skips


def test_a_skipped_file_fails_too_where_everything_is_required(tmp_path: Path) -> None:
    whole = 'import pytest\npytest.importorskip("no_such_module")\n'
    said = run(tmp_path, inner=whole, VIG_REQUIRE_ALL="1")
    assert "allows no skip: could not import 'no_such_module'" in said
    assert re.search(r"\b1 error\b", said)


def test_soak_tests_run_only_when_asked_for(tmp_path: Path) -> None:
    said = run(tmp_path, "-m", "soak")
    assert failed(said) == {"test_takes_an_hour"}


def test_ci_installs_what_the_tests_may_need() -> None:
    script = text(".ci/run")
    for package in (
        "chromium",
        "libatomic1",
        "postgresql",
        "strace",
        "iproute2",
        "util-linux",
        "make",
    ):
        assert re.search(rf"missing\+=\([^)]*\b{package}\b", script), package
    assert "VIG_REQUIRE_ALL=1" in script


@pytest.mark.parametrize("script", ["tools/setup.sh", "tools/lock.sh"])
def test_a_shell_script_is_one_that_any_shell_reads(script: str) -> None:
    ended = subprocess.run(["sh", "-n", script], cwd=ROOT, capture_output=True, check=False)
    assert ended.returncode == 0, ended.stderr
