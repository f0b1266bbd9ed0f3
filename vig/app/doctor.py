"""Whether everything this tool needs is in order on this computer."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vig.errors import VigError

QUIET = {"mediapipe": "0.10.31", "onnxruntime": "1.28.0"}
"""The only versions that are used: later ones (mediapipe from 0.10.35, onnxruntime from 1.29 on) hold
a client that sends usage data to their makers; no switch was found that stops it."""

LOW = 10 * 2**30


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    state: Literal["good", "note", "bad"]
    words: str


def examine(home: Path) -> tuple[Finding, ...]:
    """Look at the interpreter, the packages, the models, the disk and the vault; opens nothing."""
    return (
        _python(),
        *_packages(),
        *_models(),
        _disk(home),
        *_memory(),
        _vault(home),
    )


def _python() -> Finding:
    version = platform.python_version()
    fits = (3, 11) <= sys.version_info[:2] <= (3, 13)
    return Finding("good" if fits else "bad", f"Python {version} (3.11 to 3.13 are tried)")


def _packages() -> Iterator[Finding]:
    for line in importlib.metadata.requires("vig") or ():
        requirement = line.partition(";")
        if "extra" in requirement[2]:
            continue
        name, _, wanted = requirement[0].strip().partition("==")
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield Finding("bad", f"{name} is missing. Install this tool again.")
            continue
        if found != QUIET.get(name, found):
            words = f"{name} {found}: only {QUIET[name]} is known to send nothing out"
            yield Finding("bad", words)
        elif found != wanted:
            yield Finding("note", f"{name} {found}, tried with {wanted}")
        else:
            yield Finding("good", f"{name} {found}")


def _models() -> Iterator[Finding]:
    from vig.perception.models import Models

    try:
        for ref in Models.load().refs:
            yield Finding("good", f"model {ref.name}")
    except VigError as error:
        yield Finding("bad", str(error))


def _disk(home: Path) -> Finding:
    there = next(p for p in (home, *home.parents) if p.exists())
    free = shutil.disk_usage(there).free
    words = f"{free / 2**30:.0f} GB free for films"
    return Finding("good" if free > LOW else "note", words)


def _memory() -> Iterator[Finding]:
    swaps = Path("/proc/swaps")
    if swaps.exists():
        lines = swaps.read_text(encoding="utf-8").splitlines()[1:]
        plain = [line for line in lines if "zram" not in line and "dm-" not in line.split()[0]]
        if plain:
            yield Finding(
                "note", "Swap is on: encrypt it, or the disk may come to hold parts of a film"
            )
        else:
            yield Finding("good", "No unencrypted swap")


def _vault(home: Path) -> Finding:
    if not (home / "vault.json").exists():
        return Finding("note", f"No vault in {home} yet. Set one up with vig init.")
    from vig.vault.keys import Slots

    try:
        slots = Slots.load(home)
    except VigError as error:
        return Finding("bad", str(error))
    if not slots.complete:
        return Finding("bad", "The vault has no second, tried way in. Run vig init again.")
    return Finding("good", f"A vault with {len(slots.info())} ways in")
