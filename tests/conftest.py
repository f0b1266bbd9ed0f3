"""What every test stands on: a home of its own, nothing logged as an error, and no quiet skip."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import hypothesis
import pytest

from tests import postgres as postgres_server
from tests.needs import NEEDS

Report = TypeVar("Report", pytest.CollectReport, pytest.TestReport)

REQUIRE_ALL = os.environ.get("VIG_REQUIRE_ALL") == "1"

hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.register_profile(
    "ci", deadline=None, derandomize=True, print_blob=True, database=None
)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "house")


# ── homes ────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="session", autouse=True)
def _nobodys_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or writes the data of whoever runs it, nor the default vault."""
    away = tmp_path_factory.mktemp("nobody")
    with pytest.MonkeyPatch.context() as patch:
        for name in [n for n in os.environ if n.startswith("VIG_")]:
            if name != "VIG_REQUIRE_ALL" and not name.startswith("VIG_TEST_"):
                patch.delenv(name)
        patch.setenv("HOME", str(away))
        patch.setenv("USERPROFILE", str(away))
        for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
            patch.setenv(name, str(away / name.lower()))
        patch.setenv("VIG_HOME", str(away / "no-vault-here"))
        yield


@pytest.fixture
def vig_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder of this test's own, named in VIG_HOME; not made yet."""
    home = tmp_path / "vig-home"
    monkeypatch.setenv("VIG_HOME", str(home))
    return home


# ── nothing logged as an error ───────────────────────────────────────────────────────────────


class _Errors(logging.Handler):
    def __init__(self) -> None:
        super().__init__(level=logging.ERROR)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture(autouse=True)
def logged_errors() -> Iterator[list[logging.LogRecord]]:
    """Fails a test in which anything was logged at ERROR or above.

    A test that means to provoke one asks for this fixture, looks at the records and clears them.
    """
    handler = _Errors()
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield handler.records
    finally:
        root.removeHandler(handler)
    if handler.records:
        said = "\n".join(f"  {r.name}: {r.getMessage()}" for r in handler.records)
        pytest.fail(f"logged as an error during this test:\n{said}", pytrace=False)


# ── what a machine may lack ──────────────────────────────────────────────────────────────────


@pytest.fixture(scope="session")
def need() -> Callable[[str], str]:
    """``need("chromium")`` gives its path, or skips the test (under VIG_REQUIRE_ALL=1: fails it).

    Known: chromium, postgres, strace, netns, tmpfs, root (see ``tests/needs.py``).
    """

    def asked(name: str) -> str:
        found = NEEDS[name].find()
        if found is None:
            pytest.skip(NEEDS[name].missing)
        return found

    return asked


@pytest.fixture(scope="session")
def postgres_url(need: Callable[[str], str]) -> Iterator[str]:
    """A running Postgres: the one named in VIG_TEST_POSTGRES, or one of our own."""
    need("postgres")
    with ExitStack() as stack:
        named = os.environ.get("VIG_TEST_POSTGRES")
        yield named or stack.enter_context(postgres_server.server())


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[str]:
    """The URL (``postgresql+psycopg://…``) of an empty database of this test's own."""
    with postgres_server.database(postgres_url) as url:
        yield url


def _reason(report: pytest.CollectReport | pytest.TestReport) -> str:
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    return getattr(report, "wasxfail", "") or str(report.longrepr)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Iterator[Any]:
    report: pytest.TestReport = yield
    return _not_skipped(report)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Iterator[Any]:
    report: pytest.CollectReport = yield
    return _not_skipped(report)


def _not_skipped(report: Report) -> Report:
    """Under VIG_REQUIRE_ALL=1 a skip, or a failure that was expected, is a failure."""
    if REQUIRE_ALL and report.skipped:
        reason = _reason(report)
        report.outcome = "failed"
        report.longrepr = f"skipped, and VIG_REQUIRE_ALL=1 allows no skip: {reason}"
        if hasattr(report, "wasxfail"):
            del report.wasxfail
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Says in plain words at the end what this machine could not run, and why."""
    reasons = Counter(_reason(report) for report in terminalreporter.stats.get("skipped", []))
    if not reasons:
        return
    terminalreporter.section("Not run on this machine")
    for reason, count in reasons.most_common():
        tests = "test" if count == 1 else "tests"
        terminalreporter.write_line(f"{count} {tests}: {reason}")
