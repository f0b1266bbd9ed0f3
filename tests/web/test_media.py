"""Films and curves reach whoever may see them, whole or by range, and nobody else."""

from __future__ import annotations

import asyncio
import json
import struct
from typing import Any

import numpy as np
import pytest
from starlette.applications import Starlette

from tests.web.driver import Answer, Browser
from tests.web.houses import (
    BYTES,
    FILM,
    PASSPHRASE,
    TIMES,
    WITHHELD,
    MemoryHouse,
    MemoryWorkspace,
    open_porch,
)
from vig.app import lanes, strips
from vig.domain.clock import Span, SpanSet
from vig.domain.family import Purpose
from vig.errors import NoConsent
from vig.web import media
from vig.web.gate import Gate
from vig.web.media import packed
from vig.web.porch import Porch
from vig.web.sessions import COOKIE


def _watching() -> tuple[Browser, Porch, MemoryWorkspace]:
    porch, token = open_porch()
    browser = Browser(Gate(Starlette(routes=media.routes(porch)), porch))
    browser.cookies[COOKIE] = token
    assert isinstance(porch.house, MemoryHouse)
    return browser, porch, porch.house.workspace


def _get(path: str, method: str = "GET", **headers: str) -> Answer:
    browser, _, workspace = _watching()
    answer = asyncio.run(browser.send(method, path, headers=headers))
    assert all(reader.closed for reader in workspace.readers)
    return answer


def test_the_whole_film_is_the_bytes_of_the_copy() -> None:
    answer = _get(f"/api/film/{FILM}")
    assert answer.status == 200
    assert answer.body == BYTES
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-type"] == "video/mp4"


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=262143-262144", 262143, 262144),
        ("bytes=1000-", 1000, len(BYTES) - 1),
        ("bytes=-7", len(BYTES) - 7, len(BYTES) - 1),
        ("bytes=5-99999999", 5, len(BYTES) - 1),
    ],
)
def test_a_range_is_answered_with_exactly_its_bytes(asked: str, first: int, last: int) -> None:
    answer = _get(f"/api/film/{FILM}", range=asked)
    assert answer.status == 206
    assert answer.body == BYTES[first : last + 1]
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(BYTES)}"
    assert answer.headers["content-length"] == str(last - first + 1)


def test_a_range_beyond_the_end_is_answered_with_416_and_the_size() -> None:
    answer = _get(f"/api/film/{FILM}", range=f"bytes={len(BYTES)}-")
    assert answer.status == 416
    assert answer.headers["content-range"] == f"bytes */{len(BYTES)}"
    assert answer.body == b""


def test_head_says_the_size_and_sends_nothing() -> None:
    answer = _get(f"/api/film/{FILM}", method="HEAD")
    assert answer.status == 200
    assert answer.headers["content-length"] == str(len(BYTES))
    assert answer.body == b""


def test_no_answer_lets_the_browser_store_or_revalidate_a_film() -> None:
    for answer in (_get(f"/api/film/{FILM}"), _get(f"/api/film/{FILM}", range="bytes=0-9")):
        assert answer.headers["cache-control"] == "no-store, private"
        assert not {"etag", "last-modified"} & set(answer.headers)


def test_the_app_is_asked_who_wants_which_film_for_what() -> None:
    browser, _, workspace = _watching()
    asyncio.run(browser.get(f"/api/film/{FILM}"))
    assert workspace.opened == [(FILM, Purpose.KEEP, "copy", "guider")]


@pytest.mark.parametrize("path", ["film", "times", "thumb", "lanes", "sound", "strip"])
def test_a_film_that_nobody_agreed_to_is_refused_in_one_sentence(path: str) -> None:
    answer = _get(f"/api/{path}/{WITHHELD}")
    assert answer.status == 403
    assert answer.json()["error"].startswith("No recorded agreement of this family")
    assert answer.json()["advice"]


def test_each_purpose_is_asked_for_on_its_own() -> None:
    assert _get(f"/api/film/{FILM}?for=keep").status == 200
    assert _get(f"/api/film/{FILM}?for=training").status == 403
    assert _get(f"/api/film/{FILM}?for=anything").status == 422


def test_an_unknown_film_is_not_found() -> None:
    assert _get("/api/film/../vault.json").status == 404
    assert _get("/api/film/00").status == 404


def test_without_a_session_no_route_answers() -> None:
    browser, porch, workspace = _watching()
    browser.cookies.clear()
    for path in ("film", "times", "lanes", "thumb", "sound", "strip"):
        assert asyncio.run(browser.get(f"/api/{path}/{FILM}")).status == 401
    assert asyncio.run(browser.get(f"/api/still/{FILM}/0")).status == 401
    assert asyncio.run(browser.get(f"/api/strip/{FILM}/sheet")).status == 401
    assert workspace.opened == []
    assert porch.house.state == "open"


def test_a_film_under_way_stops_at_the_next_piece_when_its_person_signs_out() -> None:
    browser, porch, workspace = _watching()
    got = bytearray()

    async def leaving() -> None:
        scope = browser.scope("http", "GET", f"/api/film/{FILM}", {})

        async def receive() -> dict[str, Any]:
            await asyncio.sleep(60)
            raise AssertionError

        async def send(message: dict[str, Any]) -> None:
            got.extend(message.get("body", b""))
            if got:
                porch.sessions.end_all()

        await browser.app(scope, receive, send)

    asyncio.run(leaving())
    assert 0 < len(got) <= 2 * media.CHUNK < len(BYTES)
    assert workspace.readers[0].closed


