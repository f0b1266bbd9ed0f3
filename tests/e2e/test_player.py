"""Every frame that the player shows is the right one, whichever way it was come by.

The picture itself is read: each frame carries its number as bars (``tests/media/barcode.py``). What
is expected is worked out here from the frame times, not asked of the player.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import EVEN, UNEVEN, Stage, sign_in, staged
from tests.media import barcode
from vig.domain.clock import SECOND
from vig.domain.recording import FrameTimes

pytestmark = pytest.mark.browser

# What can be read off the screen, kept in the page so that only numbers come over.
EYES = f"""() => {{
  const host = [...document.querySelectorAll('*')].find((e) => e.shadowRoot?.querySelector('.room'));
  const room = host.shadowRoot.querySelector('.room');
  const video = room.querySelector('video');
  const guard = room.querySelector('.guard');
  const pen = new OffscreenCanvas(1, {barcode.BITS}).getContext('2d', {{ willReadFrequently: true }});
  const read = (from, w, h) => {{
    for (let bit = 0; bit < {barcode.BITS}; bit++)
      pen.drawImage(from, w / 6, ((bit + 0.4) * h) / {barcode.BITS}, w / 6, h / 60, 0, bit, 1, 1);
    const bars = pen.getImageData(0, 0, 1, {barcode.BITS}).data;
    let number = 0;
    for (let bit = 0; bit < {barcode.BITS}; bit++) number = number * 2 + (bars[bit * 4] > 125 ? 1 : 0);
    return number;
  }};
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));
  window.eyes = {{
    room, video, guard,
    // The number of the frame that a person sees now.
    seen: () => guard.hidden ? read(video, video.videoWidth, video.videoHeight) : read(guard, guard.width, guard.height),
    // The same once the player says that it is at rest on `frame`.
    async at(frame) {{
      for (let i = 0; i < 1500 && room.dataset.frame !== String(frame); i++) await wait(10);
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      await wait(40);
      return [Number(room.dataset.frame), eyes.seen()];
    }},
    // Everything that is on screen from now on, at each redraw, until `stop`.
    watch() {{
      eyes.saw = [];
      eyes.counted = [];
      eyes.seeks = 0;
      const look = () => {{ eyes.saw.push(eyes.seen()); eyes.looking = requestAnimationFrame(look); }};
      look();
      const count = () => eyes.seeks++;
      video.addEventListener('seeking', count);
      const counter = new MutationObserver(() => eyes.counted.push(Number(room.dataset.frame)));
      counter.observe(room, {{ attributes: true, attributeFilter: ['data-frame'] }});
      eyes.stop = () => {{
        cancelAnimationFrame(eyes.looking);
        video.removeEventListener('seeking', count);
        counter.disconnect();
        return {{ saw: eyes.saw, counted: eyes.counted, seeks: eyes.seeks }};
      }};
    }},
  }};
}}"""


@pytest.fixture(scope="module", params=["uneven", "even"])
def film(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, chromium: Browser
) -> Iterator[tuple[Stage, Page]]:
    """The room with one film open: at a phone's uneven times, and at a constant rate."""
    times = UNEVEN if request.param == "uneven" else EVEN
    with staged(tmp_path_factory.mktemp("film") / "vault", times) as stage:
        context = chromium.new_context(viewport={"width": 1366, "height": 768}, bypass_csp=True)
        context.set_default_timeout(30_000)
        page = context.new_page()
        sign_in(page, stage)
        yield stage, page
        context.close()


@pytest.fixture
def room(film: tuple[Stage, Page]) -> Page:
    """The room, freshly loaded, with eyes."""
    stage, page = film
    page.goto(stage.url)
    page.wait_for_selector(f"img[src='/api/thumb/{stage.film}']")
    page.locator("[data-testid=stMain]").get_by_role("button", name="Review").first.click()
    page.wait_for_selector(".room[data-ready=yes]")
    page.wait_for_function("document.fonts.status === 'loaded'")
    page.evaluate(EYES)
    return page


