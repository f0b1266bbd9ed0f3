"""Nobody gets past the gate without a session, and nothing is said after it ended."""

from __future__ import annotations

import asyncio

import pytest

from tests.web.driver import Socket
from tests.web.houses import MemoryHouse, gated, open_porch
from vig.web.gate import CLOSED, PAGE_CSP
from vig.web.porch import Porch
from vig.web.sessions import COOKIE

INSIDE = ["/", "/library", "/_stcore/health", "/_stcore/host-config", "/static/js/index.js",
          "/api/film/x", "/api/uploads", "/component/x"]  # fmt: skip


@pytest.mark.parametrize("path", INSIDE)
def test_without_a_session_there_is_nothing_to_see(path: str) -> None:
    porch, _ = open_porch()
    answer = asyncio.run(gated(porch).get(path))
    assert answer.status == 401
    assert b"behind" not in answer.body


@pytest.mark.parametrize("path", INSIDE)
def test_with_a_session_everything_is_reached(path: str) -> None:
    porch, token = open_porch()
    browser = gated(porch)
    browser.cookies[COOKIE] = token
    answer = asyncio.run(browser.get(path))
    assert answer.status == 200
    assert answer.text == f"behind {path}"


def test_a_page_asked_for_without_a_session_leads_to_the_door() -> None:
    porch, _ = open_porch()
    browser = gated(porch)
    browser.html = True
    answer = asyncio.run(browser.get("/library"))
    assert (answer.status, answer.headers["location"]) == (303, "/account/sign-in")


def test_a_made_up_token_is_no_session() -> None:
    porch, token = open_porch()
    browser = gated(porch)
    browser.cookies[COOKIE] = token[::-1]
    assert asyncio.run(browser.get("/")).status == 401


def test_a_session_of_a_locked_house_opens_nothing() -> None:
    porch, token = open_porch()
    porch.house.lock()
    browser = gated(porch)
    browser.cookies[COOKIE] = token
    assert asyncio.run(browser.get("/")).status == 401


@pytest.mark.parametrize("path", [*CLOSED, "/_stcore/upload_file/a/b", "/media/abc.png"])
def test_what_would_write_films_in_clear_or_drive_the_pages_is_closed(path: str) -> None:
    porch, token = open_porch()
    browser = gated(porch)
    browser.cookies[COOKIE] = token
    assert asyncio.run(browser.get(path)).status == 403


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "192.168.1.4:8501", ""])
def test_a_foreign_name_for_this_computer_is_not_answered(host: str) -> None:
    porch, token = open_porch()
    browser = gated(porch)
    browser.cookies[COOKIE] = token
    browser.host = host
    assert asyncio.run(browser.get("/")).status == 421


@pytest.mark.parametrize("host", ["localhost:8501", "127.0.0.1:9000", "LOCALHOST", "[::1]:8501"])
def test_the_names_of_this_computer_are_answered_on_any_port(host: str) -> None:
    porch, token = open_porch()
    browser = gated(porch)
    browser.cookies[COOKIE] = token
    browser.host = host
    assert asyncio.run(browser.get("/")).status == 200


@pytest.mark.parametrize("client", ["192.168.1.20", "10.0.0.1", "2001:db8::1", "testclient"])
def test_another_computer_is_not_answered_whatever_the_server_is_bound_to(client: str) -> None:
    porch, token = open_porch()
    browser = gated(porch)
    browser.cookies[COOKIE] = token
    browser.client = (client, 1)
    assert asyncio.run(browser.get("/")).status == 421


def test_nothing_of_a_family_is_stored_by_the_browser() -> None:
    porch, token = open_porch()
    browser = gated(porch)
    browser.cookies[COOKIE] = token
    headers = asyncio.run(browser.get("/api/film/x")).headers
    assert headers["cache-control"] == "no-store, private"
    assert "etag" not in headers
    assert "last-modified" not in headers


