"""Answers: one person does something, and the other does something soon after."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from vig.attunement.scoring import Chain, Scoring
from vig.attunement.signals import PAIR, Event, Signals
from vig.domain.clock import Micros, Span
from vig.domain.family import Role
from vig.domain.review import Cue


@dataclass(frozen=True, slots=True)
class Act:
    """Something that one of the two does."""

    by: Role
    cue: Cue
    event: Event

    @property
    def span(self) -> Span:
        return self.event.span


@dataclass(frozen=True, slots=True)
class Answer:
    """An act of the one, and the act of the other that followed it in time."""

    initiative: Act
    reply: Act
    delay: Micros
    credit: float
    """1 for a prompt answer, falling to 0 for one that comes too late to be felt as one."""


def acts_of(signals: Signals) -> list[Act]:
    """Every look, smile and sound of either, in the order of time."""
    kinds = ((Cue.LOOK, signals.looks), (Cue.SMILE, signals.smiles), (Cue.VOICE, signals.voices))
    found = [
        Act(role, cue, event) for cue, events in kinds for role in PAIR for event in events[role]
    ]
    return sorted(found, key=lambda act: (act.span, act.by.value, act.cue.value))


def credit(delay: Micros, chain: Chain) -> float:
    """1 up to ``full``, falling evenly to 0 at ``none`` (Keller 1999, in Striano & Henning 2004)."""
    if delay <= chain.full:
        return 1.0
    if delay >= chain.none:
        return 0.0
    return (chain.none - delay) / (chain.none - chain.full)


def answers_of(acts: Iterable[Act], scoring: Scoring) -> tuple[Answer, ...]:
    """Every pair of an act and a later act of the other that earns credit.

    The delay counts from the beginning of a look or smile, and from the end of a sound, or from
    its beginning where the answer comes before its end. Beginnings (and the end, where it counts)
    must have been seen. Two acts that begin in the same tick answer nothing: nobody reacts in no
    time. Assumes that what follows soon is an answer; a person who looks at the clip decides.
    """
    chain = scoring.chain
    listed = [act for act in acts if act.event.began]
    found: list[Answer] = []
    starts = [act.span.start for act in listed]
    for act in listed:
        low = bisect_right(starts, act.span.start)
        high = bisect_left(starts, act.span.end + chain.none)
        for reply in listed[low:high]:
            if reply.by is act.by:
                continue
            delay = _delay(act, reply)
            if delay is not None and (worth := credit(delay, chain)) > 0:
                found.append(Answer(act, reply, delay, worth))
    return tuple(found)


def _delay(act: Act, reply: Act) -> Micros | None:
    if act.cue is Cue.VOICE and reply.span.start >= act.span.end:
        return reply.span.start - act.span.end if act.event.ended else None
    return reply.span.start - act.span.start