@pytest.fixture
def times(film: tuple[Stage, Page]) -> FrameTimes:
    return film[0].times


def at(page: Page, frame: int) -> None:
    """Wait for the frame, then see that both the player and the picture say so."""
    assert page.evaluate(f"eyes.at({frame})") == [frame, frame]


def said(page: Page) -> int:
    """The frame that the player says is shown."""
    return int(page.evaluate("Number(eyes.room.dataset.frame)"))


def point(page: Page, times: FrameTimes, chance: random.Random) -> int:
    """Press somewhere on the film strip; the frame that is shown at that place."""
    box = page.locator(".strip").bounding_box()
    assert box is not None
    while True:
        x = chance.uniform(1, box["width"] - 1)
        there = round(x / box["width"] * times.end)
        frame = times.frame_at(there)
        edges = (int(times.starts[frame]), int(next_start(times, frame)))
        if min(there - edges[0], edges[1] - there) > SECOND // 500:
            break
    page.mouse.click(box["x"] + x, box["y"] + box["height"] / 2)
    return frame


def next_start(times: FrameTimes, frame: int) -> int:
    return int(times.starts[frame + 1]) if frame + 1 < len(times.starts) else int(times.end)


def a_second(times: FrameTimes, frame: int, by: int) -> int:
    to = int(times.starts[frame]) + by * SECOND
    return times.frame_at(min(max(to, 0), times.end - 1))


def test_200_of_200_random_seeks_and_steps_show_the_right_frame(
    room: Page, times: FrameTimes
) -> None:
    chance = random.Random(20261125)
    frame, last = 0, len(times.starts) - 1
    wrong: list[tuple[str, int, list[int]]] = []
    for _ in range(200):
        deed = chance.choice(["seek", "seek", "on", "back", "leap", "second-on", "second-back"])
        if deed == "seek":
            frame = point(room, times, chance)
        elif deed in ("on", "back"):
            by = chance.randint(1, 4) * (1 if deed == "on" else -1)
            for _ in range(abs(by)):
                room.keyboard.press("ArrowRight" if by > 0 else "ArrowLeft")
            frame = min(max(frame + by, 0), last)
        elif deed == "leap":
            key = chance.choice(["Home", "End"])
            room.keyboard.press(key)
            frame = 0 if key == "Home" else last
        else:
            by = 1 if deed == "second-on" else -1
            room.keyboard.press("Shift+ArrowRight" if by > 0 else "Shift+ArrowLeft")
            frame = a_second(times, frame, by)
        shown = room.evaluate(f"eyes.at({frame})")
        if shown != [frame, frame]:
            wrong.append((deed, frame, shown))
            frame = shown[0]
    assert wrong == []


def test_pausing_shows_the_frame_it_says_after_playing_either_way_at_any_speed(
    room: Page,
) -> None:
    chance = random.Random(3)
    for keys in ("l", "ll", "lll", " ", "j", "jj", "sl", "sj", "ssl", "sssl", "ssl", "Sj"):
        # From the middle of the film, so that there is room both ways.
        box = room.locator(".strip").bounding_box()
        assert box is not None
        room.mouse.click(box["x"] + box["width"] / 2, box["y"] + 10)
        for key in keys:
            room.keyboard.press("s" if key == "S" else key)
        room.wait_for_timeout(chance.uniform(200, 500))
        room.keyboard.press("k")
        expect(room.locator(".room.playing")).to_have_count(0)
        room.wait_for_timeout(250)
        before = said(room)
        at(room, before)
        room.keyboard.press("ArrowRight")
        at(room, before + 1)
        room.keyboard.press("ArrowLeft")
        room.keyboard.press("ArrowLeft")
        at(room, before - 1)


