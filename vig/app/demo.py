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

from vig.domain.family import Purpose
from vig.domain.progress import Progress, unheard
from vig.errors import SamplesOnly, Unknown

if TYPE_CHECKING:
    from vig.app.house import House
    from vig.app.workspace import Workspace

PASSPHRASE = "sample films only, never a family"  # noqa: S105  (printed on purpose)
SETTING = "demo"
NOTE = "DEMONSTRATION.txt"

SAMPLES = {
    "practice": ("P-001", 60, date(2026, 11, 20)),
    "main": ("M-001", 52, date(2026, 11, 20)),
    "split": ("S-001", 50, date(2026, 11, 20)),
    "hard": ("H-001", 40, date(2026, 11, 20)),
}
"""Pseudonym, made-up age in weeks and filming day of each rendered film."""


CARERS = {"practice": "Mum", "main": "Mum", "split": "Mum", "hard": "Dad"}


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


def set_up(house: House) -> None:
    """A new vault that takes sample films only from its first moment; left open.

    Its recovery code is thrown away: whoever loses a demonstration makes another one.
    """
    house.confirm(house.set_up(PASSPHRASE))
    with house.workspace.catalogue.act(house.opener, "demo.mark", object="demo") as act:
        act.set(SETTING, True)
    (house.root / NOTE).write_text(
        "This vault holds rendered sample films only. Its passphrase is no secret:\n"
        f"{PASSPHRASE}\n",
        encoding="utf-8",
    )


def add(ws: Workspace, name: str, progress: Progress = unheard, *, actor: str = "") -> str:
    """Bring a sample film in, unless it is there; its recording's id. NotAllowed, Unknown.

    ``actor``: whoever opened the vault, unless it is said.
    """
    from vig.app import walk

    if name not in SAMPLES:
        raise Unknown(kind="sample film", name=name)
    known = ws.catalogue.recording_like(bytes.fromhex(digests()[name]))
    if known is not None:
        return known.id
    pseudonym, weeks, filmed_on = SAMPLES[name]
    everything = walk.Agreement(purposes=frozenset(Purpose), vouched=True, form="rendered-film")
    with (folder() / f"{name}.mp4").open("rb") as film:
        return walk.add(
            ws,
            film,
            family=pseudonym,
            name=f"{name}.mp4",
            agreement=everything,
            actor=actor or ws.opened_by,
            filmed_on=filmed_on,
            age_weeks=weeks,
            carer_word=CARERS[name],
            original_left=False,
            progress=progress,
        ).id


def watched(ws: Workspace, recording_id: str, progress: Progress = unheard) -> int:
    """Have a sample film watched, unless this version did; how many suggestions there are."""
    from vig.app import analysis, walk

    newest = ws.catalogue.latest_analysis(recording_id)
    if newest is None or analysis.stale(newest):
        ws.jobs.wait(walk.analyse(ws, recording_id, actor=ws.opened_by), progress)
    return len(ws.catalogue.moments(recording_id))


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
