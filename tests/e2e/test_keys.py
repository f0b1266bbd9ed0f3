"""The keyboard of the room: everybody's own keys, and never a key that somebody else needs."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.conftest import Stage, sign_in

pytestmark = pytest.mark.browser


@pytest.fixture
def room(page: Page) -> Page:
    page.locator("[data-testid=stMain]").get_by_role("button", name="Review").first.click()
    page.wait_for_selector(".room[data-ready=yes]")
    page.wait_for_function("document.fonts.status === 'loaded'")
    usual(page)
    return page


def usual(page: Page) -> None:
    """The usual keys, whatever a test before gave to this account."""
    dialog = card(page)
    if dialog.locator(".usual").is_visible():
        dialog.locator(".usual").click()
    dialog.locator(".letters").check()
    page.keyboard.press("Escape")


def shown(page: Page, frame: int) -> None:
    expect(page.locator(".room")).to_have_attribute("data-frame", str(frame))


def card(page: Page) -> Locator:
    page.keyboard.press("?")
    dialog = page.locator("dialog.help")
    expect(dialog).to_be_visible()
    return dialog


def told(page: Page) -> Locator:
    return page.locator("dialog.help .told")


def give(page: Page, deed: str, key: str) -> None:
    """On the open card: press the deed's key, then the new one."""
    page.locator(f"dialog.help [data-deed='{deed}']").click()
    page.keyboard.press(key)


def test_the_card_names_every_deed_and_gives_it_another_key(room: Page) -> None:
    dialog = card(room)
    assert dialog.locator("[data-deed]").count() == 31
    give(room, "on", "d")
    expect(told(room)).to_have_text("D it is.")
    expect(dialog.locator("[data-deed=on]")).to_have_text("D")
    room.keyboard.press("Escape")
    room.keyboard.press("d")
    shown(room, 1)
    room.keyboard.press("ArrowRight")  # means nothing now
    room.wait_for_timeout(300)
    shown(room, 1)
    expect(room.get_by_role("button", name="On one frame")).to_have_attribute(
        "title", "On one frame (D)"
    )
    card(room)
    room.get_by_role("button", name="Back to the usual keys").click()
    room.keyboard.press("Escape")
    room.keyboard.press("ArrowRight")
    shown(room, 2)


def test_somebodys_keys_are_theirs_after_a_reload(room: Page) -> None:
    card(room)
    give(room, "on", "d")
    room.keyboard.press("Escape")
    room.wait_for_timeout(1500)
    room.reload()
    room.get_by_role("link", name="Library").click()
    room.locator("[data-testid=stMain]").get_by_role("button", name="Review").first.click()
    room.wait_for_selector(".room[data-ready=yes]")
    room.keyboard.press("d")
    shown(room, 1)
    usual(room)


def test_a_key_that_is_taken_is_refused_in_a_sentence(room: Page) -> None:
    dialog = card(room)
    give(room, "on", "n")
    expect(told(room)).to_have_text(
        "N already means “next suggestion”. Give that another key first."
    )
    room.keyboard.press("Escape")  # leaves the choice, not the card
    expect(told(room)).to_have_text("It stays as it was.")
    expect(dialog).to_be_visible()
    expect(dialog.locator("[data-deed=on]")).to_have_text("→")


@pytest.mark.parametrize("key", ["F5", "?", "ArrowUp", "Control+d", "Alt+d"])
def test_keys_of_the_browser_are_not_given_away(room: Page, key: str) -> None:
    dialog = card(room)
    give(room, "on", key)
    expect(told(room)).to_contain_text("Choose another key.")
    room.keyboard.press("Escape")
    expect(dialog.locator("[data-deed=on]")).to_have_text("→")


def test_a_freed_key_can_be_given_to_another_deed_and_changes_places(room: Page) -> None:
    card(room)
    give(room, "next", "g")
    give(room, "on", "n")
    expect(told(room)).to_have_text("N it is.")
    room.keyboard.press("Escape")
    room.keyboard.press("n")
    shown(room, 1)


