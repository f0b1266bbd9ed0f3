"""The timeline draws what was seen and nothing else, and every drag has a key that does the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, expect

from benchmarks import room
from vig.web.media import packed

pytestmark = pytest.mark.browser

TIMES = np.array([0.0, *np.cumsum([0.033, 0.034, 0.041, 0.066, 0.025] * 300)])
"""1500 frames at uneven times, 59.7 s."""
HOUR = np.arange(0, 3600 + 1e-9, 1 / 30)
SEEN: dict[str, list[float]] = {
    "eyes": [4, 8, 14, 17.5, 40, 44],
    "facing": [3, 9, 39, 46],
    "baby-smile": [5, 8],
    "parent-smile": [4.5, 8, 19, 22],
    "baby-voice": [17, 19],
    "parent-voice": [5, 8, 19, 22],
    "cry": [30, 33],
    "not-seen": [48, 53],
    "not-heard": [50, 52],
}
SEEN_KINDS = set(SEEN) - {"not-seen", "not-heard"}


def lanes(seen: dict[str, list[float]] = SEEN, ticks: int = 600) -> bytes:
    columns = {name: np.array(edges, np.float32) for name, edges in seen.items()}
    for who in ("baby", "parent"):
        heights = np.full(ticks, np.nan, np.float32)
        for start, end in columns[f"{who}-smile"].reshape(-1, 2):
            heights[round(float(start) * 10) : round(float(end) * 10)] = 0.8
        columns[f"{who}-smile-height"] = heights
    return packed(0.1, columns)


SOUND = np.float32(0.02).tobytes() + bytes([0] * 500 + [200] * 1000 + [90] * 1485)
CHOSEN: dict[str, Any] = {
    "moments": [
        {"id": "m1", "start": 4_000_000, "end": 12_000_000, "state": "new", "reason": "She looks up."},
        {"id": "m2", "start": 30_000_000, "end": 38_000_000, "state": "left", "reason": "He calls."},
    ],
    "clips": [
        {"id": "c1", "start": 20_000_000, "end": 26_000_000, "title": "Hello you", "version": 1}
    ],
    "notes": [{"id": "n1", "start": 41_000_000, "end": 43_000_000, "words": "Ask her", "version": 3}],
}  # fmt: skip

Build = Callable[..., Page]


@pytest.fixture
def build(chromium: Browser) -> Iterator[Build]:
    made: list[Page] = []

    def building(
        data: dict[str, Any] = CHOSEN,
        seen: bytes | None = None,
        sound: bytes | None = SOUND,
        *,
        analysed: bool = True,
        opened: bool = True,
        times: NDArray[np.float64] = TIMES,
        dark: bool = False,
        **more: Any,
    ) -> Page:
        page = chromium.new_page(viewport={"width": 1000, "height": 700}, **more)
        made.append(page)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.context.set_default_timeout(15_000)
        # A copy: the page may not change what another test is given.
        told = json.loads(json.dumps(data))
        room.stand(page, (seen or lanes()) if analysed else None, sound, told, times, dark=dark)
        if opened and analysed:
            page.get_by_role("button", name="What the computer saw").click()
            settle(page)
        building.errors = errors  # type: ignore[attr-defined]
        return page

    yield building
    for page in made:
        page.close()
    assert getattr(building, "errors", []) == []


def settle(page: Page) -> None:
    """Until what was asked for is drawn."""
    page.evaluate("() => new Promise((f) => requestAnimationFrame(() => requestAnimationFrame(f)))")


def shown(page: Page) -> list[str]:
    return list(page.evaluate("line.lanes.map((lane) => lane.id)"))


def marks(page: Page, view: list[float] | None = None, blur: float = 0) -> list[dict[str, Any]]:
    found = page.evaluate(
        """async ([view, blur]) => (await import('/timeline-marks.js'))
             .marksIn(line.data, line.lanes, view ?? [0, line.film.length], blur)""",
        [view, blur],
    )
    return list(found)


def at(page: Page, lane: str, time: float) -> tuple[float, float]:
    """The point of the page at a time on a lane."""
    x, y = page.evaluate(
        """([id, time]) => {
             const box = line.face.getBoundingClientRect();
             const lane = line.layout.find((one) => one.id === id);
             return [box.left + line.painter.x(time), box.top + lane.y + lane.height / 2];
           }""",
        [lane, time],
    )
    return float(x), float(y)


def window(page: Page) -> list[float]:
    return list(page.evaluate("line.range"))


def said(page: Page) -> list[Any]:
    return list(page.evaluate("room.said"))


def drag(page: Page, lane: str, start: float, by: float, *, held: str | None = None) -> None:
    x, y = at(page, lane, start)
    page.mouse.move(x, y)
    page.mouse.down()
    if held:
        page.keyboard.down(held)
    page.mouse.move(x + by / 2, y)
    page.mouse.move(x + by, y)
    settle(page)
    page.mouse.up()
    if held:
        page.keyboard.up(held)


def frame_nearest(time: float) -> float:
    return float(TIMES[np.abs(TIMES - time).argmin()])


# ── what is drawn ────────────────────────────────────────────────────────────────────────────


def test_the_signal_lanes_start_closed_and_stay_as_somebody_left_them(build: Build) -> None:
    page = build(opened=False)
    opener = page.get_by_role("button", name="What the computer saw")
    expect(opener).to_have_attribute("aria-expanded", "false")
    assert shown(page) == ["moments", "clips", "notes", "sound", "unseen"]
    opener.click()
    assert shown(page) == ["moments", "clips", "notes", "together", "smiles", "voices", "unseen"]
    page.get_by_role("button", name="Smiles").click()
    assert shown(page) == ["moments", "clips", "notes", "together", "voices", "unseen"]
    stored = page.evaluate("JSON.stringify({...localStorage})")
    assert json.loads(json.loads(stored)["vig.lanes"]) == {"open": True, "closed": ["smiles"]}
    assert len(json.loads(stored)) == 1
    room.stand(page, lanes(), SOUND, CHOSEN, TIMES)
    assert shown(page) == ["moments", "clips", "notes", "together", "voices", "unseen"]


def test_a_film_that_was_not_analysed_has_sound_clips_and_notes_only(build: Build) -> None:
    page = build({**CHOSEN, "moments": []}, analysed=False)
    assert shown(page) == ["clips", "notes", "sound"]
    expect(page.get_by_role("button", name="What the computer saw")).to_be_hidden()
    assert {mark["kind"] for mark in marks(page)} == {"clip", "note", "loudness"}


def test_a_film_without_sound_has_no_lane_of_sound(build: Build) -> None:
    page = build(sound=None, analysed=False)
    assert "sound" not in shown(page)


def test_a_sense_that_a_family_switched_off_has_no_lane_and_no_switch(build: Build) -> None:
    page = build({**CHOSEN, "cues": {"looking": False, "smiling": True}})
    assert shown(page) == ["moments", "clips", "notes", "smiles", "voices", "unseen"]
    expect(page.get_by_role("button", name="Looking together")).to_be_hidden()
    expect(page.get_by_role("button", name="Smiles")).to_be_visible()


def test_who_looks_first_sees_nothing_of_what_the_computer_saw(build: Build) -> None:
    page = build(opened=False)
    page.evaluate("line.show({ ...shownData, moments: [], look_first: { hiding: true } })")
    assert shown(page) == ["clips", "notes", "sound"]
    expect(page.get_by_role("button", name="What the computer saw")).to_be_hidden()
    page.evaluate("line.show(shownData)")
    expect(page.get_by_role("button", name="What the computer saw")).to_be_visible()
    assert "unseen" in shown(page)


def test_lanes_are_fetched_anew_when_somebody_said_who_is_who_and_the_old_stay_till_then(
    build: Build,
) -> None:
    page = build()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("line.show(shownData)")
    settle(page)
    assert asked == []
    there = page.evaluate(
        "() => { line.show({ ...shownData, people: [{ track: 1, as: 'parent' }] }); return line.data.seen !== null; }"
    )
    assert there
    settle(page)
    assert asked == [room.ADDRESS + "/lanes"]


@pytest.mark.parametrize("blur", [0, 0.05, 0.4, 3])
def test_only_what_was_seen_is_drawn_at_every_zoom(build: Build, blur: float) -> None:
    page = build()
    names = {"baby-smile": "baby-smile", "parent-smile": "parent-smile", "unseen": "not-seen",
             "unheard": "not-heard"}  # fmt: skip
    drawn = [m for m in marks(page, blur=blur) if "item" not in m and m["kind"] != "loudness"]
    assert {names.get(m["kind"], m["kind"]) for m in drawn} == set(SEEN)
    for mark in drawn:
        spans = np.array(SEEN[names.get(mark["kind"], mark["kind"])]).reshape(-1, 2)
        inside = (spans[:, 0] - blur - 0.11 <= mark["from"]) & (
            mark["to"] <= spans[:, 1] + blur + 0.11
        )
        bridged = blur >= 1  # at such a zoom a second is a third of a pixel
        assert inside.any() or bridged, mark
    # Nothing is drawn of looking elsewhere, of no smile, of no voice: there is no such mark at all.
    words = {m["kind"] for m in marks(page)} | set(
        page.evaluate("import('/timeline-paint.js').then((m) => m.KINDS)")
    )
    assert words <= SEEN_KINDS | {"moment", "clip", "note", "loudness", "unseen", "unheard"}


def test_a_film_in_which_nothing_was_seen_draws_no_signal_at_all(build: Build) -> None:
    nothing: dict[str, list[float]] = {**{name: [] for name in SEEN}, "not-seen": [0, 59]}
    page = build({"moments": [], "clips": [], "notes": []}, lanes(nothing))
    drawn = [mark for mark in marks(page) if mark["kind"] != "loudness"]
    assert [(m["kind"], m["words"]) for m in drawn] == [
        ("unseen", "The computer could not see faces here")
    ]


def test_only_the_window_is_drawn_and_thousands_of_marks_become_as_many_as_fit(
    build: Build,
) -> None:
    hour, sound, data = room.made_up(60)
    page = build(data, hour, sound, times=HOUR)
    inside = marks(page, [10.0, 20.0])
    assert inside
    assert all(mark["to"] > 9.8 and mark["from"] < 20.2 for mark in inside)
    whole = marks(page, [0, 3600], 3600 / 1200)
    assert len(marks(page, [0, 3600])) > 150_000
    per_kind: dict[str, int] = {}
    for mark in whole:
        per_kind[mark["kind"]] = per_kind.get(mark["kind"], 0) + 1
    assert max(per_kind.values()) <= 2 * 1200


def test_the_cursor_moves_with_the_film_and_nothing_is_drawn_anew(build: Build) -> None:
    page = build()
    settle(page)
    settle(page)
    page.evaluate(
        "window.paints = 0; { const p = line.paint.bind(line); line.paint = () => { paints++; p(); } } 0"
    )
    places = []
    for frame in (100, 400, 900):
        page.evaluate(f"film.seek({frame})")
        settle(page)
        box = page.locator(".cursor").bounding_box()
        assert box is not None
        places.append(box["x"])
    assert places == sorted(set(places))
    assert page.evaluate("paints") == 0


def test_the_picture_of_the_lanes_is_hidden_from_screen_readers_and_its_place_is_named(
    build: Build,
) -> None:
    page = build()
    expect(page.locator(".rows canvas")).to_have_attribute("aria-hidden", "true")
    named = page.get_by_role("group", name="Timeline; the same marks stand in the list below it")
    expect(named).to_be_visible()


# ── the list ─────────────────────────────────────────────────────────────────────────────────


def test_the_list_says_every_mark_that_is_drawn_and_no_other(build: Build) -> None:
    page = build()
    page.get_by_role("button", name="As a list").click()
    told = page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll('.list h3')].map((h) =>
             [h.textContent.replace(/ \\(\\d+\\)$/, ''), h.nextElementSibling.children.length]))"""
    )
    spans = {name: len(edges) // 2 for name, edges in SEEN.items()}
    assert told == {
        "Suggestions": 2,
        "My clips": 1,
        "Notes": 1,
        "Looking at each other": spans["eyes"],
        "Turned to each other": spans["facing"],
        "The baby smiles": spans["baby-smile"],
        "The parent smiles": spans["parent-smile"],
        "The baby's voice": spans["baby-voice"],
        "The parent's voice": spans["parent-voice"],
        "Crying": spans["cry"],
        "The computer could not see faces here": spans["not-seen"],
        "The computer could not hear here": spans["not-heard"],
    }
    page.get_by_role("button", name="Smiles").click()
    expect(page.locator(".list")).not_to_contain_text("smiles")
    page.get_by_role("button", name="Go to 0:14 to 0:17").click()
    assert page.evaluate("film.now") == pytest.approx(14, abs=0.07)


@pytest.mark.parametrize("dark", [False, True])
def test_nothing_stands_in_the_way_of_anybody(build: Build, dark: bool) -> None:
    page = build(dark=dark)
    page.get_by_role("button", name="As a list").click()
    page.get_by_role("button", name="Move the edges of 0:20 to 0:26: Hello you").click()
    page.keyboard.press("+")
    settle(page)
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []


def test_the_list_follows_what_changes_and_the_focus_stays(build: Build) -> None:
    page = build()
    page.get_by_role("button", name="As a list").click()
    play = page.get_by_role("button", name="Play 0:20 to 0:26: Hello you")
    play.focus()
    page.evaluate(
        """line.show({ ...shownData, notes: [], clips: [...shownData.clips,
             { id: 'c2', start: 50e6, end: 52e6, title: 'Again', version: 1 }] })"""
    )
    expect(page.locator(".list")).to_contain_text("0:50 to 0:52: Again")
    expect(page.locator(".list")).not_to_contain_text("Ask her")
    expect(play).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("room.played") == [["clips", "c1"]]


def test_an_hour_of_marks_is_listed_a_part_at_a_time(build: Build) -> None:
    hour, sound, data = room.made_up(60)
    page = build(data, hour, sound, times=HOUR)
    page.get_by_role("button", name="As a list").click()
    whole = page.evaluate("line.data.seen['parent-voice'].count")
    assert whole > 500
    lines = page.locator("[data-key^='parent-voice-']")
    assert lines.count() == 60
    page.get_by_role("button", name=f"Show all {whole}").click()
    assert lines.count() == whole


# ── the window ───────────────────────────────────────────────────────────────────────────────


def test_the_wheel_with_ctrl_zooms_around_the_pointer_and_without_it_the_page_scrolls(
    build: Build,
) -> None:
    page = build()
    x, y = at(page, "clips", 24)
    page.mouse.move(x, y)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -240)
    page.keyboard.up("Control")
    settle(page)
    start, end = window(page)
    assert end - start < 30
    assert at(page, "clips", 24)[0] == pytest.approx(x, abs=1)
    page.mouse.wheel(0, 200)
    settle(page)
    assert window(page) == [start, end]
    page.mouse.wheel(80, 0)
    settle(page)
    assert window(page)[0] > start
    assert window(page)[1] - window(page)[0] == pytest.approx(end - start)


