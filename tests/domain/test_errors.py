"""Every error is a sentence, has an exit code and hangs in the tree that its module draws."""

from __future__ import annotations

import pickle
import re
from string import Formatter

import pytest

import vig.errors
from vig.errors import VigError


def everyone(kind: type[VigError] = VigError) -> list[type[VigError]]:
    return [kind, *(each for child in kind.__subclasses__() for each in everyone(child))]


OURS = [kind for kind in everyone() if kind.__module__.startswith("vig.")]


def fields_of(kind: type[VigError]) -> dict[str, object]:
    texts = (kind.__doc__ or "", kind.hint or "")
    return {name: "x" for text in texts for _, name, _, _ in Formatter().parse(text) if name}


def drawn_tree() -> dict[str, tuple[str | None, int | None]]:
    """Name → (parent, exit code where one is drawn), read from the drawing in the docstring."""
    drawn: dict[str, tuple[str | None, int | None]] = {}
    above: list[str] = []
    for line in (vig.errors.__doc__ or "").splitlines():
        found = re.fullmatch(r" {4}([│├└─ ]*)([A-Z]\w+)(?:\s+(\d)\b)?.*", line)
        if not found:
            continue
        depth = len(found[1]) // 4
        above[depth:] = [found[2]]
        parent = above[depth - 1] if depth else None
        drawn[found[2]] = (parent, int(found[3]) if found[3] else None)
    return drawn


def test_errors_live_in_one_module_only() -> None:
    assert {kind.__module__ for kind in OURS} == {"vig.errors"}


def test_the_drawn_tree_is_the_tree() -> None:
    tree = {kind.__name__: None if kind is VigError else kind.__mro__[1].__name__ for kind in OURS}
    assert {name: parent for name, (parent, _) in drawn_tree().items()} == tree


@pytest.mark.parametrize("kind", OURS)
def test_the_exit_code_is_the_one_drawn_at_its_branch(kind: type[VigError]) -> None:
    drawn = drawn_tree()
    name: str | None = kind.__name__
    while name and drawn[name][1] is None:
        name = drawn[name][0]
    assert name is not None
    assert kind.exit_code == drawn[name][1]


@pytest.mark.parametrize("kind", OURS)
def test_every_error_says_one_plain_sentence(kind: type[VigError]) -> None:
    fields = fields_of(kind)
    sentence = str(kind(**fields))
    assert "\n" not in sentence
    assert "{" not in sentence
    if kind.__doc__ != "{what}":
        assert sentence[0].isupper()
        assert sentence.endswith(".")


@pytest.mark.parametrize("kind", OURS)
def test_every_hint_is_a_sentence_with_the_same_fields_filled_in(kind: type[VigError]) -> None:
    advice = kind(**fields_of(kind)).advice
    assert (advice is None) == (kind.hint is None)
    if advice is not None:
        assert advice[0].isupper()
        assert advice.endswith(".")
        assert "{" not in advice


@pytest.mark.parametrize("kind", OURS)
def test_an_error_is_the_same_after_crossing_a_process(kind: type[VigError]) -> None:
    error = kind(**fields_of(kind))
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is kind
    assert (str(back), back.fields, back.advice) == (str(error), error.fields, error.advice)