def test_single_keys_can_be_switched_off_as_a_whole(room: Page) -> None:
    dialog = card(room)
    dialog.get_by_label("Single keys work in the room").uncheck()
    room.keyboard.press("Escape")
    room.keyboard.press("i")
    room.keyboard.press("m")
    room.wait_for_timeout(200)
    expect(room.locator(".marked")).to_be_hidden()
    room.keyboard.press("ArrowRight")  # no character: still ours
    shown(room, 1)
    card(room).get_by_label("Single keys work in the room").check()
    room.keyboard.press("Escape")
    room.keyboard.press("i")
    expect(room.locator(".marked")).to_be_visible()


def test_no_key_is_taken_from_somebody_who_types(room: Page) -> None:
    question = room.get_by_role("textbox", name="Helping question")
    question.click()
    question.press_sequentially("jkl i o m n? h")
    expect(question).to_have_value("jkl i o m n? h")
    expect(room.locator(".room.playing")).to_have_count(0)
    expect(room.locator(".marked")).to_be_hidden()
    expect(room.locator(".curtain")).to_be_hidden()
    question.press("Home")
    room.keyboard.press("ArrowRight")
    room.wait_for_timeout(200)
    shown(room, 0)
    question.fill("")


@pytest.mark.parametrize("held", ["Control", "Alt", "Meta", "Insert"])
def test_commands_of_a_browser_or_a_screen_reader_are_left_alone(room: Page, held: str) -> None:
    room.evaluate("addEventListener('keydown', (e) => (window.last = [e.key, e.defaultPrevented]))")
    room.keyboard.down(held)
    room.keyboard.press("ArrowRight")
    assert room.evaluate("window.last") == ["ArrowRight", False]
    room.keyboard.press("i")
    room.keyboard.up(held)
    room.wait_for_timeout(200)
    shown(room, 0)
    expect(room.locator(".marked")).to_be_hidden()
    room.keyboard.press("ArrowRight")
    shown(room, 1)


def test_a_focused_button_keeps_space_and_enter(room: Page) -> None:
    loop = room.get_by_role("button", name="Loop", exact=True)
    loop.focus()
    room.keyboard.press(" ")
    expect(loop).to_have_attribute("aria-pressed", "true")
    room.keyboard.press("Enter")
    expect(loop).to_have_attribute("aria-pressed", "false")
    expect(room.locator(".room.playing")).to_have_count(0)


def test_every_control_is_reached_by_tab_in_the_order_of_the_page_and_shows_it(room: Page) -> None:
    room.get_by_role("slider", name="Place in the film").focus()
    names = []
    for _ in range(15):
        room.keyboard.press("Tab")
        names.append(room.evaluate(FOCUSED))
    assert [name for name, _ in names] == [
        "Back one second",
        "Back one frame",
        "Play",
        "On one frame",
        "On one second",
        "Speed",
        "Loop",
        "Freeze the picture",
        "This picture large",
        "Full screen",
        "Keys",
        "Mark",
        "In",
        "Out",
        names[-1][0],
    ]
    assert all(width >= 2 for _, width in names[:14])


FOCUSED = """() => {
  let one = document.activeElement;
  while (one.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;
  const name = one.getAttribute('aria-label') ?? one.textContent.trim();
  const style = getComputedStyle(one);
  return [name, style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth)];
}"""


def test_a_screen_reader_hears_the_place_after_a_step_and_nothing_while_it_plays(
    room: Page,
) -> None:
    teller = room.locator(".teller")
    room.keyboard.press("Shift+ArrowRight")
    expect(teller).to_have_text("0:00.9")  # the frame shown at one second began before it
    room.keyboard.press("p")
    expect(teller).to_have_text("Loop on")
    room.keyboard.press("p")
    room.keyboard.press("s")
    expect(teller).to_have_text("Speed 0.5")
    room.keyboard.press("l")
    expect(teller).to_have_text("Playing, 0.5 times")
    room.evaluate(
        """() => {
          const host = [...document.querySelectorAll('*')].find((e) => e.shadowRoot?.querySelector('.room'));
          window.heard = 0;
          for (const region of host.shadowRoot.querySelectorAll('[role=status], [aria-live=polite], output'))
            new MutationObserver((all) => (window.heard += all.length))
              .observe(region, { childList: true, characterData: true, subtree: true });
        }"""
    )
    room.wait_for_timeout(1200)
    assert room.evaluate("window.heard") == 0
    room.keyboard.press("k")
    expect(teller).not_to_have_text("Playing, 0.5 times")


