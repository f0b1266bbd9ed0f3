"""The way back, and forth again: per film and per person, across reloads and restarts."""

from __future__ import annotations

from vig.app.deeds.doing import asked
from vig.app.policy import plain
from vig.app.workspace import Workspace
from vig.catalogue.values import Deed
from vig.catalogue.write_deeds import DoneBefore, Way
from vig.errors import Overtaken


def undo(ws: Workspace, recording_id: str, *, actor: str, nonce: str | None = None) -> str | None:
    """Undo this person's last deed on this film; what it was, None where there is none.

    Overtaken where somebody else has changed the same thing since; nothing is changed then, and the
    next undo takes the deed before it.
    """
    return _step(ws, recording_id, actor, "undo", nonce)


def redo(ws: Workspace, recording_id: str, *, actor: str, nonce: str | None = None) -> str | None:
    """Do the last deed again that this person undid; what it was, None where there is none."""
    return _step(ws, recording_id, actor, "redo", nonce)


def undoable(ws: Workspace, recording_id: str, actor: str) -> tuple[str | None, str | None]:
    """What undo and redo would do now, such as "Undo: keep 2:14"; None for nothing."""
    ways: tuple[tuple[Way, str], ...] = (("undo", "Undo"), ("redo", "Redo"))
    found = [(say, ws.catalogue.next_deed(recording_id, plain(actor), way)) for way, say in ways]
    back, forth = (f"{say}: {deed.words}" if deed else None for say, deed in found)
    return back, forth


RIGHTS = {
    "film.look-first": "film.see",
    "moment": "moment.judge",
    "clip": "clip.change",
    "plan": "clip.change",
    "note": "note.add",
    "film": "film.change",
    "family": "family.change",
    "account": "film.see",
}
"""Who may undo a deed: whoever may still do it, by its action or the first half of that."""


def _step(ws: Workspace, recording_id: str, actor: str, way: Way, nonce: str | None) -> str | None:
    deed = ws.catalogue.next_deed(recording_id, plain(actor), way)
    asked(ws, recording_id, actor, _right(deed))
    try:
        with ws.catalogue.act(plain(actor), way, object=recording_id) as act:
            act.once(recording_id, nonce)
            stepped = act.step(recording_id, way)
    except DoneBefore:
        return None
    if stepped is not None and stepped.since is not None:
        raise Overtaken(
            what=f"{stepped.since}, so “{stepped.deed.words}” stays; the next {way} passes it over"
        )
    return stepped.deed.words if stepped else None


def _right(deed: Deed | None) -> str:
    if deed is None:
        return "film.see"
    return RIGHTS.get(deed.action) or RIGHTS[deed.action.partition(".")[0]]
