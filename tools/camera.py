"""What takes the pictures of the pages: the app over a vault, and a camera before a browser's page."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

ROOT = Path(__file__).parents[1]
OUT = ROOT / "docs" / "screens"
MOST = 90_000
"""Bytes of one picture, for which colours are given up."""

LAPTOP = (1366, 768)
TABLET = (1024, 768)


@contextmanager
def running(home: Path) -> Iterator[str]:
    """The app over a vault, at a free port; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py"]
    server = subprocess.Popen(
        [*command, "--server.port", str(port)],
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
    """Takes the pictures; where they lie and what they weigh is kept in ``taken``."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.taken: list[Path] = []

    def take(self, name: str, *, tablet: bool = False) -> None:
        """What the page shows now, in light and dark."""
        self._both(name)
        if tablet:
            self._size(TABLET)
            self._both(f"{name}-tablet")
            self._size(LAPTOP)

    def _size(self, size: tuple[int, int]) -> None:
        self.page.set_viewport_size({"width": size[0], "height": size[1]})
        self.page.wait_for_timeout(800)

    def _both(self, name: str) -> None:
        for theme in ("dark", "light"):  # light is what the walk goes on in
            self.page.emulate_media(color_scheme=theme)
            self._take(f"{name}-{theme}")

    def _take(self, name: str) -> None:
        from PIL import Image

        self.page.wait_for_function("document.fonts.status === 'loaded'")
        self.page.wait_for_timeout(700)  # pictures, colours that change slowly and the compositor
        picture = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        path = OUT / f"{name}.png"
        for colours in (256, 128, 64):
            picture.quantize(colours, dither=Image.Dither.NONE).save(path, optimize=True)
            if path.stat().st_size < MOST:
                break
        self.taken.append(path)


@contextmanager
def held(page: Page) -> Iterator[None]:
    """A line on which one slice of a film goes through, and the rest only afterwards."""
    waiting: list[Route] = []
    let: list[bool] = [True]

    def slice_of(route: Route) -> None:
        if route.request.method == "PATCH" and not let:
            waiting.append(route)
            return
        if route.request.method == "PATCH" and len(let) == 1:
            let.clear()
        route.continue_()

    page.route("**/api/uploads/*", slice_of)
    yield
    let += [True, True]
    for route in waiting:
        route.continue_()
