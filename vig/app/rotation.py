"""A new master key for the whole vault: every data key is wrapped anew, no film is touched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from vig.app import uploads
from vig.app.jobs.lock import WorkerLock
from vig.app.locks import ProcessLock
from vig.app.workspace import IMPORTS, Workspace
from vig.catalogue.values import ObjectRow
from vig.errors import VaultBusy
from vig.vault.keys import Slots
from vig.vault.ring import KeyRing


def rotate(ws: Workspace, *, actor: str) -> int:
    """How many keys were wrapped anew. VaultBusy while a worker or an import holds the old key.

    A crash at any point leaves both master keys in place, and doing it again finishes it. Whoever
    still writes with the old one afterwards is refused by the catalogue, so that nothing is ever
    kept under a key that is gone.
    """
    with _alone(ws.root), uploads.paused(ws):
        slots = Slots.load(ws.root)
        old = ws.ring.versions
        ring = slots.rotate(ws.ring)
        with ws.catalogue.act(actor, "rotate", object="vault") as act:
            count = act.rewrap_keys(partial(_rewrapped, ring), ring.version)
            for upload, known in uploads.pending(ws).items():
                act.set(f"upload.{upload}", uploads.rewrapped(ring, upload, known))
        for version in old:
            ring = slots.retire(ring, version)
        ws.ring = ring
        return count


def _rewrapped(ring: KeyRing, wrapped: bytes, whose: ObjectRow) -> bytes:
    return ring.rewrap(wrapped, whose.context, owner=whose.recording)


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Nobody works with the vault's keys, in this process or in another."""
    with ExitStack() as held:
        imports = root / IMPORTS
        locks = [ProcessLock(path) for path in imports.iterdir()] if imports.exists() else []
        for lock in (WorkerLock(root), *locks):
            if not lock.take():
                raise VaultBusy
            held.callback(lock.release)
        yield