def test_keys_and_buttons_zoom_and_the_window_never_leaves_the_film(build: Build) -> None:
    page = build()
    whole = window(page)
    expect(page.locator(".stretch")).to_be_hidden()
    page.keyboard.press("+")
    page.keyboard.press("+")
    assert window(page)[1] - window(page)[0] == pytest.approx(whole[1] / 4, rel=0.01)
    expect(page.locator(".stretch")).to_be_visible()
    page.keyboard.press("-")
    assert window(page)[1] - window(page)[0] == pytest.approx(whole[1] / 2, rel=0.01)
    for _ in range(9):
        page.get_by_role("button", name="Look closer (+)").click()
    assert window(page)[1] - window(page)[0] == pytest.approx(1)
    for by in (-1e4, 1e4):
        page.evaluate(f"line.pan({by})")
        start, end = window(page)
        assert start >= 0
        assert end <= whole[1] + 1e-9
    page.get_by_role("button", name="Show the whole film (0)").click()
    assert window(page) == whole


def test_two_fingers_zoom_and_move_and_what_was_under_them_stays(build: Build) -> None:
    page = build()
    page.evaluate(
        """() => {
             const { face } = line;
             face.setPointerCapture = () => {};
             const box = face.getBoundingClientRect();
             window.finger = (type, id, x) => face.dispatchEvent(new PointerEvent(type, {
               pointerId: id, pointerType: 'touch', clientX: box.left + x, clientY: box.top + 30,
               button: 0, bubbles: true }));
             window.under = line.painter.time.bind(line.painter);
             finger('pointerdown', 1, 400);
             finger('pointerdown', 2, 500);
           }"""
    )
    before = page.evaluate("under(450)")
    page.evaluate("finger('pointermove', 1, 300); finger('pointermove', 2, 600)")
    settle(page)
    start, end = window(page)
    assert end - start == pytest.approx(TIMES[-1] / 3, rel=0.02)
    assert page.evaluate("under(450)") == pytest.approx(before, abs=0.1)
    page.evaluate("finger('pointerup', 1, 300); finger('pointerup', 2, 600)")
    assert said(page) == []


