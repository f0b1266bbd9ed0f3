"""Signing in through a service of one's organisation, against a small real one on this computer."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from joserfc.jwk import RSAKey

from tests.app.people import OWN, PASSPHRASE, cheap, joined
from tests.web.driver import Browser
from tests.web.provider import CLIENT, SECRET, Provider, running
from tests.web.test_people import at, code, get, post, signed_in, where, with_codes
from vig.app import accounts, outside
from vig.app.house import House
from vig.domain.account import Office
from vig.errors import BadValue
from vig.web.outside import LONGEST
from vig.web.porch import Porch
from vig.web.sessions import COOKIE


@pytest.fixture
def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    with running() as service:
        settings = tmp_path / "service.toml"
        settings.write_text(
            f'issuer = "{service.issuer}"\nclient_id = "{CLIENT}"\n'
            f'client_secret = "{SECRET}"\nname = "the Trust"\n'
        )
        monkeypatch.setenv("VIG_OIDC", str(settings))
        yield service


@pytest.fixture
def porch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Porch]:
    cheap(monkeypatch)
    house = House(tmp_path / "vault")
    house.confirm(house.set_up(PASSPHRASE))
    yield Porch(house)
    house.lock()


def gone(browser: Browser, path: str = "/account/outside") -> str:
    """Begins a sign-in; the address of the service."""
    page = post(browser, path)
    found = re.search(r'href="(http[^"]+)"', page.text)
    assert found, page.text
    return html.unescape(found[1])


def back(browser: Browser, provider: Provider, there: str) -> tuple[int, str]:
    """To the service and back; the status, and what the page says or leads to."""
    parts = urlsplit(provider.visit(there))
    answer = get(browser, f"{parts.path}?{parts.query}")
    found = re.search(r'href="([^"]+)" data-go', answer.text)
    return answer.status, found[1] if found else answer.text


def linked(porch: Porch, provider: Provider, subject: str = "ann") -> str:
    bo = joined(porch.house, "Bo", Office.GUIDER)
    outside.know(porch.house.workspace, bo.id, f"{provider.issuer}|{subject}")
    return bo.id


def test_without_a_file_there_is_no_button_and_nobody_is_asked(
    porch: Porch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VIG_OIDC", raising=False)
    assert "/account/outside" not in get(at(porch), "/account/sign-in").text
    assert where(post(at(porch), "/account/outside")) == "/account/sign-in"
    assert "/account/outside" not in get(signed_in(porch), "/account/own").text


def test_looking_at_the_sign_in_page_asks_the_service_nothing(
    porch: Porch, provider: Provider
) -> None:
    assert "Sign in with the Trust" in get(at(porch), "/account/sign-in").text
    assert provider.asked == []


def test_who_linked_the_service_comes_in_by_it_into_the_same_kind_of_session(
    porch: Porch, provider: Provider
) -> None:
    bo = joined(porch.house, "Bo", Office.GUIDER)
    browser = signed_in(porch, "Bo", OWN)
    assert back(browser, provider, gone(browser, "/account/outside/link")) == (200, "/account/own")
    assert "Linked to your account" in get(browser, "/account/own").text
    other = at(porch)
    assert back(other, provider, gone(other)) == (200, "/")
    session = porch.with_token(other.cookies[COOKIE])
    assert session
    assert session.actor == bo.id
    assert where(post(browser, "/account/outside/forget")) == "/account/own"
    third = at(porch)
    assert back(third, provider, gone(third))[0] == 401


def test_somebody_the_house_does_not_know_is_not_let_in_and_gets_no_account(
    porch: Porch, provider: Provider
) -> None:
    linked(porch, provider)
    provider.subject = "somebody else"
    browser = at(porch)
    status, said = back(browser, provider, gone(browser))
    assert status == 401
    assert "No account here is known" in said
    assert COOKIE not in browser.cookies
    assert len(accounts.listed(porch.house.workspace)) == 2


def test_a_disabled_account_does_not_come_back_by_the_service(
    porch: Porch, provider: Provider
) -> None:
    bo = linked(porch, provider)
    accounts.disable(porch.house.workspace, bo, actor=porch.house.opener)
    browser = at(porch)
    assert back(browser, provider, gone(browser))[0] == 401


def test_a_locked_house_is_not_opened_by_it(porch: Porch, provider: Provider) -> None:
    linked(porch, provider)
    browser = at(porch)
    there = gone(browser)
    porch.lock()
    assert "once somebody has opened the vault" in get(at(porch), "/account/sign-in").text
    assert where(post(at(porch), "/account/outside")) == "/account/sign-in"
    status, said = back(browser, provider, there)
    assert (status, "locked in the meantime" in said) == (400, True)
    assert porch.house.state == "locked"


def test_our_second_step_is_asked_unless_the_service_has_one(
    porch: Porch, provider: Provider, tmp_path: Path
) -> None:
    made = with_codes(porch, linked(porch, provider))
    browser = at(porch)
    assert back(browser, provider, gone(browser)) == (200, "/account/second")
    assert porch.with_token(browser.cookies[COOKIE]) is None
    assert where(post(browser, "/account/second", code=code(made, time.time()))) == "/"
    with (tmp_path / "service.toml").open("a") as file:
        file.write("second_step = true\n")
    other = at(porch)
    assert back(other, provider, gone(other)) == (200, "/")


@pytest.mark.parametrize(
    "bent",
    [
        {"aud": "another client"},
        {"iss": "http://127.0.0.1:1"},
        {"nonce": "another"},
        {"exp": 1_000_000_000},
        {"iat": 5_000_000_000},
        {"sub": ""},
        {"sub": 7},
        {"azp": "another client"},
    ],
    ids=lambda bent: next(iter(bent)),
)
def test_a_token_that_is_not_for_us_now_is_refused(
    porch: Porch, provider: Provider, bent: dict[str, object]
) -> None:
    linked(porch, provider)
    provider.claims = bent
    browser = at(porch)
    assert back(browser, provider, gone(browser))[0] == 401
    assert COOKIE not in browser.cookies


def test_a_token_signed_by_another_is_refused(porch: Porch, provider: Provider) -> None:
    linked(porch, provider)
    provider.key = RSAKey.generate_key(2048, parameters={"kid": "one"})
    browser = at(porch)
    assert back(browser, provider, gone(browser))[0] == 401


def test_the_way_back_belongs_to_the_browser_that_went_and_is_gone_once(
    porch: Porch, provider: Provider
) -> None:
    linked(porch, provider)
    browser, other = at(porch), at(porch)
    address = urlsplit(provider.visit(gone(browser)))
    path = f"{address.path}?{address.query}"
    assert get(other, path).status == 400  # somebody was handed the address
    forged = get(browser, f"{address.path}?code=code-0&state=made-up")
    assert forged.status == 400
    assert get(browser, path).status == 400  # and one that went wrong is over


def test_who_takes_too_long_begins_again(
    porch: Porch, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked(porch, provider)
    browser = at(porch)
    there = gone(browser)
    now = porch.clock()
    monkeypatch.setattr(porch, "clock", lambda: now + LONGEST + 1)
    assert back(browser, provider, there)[0] == 400


def test_a_service_that_is_away_or_is_another_lets_nobody_in(
    porch: Porch, provider: Provider
) -> None:
    provider.issuer, real = "http://127.0.0.1:9", provider.issuer
    assert "did not answer as it should" in post(at(porch), "/account/outside").text
    provider.issuer = real


@pytest.mark.parametrize(
    "told",
    ['issuer = "http://sign-in.example"', 'issuer = "ftp://localhost"', "", "issuer = 3", "]"],
)
def test_a_file_that_cannot_be_used_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(told + '\nclient_id = "x"\n')
    monkeypatch.setenv("VIG_OIDC", str(path))
    with pytest.raises(BadValue):
        outside.configured()