def test_backwards_is_backwards_frame_by_frame(room: Page) -> None:
    room.keyboard.press("End")
    room.wait_for_timeout(300)
    room.keyboard.press("s")
    room.keyboard.press("s")  # a quarter
    room.evaluate("eyes.watch()")
    room.keyboard.press("j")
    room.wait_for_timeout(2000)
    room.keyboard.press("k")
    saw = room.evaluate("eyes.stop()")
    runs = deduplicated(saw["saw"])
    assert len(runs) > 4
    assert runs == sorted(runs, reverse=True)
    assert saw["counted"] == sorted(saw["counted"], reverse=True)


def deduplicated(numbers: list[int]) -> list[int]:
    return [one for n, one in enumerate(numbers) if n == 0 or numbers[n - 1] != one]


def test_pause_held_makes_steps_of_j_and_l(room: Page) -> None:
    room.keyboard.down("k")
    for number in (1, 2, 3):
        room.keyboard.press("l")
        at(room, number)
    room.keyboard.press("j")
    at(room, 2)
    room.keyboard.up("k")
    expect(room.locator(".room.playing")).to_have_count(0)


def test_a_held_key_goes_on_frame_by_frame_and_stops_when_it_is_let_go(room: Page) -> None:
    room.evaluate("eyes.watch()")
    for _ in range(40):
        room.keyboard.down("ArrowRight")  # again without an up: what a held key sends
    room.keyboard.up("ArrowRight")
    room.wait_for_timeout(300)
    let_go = said(room)
    room.wait_for_timeout(600)
    at(room, let_go)
    counted = [one for one in deduplicated(room.evaluate("eyes.stop()")["counted"]) if one]
    assert 2 <= let_go <= 40
    assert counted == list(range(1, let_go + 1))  # none left out on the way


def mark(page: Page, first: int, last: int) -> None:
    """Mark the frames from first to last with the keyboard, from frame 0."""
    page.keyboard.press("Home")
    at(page, 0)
    for _ in range(first):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("i")
    for _ in range(last - first):
        page.keyboard.press("ArrowRight")
    at(page, last)
    page.keyboard.press("o")


def test_a_loop_never_shows_a_frame_from_outside(room: Page) -> None:
    mark(room, 12, 31)
    room.keyboard.press("p")
    room.evaluate("eyes.watch()")
    room.keyboard.press("a")
    room.wait_for_timeout(6000)
    room.keyboard.press("k")
    saw = room.evaluate("eyes.stop()")
    inside = saw["saw"][saw["saw"].index(12) :]
    assert min(inside) == 12
    assert max(inside) == 31
    rounds = sum(1 for before, now in itertools.pairwise(inside) if now < before - 5)
    assert rounds >= 3
    room.wait_for_timeout(300)
    frame = said(room)
    at(room, frame)


def test_a_moment_that_is_played_stops_on_its_last_frame_and_shows_none_beyond(
    room: Page,
) -> None:
    mark(room, 20, 38)
    room.keyboard.press("Home")
    at(room, 0)
    room.evaluate("eyes.watch()")
    room.keyboard.press("a")
    room.wait_for_function("eyes.room.dataset.frame === '38'")
    expect(room.locator(".room.playing")).to_have_count(0)
    at(room, 38)
    saw = room.evaluate("eyes.stop()")["saw"]
    assert set(saw) <= {0, *range(20, 39)}
    assert room.evaluate("eyes.guard.hidden")


def test_an_edge_goes_by_a_frame_and_its_frame_is_shown(room: Page) -> None:
    mark(room, 10, 20)
    for key, frame in (("e", 19), ("e", 18), ("r", 19), ("q", 9), ("w", 10), ("w", 11)):
        room.keyboard.press(key)
        at(room, frame)
    room.get_by_role("button", name="Begin one frame earlier").click()
    at(room, 10)
    room.keyboard.press("x")
    expect(room.locator(".marked")).to_be_hidden()


