"""A film comes in slice by slice, sealed, and survives what goes wrong on the way."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest
from starlette.applications import Starlette

from tests.web.driver import Answer, Browser
from tests.web.houses import PASSPHRASE
from vig.app import uploads
from vig.app.house import House
from vig.app.slices import mark_of
from vig.domain.family import Purpose
from vig.errors import Cancelled, NotAFilm
from vig.web import upload
from vig.web.gate import Gate
from vig.web.porch import Porch
from vig.web.sessions import COOKIE

MARKER = b"a plain mark that must not lie on the disk"
FILM = MARKER + os.urandom(3 * 2**20) + MARKER
AGREED = {
    "family": "F-014",
    "name": "holiday.mp4",
    "filmed_on": "2026-11-12",
    "age_weeks": 23,
    "agreement": {
        "agreed_by": "mother",
        "agreed_on": "2026-11-12",
        "purposes": ["keep", "analyse"],
    },
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("upload") / "vault")
    house.confirm(house.set_up(PASSPHRASE))
    yield house
    house.lock()


@pytest.fixture
def browser(house: House) -> Browser:
    porch = Porch(house)
    browser = Browser(Gate(Starlette(routes=upload.routes(porch)), porch))
    browser.cookies[COOKIE] = porch.sessions.begin(house.opener)
    return browser


@pytest.fixture
def walked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the walk was asked to bring in; ``problem`` makes it refuse."""
    seen: dict[str, Any] = {"problem": None}

    class Made:
        id = "9" * 32

    def add(ws: Any, source: Any, *, progress: Any, **asked: Any) -> Made:
        progress(0.1)
        if seen["problem"]:
            raise seen["problem"]
        source.seek(0)
        seen.update(asked, bytes=source.read())
        return Made()

    monkeypatch.setattr("vig.app.walk.add", add)
    seen["watched"] = []
    monkeypatch.setattr(
        "vig.app.walk.analyse", lambda ws, recording, *, actor: seen["watched"].append(recording)
    )
    return seen


def _ask(browser: Browser, method: str, path: str, body: Any = b"", **headers: str) -> Answer:
    return asyncio.run(browser.script(method, path, body, **headers))


def _begin(browser: Browser, size: int = len(FILM)) -> str:
    made = _ask(browser, "POST", "/api/uploads", {"size": size})
    assert made.status == 201
    return f"/api/uploads/{made.json()['id']}"


def _slice(browser: Browser, path: str, at: int, data: bytes) -> Answer:
    return _ask(browser, "PATCH", path, data, upload_offset=str(at))


async def _finished(browser: Browser, path: str, note: Any) -> dict[str, Any]:
    answer = await browser.script("POST", f"{path}/finish", note)
    assert answer.status == 202, answer.text
    while True:
        state: dict[str, Any] = (await browser.get(path)).json()
        if not state["running"]:
            return state
        await asyncio.sleep(0.01)


def test_a_film_arrives_whole_and_the_walk_reads_its_very_bytes(
    browser: Browser, house: House, walked: dict[str, Any]
) -> None:
    path = _begin(browser)
    at = 0
    while at < len(FILM):
        answer = _slice(browser, path, at, FILM[at : at + 1_300_000])
        assert answer.status == 204
        at = int(answer.headers["upload-offset"])
    state = asyncio.run(_finished(browser, path, AGREED))
    assert state["recording"] == "9" * 32
    assert hashlib.sha256(walked["bytes"]).digest() == hashlib.sha256(FILM).digest()
    agreement = walked["agreement"]
    assert agreement.purposes == {Purpose.KEEP, Purpose.ANALYSE}
    assert agreement.agreed_on == date(2026, 11, 12)
    assert agreement.agreed_by == "mother"
    assert not agreement.vouched
    assert walked["filmed_on"] == date(2026, 11, 12)
    assert (walked["family"], walked["age_weeks"]) == ("F-014", 23)
    assert walked["actor"] == house.opener
    assert walked["watched"] == ["9" * 32]


def test_a_film_is_not_watched_by_a_computer_unless_that_was_agreed_to(
    browser: Browser, walked: dict[str, Any]
) -> None:
    path = _begin(browser, size=5)
    _slice(browser, path, 0, b"hello")
    kept = {"agreed_by": "mother", "agreed_on": "2026-11-12", "purposes": ["keep"]}
    state = asyncio.run(_finished(browser, path, {**AGREED, "agreement": kept}))
    assert state["recording"]
    assert walked["watched"] == []


def test_no_byte_of_an_upload_lies_on_the_disk_in_clear(browser: Browser, house: House) -> None:
    planted = house.root / "planted"
    planted.write_bytes(b"before" + MARKER)
    assert _found(house.root) == [planted]  # the search finds what is there
    planted.unlink()
    path = _begin(browser)
    _slice(browser, path, 0, FILM)
    assert _found(house.root) == []
    _ask(browser, "DELETE", path)


def _found(root: Path) -> list[Path]:
    return [p for p in root.rglob("*") if p.is_file() and MARKER in p.read_bytes()]


