"""The review room's timeline with an hour of film and every lane open: how smoothly it moves.

    python -m benchmarks.room [--minutes 60] [--seconds 5] [--ratio 1] [--json FILE]

A page with the real modules of ``vig/ui/player`` and nothing else, in headless Chromium (drawn by
the processor, no graphics card). The lanes are made up: as many looks, smiles and voices as people
make, on the grid of a real analysis, and an outline of sound with 50 values a second. For each way
of moving the window is changed on every animation frame and reported are

- ``fps``: frames the browser showed in a second,
- ``paint``: milliseconds of the timeline's own drawing a frame, median and 95th percentile,
- ``late``: share of frames that came more than 25 ms after the one before,
- ``cpu``: milliseconds of processor a frame, of the whole browser (page, compositor, raster): what
  it costs however busy the machine is. Under 20 is room for 50 frames a second on one processor.

``still`` moves nothing and says what the machine can do at all: on a busy machine compare with it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import struct
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray
from playwright.sync_api import Page, Route, sync_playwright

from vig.web.media import packed

PLAYER = Path(__file__).parents[1] / "vig" / "ui" / "player"
ADDRESS = "http://line.test"
STEP = 0.1
OUTLINE_STEP = 0.02

SPANS = (
    "eyes", "facing", "baby-smile", "parent-smile", "baby-voice", "parent-voice", "cry",
    "not-seen", "not-heard",
)  # fmt: skip

BARE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Timeline</title>
<link rel="stylesheet" href="/player.css"><link rel="stylesheet" href="/timeline.css">
<body style="margin:0"><main class="room" style="display:block;padding:12px">
<h1 class="hush">Review</h1><h2 class="hush">Film</h2><div class="timeline"></div></main></body></html>"""

