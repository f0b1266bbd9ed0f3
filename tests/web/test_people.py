"""Several people: names, second steps, start passphrases, sessions that end with their account."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette

from tests.app.people import OWN, PASSPHRASE, cheap, joined
from tests.app.test_second import code
from tests.web.driver import Answer, Browser
from tests.web.houses import Clock
from vig.app import accounts, second
from vig.app.house import House
from vig.domain.account import Office
from vig.web import account
from vig.web.gate import Gate
from vig.web.porch import Porch
from vig.web.sessions import COOKIE, HALFWAY, SURE, Sessions, Throttles


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def porch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Iterator[Porch]:
    """An open house with its first account only."""
    cheap(monkeypatch)
    house = House(tmp_path / "vault")
    house.confirm(house.set_up(PASSPHRASE))
    made = Porch(house, sessions=Sessions(clock=clock), throttle=Throttles(clock), clock=clock)
    yield made
    house.lock()


def at(porch: Porch) -> Browser:
    return Browser(Gate(Starlette(routes=account.routes(porch)), porch), html=True)


def get(browser: Browser, path: str) -> Answer:
    return asyncio.run(browser.get(path))


def post(browser: Browser, path: str, **fields: str) -> Answer:
    return asyncio.run(browser.form(path, **fields))


def signed_in(porch: Porch, name: str = "", secret: str = PASSPHRASE) -> Browser:
    browser = at(porch)
    answer = post(browser, "/account/sign-in", name=name, secret=secret)
    assert answer.status == 303, answer.text
    return browser


def with_codes(porch: Porch, account_id: str) -> str:
    """A second step by codes, set up a while ago."""
    made, then = second.new_secret(), time.time() - 300
    ws = porch.house.workspace
    second.set_up_codes(ws, account_id, made, code(made, then), now=lambda: then)
    return made


def where(answer: Answer) -> str:
    assert answer.status == 303, answer.text
    return answer.headers["location"]


class TestSigningIn:
    def test_a_name_is_asked_for_only_where_there_are_several(self, porch: Porch) -> None:
        assert 'name="name"' not in get(at(porch), "/account/sign-in").text
        joined(porch.house, "Bo", Office.GUIDER)
        assert 'name="name"' in get(at(porch), "/account/sign-in").text
        porch.lock()
        assert 'name="name"' in get(at(porch), "/account/sign-in").text

    def test_the_session_is_the_account_s(self, porch: Porch) -> None:
        bo = joined(porch.house, "Bo", Office.GUIDER)
        browser = signed_in(porch, "bo", OWN)
        session = porch.with_token(browser.cookies[COOKIE])
        assert session
        assert session.actor == bo.id

    def test_a_wrong_name_and_a_wrong_passphrase_read_the_same(self, porch: Porch) -> None:
        joined(porch.house, "Bo", Office.GUIDER)
        said = {
            re.sub(r' value="[^"]*"', "", post(at(porch), "/account/sign-in", **tried).text)
            for tried in (
                {"name": "Bo", "secret": "a wrong one"},
                {"name": "nobody", "secret": "a wrong one"},
                {"name": "nobody", "secret": OWN},
            )
        }
        assert len(said) == 1

    def test_guessing_at_one_name_slows_that_name_and_not_another(
        self, porch: Porch, clock: Clock
    ) -> None:
        joined(porch.house, "Bo", Office.GUIDER)
        for _ in range(5):
            assert post(at(porch), "/account/sign-in", name="Bo", secret="no").status == 401
        assert post(at(porch), "/account/sign-in", name="BO ", secret=OWN).status == 429
        assert post(at(porch), "/account/sign-in", name="guider", secret="no").status == 401
        clock.now += 2
        assert where(post(at(porch), "/account/sign-in", name="Bo", secret=OWN)) == "/"

    def test_guessing_at_many_names_slows_them_all_even_for_who_has_an_account(
        self, porch: Porch
    ) -> None:
        joined(porch.house, "Bo", Office.GUIDER)
        for number in range(20):
            if number % 4 == 0:
                signed_in(porch, "Bo", OWN)
            post(at(porch), "/account/sign-in", name=f"n{number}", secret="no")
        assert post(at(porch), "/account/sign-in", name="Bo", secret=OWN).status == 429


class TestTheSecondStep:
    def test_between_passphrase_and_code_nothing_else_is_answered(self, porch: Porch) -> None:
        made = with_codes(porch, porch.house.opener)
        browser = signed_in(porch)
        assert porch.with_token(browser.cookies[COOKIE]) is None
        assert where(get(browser, "/library")) == "/account/sign-in"
        for page in ("/account/own", "/account/people", "/account/passphrase"):
            assert where(get(browser, page)) == "/account/sign-in"
        assert "Code from your app" in get(browser, "/account/second").text
        half = browser.cookies[COOKIE]
        assert where(post(browser, "/account/second", code=code(made, time.time()))) == "/"
        assert browser.cookies[COOKIE] != half
        assert porch.with_token(browser.cookies[COOKIE]) is not None
        assert porch.sessions.halfway(half) is None

    def test_five_wrong_codes_begin_it_all_again(self, porch: Porch) -> None:
        with_codes(porch, porch.house.opener)
        browser = signed_in(porch)
        for _ in range(4):
            assert post(browser, "/account/second", code="000000").status == 401
        assert where(post(browser, "/account/second", code="000000")) == "/account/sign-in"
        assert porch.sessions.alive() == 0
        again = signed_in(porch)
        assert post(again, "/account/second", code="000000").status == 429

    def test_who_stays_half_way_is_gone_after_ten_minutes_and_the_house_locks(
        self, porch: Porch, clock: Clock
    ) -> None:
        with_codes(porch, porch.house.opener)
        signed_in(porch)
        assert not porch.lock_if_left()
        clock.now += HALFWAY + 1
        assert porch.lock_if_left()

    def test_the_recovery_code_comes_in_without_it(self, tmp_path: Path, porch: Porch) -> None:
        house = House(tmp_path / "own")
        printed = house.set_up(PASSPHRASE)
        house.confirm(printed)
        own = Porch(house)
        with_codes(own, house.opener)
        assert where(post(at(own), "/account/sign-in", secret=printed)) == "/"
        house.lock()


class TestSettingItUp:
    def test_the_passphrase_is_asked_for_again_once_it_was_typed_a_while_ago(
        self, porch: Porch, clock: Clock
    ) -> None:
        browser = signed_in(porch)
        assert get(browser, "/account/own/codes").status == 200
        clock.now += SURE + 1
        path = where(get(browser, "/account/own/codes"))
        assert path == "/account/own/sure?next=%2Faccount%2Fown%2Fcodes"
        wrong = post(browser, "/account/own/sure", next="/account/own/codes", secret="no")
        assert wrong.status == 401
        right = post(browser, "/account/own/sure", next="/account/own/codes", secret=PASSPHRASE)
        assert where(right) == "/account/own/codes"
        assert get(browser, "/account/own/codes").status == 200

    @pytest.mark.parametrize("path", ["https://evil.example", "//evil.example", "/", ""])
    def test_and_nobody_is_sent_elsewhere_by_it(self, porch: Porch, path: str) -> None:
        browser = signed_in(porch)
        answer = post(browser, "/account/own/sure", next=path, secret=PASSPHRASE)
        assert where(answer) == "/account/own"

    def test_codes_are_set_up_shown_once_and_asked_for_from_then_on(self, porch: Porch) -> None:
        browser = signed_in(porch)
        page = get(browser, "/account/own/codes").text
        found = re.search(r'class="typed">([A-Z2-7 ]{39})<', page)
        assert found
        made = found[1].replace(" ", "")
        assert post(browser, "/account/own/codes", code="000000").status == 401
        done = post(browser, "/account/own/codes", code=code(made, time.time()))
        spares = re.findall(r"<li>(\w{5}-\w{5})</li>", done.text)
        assert len(spares) == 10
        assert "Printed codes left: 10" in get(browser, "/account/own").text
        other = signed_in(porch)
        assert where(post(other, "/account/second", code=spares[0])) == "/"
        assert where(post(browser, "/account/own/codes/off")) == "/account/own"
        assert where(post(at(porch), "/account/sign-in", secret=PASSPHRASE)) == "/"

    def test_an_admin_among_others_is_led_to_it_and_has_no_way_past(self, porch: Porch) -> None:
        joined(porch.house, "Bo", Office.GUIDER)
        browser = at(porch)
        entered = post(browser, "/account/sign-in", name="guider", secret=PASSPHRASE)
        assert where(entered) == "/account/own/codes"
        assert where(get(browser, "/library")) == "/account/sign-in"
        assert where(get(browser, "/account/own")) == "/account/sign-in"
        page = get(browser, "/account/own/codes").text
        found = re.search(r'class="typed">([A-Z2-7 ]{39})<', page)
        assert found
        made = found[1].replace(" ", "")
        post(browser, "/account/own/codes", code=code(made, time.time()))
        assert porch.with_token(browser.cookies[COOKIE]) is not None


class TestPeople:
    @pytest.fixture
    def admin(self, porch: Porch) -> Browser:
        made = with_codes(porch, porch.house.opener)
        browser = signed_in(porch)
        post(browser, "/account/second", code=code(made, time.time()))
        return browser

    def test_somebody_is_added_and_chooses_a_passphrase_of_their_own(
        self, porch: Porch, admin: Browser
    ) -> None:
        shown = post(admin, "/account/people", name="Bo", office="trainee")
        found = re.search(r'id="start">([\w-]+)<', shown.text)
        assert found
        bo = signed_in(porch, "Bo", found[1])
        assert where(get(bo, "/library")) == "/account/sign-in"
        assert "Choose your own" in get(bo, "/account/start").text
        assert post(bo, "/account/start", passphrase="short", again="short").status == 422
        same = post(bo, "/account/start", passphrase=found[1], again=found[1])
        assert "another one" in same.text
        assert where(post(bo, "/account/start", passphrase=OWN, again=OWN)) == "/"
        assert porch.with_token(bo.cookies[COOKIE]) is not None
        again = post(at(porch), "/account/sign-in", name="Bo", secret=found[1])
        assert again.status == 401

    def test_before_others_come_the_admin_has_a_second_step(self, porch: Porch) -> None:
        browser = signed_in(porch)
        assert "set up a second step for yourself" in get(browser, "/account/people").text
        refused = post(browser, "/account/people", name="Bo", office="guider")
        assert refused.status == 422
        assert len(accounts.listed(porch.house.workspace)) == 1

    def test_nobody_else_sees_or_changes_accounts(self, porch: Porch, admin: Browser) -> None:
        bo = joined(porch.house, "Bo", Office.GUIDER)
        browser = signed_in(porch, "Bo", OWN)
        me = porch.house.opener
        assert get(browser, "/account/people").status == 403
        assert get(browser, f"/account/people/{me}").status == 403
        for path in ("", f"/{bo.id}/offices", f"/{me}/restart", f"/{me}/disable"):
            sent = post(browser, f"/account/people{path}", name="Cy", office="admin")
            assert sent.status == 403
        assert [a.name for a in accounts.active(porch.house.workspace)] == ["guider", "Bo"]

    def test_a_disabled_account_is_signed_out_at_once(self, porch: Porch, admin: Browser) -> None:
        bo = joined(porch.house, "Bo", Office.GUIDER)
        browser = signed_in(porch, "Bo", OWN)
        token = browser.cookies[COOKIE]
        assert porch.with_token(token)
        assert where(post(admin, f"/account/people/{bo.id}/disable")) == "/account/people"
        assert porch.with_token(token) is None
        assert post(at(porch), "/account/sign-in", name="Bo", secret=OWN).status == 401

    def test_an_account_disabled_by_another_process_is_gone_within_a_second(
        self, porch: Porch, admin: Browser, clock: Clock
    ) -> None:
        bo = joined(porch.house, "Bo", Office.GUIDER)
        token = signed_in(porch, "Bo", OWN).cookies[COOKIE]
        assert porch.with_token(token)
        accounts.disable(porch.house.workspace, bo.id, actor=porch.house.opener)
        clock.now += 1.0
        assert porch.with_token(token) is None

    def test_offices_and_families_are_given_and_taken(self, porch: Porch, admin: Browser) -> None:
        ws, bo = porch.house.workspace, joined(porch.house, "Bo", Office.GUIDER)
        with ws.catalogue.act(porch.house.opener, "family.add") as act:
            family = act.add_family("F-014")
        page = f"/account/people/{bo.id}"
        said = post(admin, f"{page}/family", family="f-014", office="guider", until="2030-01-31")
        assert where(said) == page
        assert "guider, until 31.01.2030" in get(admin, page).text
        (given,) = ws.catalogue.assignments(account=bo.id)
        assert given.family == family.id
        unknown = post(admin, f"{page}/family", family="F-999", office="guider")
        assert unknown.status == 404
        assert post(admin, f"{page}/family", family="F-014", office="king").status == 422
        assert where(post(admin, f"{page}/family/off", assignment=given.id)) == page
        assert ws.catalogue.assignments(account=bo.id) == ()
        where(post(admin, f"{page}/offices", office="supervisor"))
        assert ws.catalogue.account(bo.id).offices == {Office.SUPERVISOR}
        assert post(admin, f"/account/people/{porch.house.opener}/disable").status == 422

    def test_a_name_is_shown_as_text_and_never_as_markup(
        self, porch: Porch, admin: Browser
    ) -> None:
        bo = joined(porch.house, "<b>Bo</b>", Office.GUIDER)
        for page in ("/account/people", f"/account/people/{bo.id}"):
            assert "<b>Bo" not in get(admin, page).text
            assert "&lt;b&gt;Bo" in get(admin, page).text


class TestWhereOneIsSignedIn:
    def test_every_browser_is_listed_and_can_be_signed_out(self, porch: Porch) -> None:
        one, other, third = signed_in(porch), signed_in(porch), signed_in(porch)
        page = get(one, "/account/own").text
        assert page.count("signed in just now") == 3
        assert page.count("this one") == 1
        listed = re.findall(r'name="id" value="(\w{16})"', page)
        assert len(listed) == 2
        where(post(one, "/account/own/leave", id=listed[0]))
        gone = [porch.with_token(b.cookies[COOKIE]) is None for b in (one, other, third)]
        assert gone.count(True) == 1
        assert not gone[0]
        where(post(one, "/account/own/leave"))
        assert porch.with_token(one.cookies[COOKIE])
        assert porch.sessions.alive() == 1

    def test_nobody_signs_another_out(self, porch: Porch) -> None:
        joined(porch.house, "Bo", Office.GUIDER)
        bo = signed_in(porch, "Bo", OWN)
        mine = porch.sessions.begin(porch.house.opener)
        session = porch.sessions.find(mine)
        assert session
        where(post(bo, "/account/own/leave", id=session.id))
        where(post(bo, "/account/own/leave"))
        assert porch.sessions.find(mine)

    def test_coming_and_going_stand_in_the_record(self, porch: Porch) -> None:
        browser = signed_in(porch)
        other = signed_in(porch)
        post(browser, "/account/sign-out")
        told = [row.action for row in porch.house.workspace.catalogue.audit_rows()[-3:]]
        assert told == ["sign-in", "sign-in", "sign-out"]
        assert porch.with_token(other.cookies[COOKIE])
