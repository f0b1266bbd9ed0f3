"""A visit in a real browser: one family on the screen, and a key that hides it."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.e2e.conftest import EVEN, PASSPHRASE, UNEVEN, Stage, numbered_film, sign_in, staged
from vig.app import walk
from vig.app.house import House
from vig.domain.family import Purpose

PICTURES = os.environ.get("VIG_TEST_PICTURES")
"""A folder for pictures of what was seen; none are made without it."""


def another_family(root: Path) -> None:
    house = House(root)
    ws = house.unlock(PASSPHRASE)
    agreed = walk.Agreement(frozenset({Purpose.KEEP}), vouched=True)
    film = io.BytesIO(numbered_film(EVEN))
    walk.add(ws, film, family="F-009", name=None, agreement=agreed, actor=ws.opened_by)
    house.lock()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    root = tmp_path_factory.mktemp("visit") / "vault"
    with staged(root, UNEVEN, another_family) as stage:
        yield stage


def picture(page: Page, name: str) -> None:
    if PICTURES:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.wait_for_timeout(400)
            page.screenshot(path=Path(PICTURES) / f"{name}-{scheme}.png")
        page.emulate_media(color_scheme=None)


def ready(page: Page) -> None:
    """Wait until the page listens: its script writes who is here."""
    page.locator(".who").filter(has_text="guider").wait_for()


def go_on_a_visit(page: Page) -> None:
    page.get_by_role("link", name="Go on a visit").click()
    page.get_by_role("button", name="Visit F-014").wait_for()
    picture(page, "visit-choose")
    page.get_by_role("button", name="Visit F-014").click()
    page.get_by_text("Visit: F-014").wait_for()


def test_one_family_is_left_on_every_page_until_the_passphrase(
    page: Page, context: BrowserContext, stage: Stage
) -> None:
    page.get_by_text("F-009").first.wait_for()
    other = context.new_page()
    sign_in(other, stage)
    other.get_by_text("F-009").first.wait_for()

    go_on_a_visit(page)
    page.wait_for_selector(f"img[src='/api/thumb/{stage.film}']")
    picture(page, "visit-library")
    assert "F-009" not in page.content()
    assert page.get_by_role("button", name="Add a film").count() == 0
    assert page.get_by_role("link", name="Settings").count() == 0
    # The window from before shows nothing of anybody else either, within a few seconds.
    other.get_by_text("Visit: F-014").wait_for(timeout=20_000)
    assert "F-009" not in other.content()
    other.goto(f"{stage.url}/settings")
    other.get_by_text("Visit: F-014").wait_for()
    assert "Ways in" not in other.content()
    other.goto(f"{stage.url}/account/people")
    assert other.get_by_text("Not during a visit").count() == 1
    other.close()

    page.get_by_role("link", name="End the visit").click()
    page.fill("#secret", "not the passphrase at all")
    page.click("button.main")
    page.get_by_role("alert").wait_for()
    picture(page, "visit-end")
    page.fill("#secret", PASSPHRASE)
    page.click("button.main")
    page.get_by_text("F-009").first.wait_for()


def test_a_key_hides_everything_and_shows_it_again(page: Page) -> None:
    ready(page)
    curtain = page.locator("#vig-curtain")
    page.keyboard.press(".")
    curtain.wait_for()
    covered = curtain.bounding_box()
    assert covered is not None
    assert (covered["width"], covered["height"]) == (1366, 768)
    picture(page, "hidden")
    page.keyboard.press("Escape")
    assert curtain.is_visible()
    page.keyboard.press(".")
    curtain.wait_for(state="hidden")
    page.keyboard.press(".")
    page.get_by_role("button", name="Show again").click()
    curtain.wait_for(state="hidden")


def test_it_stops_what_plays_and_the_players_keys_with_it(page: Page) -> None:
    page.get_by_role("button", name="Review").first.click()
    video = page.locator("video").first
    video.wait_for(state="attached")
    page.wait_for_function(
        "() => { const f = (r) => [...r.querySelectorAll('*')].flatMap((e) => [...(e.tagName === 'VIDEO' ? [e] : []), ...(e.shadowRoot ? f(e.shadowRoot) : [])]); const v = f(document)[0]; return v && v.readyState > 1; }"
    )
    ready(page)
    page.keyboard.press(" ")
    page.wait_for_timeout(500)
    page.keyboard.press(".")
    page.locator("#vig-curtain").wait_for()
    assert video.evaluate("film => film.paused")
    at = video.evaluate("film => film.currentTime")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("l")
    page.wait_for_timeout(300)
    assert video.evaluate("film => film.paused")
    assert video.evaluate("film => film.currentTime") == at
    page.keyboard.press(".")
    page.locator("#vig-curtain").wait_for(state="hidden")
    assert video.evaluate("film => film.paused")


def test_a_full_stop_is_typed_where_one_types(chromium: Browser, page: Page) -> None:
    page.get_by_role("button", name="Add a film").click()
    ready(page)
    field = page.get_by_label("Who agreed", exact=True)
    field.fill("the mother")
    field.press("End")
    page.keyboard.type(".")
    assert field.input_value() == "the mother."
    assert page.locator("#vig-curtain").count() == 0
