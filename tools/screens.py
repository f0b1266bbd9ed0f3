"""Pictures of every page, light and dark, into docs/screens/, from the sample films.

    python tools/screens.py [--home DIR] [--only STORY]

The films are sealed and watched once, where that was not done before (``vig demo --no-serve`` in
the same folder does it too). Each story is then told in a copy of that folder, so that nothing has
to be undone and a second run shows the same. One browser walks; at each stop it is shown in light
and dark, and where a tablet matters at 1024x768 too. The pictures are stored with a palette.
"""

from __future__ import annotations

import argparse
import base64
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from camera import LAPTOP, OUT, ROOT, Camera, held, running

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PASSPHRASE = "seven quiet herons by the water"  # noqa: S105
"""Of the vault that the first run makes; it is thrown away with its folder."""

Story = Callable[[Camera, str], None]


def first_run(camera: Camera, url: str) -> None:
    """An empty folder: the first passphrase, the code, an empty library, a film on its way in."""
    page = camera.page
    page.goto(url)
    page.wait_for_selector("#passphrase")
    page.fill("#passphrase", PASSPHRASE)
    page.fill("#again", PASSPHRASE)
    camera.take("first-run")
    page.click("button.main")
    printed = page.locator("#code").inner_text()
    camera.take("recovery-code")
    page.fill("#typed", printed)
    page.click("button.main")
    page.get_by_text("No films yet").wait_for()
    camera.take("library-empty")
    _add(camera)
    _accounts(camera, url)


def _add(camera: Camera) -> None:
    """The agreement, a file that is no film, and a sample film that is held on its way."""
    page = camera.page
    page.get_by_role("button", name="Add a film").click()
    page.locator(".up .lead").wait_for()
    camera.take("add-a-film", tablet=True)
    named = page.get_by_role("combobox", name="Family, by pseudonym")
    named.fill("F-014")
    named.press("Enter")
    by = page.get_by_role("textbox", name="Who agreed")
    by.fill("mother")
    by.press("Tab")
    agreed = page.get_by_test_id("stDateInput").filter(has_text="Agreed on")
    for segment, number in (("day", "12"), ("month", "11"), ("year", "2025")):
        agreed.get_by_role("spinbutton", name=segment).press_sequentially(number)
    page.get_by_text("To keep the film", exact=True).click()
    page.get_by_text("The film will be kept under F-014.").wait_for()
    into = page.locator(".drop input[type=file]")
    with tempfile.TemporaryDirectory() as folder:
        letter = Path(folder) / "letter.mp4"
        letter.write_bytes(b"Dear parents, " * 5000)
        into.set_input_files(letter)
        page.get_by_text("This file is not a film").wait_for()
        camera.take("refused-no-film")
        page.locator(".rows").get_by_role("button", name="Close").click()
    with held(page):
        into.set_input_files(ROOT / "sample_clips" / "practice.mp4")
        page.locator(".rows li").filter(has_text=" of ").wait_for()
        page.wait_for_timeout(1500)
        camera.take("upload-under-way")
    page.get_by_text("unprotected original is still where it was").wait_for()
    camera.take("library-film-came-in")
    page.locator("[data-testid=stMain]").get_by_role("button", name="Review").first.click()
    page.wait_for_selector(".room[data-ready=yes]")
    camera.take("room-not-agreed")


def _accounts(camera: Camera, url: str) -> None:
    """One's own account, another person, codes, and the door with all of it."""
    page = camera.page
    page.goto(f"{url}/account/own")
    camera.take("own-account")
    page.goto(f"{url}/account/own/codes")
    page.locator("span.typed").wait_for()
    secret = page.locator("span.typed").inner_text().replace(" ", "")
    camera.take("second-step-codes")
    page.fill("#code", _code(secret))
    page.click("button.main")
    page.locator(".spares li").first.wait_for()
    camera.take("second-step-spare-codes")
    page.goto(f"{url}/account/people")
    page.locator("#name").wait_for()
    camera.take("people")
    page.fill("#name", "Bo")
    page.click("button.main")
    page.locator("#start").wait_for()
    camera.take("people-start-passphrase")
    page.click("a.main")
    page.get_by_role("link", name="Change Bo").click()
    page.wait_for_load_state()
    camera.take("person")
    page.goto(f"{url}/settings")
    page.get_by_role("heading", name="Ways in").wait_for()
    camera.take("settings-several-people")
    page.context.clear_cookies()
    page.goto(url)
    page.wait_for_selector("#secret")
    camera.take("sign-in")
    page.fill("#name", "Bo")
    page.fill("#secret", "not the passphrase at all")
    page.click("button.main")
    page.get_by_role("alert").wait_for()
    camera.take("sign-in-refused")
    page.fill("#name", "guider")
    page.fill("#secret", PASSPHRASE)
    page.click("button.main")
    page.get_by_role("heading", name="Second step").wait_for()
    camera.take("second-step")


