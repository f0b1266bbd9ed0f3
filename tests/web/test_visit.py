"""A visit, from the page that begins it to the passphrase that ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette

from tests.web.driver import Answer, Browser, Socket
from tests.web.houses import Clock
from tests.web.world import PASSPHRASE, World, world
from vig.app.policy import Visitor
from vig.app.rights import Relation
from vig.domain.account import Office
from vig.web.gate import SIGNED_OUT, Gate
from vig.web.porch import Porch
from vig.web.server import around
from vig.web.sessions import COOKIE, IDLE, LONGEST_SHOWING, Sessions


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = world(tmp_path_factory.mktemp("visit") / "vault")
    me = made.house.opener
    version = made.ws.catalogue.account(me).version
    with made.ws.catalogue.act("system", "account.offices") as act:
        # An admin among others would be led to a second step first.
        act.change_account(me, version=version, offices={Office.GUIDER})
    with made.ws.catalogue.act("system", "family.assign") as act:
        for relation in (Relation.OWN, Relation.ASSIGNED):
            act.assign(me, made.families[relation], Office.GUIDER)
    yield made
    made.house.lock()


@pytest.fixture
def porch(here: World) -> Porch:
    return Porch(here.house)


@pytest.fixture
def browser(here: World, porch: Porch) -> Browser:
    app = Starlette(routes=around(here.house, {}, porch)["routes"])
    made = Browser(Gate(app, porch), html=True)
    made.cookies[COOKIE] = porch.sessions.begin(here.house.opener)
    return made


def get(browser: Browser, path: str) -> Answer:
    return asyncio.run(browser.get(path))


def post(browser: Browser, path: str, **fields: str) -> Answer:
    return asyncio.run(browser.form(path, **fields))


def actor(porch: Porch, browser: Browser) -> str:
    session = porch.sessions.find(browser.cookies[COOKIE])
    assert session is not None
    return session.actor


def test_it_offers_the_families_that_somebody_works_with(here: World, browser: Browser) -> None:
    page = get(browser, "/account/visit").text
    assert "F-own" in page
    assert "F-assigned" in page
    assert "F-other" not in page
    assert "F-expired" not in page


def test_from_here_on_one_family_and_back_by_the_passphrase(
    here: World, porch: Porch, browser: Browser
) -> None:
    before = browser.cookies[COOKIE]
    begun = post(browser, "/account/visit", family=here.families[Relation.OWN])
    assert (begun.status, begun.headers["location"]) == (303, "/")
    assert browser.cookies[COOKIE] != before
    assert porch.sessions.find(before) is None
    assert isinstance(actor(porch, browser), Visitor)
    assert get(browser, f"/api/thumb/{here.films[Relation.OWN]}").status == 200
    assert get(browser, f"/api/thumb/{here.films[Relation.ASSIGNED]}").status == 403

    assert get(browser, "/account/visit").headers["location"] == "/account/visit/end"
    wrong = post(browser, "/account/visit/end", secret="not this one, surely")
    assert wrong.status == 401
    assert "This is not your passphrase." in wrong.text
    assert 'role="alert"' in wrong.text
    assert isinstance(actor(porch, browser), Visitor)
    assert get(browser, f"/api/thumb/{here.films[Relation.ASSIGNED]}").status == 403

    visiting = browser.cookies[COOKIE]
    ended = post(browser, "/account/visit/end", secret=PASSPHRASE)
    assert ended.status == 303
    assert porch.sessions.find(visiting) is None
    assert actor(porch, browser) == here.house.opener
    assert not isinstance(actor(porch, browser), Visitor)
    assert get(browser, f"/api/thumb/{here.films[Relation.ASSIGNED]}").status == 200
    rows = [(row.action, row.outcome.value) for row in here.ws.catalogue.audit_rows(newest=40)]
    assert ("visit.begin", "ok") in rows
    assert ("visit.end", "denied") in rows
    assert ("visit.end", "ok") in rows


@pytest.mark.parametrize("relation", [Relation.OTHER, Relation.EXPIRED])
def test_no_visit_to_a_family_that_is_not_ones_own(
    here: World, porch: Porch, browser: Browser, relation: Relation
) -> None:
    refused = post(browser, "/account/visit", family=here.families[relation])
    assert refused.status == 403
    assert not isinstance(actor(porch, browser), Visitor)
    assert post(browser, "/account/visit", family="0" * 32).status == 404


def test_a_visit_cannot_be_moved_to_another_family(
    here: World, porch: Porch, browser: Browser
) -> None:
    post(browser, "/account/visit", family=here.families[Relation.OWN])
    assert post(browser, "/account/visit", family=here.families[Relation.ASSIGNED]).status == 403
    assert actor(porch, browser).family == here.families[Relation.OWN]  # type: ignore[attr-defined]


def test_guessing_the_way_out_is_slowed_down(here: World, porch: Porch, browser: Browser) -> None:
    post(browser, "/account/visit", family=here.families[Relation.OWN])
    tries = [
        post(browser, "/account/visit/end", secret="wrong again, sorry").status for _ in range(6)
    ]
    assert tries == [401] * 5 + [429]


def test_the_pages_from_before_are_closed(here: World, porch: Porch, browser: Browser) -> None:
    async def behind(scope: object, receive: object, send: object) -> None:
        await receive()  # type: ignore[operator]
        await send({"type": "websocket.accept"})  # type: ignore[operator]
        while (await receive())["type"] != "websocket.disconnect":  # type: ignore[operator]
            pass

    async def look() -> int:
        watching = Browser(Gate(behind, porch, every=0.05), cookies=dict(browser.cookies))
        async with Socket(watching) as socket:
            assert (await socket.hear())["type"] == "websocket.accept"
            await browser.form("/account/visit", family=here.families[Relation.OWN])
            closed = await socket.hear()
        return int(closed["code"])

    assert asyncio.run(look()) == SIGNED_OUT


def test_a_page_about_accounts_says_how_to_get_back_to_it(
    here: World, porch: Porch, browser: Browser
) -> None:
    post(browser, "/account/visit", family=here.families[Relation.OWN])
    answer = get(browser, "/account/people")
    assert answer.status == 403
    assert "<p>Not during a visit. End the visit first, with your passphrase.</p>" in answer.text


def test_a_page_of_another_session_learns_that_it_is_of_another(
    here: World, browser: Browser
) -> None:
    def screen() -> str:
        return asyncio.run(browser.script("POST", "/account/here")).headers["x-vig-screen"]

    first = screen()
    assert screen() == first
    post(browser, "/account/visit", family=here.families[Relation.OWN])
    assert screen() != first


class TestTheIdleLock:
    def test_waits_while_a_review_is_shown_for_an_hour_at_most(self) -> None:
        clock = Clock()
        sessions = Sessions(clock=clock)
        token = sessions.begin("somebody")
        began = clock.now
        while sessions.show(token):
            assert clock.now - began <= LONGEST_SHOWING + IDLE
            clock.now += 60
        assert clock.now - began > LONGEST_SHOWING

    def test_starts_to_count_when_the_review_ends(self) -> None:
        clock = Clock()
        sessions = Sessions(clock=clock)
        token = sessions.begin("somebody")
        clock.now += 10 * 60
        assert sessions.show(token)
        clock.now += IDLE
        assert sessions.find(token) is not None
        clock.now += 1
        assert sessions.find(token) is None

    def test_counts_on_a_visit_as_everywhere(self) -> None:
        clock = Clock()
        sessions = Sessions(clock=clock)
        token = sessions.begin(Visitor.of("somebody", "family"))
        clock.now += IDLE + 1
        assert sessions.find(token) is None

    def test_is_told_by_the_page(self, here: World, porch: Porch, browser: Browser) -> None:
        answer = asyncio.run(browser.script("POST", "/account/here?showing=1"))
        assert answer.status == 204
        session = porch.sessions.find(browser.cookies[COOKIE])
        assert session is not None
        assert session.shown > 0
