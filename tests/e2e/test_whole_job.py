"""The whole job of a guider on one film, in a real browser, with a restart in the middle."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import PASSPHRASE, ROOT, _await
from tests.e2e.test_screens import choose
from vig.app.house import House

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _patience() -> Iterator[None]:
    """What is waited for may take its time on a busy machine."""
    expect.set_options(timeout=20_000)
    yield
    expect.set_options(timeout=5_000)


SAMPLE = ROOT / "sample_clips" / "main.mp4"
EXCHANGE = (24, 32)
"""Seconds of the sample film ``main`` in which the two look at each other and smile."""
QUIET = 18
"""A second of it in which nobody looks at anybody."""
HELD = 65
"""Seconds for which that one picture is held, so that a film has room for two suggestions and
costs hardly more to watch than the exchange: a picture that is still shown is not looked at again."""


def short_sample() -> bytes:
    """The exchange, a long quiet picture, and the exchange once more: 81 seconds without sound."""
    made = io.BytesIO()
    with av.open(str(SAMPLE)) as source, av.open(made, "w", format="mp4") as out:
        given = source.streams.video[0]
        video = out.add_stream("libx264", rate=given.average_rate, options={"preset": "veryfast"})
        video.width, video.height, video.pix_fmt = given.width, given.height, "yuv420p"
        video.codec_context.time_base = Fraction(1, 1000)
        shown = [(float(f.time), f.reformat(format="yuv420p")) for f in source.decode(given)]
        start, end = EXCHANGE
        exchange = [(at - start, frame) for at, frame in shown if start <= at < end]
        quiet = next(frame for at, frame in shown if at >= QUIET)
        held = [(end - start + second, quiet) for second in range(0, HELD, 5)]
        again = [(at + end - start + HELD, frame) for at, frame in exchange]
        for at, frame in (*exchange, *held, *again):
            frame.pts, frame.time_base = round(at * 1000), Fraction(1, 1000)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
    return made.getvalue()


@contextmanager
def running(root: Path, port: int) -> Iterator[str]:
    """The app over this vault, in a process of its own."""
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py"]
    server = subprocess.Popen(
        [*command, "--server.port", str(port)],
        cwd=ROOT,
        env={**os.environ, "VIG_HOME": str(root)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await(f"http://localhost:{port}/healthz")
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        server.wait(30)


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty vault, and beside it the film that is to come in."""
    root = tmp_path / "vault"
    house = House(root)
    house.confirm(house.set_up(PASSPHRASE))
    house.lock()
    (tmp_path / "film.mp4").write_bytes(short_sample())
    return root


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1366, "height": 768}, bypass_csp=True)
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


def sign_in(page: Page, url: str) -> None:
    page.goto(url)
    page.fill("#secret", PASSPHRASE)
    page.click("button.main", timeout=180_000)
    page.wait_for_selector("h1:has-text('Library')")


def in_the_room(page: Page) -> None:
    page.wait_for_selector(".room[data-ready=yes]")


def saved(page: Page) -> None:
    """Every gesture of this page was heard."""
    expect(page.locator(".editing .saved")).to_contain_text("Saved")


