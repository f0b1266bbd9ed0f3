"""The second step: codes, each good once; printed ones; and who must have one."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from tests.app.people import cheap, joined, several
from vig.app import accounts, second
from vig.app.house import House
from vig.catalogue import Outcome
from vig.domain.account import Office
from vig.errors import BadValue, WrongCode, WrongPasskey

NOW = 1_800_000_000.0
SITE = second.Site("localhost", "http://localhost:8501")


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    cheap(monkeypatch)
    yield from several(tmp_path / "vault")


def code(secret: str, at: float) -> str:
    """What an authenticator app shows then."""
    key = base64.b32decode(secret)
    return TOTP(key, 6, SHA1(), 30).generate(int(at)).decode()


def check(house: House, typed: str, at: float) -> None:
    second.check_code(house.workspace, house.opener, typed, now=lambda: at)


@pytest.fixture
def secret(house: House) -> str:
    made = second.new_secret()
    ws, me = house.workspace, house.opener
    second.set_up_codes(ws, me, made, code(made, NOW - 300), now=lambda: NOW - 300)
    return made


class TestCodes:
    def test_the_codes_are_those_of_rfc_6238(self) -> None:
        # Appendix B, SHA-1, the last six of its eight digits.
        key = base64.b32encode(b"12345678901234567890").decode()
        assert [code(key, at) for at in (59, 1111111109, 20000000000)] == [
            "287082",
            "081804",
            "353130",
        ]
        assert second._step_of(key, "287082", 59, 0) == 1

    def test_the_square_holds_what_the_app_needs(self, house: House) -> None:
        account = accounts.listed(house.workspace)[0]
        address = second.address("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", account)
        assert address.startswith("otpauth://totp/VIG%20review:guider?")
        assert "secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" in address
        assert second.square(address).startswith("<svg")

    def test_nothing_is_set_up_before_a_code_was_typed_back(self, house: House) -> None:
        made = second.new_secret()
        with pytest.raises(WrongCode):
            second.set_up_codes(house.workspace, house.opener, made, "000000", now=lambda: NOW)
        assert not second.of(house.workspace, house.opener).any

    @pytest.mark.parametrize("drift", [-30, 0, 30])
    def test_a_clock_may_be_one_step_off(self, house: House, secret: str, drift: int) -> None:
        check(house, code(secret, NOW + drift), NOW)

    @pytest.mark.parametrize("drift", [-61, -90, 61, 90])
    def test_and_no_more(self, house: House, secret: str, drift: int) -> None:
        with pytest.raises(WrongCode):
            check(house, code(secret, NOW + drift), NOW)

    def test_a_code_is_good_once_and_none_before_it_afterwards(
        self, house: House, secret: str
    ) -> None:
        check(house, code(secret, NOW), NOW)
        for earlier in (NOW, NOW - 30):
            with pytest.raises(WrongCode):
                check(house, code(secret, earlier), NOW)
        check(house, code(secret, NOW + 30), NOW + 30)

    def test_the_code_that_set_it_up_does_not_sign_in_as_well(self, house: House) -> None:
        made = second.new_secret()
        ws, me = house.workspace, house.opener
        second.set_up_codes(ws, me, made, code(made, NOW), now=lambda: NOW)
        with pytest.raises(WrongCode):
            check(house, code(made, NOW), NOW)

    def test_each_printed_code_is_good_once(self, house: House) -> None:
        made = second.new_secret()
        ws, me = house.workspace, house.opener
        spares = second.set_up_codes(ws, me, made, code(made, NOW), now=lambda: NOW)
        assert len(set(spares)) == 10
        check(house, spares[3].lower().replace("-", " "), NOW)
        assert second.of(ws, me).spares == 9
        with pytest.raises(WrongCode):
            check(house, spares[3], NOW)
        check(house, spares[4], NOW)

    def test_what_is_no_code_is_refused_and_stands_in_the_record(
        self, house: House, secret: str
    ) -> None:
        for typed in ("", "12345", "abcdef", "١٢٣٤٥٦", "0" * 500):
            with pytest.raises(WrongCode):
                check(house, typed, NOW)
        row = house.workspace.catalogue.audit_rows()[-1]
        assert (row.action, row.outcome) == ("second.code", Outcome.DENIED)


class TestWhoNeedsOne:
    def test_an_admin_does_as_soon_as_somebody_else_signs_in_too(self, house: House) -> None:
        ws = house.workspace
        me = accounts.listed(ws)[0]
        assert not second.needed(ws, me)
        bo = joined(house, "Bo", Office.GUIDER)
        assert second.needed(ws, me)
        assert not second.needed(ws, bo)
        accounts.disable(ws, bo.id, actor=me.id)
        assert not second.needed(ws, me)

    def test_and_cannot_take_the_last_one_away(self, house: House, secret: str) -> None:
        ws, me = house.workspace, house.opener
        joined(house, "Bo", Office.GUIDER)
        with pytest.raises(BadValue, match="keeps a second step"):
            second.drop_codes(ws, me)
        with ws.catalogue.act(me, "second.passkey") as act:
            key = act.add_passkey(me, "stick", credential=b"c" * 32, public=b"p" * 77)
        second.drop_codes(ws, me)
        with pytest.raises(BadValue, match="keeps a second step"):
            second.drop_passkey(ws, me, key.id)

    def test_a_new_start_passphrase_takes_the_second_step_away(self, house: House) -> None:
        ws, bo = house.workspace, joined(house, "Bo", Office.GUIDER)
        made = second.new_secret()
        second.set_up_codes(ws, bo.id, made, code(made, NOW), now=lambda: NOW)
        accounts.restart(ws, bo.id, actor=house.opener)
        assert not second.of(ws, bo.id).any


class TestPasskeys:
    """What a real device answers is tried in Chromium: tests/e2e/test_sign_in.py."""

    @pytest.mark.parametrize(
        "answer",
        [{}, {"rawId": "AAAA"}, {"rawId": 3}, {"id": "x", "rawId": "x", "type": "public-key"}],
    )
    def test_what_is_no_answer_of_a_device_is_refused(
        self, house: House, answer: dict[str, object]
    ) -> None:
        ws, me = house.workspace, house.opener
        asked = second.ask_new(ws, accounts.listed(ws)[0], SITE).challenge
        with pytest.raises(WrongPasskey):
            second.keep_new(ws, me, answer, "stick", asked=asked, site=SITE)
        with pytest.raises(WrongPasskey):
            second.check_passkey(ws, me, answer, asked, SITE)
        assert ws.catalogue.passkeys(me) == ()

    @pytest.mark.parametrize("text", ["", "[]", "3", "{", "null"])
    def test_what_is_no_json_object_is_refused(self, text: str) -> None:
        with pytest.raises(WrongPasskey):
            second.parsed(text)

    def test_nobody_takes_away_the_device_of_another(self, house: House) -> None:
        ws, me, bo = house.workspace, house.opener, joined(house, "Bo", Office.GUIDER)
        with ws.catalogue.act(bo.id, "second.passkey") as act:
            key = act.add_passkey(bo.id, "stick", credential=b"c" * 32, public=b"p" * 77)
        with pytest.raises(BadValue, match="not among yours"):
            second.drop_passkey(ws, me, key.id)
