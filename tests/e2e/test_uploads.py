"""Films on their way in, in a real browser: several at once, over reloads, and from any page."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import PICTURE
from tests.e2e.test_screens import choose
from tests.media import making

UPLOADS = "**/api/uploads/*"
MIB = 2**20


def large(path: Path, mebibytes: int) -> Path:
    """A short film with a box of noise behind it, which players skip."""
    film = making.film(making.Recipe(frames=50, size=PICTURE))
    noise = os.urandom(mebibytes * MIB)
    path.write_bytes(film + (8 + len(noise)).to_bytes(4, "big") + b"free" + noise)
    return path


class Line:
    """The line to the server: as many slices as are let through, then it is broken until mended."""

    def __init__(self, page: Page, slices: int) -> None:
        self._left: int | None = slices
        page.route(UPLOADS, self._slice)

    def mend(self) -> None:
        self._left = None

    def _slice(self, route: Route) -> None:
        if route.request.method != "PATCH" or self._left is None:
            route.continue_()
        elif self._left:
            self._left -= 1
            route.continue_()
        else:
            route.abort("connectionreset")


def test_after_a_reload_the_same_file_goes_on_and_another_is_refused(
    page: Page, tmp_path: Path
) -> None:
    film, other = large(tmp_path / "new.mp4", 20), large(tmp_path / "other.mp4", 1)
    line = Line(page, 1)
    choose(page, "F-030", film)
    said = page.locator(".up .what")
    expect(said).to_contain_text("The connection is broken", timeout=60_000)
    page.on("dialog", lambda leaving: leaving.accept())
    page.reload()
    row = page.locator(".rows li").filter(has_text="F-030's film: 39 % has arrived")
    expect(row).to_contain_text("choose the file again to go on", timeout=60_000)
    row.locator("input").set_input_files(str(other))
    refused = page.locator(".up .trouble")
    expect(refused).to_contain_text("This is another file")
    expect(row).to_be_visible()
    page.get_by_role("button", name="Close", exact=True).click()
    line.mend()
    row.locator("input").set_input_files(str(film))
    expect(page.get_by_role("heading", name="F-030")).to_be_visible(timeout=90_000)
    expect(row).to_have_count(0)


def test_films_go_on_while_their_person_looks_at_another_page(page: Page, tmp_path: Path) -> None:
    line = Line(page, 0)
    choose(page, "F-031", large(tmp_path / "new.mp4", 10))
    expect(page.locator(".up .what")).to_contain_text("The connection is broken", timeout=60_000)
    page.get_by_role("link", name="Settings").click()
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()
    with page.expect_response(lambda answer: answer.url.endswith("/finish"), timeout=90_000):
        line.mend()
        page.evaluate("dispatchEvent(new Event('online'))")
    page.get_by_role("link", name="Library").click()
    expect(page.get_by_role("heading", name="F-031")).to_be_visible(timeout=90_000)


def test_several_films_come_in_at_once_and_one_can_wait(page: Page, tmp_path: Path) -> None:
    films = [large(tmp_path / f"{n}.mp4", n) for n in (9, 10)]
    line = Line(page, 0)
    choose(page, "F-032", films[0])
    page.locator(".drop input[type=file]").set_input_files(str(films[1]))
    rows = page.locator(".rows li")
    expect(rows).to_have_count(2)
    second = rows.filter(has_text="10.mp4")
    second.get_by_role("button", name="Pause").click()
    expect(second).to_contain_text("Paused at 0 of")
    line.mend()
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.get_by_role("heading", name="F-032")).to_be_visible(timeout=90_000)
    expect(page.get_by_text("unprotected original is still where it was")).to_be_visible()
    expect(second).to_contain_text("Paused")
    second.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="F-032")).to_have_count(2, timeout=90_000)
    stored = page.evaluate("JSON.stringify({...sessionStorage, ...localStorage})")
    assert stored == "{}" or not any(word in stored for word in ("F-032", "mp4"))


def test_a_film_that_is_stopped_is_forgotten(page: Page, tmp_path: Path) -> None:
    Line(page, 1)
    choose(page, "F-033", large(tmp_path / "new.mp4", 18))
    expect(page.locator(".up .what")).to_contain_text("The connection is broken", timeout=60_000)
    page.get_by_role("button", name="Stop and forget it").click()
    expect(page.locator(".rows li")).to_have_count(0)
    page.reload()
    page.get_by_role("heading", name="Library").wait_for()
    expect(page.get_by_text("F-033's film")).to_have_count(0)
