"""Who a film belongs to and what they agreed to. Nobody has a name here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class Role(StrEnum):
    """Who a person in the film is to the others."""

    BABY = "baby"
    TWIN = "twin"
    """A second child that belongs to the film's work; only a person says so."""
    PARENT = "parent"
    CARER2 = "carer2"
    """A second carer; only a person says so."""
    OTHER = "other"
    UNKNOWN = "unknown"


class Purpose(StrEnum):
    """What a film may be used for; each is agreed to on its own."""

    KEEP = "keep"
    ANALYSE = "analyse"
    SHARED_REVIEW = "shared-review"
    SUPERVISION = "supervision"
    INTERVISION = "intervision"
    TRAINING = "training"
    STILLS = "stills"
    COPIES = "copies"
    PUBLICITY = "publicity"
    FEEDBACK = "feedback"
    RESEARCH = "research"

    @property
    def words(self) -> str:
        """The purpose as a family reads it."""
        return _WORDS[self]


_WORDS = {
    Purpose.KEEP: "keep the film",
    Purpose.ANALYSE: "let a computer look for moments",
    Purpose.SHARED_REVIEW: "watch it together in a shared review",
    Purpose.SUPERVISION: "show it to the guider's supervisor",
    Purpose.INTERVISION: "show it to other guiders",
    Purpose.TRAINING: "use it in training",
    Purpose.STILLS: "make stills",
    Purpose.COPIES: "give out copies",
    Purpose.PUBLICITY: "use it in publicity",
    Purpose.FEEDBACK: "tell the referrer how it went",
    Purpose.RESEARCH: "use it in research",
}


@dataclass(frozen=True, slots=True)
class Family:
    """A family by the pseudonym it is known by here."""

    id: str
    pseudonym: str
    age_weeks: int | None = None
    """The baby's age when the family was entered; None when nobody said."""
    carer_word: str | None = field(default=None, repr=False)
    """What the parent is called in plain sentences, such as "Mum"; None for "the parent"."""


@dataclass(frozen=True, slots=True)
class ConsentRuling:
    """One answer about one purpose. Rulings are appended, never edited; the newest one holds."""

    purpose: Purpose
    allowed: bool
    at: datetime
    """When the ruling was recorded (UTC)."""
    agreed_by: str | None = field(default=None, repr=False)
    """Who of the family said so, in their own word such as "mother"; None where nobody was named."""
    agreed_on: date | None = None
    """The day the family said so; None when only the caller vouches for it."""
    until: date | None = None
    """The last day it holds; None for no end."""
    filmed_from: date | None = None
    filmed_to: date | None = None
    """First and last filming day it speaks of; None for no bound on that side."""
    vouched_by: str | None = None
    """Who recorded it: the id of an account, or a code such as "cli"; never a name."""
    form: str | None = None
    """Version of the form that was signed; None where there was none."""

    def speaks_of(self, filmed_on: date | None) -> bool:
        """Whether it is about a film made that day.

        A film without a date is never covered by a dated permission and always by a dated refusal.
        """
        if self.filmed_from is None and self.filmed_to is None:
            return True
        if filmed_on is None:
            return not self.allowed
        after = self.filmed_from is None or self.filmed_from <= filmed_on
        return after and (self.filmed_to is None or filmed_on <= self.filmed_to)


def permits(
    rulings: Iterable[ConsentRuling],
    purpose: Purpose,
    today: date,
    filmed_on: date | None = None,
) -> bool:
    """Whether the newest ruling about ``purpose`` and such a film allows it today.

    ``filmed_on`` is the film's day, None where nobody knows it. No ruling means no.
    """
    newest: ConsentRuling | None = None
    for ruling in rulings:
        speaks = ruling.purpose is purpose and ruling.speaks_of(filmed_on)
        if speaks and (newest is None or ruling.at >= newest.at):
            newest = ruling
    if newest is None or not newest.allowed:
        return False
    return newest.until is None or today <= newest.until
