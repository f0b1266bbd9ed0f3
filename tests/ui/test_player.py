"""Gestures from the page become values, and each reaches the app once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ui.conftest import Pages
from tests.ui.houses import FILM, House, Workspace, clip, moment, shelf
from vig.domain.clock import Span
from vig.errors import Unknown
from vig.ui.player import Gesture, gesture_of
from vig.ui.review import obey

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
    removed = {"number": 9, "kind": "unkeep", "moment": None, "clip": "c1"}
    assert gesture_of(removed) == Gesture(9, "unkeep", clip="c1")


@pytest.mark.parametrize(
    "raw",
    [
        None,
        {},
        {"number": 1, "kind": "erase"},
        {"number": "1", "kind": "keep"},
        {"number": True, "kind": "keep"},
        {"number": 1, "kind": "keep-span", "start": 5},
        {"number": 1, "kind": "keep-span", "start": 9, "end": 9},
        {"number": 1, "kind": "keep-span", "start": 0.5, "end": 9},
    ],
)
def test_what_no_page_of_ours_sends_is_nothing(raw: dict[str, Any] | None) -> None:
    assert gesture_of(raw) is None


@pytest.mark.parametrize(
    ("gesture", "asked"),
    [
        (Gesture(1, "keep", "m1"), ("keep", FILM, "m1", "guider")),
        (Gesture(1, "leave", "m1"), ("leave", FILM, "m1", "guider")),
        (Gesture(1, "return", "m1"), ("bring_back", FILM, "m1", "guider")),
        (Gesture(1, "keep-span", span=Span(5, 9)), ("choose", FILM, Span(5, 9), "guider")),
        (Gesture(1, "unkeep", "m1"), ("unkeep", clip("c1", 14, "m1"), "guider")),
        (Gesture(1, "unkeep", clip="c2"), ("unkeep", clip("c2", 50), "guider")),
    ],
)
def test_each_gesture_asks_the_app_for_one_thing(
    pages: Pages, gesture: Gesture, asked: tuple[Any, ...]
) -> None:
    workspace: Any = Workspace([moment("m1", 14)], [clip("c1", 14, "m1"), clip("c2", 50)])
    assert obey(workspace, shelf(), gesture, "guider") is None
    assert pages.asked == [asked]


def test_a_refused_gesture_is_said_in_one_sentence(pages: Pages) -> None:
    pages.problem = Unknown(kind="suggestion", name="m9")
    workspace: Any = Workspace()
    said = obey(workspace, shelf(), Gesture(1, "keep", "m9"), "guider")
    assert said == "There is no suggestion called m9 here."


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
    assert pages.asked == [("keep", FILM, "m1", "guider")]
    assert told[0] == 0
    assert told[-1] == 5  # and the page is told that it was heard
