"""A guider's way through the screens, in a real browser."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.e2e.conftest import PICTURE, Stage, sign_in
from tests.media import barcode, making

pytestmark = pytest.mark.browser

# What ``barcode.read`` does, inside the page: only the number comes over.
SHOWN = f"""() => {{
  const hosts = [...document.querySelectorAll('*')].filter((e) => e.shadowRoot?.querySelector('.room'));
  const video = hosts[0].shadowRoot.querySelector('video');
  const canvas = new OffscreenCanvas(1, {barcode.BITS});
  const pen = canvas.getContext('2d', {{ willReadFrequently: true }});
  const [w, h] = [video.videoWidth, video.videoHeight];
  for (let bit = 0; bit < {barcode.BITS}; bit++)
    pen.drawImage(video, w / 6, ((bit + 0.4) * h) / {barcode.BITS}, w / 6, h / 60, 0, bit, 1, 1);
  const bars = pen.getImageData(0, 0, 1, {barcode.BITS}).data;
  return [...Array({barcode.BITS}).keys()].reduce((n, bit) => n * 2 + (bars[bit * 4] > 125 ? 1 : 0), 0);
}}"""


def open_film(page: Page) -> None:
    page.locator("[data-testid=stMain]").get_by_role("button", name="Review").first.click()
    page.wait_for_selector(".room[data-ready=yes]")
    page.wait_for_function("document.fonts.status === 'loaded'")


def frame(page: Page) -> int:
    """The frame that the room says is shown."""
    return int(page.locator(".room").get_attribute("data-frame") or -1)


def drawn(page: Page) -> int:
    """The number that the picture itself carries."""
    return int(page.evaluate(SHOWN))


def at_frame(page: Page, number: int) -> None:
    expect(page.locator(".room")).to_have_attribute("data-frame", str(number))
    page.wait_for_timeout(80)  # the compositor shows what was decoded
    assert drawn(page) == number


def test_the_film_is_stepped_frame_by_frame_exactly_both_ways(page: Page) -> None:
    open_film(page)
    for number in range(1, 13):
        page.keyboard.press("ArrowRight")
        at_frame(page, number)
    for number in range(11, 4, -1):
        page.keyboard.press("ArrowLeft")
        at_frame(page, number)
    page.keyboard.press("End")
    at_frame(page, 600)
    page.keyboard.press("ArrowLeft")
    at_frame(page, 599)
    page.keyboard.press("Home")
    at_frame(page, 0)


def test_quick_presses_lose_no_frame(page: Page) -> None:
    open_film(page)
    for _ in range(25):
        page.keyboard.press("ArrowRight")
    at_frame(page, 25)
    for _ in range(10):
        page.keyboard.press("ArrowLeft")
    at_frame(page, 15)


def test_a_second_is_a_second_of_the_film_whatever_its_rate(page: Page, stage: Stage) -> None:
    open_film(page)
    page.keyboard.press("Shift+ArrowRight")
    at_frame(page, stage.times.frame_at(1_000_000))
    page.keyboard.press("Shift+ArrowLeft")
    at_frame(page, 0)


def until(page: Page, holds: Callable[[], bool]) -> None:
    """Wait for it, as long as a busy machine may need."""
    deadline = time.monotonic() + 15
    while not holds():
        assert time.monotonic() < deadline
        page.wait_for_timeout(50)


def test_space_plays_and_pauses_and_j_k_l_shuttle(page: Page) -> None:
    open_film(page)
    page.keyboard.press(" ")
    expect(page.locator(".room.playing")).to_be_visible()
    until(page, lambda: frame(page) > 5)
    page.keyboard.press(" ")
    expect(page.locator(".room.playing")).to_have_count(0)
    reached = frame(page)
    page.keyboard.press("j")
    until(page, lambda: frame(page) < reached)
    page.keyboard.press("k")
    assert frame(page) < reached
    page.keyboard.press("l")
    expect(page.locator(".room.playing")).to_be_visible()
    page.keyboard.press("k")
    expect(page.locator(".room.playing")).to_have_count(0)


def test_typing_into_a_field_and_the_help_card_leave_the_film_alone(page: Page) -> None:
    open_film(page)
    page.keyboard.press("?")
    expect(page.locator("dialog.help")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    expect(page.locator("dialog.help")).to_be_hidden()
    assert frame(page) == 0
    page.keyboard.press("ArrowRight")
    at_frame(page, 1)


def test_a_suggestion_is_played_to_its_end_and_kept_and_taken_back(
    page: Page, stage: Stage
) -> None:
    open_film(page)
    card = page.locator("ol.cards:not(.gone) .card").first
    expect(card.locator("img")).to_have_js_property("complete", True)
    assert card.locator("img").evaluate("e => e.naturalWidth") > 0
    assert "F-014 · 12 Nov 2026" in card.inner_text()
    page.keyboard.press("n")
    expect(page.locator(".card[aria-current=true]")).to_have_count(1)
    expect(page.locator(".room.playing")).to_be_visible()
    page.keyboard.press("k")
    before = frame(page)
    page.keyboard.press("Enter")
    kept = page.locator(".card[data-state=kept]")
    expect(kept).to_have_count(1)
    expect(page.locator(".clips .clip")).to_have_count(1)
    assert frame(page) == before  # the film does not jump because something was saved
    assert page.locator("video").evaluate("v => v.currentTime") > 0
    page.reload()
    open_library_film(page)
    expect(page.locator(".clips .clip")).to_have_count(1)
    page.locator(".card[data-state=kept]").get_by_role("button", name="Take back").click()
    expect(page.locator(".clips .clip")).to_have_count(0)
    expect(page.locator(".card[data-state=kept]")).to_have_count(0)


def open_library_film(page: Page) -> None:
    page.get_by_role("link", name="Library").click()
    open_film(page)


def test_two_quick_gestures_are_both_heard(page: Page) -> None:
    open_film(page)
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("m")
    page.keyboard.press("Enter")
    page.locator(".card").first.get_by_role("button", name="Leave").click()
    expect(page.locator(".gone .card")).to_have_count(1)
    expect(page.locator(".clips .clip")).to_have_count(1)
    page.wait_for_timeout(1000)
    page.reload()
    open_library_film(page)
    expect(page.locator(".gone .card")).to_have_count(1)
    expect(page.locator(".clips .clip")).to_have_count(1)
    page.locator(".aside > summary").click()
    page.locator(".gone .card").get_by_role("button", name="Bring back").click()
    page.locator(".clips").get_by_role("button", name="Remove").click()
    expect(page.locator(".gone .card")).to_have_count(0)
    expect(page.locator(".clips .clip")).to_have_count(0)


def test_a_marked_part_becomes_a_clip_of_exactly_its_frames(page: Page, stage: Stage) -> None:
    open_film(page)
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("i")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    at_frame(page, 7)
    page.keyboard.press("o")
    page.get_by_role("button", name="End one frame later").click()
    at_frame(page, 8)
    page.locator(".marked .primary").click()
    expect(page.locator(".clips .clip")).to_have_count(1)
    first, last = (int(stage.times.starts[n]) for n in (3, 9))
    length = f"{(last - first) / 1e6:.1f} s"
    expect(page.locator(".clips .at")).to_contain_text(length)
    page.locator(".clips").get_by_role("button", name="Play micro-clip").click()
    at_frame(page, 8)  # it stops on its last frame
    page.locator(".clips").get_by_role("button", name="Remove").click()
    expect(page.locator(".clips .clip")).to_have_count(0)


def test_the_lanes_start_closed_and_the_same_marks_can_be_read_as_a_list(page: Page) -> None:
    open_film(page)
    lanes = page.get_by_role("button", name="What the computer saw")
    expect(lanes).to_have_attribute("aria-expanded", "false")
    before = page.locator(".timeline canvas").bounding_box()
    assert before is not None
    lanes.click()
    deadline = time.monotonic() + 10  # the page is drawn anew when it next can be
    while True:
        after = page.locator(".timeline canvas").bounding_box()
        assert after is not None
        if after["height"] > before["height"]:
            break
        assert time.monotonic() < deadline, "the open lanes take no room"
        page.wait_for_timeout(50)
    page.get_by_role("button", name="As a list").click()
    said = page.locator(".list").inner_text()
    assert "Suggestions" in said
    assert "Looking at each other" in said
    line = page.get_by_role("slider", name="Place in the film")
    expect(line).to_have_attribute("aria-valuetext", "0:00 of 0:23")


def choose(page: Page, family: str, film: Path, also: tuple[str, ...] = ()) -> None:
    """Record an agreement to keep, and to what is named besides, and choose a film."""
    page.get_by_role("button", name="Add a film").click()
    expect(page.locator(".up .lead")).to_contain_text("which family")
    named = page.get_by_role("combobox", name="Family, by pseudonym")
    named.fill(family)
    named.press("Enter")
    by = page.get_by_role("textbox", name="Who agreed")
    by.fill("father")
    by.press("Tab")
    expect(page.locator(".up .lead")).to_contain_text("when they agreed")
    agreed = page.get_by_test_id("stDateInput").filter(has_text="Agreed on")
    for segment, number in (("day", "12"), ("month", "11"), ("year", "2025")):
        agreed.get_by_role("spinbutton", name=segment).press_sequentially(number)
    for purpose in (*also, "To keep the film"):
        page.get_by_text(purpose, exact=True).click()
    expect(page.locator(".up .lead")).to_have_text(f"The film will be kept under {family}.")
    page.locator(".up input[type=file]").set_input_files(str(film))


def test_a_film_comes_in_over_the_page_and_the_original_is_spoken_of(
    page: Page, tmp_path: Path
) -> None:
    film = tmp_path / "new.mp4"
    film.write_bytes(making.film(making.Recipe(frames=50, size=PICTURE)))
    choose(page, "F-020", film)
    left = page.get_by_text("unprotected original is still where it was")
    expect(left).to_be_visible(timeout=60_000)
    expect(page.get_by_role("heading", name="F-020")).to_be_visible()
    assert film.exists()
    stored = page.evaluate("JSON.stringify({...sessionStorage, ...localStorage})")
    assert "new.mp4" not in stored
    assert "F-020" not in stored


def test_a_broken_line_is_taken_up_again_without_a_word_from_the_person(
    page: Page, tmp_path: Path
) -> None:
    film = tmp_path / "new.mp4"
    film.write_bytes(making.film(making.Recipe(frames=60, size=PICTURE)))
    broken: list[str] = []

    def breaking(route: Route) -> None:
        if route.request.method == "PATCH" and len(broken) < 2:
            broken.append(route.request.url)
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/api/uploads/*", breaking)
    choose(page, "F-022", film)
    expect(page.get_by_role("heading", name="F-022")).to_be_visible(timeout=60_000)
    assert len(broken) == 2


def test_a_file_that_is_no_film_is_refused_in_one_sentence(page: Page, tmp_path: Path) -> None:
    letter = tmp_path / "letter.mp4"
    letter.write_bytes(b"Dear parents, " * 5000)
    choose(page, "F-021", letter)
    said = page.locator(".up .trouble")
    expect(said).to_contain_text("This file is not a film", timeout=60_000)
    expect(page.get_by_role("heading", name="F-021")).to_have_count(0)


def test_locking_ends_the_pages_the_sockets_and_the_films_of_every_window(
    context: BrowserContext, page: Page, stage: Stage
) -> None:
    open_film(page)
    cookies = "; ".join(f"{c['name']}={c['value']}" for c in context.cookies())
    assert _status(stage, cookies) == 206
    other = context.new_page()
    other.goto(stage.url)
    other.wait_for_selector(f"img[src='/api/thumb/{stage.film}']")
    closed: list[str] = []
    other.on("websocket", lambda socket: socket.on("close", lambda _: closed.append(socket.url)))
    other.reload()
    other.wait_for_selector(f"img[src='/api/thumb/{stage.film}']")

    page.get_by_role("button", name="Lock").click()
    page.wait_for_selector("#secret")
    assert page.url.endswith("/account/sign-in")
    assert _status(stage, cookies) == 401  # the cookie that was good a moment ago
    other.wait_for_url("**/account/sign-in", timeout=15_000)
    assert any("/_stcore/stream" in url for url in closed)
    other.goto(f"{stage.url}/library")
    assert other.url.endswith("/account/sign-in")
    other.close()


def _status(stage: Stage, cookies: str) -> int:
    asked = urllib.request.Request(
        f"{stage.url}/api/film/{stage.film}", headers={"cookie": cookies, "range": "bytes=0-99"}
    )
    try:
        with urllib.request.urlopen(asked) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_signing_out_leads_to_the_door_and_the_house_locks_behind_the_last_one(
    context: BrowserContext, page: Page, stage: Stage
) -> None:
    cookies = "; ".join(f"{c['name']}={c['value']}" for c in context.cookies())
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("button", name="Sign out of this browser").click()
    page.wait_for_url("**/account/sign-in")
    assert _status(stage, cookies) == 401
    page.go_back()
    page.wait_for_url("**/account/sign-in")


def test_nothing_of_the_film_lies_in_the_browsers_profile(
    chromium: Browser, need: Callable[[str], str], stage: Stage, tmp_path: Path
) -> None:
    """Plays the film in a browser with a profile on disk and searches it for the film's bytes."""
    kind = chromium.browser_type
    profile = tmp_path / "profile"
    with_disk = kind.launch_persistent_context(
        str(profile),
        executable_path=need("chromium"),
        args=["--no-sandbox", "--disable-gpu", "--mute-audio"],
        bypass_csp=True,
    )
    page = with_disk.pages[0]
    sign_in(page, stage)
    open_film(page)
    page.keyboard.press(" ")
    page.wait_for_timeout(1500)
    raw = page.evaluate(
        "async (u) => [...new Uint8Array(await (await fetch(u, {cache: 'no-store'})).arrayBuffer())]",
        f"/api/film/{stage.film}",
    )
    with_disk.close()
    film = bytes(raw)
    cuts = [film[at : at + 64] for at in range(4096, len(film) - 64, len(film) // 200)]
    probes = [cut for cut in cuts if len(set(cut)) > 40]  # coded pictures, no padding
    assert len(probes) > 20
    (profile / "planted").write_bytes(b"x" * 100 + probes[3])
    found = [
        path
        for path in profile.rglob("*")
        if path.is_file() and any(probe in path.read_bytes() for probe in probes)
    ]
    assert [path.name for path in found] == ["planted"]
