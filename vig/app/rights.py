"""The table of rights: role by role, deed by deed, relation by relation. ``policy`` asks it.

To give or take a right, change this file; ``make docs`` writes docs/POLICY.md from it, and
``tests/app/test_matrix.py`` tries every cell. What is not listed here is denied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from vig.domain.family import Purpose


class Role(StrEnum):
    """What an account is for."""

    OWNER = "owner"
    """Somebody who works alone: guider of every family and keeper of the house at once."""
    GUIDER = "guider"
    TRAINEE = "trainee"
    """A guider in training: a guider's rights over the families assigned to them."""
    SUPERVISOR = "supervisor"
    LEARNER = "learner"
    """Practice films only; reaches no family."""
    ADMIN = "admin"


class Relation(StrEnum):
    """What somebody is to a family."""

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
    """Over which families a role may do a deed, and on what condition."""

    over: frozenset[Relation] = NEAR
    """The relations it holds for; of no meaning for a deed about the house."""
    reason: bool = False
    """A reason must be given, and is kept sealed in the audit log."""
    purpose: Purpose | None = None
    """What the family must have agreed to besides."""
    author: bool = False
    """Only what they wrote or began themselves."""

    @property
    def words(self) -> str:
        """The rule as one cell of the table."""
        said = ["any family" if self.over == EVERY else "own and assigned"]
        if self.author:
            said = ["their own only"]
        if self.purpose is not None:
            said.append(f"if the family agreed to {self.purpose.words}")
        if self.reason:
            said.append("with a reason")
        return ", ".join(said)


ALL = Rule(over=EVERY)
MINE = Rule()
REASONED = Rule(reason=True)
SUPERVISED = Rule(purpose=Purpose.SUPERVISION)
WRITTEN = Rule(author=True)
SUPERVISED_OWN = Rule(author=True, purpose=Purpose.SUPERVISION)


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that can be done, and who may."""

    words: str
    """As it stands after "does not allow you to"."""
    rules: Mapping[Role, Rule]
    visit: bool = False
    """Whether it may be done in a family's home, in visit mode."""
    house: bool = False
    """Whether it is about the house and not about a family."""


def _guiders(rule: Rule, **others: Rule) -> dict[Role, Rule]:
    """A guider's right, which a trainee has over the families assigned to them."""
    owner = Rule(over=EVERY, author=rule.author)
    mine = {Role.OWNER: owner, Role.GUIDER: rule, Role.TRAINEE: rule}
    return {**mine, **{Role(name): other for name, other in others.items()}}


def _keepers() -> dict[Role, Rule]:
    return {Role.OWNER: ALL, Role.ADMIN: ALL}


def _everybody() -> dict[Role, Rule]:
    return dict.fromkeys(Role, ALL)


DEEDS: Mapping[str, Deed] = {
    # a family
    "family.list": Deed(
        "see this family's pseudonym", _guiders(MINE, supervisor=MINE, admin=ALL), visit=True
    ),
    "family.names": Deed("see this family's names", _guiders(MINE, supervisor=MINE)),
    "family.add": Deed(
        "begin with a new family",
        {Role.OWNER: ALL, Role.GUIDER: ALL, Role.ADMIN: ALL},
        house=True,
    ),
    "family.change": Deed("change what is kept about this family", _guiders(MINE), visit=True),
    "family.consent": Deed("record what this family agrees to", _guiders(MINE), visit=True),
    "family.assign": Deed("say who works with this family", _keepers()),
    # a film
    "film.add": Deed("add a film of this family", _guiders(MINE)),
    "film.see": Deed("open this family's films", _guiders(MINE, supervisor=SUPERVISED), visit=True),
    "film.analyse": Deed("let the computer watch this film", _guiders(MINE)),
    "film.change": Deed("change what is kept about this film", _guiders(MINE), visit=True),
    "film.export": Deed(
        "write an unprotected file of this family's films",
        _guiders(REASONED, supervisor=Rule(reason=True, purpose=Purpose.SUPERVISION)),
    ),
    "film.erase": Deed("erase this film", _guiders(MINE)),
    "visit.begin": Deed("take this family's films on a visit", _guiders(MINE)),
    # what a person chose and wrote
    "moment.judge": Deed("keep or set aside suggestions", _guiders(MINE), visit=True),
    "clip.change": Deed("choose and change micro-clips", _guiders(MINE), visit=True),
    "note.add": Deed("write a note", _guiders(MINE, supervisor=SUPERVISED), visit=True),
    "note.change": Deed(
        "change somebody else's note", _guiders(WRITTEN, supervisor=SUPERVISED_OWN), visit=True
    ),
    # the house
    "upload.begin": Deed(
        "bring in a film",
        {Role.OWNER: ALL, Role.GUIDER: ALL, Role.TRAINEE: ALL},
        house=True,
    ),
    "upload.go-on": Deed(
        "go on with somebody else's upload",
        {role: Rule(over=EVERY, author=True) for role in (Role.OWNER, Role.GUIDER, Role.TRAINEE)},
        house=True,
    ),
    "account.own": Deed("change your own way in", _everybody(), house=True),
    "house.accounts": Deed("manage accounts", _keepers(), house=True),
    "house.ways": Deed("manage the ways into the vault", _keepers(), house=True),
    "house.settings": Deed("change the settings of the house", _keepers(), house=True),
    "house.backup": Deed("make a backup", _keepers(), house=True),
    "house.verify": Deed("check the whole vault", _keepers(), house=True),
    "house.audit": Deed("read the audit log", _keepers(), house=True),
}
"""Every deed there is. The condition of a deed's purpose (agreement) comes on top: ``workspace``."""
