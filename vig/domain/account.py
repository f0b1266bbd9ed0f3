"""Who works here: the offices an account may hold, and the families it is trusted with.

An account *holds offices*; a person in a film *has a role* (``vig.domain.family``). The two words
are kept apart on purpose.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Office(StrEnum):
    """What somebody is here for. One account may hold several."""

    GUIDER = "guider"
    """Films, chooses and reviews with the families assigned to them."""
    SUPERVISOR = "supervisor"
    """Looks at what a guider chose, for the families they supervise."""
    TRAINEE = "trainee"
    """A guider in training: a guider's rights over the families assigned to them."""
    ADMIN = "admin"
    """Accounts, ways in, backup. No film is opened in this office."""
    LEARNER = "learner"
    """Practises on sample films and reaches no family."""

    @property
    def words(self) -> str:
        """The office as people here call it."""
        return _WORDS[self]


_WORDS = {
    Office.GUIDER: "guider",
    Office.SUPERVISOR: "supervisor",
    Office.TRAINEE: "trainee guider",
    Office.ADMIN: "admin",
    Office.LEARNER: "practice only",
}

FIRST_OFFICES = frozenset({Office.GUIDER, Office.ADMIN})
"""What the first account holds: on a laptop of one's own, all that there is to do."""

WITH_FAMILIES = frozenset({Office.GUIDER, Office.SUPERVISOR, Office.TRAINEE})
"""Offices in which a family can be assigned."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """One family trusted to one account, in one office."""

    id: str
    account: str
    family: str
    office: Office
    """Guider, supervisor or trainee: what the account may do there."""
    made_at: datetime
    made_by: str
    """An account's id, or one of the house's own such as "system"."""
    until: date | None = None
    """The last day it holds; None for no end."""

    def holds(self, today: date) -> bool:
        return self.until is None or today <= self.until


def offices_from(codes: Iterable[str]) -> frozenset[Office]:
    """The offices of these codes; ValueError for one that is none."""
    return frozenset(Office(code) for code in codes)