def test_a_slice_at_the_wrong_place_is_told_the_right_one(browser: Browser) -> None:
    path = _begin(browser)
    _slice(browser, path, 0, FILM[:1000])
    again = _slice(browser, path, 0, FILM[:1000])
    assert again.status == 409
    assert again.headers["upload-offset"] == "1000"
    looked = asyncio.run(browser.send("HEAD", path))
    assert looked.headers["upload-offset"] == "1000"
    _ask(browser, "DELETE", path)


@pytest.mark.parametrize(
    ("arrived", "kept"),
    [
        (2**20 + 5000, 2**20),  # the whole slice; the little of the torn one is sent again
        (2**20 + 2**19, 2**20 + 2**19),  # so much of a torn one that it is worth keeping
    ],
)
def test_a_broken_line_keeps_what_was_sealed_and_goes_on_from_there(
    browser: Browser,
    walked: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    arrived: int,
    kept: int,
) -> None:
    monkeypatch.setattr(upload, "WORTH_SEALING", 2**19)
    monkeypatch.setattr(upload, "SLICE", 2**20)
    path = _begin(browser)

    async def broken() -> None:
        scope = browser.scope("http", "PATCH", path, {
            "x-vig-request": "1", "origin": f"http://{browser.host}", "upload-offset": "0",
        })  # fmt: skip
        messages = [
            {"type": "http.request", "body": FILM[:arrived], "more_body": True},
            {"type": "http.disconnect"},
        ]

        async def receive() -> dict[str, Any]:
            return cast(dict[str, Any], messages.pop(0))

        async def send(message: dict[str, Any]) -> None:
            """Nobody listens any more."""

        await browser.app(scope, receive, send)

    asyncio.run(broken())
    at = int(asyncio.run(browser.send("HEAD", path)).headers["upload-offset"])
    assert at == kept
    _slice(browser, path, at, FILM[at:])
    asyncio.run(_finished(browser, path, AGREED))
    assert walked["bytes"] == FILM


def test_more_bytes_than_announced_are_refused(browser: Browser) -> None:
    path = _begin(browser, size=10)
    answer = _slice(browser, path, 0, b"x" * 11)
    assert answer.status == 422
    assert "More arrived" in answer.json()["error"]
    _ask(browser, "DELETE", path)


def test_a_refused_film_is_one_sentence_and_its_slices_are_gone(
    browser: Browser, house: House, walked: dict[str, Any]
) -> None:
    walked["problem"] = NotAFilm()
    path = _begin(browser, size=5)
    _slice(browser, path, 0, b"hello")
    state = asyncio.run(_finished(browser, path, AGREED))
    assert state["error"].startswith("This file is not a film")
    assert "MP4" in state["advice"]
    assert uploads.objects(house.workspace) == set()
    assert _ask(browser, "DELETE", path).status == 204


def test_an_import_that_is_stopped_throws_its_slices_away(
    browser: Browser, house: House, walked: dict[str, Any]
) -> None:
    walked["problem"] = Cancelled()
    path = _begin(browser, size=5)
    _slice(browser, path, 0, b"hello")
    asyncio.run(_finished(browser, path, AGREED))
    assert _ask(browser, "DELETE", path).status == 204
    assert uploads.objects(house.workspace) == set()


def test_an_unforeseen_error_says_nothing_of_what_was_in_it(
    browser: Browser, walked: dict[str, Any]
) -> None:
    walked["problem"] = RuntimeError("F-014 holiday.mp4")
    path = _begin(browser, size=5)
    _slice(browser, path, 0, b"hello")
    state = asyncio.run(_finished(browser, path, AGREED))
    assert state["error"] == "Something went wrong."
    _ask(browser, "DELETE", path)


@pytest.mark.parametrize(
    "spoilt",
    [
        {"agreement": None},
        {"family": None, "agreement": {}},
        {"filmed_on": "yesterday"},
        {"age_weeks": "old"},
        {"agreement": {**AGREED["agreement"], "purposes": ["everything"]}},  # type: ignore[dict-item]
    ],
)
def test_an_incomplete_agreement_brings_nothing_in(
    browser: Browser, walked: dict[str, Any], spoilt: dict[str, Any]
) -> None:
    path = _begin(browser, size=5)
    _slice(browser, path, 0, b"hello")
    answer = _ask(browser, "POST", f"{path}/finish", {**AGREED, **spoilt})
    assert answer.status == 422
    assert "agreement is not complete" in answer.json()["error"]
    assert "bytes" not in walked
    _ask(browser, "DELETE", path)


@pytest.mark.parametrize("size", [0, -1, "5", None, 2**60])
def test_an_upload_of_no_possible_size_is_not_begun(browser: Browser, size: object) -> None:
    answer = _ask(browser, "POST", "/api/uploads", {"size": size})
    assert answer.status in (413, 422)
    assert answer.json()["error"]


