"""A right that is taken away ends a film that is being sent, over a real connection."""

from __future__ import annotations

import http.client
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette

from tests.web.world import World, on_visit, world
from vig.app.rights import Relation
from vig.domain.account import Office
from vig.domain.family import ConsentRuling, Purpose
from vig.web import media
from vig.web.gate import Gate
from vig.web.porch import Porch
from vig.web.sessions import COOKIE

SIZE = 48 * 2**20
"""Far more than the buffers of both ends hold, so that most of it is sent after the right ended."""
FIRST = 2**20
HELD = 24 * 2**20


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    made = world(tmp_path / "vault")
    with made.ws.writing(made.films[Relation.ASSIGNED], "copy") as sink:
        for _ in range(SIZE // 2**20):
            sink.write(os.urandom(2**20))
    yield made
    made.house.lock()


@pytest.fixture
def served(here: World) -> Iterator[tuple[Porch, int]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    porch = Porch(here.house)
    app = Gate(Starlette(routes=media.routes(porch)), porch)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + 30
    while not server.started and time.monotonic() < end:
        time.sleep(0.05)
    assert server.started
    yield porch, port
    server.should_exit = True
    thread.join(30)


@contextmanager
def ask(port: int, token: str, film: str, first: int = 0) -> Iterator[http.client.HTTPResponse]:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    cookie = f"{COOKIE}={token}"
    headers = {"host": "localhost", "cookie": cookie, "range": f"bytes={first}-"}
    with closing(line):
        line.request("GET", f"/api/film/{film}", headers=headers)
        with closing(line.getresponse()) as answer:
            yield answer


def rest(answer: http.client.HTTPResponse) -> int:
    """How many bytes still come."""
    got = 0
    try:
        while piece := answer.read(2**18):
            got += len(piece)
    except http.client.IncompleteRead as cut:
        got += len(cut.partial)
    except OSError:
        pass
    return got


def assignment_taken(here: World, porch: Porch, me: str) -> None:
    ws, family = here.ws, here.families[Relation.ASSIGNED]
    (given,) = ws.catalogue.assignments(account=me, family=family)
    with ws.catalogue.act("system", "family.unassign") as act:
        act.unassign(given.id)


def assignment_over(here: World, porch: Porch, me: str) -> None:
    family = here.families[Relation.ASSIGNED]
    with here.ws.catalogue.act("system", "family.assign") as act:
        act.assign(me, family, Office.GUIDER, until=date.today() - timedelta(days=1))


def account_disabled(here: World, porch: Porch, me: str) -> None:
    version = here.ws.catalogue.account(me).version
    with here.ws.catalogue.act("system", "account.disable") as act:
        act.change_account(me, version=version, disabled=True)


def consent_withdrawn(here: World, porch: Porch, me: str) -> None:
    family = here.families[Relation.ASSIGNED]
    with here.ws.catalogue.act("system", "consent", object=family) as act:
        act.rule(family, ConsentRuling(Purpose.KEEP, False, datetime.now(UTC)))


def session_ended(here: World, porch: Porch, me: str) -> None:
    porch.sessions.end_of(me)


WAYS = [assignment_taken, assignment_over, account_disabled, consent_withdrawn, session_ended]


@pytest.mark.parametrize("take", WAYS)
def test_a_right_that_ends_ends_the_stream_and_the_next_range(
    here: World, served: tuple[Porch, int], take: Callable[[World, Porch, str], None]
) -> None:
    porch, port = served
    me, film = here.who[Office.GUIDER], here.films[Relation.ASSIGNED]
    token = porch.sessions.begin(me)
    with ask(port, token, film) as answer:
        assert (answer.status, answer.length) == (206, SIZE)
        assert len(answer.read(FIRST)) == FIRST
        take(here, porch, me)
        assert rest(answer) < HELD
    with ask(port, token, film, FIRST) as again:
        assert again.status in (401, 403)
        assert rest(again) < 400


def test_a_stream_that_nobody_ends_comes_whole(here: World, served: tuple[Porch, int]) -> None:
    porch, port = served
    token = porch.sessions.begin(here.who[Office.GUIDER])
    with ask(port, token, here.films[Relation.ASSIGNED]) as answer:
        assert len(answer.read(FIRST)) == FIRST
        assert rest(answer) == SIZE - FIRST


def test_a_visit_ends_the_streams_from_before_it(here: World, served: tuple[Porch, int]) -> None:
    porch, port = served
    me, film = here.who[Office.GUIDER], here.films[Relation.ASSIGNED]
    before = porch.sessions.begin(me)
    with ask(port, before, film) as answer:
        assert len(answer.read(FIRST)) == FIRST
        porch.sessions.end(before)  # as the page that begins a visit does
        visiting = porch.sessions.begin(on_visit(me, here.families[Relation.OWN]))
        assert rest(answer) < HELD
    for one, status in ((film, 403), (here.films[Relation.OWN], 206)):
        with ask(port, visiting, one) as answer:
            assert answer.status == status
            rest(answer)
