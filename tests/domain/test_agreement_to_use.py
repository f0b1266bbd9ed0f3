"""A film may be used for what its family last agreed to, and for nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vig.domain.family import ConsentRuling, Family, Purpose, permits

TODAY = date(2026, 11, 24)
START = datetime(2026, 1, 1, tzinfo=UTC)

days = st.integers(-400, 400).map(lambda n: TODAY + timedelta(days=n))


@st.composite
def rulings(draw: st.DrawFn) -> list[ConsentRuling]:
    """A history in the order it was written: no two rulings at the same instant."""
    count = draw(st.integers(0, 12))
    return [
        ConsentRuling(
            purpose=draw(st.sampled_from([Purpose.KEEP, Purpose.ANALYSE, Purpose.TRAINING])),
            allowed=draw(st.booleans()),
            at=START + timedelta(hours=number),
            until=draw(st.none() | days),
            filmed_from=draw(st.none() | days),
            filmed_to=draw(st.none() | days),
        )
        for number in range(count)
    ]


filmed = st.none() | days
"""The day a film was made; None where nobody knows it."""


@given(rulings(), st.sampled_from(Purpose), filmed)
def test_nothing_is_permitted_after_a_newer_ruling_withdraws(
    history: list[ConsentRuling], purpose: Purpose, day: date | None
) -> None:
    withdrawn = ConsentRuling(purpose, allowed=False, at=START + timedelta(days=300))
    assert not permits([*history, withdrawn], purpose, TODAY, day)
    assert not permits([withdrawn, *history], purpose, TODAY, day)


@given(rulings(), st.sampled_from(Purpose), days, days, days)
def test_withdrawing_for_some_filming_days_closes_the_films_of_those_days_and_no_other(
    history: list[ConsentRuling], purpose: Purpose, first: date, last: date, day: date
) -> None:
    withdrawn = ConsentRuling(
        purpose,
        allowed=False,
        at=START + timedelta(days=300),
        filmed_from=first,
        filmed_to=last,
    )
    after = permits([*history, withdrawn], purpose, TODAY, day)
    assert after == (not first <= day <= last and permits(history, purpose, TODAY, day))


@given(rulings(), st.sampled_from(Purpose))
def test_a_film_without_a_date_is_closed_by_any_refusal_and_opened_by_no_dated_permission(
    history: list[ConsentRuling], purpose: Purpose
) -> None:
    dated = [r for r in history if r.filmed_from is not None or r.filmed_to is not None]
    assert not permits(dated, purpose, TODAY, None)
    if permits(history, purpose, TODAY, None):
        last = max((r for r in history if r.purpose is purpose), key=lambda r: r.at)
        assert last.allowed


@given(rulings(), st.sampled_from(Purpose), days)
def test_only_the_newest_ruling_about_the_purpose_and_the_day_counts(
    history: list[ConsentRuling], purpose: Purpose, day: date
) -> None:
    about = [
        ruling
        for ruling in history
        if ruling.purpose is purpose
        and (ruling.filmed_from or date.min) <= day <= (ruling.filmed_to or date.max)
    ]
    newest = max(about, key=lambda ruling: ruling.at, default=None)
    allowed = newest is not None and newest.allowed
    in_time = newest is not None and (newest.until is None or newest.until >= TODAY)
    assert permits(history, purpose, TODAY, day) == (allowed and in_time)


@given(
    rulings().flatmap(lambda history: st.tuples(st.just(history), st.permutations(history))), filmed
)
def test_the_order_in_which_rulings_are_read_does_not_matter(
    pair: tuple[list[ConsentRuling], list[ConsentRuling]], day: date | None
) -> None:
    history, mixed = pair
    for purpose in Purpose:
        assert permits(mixed, purpose, TODAY, day) == permits(history, purpose, TODAY, day)


@pytest.mark.parametrize("purpose", Purpose)
def test_silence_is_no_agreement(purpose: Purpose) -> None:
    assert not permits([], purpose, TODAY)


def test_agreement_to_one_purpose_is_agreement_to_no_other() -> None:
    kept = [ConsentRuling(Purpose.KEEP, allowed=True, at=START)]
    assert [purpose for purpose in Purpose if permits(kept, purpose, TODAY)] == [Purpose.KEEP]


def test_agreement_holds_through_its_last_day_and_not_the_day_after() -> None:
    until = [ConsentRuling(Purpose.KEEP, allowed=True, at=START, until=TODAY)]
    assert permits(until, Purpose.KEEP, TODAY)
    assert not permits(until, Purpose.KEEP, TODAY + timedelta(days=1))


def test_of_two_rulings_at_the_same_instant_the_one_written_last_holds() -> None:
    yes = ConsentRuling(Purpose.KEEP, allowed=True, at=START)
    no = ConsentRuling(Purpose.KEEP, allowed=False, at=START)
    assert not permits([yes, no], Purpose.KEEP, TODAY)
    assert permits([no, yes], Purpose.KEEP, TODAY)


@pytest.mark.parametrize("purpose", Purpose)
def test_every_purpose_has_words_a_family_can_read(purpose: Purpose) -> None:
    assert purpose.words
    assert purpose.words[0].islower()
    assert not purpose.words.endswith(".")


def test_who_agreed_never_shows_by_accident() -> None:
    ruling = ConsentRuling(Purpose.KEEP, allowed=True, at=START, agreed_by="Grandmother Rose")
    family = Family("1", "F-014", carer_word="Mam")
    assert "Rose" not in repr(ruling)
    assert "Mam" not in repr(family)