# ── hands ────────────────────────────────────────────────────────────────────────────────────


def test_a_click_seeks_and_a_double_click_on_a_suggestion_plays_it(build: Build) -> None:
    page = build()
    page.mouse.click(*at(page, "moments", 7))
    assert page.evaluate("film.now") == pytest.approx(7, abs=0.1)
    assert page.evaluate("room.played") == []
    page.mouse.dblclick(*at(page, "moments", 31))
    assert page.evaluate("room.played") == [["moments", "m2"]]
    page.mouse.dblclick(*at(page, "sound" if "sound" in shown(page) else "voices", 55))
    assert page.evaluate("room.played") == [["moments", "m2"]]


def test_a_dragged_edge_snaps_to_a_cue_within_ten_pixels_and_to_a_frame(build: Build) -> None:
    page = build()
    per_second = at(page, "clips", 11)[0] - at(page, "clips", 10)[0]
    cue = 22.0  # the parent's voice ends
    by = (cue - 20) * per_second + 6
    drag(page, "clips", 20, by)
    assert said(page) == [
        [
            "clip-edges",
            {
                "clip": "c1",
                "start": round(frame_nearest(cue) * 1e6),
                "end": 26_000_000,
                "version": 1,
            },
        ]
    ]
    assert frame_nearest(cue) != cue  # no frame begins exactly there


