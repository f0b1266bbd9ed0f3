"""A damaged catalogue gives way to what could still be read of it. Nothing is thrown away."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from vig.app.jobs.lock import WorkerLock
from vig.app.workspace import CATALOGUE, SLOTS, catalogue_keys
from vig.catalogue.catalogue import Catalogue
from vig.errors import NoVault, VaultBusy
from vig.vault.keys import Secret, Slots

SAVED = "catalogue.rescued.db"
DAMAGED = "catalogue.damaged"


@dataclass(frozen=True, slots=True)
class Rescued:
    """What could be read, and where the damaged file is kept."""

    films: int
    families: int
    aside: Path


def rescue(root: Path, secret: Secret) -> Rescued:
    """Put a sound catalogue in the place of a damaged one.

    A crash at any point leaves either the old one in place or the new one; doing it again finishes
    it. Raises NoVault, WrongKey, VaultBusy while a worker has the vault, Tampered where nothing
    can be read.
    """
    if not (root / SLOTS).exists():
        raise NoVault
    ring = Slots.load(root).unlock(secret)
    lock = WorkerLock(root)
    if not lock.take():
        raise VaultBusy
    try:
        saved, keys = root / SAVED, catalogue_keys(ring)
        if not saved.exists():  # else a crash came before the swap, and the log may be gone by now
            Catalogue.rescue(root / CATALOGUE, keys, saved)
        aside = _swapped(root, saved)
        with Catalogue.open(root / CATALOGUE, keys) as catalogue:
            return Rescued(len(catalogue.recordings()), len(catalogue.families()), aside)
    finally:
        lock.release()
        ring.forget()


def _swapped(root: Path, saved: Path) -> Path:
    number = 1
    while (aside := root / f"{DAMAGED}.{number}.db").exists():
        number += 1
    current = root / CATALOGUE
    log = root / f"{CATALOGUE}-wal"
    os.link(current, aside)
    if log.exists():
        os.link(log, aside.with_name(aside.name + "-wal"))
        # Before the new file takes the name: a log of another database must never meet it.
        log.unlink()
    (root / f"{CATALOGUE}-shm").unlink(missing_ok=True)
    saved.replace(current)
    return aside
