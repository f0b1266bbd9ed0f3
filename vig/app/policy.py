"""Who may do what to which family: one table, and one question that everybody asks.

::

    authorise(ws, actor, "film.see", recording=id)     NotAllowed, and a row in the audit log
    may(ws, actor, "film.see", recording=id)           the same as a yes or no, nothing is written
    reach(ws, actor)                                   the families whose films a list may show

Function by role, object by relation: a role says which deeds exist for somebody, the relation to
the family says over whom. What the table does not list is denied. Rights are read anew at every
question, so that one that was taken away is gone at the next request. ``docs/POLICY.md`` is
written from this table (``make docs``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vig.app.rights import DEEDS, Relation, Role, Rule
from vig.domain.family import Purpose
from vig.errors import NotAllowed, OnVisit, ReasonNeeded, Unknown

if TYPE_CHECKING:
    from vig.app.workspace import Workspace


WORKER, SYSTEM = "worker", "system"
AT_WORK = frozenset({"film.watch"})
"""What the worker may do, with the film of the job it is at and no other."""
TIDYING = frozenset({"house.tidy"})
"""What the house does by itself: to undo what a crash left, to finish erasures."""

ALONE = frozenset({"guider", "cli", "demo"})
"""Actors of a vault without accounts: whoever opened it is its owner. None of them is anybody once
there is an account."""

_job: ContextVar[str | None] = ContextVar("the film that a worker is at", default=None)


class Visitor(str):
    """An account on a visit: the same id, and the one family that may be reached with it.

    The bound travels with the actor into every thread, callback and stream, so no caller can
    forget it.
    """

    __slots__ = ("family",)
    family: str

    @classmethod
    def of(cls, account: str, family: str) -> Visitor:
        made = cls(account)
        made.family = family
        return made


def authorise(
    ws: Workspace,
    actor: str,
    deed: str,
    *,
    recording: str | None = None,
    family: str | None = None,
    clip: str | None = None,
    by: str | None = None,
    reason: str | None = None,
) -> None:
    """Whether ``actor`` may do ``deed`` to this object; returns, or raises.

    ``recording``, ``family`` and ``clip`` are ids, of which one says what it is about; none for a
    deed about the house. ``by``: who wrote the note or began the upload. Raises NotAllowed (OnVisit,
    ReasonNeeded among them) and writes the denial to the audit log; Unknown where the object is
    not there.
    """
    about = _About.of(ws, recording, family, clip, by, reason)
    refusal = _refusal(ws, actor, deed, about)
    if refusal is not None:
        listed = deed if deed in DEEDS else "unlisted"
        ws.catalogue.denied(_plain(actor), listed, object=clip or recording or about.family)
        raise refusal


def may(
    ws: Workspace,
    actor: str,
    deed: str,
    *,
    recording: str | None = None,
    family: str | None = None,
    clip: str | None = None,
    by: str | None = None,
    reason: str | None = None,
) -> bool:
    """The same question without consequences: for lists, buttons and open streams."""
    try:
        about = _About.of(ws, recording, family, clip, by, reason)
        return _refusal(ws, actor, deed, about) is None
    except Unknown:
        return False


def reach(ws: Workspace, actor: str, deed: str = "family.list") -> frozenset[str]:
    """The ids of all families to which ``actor`` may do ``deed`` now, agreement aside."""
    known = DEEDS.get(deed)
    role = role_of(ws, actor)
    rule = known.rules.get(role) if known and role else None
    if known is None or rule is None or known.house:
        return frozenset()
    bound = getattr(actor, "family", None)
    if bound is not None and not known.visit:
        return frozenset()
    everything = {family.id for family in ws.catalogue.families()}
    grants = _grants(ws, actor)
    return frozenset(
        family
        for family in everything
        if relation(grants, family, role) in rule.over and bound in (None, family)
    )


def role_of(ws: Workspace, actor: str) -> Role | None:
    """The role of an account that may sign in; None for everybody else."""
    if actor in ALONE:
        return None if ws.catalogue.accounts() else Role.OWNER
    try:
        account = ws.catalogue.account(_plain(actor))
        return None if account.disabled else Role(account.role)
    except (Unknown, ValueError):
        return None


@contextmanager
def at_work_on(recording: str) -> Iterator[None]:
    """Within it, the worker is at the job of this film."""
    token = _job.set(recording)
    try:
        yield
    finally:
        _job.reset(token)


def relation(grants: Mapping[str, Relation], family: str, role: Role | None) -> Relation:
    """What somebody with these grants is to a family; an owner is at home with all of them."""
    return Relation.OWN if role is Role.OWNER else grants.get(family, Relation.OTHER)


@dataclass(frozen=True, slots=True)
class _About:
    """What a question is about, and what was given with it."""

    family: str | None
    recording: str | None
    by: str | None
    reason: str | None

    @classmethod
    def of(
        cls,
        ws: Workspace,
        recording: str | None,
        family: str | None,
        clip: str | None,
        *given: str | None,
    ) -> _About:
        if clip is not None:
            recording = ws.catalogue.clip(clip).recording
        if recording is not None:
            family = ws.catalogue.recording(recording).family
        return cls(family, recording, *given)


def _refusal(ws: Workspace, actor: str, deed: str, about: _About) -> NotAllowed | None:
    """The whole decision. What none of these lines lets through is refused."""
    if actor in (WORKER, SYSTEM):
        return _of_the_house(actor, deed, about)
    known = DEEDS.get(deed)
    if known is None:
        return NotAllowed(what="do something that is not listed")
    role = role_of(ws, actor)
    rule = known.rules.get(role) if role else None
    if rule is None or known.house != (about.family is None):
        return NotAllowed(what=known.words)
    bound = getattr(actor, "family", None)
    if bound is not None and not (known.visit and about.family == bound):
        return OnVisit(what=known.words)
    if not _covers(ws, actor, role, rule, about):
        return NotAllowed(what=known.words)
    return ReasonNeeded(what=known.words) if rule.reason and not _said(about) else None


def _of_the_house(actor: str, deed: str, about: _About) -> NotAllowed | None:
    if actor == SYSTEM:
        return None if deed in TIDYING else NotAllowed(what="act by itself")
    given = about.recording is not None and _job.get() == about.recording
    return None if deed in AT_WORK and given else NotAllowed(what="watch a film it was not given")


def _covers(ws: Workspace, actor: str, role: Role | None, rule: Rule, about: _About) -> bool:
    """Whether the rule holds for this family, this author, and what was agreed to."""
    if rule.author and about.by != actor:
        return False
    if about.family is None:
        return True
    if relation(_grants(ws, actor), about.family, role) not in rule.over:
        return False
    return rule.purpose is None or _agreed(ws, about, rule.purpose)


def _said(about: _About) -> bool:
    return bool((about.reason or "").strip())


def _agreed(ws: Workspace, about: _About, purpose: Purpose) -> bool:
    if about.recording is not None:
        return ws.allowed(ws.catalogue.recording(about.recording), purpose)
    films = ws.catalogue.recordings(about.family)
    return any(ws.allowed(film, purpose) for film in films)


def _grants(ws: Workspace, actor: str) -> dict[str, Relation]:
    """The families of an account, by id."""
    return {}


def _plain(actor: str) -> str:
    """The actor's id alone, as the catalogue keeps it."""
    return str.__str__(actor)
