"""Who is who, the cues of a family, looking first, and a film out of reach, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, Route, expect

pytestmark = pytest.mark.browser


def enter(page: Page) -> None:
    page.locator("[data-testid=stMain]").get_by_role("button", name="Review").first.click()
    page.wait_for_selector(".room[data-ready=yes]")


@pytest.fixture
def room(page: Page) -> Page:
    """The room; each test leaves it as it found it."""
    enter(page)
    return page


def reasons(page: Page) -> Locator:
    return page.locator("ol.cards:not(.gone) .card .why")


def people(page: Page) -> Locator:
    page.get_by_role("button", name="Who is who", exact=True).click()
    dialog = page.locator("dialog.people")
    expect(dialog).to_be_visible()
    return dialog


def test_one_click_swaps_baby_and_parent_and_the_suggestions_are_worked_out_anew(
    room: Page,
) -> None:
    before = reasons(room).all_inner_texts()
    assert before
    dialog = people(room)
    held = dialog.locator("[type=radio][value=baby]")
    expect(held).to_have_count(2)
    first = held.nth(0).is_checked()
    dialog.get_by_role("button", name="Swap baby and parent").click()
    (expect(held.nth(0)).not_to_be_checked if first else expect(held.nth(0)).to_be_checked)()
    expect(reasons(room)).not_to_have_text(before)
    dialog.get_by_role("button", name="Swap baby and parent").click()
    expect(reasons(room)).to_have_text(before)
    room.keyboard.press("Escape")


def test_a_person_left_out_leaves_no_suggestion_about_them(room: Page) -> None:
    before = reasons(room).all_inner_texts()
    dialog = people(room)
    dialog.locator("[type=radio][value=ignore]").first.check(force=True)
    expect(room.locator(".none")).to_contain_text("That says nothing about this family.")
    expect(reasons(room)).to_have_count(0)
    room.keyboard.press("Escape")
    room.locator("button.undo").first.click()
    expect(reasons(room)).to_have_text(before)


def test_a_cue_that_does_not_count_in_a_family_makes_no_suggestion(room: Page) -> None:
    before = reasons(room).all_inner_texts()
    assert any("smile" in one for one in before)
    dialog = people(room)
    dialog.get_by_role("checkbox", name="smiling").uncheck()
    expect(reasons(room).filter(has_text="smile")).to_have_count(0)
    dialog.get_by_role("checkbox", name="looking").uncheck()
    expect(reasons(room).filter(has_text="look")).to_have_count(0)
    room.reload()
    room.get_by_role("link", name="Library").click()
    enter(room)
    dialog = people(room)
    for cue in ("smiling", "looking"):
        expect(dialog.get_by_role("checkbox", name=cue)).not_to_be_checked()
        dialog.get_by_role("checkbox", name=cue).check()
    expect(reasons(room)).to_have_text(before)
    room.keyboard.press("Escape")


def test_whoever_looks_first_is_offered_the_suggestions_after_a_moment_of_their_own(
    room: Page,
) -> None:
    before = reasons(room).all_inner_texts()
    room.get_by_text("Look first", exact=True).click()
    expect(room.locator(".none")).to_contain_text("You look first.")
    expect(reasons(room)).to_have_count(0)
    show = room.get_by_role("button", name="Show them now")
    expect(show).to_have_count(0)  # it would only be refused
    room.locator(".time").click()
    room.keyboard.press("i")
    for _ in range(3):
        room.keyboard.press("ArrowRight")
    room.keyboard.press("o")
    room.locator(".marked .primary").click()
    show.click()
    expect(reasons(room)).to_have_text(before)
    room.locator(".clips [data-focus=remove]").click()
    expect(room.locator(".clips .clip")).to_have_count(0)


def test_a_film_out_of_reach_is_tried_again_and_then_plays(page: Page) -> None:
    broken: list[Route] = []

    def breaking(route: Route) -> None:
        if len(broken) < 2:
            broken.append(route)
            route.abort("connectionrefused")
        else:
            route.continue_()

    page.route("**/api/times/*", breaking)
    page.locator("[data-testid=stMain]").get_by_role("button", name="Review").first.click()
    expect(page.locator(".over")).to_contain_text("It is tried again.")
    page.wait_for_selector(".room[data-ready=yes]")
    assert len(broken) == 2
    expect(page.locator(".over")).to_be_hidden()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".room")).to_have_attribute("data-frame", "1")
    page.keyboard.press(" ")
    expect(page.locator(".room.playing")).to_be_visible()
    page.keyboard.press(" ")
