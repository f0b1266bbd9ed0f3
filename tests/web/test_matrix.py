"""Every address and every deed of the app answers as the table of rights says.

The lists below are held against the routes, the gestures and the functions that there are: one that
is new and has no entry here fails a test.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from tests.web.driver import Answer, Browser
from tests.web.world import World, expected, on_visit, world
from vig.app import uploads
from vig.app.rights import DEEDS, Relation
from vig.domain.account import Office
from vig.ui.obey import Memory, obey
from vig.ui.player.gesture import KINDS, Gesture, gesture_of
from vig.web.gate import Gate
from vig.web.porch import Porch
from vig.web.server import around
from vig.web.sessions import COOKIE

GET, POST = "GET", "POST"
DENIED = frozenset({401, 403})

FILMS = {
    (GET, "/api/film/{recording}"),
    (GET, "/api/times/{recording}"),
    (GET, "/api/lanes/{recording}"),
    (GET, "/api/sound/{recording}"),
    (GET, "/api/strip/{recording}"),
    (GET, "/api/strip/{recording}/sheet"),
    (GET, "/api/still/{recording}/{at:int}"),
    (GET, "/api/thumb/{recording}"),
}
"""Each is "film.see" of the recording in its address."""

UPLOADS = {
    (POST, "/api/uploads"): "upload.begin",
    (GET, "/api/uploads"): None,  # lists the asker's own, and is empty for everybody else
    ("PATCH", "/api/uploads/{upload}"): "upload.go-on",
    ("DELETE", "/api/uploads/{upload}"): "upload.go-on",
    (GET, "/api/uploads/{upload}"): "upload.go-on",
    (POST, "/api/uploads/{upload}/finish"): "upload.go-on",
}

PEOPLE = {
    (GET, "/account/people"),
    (POST, "/account/people"),
    (GET, "/account/people/{id}"),
    (POST, "/account/people/{id}/offices"),
    (POST, "/account/people/{id}/family"),
    (POST, "/account/people/{id}/family/off"),
    (POST, "/account/people/{id}/restart"),
    (POST, "/account/people/{id}/disable"),
}
"""Each is "house.accounts"."""

OWN = {
    (GET, "/account/own"),
    (GET, "/account/own/sure"),
    (POST, "/account/own/sure"),
    (POST, "/account/own/name"),
    (GET, "/account/passphrase"),
    (POST, "/account/passphrase"),
    (GET, "/account/own/codes"),
    (POST, "/account/own/codes"),
    (POST, "/account/own/codes/off"),
    (POST, "/account/own/device/new"),
    (POST, "/account/own/device/keep"),
    (POST, "/account/own/device/off"),
    (POST, "/account/own/leave"),
    (POST, "/account/outside/link"),
    (POST, "/account/outside/forget"),
}
"""The asker's own account: there is no address for anybody else's. Closed on a visit."""

VISIT = {
    (GET, "/account/visit"),
    (POST, "/account/visit"),
    (GET, "/account/visit/end"),
    (POST, "/account/visit/end"),
}

DOOR = {
    (GET, "/healthz"),
    (GET, "/library"),  # leads to the first page, and holds nothing itself
    (GET, "/account"),
    (GET, "/account/sign-in"),
    (POST, "/account/sign-in"),
    (GET, "/account/first-run"),
    (POST, "/account/first-run"),
    (POST, "/account/confirm"),
    (POST, "/account/start-over"),
    (POST, "/account/restore"),
    (POST, "/account/strength"),
    (POST, "/account/sign-out"),
    (POST, "/account/lock"),
    (POST, "/account/here"),
    (GET, "/account/second"),
    (POST, "/account/second"),
    (POST, "/account/second/device"),
    (POST, "/account/second/answer"),
    (GET, "/account/start"),
    (POST, "/account/start"),
    (POST, "/account/outside"),
    (GET, "/account/outside/back"),
}
"""Before the door; none of them holds a family's anything."""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = world(tmp_path_factory.mktemp("matrix") / "vault")
    yield made
    made.house.lock()


@pytest.fixture(scope="module")
def porch(here: World) -> Porch:
    return Porch(here.house)


@pytest.fixture(scope="module")
def app(here: World, porch: Porch) -> Any:
    return Gate(Starlette(routes=around(here.house, {}, porch)["routes"]), porch)


