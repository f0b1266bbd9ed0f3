"""axe-core on every page and panel, light and dark: no serious or critical finding."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.resources import files

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.conftest import Stage, sign_in
from tests.e2e.test_screens import open_film

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _patience() -> Iterator[None]:
    """What is waited for may take its time on a busy machine."""
    expect.set_options(timeout=20_000)
    yield
    expect.set_options(timeout=5_000)


AXE = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(params=["light", "dark"])
def page(request: pytest.FixtureRequest, chromium: Browser, stage: Stage) -> Iterator[Page]:
    """Signed in, the library open, in one of the two themes."""
    context = chromium.new_context(
        viewport={"width": 1366, "height": 768}, bypass_csp=True, color_scheme=request.param
    )
    context.set_default_timeout(60_000)
    page = context.new_page()
    sign_in(page, stage)
    yield page
    context.close()


def findings(page: Page) -> list[str]:
    """What axe calls serious or critical, one line each."""
    page.evaluate("document.fonts.ready")
    page.evaluate(AXE)
    found = page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})",
        TAGS,
    )
    assert found["passes"]
    return [
        f"{one['impact']}: {one['id']} {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


def test_axe_is_awake(page: Page) -> None:
    page.evaluate("document.body.append(document.createElement('button'))")
    assert any("button-name" in one for one in findings(page))


def test_the_library(page: Page) -> None:
    assert findings(page) == []
    page.get_by_role("button", name="Add a film").click()
    page.get_by_role("combobox", name="Family, by pseudonym").wait_for()
    assert findings(page) == []


def test_the_settings(page: Page) -> None:
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("heading", name="Principles").wait_for()
    assert findings(page) == []


def test_the_door(page: Page) -> None:
    page.get_by_role("button", name="Lock").click()
    page.wait_for_selector("#secret")
    assert findings(page) == []


def test_the_review_room_and_everything_that_opens_in_it(page: Page) -> None:
    open_film(page)
    assert findings(page) == []
    kept = page.locator(".clips .clip")
    before = kept.count()
    page.keyboard.press("m")
    page.keyboard.press("Enter")
    expect(kept).to_have_count(before + 1)
    page.get_by_role("tab", name="Notes").click()
    page.get_by_role("button", name="Add a note here").click()
    page.locator(".note textarea").first.wait_for()
    assert findings(page) == []
    page.get_by_role("tab", name="Micro-clips").click()
    page.locator(".clips .open").first.click()
    page.get_by_role("textbox", name="Title").wait_for()
    assert findings(page) == []
    page.get_by_role("button", name="Back to all").click()
    for name, card in (("Who is who", "dialog.people"), ("Keys", "dialog.help")):
        page.get_by_role("button", name=name, exact=True).click()
        expect(page.locator(card)).to_be_visible()
        assert findings(page) == []
        page.keyboard.press("Escape")
        expect(page.locator(card)).to_be_hidden()


def _reachable(page: Page, wanted: Callable[[], Locator], limit: int = 150) -> None:
    for _ in range(limit):
        page.keyboard.press("Tab")
        if wanted().evaluate("e => e.getRootNode().activeElement === e"):
            return
    raise AssertionError("never reached with the Tab key")


def test_a_clip_is_kept_edited_and_moved_by_keyboard_alone(page: Page) -> None:
    open_film(page)
    before = page.locator(".clips .clip").count()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
        page.keyboard.press("m")
        page.keyboard.press("Enter")
        expect(page.locator(".clips .clip")).to_have_count(before + 1)
        before += 1
    _reachable(page, lambda: page.locator(".clips .handle").last)
    moved = page.locator(".clips .clip").last.get_attribute("data-clip")
    page.keyboard.press("ArrowUp")
    place = page.locator(".clips .clip").nth(before - 2)
    expect(place).to_have_attribute("data-clip", moved or "")
    # The focus went with it.
    expect(place.locator(".handle")).to_be_focused()
    for _ in range(2):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".editing .back")).to_be_focused()
    _reachable(page, lambda: page.get_by_role("textbox", name="Title"))
    page.keyboard.type("Hello you")
    expect(page.locator(".editing .saved")).to_contain_text("Saved")
    page.keyboard.press("Control+z")  # in a field the browser's own undo rules
    expect(page.get_by_role("textbox", name="Title")).not_to_have_value("Hello you")
