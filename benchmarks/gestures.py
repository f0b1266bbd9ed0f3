"""From a key or a click to the redraw, in the real app: how long a person waits for an answer.

    python -m benchmarks.gestures [--rounds 30] [--json FILE]

The app runs over a vault of its own with the sample ``main`` and is used by headless Chromium
(drawn by the processor, no graphics card). Times are taken inside the page, from the time stamp of
the event to the frame on which the answer is on screen, in milliseconds: median and 90th percentile.

- ``nothing``: two animation frames without any deed: what the machine and the screen cost at all,
- ``step``, ``seek``: another frame of the film is presented,
- ``mark``: the marked part stands under the film,
- ``keep``: the suggestion says that it is kept,
- ``written``: it is in the catalogue, and Python's answer is drawn.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from vig.app import analysis, walk
from vig.app.house import House
from vig.domain.family import Purpose
from vig.testing import scene

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "sample_clips" / "main.mp4"
PASSPHRASE = "a benchmark holds no family"
SCENE = """
    0 4    baby: toy            parent: toy
    4 8    baby: parent smile   parent: baby smile
    8 14   baby: toy            parent: baby
    14 22  baby: parent voice   parent: baby smile voice
    22 24  baby: toy            parent: toy
"""

# arm(done) waits for the next key or press, then for `done()`, then for the frame that shows it.
CLOCK = """() => {
  const host = [...document.querySelectorAll('*')].find((e) => e.shadowRoot?.querySelector('.room'));
  const room = host.shadowRoot.querySelector('.room');
  const video = room.querySelector('video');
  const pressed = () => new Promise((done) => {
    const stop = new AbortController();
    for (const type of ['keydown', 'pointerdown'])
      addEventListener(type, (e) => { stop.abort(); done(e.timeStamp); }, { capture: true, signal: stop.signal });
  });
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const until = async (holds) => { while (!holds()) await frame(); return frame(); };
  window.clock = {
    room,
    arm(holds) { clock.took = pressed().then(async (at) => { await until(holds); return performance.now() - at; }); },
    film() {
      clock.took = pressed().then((at) => new Promise((done) => video.requestVideoFrameCallback((now) => done(now - at))));
    },
    async nothing() { const at = performance.now(); await frame(); await frame(); return performance.now() - at; },
  };
}"""


@contextmanager
def app(root: Path) -> Iterator[str]:
    """The app over a new vault with one film and its suggestions; its address."""
    house = House(root)
    house.confirm(house.set_up(PASSPHRASE))
    ws = house.workspace
    with SAMPLE.open("rb") as film:
        made = walk.add(
            ws,
            film,
            family="F-014",
            name=SAMPLE.name,
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
    house.lock()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port)],
        cwd=ROOT,
        env={**os.environ, "VIG_HOME": str(root)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://localhost:{port}"
        _await(f"{url}/healthz", server)
        yield url
    finally:
        server.terminate()
        server.wait(20)


def _await(url: str, server: subprocess.Popen[bytes]) -> None:
    while True:
        try:
            with urllib.request.urlopen(url):
                return
        except OSError:
            if server.poll() is not None:
                raise RuntimeError("The app did not start.") from None
            time.sleep(0.3)


def open_room(page: Page, url: str) -> None:
    page.goto(url)
    page.fill("#secret", PASSPHRASE)
    page.click("button.main")
    page.locator("[data-testid=stMain]").get_by_role("button", name="Review").first.click()
    page.wait_for_selector(".room[data-ready=yes]")
    page.wait_for_function("document.fonts.status === 'loaded'")
    page.wait_for_timeout(2000)
    page.evaluate(CLOCK)


def measured(page: Page, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of every round of every gesture."""
    took: dict[str, list[float]] = {}

    def note(name: str, arm: str, deed: Callable[[], object]) -> None:
        page.evaluate(arm)
        deed()
        took.setdefault(name, []).append(float(page.evaluate("clock.took")))

    strip = page.locator(".strip").bounding_box()
    assert strip is not None
    card = page.locator(".card").first
    for n in range(rounds):
        took.setdefault("nothing", []).append(float(page.evaluate("clock.nothing()")))
        note("step", "clock.film()", lambda: page.keyboard.press("ArrowRight"))
        x = strip["x"] + strip["width"] * (0.1 + 0.8 * ((n * 7) % 11) / 11)
        note("seek", "clock.film()", lambda x=x: page.mouse.click(x, strip["y"] + 9))  # type: ignore[misc]
        page.wait_for_timeout(100)
        note(
            "mark",
            "clock.arm(() => !clock.room.querySelector('.marked').hidden)",
            lambda: page.keyboard.press("m"),
        )
        page.keyboard.press("x")
        kept = "clock.room.querySelector('.card').dataset.state === 'kept'"
        note("keep", f"clock.arm(() => {kept})", card.get_by_role("button", name="Keep").click)
        page.wait_for_selector(".clips .clip")
        card.get_by_role("button", name="Take back").click()
        page.wait_for_function("!clock.room.querySelector('.clips .clip')")
        page.wait_for_timeout(100)
        written = "clock.room.querySelector('.clips .clip')"
        note(
            "written", f"clock.arm(() => {written})", card.get_by_role("button", name="Keep").click
        )
        card.get_by_role("button", name="Take back").click()
        page.wait_for_function("!clock.room.querySelector('.clips .clip')")
    return took


def main() -> int:
    asked = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    asked.add_argument("--rounds", type=int, default=30)
    asked.add_argument("--chromium", default=shutil.which("chromium"))
    asked.add_argument("--json", type=Path)
    told = asked.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        app(Path(folder) / "vault") as url,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=told.chromium, args=["--no-sandbox", "--disable-gpu", "--mute-audio"]
        )
        page = browser.new_page(viewport={"width": 1366, "height": 768}, bypass_csp=True)
        page.set_default_timeout(60_000)
        open_room(page, url)
        took = measured(page, told.rounds)
        browser.close()
    for name, times in took.items():
        ninth = sorted(times)[int(0.9 * (len(times) - 1))]
        print(f"  {name:8} median {statistics.median(times):6.0f} ms   90% {ninth:6.0f} ms")
    if told.json:
        told.json.write_text(json.dumps(took, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