def test_frame_times_come_as_seconds_with_the_end_of_the_last_frame() -> None:
    answer = _get(f"/api/times/{FILM}")
    seconds = np.frombuffer(answer.body, "<f8")
    assert len(seconds) == len(TIMES) + 1
    assert np.round(seconds * 1e6).astype(int).tolist() == [*TIMES.starts.tolist(), TIMES.end]


def test_columns_come_packed_with_their_names_and_unseen_ticks_as_nan() -> None:
    columns = {
        "facing": np.array([0, np.nan, 1], np.float32),
        "not-seen": np.array([], np.float32),
        "cry": np.array([0.5], np.float32),
    }
    raw = packed(0.1, columns)
    size = struct.unpack("<I", raw[:4])[0]
    head = json.loads(raw[4 : 4 + size])
    assert size % 4 == 0
    assert head == {"step": 0.1, "columns": [["facing", 3], ["not-seen", 0], ["cry", 1]]}
    body = np.frombuffer(raw[4 + size :], "<f4")
    assert np.array_equal(body, np.array([0, np.nan, 1, 0.5], np.float32), equal_nan=True)


def test_a_still_is_decoded_once_asked_for_each_time_and_forgotten_with_the_keys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    browser, porch, workspace = _watching()
    decoded: list[int] = []

    def still(ws: Any, recording: str, at: int, *, actor: str) -> bytes:
        decoded.append(at)
        return b"picture %d" % at

    monkeypatch.setattr("vig.app.playback.still", still)
    for _ in range(2):
        answer = asyncio.run(browser.get(f"/api/still/{FILM}/5000"))
        assert answer.body == b"picture 5000"
        assert answer.headers["content-type"] == "image/jpeg"
    assert decoded == [5000]
    assert asyncio.run(browser.get(f"/api/still/{WITHHELD}/5000")).status == 403

    def withdrawn(recording_id: str, purpose: Purpose, actor: str) -> None:
        raise NoConsent(purpose=purpose.words)

    monkeypatch.setattr(workspace, "check", withdrawn)
    assert asyncio.run(browser.get(f"/api/still/{FILM}/5000")).status == 403
    monkeypatch.undo()

    monkeypatch.setattr("vig.app.playback.still", still)
    porch.lock()
    porch.house.sign_in("guider", PASSPHRASE)
    browser.cookies[COOKIE] = porch.sessions.begin("guider")
    asyncio.run(browser.get(f"/api/still/{FILM}/5000"))
    assert decoded == [5000, 5000]


def test_lanes_come_as_spans_in_seconds_and_heights_on_the_grid(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heights = np.array([np.nan, 0.75], np.float32)
    found = lanes.Lanes(
        100_000,
        {"eyes": SpanSet.of([Span(400_000, 900_000), Span(2_000_000, 2_500_000)])},
        {"baby-smile-height": heights},
    )
    monkeypatch.setattr("vig.app.lanes.lanes", lambda *_: found)
    raw = _get(f"/api/lanes/{FILM}").body
    size = struct.unpack("<I", raw[:4])[0]
    assert json.loads(raw[4 : 4 + size])["columns"] == [["eyes", 4], ["baby-smile-height", 2]]
    body = np.frombuffer(raw[4 + size :], "<f4")
    assert body[:4].tolist() == pytest.approx([0.4, 0.9, 2.0, 2.5])
    assert np.array_equal(body[4:], heights, equal_nan=True)


@pytest.mark.parametrize("outline", [bytes(range(50)), b""])
def test_the_sound_comes_as_its_step_and_a_byte_for_each(
    monkeypatch: pytest.MonkeyPatch, outline: bytes
) -> None:
    asked: list[tuple[str, str]] = []

    def made(ws: Any, recording: str, *, actor: str) -> bytes:
        asked.append((recording, actor))
        return outline

    monkeypatch.setattr("vig.app.strips.outline", made)
    answer = _get(f"/api/sound/{FILM}")
    assert struct.unpack("<f", answer.body[:4])[0] == pytest.approx(0.02)
    assert answer.body[4:] == outline
    assert asked == [(FILM, "guider")]
    assert answer.headers["cache-control"] == "no-store, private"


def test_the_pictures_along_a_film_come_as_times_and_one_sheet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = strips.Strip((250_000, 750_000), 160, 90, 10, b"a jpeg")
    monkeypatch.setattr("vig.app.strips.strip", lambda *_, actor: made)
    told = _get(f"/api/strip/{FILM}").json()
    assert told == {
        "at": [250_000, 750_000],
        "width": 160,
        "height": 90,
        "across": 10,
        "sheet": f"/api/strip/{FILM}/sheet",
    }
    sheet = _get(told["sheet"])
    assert sheet.body == b"a jpeg"
    assert sheet.headers["content-type"] == "image/jpeg"
    assert sheet.headers["cache-control"] == "no-store, private"
