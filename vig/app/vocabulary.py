"""The words for what a micro-clip shows: the six attunement principles and a service's own.

The six are built in (headings: AVIGuk; Kennedy, Landor & Todd 2011) and may be put in other words;
a service adds its own beside them. Nothing is ever removed: a withdrawn entry is no longer offered,
and a micro-clip that carries it still says it.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection

from vig.app.policy import authorise, plain
from vig.app.workspace import Workspace
from vig.domain.review import Principle, Term
from vig.errors import BadValue, Unknown

SETTING = "vocabulary.principles"
LONGEST = 80

BUILT_IN = (
    Term(Principle.ATTENTIVE, "Being attentive"),
    Term(Principle.ENCOURAGING, "Encouraging initiatives"),
    Term(Principle.RECEIVING, "Receiving initiatives"),
    Term(Principle.DEVELOPING, "Developing attuned interactions"),
    Term(Principle.GUIDING, "Guiding"),
    Term(Principle.DEEPENING, "Deepening discussion"),
)


def terms(ws: Workspace, *, withdrawn: bool = True) -> tuple[Term, ...]:
    """The whole vocabulary in its order, the six first; ``withdrawn`` False leaves out the old."""
    return tuple(t for t in _kept(ws.catalogue.setting(SETTING)) if withdrawn or not t.withdrawn)


def reword(ws: Workspace, code: str, words: str, *, actor: str) -> Term:
    """Say an entry in other words, the built-in ones too. Raises Unknown, BadValue."""
    return _set(ws, code, actor, words=words)


def withdraw(ws: Workspace, code: str, *, actor: str) -> Term:
    """Offer an entry no longer; what carries it still says it."""
    return _set(ws, code, actor, withdrawn=True)


def offer(ws: Workspace, code: str, *, actor: str) -> Term:
    """Offer a withdrawn entry again."""
    return _set(ws, code, actor, withdrawn=False)


def add(ws: Workspace, words: str, *, actor: str) -> Term:
    """A new entry of the service's own. BadValue where the words are there already."""
    authorise(ws, actor, "house.settings")
    made = Term(f"own-{uuid.uuid4().hex[:12]}", _checked(words))
    with ws.catalogue.act(plain(actor), "vocabulary.add", object="settings") as act:
        listed = _kept(act.setting(SETTING))
        _distinct(made, listed)
        act.set(SETTING, _told([*listed, made]))
    return made


def check_codes(ws: Workspace, codes: Collection[str], carried: Collection[str] = ()) -> None:
    """BadValue where a code is none of the vocabulary, or is withdrawn and was not ``carried``."""
    offered = {term.code: term for term in terms(ws)}
    for code in codes:
        if code not in offered:
            raise BadValue(what="This principle is not in the vocabulary.")
        if offered[code].withdrawn and code not in carried:
            raise BadValue(what="This principle is no longer in use.")


def _set(
    ws: Workspace,
    code: str,
    actor: str,
    *,
    words: str | None = None,
    withdrawn: bool | None = None,
) -> Term:
    authorise(ws, actor, "house.settings")
    with ws.catalogue.act(plain(actor), "vocabulary.change", object="settings") as act:
        listed = _kept(act.setting(SETTING))
        old = next((term for term in listed if term.code == code), None)
        if old is None:
            raise Unknown(kind="principle", name=code)
        made = Term(
            code,
            old.words if words is None else _checked(words),
            old.withdrawn if withdrawn is None else withdrawn,
        )
        _distinct(made, [term for term in listed if term.code != code])
        act.set(SETTING, _told([made if term.code == code else term for term in listed]))
    return made


def _kept(setting: object) -> list[Term]:
    """The entries as they are kept; a built-in one that was never touched is as it came."""
    kept = setting if isinstance(setting, list) else []
    known = {code: Term(code, words, withdrawn) for code, words, withdrawn in kept}
    built_in = [known.pop(term.code, term) for term in BUILT_IN]
    return [*built_in, *known.values()]


def _told(listed: list[Term]) -> list[list[object]]:
    return [[term.code, term.words, term.withdrawn] for term in listed]


def _checked(words: str) -> str:
    line = " ".join(words.split())
    if not 0 < len(line) <= LONGEST or not line.isprintable():
        raise BadValue(what=f"A principle has one to {LONGEST} characters.")
    return line


def _distinct(made: Term, others: Collection[Term]) -> None:
    if any(made.words.casefold() == other.words.casefold() for other in others):
        raise BadValue(what="These words are in the vocabulary already.")