# A film that shows nothing: the timeline asks it for times and tells it where to go.
STAND = """async ({ times, data, dark }) => {
  const { Timeline } = await import("/timeline.js");
  const root = document.querySelector(".room");
  root.classList.toggle("dark", dark);
  if (dark) document.body.style.cssText += ";background:#14191d;--st-text-color:#e6e9ea;--st-background-color:#14191d;--st-border-color:#33404a;--st-secondary-background-color:#1e262c;--st-primary-color:#2a8079";
  const film = {
    times: Float64Array.from(times), here: 0, backward: 0, playing: false, stopAfter: null,
    video: { seeking: false, currentTime: 0 }, ready: true,
    get frames() { return this.times.length - 1; },
    get length() { return this.times[this.times.length - 1]; },
    get now() { return this.times[this.here]; },
    start(n) { return this.times[Math.min(Math.max(n, 0), this.frames)]; },
    at(s) { let n = 0, m = this.frames - 1; while (n < m) { const k = (n + m + 1) >> 1; this.times[k] <= s ? (n = k) : (m = k - 1); } return n; },
    seek(n) { this.here = Math.min(Math.max(Math.round(n), 0), this.frames - 1); window.line.tick(); },
    pause() { this.playing = false; },
  };
  const room = {
    root, mark: { first: null, last: null }, current: null, said: [], played: [],
    setMark(edge, frame) { this.mark[edge] = frame; window.line.draw(); },
    chosen(kind, item) { this.played.push([kind, item.id]); },
    say(kind, moment, fields) { return this.said.push([kind, fields]); },
  };
  Object.assign(window, { film, room, shownData: data });
  window.line = new Timeline(document.querySelector(".timeline"), film, room);
  window.line.show(data);
  await new Promise((done) => {
    const ask = () => (!data.lanes_url || window.line.data.seen) && (!data.sound_url || window.line.data.sound !== null) ? done() : setTimeout(ask, 20);
    ask();
  });
  await document.fonts.ready;
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""

MOVE = """async ({ way, seconds }) => {
  const { line } = window;
  const { length } = line.film;
  const paints = [];
  const paint = line.paint.bind(line);
  line.paint = () => { const t = performance.now(); paint(); paints.push(performance.now() - t); };
  const ways = {
    still: () => {},
    "scroll-hour": (share) => line.look([share * length * 0.1, length * (0.9 + share * 0.1)]),
    "scroll-minute": (share) => line.look([share * (length - 60), share * (length - 60) + 60]),
    "scroll-seconds": (share) => line.look([share * 300, share * 300 + 5]),
    zoom: (share) => line.look([length / 2 - (length / 2) * (1 - share) - 1, length / 2 + (length / 2) * (1 - share) + 1].map((t) => Math.min(Math.max(t, 0), length))),
    cursor: (share) => { line.film.here = Math.floor(share * (line.film.frames - 1)); line.tick(); },
  };
  const stamps = await new Promise((done) => {
    const found = [];
    const begin = performance.now();
    const on = (now) => {
      found.push(now);
      const share = (performance.now() - begin) / (seconds * 1000);
      if (share >= 1) return done(found);
      ways[way](share);
      requestAnimationFrame(on);
    };
    requestAnimationFrame(on);
  });
  line.paint = paint;
  return { stamps, paints };
}"""


def made_up(minutes: float, seed: int = 7) -> tuple[bytes, bytes, dict[str, Any]]:
    """An hour as it might be: packed lanes, the outline of the sound, and what people chose."""
    rng = np.random.default_rng(seed)
    length = minutes * 60
    ticks = int(length / STEP)
    often = {"eyes": 6.0, "facing": 4.0, "baby-smile": 12.0, "parent-smile": 7.0,
             "baby-voice": 3.0, "parent-voice": 2.2, "cry": 60.0, "not-seen": 25.0,
             "not-heard": 300.0}  # fmt: skip
    columns: dict[str, NDArray[np.float32]] = {
        name: _stretches(rng, length, often[name], least=1.0 if name.startswith("not") else 0.5)
        for name in SPANS
    }
    for who in ("baby", "parent"):
        heights = np.full(ticks, np.nan, np.float32)
        for start, end in columns[f"{who}-smile"].reshape(-1, 2):
            inside = slice(round(float(start) / STEP), round(float(end) / STEP))
            heights[inside] = rng.uniform(0.5, 1, heights[inside].size)
        columns[f"{who}-smile-height"] = heights
    waves = int(length / OUTLINE_STEP)
    outline = np.clip(rng.normal(70, 40, waves) + 60 * (rng.random(waves) > 0.7), 0, 255)
    return (
        packed(STEP, columns),
        struct.pack("<f", OUTLINE_STEP) + outline.astype(np.uint8).tobytes(),
        chosen(length, rng),
    )


def _stretches(
    rng: np.random.Generator, length: float, every: float, *, least: float
) -> NDArray[np.float32]:
    """Stretches apart from each other, on the grid: each begins about ``every`` seconds."""
    edges, at = [], float(rng.exponential(every))
    while at < length - 3 * least:
        long = least + float(rng.exponential(least))
        edges += [round(at, 1), round(at + long, 1)]
        at += long + 0.4 + float(rng.exponential(every))
    return np.array(edges, np.float32)


def chosen(length: float, rng: np.random.Generator) -> dict[str, Any]:
    """Suggestions, clips and notes of a film, as the room hands them on."""

    def spans(every: float, long: float) -> list[tuple[int, int]]:
        starts = np.arange(every / 2, max(length - long, every), every)
        return [(int(s * 1e6), int((s + long) * 1e6)) for s in starts]

    moments = [
        {"id": f"m{n}", "start": a, "end": b, "state": ("new", "kept", "left")[n % 3],
         "reason": "She looks up; Mum smiles back."}
        for n, (a, b) in enumerate(spans(40, 9))
    ]  # fmt: skip
    clips = [
        {"id": f"c{n}", "start": a, "end": b, "title": f"Clip {n + 1}", "version": 1}
        for n, (a, b) in enumerate(spans(120, 8))
    ]
    notes = [
        {"id": f"n{n}", "start": a, "end": b, "words": "Look again", "version": 1}
        for n, (a, b) in enumerate(spans(300, 5))
    ]
    return {"moments": moments, "clips": clips, "notes": notes}


def stand(
    page: Page,
    lanes: bytes | None,
    sound: bytes | None,
    data: Mapping[str, Any],
    times: NDArray[np.float64],
    *,
    dark: bool = False,
) -> None:
    """Build the timeline in an empty page. ``times``: seconds, each frame's start, then the end."""

    def served(route: Route) -> None:
        name = route.request.url.removeprefix(ADDRESS + "/").partition("?")[0]
        made = {"": BARE.encode(), "lanes": lanes, "sound": sound}
        if name in made and made[name] is not None:
            kind = "application/octet-stream" if name else "text/html"
            route.fulfill(body=made[name], content_type=kind)
        elif (PLAYER / name).is_file():
            kind = "text/css" if name.endswith(".css") else "text/javascript"
            route.fulfill(body=(PLAYER / name).read_bytes(), content_type=kind)
        else:
            route.fulfill(status=404)

    page.route(f"{ADDRESS}/**", served)
    page.goto(ADDRESS + "/")
    told = {
        **data,
        "lanes_url": "/lanes" if lanes is not None else None,
        "sound_url": "/sound" if sound is not None else None,
    }
    page.evaluate(STAND, {"times": times.tolist(), "data": told, "dark": dark})