def test_alt_lets_go_of_the_cue_but_not_of_the_frame(build: Build) -> None:
    page = build()
    per_second = at(page, "clips", 11)[0] - at(page, "clips", 10)[0]
    cue = 22.0
    by = (cue - 20) * per_second + 6
    drag(page, "clips", 20, by, held="Alt")
    start = said(page)[0][1]["start"] / 1e6
    assert start == pytest.approx(frame_nearest(20 + by / per_second), abs=1e-5)
    assert start != pytest.approx(frame_nearest(cue), abs=0.02)


def test_the_lanes_that_are_closed_pull_no_edge(build: Build) -> None:
    page = build(opened=False)
    per_second = at(page, "clips", 11)[0] - at(page, "clips", 10)[0]
    by = 2 * per_second + 6
    drag(page, "clips", 20, by)
    assert said(page)[0][1]["start"] / 1e6 == pytest.approx(
        frame_nearest(20 + by / per_second), abs=1e-5
    )


def test_an_edge_cannot_pass_the_other_one_and_escape_puts_it_back(build: Build) -> None:
    page = build()
    drag(page, "clips", 20, 600)
    (gesture,) = said(page)
    first, last = (int(np.abs(TIMES - gesture[1][e] / 1e6).argmin()) for e in ("start", "end"))
    assert last - first == 1
    x, y = at(page, "notes", 41)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 60, y)
    page.keyboard.press("Escape")
    page.mouse.up()
    assert len(said(page)) == 1
    assert page.evaluate("line.data.notes[0].start") == 41_000_000


