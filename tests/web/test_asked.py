"""Every function of the app that screens, routes and commands call asks about the object.

``ASKING`` says which deed each asks and how to call it; ``FREE`` why another need not. A function
that is called from a screen and stands in neither fails a test.
"""

from __future__ import annotations

import ast
import io
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.tree import ROOT
from tests.web.world import World, expected, let_in, on_visit, world
from vig.app import (
    accounts,
    copies,
    erasing,
    exports,
    library,
    playback,
    room,
    strips,
    uploads,
    visits,
    vocabulary,
    walk,
)
from vig.app.rights import DEEDS, Relation
from vig.domain.account import Office
from vig.domain.clock import Span
from vig.domain.family import Purpose

Call = Callable[[World, Relation, str], object]
"""Calls a function as an actor, about the family in a relation."""


def _film(function: Callable[..., Any], *more: Any, **named: Any) -> Call:
    return lambda w, r, me: function(w.ws, w.films[r], *more, actor=me, **named)


def _house(function: Callable[..., Any], *more: Any, **named: Any) -> Call:
    return lambda w, r, me: function(w.ws, *more, actor=me, **named)


def _walked_in(w: World, relation: Relation, me: str) -> object:
    agreed = walk.Agreement(frozenset({Purpose.KEEP}), vouched=True)
    called = w.ws.catalogue.family(w.families[relation]).pseudonym
    film = io.BytesIO(b"no film")
    return walk.add(w.ws, film, family=called, name=None, agreement=agreed, actor=me)


def _named(function: Callable[..., Any], *more: Any) -> Call:
    def call(w: World, relation: Relation, me: str) -> object:
        pseudonym = w.ws.catalogue.family(w.families[relation]).pseudonym
        return function(w.ws, pseudonym, *more, actor=me)

    return call


def _learner(function: Callable[..., Any], *more: Any) -> Call:
    return lambda w, r, me: function(w.ws, w.who[Office.LEARNER], *more, actor=me)


OUT = Path("no-such-folder") / "out.png"
NOWHERE = Span(5, 4_000)

ASKING: dict[str, tuple[str, Call]] = {
    "walk.add": ("film.add", _walked_in),
    "walk.rule": ("family.consent", _named(walk.rule, Purpose.KEEP, True)),
    "walk.agreed": ("family.list", _named(walk.agreed)),
    "walk.analyse": ("film.analyse", _film(walk.analyse)),
    "walk.erase": ("film.erase", _film(walk.erase)),
    "erasing.ask": ("film.ask-erase", _film(erasing.ask)),
    "erasing.take_back": ("film.ask-erase", _film(erasing.take_back)),
    "exports.export_clip": (
        "film.export",
        _film(exports.export_clip, NOWHERE, OUT, reason="for a test"),
    ),
    "exports.export_still": (
        "film.export",
        _film(exports.export_still, 0, OUT, reason="for a test"),
    ),
    "library.shelf": ("film.see", lambda w, r, me: library.shelf(w.ws, me, w.films[r])),
    "library.original_gone": ("film.change", _film(library.original_gone)),
    "playback.still": ("film.see", _film(playback.still, 0)),
    "strips.strip": ("film.see", _film(strips.strip)),
    "strips.outline": ("film.see", _film(strips.outline)),
    "room.room": ("film.see", _film(room.room)),
    "uploads.begin": ("upload.begin", lambda w, r, me: uploads.begin(w.ws, 10, me)),
    "uploads.set_limits": (
        "house.settings",
        lambda w, r, me: uploads.set_limits(w.ws, uploads.limits(w.ws), me),
    ),
    "visits.begin": (
        "visit.begin",
        lambda w, r, me: visits.begin(w.ws, w.families[r], actor=me),
    ),
    "vocabulary.add": ("house.settings", _house(vocabulary.add, "x")),
    "vocabulary.reword": ("house.settings", _house(vocabulary.reword, "none", "x")),
    "vocabulary.withdraw": ("house.settings", _house(vocabulary.withdraw, "none")),
    "vocabulary.offer": ("house.settings", _house(vocabulary.offer, "none")),
    "copies.backup": ("house.backup", _house(copies.backup, Path("/proc/no-such-folder"))),
    "accounts.add": ("house.accounts", _house(accounts.add, "", {Office.GUIDER})),
    "accounts.rename": ("house.accounts", _learner(accounts.rename, "the learner")),
    "accounts.give_offices": (
        "house.accounts",
        _learner(accounts.give_offices, {Office.LEARNER}),
    ),
    "accounts.assign": (
        "family.assign",
        lambda w, r, me: accounts.assign(
            w.ws,
            w.who[Office.ADMIN],
            w.families[r],
            Office.SUPERVISOR,
            actor=me,
            until=date(2020, 1, 1),
        ),
    ),
}

ELSEWHERE = {
    "walk.cancel": "film.analyse of the job's film; a job is needed: tests/app/test_walk.py",
    "library.work": "film.see of the job's film",
    "accounts.unassign": "family.assign; tried in tests/app/test_accounts.py",
    "accounts.disable": "house.accounts; tried in tests/app/test_accounts.py",
    "accounts.restart": "house.accounts; tried in tests/app/test_accounts.py",
    "uploads.claim": "upload.go-on; tried by the addresses of test_matrix.py",
    "demo.add": "walk.add, with a sample film",
    "visits.end": "takes the passphrase; tried in test_visit.py",
}
"""What asks too, and is tried in another place."""

LISTS = frozenset(
    {
        "library.page",
        "library.shelves",
        "library.coming",
        "library.pseudonyms",
        "erasing.waiting",
        "uploads.waiting",
        "visits.choices",
    }
)
"""Give what the asker may see, and nothing to anybody else."""