def test_from_a_phone_film_to_three_micro_clips_with_a_restart_in_the_middle(
    page: Page, root: Path, port: int, tmp_path: Path, need: Callable[[str], str]
) -> None:
    # long because it is one person's one job, from the door to the door
    with running(root, port) as url:
        sign_in(page, url)
        page.get_by_role("button", name="Add a film").wait_for()
        choose(page, "F-014", tmp_path / "film.mp4", also=("To let a computer look for moments",))
        card = page.locator("[class*=st-key-film-]").filter(has_text="F-014")
        expect(card).to_be_visible(timeout=60_000)
        look = card.get_by_role("button", name="Look for moments")
        card.get_by_text("suggestion").or_(look).or_(
            card.get_by_role("progressbar")
        ).first.wait_for()
        if look.is_visible():
            look.click()
        expect(card.get_by_text("2 suggestions")).to_be_visible(timeout=180_000)
        page.get_by_role("button", name="F-014: 2 suggestions to look at").click()
        in_the_room(page)

        # Two suggestions are kept: one with the mouse, one with the keyboard alone.
        page.locator(".card").first.get_by_role("button", name="Keep as micro-clip").click()
        expect(page.locator(".clips .clip")).to_have_count(1)
        page.keyboard.press("n")
        expect(page.locator(".card[aria-current=true][data-state=new]")).to_have_count(1)
        page.keyboard.press("k")
        page.keyboard.press("Enter")
        expect(page.locator(".clips .clip")).to_have_count(2)

        # A third one by hand, from In to Out.
        page.keyboard.press("Home")
        page.keyboard.press("i")
        for _ in range(3):
            page.keyboard.press("Shift+ArrowRight")
        page.keyboard.press("o")
        page.keyboard.press("Enter")
        expect(page.locator(".clips .clip")).to_have_count(3)

        # Trimmed by frames, named, its principle ticked; nowhere is there a Save button.
        page.locator(".clips .open").last.click()
        ends = page.locator(".editing output.last")
        before = ends.inner_text()
        for _ in range(4):
            page.locator(".editing").get_by_label("End one frame later").click()
        expect(ends).not_to_have_text(before)
        page.get_by_role("textbox", name="Title").fill("Hello you")
        page.locator(".editing").get_by_label("Receiving initiatives").check()
        saved(page)
        assert page.get_by_role("button", name="Save").count() == 0
        trimmed = ends.inner_text()

    with running(root, port) as url:
        sign_in(page, url)
        page.get_by_role("button", name="Review").first.click()
        in_the_room(page)
        expect(page.locator(".clips .clip")).to_have_count(3)
        named = page.locator(".clips .clip").filter(has_text="Hello you")
        named.locator(".open").click()
        expect(page.locator(".editing output.last")).to_have_text(trimmed)
        expect(page.locator(".editing").get_by_label("Receiving initiatives")).to_be_checked()
        page.get_by_role("button", name="Back to all").click()

        # A note, taken back and brought back by the names of what is undone and done again.
        page.get_by_role("tab", name="Notes").click()
        page.get_by_role("button", name="Add a note here").click()
        note = page.get_by_role("textbox", name="Note on")
        note.fill("She waits, and looks again.")
        expect(page.locator(".note .saved")).to_contain_text("Saved")
        undo = page.get_by_role("button", name="Undo: change the note")
        undo.click()
        expect(note).to_have_value("")
        page.get_by_role("button", name="Redo: change the note").click()
        expect(note).to_have_value("She waits, and looks again.")
        # What was done before the restart is undone too.
        page.locator(".stage").click(position={"x": 5, "y": 5})
        page.keyboard.press("k")
        for _ in range(3):
            page.keyboard.press("Control+z")
        expect(page.locator(".note")).to_have_count(0)
        expect(page.get_by_role("button", name="Redo: change the principles")).to_be_visible()
        for _ in range(3):
            page.keyboard.press("Control+Shift+z")
        expect(note).to_have_value("She waits, and looks again.")

        page.get_by_role("link", name="Settings").click()
        page.get_by_role("button", name="Sign out of this browser").click()
        page.wait_for_url("**/account/sign-in")

    kept = House(root)
    kept.unlock(PASSPHRASE)
    ws = kept.workspace
    (film,) = ws.catalogue.recordings()
    clips = ws.catalogue.clips(film.id)
    assert len(clips) == 3
    assert sum(clip.proposed_by is not None for clip in clips) == 2
    (mine,) = [clip for clip in clips if clip.proposed_by is None]
    assert (mine.title, mine.principles) == ("Hello you", ("receiving",))
    assert [note.words for note in ws.catalogue.annotations(film.id)] == [
        "She waits, and looks again."
    ]
    kept.lock()