def _code(secret: str) -> str:
    """What an authenticator app shows for the secret now."""
    from cryptography.hazmat.primitives.hashes import SHA1
    from cryptography.hazmat.primitives.twofactor.totp import TOTP

    sha1 = SHA1()  # noqa: S303  (what RFC 6238 has)
    return TOTP(base64.b32decode(secret), 6, sha1, 30).generate(int(time.time())).decode()


def review(camera: Camera, url: str) -> None:
    """The sample films that were watched: the library, the room and all that opens in it."""
    page = camera.page
    _door(camera, url)
    _open(page, "P-001")
    camera.take("room", tablet=True)
    page.keyboard.press("n")
    page.wait_for_timeout(1500)
    page.keyboard.press("k")
    page.locator(".card[aria-current=true] .more").click()
    camera.take("room-why")
    page.locator(".card[aria-current=true] .more").click()
    lanes = page.get_by_role("button", name="What the computer saw")
    lanes.click()
    camera.take("room-lanes", tablet=True)
    page.get_by_role("button", name="As a list").click()
    page.locator(".list").scroll_into_view_if_needed()
    camera.take("room-lanes-list")
    page.get_by_role("button", name="As a list").click()
    lanes.click()
    for kept in (1, 2):
        page.locator(".card[data-state=new]").get_by_role("button", name="Keep as").first.click()
        page.locator(".clips .clip").nth(kept - 1).wait_for()
    page.locator(".card[data-state=new]").get_by_role("button", name="Leave this").first.click()
    page.locator(".aside > summary").wait_for()
    camera.take("room-kept", tablet=True)
    page.locator(".card[data-state=new]").get_by_role("button", name="Adjust").first.click()
    camera.take("room-adjust")
    page.get_by_role("button", name="Clear the marks").click()
    _beside(camera)
    _over(camera)
    _conflict(camera, url)
    _without(camera)


def _door(camera: Camera, url: str) -> None:
    from vig.app import demo

    page = camera.page
    page.goto(url)
    page.wait_for_selector("#secret")
    camera.take("door", tablet=True)
    page.fill("#secret", demo.PASSPHRASE)
    page.click("button.main")
    page.locator("[class*=st-key-film-] img").nth(3).wait_for()
    camera.take("library", tablet=True)
    page.goto(f"{url}/settings")
    page.get_by_role("heading", name="Ways in").wait_for()
    camera.take("settings")
    page.get_by_role("heading", name="Principles").scroll_into_view_if_needed()
    page.get_by_role("textbox", name="Add one of your own").scroll_into_view_if_needed()
    camera.take("settings-principles")
    page.goto(f"{url}/library")


def _open(page: Page, family: str) -> None:
    film = page.locator("[class*=st-key-film-]").filter(has_text=family)
    film.get_by_role("button", name="Review").click()
    page.wait_for_selector(".room[data-ready=yes]")
    page.wait_for_timeout(4000)  # the little pictures of the strip


def _beside(camera: Camera) -> None:
    """What stands beside the film: an editor, notes, filming tips."""
    page = camera.page
    page.locator(".clips .open").first.click()
    title = page.get_by_role("textbox", name="Title")
    title.fill("“Hello you”")
    page.locator(".editing .saved").filter(has_text="Saved").wait_for()
    camera.take("room-editor", tablet=True)
    page.get_by_role("textbox", name="Question for the parent").scroll_into_view_if_needed()
    page.locator(".editing").evaluate("e => e.scrollTo(0, e.scrollHeight)")
    camera.take("room-editor-below")
    page.get_by_role("button", name="Back to all").click()
    page.get_by_role("tab", name="Notes").click()
    camera.take("room-notes-none")
    page.get_by_role("button", name="Add a note here").click()
    note = page.locator(".note textarea")
    note.wait_for()
    note.fill("She waits. Then he looks up.")
    page.locator(".note .saved").filter(has_text="Saved").wait_for()
    camera.take("room-notes")
    page.get_by_role("tab", name="Micro-clips").click()