def test_moments_and_clips_are_gone_through_by_key(room: Page) -> None:
    room.keyboard.press("n")
    expect(room.locator(".card[aria-current=true]")).to_have_count(1)
    room.keyboard.press("k")
    room.keyboard.press("c")
    expect(room.locator(".teller")).to_have_text("There is no micro-clip yet.")
    for at in (2, 5):
        room.keyboard.press("Home")
        for _ in range(at):
            room.keyboard.press("Shift+ArrowRight")
        room.keyboard.press("m")
        room.keyboard.press("Enter")
        expect(room.locator(".clips .clip")).to_have_count(1 if at == 2 else 2)
    room.keyboard.press("c")
    expect(room.locator(".room.playing")).to_be_visible()
    room.keyboard.press("k")
    room.keyboard.press("Shift+c")
    expect(room.locator(".room.playing")).to_be_visible()
    room.keyboard.press("k")
    for left in (1, 0):
        room.locator(".clips").get_by_role("button", name="Remove").first.click()
        expect(room.locator(".clips .clip")).to_have_count(left)


# ── the film strip ───────────────────────────────────────────────────────────────────────────


def test_the_strip_shows_small_pictures_and_a_peek_of_where_the_pointer_is(
    room: Page, stage: Stage
) -> None:
    answer = room.request.get(f"{stage.url}/api/strip/{stage.film}")
    about = json.loads(answer.body())
    assert len(about["at"]) >= 20
    box = room.locator(".strip").bounding_box()
    assert box is not None
    room.mouse.move(box["x"] + box["width"] / 2, box["y"] + 10)
    peek = room.locator(".peek")
    expect(peek.locator("canvas")).to_be_visible()
    expect(peek).to_contain_text("0:11.")
    room.mouse.move(box["x"] + box["width"] / 2, box["y"] - 100)
    expect(peek).to_be_hidden()


def test_a_drag_shows_the_small_picture_at_once_and_then_the_exact_frame(
    room: Page, stage: Stage
) -> None:
    room.request.get(f"{stage.url}/api/strip/{stage.film}/sheet")
    box = room.locator(".strip").bounding_box()
    assert box is not None
    room.mouse.move(box["x"] + 2, box["y"] + 10)
    expect(room.locator(".peek canvas")).to_be_visible()  # the sheet is there
    room.evaluate(
        """() => {
          const host = [...document.querySelectorAll('*')].find((e) => e.shadowRoot?.querySelector('.room'));
          window.rough = [];
          const one = host.shadowRoot.querySelector('.rough');
          new MutationObserver(() => window.rough.push(!one.hidden))
            .observe(one, { attributes: true, attributeFilter: ['hidden'] });
        }"""
    )
    room.mouse.down()
    for share in (0.3, 0.5, 0.8):
        room.mouse.move(box["x"] + box["width"] * share, box["y"] + 10)
    expected = stage.times.frame_at(round(0.8 * stage.times.end))
    room.wait_for_function(f"document && {expected} >= 0")
    room.mouse.up()
    shown(room, expected)
    expect(room.locator(".rough")).to_be_hidden()
    assert room.evaluate("window.rough.includes(true)")


def test_on_a_tablet_every_control_of_the_film_is_large_enough_for_a_finger(
    chromium: Browser, stage: Stage
) -> None:
    context = chromium.new_context(
        viewport={"width": 1024, "height": 768}, has_touch=True, is_mobile=True, bypass_csp=True
    )
    context.set_default_timeout(30_000)
    page = context.new_page()
    sign_in(page, stage)
    page.locator("[data-testid=stMain]").get_by_role("button", name="Review").first.click()
    page.wait_for_selector(".room[data-ready=yes]")
    page.get_by_role("button", name="Mark", exact=True).tap()
    expect(page.locator(".marked")).to_be_visible()
    sizes = page.locator(".bar button, .bar select, .marks button, .strip").evaluate_all(
        "all => all.map((e) => [e.title || e.className, e.offsetWidth, e.offsetHeight])"
    )
    assert len(sizes) > 15
    assert [size for size in sizes if min(size[1:]) < 44] == []
    page.get_by_role("button", name="Keys", exact=True).tap()
    keys = page.locator("dialog.help button:visible").evaluate_all(
        "all => all.map((e) => [e.textContent, e.offsetWidth, e.offsetHeight])"
    )
    assert [size for size in keys if min(size[1:]) < 44] == []
    context.close()
