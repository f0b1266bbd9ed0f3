"""The whole app in a process of its own, and a real browser before it.

The vault holds one film whose frames carry their own numbers and come at uneven times, as a
phone's do, with the suggestions of a scene told in words (``vig/testing.py``).
"""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

from tests.media import making
from vig.app import analysis, walk
from vig.app.house import House
from vig.domain.family import Purpose
from vig.domain.recording import FrameTimes
from vig.testing import scene

ROOT = Path(__file__).parents[2]
PASSPHRASE = "apple river cloud seven"
PICTURE = (320, 240)

SCENE = """
    0 4    baby: toy            parent: toy
    4 8    baby: parent smile   parent: baby
    5 8    baby: parent smile   parent: baby smile voice
    8 14   baby: toy            parent: baby
    14 17  baby: parent         parent: baby
    17 19  baby: parent voice   parent: baby
    19 22  baby: parent         parent: baby smile voice
    22 24  baby: toy            parent: toy
"""
UNEVEN = np.cumsum([0, *([33_000, 34_000, 41_000, 66_000, 25_000] * 120)]).tolist()
"""When each frame starts, in microseconds: 601 frames in 24 s."""
EVEN = [round(number * 1_001_000 / 30) for number in range(720)]
"""The same of a film at 29.97 frames a second."""


@dataclass(frozen=True)
class Stage:
    """A running app, and what is in its vault."""

    url: str
    root: Path
    film: str
    """The id of the film with the numbered frames; its family is F-014."""
    times: FrameTimes


def numbered_film(times: Sequence[int] = UNEVEN) -> bytes:
    """About 24 s of numbered frames."""
    return making.film(making.Recipe(times=times, size=PICTURE))


def fill(root: Path, times: Sequence[int] = UNEVEN) -> tuple[str, FrameTimes]:
    """A vault with the film and its suggestions."""
    house = House(root)
    house.confirm(house.set_up(PASSPHRASE))
    ws = house.workspace
    made = walk.add(
        ws,
        io.BytesIO(numbered_film(times)),
        family="F-014",
        name="numbers.mp4",
        agreement=walk.Agreement(
            frozenset({Purpose.KEEP, Purpose.ANALYSE}),
            agreed_by="mother",
            agreed_on=date(2026, 11, 12),
        ),
        actor=ws.opened_by,
        filmed_on=date(2026, 11, 12),
        age_weeks=23,
    )
    analysis.keep_answer(ws, made, scene(SCENE))
    assert ws.catalogue.moments(made.id)
    shown = walk.frame_times(ws, made.id)
    house.lock()
    return made.id, shown


# One a file: what a file leaves in the vault must not meet the next one.
@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("stage") / "vault", UNEVEN) as stage:
        yield stage


@contextmanager
def staged(
    root: Path, times: Sequence[int], also: Callable[[Path], object] | None = None
) -> Iterator[Stage]:
    """The app over a vault with one film, and with what ``also`` adds to it before."""
    film, shown = fill(root, times)
    if also is not None:
        also(root)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py"]
    # A file and no pipe: nobody reads while the tests run, and a full pipe stops the server.
    with tempfile.TemporaryFile() as output:
        server = subprocess.Popen(
            [*command, "--server.port", str(port)],
            cwd=ROOT,
            env={**os.environ, "VIG_HOME": str(root)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            url = f"http://localhost:{port}"
            _await(f"{url}/healthz")
            yield Stage(url, root, film, shown)
        finally:
            server.terminate()
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
                raise
        output.seek(0)
        said = output.read().decode()
    assert "F-014" not in said
    assert film not in said


def _await(url: str) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(url):
                return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


# One module long: while Playwright runs it keeps an event loop on the main thread, and the job
# engine refuses to work beneath one.
@pytest.fixture(scope="module")
def chromium(need: Callable[[str], str]) -> Iterator[Browser]:
    path = need("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            # The last: a container's /dev/shm may be 64 MiB, too little for two browsers.
            args=["--no-sandbox", "--disable-gpu", "--mute-audio", "--disable-dev-shm-usage"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def context(chromium: Browser, stage: Stage) -> Iterator[BrowserContext]:
    """One browser window for all; a request of any of its pages to another host is a failure."""
    # Waiting inside the page is done with strings, which the page's own policy forbids to run.
    context = chromium.new_context(viewport={"width": 1366, "height": 768}, bypass_csp=True)
    outside: list[str] = []

    def seen(request: Request) -> None:
        if not request.url.startswith((stage.url, "data:", "blob:")):
            outside.append(request.url)

    context.on("request", seen)
    context.set_default_timeout(30_000)
    yield context
    context.close()
    assert outside == []


@pytest.fixture
def page(context: BrowserContext, stage: Stage) -> Iterator[Page]:
    """Signed in, the library open."""
    page = context.new_page()
    sign_in(page, stage)
    yield page
    page.close()


def sign_in(page: Page, stage: Stage) -> None:
    """Open the library, with the passphrase where it is asked for."""
    page.goto(stage.url)
    if page.url.endswith("/account/sign-in"):
        page.fill("#secret", PASSPHRASE)
        page.click("button.main")
    page.wait_for_selector(f"img[src='/api/thumb/{stage.film}']")
