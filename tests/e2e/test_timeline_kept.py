"""What is moved on the timeline of the running app is kept, in whole frames."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Stage
from tests.e2e.test_screens import open_film, open_library_film

pytestmark = pytest.mark.browser

# The timeline lives in a shadow root, and the room keeps it to itself: clips are found by their
# handles, which stand on the edges.
PATIENT = 30_000
CLIP = ".clips .clip .at"


def keep_first(page: Page) -> None:
    page.locator(".card").first.get_by_role("button", name="Keep").click()
    expect(page.locator(CLIP)).to_have_count(1, timeout=PATIENT)


def hold_edges(page: Page) -> None:
    page.get_by_role("button", name="As a list").click()
    page.locator(".list").get_by_role("button", name="Move the edges of").click()


def test_an_edge_moved_by_key_and_by_hand_is_kept_over_a_reload(page: Page, stage: Stage) -> None:
    open_film(page)
    keep_first(page)
    before = page.locator(CLIP).inner_text()
    hold_edges(page)
    end = page.get_by_role("slider", name="End of")
    end.focus()
    for _ in range(3):
        page.keyboard.press("Shift+ArrowLeft")  # a second each
    expect(page.locator(CLIP)).not_to_have_text(before, timeout=PATIENT)
    by_key = page.locator(CLIP).inner_text()
    handle = end.bounding_box()
    assert handle is not None
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 40, y, steps=4)
    page.mouse.up()
    expect(page.locator(CLIP)).not_to_have_text(by_key, timeout=PATIENT)
    by_hand = page.locator(CLIP).inner_text()
    said = end.get_attribute("aria-valuenow")
    page.reload()
    open_library_film(page)
    expect(page.locator(CLIP)).to_have_text(by_hand, timeout=PATIENT)
    hold_edges(page)
    expect(end).to_have_attribute("aria-valuenow", str(said))
    starts = [*(int(at) / 1e6 for at in stage.times.starts), stage.times.end / 1e6]
    assert min(abs(at - float(str(said))) for at in starts) < 0.006  # said to the hundredth
    page.locator(".clips").get_by_role("button", name="Remove").click()
    expect(page.locator(CLIP)).to_have_count(0, timeout=PATIENT)


def test_the_cursor_goes_along_while_the_film_plays(page: Page) -> None:
    open_film(page)
    before = page.locator(".cursor").bounding_box()
    assert before is not None
    page.keyboard.press(" ")
    page.wait_for_function(
        """(x) => [...document.querySelectorAll('*')].find((e) => e.shadowRoot?.querySelector('.room'))
             .shadowRoot.querySelector('.cursor').getBoundingClientRect().x > x + 20""",
        arg=before["x"],
    )
    page.keyboard.press(" ")
