"""Pictures of every page, light and dark, into docs/screens/, from the sample films.

    python tools/screens.py [--home DIR] [--port 8599]

The films are sealed and watched first where that was not done before (``vig demo --no-serve`` in
the same folder does it too); then the app is started on them, a browser walks through it, and what
was done on the way is undone, so that a second run shows the same. The pictures are stored with a
palette of 256 colours.
"""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).parents[1]
OUT = ROOT / "docs" / "screens"
MOST = 150_000
"""Bytes of one picture at most."""

SIZES = {"laptop": (1366, 768), "tablet": (1024, 768)}


@contextmanager
def running(home: Path, port: int) -> Iterator[str]:
    """The app over the demonstration vault."""
    from vig.app import demo
    from vig.app.house import House
    from vig.cli.serving import _prepare

    if House(home).state == "none":
        _prepare(home, list(demo.SAMPLES))
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port)],
        cwd=ROOT,
        env={**os.environ, "VIG_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://localhost:{port}"
    try:
        for _ in range(600):
            with suppress(OSError):
                urllib.request.urlopen(f"{url}/healthz").close()  # noqa: S310  (ours)
                break
            time.sleep(0.2)
        yield url
    finally:
        server.terminate()
        server.wait(30)


class Camera:
    """Takes the pictures of one theme and size."""

    def __init__(self, page: Page, kind: str) -> None:
        self.page = page
        self.kind = kind
        self.taken: list[Path] = []

    def take(self, name: str) -> None:
        from PIL import Image

        self.page.wait_for_function("document.fonts.status === 'loaded'")
        self.page.wait_for_timeout(900)  # pictures and the compositor
        picture = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        path = OUT / f"{name}-{self.kind}.png"
        for colours in (256, 128, 64, 32):
            picture.quantize(colours, dither=Image.Dither.NONE).save(path, optimize=True)
            if path.stat().st_size < MOST:
                break
        self.taken.append(path)


def walk(camera: Camera, url: str) -> None:
    """Through every page and panel, as a guider would."""
    from vig.app import demo

    page = camera.page
    page.goto(url)
    page.wait_for_selector("#secret")
    camera.take("door")
    page.fill("#secret", demo.PASSPHRASE)
    page.click("button.main")
    page.wait_for_selector("img[src^='/api/thumb/']")
    camera.take("library")
    page.get_by_role("button", name="Add a film").click()
    page.get_by_role("combobox", name="Family, by pseudonym").wait_for()
    camera.take("add-a-film")
    page.goto(f"{url}/settings")
    page.get_by_role("heading", name="Principles").wait_for()
    camera.take("settings")
    page.goto(f"{url}/library")
    films = page.locator("[class*=st-key-film-]")
    films.first.wait_for()
    long_one = films.filter(has_text="P-001")  # the one with most to look at, where it is there
    card = long_one if long_one.count() else films.first
    card.get_by_role("button", name="Review").click()
    page.wait_for_selector(".room[data-ready=yes]")
    in_the_room(camera)


def in_the_room(camera: Camera) -> None:
    page = camera.page
    page.keyboard.press("n")
    page.wait_for_timeout(2500)
    page.keyboard.press("k")
    camera.take("review")
    page.get_by_role("button", name="What the computer saw").click()
    camera.take("timeline")
    page.get_by_role("button", name="What the computer saw").click()
    page.locator(".card .more").first.click()
    for _ in range(2):
        waiting = page.locator(".card[data-state=new]").get_by_role("button", name="Keep as")
        if waiting.count():
            waiting.first.click()
            page.wait_for_timeout(1500)
    camera.take("kept")
    page.locator(".clips .open").first.click()
    page.get_by_role("textbox", name="Title").wait_for()
    camera.take("editor")
    page.get_by_role("button", name="Back to all").click()
    if page.locator(".clips .clip").count() > 1:
        for place in range(2):
            page.locator(".clips [data-focus=compare]").nth(place).click()
        page.wait_for_selector("dialog.compare")
        camera.take("compare")
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Who is who").click()
    page.wait_for_selector("dialog.people")
    page.wait_for_timeout(2000)
    camera.take("who-is-who")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Keys", exact=True).click()
    camera.take("keys")
    page.keyboard.press("Escape")
    undo = page.locator("button.undo")
    while undo.first.is_enabled():
        undo.first.click()
        page.wait_for_timeout(1200)


def main() -> None:
    from playwright.sync_api import sync_playwright

    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    asked.add_argument("--home", type=Path, default=ROOT / "storage" / "demo")
    asked.add_argument("--port", type=int, default=8599)
    told = asked.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    with running(told.home, told.port) as url, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=os.environ.get("VIG_CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--disable-gpu", "--mute-audio"],
        )
        for theme, size in (("light", "laptop"), ("dark", "laptop"), ("light", "tablet")):
            width, height = SIZES[size]
            context = chromium.new_context(
                viewport={"width": width, "height": height}, color_scheme=theme, bypass_csp=True
            )
            context.set_default_timeout(120_000)
            kind = theme if size == "laptop" else f"{theme}-{size}"
            camera = Camera(context.new_page(), kind)
            walk(camera, url)
            context.close()
            for path in camera.taken:
                size_kb = path.stat().st_size / 1000
                sys.stdout.write(f"{path.relative_to(ROOT)}  {size_kb:.0f} kB\n")
        chromium.close()


if __name__ == "__main__":
    main()
