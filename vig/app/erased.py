"""Films that were erased stay erased, whatever backup comes back.

The ledger holds a keyed digest of each erased film's random id: it tells nobody anything, and the
vault alone can compare it with what a restored backup brings.
"""

from __future__ import annotations

import hashlib
import hmac
import os

from vig.app.workspace import Workspace
from vig.domain.recording import RecordingState

LEDGER = "erased.txt"


def note_erased(ws: Workspace, recording_id: str) -> None:
    """Remember, as a keyed digest that tells nobody anything, that this film was erased."""
    with (ws.root / LEDGER).open("a", encoding="ascii") as ledger:
        ledger.write(_digest(ws, recording_id) + "\n")
        ledger.flush()
        os.fsync(ledger.fileno())


def erased_again(ws: Workspace) -> list[str]:
    """Recordings that are in the catalogue although they were erased: a backup brought them back."""
    path = ws.root / LEDGER
    if not path.exists():
        return []
    erased = set(path.read_text(encoding="ascii").split())
    return [
        recording.id
        for recording in ws.catalogue.recordings()
        if _digest(ws, recording.id) in erased and recording.state is not RecordingState.ERASING
    ]


def _digest(ws: Workspace, recording_id: str) -> str:
    key = ws.ring.subkey("erasure ledger")
    return hmac.new(key, recording_id.encode(), hashlib.sha256).hexdigest()