def test_program_files_keep_their_validators() -> None:
    porch, _ = open_porch()
    headers = asyncio.run(gated(porch).get("/assets/ui/player/player.js")).headers
    assert headers["etag"] == '"x"'


@pytest.mark.parametrize("path", ["/", "/account/sign-in", "/assets/x.js", "/nowhere"])
def test_every_answer_carries_the_guarding_headers(path: str) -> None:
    porch, _ = open_porch()
    headers = asyncio.run(gated(porch).get(path)).headers
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "http:" not in policy
    assert "https:" not in policy
    assert "unsafe-eval" not in policy
    assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"


def test_the_pages_before_the_door_need_no_inline_style() -> None:
    porch, _ = open_porch()
    headers = asyncio.run(gated(porch).get("/account/sign-in")).headers
    assert headers["content-security-policy"] == PAGE_CSP
    assert "unsafe" not in PAGE_CSP


# ── websockets ───────────────────────────────────────────────────────────────────────────────


async def _first_word(porch: Porch, token: str | None, **headers: str) -> dict[str, object]:
    browser = gated(porch)
    if token:
        browser.cookies[COOKIE] = token
    async with Socket(browser, **headers) as socket:
        return await socket.hear()


def test_a_websocket_without_a_session_is_refused_before_it_is_accepted() -> None:
    porch, _ = open_porch()
    assert asyncio.run(_first_word(porch, None)) == {"type": "websocket.close", "code": 4401}


@pytest.mark.parametrize("origin", ["http://evil.example", "https://localhost:1", "null", ""])
def test_a_websocket_from_a_foreign_page_is_refused_even_with_a_session(origin: str) -> None:
    porch, token = open_porch()
    said = asyncio.run(_first_word(porch, token, origin=origin))
    assert said == {"type": "websocket.close", "code": 4403}


def test_a_websocket_of_somebody_signed_in_is_accepted() -> None:
    porch, token = open_porch()
    assert asyncio.run(_first_word(porch, token)) == {"type": "websocket.accept"}


@pytest.mark.parametrize("ending", ["sign out", "lock", "expiry"])
def test_a_live_websocket_ends_with_its_session_and_is_told_nothing_more(ending: str) -> None:
    porch, token = open_porch()
    house = porch.house
    assert isinstance(house, MemoryHouse)

    async def live() -> list[dict[str, object]]:
        browser = gated(porch, every=0.02)
        browser.cookies[COOKIE] = token
        async with Socket(browser) as socket:
            assert (await socket.hear())["type"] == "websocket.accept"
            await socket.say("hello")
            assert (await socket.hear())["text"] == "heard hello"
            if ending == "sign out":
                porch.sessions.end(token)
            elif ending == "lock":
                porch.lock()
            else:
                session = porch.sessions.find(token)
                assert session is not None
                session.active -= 10_000
            await socket.say("still there?")
            said = [await socket.hear()]
            await asyncio.sleep(0.1)
            while not socket.out.empty():
                said.append(socket.out.get_nowait())
            return said

    assert asyncio.run(live()) == [{"type": "websocket.close", "code": 4401}]


def test_a_silent_websocket_is_closed_too() -> None:
    porch, token = open_porch()

    async def silent() -> dict[str, object]:
        browser = gated(porch, every=0.02)
        browser.cookies[COOKIE] = token
        async with Socket(browser) as socket:
            await socket.hear()
            porch.sessions.end(token)
            return await socket.hear(2)

    assert asyncio.run(silent()) == {"type": "websocket.close", "code": 4401}


def test_the_house_locks_when_the_last_one_has_gone() -> None:
    porch, token = open_porch()
    other = porch.sessions.begin("guider")
    porch.sessions.end(token)
    assert not porch.lock_if_left()
    porch.sessions.end(other)
    assert porch.lock_if_left()
    assert porch.house.state == "locked"
    assert not porch.lock_if_left()
