"""How long a large library takes to open, beside a small one.

    python -m benchmarks.library [--films 1000] [--clips 20000] [--browser] [--json FILE]

The catalogue is generated: so many films over a fifth as many families, eight suggestions and an
equal share of the micro-clips each, no film's bytes. Reported are, for ten films and for all:

- ``page``: median of nine readings of the first part of the list (``vig.app.library.page``),
- ``search``: the same while looking for a pseudonym,
- ``shelf``: one film, as the review room reads it,
- ``opened`` (with ``--browser``): from the address to the last card of the first part in Chromium,
  signed in; the still pictures are left out, for there are none.

What the machine is worth cancels out between the two columns.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path

from vig.app import library
from vig.app.house import House
from vig.app.workspace import Workspace
from vig.catalogue.values import AnalysisState
from vig.domain.account import Office
from vig.domain.clock import SECOND, Span
from vig.domain.family import Role
from vig.domain.recording import Footage
from vig.domain.review import Cue, Evidence, MicroClip, Moment, Principle
from vig.ui.library import PART

ROOT = Path(__file__).parents[1]
PASSPHRASE = "a benchmark holds no family"
SUGGESTIONS = 8
FOOTAGE = Footage(
    duration=600 * SECOND,
    width=1280,
    height=720,
    video_codec="h264",
    audio_codec="aac",
    rotation=0,
    mirrored=False,
    hdr=None,
    pixel_aspect=Fraction(1),
    container="mp4",
    frames=18_000,
    sound_start=0,
)


@dataclass(frozen=True, slots=True)
class Figures:
    """Milliseconds."""

    films: int
    clips: int
    page: float
    search: float
    shelf: float
    opened: float | None


def fill(ws: Workspace, films: int, clips: int) -> str:
    """The generated catalogue; the id of one of its films."""
    look = Evidence(Cue.LOOK, Span(0, SECOND), Role.BABY, "she looks up")
    homes: list[str] = []
    last = ""
    for number in range(films):
        with ws.catalogue.act("cli", "benchmark") as act:
            if number % 5 == 0:
                home = act.add_family(f"F-{number // 5:04}", age_weeks=20, carer_word="Mum")
                act.assign(ws.opened_by, home.id, Office.GUIDER)
                homes.append(home.id)
            day = date(2026, 1, 1) + timedelta(days=number % 300)
            film = act.begin_recording(homes[-1], FOOTAGE, filmed_on=day, original_left=False)
            act.finish_recording(film.id, sha256=uuid.uuid4().bytes * 2)
            run = act.add_analysis(
                film.id, software="0", models=(), settings_hash="x", state=AnalysisState.DONE
            )
            spans = [Span(n * 60 * SECOND, (n * 60 + 9) * SECOND) for n in range(SUGGESTIONS)]
            act.add_moments(
                run.id,
                [
                    Moment(
                        "", span, Principle.RECEIVING, "She looks up; Mum smiles.", (look,), (), 1
                    )
                    for span in spans
                ],
            )
            mine = clips * (number + 1) // films - clips * number // films
            for n in range(mine):
                span = Span(n * 10 * SECOND, (n * 10 + 8) * SECOND)
                when = datetime.now(UTC)
                act.add_clip(
                    MicroClip(uuid.uuid4().hex, film.id, span, "Hello you", "", "cli", when)
                )
            last = film.id
    return last


def median(ask: Callable[[], object], times: int = 9) -> float:
    """Milliseconds."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        ask()
        took.append(time.perf_counter() - began)
    return statistics.median(took) * 1000


def measured(films: int, clips: int, *, browser: bool) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "vault"
        house = House(root)
        house.confirm(house.set_up(PASSPHRASE))
        ws = house.workspace
        one, me = fill(ws, films, clips), ws.opened_by
        page = median(lambda: library.page(ws, me, many=PART))
        search = median(lambda: library.page(ws, me, called="f-0001", many=PART))
        shelf = median(lambda: library.shelf(ws, me, one))
        house.lock()
        opened = in_a_browser(root) if browser else None
    return Figures(films, clips, page, search, shelf, opened)


def in_a_browser(root: Path) -> float:
    """Milliseconds from the address to the last card, the median of five; signed in before."""
    # long because a server, a browser and what is timed between them are one story
    from playwright.sync_api import sync_playwright

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
    url = f"http://localhost:{port}"
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with suppress(OSError):
                urllib.request.urlopen(f"{url}/healthz").close()
                break
            time.sleep(0.2)
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(
                executable_path=os.environ.get("VIG_CHROMIUM", "/usr/bin/chromium"),
                args=["--no-sandbox", "--disable-gpu"],
            )
            window = chromium.new_page(viewport={"width": 1366, "height": 768})
            window.goto(url)
            window.fill("#secret", PASSPHRASE)
            window.click("button.main")
            last = window.locator("[class*=st-key-open-]")

            def open_it() -> None:
                window.goto(f"{url}/library")
                last.nth(min(PART, 10) - 1).wait_for()

            open_it()
            took = median(open_it, 5)
            chromium.close()
            return took
    finally:
        server.terminate()
        server.wait(20)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    asked.add_argument("--films", type=int, default=1000)
    asked.add_argument("--clips", type=int, default=20_000)
    asked.add_argument("--browser", action="store_true")
    asked.add_argument("--json", type=Path)
    told = asked.parse_args()
    small = measured(10, 10 * told.clips // told.films, browser=told.browser)
    large = measured(told.films, told.clips, browser=told.browser)
    print(f"{'':10}{small.films:>8} films{large.films:>8} films   (ms, median)")
    for name in ("page", "search", "shelf", "opened"):
        a, b = getattr(small, name), getattr(large, name)
        if a is not None and b is not None:
            print(f"{name:10}{a:>14.1f}{b:>14.1f}")
    if told.json:
        told.json.write_text(json.dumps([asdict(small), asdict(large)], indent=1))


if __name__ == "__main__":
    main()
