"""A machine's proposal and a person's choice: two things that never change places.

A :class:`Moment` is proposed by the computer and carries its evidence. A :class:`MicroClip` is
chosen by a person. ``proposed_by`` is the only thread between them. A moment's order in the list
is all that is kept of its score; there is no number for a person or a family.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from vig.domain.clock import Micros, Span
from vig.domain.family import Role


class Principle(StrEnum):
    """The attunement principles (headings: AVIGuk; Kennedy, Landor & Todd 2011)."""

    ATTENTIVE = "attentive"
    ENCOURAGING = "encouraging"
    RECEIVING = "receiving"
    DEVELOPING = "developing"
    GUIDING = "guiding"
    DEEPENING = "deepening"


@dataclass(frozen=True, slots=True)
class Term:
    """One entry of the service's vocabulary for what a micro-clip shows."""

    code: str
    """One of :class:`Principle` or a code of the service's own; never reused."""
    words: str
    withdrawn: bool = False
    """No longer offered; micro-clips that carry it still say it."""


class Sense(StrEnum):
    """A kind of cue that a family may have switched off; why is nowhere kept."""

    LOOKING = "looking"
    SMILING = "smiling"


class Cue(StrEnum):
    """What a piece of evidence speaks of."""

    LOOK = "look"
    MUTUAL_LOOK = "mutual-look"
    FACING = "facing"
    JOINT_LOOK = "joint-look"
    SMILE = "smile"
    JOINT_SMILE = "joint-smile"
    VOICE = "voice"
    TURNS = "turns"
    PAUSE = "pause"
    SOOTHING = "soothing"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing the computer saw or heard, and when."""

    cue: Cue
    span: Span
    by: Role | None
    """Whose cue it is; None for one that belongs to both."""
    words: str
    """A plain clause without names, such as "she looks up"."""
    delay: Micros | None = None
    """For an answer: the time since what it answers; None for anything else."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A stretch of film that the computer proposes to look at, best first in its list."""

    id: str
    span: Span
    principle: Principle
    reason: str
    evidence: tuple[Evidence, ...]
    parts: tuple[tuple[str, float], ...]
    """The components of the ordering and their weights' product, each shown on its own."""
    coverage: float
    """Share of the stretch in which both faces were seen, 0 to 1."""


class Play(StrEnum):
    """How a micro-clip is played in a shared review."""

    NORMAL = "normal"
    SLOW = "slow"
    FREEZE = "freeze"
    STILL = "still"


@dataclass(frozen=True, slots=True)
class MicroClip:
    """A stretch of film that a person chose, and what they made of it."""

    id: str
    recording: str
    span: Span
    title: str
    note: str
    chosen_by: str
    chosen_at: datetime
    proposed_by: str | None = None
    """The id of the moment it came from; None where a person found it alone."""
    play: Play = Play.NORMAL
    play_at: Micros | None = None
    """From when it is slow, or where it freezes, on the film's clock; None for the whole clip."""
    initiated_by: Role | None = None
    """Who made the initiative; None where the guider has not said."""
    received_by: Role | None = None
    """Who received it; None where the guider has not said."""
    principles: tuple[str, ...] = ()
    """Codes of the service's vocabulary (see :class:`Term`), in the order they were ticked."""
    question: str = ""
    """What the guider wants to ask the parent about it."""
    version: int = 1
    """Which edit this is; a change names the edit it was made from."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """A person's remark on a stretch of film."""

    id: str
    recording: str
    span: Span
    words: str
    by: str
    at: datetime
    version: int = 1
    """Which edit this is; a change names the edit it was made from."""


@dataclass(frozen=True, slots=True)
class ReviewPlan:
    """The micro-clips of one shared review, in the order they will be shown."""

    recording: str
    clips: tuple[MicroClip, ...] = ()
    version: int = 1
    """Which order this is; a new order names the one it was made from."""

    @property
    def length(self) -> Micros:
        """How long they last together."""
        return sum(clip.span.length for clip in self.clips)