def routes(here: World) -> set[tuple[str, str]]:
    return {
        (method, route.path)
        for route in around(here.house, {}, Porch(here.house))["routes"]
        if isinstance(route, Route)
        for method in (route.methods or ())
        if method != "HEAD"
    }


def ask(app: Any, porch: Porch, actor: str | None, method: str, path: str) -> Answer:
    """As the page of somebody who is signed in would ask; nobody for None."""
    browser = Browser(app)
    if actor is not None:
        browser.cookies[COOKIE] = porch.sessions.begin(actor)
    if method == GET:
        return asyncio.run(browser.get(path))
    if path.startswith("/api"):
        return asyncio.run(browser.script(method, path, {"size": 10}))
    return asyncio.run(browser.form(path))


def filled(here: World, path: str, relation: Relation, upload: str = "") -> str:
    return (
        path.replace("{recording}", here.films[relation])
        .replace("{at:int}", "0")
        .replace("{upload}", upload)
        .replace("{id}", here.who[Office.LEARNER])
    )


# ── addresses ────────────────────────────────────────────────────────────────────────────────


def test_every_address_has_its_entry(here: World) -> None:
    known = FILMS | set(UPLOADS) | PEOPLE | OWN | VISIT | DOOR
    assert routes(here) - known == set(), "say above what a new address needs"
    assert FILMS | set(UPLOADS) | PEOPLE | OWN | VISIT <= routes(here)


@pytest.mark.parametrize(("method", "path"), sorted(FILMS))
def test_a_films_address_answers_whom_the_table_lets_see_it(
    here: World, porch: Porch, app: Any, method: str, path: str
) -> None:
    for relation in Relation:
        there = filled(here, path, relation)
        assert ask(app, porch, None, method, there).status == 401
        for office, me in here.who.items():
            fine = expected("film.see", office, here.relation(office, relation))
            answer = ask(app, porch, me, method, there)
            assert (answer.status not in DENIED) == fine, (office, relation, answer.status)
            assert fine or len(answer.body) < 400
            visitor = on_visit(me, here.families[Relation.ASSIGNED])
            answer = ask(app, porch, visitor, method, there)
            visited = fine and relation is Relation.ASSIGNED
            assert (answer.status not in DENIED) == visited, (office, relation, "visit")


@pytest.mark.parametrize(("method", "path"), sorted(UPLOADS))
def test_an_upload_is_whose_it_is(
    here: World, porch: Porch, app: Any, method: str, path: str
) -> None:
    deed = UPLOADS[method, path]
    for owner in (here.who[Office.GUIDER], here.who[Office.TRAINEE]):
        for office, me in here.who.items():
            upload = uploads.begin(here.ws, 10, owner)
            there = filled(here, path, Relation.OWN, upload)
            visitor = on_visit(me, here.families[Relation.ASSIGNED])
            answer = ask(app, porch, visitor, method, there)
            assert answer.status in DENIED or (deed is None and upload not in answer.text)
            answer = ask(app, porch, me, method, there)
            if deed is None:
                assert (upload in answer.text) == (me == owner), office
            else:
                fine = expected(deed, office, Relation.OTHER, author=me == owner)
                assert (answer.status not in DENIED) == fine, (office, answer.status)
            if upload in uploads.pending(here.ws):
                uploads.abandon(here.ws, upload)


@pytest.mark.parametrize(("method", "path"), sorted(PEOPLE))
def test_accounts_are_for_an_admin(
    here: World, porch: Porch, app: Any, method: str, path: str
) -> None:
    there = filled(here, path, Relation.OWN)
    before = here.ws.catalogue.accounts()
    for office, me in here.who.items():
        answer = ask(app, porch, me, method, there)
        fine = expected("house.accounts", office, Relation.OTHER)
        assert (answer.status not in DENIED) == fine, (office, answer.status)
        # Not even an admin without having typed the passphrase just now.
        assert not fine or "/account/own/sure" in answer.headers["location"]
    assert ask(app, porch, None, method, there).status in (303, 401)
    assert here.ws.catalogue.accounts() == before


