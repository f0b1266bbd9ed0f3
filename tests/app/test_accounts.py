"""Accounts: whose way in it is, what an admin may change, and what a crash leaves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.app.people import OWN, PASSPHRASE, cheap, joined, passphrases, several
from vig.app import accounts, policy
from vig.app.house import House
from vig.app.passphrases import SERVED, fresh, strength
from vig.catalogue import Outcome
from vig.domain.account import FIRST_OFFICES, Office
from vig.errors import BadValue, NotAllowed, WrongKey, WrongSignIn
from vig.vault.keys import KeyFile, Passphrase, Slots, key_file


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    cheap(monkeypatch)
    yield from several(tmp_path / "vault")


def reopened(house: House, name: str, secret: str) -> str:
    house.lock()
    return house.sign_in(name, secret)


class TestTheFirstOne:
    def test_a_vault_begins_with_one_account_that_is_guider_and_admin(self, house: House) -> None:
        (first,) = accounts.listed(house.workspace)
        assert (first.id, first.name, first.offices) == (house.opener, "guider", FIRST_OFFICES)
        (passphrase,) = [w for w in house.ways_in() if w.kind == "passphrase"]
        assert first.slot == passphrase.id

    def test_it_may_have_any_name_and_is_not_asked_for_it_while_alone(
        self, tmp_path: Path, house: House
    ) -> None:
        own = House(tmp_path / "own")
        own.confirm(own.set_up(PASSPHRASE, "Ann Example"))
        mine = own.opener
        assert reopened(own, "", PASSPHRASE) == mine
        assert reopened(own, "ann  EXAMPLE", PASSPHRASE) == mine
        own.lock()

    def test_a_vault_from_before_there_were_accounts_gets_it_at_the_next_unlock(
        self, house: House
    ) -> None:
        ws = house.workspace
        with ws.catalogue.act(house.opener, "family.add") as act:
            family = act.add_family("F-014")
        forget_accounts(house)
        house.lock()
        house.unlock(PASSPHRASE)
        (first,) = accounts.listed(house.workspace)
        assert first.offices == FIRST_OFFICES
        assert set(accounts.families_of(house.workspace, first.id)) == {family.id}
        assert house.workspace.catalogue.verify() == ()

    def test_the_recovery_code_and_other_ways_in_come_in_as_the_first_admin(
        self, house: House
    ) -> None:
        secret = KeyFile(key_file())
        house.add_way_in(secret, actor=house.opener)
        joined(house, "Bo", Office.GUIDER, Office.ADMIN)
        first = accounts.listed(house.workspace)[0].id
        house.lock()
        house.unlock_with(secret)
        assert house.opener == first


def forget_accounts(house: House) -> None:
    """As a vault of the first release was: nobody has an account."""
    with house.workspace.catalogue._engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM account_family")
        connection.exec_driver_sql("DELETE FROM account")


class TestComingIn:
    def test_each_comes_in_by_their_own_name_and_passphrase(self, house: House) -> None:
        me, bo = house.opener, joined(house, "Bo", Office.GUIDER)
        assert house.sign_in("Bo", OWN) == bo.id  # the house is open already
        assert reopened(house, "bo", OWN) == house.opener == bo.id
        assert reopened(house, "guider", PASSPHRASE) == house.opener == me

    @pytest.mark.parametrize(
        ("name", "secret"),
        [
            ("Bo", PASSPHRASE),
            ("guider", OWN),
            ("nobody", OWN),
            ("", OWN),
            ("Bo", "something else entirely"),
        ],
    )
    @pytest.mark.parametrize("locked", [True, False])
    def test_a_passphrase_under_another_name_opens_nothing_and_says_the_same(
        self, house: House, name: str, secret: str, locked: bool
    ) -> None:
        joined(house, "Bo", Office.GUIDER)
        if locked:
            house.lock()
        with pytest.raises(WrongSignIn) as refused:
            house.sign_in(name, secret)
        assert str(refused.value) == "This name and passphrase do not open this vault."
        assert house.state == ("locked" if locked else "open")

    def test_a_name_that_is_not_there_costs_as_much_work_as_one_that_is(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        joined(house, "Bo", Office.GUIDER)
        worked: list[str] = []
        real = Passphrase.slot_key
        monkeypatch.setattr(
            Passphrase,
            "slot_key",
            lambda *given: worked.append("slot") or real(*given),  # type: ignore[func-returns-value]
        )
        monkeypatch.setattr(accounts, "work_in_vain", lambda secret: worked.append("vain"))
        for name in ("Bo", "nobody"):
            with pytest.raises(WrongSignIn):
                house.sign_in(name, "a wrong one")
        assert worked == ["slot", "vain"]

    def test_who_was_refused_stands_in_the_record_without_a_name(self, house: House) -> None:
        bo = joined(house, "Bo", Office.GUIDER)
        with pytest.raises(WrongSignIn):
            house.sign_in("Bo", "a wrong one")
        row = house.workspace.catalogue.audit_rows()[-1]
        assert (row.action, row.object, row.outcome) == ("sign-in", bo.id, Outcome.DENIED)

    def test_where_there_is_one_passphrase_no_name_is_spoken_of(self, house: House) -> None:
        for name in ("", "nobody"):
            with pytest.raises(WrongKey) as refused:
                house.sign_in(name, "a wrong one")
            assert str(refused.value) == "This passphrase, key or code does not open this vault."


class TestByAnAdmin:
    def test_a_start_passphrase_opens_once_and_gives_way_to_ones_own(self, house: House) -> None:
        ws = house.workspace
        made, start = accounts.add(ws, "Bo", [Office.TRAINEE], actor=house.opener)
        assert made.starting
        assert house.sign_in("Bo", start) == made.id
        with pytest.raises(BadValue, match="another one"):
            accounts.change_passphrase(ws, made.id, start)
        changed = accounts.change_passphrase(ws, made.id, OWN)
        assert not changed.starting
        assert house.sign_in("Bo", OWN) == made.id
        with pytest.raises(WrongSignIn):
            house.sign_in("Bo", start)
        with pytest.raises(WrongKey):
            Slots.load(house.root).unlock(Passphrase(start))  # not only refused: it opens nothing
        assert passphrases(house) == 2

    def test_start_passphrases_are_long_and_never_the_same(self) -> None:
        made = {fresh() for _ in range(200)}
        assert len(made) == 200
        assert all(strength(one)[0] for one in made)

    def test_a_disabled_account_opens_nothing_and_comes_back_with_a_new_start(
        self, house: House
    ) -> None:
        ws, bo = house.workspace, joined(house, "Bo", Office.GUIDER)
        accounts.disable(ws, bo.id, actor=house.opener)
        assert not accounts.stands(ws, bo.id)
        assert passphrases(house) == 1
        with pytest.raises(WrongKey):
            house.sign_in("Bo", OWN)
        house.lock()
        with pytest.raises(WrongKey):
            house.sign_in("Bo", OWN)
        house.unlock(PASSPHRASE)
        again, start = accounts.restart(house.workspace, bo.id, actor=house.opener)
        assert again.starting
        assert house.sign_in("Bo", start) == bo.id

    def test_there_is_always_an_admin(self, house: House) -> None:
        ws, me = house.workspace, house.opener
        joined(house, "Bo", Office.GUIDER)
        with pytest.raises(BadValue, match="At least one"):
            accounts.disable(ws, me, actor=me)
        with pytest.raises(BadValue, match="At least one"):
            accounts.give_offices(ws, me, [Office.GUIDER], actor=me)

    def test_nobody_but_an_admin_changes_accounts(self, house: House) -> None:
        ws = house.workspace
        bo = joined(house, "Bo", Office.GUIDER, Office.SUPERVISOR)
        for attempt in (
            lambda: accounts.add(ws, "Cy", [Office.ADMIN], actor=bo.id),
            lambda: accounts.give_offices(ws, bo.id, [Office.ADMIN], actor=bo.id),
            lambda: accounts.disable(ws, house.opener, actor=bo.id),
            lambda: accounts.restart(ws, house.opener, actor=bo.id),
            lambda: accounts.rename(ws, house.opener, "Bob", actor=bo.id),
        ):
            with pytest.raises(NotAllowed):
                attempt()
        assert accounts.rename(ws, bo.id, "Boris", actor=bo.id).name == "Boris"

    def test_a_name_is_taken_whatever_its_case_and_no_slot_is_left_of_a_refused_account(
        self, house: House
    ) -> None:
        joined(house, "Bo", Office.GUIDER)
        slots = house.ways_in()
        with pytest.raises(BadValue, match="Somebody else"):
            accounts.add(house.workspace, "BO", [Office.GUIDER], actor=house.opener)
        with pytest.raises(BadValue, match="at least one office"):
            accounts.add(house.workspace, "Cy", [], actor=house.opener)
        assert house.ways_in() == slots

    def test_a_passphrase_is_taken_away_with_its_account_only(self, house: House) -> None:
        bo = joined(house, "Bo", Office.GUIDER)
        assert bo.slot
        with pytest.raises(BadValue, match="Disable"):
            house.remove_way_in(bo.slot, actor=house.opener)


class TestWhatACrashLeaves:
    def test_a_slot_of_nobody_opens_nothing_here_and_is_swept_away_later(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Slots.load(house.root).add(house.workspace.ring, Passphrase("left by a crash"))
        house.lock()
        with pytest.raises(WrongKey):
            house.unlock("left by a crash")
        house.unlock(PASSPHRASE)
        assert passphrases(house) == 2  # it may be of somebody who is being added just now
        monkeypatch.setattr(accounts, "_LEFT_OVER", timedelta(seconds=-5))
        assert accounts.sweep(house.workspace) == 1
        assert passphrases(house) == 1

    def test_a_change_that_cannot_be_written_leaves_the_old_passphrase_good(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: object, **__: object) -> None:
            raise RuntimeError("the disk went away")

        monkeypatch.setattr("vig.catalogue.act.Act.change_account", broken)
        with pytest.raises(RuntimeError):
            accounts.change_passphrase(house.workspace, house.opener, OWN)
        assert passphrases(house) == 1
        house.sign_in("", PASSPHRASE)


class TestOnAServer:
    def test_accounts_have_a_hash_and_no_slot(self, house: House) -> None:
        ws = house.workspace
        with ws.catalogue.act(house.opener, "settings.served") as act:
            act.set(SERVED, True)
        bo = joined(house, "Bo", Office.GUIDER)
        assert bo.slot is None
        assert (ws.catalogue.password_hash(bo.id) or "").startswith(
            "$argon2id$v=19$m=65536,t=3,p=4$"
        )
        assert passphrases(house) == 1
        assert house.asks_name  # although one passphrase alone opens the vault
        assert house.sign_in("Bo", OWN) == bo.id
        house.lock()
        with pytest.raises(WrongKey):  # an operator must open it first
            house.sign_in("Bo", OWN)


class TestFamilies:
    def test_a_family_is_trusted_until_its_last_day_or_until_it_is_taken_away(
        self, house: House
    ) -> None:
        ws, me, bo = house.workspace, house.opener, joined(house, "Bo", Office.TRAINEE)
        with ws.catalogue.act(me, "family.add") as act:
            family = act.add_family("F-014")
        today = datetime.now(UTC).date()
        accounts.assign(ws, bo.id, family.id, Office.TRAINEE, actor=me, until=today)
        assert set(accounts.families_of(ws, bo.id, today)) == {family.id}
        assert accounts.families_of(ws, bo.id, today + timedelta(days=1)) == {}
        longer = accounts.assign(ws, bo.id, family.id, Office.TRAINEE, actor=me)
        assert longer.until is None
        assert len(ws.catalogue.assignments(family=family.id)) == 1
        assert policy.may(ws, bo.id, "film.add", family=family.id)
        accounts.unassign(ws, longer, actor=me)
        assert not policy.may(ws, bo.id, "film.add", family=family.id)
        with pytest.raises(NotAllowed):
            accounts.assign(ws, bo.id, family.id, Office.TRAINEE, actor=bo.id)
        with pytest.raises(BadValue):
            accounts.assign(ws, bo.id, family.id, Office.ADMIN, actor=me, until=date(2027, 1, 1))
