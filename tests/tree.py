"""The files of this repository, for the tests that read them."""

from __future__ import annotations

import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


@cache
def tracked() -> tuple[str, ...]:
    """Every file that belongs to the repository, as paths from its top with forward slashes."""
    asked = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    return tuple(name for name in asked.stdout.split("\0") if name and (ROOT / name).is_file())


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def texts() -> dict[str, str]:
    """Every tracked file that is text, by name."""
    found = {}
    for name in tracked():
        raw = (ROOT / name).read_bytes()
        if b"\0" not in raw[:8192]:
            found[name] = raw.decode("utf-8")
    return found


@cache
def pyproject() -> dict[str, Any]:
    return tomllib.loads(text("pyproject.toml"))
