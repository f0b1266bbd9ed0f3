"""The demonstration vault: the rendered sample films and nothing else, with a known passphrase.

Because its passphrase is printed, a film of a family must never get in; so every film is compared
with the samples by SHA-256 before anything is written.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from vig.errors import SamplesOnly, Unknown

if TYPE_CHECKING:
    from vig.app.workspace import Workspace

PASSPHRASE = "sample films only, never a family"  # noqa: S105  (printed on purpose)
SETTING = "demo"

SAMPLES = {
    "practice": ("P-001", 60, date(2026, 11, 20)),
    "main": ("M-001", 52, date(2026, 11, 20)),
    "split": ("S-001", 50, date(2026, 11, 20)),
    "hard": ("H-001", 40, date(2026, 11, 20)),
}
"""Pseudonym, made-up age in weeks and filming day of each rendered film."""


def folder() -> Path:
    """Where the sample films lie: beside the package, in the project's folder."""
    found = Path(__file__).parents[2] / "sample_clips"
    if not found.is_dir():
        raise Unknown(kind="folder", name="sample_clips")
    return found


def digests() -> dict[str, str]:
    """SHA-256 of each sample film, from the list that is kept with them."""
    listed = json.loads((folder() / "samples.json").read_text(encoding="utf-8"))
    return {name: entry["sha256"] for name, entry in listed.items()}


def check(ws: Workspace, source: BinaryIO) -> None:
    """Raises SamplesOnly where the vault is the demonstration and the film is not a sample."""
    if not ws.catalogue.setting(SETTING):
        return
    digest = hashlib.sha256()
    source.seek(0)
    while block := source.read(2**20):
        digest.update(block)
    source.seek(0)
    if digest.hexdigest() not in digests().values():
        raise SamplesOnly
