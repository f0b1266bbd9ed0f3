"""The table of rights: office by office, deed by deed, relation by relation. ``policy`` asks it.

To give or take a right, change this file; ``make docs`` writes docs/POLICY.md from it, and
``tests/app/test_matrix.py`` tries every cell. What is not listed here is denied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from vig.domain.account import Office
from vig.domain.family import Purpose


class Relation(StrEnum):
    """What somebody is to a family, in one of their offices."""

    OWN = "own"
    """They began the work with this family."""
    ASSIGNED = "assigned"
    """It was given to them, and that has not ended."""
    EXPIRED = "expired"
    """It was given to them, and that has ended."""
    OTHER = "other"
    """A family of somebody else."""


NEAR = frozenset({Relation.OWN, Relation.ASSIGNED})
EVERY = frozenset(Relation)


@dataclass(frozen=True, slots=True)
class Rule:
    """Over which families an office may do a deed, and on what condition."""

    over: frozenset[Relation] = NEAR
    """The relations it holds for; of no meaning for a deed about the house."""
    reason: bool = False
    """A reason must be given, and is kept sealed in the audit log."""
    purpose: Purpose | None = None
    """What the family must have agreed to besides."""
    author: bool = False
    """Only what they wrote or began themselves."""
    asked: bool = False
    """Only after somebody else asked for it; waived where there is nobody else."""

    @property
    def conditions(self) -> tuple[str, ...]:
        """What must hold besides the relation, in words."""
        said = []
        if self.author:
            said.append("their own only")
        if self.purpose is not None:
            said.append(f"if the family agreed to {self.purpose.words}")
        if self.asked:
            said.append("once somebody else asked for it")
        if self.reason:
            said.append("with a reason")
        return tuple(said)


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that can be done, and who may."""

    words: str
    """As it stands after "does not allow you to"."""
    rules: Mapping[Office, Rule]
    visit: bool = False
    """Whether it may be done in a family's home, in visit mode."""
    house: bool = False
    """Whether it is about the house and not about a family."""
    title: str = ""
    """As it stands in the table, where "does not allow you to" would not fit."""


EVERYWHERE = Rule(over=EVERY)
MINE = Rule()
SUPERVISED = Rule(purpose=Purpose.SUPERVISION)


def _guiders(rule: Rule = MINE, **others: Rule) -> dict[Office, Rule]:
    """A guider's right, which a trainee has over the families assigned to them."""
    mine = {Office.GUIDER: rule, Office.TRAINEE: rule}
    return {**mine, **{Office(name): other for name, other in others.items()}}


_ADMINS = {Office.ADMIN: EVERYWHERE}

DEEDS: Mapping[str, Deed] = {
    # a family
    "family.list": Deed(
        "see this family's pseudonym", _guiders(supervisor=MINE, admin=EVERYWHERE), visit=True
    ),
    "family.names": Deed("see this family's names", _guiders(supervisor=MINE)),
    "family.add": Deed(
        "begin with a new family",
        {Office.GUIDER: EVERYWHERE, Office.ADMIN: EVERYWHERE},
        house=True,
    ),
    "family.change": Deed("change what is kept about this family", _guiders(), visit=True),
    "family.consent": Deed("record what this family agrees to", _guiders(), visit=True),
    "family.assign": Deed("say who works with this family", {Office.ADMIN: EVERYWHERE}),
    "visit.begin": Deed("take this family's films on a visit", _guiders()),
    # a film
    "film.add": Deed("add a film of this family", _guiders()),
    "film.see": Deed("open this family's films", _guiders(supervisor=SUPERVISED), visit=True),
    "film.analyse": Deed("let the computer watch this film", _guiders()),
    "film.change": Deed("change what is kept about this film", _guiders(), visit=True),
    "film.export": Deed(
        "write an unprotected file of this family's films",
        _guiders(Rule(reason=True), supervisor=Rule(reason=True, purpose=Purpose.SUPERVISION)),
    ),
    "film.ask-erase": Deed("ask for this film to be erased", _guiders()),
    "film.erase": Deed(
        "erase this film",
        {Office.SUPERVISOR: Rule(asked=True), Office.ADMIN: Rule(over=EVERY, asked=True)},
    ),
    # what a person chose and wrote
    "moment.judge": Deed("keep or set aside suggestions", _guiders(), visit=True),
    "clip.change": Deed("choose and change micro-clips", _guiders(), visit=True),
    "note.add": Deed("write a note", _guiders(supervisor=SUPERVISED), visit=True),
    "note.change": Deed(
        "change somebody else's note",
        _guiders(Rule(author=True), supervisor=Rule(author=True, purpose=Purpose.SUPERVISION)),
        visit=True,
        title="change or take away a note",
    ),
    # the house
    "upload.begin": Deed(
        "bring in a film", {Office.GUIDER: EVERYWHERE, Office.TRAINEE: EVERYWHERE}, house=True
    ),
    "upload.go-on": Deed(
        "go on with somebody else's upload",
        dict.fromkeys((Office.GUIDER, Office.TRAINEE), Rule(over=EVERY, author=True)),
        house=True,
        title="go on with an upload",
    ),
    "account.own": Deed(
        "change somebody else's way in",
        dict.fromkeys(Office, Rule(over=EVERY, author=True)),
        house=True,
        title="change a way to sign in",
    ),
    "house.accounts": Deed("manage accounts", _ADMINS, house=True),
    "house.ways": Deed("manage the ways into the vault", _ADMINS, house=True),
    "house.settings": Deed("change the settings of the house", _ADMINS, house=True),
    "house.backup": Deed("make a backup", _ADMINS, house=True),
    "house.verify": Deed("check the whole vault", _ADMINS, house=True),
    "house.audit": Deed("read the audit log", _ADMINS, house=True),
}
"""Every deed there is. Agreement to the purpose comes on top: ``Workspace.check``."""

WORKER, SYSTEM = "worker", "system"
AT_WORK = frozenset({"film.watch"})
"""What the worker may do, with the film of the job it is at and no other."""
TIDYING = frozenset({"house.tidy"})
"""What the house does by itself: to undo what a crash left, to finish erasures."""
