"""How things are put on the screen: dates, lengths, ages, principles. Pure text, no domain rules."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date

from vig.app.library import Want
from vig.domain.clock import SECOND, Micros, Span
from vig.domain.family import Role
from vig.domain.review import Play, Principle

PRINCIPLES = {
    Principle.ATTENTIVE: "Being attentive",
    Principle.ENCOURAGING: "Encouraging initiatives",
    Principle.RECEIVING: "Receiving initiatives",
    Principle.DEVELOPING: "Developing attuned interactions",
    Principle.GUIDING: "Guiding",
    Principle.DEEPENING: "Deepening discussion",
}
"""Headings by AVIGuk; Kennedy, Landor & Todd 2011."""

PRINCIPLES_FROM = (
    "The first six are the attunement principles (headings: AVIGuk; Kennedy, Landor & Todd 2011). "
    "Put them in your own words, or add to them. Saved as soon as you leave a field."
)

PLAYS = {
    Play.NORMAL: "",
    Play.SLOW: "slows down",
    Play.FREEZE: "freezes",
    Play.STILL: "a still",
}
"""How a micro-clip plays, where that is worth saying."""

NO_SUGGESTION = "No suggestion. That says nothing about this family."
OLDER = "These suggestions were made by an older version of this tool; the library can renew them."
NOT_WATCHED = "The computer has not watched this film yet."
RENDERED = "This is a rendered film. What the computer finds in it says nothing about real babies."
SAMPLES_ONLY = "Sample films only until your service has signed its data-protection assessment."
ERASE_ORIGINAL = "Now erase it from the phone, its Recently Deleted and its cloud."
ORIGINAL_LEFT = (
    "The film is sealed in the vault, but the unprotected original is still where it was. "
    "Once you have seen that this one plays: " + ERASE_ORIGINAL[:1].lower() + ERASE_ORIGINAL[1:]
)
ERASED = "Erased. Nobody can bring the film back."
ERASE_ASKED = "Asked. It stands in the settings of whoever may erase it."
ERASED_PENDING = (
    "Erased: the key is destroyed. Its last bytes leave the database file at the next unlock; until "
    "then this counts as pending."
)


def day(when: date | None) -> str:
    """``12 Nov 2026``; a day nobody noted is called so."""
    return f"{when.day} {when:%b %Y}" if when else "day not noted"


def filmed(when: date | None) -> str:
    return f"filmed {day(when)}" if when else "filming day not noted"


def length(duration: Micros) -> str:
    """``7 min``, ``1 min 20 s`` below three minutes, ``45 s`` below one."""
    seconds = round(duration / SECOND)
    minutes, rest = divmod(seconds, 60)
    if minutes >= 3:
        return f"{round(seconds / 60)} min"
    if minutes:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{seconds} s"


def age(weeks: int | None) -> str | None:
    """``baby 23 weeks``; months from a year on, as people say it, and a child from two years."""
    if weeks is None:
        return None
    months = round(weeks / 4.345)
    if weeks < 52:
        return f"baby {weeks} weeks"
    return f"baby {months} months" if months < 24 else f"child {months} months"


def count(number: int, one: str, many: str | None = None) -> str:
    """``1 suggestion``, ``8 suggestions``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def need(want: Want, pseudonym: str, number: int) -> str:
    """What waits for somebody, as a button says it."""
    said = {
        Want.LOOK: f"{count(number, 'suggestion')} to look at",
        Want.ORIGINAL: "erase the original",
        Want.WORK: "the computer did not finish",
    }
    return f"{plain(pseudonym)}: {said[want]}"


def line(*parts: str | None) -> str:
    """Parts side by side, those that are not there left out."""
    return " · ".join(part for part in parts if part)


def sentences(*said: str | None) -> str | None:
    """Sentences one after the other; None when there are none."""
    return " ".join(one for one in said if one) or None


def plain(typed: str) -> str:
    """What a person typed, so that Markdown takes no character of it for a mark, link or picture."""
    return re.sub(r"([\\`*_{}\[\]()#+.!<>|:$~-])", r"\\\1", typed)


FIELDS = {
    "title": "Title",
    "note": "Note",
    "question": "Question for the parent",
    "initiated_by": "Who began",
    "received_by": "Who received",
    "principles": "What it shows",
    "play": "How it plays",
    "span": "From and to",
    "words": "Note",
}
"""What the parts of a micro-clip or a note are called."""

PEOPLE = (
    "One click counts for the whole film, and the suggestions are worked out anew. "
    "Nothing that the computer saw is thrown away."
)
NOBODY_FOUND = "The computer has found nobody in this film yet."
LOOK_FIRST = (
    "You look first. The computer's suggestions wait until you have marked a moment or written a "
    "note of your own."
)
NOT_AGREED = (
    "This family has not agreed to the computer's part. Everything that you do by hand works."
)


def who(carer: str | None, more: Sequence[Role] = ()) -> list[list[str]]:
    """Who may have begun or received, as choices: what is kept, and what is read."""
    words = {Role.BABY: "Baby", Role.PARENT: carer or "Parent", **_OTHERS}
    return [["", "Not said"], *([r.value, words[r]] for r in (Role.BABY, Role.PARENT, *more))]


def roles(carer: str | None, known: Sequence[str]) -> list[list[str]]:
    """Whom a person in the film may be said to be, as choices."""
    said = {
        "parent": carer or "Parent",
        "baby": "Baby",
        "carer2": "Second carer",
        "twin": "Twin",
        "ignore": "Somebody else: leave out",
    }
    return [[as_, said[as_]] for as_ in known]


_OTHERS = {Role.CARER2: "Second carer", Role.TWIN: "Twin"}


def value(kept: object, terms: Mapping[str, str]) -> str:
    """What a field holds, as both sides of a conflict are read."""
    if isinstance(kept, Span):
        return f"{clock(kept.start)} to {clock(kept.end)}"
    if isinstance(kept, Role):
        return {Role.BABY: "Baby", Role.PARENT: "Parent", **_OTHERS}.get(kept, str(kept))
    if isinstance(kept, Play):
        return PLAYS[kept] or "normally"
    if isinstance(kept, tuple):
        return ", ".join(terms.get(str(one), str(one)) for one in kept)
    return str(kept or "")


def clock(at: Micros) -> str:
    """``2:14.2``: a place in the film to the tenth."""
    tenths = at * 10 // SECOND
    return f"{tenths // 600}:{tenths // 10 % 60:02}.{tenths % 10}"