GESTURES = "deeds."
"""Every deed of the review room is tried by its gesture (test_matrix.py)."""

FREE = {
    "policy": "is the question",
    "passphrases": "words about a passphrase",
    "network": "addresses of this machine",
    "outside": "signing in; the account is the asker's own",
    "second": "signing in; the account is the asker's own, and it asks account.own",
    "doctor": "the computer, not the vault",
    "rescued": "the vault is closed",
    "jobs": "the worker",
    "columns": "shapes of tables",
    "house.secret_of_kind": "a way in as a value",
    "accounts.of": "a name for an id",
    "accounts.listed": "names of colleagues, no family",
    "accounts.active": "names of colleagues, no family",
    "accounts.stands": "whether an account may sign in",
    "accounts.note": "a row in the record",
    "accounts.recognise": "tries a passphrase",
    "accounts.change_passphrase": "the asker's own, after the passphrase",
    "analysis.bench_of": "the worker",
    "analysis.observations_of": "after the caller asked for the film",
    "analysis.signals_of": "after the caller asked for the film",
    "found.faces": "after the caller asked for the film",
    "found.tips": "after the caller asked for the film",
    "people.corrected": "after the caller asked for the film",
    "people.taken_for": "a value out of a value",
    "quality.tips_of": "after the caller asked for the film",
    "room.looks_first": "after the caller asked for the film",
    "room.suggestions": "after the caller asked for the film",
    "lanes.lanes": "after the caller asked for the film",
    "walk.frame_times": "after the caller asked for the film",
    "playback.rendered": "after the caller asked for the film",
    "demo.set_up": "a vault that holds nothing yet",
    "demo.watched": "sample films, by the command that makes them",
    "uploads.offset": "after the caller claimed it",
    "uploads.append": "after the caller claimed it",
    "uploads.finish": "after the caller claimed it; walk.add asks for the family",
    "uploads.abandon": "after the caller claimed it",
    "uploads.note_of": "after the caller claimed it",
    "uploads.limits": "figures of the house",
    "uploads.held": "figures of the house",
    "uploads.said": "a figure in words",
    "visits.whose": "the family that the asker visits",
    "vocabulary.terms": "words of the house",
}
"""What need not ask, by its name or its module's, and why."""

READS = {
    ("vig/cli/asking.py", "account"),
    ("vig/cli/films.py", "family"),
    ("vig/cli/films.py", "latest_analysis"),
    ("vig/cli/films.py", "moments"),
    ("vig/cli/films.py", "recording"),
    ("vig/cli/people.py", "account_called"),
    ("vig/ui/obey.py", "annotations"),
    ("vig/ui/obey.py", "clips"),
    ("vig/ui/people.py", "accounts"),
    ("vig/ui/review.py", "accounts"),
    ("vig/ui/review.py", "family"),
    ("vig/ui/review.py", "latest_analysis"),
    ("vig/web/own.py", "account"),
    ("vig/web/people.py", "account"),
    ("vig/web/people.py", "assignments"),
    ("vig/web/people.py", "families"),
    ("vig/web/people.py", "family_called"),
    ("vig/web/steps.py", "account"),
}
"""Where a screen reads the catalogue itself: of one film that was asked for before, of accounts, or
(people.py) for an admin, who may list every family."""


def screens() -> Iterator[tuple[str, ast.Module]]:
    for room_ in ("ui", "web", "cli"):
        for path in sorted((ROOT / "vig" / room_).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text("utf-8"))


def called() -> set[str]:
    """Every function of the app that a screen, a route or a command uses, as "module.function"."""
    found = set()
    for _, tree in screens():
        names = {
            alias.asname or alias.name: f"{node.module}.{alias.name}".removeprefix("vig.app.")
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("vig.app")
            for alias in node.names
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                if node.value.id in names and node.attr[0].islower():
                    found.add(f"{names[node.value.id]}.{node.attr}")
            elif (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in names
                and node.func.id[0].islower()
            ):
                found.add(names[node.func.id])
    return found


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = world(tmp_path_factory.mktemp("asked") / "vault")
    yield made
    made.house.lock()


def test_every_function_that_a_screen_calls_has_its_entry() -> None:
    found = called()
    assert "walk.erase" in found
    known = set(ASKING) | set(ELSEWHERE) | LISTS | set(FREE)
    new = {
        name
        for name in found
        if name not in known
        and name.partition(".")[0] not in FREE
        and not name.startswith(GESTURES)
        and not any(part[0].isupper() for part in name.split("."))
    }
    assert new == set(), "say in this file what it asks, or why it need not"


def test_no_screen_reads_families_or_films_past_the_question() -> None:
    found = {
        (name, node.attr)
        for name, tree in screens()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "catalogue"
    }
    assert found - READS == set()


@pytest.mark.parametrize("name", ASKING)
def test_it_does_what_the_table_says(here: World, name: str) -> None:
    deed, call = ASKING[name]
    for relation in Relation:
        for office, me in here.who.items():
            held = here.relation(office, relation)
            fine = expected(deed, office, held, reason=True)
            visitor = on_visit(me, here.families[Relation.ASSIGNED])
            visited = fine and relation is Relation.ASSIGNED and DEEDS[deed].visit
            if name == "accounts.rename":  # everybody may rename themselves
                fine = fine or office is Office.LEARNER
            assert let_in(lambda: call(here, relation, visitor)) == visited, (office, relation)  # noqa: B023
            assert let_in(lambda: call(here, relation, me)) == fine, (office, relation)  # noqa: B023