def test_one_key_marks_a_moment_while_the_film_plays(room: Page, times: FrameTimes) -> None:
    for _ in range(8):
        room.keyboard.press("Shift+ArrowRight")
    room.keyboard.press(" ")
    room.wait_for_timeout(300)
    room.keyboard.press("m")
    expect(room.locator(".marked .to")).to_have_text("now")
    expect(room.locator(".room.playing")).to_be_visible()  # it plays on
    room.wait_for_timeout(900)
    room.keyboard.press("m")
    room.keyboard.press("k")
    expect(room.locator(".marked .to")).not_to_have_text("now")
    long = float(room.locator(".marked .long").inner_text().split()[0])
    assert 5.4 < long < 12
    room.keyboard.press("Enter")
    expect(room.locator(".clips .clip")).to_have_count(1)
    room.locator(".clips").get_by_role("button", name="Remove").click()
    expect(room.locator(".clips .clip")).to_have_count(0)


def test_keeping_while_it_plays_never_moves_the_film(room: Page, times: FrameTimes) -> None:
    frame = 0
    for _ in range(6):
        room.keyboard.press("Shift+ArrowRight")
        frame = a_second(times, frame, 1)
    at(room, frame)
    room.keyboard.press("m")
    room.keyboard.press(" ")
    expect(room.locator(".room.playing")).to_be_visible()
    room.wait_for_timeout(300)
    room.evaluate("eyes.watch()")
    room.keyboard.press("Enter")
    expect(room.locator(".clips .clip")).to_have_count(1)
    room.wait_for_timeout(700)
    saw = room.evaluate("eyes.stop()")
    assert saw["seeks"] == 0
    assert saw["saw"] == sorted(saw["saw"])
    expect(room.locator(".room.playing")).to_be_visible()
    room.keyboard.press("k")
    room.locator(".clips").get_by_role("button", name="Remove").click()
    expect(room.locator(".clips .clip")).to_have_count(0)


def test_freeze_holds_the_picture_and_goes_on(room: Page) -> None:
    room.keyboard.press("l")
    room.wait_for_timeout(500)
    room.keyboard.press("z")
    expect(room.locator(".state")).to_have_text("Frozen")
    room.wait_for_timeout(300)
    frame = said(room)
    at(room, frame)
    room.keyboard.press("z")
    expect(room.locator(".room.playing")).to_be_visible()
    expect(room.locator(".state")).to_be_hidden()


def test_a_picture_is_shown_large_stepped_and_closed_and_nothing_is_saved(room: Page) -> None:
    asked: list[str] = []
    room.on("request", lambda request: asked.append(request.url))
    room.keyboard.press("ArrowRight")
    at(room, 1)
    room.keyboard.press("v")
    large = room.locator("dialog.large")
    expect(large).to_be_visible()
    expect(large).to_contain_text("Nothing is saved.")
    expect(large).to_contain_text("F-014")
    room.keyboard.press("ArrowRight")
    at(room, 2)
    room.wait_for_timeout(200)
    assert room.evaluate(LARGE) == 2
    room.keyboard.press("h")  # hidden at once, the large one too
    expect(large).to_be_hidden()
    expect(room.locator(".curtain")).to_be_visible()
    room.keyboard.press("h")
    room.keyboard.press("v")
    room.keyboard.press("Escape")
    expect(large).to_be_hidden()
    assert not any("/api/clip" in url or "export" in url for url in asked)


LARGE = f"""() => {{
  const canvas = eyes.room.querySelector('dialog.large canvas');
  const pen = canvas.getContext('2d');
  let number = 0;
  for (let bit = 0; bit < {barcode.BITS}; bit++) {{
    const [red] = pen.getImageData(canvas.width / 4, ((bit + 0.5) * canvas.height) / {barcode.BITS}, 1, 1).data;
    number = number * 2 + (red > 125 ? 1 : 0);
  }}
  return number;
}}"""
