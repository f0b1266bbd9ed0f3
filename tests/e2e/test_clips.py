"""Micro-clips in a real browser: trimmed, taken back, put in order, compared, and changed by two."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Stage, sign_in

pytestmark = pytest.mark.browser


def enter(page: Page) -> None:
    page.locator("[data-testid=stMain]").get_by_role("button", name="Review").first.click()
    page.wait_for_selector(".room[data-ready=yes]")


@pytest.fixture
def room(page: Page) -> Iterator[Page]:
    """The room, and afterwards without a micro-clip or a suggestion set aside."""
    enter(page)
    yield page
    for _ in range(8):
        if page.locator(".clips .clip").count() == 0:
            break
        many = page.locator(".clips .clip").count()
        page.locator(".clips [data-focus=remove]").first.click()
        expect(page.locator(".clips .clip")).to_have_count(many - 1)


def clips(page: Page) -> Locator:
    return page.locator(".clips .clip")


def part(page: Page, first: int, frames: int) -> None:
    """A part of ``frames`` frames from ``first`` on, kept as a micro-clip."""
    many = clips(page).count()
    page.locator(".time").click()
    page.keyboard.press("Home")
    for _ in range(first):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".room")).to_have_attribute("data-frame", str(first))
    page.keyboard.press("i")
    for _ in range(frames - 1):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".room")).to_have_attribute("data-frame", str(first + frames - 1))
    page.keyboard.press("o")
    page.locator(".marked .primary").click()
    expect(clips(page)).to_have_count(many + 1)


def title(page: Page, number: int, words: str) -> None:
    page.locator(".clips .open").nth(number).click()
    page.get_by_role("textbox", name="Title").fill(words)
    expect(page.locator(".editing .saved")).to_contain_text("Saved")
    page.get_by_role("button", name="Back to all").click()
    expect(page.locator(".clips .name").nth(number)).to_have_text(words)


def test_a_suggestion_is_trimmed_and_kept_as_it_was_trimmed(room: Page, stage: Stage) -> None:
    card = room.locator("ol.cards:not(.gone) .card[data-state=new]").first
    card.get_by_role("button", name="Adjust").click()
    expect(room.locator(".marked .from")).to_be_visible()
    began = int(room.locator(".room").get_attribute("data-frame") or -1)
    room.get_by_role("button", name="Begin one frame later").click()
    room.get_by_role("button", name="Begin one frame later").click()
    room.locator(".marked .primary").click()
    expect(clips(room)).to_have_count(1)
    # It is the suggestion that is kept, and not a part beside it.
    expect(room.locator(".card[data-state=kept]")).to_have_count(1)
    room.locator(".clips .open").click()
    room.get_by_role("button", name="Show this frame in the film").first.click()
    expect(room.locator(".room")).to_have_attribute("data-frame", str(began + 2))
    room.get_by_role("button", name="Back to all").click()
    room.locator(".card[data-state=kept]").get_by_role("button", name="Take back").click()
    expect(clips(room)).to_have_count(0)
    expect(room.locator(".card[data-state=kept]")).to_have_count(0)


def test_micro_clips_are_put_in_order_by_key_and_by_drag_and_stay_so(room: Page) -> None:
    for number, words in enumerate(("one", "two", "three")):
        part(room, 3 * number, 2)
        title(room, number, words)
    names = room.locator(".clips .name")
    room.locator(".clips .handle").nth(2).focus()
    room.keyboard.press("ArrowUp")
    expect(names).to_have_text(["one", "three", "two"])
    handle, last = (room.locator(".clips .handle").nth(n).bounding_box() for n in (0, 2))
    assert handle is not None
    assert last is not None
    room.mouse.move(handle["x"] + 8, handle["y"] + 8)
    room.mouse.down()
    room.mouse.move(handle["x"] + 8, last["y"] + last["height"] - 2, steps=8)
    room.mouse.up()
    expect(names).to_have_text(["three", "two", "one"])
    expect(room.get_by_role("button", name="Undo: ").first).to_be_enabled()
    room.reload()
    room.get_by_role("link", name="Library").click()
    enter(room)
    expect(names).to_have_text(["three", "two", "one"])


def test_two_takes_are_compared_and_one_of_them_goes(room: Page) -> None:
    part(room, 0, 3)
    part(room, 6, 4)
    title(room, 0, "first take")
    title(room, 1, "second take")
    for number in (0, 1):
        room.locator(".clips [data-focus=compare]").nth(number).click()
    both = room.locator("dialog.compare")
    expect(both.get_by_role("heading", level=3)).to_have_text(["first take", "second take"])
    below = both.locator("section .at").first.bounding_box()
    acts = both.get_by_role("button", name="Play both").bounding_box()
    assert below is not None
    assert acts is not None
    assert acts["y"] >= below["y"] + below["height"]  # nothing lies over the names
    both.get_by_role("button", name="Play both").click()
    both.get_by_role("button", name="Remove second take").click()
    expect(both).to_have_count(0)
    expect(room.locator(".clips .name")).to_have_text(["first take"])


@pytest.mark.parametrize(
    ("choice", "kept"), [("Take yours", "He looks up"), ("Leave theirs", "A long look")]
)
def test_two_who_change_one_micro_clip_see_both_and_choose(
    room: Page, stage: Stage, choice: str, kept: str
) -> None:
    part(room, 0, 5)
    other = room.context.new_page()
    sign_in(other, stage)
    enter(other)
    for window in (room, other):
        window.locator(".clips .open").first.click()
    other.get_by_role("textbox", name="Title").fill("A long look")
    expect(other.locator(".editing .saved")).to_contain_text("Saved")
    other.close()
    room.get_by_role("textbox", name="Title").fill("He looks up")
    clash = room.locator(".editing .conflict")
    expect(clash).to_contain_text("A long look")
    expect(clash).to_contain_text("He looks up")
    clash.get_by_role("button", name=choice).click()
    expect(clash).to_be_hidden()
    expect(room.get_by_role("textbox", name="Title")).to_have_value(kept)
    expect(room.locator(".editing .saved")).not_to_contain_text("Not saved")
    room.get_by_role("button", name="Back to all").click()
    room.reload()
    room.get_by_role("link", name="Library").click()
    enter(room)
    expect(room.locator(".clips .name")).to_have_text([kept])


def test_words_that_are_not_saved_yet_outlive_the_closing_of_the_page(
    room: Page, stage: Stage
) -> None:
    part(room, 0, 5)
    room.locator(".clips .open").first.click()
    asked: list[str] = []
    room.on("dialog", lambda leaving: (asked.append(leaving.type), leaving.dismiss()))
    room.get_by_role("textbox", name="Title").fill("Not saved yet")
    room.close(run_before_unload=True)
    expect(room.locator(".editing .saved")).to_contain_text("Saved")
    assert asked == ["beforeunload"]
    other = room.context.new_page()
    sign_in(other, stage)
    enter(other)
    expect(other.locator(".clips .name")).to_have_text(["Not saved yet"])
    other.close()
    room.get_by_role("button", name="Back to all").click()
