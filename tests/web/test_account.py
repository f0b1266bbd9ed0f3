"""The pages before the door, with a real house behind it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette

from tests.web.driver import Answer, Browser
from tests.web.houses import PASSPHRASE, Clock, MemoryHouse
from vig.app.house import House
from vig.web import account
from vig.web.gate import Gate
from vig.web.porch import Porch
from vig.web.sessions import COOKIE, Sessions, Throttles


def _at(porch: Porch) -> Browser:
    return Browser(Gate(Starlette(routes=account.routes(porch)), porch), html=True)


def _get(browser: Browser, path: str) -> Answer:
    return asyncio.run(browser.get(path))


def _post(browser: Browser, path: str, **fields: str) -> Answer:
    return asyncio.run(browser.form(path, **fields))


def _code(answer: Answer) -> str:
    found = re.search(r'id="code">([^<]+)<', answer.text)
    assert found is not None
    return found.group(1)


@pytest.fixture
def porch(tmp_path: Path) -> Iterator[Porch]:
    porch = Porch(House(tmp_path / "vault"))
    yield porch
    porch.house.lock()


@pytest.fixture
def locked() -> Porch:
    return Porch(MemoryHouse())  # type: ignore[arg-type]


def test_a_first_run_leads_from_the_passphrase_over_the_typed_code_to_an_open_house(
    porch: Porch,
) -> None:
    browser = _at(porch)
    assert _get(browser, "/account/sign-in").headers["location"] == "/account/first-run"
    first = _get(browser, "/account/first-run").text
    assert (
        "Sample films only until your service has signed its data-protection assessment." in first
    )
    assert "does not measure, rate or diagnose" in first

    shown = _post(browser, "/account/first-run", passphrase=PASSPHRASE, again=PASSPHRASE)
    assert shown.status == 200
    assert shown.headers["cache-control"] == "no-store, private"
    assert porch.house.state == "unfinished"
    assert COOKIE not in browser.cookies

    wrong = _post(browser, "/account/confirm", code="1234")
    assert wrong.status == 422
    assert "typing mistake" in wrong.text

    done = _post(browser, "/account/confirm", code=_code(shown).lower().replace("-", " "))
    assert (done.status, done.headers["location"]) == (303, "/")
    assert porch.house.state == "open"
    assert COOKIE in browser.cookies


def test_the_code_is_shown_once_and_a_later_look_asks_for_it(porch: Porch) -> None:
    browser = _at(porch)
    code = _code(_post(browser, "/account/first-run", passphrase=PASSPHRASE, again=PASSPHRASE))
    later = _get(browser, "/account/first-run").text
    assert code not in later
    assert "has not been typed back yet" in later
    _post(browser, "/account/start-over")
    assert porch.house.state == "none"


@pytest.mark.parametrize(
    ("first", "again", "said"),
    [("short", "short", "at least 12"), (PASSPHRASE, PASSPHRASE + "!", "not the same")],
)
def test_a_weak_or_mistyped_passphrase_sets_nothing_up(
    porch: Porch, first: str, again: str, said: str
) -> None:
    answer = _post(_at(porch), "/account/first-run", passphrase=first, again=again)
    assert answer.status == 422
    assert said in answer.text
    assert porch.house.state == "none"


def test_the_strength_is_told_to_our_own_page_only(porch: Porch) -> None:
    browser = _at(porch)
    asked = asyncio.run(browser.script("POST", "/account/strength", b"passphrase=short"))
    assert asked.json()["ok"] is False
    foreign = _post(browser, "/account/strength", passphrase="short")  # a form has no such header
    assert foreign.status == 403


def test_the_right_passphrase_opens_and_the_cookie_is_out_of_reach_of_scripts(
    locked: Porch,
) -> None:
    answer = _post(_at(locked), "/account/sign-in", secret=PASSPHRASE)
    assert answer.status == 303
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-vig_session=")
    flags = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert flags == {"httponly", "path=/", "samesite=strict", "secure"}


def test_a_wrong_passphrase_opens_nothing_and_is_never_said_back(locked: Porch) -> None:
    browser = _at(locked)
    answer = _post(browser, "/account/sign-in", secret="<b>wrong horse</b>")
    assert answer.status == 401
    assert "does not open this vault" in answer.text
    assert "wrong horse" not in answer.text
    assert browser.cookies == {}


def test_an_open_house_asks_for_the_passphrase_all_the_same(locked: Porch) -> None:
    _post(_at(locked), "/account/sign-in", secret=PASSPHRASE)
    stranger = _at(locked)
    assert _post(stranger, "/account/sign-in", secret="guess").status == 401
    assert stranger.cookies == {}


def test_guessing_is_stopped_without_deriving_another_key() -> None:
    clock = Clock()
    house = MemoryHouse()
    porch = Porch(house, throttle=Throttles(clock))  # type: ignore[arg-type]
    browser = _at(porch)
    for _ in range(5):
        assert _post(browser, "/account/sign-in", secret="guess").status == 401
    answer = _post(browser, "/account/sign-in", secret=PASSPHRASE)
    assert answer.status == 429
    assert "Too many tries" in answer.text
    assert house.happened == ["unlock"] * 5
    clock.now += 2
    assert _post(browser, "/account/sign-in", secret=PASSPHRASE).status == 303


def test_signing_in_again_ends_the_session_before(locked: Porch) -> None:
    browser = _at(locked)
    _post(browser, "/account/sign-in", secret=PASSPHRASE)
    before = browser.cookies[COOKIE]
    _post(browser, "/account/sign-in", secret=PASSPHRASE)
    assert browser.cookies[COOKIE] != before
    assert locked.sessions.find(before) is None


def test_signing_out_ends_this_session_and_the_last_one_out_locks(locked: Porch) -> None:
    one, other = _at(locked), _at(locked)
    _post(one, "/account/sign-in", secret=PASSPHRASE)
    _post(other, "/account/sign-in", secret=PASSPHRASE)
    kept = one.cookies[COOKIE]
    assert _post(one, "/account/sign-out").headers["location"] == "/account/sign-in"
    assert one.cookies == {}
    assert locked.sessions.find(kept) is None
    assert locked.house.state == "open"
    _post(other, "/account/sign-out")
    assert locked.house.state == "locked"


def test_lock_ends_every_session_and_only_somebody_inside_may_do_it(locked: Porch) -> None:
    one, other, stranger = _at(locked), _at(locked), _at(locked)
    _post(one, "/account/sign-in", secret=PASSPHRASE)
    _post(other, "/account/sign-in", secret=PASSPHRASE)
    _post(stranger, "/account/lock")
    assert locked.house.state == "open"
    _post(one, "/account/lock")
    assert locked.house.state == "locked"
    assert locked.sessions.alive() == 0


@pytest.mark.parametrize(
    "path",
    [
        "sign-in",
        "first-run",
        "confirm",
        "restore",
        "start-over",
        "strength",
        "sign-out",
        "lock",
        "passphrase",
    ],
)
@pytest.mark.parametrize("origin", [None, "http://evil.example", "null"])
def test_a_form_of_a_foreign_page_is_not_read(locked: Porch, path: str, origin: str | None) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    if origin:
        headers["origin"] = origin
    body = f"secret={PASSPHRASE}".encode()
    answer = asyncio.run(_at(locked).send("POST", f"/account/{path}", body, headers))
    assert answer.status == 403
    assert locked.house.state == "locked"


def test_a_huge_form_is_refused(locked: Porch) -> None:
    assert _post(_at(locked), "/account/sign-in", secret="x" * 9000).status == 413


def test_a_page_may_ask_whether_it_may_stay_without_counting_as_a_person() -> None:
    clock = Clock()
    porch = Porch(MemoryHouse("open"), sessions=Sessions(clock=clock))  # type: ignore[arg-type]
    browser = _at(porch)
    browser.cookies[COOKIE] = porch.sessions.begin("guider")
    for _ in range(3):
        clock.now += 400
        asked = asyncio.run(browser.script("POST", "/account/here"))
    assert asked.status == 401

    browser.cookies[COOKIE] = porch.sessions.begin("guider")
    for _ in range(3):
        clock.now += 400
        asked = asyncio.run(browser.script("POST", "/account/here?active=1"))
    assert asked.status == 204


def test_the_demonstration_says_its_passphrase_and_no_other_house_does() -> None:
    demo = MemoryHouse()
    demo.demo = True
    assert "sample films only, never a family" in _get(_at(Porch(demo)), "/account/sign-in").text  # type: ignore[arg-type]
    assert "passphrase is <strong>" not in _get(_at(Porch(MemoryHouse())), "/account/sign-in").text  # type: ignore[arg-type]


def test_a_backup_can_be_brought_back_on_the_first_page(porch: Porch, tmp_path: Path) -> None:
    old = House(tmp_path / "old")
    old.confirm(old.set_up(PASSPHRASE))
    old.backup_to(tmp_path / "backup", actor=old.opener)
    old.lock()
    browser = _at(porch)
    missing = _post(browser, "/account/restore", folder=str(tmp_path / "nothing"))
    assert missing.status == 404
    assert porch.house.state == "none"
    assert _post(browser, "/account/restore", folder=str(tmp_path / "backup")).status == 303
    assert _post(browser, "/account/sign-in", secret=PASSPHRASE).headers["location"] == "/"
    assert porch.house.state == "open"


NEW = "moon basket seventeen otters"


@pytest.fixture
def inside(porch: Porch) -> Browser:
    """Somebody signed in to a real house."""
    browser = _at(porch)
    code = _code(_post(browser, "/account/first-run", passphrase=PASSPHRASE, again=PASSPHRASE))
    _post(browser, "/account/confirm", code=code)
    return browser


def test_a_changed_passphrase_opens_and_the_old_one_opens_nothing(
    porch: Porch, inside: Browser
) -> None:
    other = porch.sessions.begin(porch.house.opener)
    answer = _post(inside, "/account/passphrase", secret=PASSPHRASE, passphrase=NEW, again=NEW)
    assert (answer.status, answer.headers["location"]) == (303, "/settings")
    assert porch.sessions.find(other) is None
    assert porch.with_token(inside.cookies[COOKIE]) is not None
    assert len(porch.house.ways_in()) == 2
    porch.lock()
    assert _post(inside, "/account/sign-in", secret=PASSPHRASE).status == 401
    assert _post(inside, "/account/sign-in", secret=NEW).headers["location"] == "/"


@pytest.mark.parametrize(
    ("secret", "passphrase", "again", "status"),
    [
        ("wrong horse battery", NEW, NEW, 401),
        (PASSPHRASE, "short", "short", 422),
        (PASSPHRASE, NEW, NEW + "!", 422),
    ],
)
def test_a_change_that_is_not_right_changes_nothing(
    porch: Porch, inside: Browser, secret: str, passphrase: str, again: str, status: int
) -> None:
    before = porch.house.ways_in()
    answer = _post(inside, "/account/passphrase", secret=secret, passphrase=passphrase, again=again)
    assert answer.status == status
    assert porch.house.ways_in() == before


def test_nobody_outside_may_change_the_passphrase(porch: Porch, inside: Browser) -> None:
    stranger = _at(porch)
    assert _get(stranger, "/account/passphrase").headers["location"] == "/account/sign-in"
    answer = _post(stranger, "/account/passphrase", secret=PASSPHRASE, passphrase=NEW, again=NEW)
    assert answer.headers["location"] == "/account/sign-in"
    assert porch.house.unlock(PASSPHRASE) is porch.house.workspace
