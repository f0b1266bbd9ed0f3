"""A visit: a laptop in a family's home reaches that one family until the passphrase is typed again.

What bounds it is the actor itself (``policy.Visitor``): every route, page and deed that is asked
with it is refused for any other family, whatever the browser sends.
"""

from __future__ import annotations

from vig.app import accounts, policy
from vig.app.policy import Visitor
from vig.app.workspace import Workspace
from vig.domain.family import Family


def choices(ws: Workspace, actor: str) -> tuple[Family, ...]:
    """The families that ``actor`` may go on a visit to, by pseudonym."""
    within = policy.reach(ws, actor, "visit.begin")
    return tuple(family for family in ws.catalogue.families() if family.id in within)


def begin(ws: Workspace, family: str, *, actor: str) -> Visitor:
    """From here on, use this in the actor's place. Raises NotAllowed, OnVisit, Unknown."""
    ws.catalogue.family(family)
    policy.authorise(ws, actor, "visit.begin", family=family)
    with ws.catalogue.act(policy.plain(actor), "visit.begin", object=family):
        pass
    return Visitor.of(policy.plain(actor), family)


def end(ws: Workspace, secret: str, *, actor: Visitor) -> str:
    """The account's id without the bound, for its passphrase or the recovery code.

    Raises WrongSignIn, WrongKey.
    """
    account = policy.plain(actor)
    try:
        accounts.recognise(ws, account, secret)
    except Exception:
        ws.catalogue.denied(account, "visit.end", object=actor.family)
        raise
    with ws.catalogue.act(account, "visit.end", object=actor.family):
        pass
    return account


def whose(ws: Workspace, actor: str) -> Family | None:
    """The family that is visited; None where ``actor`` is on no visit."""
    return ws.catalogue.family(actor.family) if isinstance(actor, Visitor) else None
