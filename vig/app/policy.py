"""Who may do what to which family: one table, and one question that everybody asks.

::

    authorise(ws, actor, "film.see", recording=id)     NotAllowed, and a row in the audit log
    may(ws, actor, "film.see", recording=id)           the same as a yes or no, nothing is written
    reach(ws, actor)                                   the families whose films a list may show

Function by office, object by relation: an office says which deeds exist for somebody, the relation
to the family says over whom. What the table does not list is denied. Rights are read anew at every
question, so that one that was taken away is gone at the next request. ``docs/POLICY.md`` is
written from this table (``make docs``).
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from vig.app.rights import AT_WORK, DEEDS, SYSTEM, TIDYING, WORKER, Deed, Relation, Rule
from vig.domain.account import FIRST_OFFICES, Office
from vig.domain.family import Purpose
from vig.errors import NotAllowed, OnVisit, ReasonNeeded, Unknown

if TYPE_CHECKING:
    from vig.app.workspace import Workspace
    from vig.domain.recording import Recording


ALONE = frozenset({"guider", "cli", "demo"})
"""Actors of a vault without accounts: whoever opened it works alone, as guider of every family and
keeper of the house. None of them is anybody once there is an account."""

ASKED = "erasure."
"""Settings under which requests for an erasure are kept, by recording."""

_jobs: Counter[str] = Counter()
_jobs_lock = threading.Lock()


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
        ws.catalogue.denied(plain(actor), listed, object=clip or recording or about.family)
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
    """The ids of all families to which ``actor`` may do ``deed`` now, conditions aside."""
    known = DEEDS[deed]
    held = _Held.read(ws, actor)
    return frozenset(
        family.id
        for family in ws.catalogue.families()
        if (_bound(actor) is None or (known.visit and _bound(actor) == family.id))
        and held.over(known, family.id)
    )


def seen(ws: Workspace, actor: str, films: Iterable[Recording]) -> tuple[Recording, ...]:
    """Those of the films that ``actor`` may open, in their order: what a list may show."""
    known, held, bound = DEEDS["film.see"], _Held.read(ws, actor), _bound(actor)

    def open_to(film: Recording) -> bool:
        purposes = {rule.purpose for rule in held.over(known, film.family)}
        return None in purposes or any(ws.allowed(film, p) for p in purposes if p)

    return tuple(film for film in films if bound in (None, film.family) and open_to(film))


def offices_of(ws: Workspace, actor: str) -> frozenset[Office]:
    """The offices of an account that may sign in; none for everybody else."""
    if actor in ALONE:
        return frozenset() if ws.catalogue.accounts() else FIRST_OFFICES
    try:
        account = ws.catalogue.account(plain(actor))
    except Unknown:
        return frozenset()
    return frozenset() if account.disabled else frozenset(account.offices)


def office_for_new(ws: Workspace, actor: str) -> Office | None:
    """In which office a family that ``actor`` begins with becomes their own.

    None where nobody is to be named: alone in the house, or an admin who begins for others. Raises
    NotAllowed where they may not begin with one.
    """
    authorise(ws, actor, "family.add")
    return Office.GUIDER if actor not in ALONE and Office.GUIDER in offices_of(ws, actor) else None


@contextmanager
def at_work_on(recording: str) -> Iterator[None]:
    """Within it, the worker of this process is at the job of this film."""
    with _jobs_lock:
        _jobs[recording] += 1
    try:
        yield
    finally:
        with _jobs_lock:
            _jobs[recording] -= 1


@dataclass(frozen=True, slots=True)
class _Held:
    """What somebody holds just now: offices, and families in them."""

    offices: frozenset[Office]
    families: Mapping[tuple[Office, str], Relation]
    alone: bool

    @classmethod
    def read(cls, ws: Workspace, actor: str) -> _Held:
        """From the catalogue, each time anew."""
        offices, today = offices_of(ws, actor), datetime.now(UTC).astimezone().date()
        alone = actor in ALONE
        given = () if alone or not offices else ws.catalogue.assignments(account=plain(actor))
        return cls(
            offices,
            {
                (one.office, one.family): Relation.EXPIRED
                if not one.holds(today)
                else Relation.OWN
                if one.made_by == actor
                else Relation.ASSIGNED
                for one in given
            },
            alone,
        )

    def relation(self, family: str, office: Office) -> Relation:
        if self.alone:
            return Relation.OWN
        return self.families.get((office, family), Relation.OTHER)

    def over(self, deed: Deed, family: str | None) -> list[Rule]:
        """The rules of a deed that these offices bring with them for this family (or the house)."""
        if deed.house != (family is None):
            return []
        return [
            rule
            for office, rule in deed.rules.items()
            if office in self.offices
            and (family is None or self.relation(family, office) in rule.over)
        ]


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
    bound = _bound(actor)
    if bound is not None and not (known.visit and about.family == bound):
        return OnVisit(what=known.words)
    rules = [
        rule
        for rule in _Held.read(ws, actor).over(known, about.family)
        if _holds(ws, actor, rule, about)
    ]
    if not rules:
        return NotAllowed(what=known.words)
    unsaid = all(rule.reason for rule in rules) and not (about.reason or "").strip()
    return ReasonNeeded(what=known.words) if unsaid else None


def _of_the_house(actor: str, deed: str, about: _About) -> NotAllowed | None:
    if actor == SYSTEM:
        return None if deed in TIDYING else NotAllowed(what="act by itself")
    with _jobs_lock:
        given = about.recording is not None and _jobs[about.recording] > 0
    return None if deed in AT_WORK and given else NotAllowed(what="watch a film it was not given")


def _holds(ws: Workspace, actor: str, rule: Rule, about: _About) -> bool:
    """Whether the rule's conditions hold: author, agreement, a request by somebody else."""
    return (
        (not rule.author or about.by == actor)
        and (rule.purpose is None or _agreed(ws, about, rule.purpose))
        and (not rule.asked or _asked_for(ws, actor, about.recording))
    )


def _asked_for(ws: Workspace, actor: str, recording: str | None) -> bool:
    """Whether somebody else asked for this erasure; where there is nobody else, nobody need."""
    others = [a for a in ws.catalogue.accounts() if not a.disabled and a.id != actor]
    if not others:
        return True
    asked = ws.catalogue.setting(f"{ASKED}{recording}")
    return asked is not None and asked["by"] != actor


def _agreed(ws: Workspace, about: _About, purpose: Purpose) -> bool:
    if about.recording is not None:
        return ws.allowed(ws.catalogue.recording(about.recording), purpose)
    films = ws.catalogue.recordings(about.family)
    return any(ws.allowed(film, purpose) for film in films)


def _bound(actor: str) -> str | None:
    """The one family of a visit; None for everybody else."""
    return actor.family if isinstance(actor, Visitor) else None


def plain(actor: str) -> str:
    """The actor's id alone, without the bound of a visit."""
    return str.__str__(actor)