def test_the_edges_of_the_marked_part_are_dragged_too(build: Build) -> None:
    page = build()
    page.evaluate("room.mark = { first: 250, last: 400 }; line.draw()")
    settle(page)
    x, y = at(page, "unseen", float(TIMES[401]))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y)
    page.mouse.up()
    first, last = page.evaluate("[room.mark.first, room.mark.last]")
    assert first == 250
    assert last > 400
    assert said(page) == []


def test_every_edge_can_be_moved_by_keys_alone(build: Build) -> None:
    page = build()
    page.get_by_role("button", name="As a list").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Move the edges of 0:20 to 0:26: Hello you").focus()
    page.keyboard.press("Enter")
    start = page.get_by_role("slider", name="Start of “Hello you”")
    expect(start).to_be_focused()
    begins = int(np.abs(TIMES - 20).argmin())
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(start).to_be_focused()
    page.wait_for_function("room.said.length > 0")
    (gesture,) = said(page)
    assert gesture[1]["start"] == round(TIMES[begins + 2] * 1e6)
    page.evaluate(
        """line.show({ ...shownData, clips: [{ ...shownData.clips[0], start: room.said[0][1].start,
             version: 2 }], heard: 1 })"""
    )
    page.keyboard.press("Tab")
    end = page.get_by_role("slider", name="End of “Hello you”")
    expect(end).to_be_focused()
    page.keyboard.press("PageDown")  # the cue before: the parent's voice ends
    page.wait_for_function("room.said.length > 1")
    assert said(page)[1][1]["end"] == round(frame_nearest(22) * 1e6)
    assert said(page)[1][1]["version"] == 2
    expect(end).to_have_attribute("aria-valuetext", f"0:{frame_nearest(22):.2f}")


