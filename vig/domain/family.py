"""Who a film belongs to and what they agreed to. Nobody has a name here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Role(StrEnum):
    """Who a person in the film is to the others."""

    BABY = "baby"
    PARENT = "parent"
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


@dataclass(frozen=True, slots=True)
class ConsentRuling:
    """One answer about one purpose. Rulings are appended, never edited; the newest one holds."""

    purpose: Purpose
    allowed: bool
    at: datetime
    """When the ruling was recorded (UTC)."""
    agreed_on: date | None = None
    """The day the family said so; None when only the caller vouches for it."""
    until: date | None = None
    """The last day it holds; None for no end."""


def permits(rulings: Iterable[ConsentRuling], purpose: Purpose, today: date) -> bool:
    """Whether the newest ruling about ``purpose`` allows it today. No ruling means no."""
    newest: ConsentRuling | None = None
    for ruling in rulings:
        if ruling.purpose is purpose and (newest is None or ruling.at >= newest.at):
            newest = ruling
    if newest is None or not newest.allowed:
        return False
    return newest.until is None or today <= newest.until
