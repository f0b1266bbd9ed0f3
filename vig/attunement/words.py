"""Plain words for what was seen: no judgement, no guess about anybody's sex, no names of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vig.attunement.chains import Act, Answer
from vig.domain.family import Role
from vig.domain.review import Cue
from vig.errors import BadValue

_NUMBERS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
_LONGEST_WORD = 40


@dataclass(frozen=True, slots=True)
class Words:
    """How a family speaks of its people.

    ``carer`` is the family's own word ("Mum", "Daddy", "Granny"); ``baby`` may be "she" or "he"
    where the family said so, and is "the baby" otherwise. Voices are not told apart by person, so
    with two carers or two babies in the film ``voice`` and ``baby_voice`` say who may have spoken
    ("one of the grown-ups"); None where it can be nobody else. Raises BadValue for an empty or
    very long word.
    """

    carer: str = "the parent"
    baby: str = "the baby"
    voice: str | None = None
    baby_voice: str | None = None

    def __post_init__(self) -> None:
        for word in (self.carer, self.baby, self.voice, self.baby_voice):
            if word is not None and not self._fits(word):
                raise BadValue(what="The word for a person is one to forty letters long.")

    def of(self, role: Role) -> str:
        """The word for this person as one who does something."""
        return self.baby if role is Role.BABY else self.carer

    @staticmethod
    def _fits(word: str) -> bool:
        return bool(word.strip()) and len(word) <= _LONGEST_WORD and word.isprintable()

    def heard(self, role: Role) -> str:
        """The word for whoever is heard, as one who does something."""
        voice = self.baby_voice if role is Role.BABY else self.voice
        return voice or self.of(role)

    def to(self, role: Role) -> str:
        """The word for this person as one to whom something is done."""
        word = self.of(role)
        return {"she": "her", "he": "him"}.get(word, word)


def count(number: int) -> str:
    """A small number as a word."""
    return _NUMBERS[number] if 0 <= number < len(_NUMBERS) else str(number)


def other(role: Role) -> Role:
    return Role.PARENT if role is Role.BABY else Role.BABY


def acting(act: Act, words: Words, *, by_eyes: bool) -> str:
    """A clause for an act, such as "she looks up". In profile only a turn of the head is seen."""
    who, whom = words.of(act.by), words.to(other(act.by))
    if act.cue is Cue.LOOK:
        return f"{who} looks at {whom}" if by_eyes else f"{who} turns to {whom}"
    if act.cue is Cue.SMILE:
        return f"{who} smiles"
    heard = words.heard(act.by)
    return f"{heard} makes a sound" if act.by is Role.BABY else f"{heard} speaks"


def answering(answer: Answer, words: Words, *, by_eyes: bool) -> str:
    """A clause for the answer to an act, such as "Mum smiles back"."""
    reply, first = answer.reply, answer.initiative
    who = words.of(reply.by)
    if reply.cue is Cue.LOOK:
        if first.cue is Cue.LOOK:
            return f"{who} looks back" if by_eyes else f"{who} turns too"
        return acting(reply, words, by_eyes=by_eyes)
    if reply.cue is Cue.SMILE:
        return f"{who} smiles back"
    return f"{words.heard(reply.by)} answers"


def turns_each(baby: int, parent: int) -> str:
    """How often each had a turn, such as "two turns each"."""
    if baby == parent:
        return f"{count(baby)} turn{'s' if baby != 1 else ''} each"
    return f"{count(baby + parent)} turns between them"


def sentence(clauses: Sequence[str], tails: Sequence[str]) -> str:
    """One sentence: clauses after semicolons, tails after commas."""
    joined = ", ".join(["; ".join(clauses), *tails])
    return f"{joined[:1].upper()}{joined[1:]}."