@pytest.mark.parametrize("lacking", ["x-vig-request", "origin", "cookie"])
def test_nothing_changes_for_what_our_own_script_did_not_send(
    browser: Browser, house: House, lacking: str
) -> None:
    headers = {"x-vig-request": "1", "origin": f"http://{browser.host}"}
    headers.pop(lacking, None)
    if lacking == "cookie":
        browser.cookies.clear()
    before = uploads.pending(house.workspace)
    answer = asyncio.run(browser.send("POST", "/api/uploads", b'{"size": 5}', headers))
    assert answer.status == (401 if lacking == "cookie" else 403)
    assert uploads.pending(house.workspace) == before


def test_an_unknown_upload_is_not_found(browser: Browser) -> None:
    path = "/api/uploads/" + "0" * 32
    assert _slice(browser, path, 0, b"x").status == 404
    assert asyncio.run(browser.send("HEAD", path)).status == 404
    assert _ask(browser, "POST", f"{path}/finish", AGREED).status == 404


def _noted(browser: Browser, data: bytes, **more: Any) -> Answer:
    mark = mark_of(io.BytesIO(data), len(data))
    note = {"size": len(data), "mark": mark, "film": AGREED}
    return _ask(browser, "POST", "/api/uploads", {**note, **more})


def test_a_film_chosen_again_goes_on_and_is_brought_in_as_it_was_noted(
    browser: Browser, walked: dict[str, Any]
) -> None:
    made = _noted(browser, FILM).json()
    path = f"/api/uploads/{made['id']}"
    _slice(browser, path, 0, FILM[: 2**20])
    (waiting,) = _listed(browser)
    assert waiting["words"].startswith("F-014's film: 33 % has arrived")
    again = _noted(browser, FILM)
    assert (again.status, again.json()) == (201, {"id": made["id"], "offset": 2**20})
    _slice(browser, path, 2**20, FILM[2**20 :])
    state = asyncio.run(_finished(browser, path, {}))
    assert state["recording"] == "9" * 32
    assert walked["bytes"] == FILM
    assert walked["agreement"].agreed_by == "mother"


def _listed(browser: Browser) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = asyncio.run(browser.get("/api/uploads")).json()["waiting"]
    return found


def test_a_film_with_half_an_agreement_is_refused_before_it_is_sent(
    browser: Browser, house: House
) -> None:
    before = uploads.pending(house.workspace)
    for wrong in ({**AGREED, "agreement": {}}, "F-014"):
        answer = _noted(browser, FILM, film=wrong)
        assert answer.status == 422
    assert _noted(browser, FILM, mark=5).status == 422
    assert uploads.pending(house.workspace) == before


def test_a_new_line_takes_the_place_of_one_that_died_unheard(
    browser: Browser, walked: dict[str, Any]
) -> None:
    path = _begin(browser)

    async def both() -> tuple[int, Answer]:
        headers = {"x-vig-request": "1", "origin": f"http://{browser.host}", "upload-offset": "0"}
        heard: list[int] = []
        arrived = asyncio.Event()
        first = [{"type": "http.request", "body": FILM[:5000], "more_body": True}]

        async def receive() -> dict[str, Any]:
            if first:
                return first.pop()
            arrived.set()
            await asyncio.sleep(3600)
            raise AssertionError

        async def send(message: dict[str, Any]) -> None:
            heard.append(message.get("status", 0))

        scope = browser.scope("http", "PATCH", path, headers)
        dead = asyncio.create_task(browser.app(scope, receive, send))
        await arrived.wait()
        listed = (await browser.get("/api/uploads")).json()["waiting"]
        assert path.rsplit("/", 1)[1] not in [one["id"] for one in listed]  # it is being sent
        answer = await browser.script("PATCH", path, FILM, upload_offset="0")
        await dead
        return heard[0], answer

    old, new = asyncio.run(both())
    assert old == 423
    assert (new.status, new.headers["upload-offset"]) == (204, str(len(FILM)))
    _ask(browser, "DELETE", path)


def test_several_films_arrive_at_once(browser: Browser, house: House) -> None:
    films = [os.urandom(2**20 + n) for n in range(3)]
    paths = [f"/api/uploads/{_noted(browser, film).json()['id']}" for film in films]

    async def all_of_them() -> list[int]:
        sent = [
            browser.script("PATCH", path, film, upload_offset="0")
            for path, film in zip(paths, films, strict=True)
        ]
        return [answer.status for answer in await asyncio.gather(*sent)]

    assert asyncio.run(all_of_them()) == [204, 204, 204]
    for path, film in zip(paths, films, strict=True):
        assert uploads.offset(house.workspace, path.rsplit("/", 1)[1]) == len(film)
        _ask(browser, "DELETE", path)


def test_a_film_for_which_there_is_no_room_is_refused_in_a_sentence(
    browser: Browser, house: House
) -> None:
    uploads.set_limits(house.workspace, uploads.Limits(vault=1_000_000), house.opener)
    answer = _ask(browser, "POST", "/api/uploads", {"size": 2_000_000})
    uploads.set_limits(house.workspace, uploads.Limits(), house.opener)
    assert answer.status == 507
    assert "of the 1 MB that this vault may hold" in answer.json()["error"]
    assert "Erase films" in answer.json()["advice"]
