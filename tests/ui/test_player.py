"""Gestures from the page become values, and each reaches the app once."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ui.conftest import Pages
from tests.ui.houses import FILM, House, Workspace, clip, moment, shelf
from vig.domain.clock import Span
from vig.domain.family import Role
from vig.domain.review import Play, Sense
from vig.errors import Conflict, Unknown
from vig.ui.obey import Memory, obey
from vig.ui.player.gesture import KINDS, Gesture, gesture_of, heard

ANY = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)


@given(
    st.none() | st.dictionaries(st.sampled_from(["number", "kind", "start", "end", "moment"]), ANY)
)
def test_whatever_a_page_sends_is_a_gesture_or_nothing(raw: dict[str, Any] | None) -> None:
    gesture = gesture_of(raw)
    if gesture is not None:
        assert raw is not None
        assert gesture.kind == raw["kind"]
        assert gesture.number == raw["number"]


def test_a_gesture_comes_out_as_it_was_made() -> None:
    assert gesture_of({"number": 7, "kind": "keep", "moment": "m1"}) == Gesture(7, "keep", "m1")
    marked = {"number": 8, "kind": "keep-span", "moment": None, "start": 5, "end": 9}
    assert gesture_of(marked) == Gesture(8, "keep-span", span=Span(5, 9))
    removed = {"number": 9, "kind": "unkeep", "moment": None, "clip": "c1", "version": 2}
    assert gesture_of(removed) == Gesture(9, "unkeep", clip="c1", version=2)
    changed = {
        "number": 10,
        "kind": "clip-change",
        "clip": "c1",
        "version": 3,
        "fields": {"title": "Hello you", "principles": ["receiving"], "play_at": None},
    }
    assert gesture_of(changed) == Gesture(
        10,
        "clip-change",
        clip="c1",
        version=3,
        fields={"title": "Hello you", "principles": ("receiving",), "play_at": None},
    )
    written = {"number": 11, "kind": "note-change", "note": "n1", "version": 1, "words": "Look."}
    assert gesture_of(written) == Gesture(11, "note-change", note="n1", version=1, words="Look.")
    keys = {"number": 12, "kind": "keys", "map": {"next": "x", "off": True}}
    assert gesture_of(keys) == Gesture(12, "keys", fields={"next": "x", "off": "yes"})


@pytest.mark.parametrize(
    "raw",
    [
        None,
        {},
        {"number": 1, "kind": "erase"},
        {"number": 1, "kind": "swap", "page": "a:b"},
        {"number": "1", "kind": "keep"},
        {"number": True, "kind": "keep"},
        {"number": 1, "kind": "keep-span", "start": 5},
        {"number": 1, "kind": "keep-span", "start": 9, "end": 9},
        {"number": 1, "kind": "keep-span", "start": 0.5, "end": 9},
        {"number": 1, "kind": "clip-edges", "clip": "c1", "version": 1},
        {"number": 1, "kind": "clip-change", "clip": "c1", "version": 1},
        {"number": 1, "kind": "clip-change", "clip": "c1", "version": 1, "fields": {"id": "x"}},
        {
            "number": 1,
            "kind": "clip-change",
            "clip": "c1",
            "version": "1",
            "fields": {"title": "x"},
        },
        {"number": 1, "kind": "note-change", "note": "n1", "version": 1, "words": "x" * 4001},
        {"number": 1, "kind": "clip-order", "clips": [1, 2]},
        {"number": 1, "kind": "keys", "map": ["x"]},
    ],
)
def test_what_no_page_of_ours_sends_is_nothing(raw: dict[str, Any] | None) -> None:
    assert gesture_of(raw) is None


def test_what_cannot_be_read_is_answered_all_the_same(pages: Pages) -> None:
    assert heard({"kind": "keep"}) is None
    gesture = heard({"number": 3, "kind": "erase"})
    assert gesture == Gesture(3, "unreadable")
    memory = Memory()
    obey(cast(Any, Workspace()), FILM, gesture, memory, actor="guider")
    assert pages.done == []
    assert (memory.heard, memory.refused) == (3, {"number": 3, "words": memory.problem})


@pytest.mark.parametrize(
    ("gesture", "asked"),
    [
        (Gesture(1, "keep", "m1"), ("keep", FILM, "m1", {})),
        (Gesture(1, "leave", "m1"), ("leave", FILM, "m1", {})),
        (Gesture(1, "return", "m1"), ("bring_back", FILM, "m1", {})),
        (
            Gesture(1, "keep-span", "m2", span=Span(5, 9)),
            ("choose", FILM, Span(5, 9), {"moment_id": "m2"}),
        ),
        (Gesture(1, "unkeep", "m1"), ("unkeep", FILM, "c1", {"version": None})),
        (Gesture(1, "unkeep", clip="c2", version=4), ("unkeep", FILM, "c2", {"version": 4})),
        (
            Gesture(1, "clip-edges", clip="c1", span=Span(5, 9), version=2),
            ("edges", FILM, "c1", Span(5, 9), {"version": 2}),
        ),
        (
            Gesture(
                1,
                "clip-change",
                clip="c1",
                version=2,
                fields={"initiated_by": "baby", "received_by": "", "play": "slow", "play_at": 7},
            ),
            (
                "change",
                FILM,
                "c1",
                {
                    "version": 2,
                    "initiated_by": Role.BABY,
                    "received_by": None,
                    "play": Play.SLOW,
                    "play_at": 7,
                },
            ),
        ),
        (
            Gesture(1, "clip-order", names=("c2", "c1"), version=3),
            ("order", FILM, ("c2", "c1"), {"version": 3}),
        ),
        (
            Gesture(1, "note-add", span=Span(5, 9), words=""),
            ("add_note", FILM, Span(5, 9), "", {}),
        ),
        (
            Gesture(1, "note-change", note="n1", version=2, words="Look."),
            ("change_note", FILM, "n1", {"version": 2, "span": None, "words": "Look."}),
        ),
        (Gesture(1, "note-drop", note="n1", version=2), ("drop_note", FILM, "n1", {"version": 2})),
        (
            Gesture(1, "focus", names=("receiving",), seen=()),
            ("focus", FILM, ("receiving",), {"seen": ()}),
        ),
        (Gesture(1, "look-first", on=True), ("look_first", FILM, True, {})),
        (Gesture(1, "question", words="How?"), ("question", FILM, "How?", {"seen": None})),
        (
            Gesture(1, "cues", person="looking", on=False),
            ("cues", FILM, frozenset({Sense.LOOKING, Sense.SMILING}), {}),
        ),
        (Gesture(1, "cues", person="smiling", on=True), ("cues", FILM, frozenset(), {})),
        (
            Gesture(1, "person", person="3", words="twin"),
            ("person", FILM, 3, "twin", {"seen": None}),
        ),
        (Gesture(1, "swap"), ("swap", FILM, {})),
        (Gesture(1, "keys", fields={"next": "x"}), ("keys", {"next": "x"}, {"recording_id": FILM})),
        (Gesture(1, "undo"), ("undo", FILM, {})),
        (Gesture(1, "redo"), ("redo", FILM, {})),
    ],
    ids=lambda one: one.kind if isinstance(one, Gesture) else "",
)
def test_each_gesture_asks_the_app_for_one_thing(
    pages: Pages, gesture: Gesture, asked: tuple[Any, ...]
) -> None:
    workspace: Any = Workspace([moment("m1", 14)], [clip("c1", 14, "m1"), clip("c2", 50)])
    memory = Memory()
    obey(workspace, FILM, gesture, memory, actor="guider")
    assert pages.done == [(*asked, "guider")]
    assert pages.nonces == [f"{memory.page}:1"]
    obey(workspace, FILM, replace(gesture, page="0123abcd"), Memory(), actor="guider")
    assert pages.nonces[1:] == ["0123abcd:1"]
    assert memory.problem is None
    assert memory.heard == 1


def test_every_kind_of_gesture_is_obeyed(pages: Pages) -> None:
    workspace: Any = Workspace([moment("m1", 14)], [clip("c1", 14, "m1")])
    for number, kind in enumerate(KINDS, 1):
        memory = Memory()
        fields = {"play": "still"} if kind == "clip-change" else {}
        whom = "looking" if kind == "cues" else "1"
        gesture = Gesture(number, kind, "m1", "c1", "n1", Span(5, 9), 1, fields, (), whom, "twin")
        obey(workspace, FILM, gesture, memory, actor="guider")
        assert memory.heard == number
        assert memory.problem is None
    assert ("original_gone", FILM, "guider") in pages.asked


def test_a_refused_gesture_is_said_in_one_sentence_and_by_its_number(pages: Pages) -> None:
    pages.problem = Unknown(kind="suggestion", name="m9")
    memory = Memory()
    obey(cast(Any, Workspace()), FILM, Gesture(1, "keep", "m9"), memory, actor="guider")
    assert memory.problem == "There is no suggestion called m9 here."
    assert memory.refused == {"number": 1, "words": "There is no suggestion called m9 here."}


def test_what_nobody_foresaw_is_refused_and_its_words_reach_no_log(
    pages: Pages, logged_errors: list[logging.LogRecord]
) -> None:
    pages.problem = RuntimeError("Ada Lovelace")
    memory = Memory()
    obey(cast(Any, Workspace()), FILM, Gesture(1, "keep", "m1"), memory, actor="guider")
    assert memory.refused == {"number": 1, "words": memory.problem}
    (logged,) = logged_errors
    logged_errors.clear()
    assert "RuntimeError" in logged.getMessage()
    assert logged.exc_info is None
    assert "Ada" not in f"{logged.getMessage()} {memory.problem}"


@pytest.mark.parametrize(
    "gesture",
    [
        Gesture(1, "clip-change", clip="c1", version=1, fields={"play": "backwards"}),
        Gesture(1, "clip-change", clip="c1", version=1, fields={"initiated_by": "dog"}),
        Gesture(1, "cues", person="hearing"),
        Gesture(1, "person", person="anybody", words="twin"),
    ],
)
def test_what_this_tool_does_not_know_is_refused_and_not_an_accident(
    pages: Pages, gesture: Gesture
) -> None:
    memory = Memory()
    obey(cast(Any, Workspace([], [clip("c1", 14)])), FILM, gesture, memory, actor="guider")
    assert memory.problem is not None
    assert pages.done == []


def test_the_second_writer_sees_both_versions_and_nothing_was_overwritten(pages: Pages) -> None:
    pages.problem = Conflict()
    workspace: Any = Workspace([], [replace(clip("c1", 14), title="Their title", version=2)])
    memory = Memory()
    mine = Gesture(5, "clip-change", clip="c1", version=1, fields={"title": "My title"})
    obey(workspace, FILM, mine, memory, actor="guider")
    assert memory.conflict is not None
    assert memory.conflict["id"] == "c1"
    assert memory.conflict["theirs"] == [["Title", "Their title"]]
    assert memory.conflict["mine"] == [["Title", "My title"]]
    assert memory.conflict["again"] == {"kind": "clip-change", "fields": {"title": "My title"}}
    assert memory.refused is not None
    assert memory.refused["number"] == 5
    assert memory.problem is None  # it is said beside the two versions
    obey(workspace, FILM, Gesture(6, "settled"), memory, actor="guider")
    assert memory.conflict is None


def test_quick_ticks_of_one_page_are_its_own_and_undone_ones_are_forgotten(pages: Pages) -> None:
    workspace: Any = Workspace()
    memory = Memory()
    ticks = [("a",), ("a", "b")]
    for number, names in enumerate(ticks, 1):  # both were made from the page that showed none
        raw = {"number": number, "kind": "focus", "principles": list(names), "seen": []}
        gesture = gesture_of(raw)
        assert gesture is not None
        obey(workspace, FILM, gesture, memory, actor="guider")
    assert [done[3] for done in pages.done] == [{"seen": ()}, {"seen": ("a",)}]
    obey(workspace, FILM, Gesture(3, "undo"), memory, actor="guider")
    obey(workspace, FILM, Gesture(4, "focus", names=("b",), seen=("a",)), memory, actor="guider")
    assert pages.done[-1][3] == {"seen": ("a",)}


def test_an_edge_that_was_refused_can_be_wanted_again(pages: Pages) -> None:
    pages.problem = Conflict()
    memory = Memory()
    gesture = Gesture(5, "clip-edges", clip="c1", version=1, span=Span(5, 9))
    workspace: Any = Workspace([], [replace(clip("c1", 14), version=2)])
    obey(workspace, FILM, gesture, memory, actor="guider")
    assert memory.conflict is not None
    assert memory.conflict["again"] == {"kind": "clip-edges", "fields": {"start": 5, "end": 9}}


def test_a_conflict_ends_with_the_change_that_was_chosen(pages: Pages) -> None:
    theirs = replace(clip("c1", 14), title="Theirs", version=2)
    workspace: Any = Workspace([], [theirs])
    memory = Memory(conflict={"id": "c1"})
    pages.made = replace(theirs, title="Mine", version=3)
    mine = Gesture(7, "clip-change", clip="c1", version=2, fields={"title": "Mine"})
    obey(workspace, FILM, mine, memory, actor="guider")
    assert memory.conflict is None
    assert memory.wrote == {"c1": 3}


def test_a_gesture_is_obeyed_once_however_often_it_is_heard(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages.house = House(Workspace([moment("m1", 14)]))
    pages.shelves = [shelf()]
    sent = Gesture(5, "keep", "m1")
    told: list[int] = []

    def room(data: dict[str, Any], *, key: str, made: Any) -> None:
        told.append(data["heard"])
        made(sent)

    monkeypatch.setattr("vig.ui.review.review_room", room)
    at = pages.open("review", film=FILM)
    at.run()
    assert pages.done == [("keep", FILM, "m1", {}, "guider")]
    assert told[0] == 0
    assert told[-1] == 5  # and the page is told that it was heard
