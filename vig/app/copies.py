"""Backups: the vault as it is, sealed, in another folder; and back again.

Database first, objects second, so that every row of the copy has its object. Objects never change,
so that a second backup into the same folder copies only what is new.
"""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

from vig.app import policy
from vig.app.demo import NOTE as DEMO_NOTE
from vig.app.erased import LEDGER
from vig.app.workspace import CATALOGUE, OBJECTS, SLOTS, Workspace
from vig.domain.progress import Progress, unheard
from vig.errors import BadValue, DiskFull, NoVault, VigError
from vig.vault.keys import Slots


def backup(ws: Workspace, folder: Path, progress: Progress = unheard, *, actor: str) -> int:
    """Copy the vault to ``folder``; how many objects were copied. NotAllowed.

    A folder that holds an older backup of this vault is brought up to date. DiskFull, BadValue.
    """
    policy.authorise(ws, actor, "house.backup")
    if folder.resolve().is_relative_to(ws.root.resolve()):
        raise BadValue(what="Choose a folder outside the vault for its backup.")
    objects = folder / OBJECTS
    try:
        objects.mkdir(mode=0o700, parents=True, exist_ok=True)
        if (folder / SLOTS).exists() and Slots.load(folder).vault_id != ws.ring.vault_id:
            raise BadValue(what="This folder holds the backup of another vault.")
        part = folder / f"{CATALOGUE}.part"
        part.unlink(missing_ok=True)
        ws.catalogue.backup(part)
        names = sorted(ws.store.names())
        copied = sum(
            _copy(ws.root / OBJECTS / name, objects / name, progress, number / len(names))
            for number, name in enumerate(names)
        )
        for name in {path.name for path in objects.iterdir()} - set(names):
            (objects / name).unlink()
        part.replace(folder / CATALOGUE)
        for name in (SLOTS, LEDGER, DEMO_NOTE):
            if (ws.root / name).exists():
                _replace(ws.root / name, folder / name)
    except OSError as error:
        raise _said(
            error, "The backup could not be written there. Choose another folder."
        ) from error
    with ws.catalogue.act(actor, "backup", object="vault"):
        pass
    progress(1.0)
    return copied


def restore(root: Path, folder: Path, progress: Progress = unheard) -> None:
    """Bring the backup in ``folder`` into the empty data folder ``root``. NoVault, DiskFull.

    Films that were erased here after the backup was made are erased again at the next unlock.
    """
    if not (folder / SLOTS).exists() or not (folder / CATALOGUE).exists():
        raise NoVault
    Slots.load(folder)
    staged = root / "restoring"
    shutil.rmtree(staged, ignore_errors=True)
    try:
        (staged / OBJECTS).mkdir(mode=0o700, parents=True)
        names = sorted(path.name for path in (folder / OBJECTS).iterdir())
        for number, name in enumerate(names):
            _copy(folder / OBJECTS / name, staged / OBJECTS / name, progress, number / len(names))
        _join_ledgers(folder / LEDGER, root / LEDGER)
        for name in (CATALOGUE, DEMO_NOTE):
            if (folder / name).exists():
                _replace(folder / name, root / name)
        shutil.rmtree(root / OBJECTS, ignore_errors=True)
        (staged / OBJECTS).rename(root / OBJECTS)
        _replace(folder / SLOTS, root / SLOTS)  # last: only now it is a vault
    except OSError as error:
        raise _said(error, "The backup could not be read as a whole.") from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    progress(1.0)


def _said(error: OSError, otherwise: str) -> VigError:
    return DiskFull() if error.errno == errno.ENOSPC else BadValue(what=otherwise)


def _join_ledgers(theirs: Path, ours: Path) -> None:
    lines = {
        line for path in (theirs, ours) if path.exists() for line in path.read_text("ascii").split()
    }
    if lines:
        ours.write_text("\n".join(sorted(lines)) + "\n", encoding="ascii")


def _copy(source: Path, target: Path, progress: Progress, share: float) -> bool:
    """Copy an object that never changes; False where it is there already."""
    progress(share)
    if target.exists() and target.stat().st_size == source.stat().st_size:
        return False
    _replace(source, target)
    return True


def _replace(source: Path, target: Path) -> None:
    part = target.with_name(target.name + ".part")
    shutil.copyfile(source, part)
    with part.open("rb+") as written:
        os.fsync(written.fileno())
    part.replace(target)
