"""The evidence of a moment, and the one sentence that says why it is proposed."""

from __future__ import annotations

from collections.abc import Iterable

from vig.attunement import words as say
from vig.attunement.chains import Act, Answer
from vig.attunement.signals import Signals, Turn, turn_count
from vig.attunement.words import Words
from vig.domain.clock import SECOND, Micros, Span, SpanSet
from vig.domain.family import Role
from vig.domain.review import Cue, Evidence

_REPLY_ORDER = (Cue.SMILE, Cue.VOICE, Cue.LOOK)  # the warmest answer is told first


def evidence_of(
    signals: Signals, span: Span, answers: list[Answer], turns: list[Turn], words: Words
) -> tuple[Evidence, ...]:
    """Everything in the stretch that speaks for it, in the order of time, cut to the stretch."""
    baby, carer = words.of(Role.BABY), words.of(Role.PARENT)
    both = f"{baby} and {carer}"
    shared: list[tuple[Cue, SpanSet, str]] = [
        (Cue.MUTUAL_LOOK, signals.mutual_looks, f"{both} look at each other"),
        (Cue.JOINT_LOOK, signals.joint_looks, f"{both} look at the same thing"),
        (Cue.JOINT_SMILE, signals.joint_smiles, f"{both} smile together"),
    ]
    own: list[tuple[Cue, SpanSet, str]] = [
        (Cue.PAUSE, signals.pauses, f"{carer} waits and watches"),
        (Cue.SOOTHING, signals.soothings, _comforting(words)),
    ]
    found = [e for cue, spans, text in shared for e in _cut(cue, spans, None, text, span)]
    found += [e for cue, spans, text in own for e in _cut(cue, spans, Role.PARENT, text, span)]
    if not any(e.cue is Cue.MUTUAL_LOOK for e in found):
        text = f"{both} are turned to each other"
        found += _cut(Cue.FACING, signals.facings, None, text, span)
    found += _told(signals, span, answers, words)
    if turn_count(turns) > 0:
        whole = Span(min(t.span.start for t in turns), max(t.span.end for t in turns))
        cut = whole.within(span)
        if cut is not None:
            found.append(Evidence(Cue.TURNS, cut, None, say.turns_each(*_turns_of(turns))))
    return tuple(sorted(found, key=lambda e: (e.span, e.cue.value, e.words)))


def _cut(cue: Cue, spans: SpanSet, by: Role | None, text: str, span: Span) -> list[Evidence]:
    cut = (each.within(span) for each in spans)
    return [Evidence(cue, each, by, text) for each in cut if each is not None]


def _told(signals: Signals, span: Span, answers: Iterable[Answer], words: Words) -> list[Evidence]:
    """The acts that were answered and their answers; a reply is told once, with its best delay."""
    found: dict[Act, Evidence] = {}
    best: dict[Act, Answer] = {}
    for answer in answers:
        known = best.get(answer.reply)
        if known is None or (answer.credit, -answer.delay) > (known.credit, -known.delay):
            best[answer.reply] = answer
    for answer in best.values():
        first = answer.initiative
        text = say.acting(first, words, by_eyes=_by_eyes(signals, first))
        found.setdefault(first, _evidence(first, text, None, span))
    for reply, answer in best.items():
        text = say.answering(answer, words, by_eyes=_by_eyes(signals, reply))
        found[reply] = _evidence(reply, text, answer.delay, span)
    return list(found.values())


def _evidence(act: Act, text: str, delay: Micros | None, span: Span) -> Evidence:
    cut = act.span.within(span)
    assert cut is not None, "an answer begins in its stretch"
    return Evidence(act.cue, cut, act.by, text, delay)


def _by_eyes(signals: Signals, act: Act) -> bool:
    """Whether a look was read from the eyes for at least half of it."""
    ticks = signals.grid.ticks_in(act.span)
    read = signals.columns.by_eyes[act.by][ticks.start : ticks.stop]
    return bool(len(read)) and float(read.mean()) >= 0.5


def _turns_of(turns: Iterable[Turn]) -> tuple[int, int]:
    """How many voices of the baby and of the parent take part."""
    voices = {(turn.first, turn.span.start) for turn in turns}
    voices |= {(turn.second, turn.start) for turn in turns}
    baby = sum(role is Role.BABY for role, _ in voices)
    return baby, len(voices) - baby


def reason_of(
    signals: Signals, span: Span, answers: list[Answer], turns: list[Turn], words: Words
) -> str:
    """One plain sentence, such as "She looks up; Mum smiles back, two turns each."."""
    tails = []
    if turn_count(turns) > 0:
        tails.append(say.turns_each(*_turns_of(turns)))
    smiles = _first(signals.joint_smiles, span)
    first = min(answers, key=_telling, default=None)
    if first is not None:
        act, reply = first.initiative, first.reply
        clauses = [
            say.acting(act, words, by_eyes=_by_eyes(signals, act)),
            say.answering(first, words, by_eyes=_by_eyes(signals, reply)),
        ]
        if smiles is not None:
            tails.append("both smile")
        return say.sentence(clauses, tails)
    return say.sentence([_without_answer(signals, span, words)], tails)


def _telling(answer: Answer) -> tuple[bool, float, int, Micros]:
    """What makes an answer the one to tell: the baby began, promptness, warmth, order of time."""
    reply = answer.reply.cue
    return (
        answer.initiative.by is not Role.BABY,
        -answer.credit,
        _REPLY_ORDER.index(reply),
        answer.initiative.span.start,
    )


def _comforting(words: Words) -> str:
    return f"{words.heard(Role.PARENT)} speaks while {words.heard(Role.BABY)} cries"


def _without_answer(signals: Signals, span: Span, words: Words) -> str:
    baby, carer = words.of(Role.BABY), words.of(Role.PARENT)
    both = f"{baby} and {carer}"
    mutual, smiles = _first(signals.mutual_looks, span), _first(signals.joint_smiles, span)
    if smiles is not None:
        return f"{both} smile together"
    if mutual is not None:
        seconds = max(round(mutual.length / SECOND), 1)
        return f"{both} look at each other for {_seconds(seconds)}"
    if _first(signals.soothings, span) is not None:
        return f"{words.heard(Role.BABY)} cries; {words.heard(Role.PARENT)} speaks to comfort"
    if _first(signals.joint_looks, span) is not None:
        return f"{both} look at the same thing"
    return f"{both} take turns"


def _seconds(number: int) -> str:
    return f"{say.count(number)} second{'s' if number != 1 else ''}"


def _first(spans: SpanSet, span: Span) -> Span | None:
    return next((cut for each in spans if (cut := each.within(span)) is not None), None)
