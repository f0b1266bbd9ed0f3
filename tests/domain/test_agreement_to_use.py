"""A film may be used for what its family last agreed to, and for nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vig.domain.family import ConsentRuling, Purpose, permits

TODAY = date(2026, 11, 24)
START = datetime(2026, 1, 1, tzinfo=UTC)

days = st.integers(-400, 400).map(lambda n: TODAY + timedelta(days=n))


@st.composite
def rulings(draw: st.DrawFn) -> list[ConsentRuling]:
    """A history in the order it was written: no two rulings at the same instant."""
    count = draw(st.integers(0, 12))
    return [
        ConsentRuling(
            purpose=draw(st.sampled_from(Purpose)),
            allowed=draw(st.booleans()),
            at=START + timedelta(hours=number),
            until=draw(st.none() | days),
        )
        for number in range(count)
    ]


@given(rulings(), st.sampled_from(Purpose))
def test_nothing_is_permitted_after_a_newer_ruling_withdraws(
    history: list[ConsentRuling], purpose: Purpose
) -> None:
    withdrawn = ConsentRuling(purpose, allowed=False, at=START + timedelta(days=300))
    assert not permits([*history, withdrawn], purpose, TODAY)
    assert not permits([withdrawn, *history], purpose, TODAY)


@given(rulings(), st.sampled_from(Purpose))
def test_only_the_newest_ruling_about_the_purpose_counts(
    history: list[ConsentRuling], purpose: Purpose
) -> None:
    about = [ruling for ruling in history if ruling.purpose is purpose]
    newest = max(about, key=lambda ruling: ruling.at, default=None)
    allowed = newest is not None and newest.allowed
    in_time = newest is not None and (newest.until is None or newest.until >= TODAY)
    assert permits(history, purpose, TODAY) == (allowed and in_time)


@given(rulings().flatmap(lambda history: st.tuples(st.just(history), st.permutations(history))))
def test_the_order_in_which_rulings_are_read_does_not_matter(
    pair: tuple[list[ConsentRuling], list[ConsentRuling]],
) -> None:
    history, mixed = pair
    for purpose in Purpose:
        assert permits(mixed, purpose, TODAY) == permits(history, purpose, TODAY)


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
