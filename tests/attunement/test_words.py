"""The words in which a moment is told."""

from __future__ import annotations

import pytest

from vig.attunement.words import Words, count, sentence, turns_each
from vig.domain.family import Role
from vig.errors import BadValue


def test_words_for_people_fit_into_a_sentence_on_either_side() -> None:
    words = Words("Granny", "he")
    assert (words.of(Role.BABY), words.to(Role.BABY)) == ("he", "him")
    assert (words.of(Role.PARENT), words.to(Role.PARENT)) == ("Granny", "Granny")


@pytest.mark.parametrize("word", ["", "   ", "M" * 41, "Mum\n"])
def test_a_word_that_is_none_is_refused(word: str) -> None:
    with pytest.raises(BadValue, match="one to forty letters"):
        Words(carer=word)


def test_numbers_up_to_ten_are_words() -> None:
    assert [count(n) for n in (1, 2, 10, 11)] == ["one", "two", "ten", "11"]


def test_uneven_turns_are_told_together() -> None:
    assert turns_each(1, 1) == "one turn each"
    assert turns_each(2, 1) == "three turns between them"


def test_a_sentence_starts_with_a_capital_and_keeps_the_rest() -> None:
    assert sentence(["she looks at Mum", "Mum smiles back"], ["one turn each"]) == (
        "She looks at Mum; Mum smiles back, one turn each."
    )
