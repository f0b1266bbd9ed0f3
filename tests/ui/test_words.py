"""How things are put on the screen."""

from datetime import date

import pytest

from vig.domain.clock import SECOND
from vig.domain.review import Principle
from vig.ui import words


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (24, "24 s"),
        (59.6, "1 min"),
        (80, "1 min 20 s"),
        (120, "2 min"),
        (240, "4 min"),
        (571, "10 min"),
    ],
)
def test_lengths_are_said_as_people_say_them(seconds: float, said: str) -> None:
    assert words.length(round(seconds * SECOND)) == said


@pytest.mark.parametrize(
    ("weeks", "said"),
    [
        (None, None),
        (0, "baby 0 weeks"),
        (23, "baby 23 weeks"),
        (60, "baby 14 months"),
        (110, "child 25 months"),
    ],
)
def test_ages_are_said_as_people_say_them(weeks: int | None, said: str | None) -> None:
    assert words.age(weeks) == said


def test_a_day_nobody_noted_is_called_so_and_never_left_out() -> None:
    assert words.filmed(date(2026, 11, 2)) == "filmed 2 Nov 2026"
    assert words.filmed(None) == "filming day not noted"
    assert words.day(None) == "day not noted"


def test_one_is_one_and_many_are_many() -> None:
    assert words.count(1, "suggestion") == "1 suggestion"
    assert words.count(0, "suggestion") == "0 suggestions"
    assert words.count(2, "family", "families") == "2 families"


def test_what_is_not_there_leaves_no_gap() -> None:
    assert words.line("F-014", None, "", "7 min") == "F-014 · 7 min"
    assert words.sentences(None, "One.", None, "Two.") == "One. Two."
    assert words.sentences(None) is None


def test_every_principle_has_its_heading() -> None:
    assert set(words.PRINCIPLES) == set(Principle)


def test_no_word_of_ours_rates_anybody() -> None:
    said = " ".join(v for k, v in vars(words).items() if k.isupper() and isinstance(v, str)).lower()
    assert "family" in said
    for rating in ("score", "performance", "abnormal", "fail", "poor", "normal"):
        assert rating not in said
