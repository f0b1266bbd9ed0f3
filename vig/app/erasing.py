"""Erasing takes two: somebody who works with the family asks for it, somebody else does it.

Whoever is alone in a house does both (``rights``: the condition is waived where nobody else is).
The erasure itself is ``walk.erase``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from vig.app import policy
from vig.app.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Asked:
    """A film that somebody asked to have erased."""

    recording: str
    pseudonym: str
    filmed_on: date | None
    by: str
    """The account that asked."""
    at: datetime
    may: bool
    """Whether whoever looks at this may erase it now."""


def ask(ws: Workspace, recording_id: str, *, actor: str) -> None:
    """Ask for a film to be erased; asking again changes nothing. NotAllowed, Unknown."""
    policy.authorise(ws, actor, "film.ask-erase", recording=recording_id)
    key = f"{policy.ASKED}{recording_id}"
    if ws.catalogue.setting(key) is None:
        me = policy.plain(actor)
        with ws.catalogue.act(me, "erase.ask", object=recording_id) as act:
            act.set(key, {"by": me, "at": datetime.now(UTC).isoformat()})


def take_back(ws: Workspace, recording_id: str, *, actor: str) -> None:
    """The film is to stay after all. NotAllowed, Unknown."""
    policy.authorise(ws, actor, "film.ask-erase", recording=recording_id)
    with ws.catalogue.act(policy.plain(actor), "erase.take-back", object=recording_id) as act:
        act.set(f"{policy.ASKED}{recording_id}", None)


def waiting(ws: Workspace, actor: str) -> tuple[Asked, ...]:
    """What was asked for, of families that ``actor`` works with or looks after; oldest first."""
    found = []
    for key, asked in ws.catalogue.settings(policy.ASKED).items():
        film = ws.catalogue.recording(key.removeprefix(policy.ASKED))
        may = policy.may(ws, actor, "film.erase", recording=film.id)
        if not may and not policy.may(ws, actor, "film.ask-erase", recording=film.id):
            continue
        pseudonym = ws.catalogue.family(film.family).pseudonym
        at = datetime.fromisoformat(asked["at"])
        found.append(Asked(film.id, pseudonym, film.filmed_on, asked["by"], at, may))
    return tuple(sorted(found, key=lambda one: one.at))
