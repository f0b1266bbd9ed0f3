"""Who may sign in here, what they are here for, and which families they are trusted with.

::

    of(ws, actor)                     the account behind an actor; None for the house's own
    listed(ws)                        everybody, oldest first
    families_of(ws, actor)            what is trusted to somebody today, by family
    assign(...) unassign(...)         trust a family to an account, or take it away again

``actor`` is an account's id everywhere; "worker", "system" and the like are the house itself.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from vig.catalogue.values import Account
from vig.domain.account import FIRST_OFFICES, Assignment, Office
from vig.errors import Unknown

if TYPE_CHECKING:
    from vig.app.workspace import Workspace

__all__ = ["FIRST_OFFICES", "Account", "Assignment", "Office"]


def of(ws: Workspace, actor: str) -> Account | None:
    """The account of an actor; None for the house's own, and for an id that is none."""
    try:
        return ws.catalogue.account(actor)
    except Unknown:
        return None


def listed(ws: Workspace) -> tuple[Account, ...]:
    """Everybody who has or had an account, the first one first."""
    return ws.catalogue.accounts()


def families_of(ws: Workspace, actor: str, today: date | None = None) -> dict[str, Assignment]:
    """What is trusted to an account today, by the family's id."""
    day = today or date.today()
    return {a.family: a for a in ws.catalogue.assignments(account=actor) if a.holds(day)}


def assign(
    ws: Workspace,
    account: str,
    family: str,
    office: Office,
    *,
    actor: str,
    until: date | None = None,
) -> Assignment:
    """Trust a family to an account; where it is already, the new last day holds."""
    with ws.catalogue.act(actor, "family.assign", object=family) as act:
        return act.assign(account, family, office, until=until)


def unassign(ws: Workspace, assignment: str, *, actor: str) -> None:
    """Take a family away from an account, from its next request on."""
    with ws.catalogue.act(actor, "family.unassign") as act:
        act.unassign(assignment)
