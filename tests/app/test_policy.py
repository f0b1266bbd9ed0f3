"""The one question about rights answers as the table says, for every deed, office and relation."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.catalogue.making import ruling
from tests.tree import ROOT
from tests.web.world import World, expected, on_visit, world
from vig.app import erasing, policy
from vig.app.rights import AT_WORK, DEEDS, TIDYING, Relation
from vig.domain.account import Office
from vig.domain.family import ConsentRuling, Purpose
from vig.errors import NotAllowed, OnVisit, ReasonNeeded, Unknown

ODD = ("film.burn", "", "film", "house")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = world(tmp_path_factory.mktemp("policy") / "vault")
    yield made
    made.house.lock()


def may(here: World, actor: str, deed: str, relation: Relation, **more: str | None) -> bool:
    about = {} if DEEDS[deed].house else {"recording": here.films[relation]}
    return policy.may(here.ws, actor, deed, **about, **more)


@pytest.mark.parametrize("deed", DEEDS)
def test_every_deed_is_for_whom_the_table_says_and_for_nobody_else(here: World, deed: str) -> None:
    for office, me in here.who.items():
        for relation in Relation:
            held = here.relation(office, relation)
            got = may(here, me, deed, relation)
            assert got == expected(deed, office, held), (office, relation, "plain")
            got = may(here, me, deed, relation, reason="for a test")
            assert got == expected(deed, office, held, reason=True), (office, relation, "reason")
            got = may(here, me, deed, relation, by=me)
            assert got == expected(deed, office, held, author=True), (office, relation, "author")


@pytest.mark.parametrize("deed", DEEDS)
def test_a_family_a_film_and_a_clip_are_one_question(here: World, deed: str) -> None:
    for me in here.who.values():
        for relation in Relation:
            by_film = policy.may(here.ws, me, deed, recording=here.films[relation])
            assert policy.may(here.ws, me, deed, family=here.families[relation]) == by_film
            assert policy.may(here.ws, me, deed, clip=here.clips[relation]) == by_film


@pytest.mark.parametrize("deed", [*DEEDS, *ODD])
@pytest.mark.parametrize("actor", ["guider", "cli", "demo", "caller", "nobody", "f" * 32])
def test_who_is_no_account_may_nothing_once_there_are_accounts(
    here: World, deed: str, actor: str
) -> None:
    for relation in Relation:
        assert not policy.may(here.ws, actor, deed, recording=here.films[relation])
    assert not policy.may(here.ws, actor, deed)


@pytest.mark.parametrize("deed", ODD)
def test_what_is_not_listed_is_denied_to_everybody(here: World, deed: str) -> None:
    for me in here.who.values():
        with pytest.raises(NotAllowed):
            policy.authorise(here.ws, me, deed, recording=here.films[Relation.OWN])


@pytest.mark.parametrize("deed", DEEDS)
def test_a_deed_about_a_family_is_no_deed_about_the_house(here: World, deed: str) -> None:
    film = here.films[Relation.OWN] if DEEDS[deed].house else None
    for me in here.who.values():
        assert not policy.may(here.ws, me, deed, recording=film, by=me, reason="for a test")


def test_a_denial_is_one_sentence_and_one_row(here: World) -> None:
    me, film = here.who[Office.GUIDER], here.films[Relation.OTHER]
    with pytest.raises(NotAllowed, match="does not allow you to open this family's films"):
        policy.authorise(here.ws, me, "film.see", recording=film)
    (row,) = here.ws.catalogue.audit_rows(newest=1)
    assert (row.actor, row.action, row.object, row.outcome.value) == (
        me,
        "film.see",
        film,
        "denied",
    )
    with pytest.raises(ReasonNeeded, match="Say why you write an unprotected file"):
        policy.authorise(here.ws, me, "film.export", recording=here.films[Relation.OWN])


def test_what_is_not_there_is_unknown_to_everybody(here: World) -> None:
    with pytest.raises(Unknown):
        policy.authorise(here.ws, here.who[Office.GUIDER], "film.see", recording="0" * 32)
    assert not policy.may(here.ws, here.who[Office.GUIDER], "film.see", recording="0" * 32)


def test_lists_hold_what_the_question_allows(here: World) -> None:
    films = here.ws.catalogue.recordings()
    for me in here.who.values():
        seen = {film.id for film in policy.seen(here.ws, me, films)}
        assert seen == {f.id for f in films if policy.may(here.ws, me, "film.see", recording=f.id)}
        for deed, known in DEEDS.items():
            asked = {
                family
                for family in here.families.values()
                if policy.may(here.ws, me, deed, family=family, by=me, reason="for a test")
            }
            if not any(rule.asked or rule.purpose for rule in known.rules.values()):
                assert policy.reach(here.ws, me, deed) == asked, (me, deed)


def test_the_page_about_rights_is_what_the_table_says() -> None:
    ended = subprocess.run(
        [sys.executable, "tools/policy_page.py", "--check"], cwd=ROOT, check=False
    )
    assert ended.returncode == 0, "run `make docs`"


class TestTheHouseItself:
    @pytest.mark.parametrize("deed", [*DEEDS, *TIDYING, *ODD])
    def test_the_worker_watches_the_film_it_was_given_and_does_nothing_else(
        self, here: World, deed: str
    ) -> None:
        given, other = here.films[Relation.OWN], here.films[Relation.OTHER]
        with policy.at_work_on(given):
            assert not policy.may(here.ws, "worker", deed, recording=given)
            assert policy.may(here.ws, "worker", "film.watch", recording=given)
            assert not policy.may(here.ws, "worker", "film.watch", recording=other)
            assert not policy.may(here.ws, "worker", "film.watch")
        assert not policy.may(here.ws, "worker", "film.watch", recording=given)

    def test_no_person_may_what_is_the_houses(self, here: World) -> None:
        for deed in AT_WORK | TIDYING:
            for me in here.who.values():
                assert not policy.may(here.ws, me, deed, recording=here.films[Relation.OWN])
            assert not policy.may(here.ws, "system", deed) or deed in TIDYING


class TestOnAVisit:
    @pytest.mark.parametrize("deed", DEEDS)
    def test_nothing_is_reached_but_the_family_that_is_visited(
        self, here: World, deed: str
    ) -> None:
        known = DEEDS[deed]
        for me in here.who.values():
            visitor = on_visit(me, here.families[Relation.ASSIGNED])
            for relation in Relation:
                for by in (me, None):
                    got = may(here, visitor, deed, relation, by=by, reason="for a test")
                    usual = may(here, me, deed, relation, by=by, reason="for a test")
                    there = relation is Relation.ASSIGNED and known.visit
                    assert got == (usual and there), (deed, relation)

    def test_a_visit_says_so(self, here: World) -> None:
        visitor = on_visit(here.who[Office.GUIDER], here.families[Relation.ASSIGNED])
        for film in (here.films[Relation.OWN], here.films[Relation.OTHER]):
            with pytest.raises(OnVisit, match="on a visit to one family"):
                policy.authorise(here.ws, visitor, "film.see", recording=film)

    def test_a_visit_is_no_way_to_a_family_that_is_not_ones_own(self, here: World) -> None:
        visitor = on_visit(here.who[Office.GUIDER], here.families[Relation.OTHER])
        assert not may(here, visitor, "film.see", Relation.OTHER)

    def test_its_lists_hold_one_family(self, here: World) -> None:
        family = here.families[Relation.ASSIGNED]
        visitor = on_visit(here.who[Office.GUIDER], family)
        films = policy.seen(here.ws, visitor, here.ws.catalogue.recordings())
        assert {film.family for film in films} == {family}
        assert policy.reach(here.ws, visitor) == {family}
        assert policy.reach(here.ws, visitor, "film.add") == frozenset()


class TestWhatIsTakenAway:
    @pytest.fixture
    def mine(self, tmp_path: Path) -> Iterator[World]:
        made = world(tmp_path / "vault")
        yield made
        made.house.lock()

    def test_is_gone_at_the_next_question(self, mine: World) -> None:
        ws, me = mine.ws, mine.who[Office.GUIDER]
        film, family = mine.films[Relation.ASSIGNED], mine.families[Relation.ASSIGNED]
        assert policy.may(ws, me, "film.see", recording=film)
        (given,) = ws.catalogue.assignments(account=me, family=family)
        with ws.catalogue.act("system", "family.unassign") as act:
            act.unassign(given.id)
        assert not policy.may(ws, me, "film.see", recording=film)

        assert policy.may(ws, me, "film.see", recording=mine.films[Relation.OWN])
        account = ws.catalogue.account(me)
        with ws.catalogue.act("system", "account.offices") as act:
            account = act.change_account(me, version=account.version, offices={Office.ADMIN})
        assert not policy.may(ws, me, "film.see", recording=mine.films[Relation.OWN])

        with ws.catalogue.act("system", "account.disable") as act:
            act.change_account(me, version=account.version, disabled=True)
        assert not any(policy.may(ws, me, deed, by=me, reason="x") for deed in DEEDS)

    def test_a_supervisor_sees_what_the_family_agreed_to_show_and_no_longer(
        self, mine: World
    ) -> None:
        ws, me = mine.ws, mine.who[Office.SUPERVISOR]
        film, family = mine.films[Relation.ASSIGNED], mine.families[Relation.ASSIGNED]
        assert policy.may(ws, me, "film.see", recording=film)
        with ws.catalogue.act("system", "consent", object=family) as act:
            act.rule(family, ConsentRuling(Purpose.SUPERVISION, False, datetime.now(UTC)))
        assert not policy.may(ws, me, "film.see", recording=film)
        assert film not in {f.id for f in policy.seen(ws, me, ws.catalogue.recordings())}
        assert policy.may(ws, mine.who[Office.GUIDER], "film.see", recording=film)
        with ws.catalogue.act("system", "consent", object=family) as act:
            act.rule(family, ruling(Purpose.SUPERVISION, at=datetime.now(UTC)))
        assert policy.may(ws, me, "film.see", recording=film)

    def test_erasing_takes_two(self, mine: World) -> None:
        ws, admin, guider = mine.ws, mine.who[Office.ADMIN], mine.who[Office.GUIDER]
        film = mine.films[Relation.OWN]
        assert not policy.may(ws, admin, "film.erase", recording=film)
        for by, fine in ((admin, False), (guider, True)):
            with ws.catalogue.act("system", "erase.ask", object=film) as act:
                act.set(f"{policy.ASKED}{film}", {"by": by})
            assert policy.may(ws, admin, "film.erase", recording=film) is fine
        assert not policy.may(ws, guider, "film.erase", recording=film)

    def test_who_asked_may_take_it_back_and_who_may_erase_is_shown_it(self, mine: World) -> None:
        ws, admin, guider = mine.ws, mine.who[Office.ADMIN], mine.who[Office.GUIDER]
        film = mine.films[Relation.OWN]
        assert erasing.waiting(ws, admin) == ()
        erasing.ask(ws, film, actor=guider)
        erasing.ask(ws, film, actor=guider)
        (asked,) = erasing.waiting(ws, admin)
        assert (asked.recording, asked.by, asked.may) == (film, guider, True)
        (own,) = erasing.waiting(ws, guider)
        assert not own.may
        assert erasing.waiting(ws, mine.who[Office.LEARNER]) == ()
        erasing.take_back(ws, film, actor=guider)
        assert erasing.waiting(ws, admin) == ()
        assert not policy.may(ws, admin, "film.erase", recording=film)