def test_a_second_move_waits_for_the_answer_to_the_first_and_takes_its_version(
    build: Build,
) -> None:
    page = build()
    drag(page, "clips", 20, -40)
    drag(page, "clips", 26, 40)
    assert len(said(page)) == 1
    first = said(page)[0][1]
    page.evaluate(
        f"""line.show({{ ...shownData, clips: [{{ ...shownData.clips[0],
              start: {first["start"]}, version: 2 }}], heard: 1 }})"""
    )
    assert len(said(page)) == 2
    second = said(page)[1][1]
    assert second["version"] == 2
    assert second["start"] == first["start"]
    assert second["end"] > 26_000_000


def test_a_refused_move_goes_back_to_where_it_was(build: Build) -> None:
    page = build()
    drag(page, "clips", 20, -60)
    assert page.evaluate("line.data.clips[0].start") < 20_000_000
    page.evaluate("line.show({ ...shownData, heard: 0, problem: 'of before' })")
    assert page.evaluate("line.data.clips[0].start") < 20_000_000  # not answered yet
    page.evaluate("line.show({ ...shownData, heard: 1, problem: 'Somebody else changed this.' })")
    assert page.evaluate("line.data.clips[0].start") == 20_000_000


def test_a_clip_whose_version_is_not_known_is_not_moved(build: Build) -> None:
    bare = {**CHOSEN, "clips": [{"id": "c1", "start": 20_000_000, "end": 26_000_000, "title": ""}]}
    page = build(bare)
    drag(page, "clips", 20, 60)
    assert said(page) == []