def _over(camera: Camera) -> None:
    """What opens over the film: two takes, who is who, the keys, a large still, the curtain."""
    page = camera.page
    for place in range(2):
        page.locator(".clips [data-focus=compare]").nth(place).click()
    page.wait_for_selector("dialog.compare")
    page.wait_for_timeout(1500)
    camera.take("compare", tablet=True)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Who is who").click()
    page.wait_for_selector("dialog.people .face img")
    page.wait_for_timeout(2000)
    camera.take("who-is-who", tablet=True)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Keys", exact=True).click()
    page.wait_for_selector("dialog.help")
    camera.take("keys")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="This picture large").click()
    camera.take("still-large")
    page.keyboard.press("Escape")
    page.locator(".focus summary").click()
    camera.take("room-question")
    page.locator(".focus summary").click()
    page.keyboard.press(".")
    page.wait_for_selector("#vig-curtain")
    camera.take("curtain")
    page.keyboard.press(".")


def _conflict(camera: Camera, url: str) -> None:
    """Another window changes the title that is being changed here."""
    page = camera.page
    other = page.context.new_page()
    other.goto(f"{url}/library")
    _open(other, "P-001")
    for window, typed in ((other, "A long look"), (page, "He looks up")):
        window.bring_to_front()
        window.locator(".clips .open").first.click()
        window.get_by_role("textbox", name="Title").fill(typed)
        if window is other:
            other.locator(".editing .saved").filter(has_text="Saved").wait_for()
    other.close()
    page.get_by_text("Take yours").wait_for()
    camera.take("room-conflict")
    page.get_by_role("button", name="Leave theirs").click()
    page.get_by_role("button", name="Back to all").click()


def _without(camera: Camera) -> None:
    """The room without suggestions: looking first, and with one person left out."""
    page = camera.page
    page.get_by_role("link", name="Library").click()
    _open(page, "M-001")
    page.get_by_text("Look first").click()
    page.get_by_text("You look first").wait_for()
    camera.take("room-look-first")
    page.locator(".undo").first.click()
    page.locator(".card").first.wait_for()
    page.get_by_role("button", name="Who is who").click()
    page.locator("dialog.people [type=radio][value=ignore]").first.check()
    page.wait_for_timeout(1500)
    page.keyboard.press("Escape")
    page.locator(".none:not([hidden])").wait_for()
    camera.take("room-no-suggestions")


def visit(camera: Camera, url: str) -> None:
    """One family on the screen, the key that hides it, and the way back."""
    from vig.app import demo

    page = camera.page
    page.goto(url)
    page.fill("#secret", demo.PASSPHRASE)
    page.click("button.main")
    page.locator(".who").filter(has_text="guider").wait_for()
    page.get_by_role("link", name="Go on a visit").click()
    page.get_by_role("button", name="Visit M-001").wait_for()
    camera.take("visit-choose")
    page.get_by_role("button", name="Visit M-001").click()
    page.get_by_text("Visit: M-001").wait_for()
    page.locator("[class*=st-key-film-] img").first.wait_for()
    camera.take("visit-library")
    _open(page, "M-001")
    camera.take("visit-room", tablet=True)
    page.keyboard.press("h")
    camera.take("visit-picture-hidden")
    page.keyboard.press("h")
    page.get_by_role("link", name="End the visit").click()
    page.wait_for_selector("#secret")
    camera.take("visit-end")
    page.goto(f"{url}/account/people")
    camera.take("visit-refused")


STORIES: dict[str, tuple[bool, Story]] = {
    "first": (False, first_run),
    "review": (True, review),
    "visit": (True, visit),
}
"""Each with whether it needs the films that were watched."""


def tell(chromium: Browser, name: str, watched: Path) -> list[Path]:
    """One story in a copy of the vault; the pictures that were taken."""
    films, story = STORIES[name]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "vault"
        if films:
            shutil.copytree(watched, home)
        context = chromium.new_context(
            viewport={"width": LAPTOP[0], "height": LAPTOP[1]},
            color_scheme="light",
            # Waiting inside the page is done with strings, which its own policy forbids to run.
            bypass_csp=True,
        )
        context.set_default_timeout(60_000)
        camera = Camera(context.new_page())
        with running(home) as url:
            try:
                story(camera, url)
            finally:
                context.close()
    return camera.taken


def main() -> None:
    from playwright.sync_api import sync_playwright

    from vig.app import demo
    from vig.app.house import House
    from vig.cli.serving import _prepare

    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    asked.add_argument("--home", type=Path, default=ROOT / "storage" / "demo")
    asked.add_argument("--only", choices=STORIES, action="append", help="one story, or several")
    told = asked.parse_args()
    if House(told.home).state == "none":
        _prepare(told.home, list(demo.SAMPLES))
    OUT.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=os.environ.get("VIG_CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--disable-gpu", "--mute-audio", "--disable-dev-shm-usage"],
        )
        for name in told.only or STORIES:
            for path in tell(chromium, name, told.home):
                sys.stdout.write(f"{path.name}  {path.stat().st_size / 1000:.0f} kB\n")
        chromium.close()


if __name__ == "__main__":
    main()