def spent(browser: psutil.Process | None) -> float:
    """Seconds of processor that a browser and its processes have used."""
    if browser is None:
        return 0.0
    times = [one.cpu_times() for one in (browser, *browser.children(recursive=True))]
    return float(sum(one.user + one.system for one in times))


def moved(
    page: Page, way: str, seconds: float, browser: psutil.Process | None = None
) -> dict[str, float]:
    """Move the window for so long; what came of it."""
    before = spent(browser)
    told = page.evaluate(MOVE, {"way": way, "seconds": seconds})
    used = spent(browser) - before
    gaps = np.diff(told["stamps"])
    paints = sorted(told["paints"]) or [0.0]
    return {
        "fps": round(1000 * len(gaps) / float(np.sum(gaps)), 1),
        "cpu_ms": round(1000 * used / len(gaps), 1),
        "late": round(float(np.mean(gaps > 25)), 3),
        "paint_ms": round(statistics.median(paints), 2),
        "paint_ms_95": round(paints[int(0.95 * (len(paints) - 1))], 2),
        "paints": len(told["paints"]),
    }


def chromium() -> psutil.Process | None:
    """The browser that this process started."""
    for one in psutil.Process().children(recursive=True):
        if "chrom" in one.name() and "--type=" not in " ".join(one.cmdline()):
            return one
    return None


WAYS = ("still", "scroll-hour", "scroll-minute", "scroll-seconds", "zoom", "cursor")


def main() -> int:
    asked = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    asked.add_argument("--minutes", type=float, default=60)
    asked.add_argument("--seconds", type=float, default=5)
    asked.add_argument("--ratio", type=float, default=1, help="device pixels to a CSS pixel")
    asked.add_argument("--chromium", default=shutil.which("chromium"))
    asked.add_argument("--json", type=Path)
    told = asked.parse_args()
    lanes, sound, data = made_up(told.minutes)
    times = np.arange(0, told.minutes * 60 + 1e-9, 1 / 30)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=told.chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(
            viewport={"width": 1366, "height": 768}, device_scale_factor=told.ratio
        )
        stand(page, lanes, sound, data, times)
        page.get_by_role("button", name="What the computer saw").click()
        count = page.evaluate(
            "Object.values(line.data.seen).reduce((n, some) => n + some.count, 0) + line.data.sound.count"
        )
        figures = {way: moved(page, way, told.seconds, chromium()) for way in WAYS}
        browser.close()
    print(f"{told.minutes:g} minutes, {count} values and spans, ratio {told.ratio:g}")
    for way, one in figures.items():
        print(f"  {way:15}", "  ".join(f"{name} {value:g}" for name, value in one.items()))
    if told.json:
        told.json.write_text(json.dumps({"values": count, **figures}, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
