"""Any row of deeds can be undone to its beginning and redone to its end, whatever happens between."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.app.rooms import ANN, again, filmed, opened, snapshot
from vig.app import deeds
from vig.app.analysis import observations_of
from vig.app.workspace import Workspace
from vig.domain.clock import SECOND, Span
from vig.domain.family import Role
from vig.domain.recording import Recording
from vig.domain.review import Play, Principle, Sense
from vig.errors import BadSpan, BadValue

times = st.integers(0, 119 * SECOND)
spans = st.builds(lambda a, length: Span(a, a + length), times, st.integers(1, SECOND))
texts = st.text(max_size=20)
codes = st.lists(st.sampled_from([p.value for p in Principle]), max_size=3)
which = st.integers(0, 10)


class Deeds(RuleBasedStateMachine):
    """One person at work in one room. ``past`` holds how it was before each deed."""

    ws: Workspace
    film: Recording

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp())
        self.past: list[dict[str, Any]] = []
        self.future: list[dict[str, Any]] = []

    @initialize()
    def open(self) -> None:
        self.ws = opened(self.home / "vault")
        self.film = filmed(self.ws)
        self.start = self.now()

    def teardown(self) -> None:
        if hasattr(self, "start"):
            end = self.now()
            while deeds.undo(self.ws, self.film.id, actor=ANN) is not None:
                pass
            assert self.now() == self.start
            assert deeds.undoable(self.ws, self.film.id, ANN)[0] is None
            for _ in range(len(self.past)):
                assert deeds.redo(self.ws, self.film.id, actor=ANN) is not None
            assert self.now() == end
            assert self.ws.catalogue.verify() == ()
            assert self.ws.catalogue.integrity_check() == ()
            self.ws.close()
        shutil.rmtree(self.home)

    def now(self) -> dict[str, Any]:
        return snapshot(self.ws, self.film)

    def does(self, deed: Callable[..., object], *about: Any, **more: Any) -> None:
        before = self.now()
        try:
            deed(self.ws, self.film.id, *about, actor=ANN, **more)
        except (BadValue, BadSpan):
            assert self.now() == before
            return
        if self.now() != before:
            self.past.append(before)
            self.future.clear()

    def clip(self, number: int) -> Any:
        clips = self.ws.catalogue.clips(self.film.id)
        return clips[number % len(clips)] if clips else None

    def moment(self, number: int) -> str:
        moments = self.ws.catalogue.moments(self.film.id)
        return moments[number % len(moments)].id

    @rule(number=which)
    def keeps(self, number: int) -> None:
        self.does(deeds.keep, self.moment(number))

    @rule(number=which)
    def leaves(self, number: int) -> None:
        self.does(deeds.leave, self.moment(number))

    @rule(number=which)
    def brings_back(self, number: int) -> None:
        self.does(deeds.bring_back, self.moment(number))

    @rule(span=spans, title=texts)
    def chooses(self, span: Span, title: str) -> None:
        self.does(deeds.choose, span, title=title)

    @rule(number=which)
    def takes_back(self, number: int) -> None:
        if clip := self.clip(number):
            self.does(deeds.unkeep, clip.id, version=clip.version)

    @rule(number=which, span=spans)
    def trims(self, number: int, span: Span) -> None:
        if clip := self.clip(number):
            self.does(deeds.edges, clip.id, span, version=clip.version)

    @rule(
        number=which, title=texts, note=texts, principles=codes, play=st.sampled_from(Play),
        by=st.sampled_from([None, *Role]),
    )  # fmt: skip
    def says(
        self, number: int, title: str, note: str, principles: list[str], play: Play, by: Role | None
    ) -> None:
        if clip := self.clip(number):
            fields = {"title": title, "note": note, "principles": principles, "play": play}
            self.does(
                deeds.change, clip.id, version=clip.version, initiated_by=by,
                play_at=clip.span.start if play is Play.SLOW else None, **fields,
            )  # fmt: skip

    @rule(data=st.data())
    def puts_in_order(self, data: st.DataObject) -> None:
        plan = self.ws.catalogue.plan(self.film.id)
        ids = [clip.id for clip in self.ws.catalogue.clips(self.film.id)]
        shown = data.draw(st.permutations(ids))[: data.draw(st.integers(0, len(ids)))]
        self.does(deeds.order, shown, version=plan.version)

    @rule(span=spans, words=texts)
    def notes(self, span: Span, words: str) -> None:
        self.does(deeds.add_note, span, words)

    @rule(number=which, words=st.none() | texts, span=st.none() | spans, gone=st.booleans())
    def rewrites(self, number: int, words: str | None, span: Span | None, gone: bool) -> None:
        notes = self.ws.catalogue.annotations(self.film.id)
        if not notes:
            return
        note = notes[number % len(notes)]
        if gone:
            self.does(deeds.drop_note, note.id, version=note.version)
        else:
            self.does(deeds.change_note, note.id, version=note.version, words=words, span=span)

    @rule(principles=codes, question=texts)
    def asks(self, principles: list[str], question: str) -> None:
        self.does(deeds.focus, principles)
        self.does(deeds.question, question)

    @rule(on=st.booleans(), off=st.sets(st.sampled_from(Sense)))
    def switches(self, on: bool, off: set[Sense]) -> None:
        self.does(deeds.look_first, on)
        self.does(deeds.cues, off)

    @rule(number=which, as_=st.sampled_from([None, "baby", "carer2", "twin", "ignore"]))
    def puts_right(self, number: int, as_: Any) -> None:
        track = sorted(t.number for t in observations_of(self.ws, self.film.id).seen.tracks)[
            number % 2
        ]
        self.does(deeds.person, track, as_, word="Dad" if as_ == "carer2" else None)

    @rule()
    def swaps(self) -> None:
        self.does(deeds.swap)

    @rule(key=st.sampled_from(["j", "k", "x"]))
    def remaps(self, key: str) -> None:
        before = self.now()
        deeds.keys(self.ws, {"keep": key}, actor=ANN, recording_id=self.film.id)
        if self.now() != before:
            self.past.append(before)
            self.future.clear()

    @precondition(lambda self: self.past)
    @rule()
    def undoes(self) -> None:
        now = self.now()
        said, _ = deeds.undoable(self.ws, self.film.id, ANN)
        assert said == f"Undo: {deeds.undo(self.ws, self.film.id, actor=ANN)}"
        self.future.append(now)
        assert self.now() == self.past.pop()

    @precondition(lambda self: self.future)
    @rule()
    def redoes(self) -> None:
        now = self.now()
        _, said = deeds.undoable(self.ws, self.film.id, ANN)
        assert said == f"Redo: {deeds.redo(self.ws, self.film.id, actor=ANN)}"
        self.past.append(now)
        assert self.now() == self.future.pop()

    @rule()
    def restarts(self) -> None:
        before = self.now()
        self.ws = again(self.ws)
        assert self.now() == before
        back, forth = deeds.undoable(self.ws, self.film.id, ANN)
        assert (back is None, forth is None) == (not self.past, not self.future)


TestDeeds = Deeds.TestCase
TestDeeds.settings = settings(
    max_examples=8,
    stateful_step_count=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
