"""The part of the settings about accounts."""

from __future__ import annotations

from dataclasses import replace

from streamlit.testing.v1 import AppTest

from tests.ui.conftest import Pages, words_on
from vig.domain.account import Office


def links(at: AppTest) -> str:
    return "\n".join(str(element.proto.body) for element in at.get("html"))


def test_everybody_sees_their_own_account_and_how_they_come_in(pages: Pages) -> None:
    at = pages.open("settings")
    said = words_on(at)
    assert "Ann" in said
    assert "admin, guider" in said
    assert "Second step: none" in said
    assert "/account/own" in links(at)


def test_only_who_may_look_after_accounts_sees_the_others(pages: Pages) -> None:
    other = replace(
        pages.people[0], id="b", name="Bo", offices=frozenset({Office.TRAINEE}), disabled=True
    )
    pages.people = (*pages.people, other)
    at = pages.open("settings")
    assert "Bo :gray[trainee guider · disabled]" in words_on(at)
    assert "/account/people" in links(at)
    pages.may.discard("house.accounts")
    at = pages.open("settings")
    assert "Bo :gray" not in words_on(at)
    assert "/account/people" not in links(at)


def test_the_demonstration_has_one_account_and_no_page_for_others(pages: Pages) -> None:
    pages.house.demo = True
    assert "/account/people" not in links(pages.open("settings"))
