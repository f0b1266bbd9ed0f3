"""The pages, run as Streamlit runs them, over a house in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.houses import House, Workspace, empty_room
from vig.app import deeds
from vig.app.accounts import FIRST_OFFICES, Account
from vig.app.library import Need, Page, Shelf
from vig.app.rights import DEEDS
from vig.app.room import Room
from vig.app.second import Steps
from vig.app.vocabulary import BUILT_IN
from vig.domain.review import ReviewPlan
from vig.errors import Unknown
from vig.testing import scene
from vig.ui import desk

SCENE = "0 20 baby: parent  parent: baby smile"
APP = Path(__file__).parents[2] / "streamlit_app.py"


class Pages:
    """What a test sets up, what was asked of the app, and the page as it was drawn."""

    def __init__(self) -> None:
        self.shelves: list[Shelf] = []
        self.needs: list[Need] = []
        self.done: list[tuple[Any, ...]] = []
        self.nonces: list[str] = []
        self.made: object = None
        self.look_first = False
        self.undo: str | None = None
        self.asked: list[tuple[Any, ...]] = []
        self.left: set[str] = set()
        self.problem: Exception | None = None
        self.house = House(Workspace())
        self.rendered = False
        self.who: str | None = "guider"
        self.people = (Account("guider", "Ann", FIRST_OFFICES, None, False, 1),)
        self.steps = Steps(codes=False, spares=0, passkeys=())
        self.may: set[str] = set(DEEDS)

    def sit_down(self) -> None:
        desk.seat(self.house, lambda cookies: self.who)  # type: ignore[arg-type]

    def open(self, page: str | None = None, **state: Any) -> AppTest:
        self.sit_down()
        at = AppTest.from_file(str(APP), default_timeout=20)
        for name, value in state.items():
            at.session_state[name] = value
        at.run()
        return at.switch_page(f"vig/ui/pages/{page}.py").run() if page else at


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pages]:
    pages = Pages()

    def shelf(workspace: Any, actor: str, recording: str, jobs: Any = None) -> Shelf:
        for one in pages.shelves:
            if one.recording.id == recording:
                return one
        raise Unknown(kind="film", name=recording)

    def told(name: str) -> Callable[..., None]:
        def deed(workspace: Any, *what: Any, actor: str, **more: Any) -> None:
            if pages.problem is not None:
                raise pages.problem
            pages.asked.append((name, *what, actor))

        return deed

    def page(
        workspace: Any, actor: str, jobs: Any, *, called: str, first: int, many: int | None
    ) -> Page:
        fitting = [one for one in pages.shelves if called.casefold() in one.pseudonym.casefold()]
        shown = fitting[first : None if many is None else first + many]
        return Page(tuple(shown), len(fitting), tuple(pages.needs))

    monkeypatch.setattr("vig.app.library.page", page)
    monkeypatch.setattr("vig.app.library.original_gone", told("original_gone"))
    monkeypatch.setattr("vig.app.library.shelf", shelf)
    monkeypatch.setattr(
        "vig.app.library.coming", lambda *_: tuple(pages.house.workspace.catalogue.coming)
    )
    monkeypatch.setattr("vig.app.library.work", lambda ws, who, job: ws.jobs.status(job))
    monkeypatch.setattr("vig.app.library.pseudonyms", lambda *_: ("F-014",))

    def room(workspace: Any, film: str, actor: str) -> Room:
        kept = workspace.catalogue
        return empty_room(
            moments=() if pages.look_first else kept.moments(film),
            clips=kept.clips(film),
            plan=ReviewPlan(film, kept.clips(film)[::-1], 3),
            notes=kept.annotations(film),
            left=frozenset(pages.left),
            kept={c.proposed_by: c.id for c in kept.clips(film) if c.proposed_by},
            look_first=pages.look_first,
            undo=pages.undo,
        )

    def done(name: str) -> Callable[..., object]:
        def deed(workspace: Any, *what: Any, actor: str, nonce: str, **more: Any) -> Any:
            if pages.problem is not None:
                raise pages.problem
            pages.done.append((name, *what, more, actor))
            pages.nonces.append(nonce)
            return pages.made

        return deed

    monkeypatch.setattr("vig.app.room.room", room)
    monkeypatch.setattr("vig.app.vocabulary.terms", lambda *_: BUILT_IN)
    monkeypatch.setattr("vig.app.analysis.observations_of", lambda *_: scene(SCENE))
    for name in deeds.__all__:
        monkeypatch.setattr(f"vig.app.deeds.{name}", done(name))
    monkeypatch.setattr("vig.app.playback.rendered", lambda *_: pages.rendered)
    monkeypatch.setattr("vig.app.erasing.waiting", lambda *_: ())
    monkeypatch.setattr("vig.app.accounts.of", lambda *_: pages.people[0])
    monkeypatch.setattr("vig.app.accounts.listed", lambda *_: pages.people)
    monkeypatch.setattr("vig.app.second.of", lambda *_: pages.steps)
    monkeypatch.setattr("vig.app.policy.may", lambda ws, who, deed, **_: deed in pages.may)
    for name in ("reword", "withdraw", "offer", "add"):
        monkeypatch.setattr(f"vig.app.vocabulary.{name}", told(name))
    for name in ("analyse", "cancel", "erase"):
        monkeypatch.setattr(f"vig.app.walk.{name}", told(name))
    yield pages
    desk._seat.clear()


def drawn(at: AppTest, name: str) -> dict[str, Any]:
    """The data handed to one of our own components on the page."""
    for element in at.get("bidi_component"):
        if element.proto.component_name == f"vig-{name}":
            data: dict[str, Any] = json.loads(element.proto.json or element.proto.mixed.json)
            return data
    raise AssertionError(f"no {name} on this page")


def words_on(at: AppTest) -> str:
    """Everything a person can read on the page outside our own components."""
    kinds = ("title", "header", "subheader", "markdown", "caption", "error", "success")
    texts = [str(e.value) for kind in kinds for e in at.get(kind)]
    texts += [b.label for b in at.button]
    return "\n".join(texts).replace("\\", "")