@pytest.mark.parametrize(("method", "path"), sorted(OWN | PEOPLE))
def test_on_a_visit_the_accounts_are_closed(
    here: World, porch: Porch, app: Any, method: str, path: str
) -> None:
    for me in here.who.values():
        visitor = on_visit(me, here.families[Relation.ASSIGNED])
        assert ask(app, porch, visitor, method, filled(here, path, Relation.OWN)).status == 403


@pytest.mark.parametrize(("method", "path"), sorted(OWN | VISIT))
def test_nobody_reaches_what_is_somebodys(
    here: World, porch: Porch, app: Any, method: str, path: str
) -> None:
    answer = ask(app, porch, None, method, path)
    assert answer.status in (303, 401)
    assert answer.headers.get("location", "/account/sign-in") == "/account/sign-in"


def test_no_page_on_a_visit_names_another_family(here: World, porch: Porch, app: Any) -> None:
    pseudonyms = {
        relation: here.ws.catalogue.family(family).pseudonym
        for relation, family in here.families.items()
    }
    visitor = on_visit(here.who[Office.GUIDER], here.families[Relation.ASSIGNED])
    hidden = [
        word
        for relation in Relation
        if relation is not Relation.ASSIGNED
        for word in (pseudonyms[relation], here.families[relation], here.films[relation])
    ]
    for method, path in sorted(routes(here) - DOOR):
        for relation in Relation:
            answer = ask(app, porch, visitor, method, filled(here, path, relation, "0" * 32))
            said = answer.body + str(answer.headers).encode()
            assert not [word for word in hidden if word.encode() in said], (method, path)


# ── gestures ─────────────────────────────────────────────────────────────────────────────────

GESTURES: dict[str, str | None] = {
    "keep": "moment.judge",
    "leave": "moment.judge",
    "return": "moment.judge",
    "unkeep": "clip.change",
    "keep-span": "clip.change",
    "clip-edges": "clip.change",
    "clip-change": "clip.change",
    "clip-order": "clip.change",
    "note-add": "note.add",
    "note-change": "note.change",
    "note-drop": "note.change",
    "focus": "film.change",
    "look-first": "film.see",
    "question": "film.change",
    "cues": "family.change",
    "person": "film.change",
    "swap": "film.change",
    "original-gone": "film.change",
    "keys": "film.see",
    "settled": None,  # closes a box on the page
    "undo": "film.see",  # what is undone was the asker's own deed
    "redo": "film.see",
}


def gesture(here: World, kind: str, relation: Relation, me: str) -> Gesture:
    raw = {
        "number": 1,
        "kind": kind,
        "moment": here.moments[relation],
        "clip": here.clips[relation],
        "note": here.notes[relation, me],
        "start": 0,
        "end": 100_000,
        "version": 1,
        "fields": {"title": "x"},
        "clips": [here.clips[relation]],
        "principles": ["receiving"],
        "cue": "looking",
        "map": {},
        "person": "1",
        "words": "x",
        "on": True,
    }
    if kind == "person":
        raw["as"] = "parent"
    made = gesture_of(raw)
    assert made is not None, kind
    return made


def obeyed(here: World, kind: str, relation: Relation, actor: str, note_of: str) -> bool:
    memory = Memory()
    obey(here.ws, here.films[relation], gesture(here, kind, relation, note_of), memory, actor=actor)
    said = memory.problem or ""
    return "does not allow you" not in said and "on a visit" not in said


def test_every_gesture_has_its_entry() -> None:
    assert set(GESTURES) == set(KINDS)


@pytest.mark.parametrize("kind", [kind for kind, deed in GESTURES.items() if deed])
def test_a_gesture_is_obeyed_as_the_table_says(here: World, kind: str) -> None:
    deed = GESTURES[kind]
    assert deed is not None
    for relation in Relation:
        for office, me in here.who.items():
            held = here.relation(office, relation)
            for by in (me, "system"):
                fine = expected(deed, office, held, author=by == me) and (
                    expected("film.see", office, held)
                )
                visitor = on_visit(me, here.families[Relation.ASSIGNED])
                visited = fine and relation is Relation.ASSIGNED and DEEDS[deed].visit
                # The visit first: what is done there must not stand in the way of the other.
                assert obeyed(here, kind, relation, visitor, by) == visited, (office, relation, by)
                assert obeyed(here, kind, relation, me, by) == fine, (office, relation, by)
