"""Suggestions follow what people say about a film, from what was seen the one time."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.app.rooms import ANN, filmed, opened
from vig.app import analysis, deeds, room
from vig.app.analysis import keep_answer, observations_of, signals_of
from vig.app.people import carried, corrected
from vig.app.workspace import Workspace
from vig.domain.account import Office
from vig.domain.clock import SECOND, Span
from vig.domain.family import ConsentRuling, Purpose, Role
from vig.domain.observation import Observations, Track
from vig.domain.recording import Recording
from vig.domain.review import Cue, Principle, Sense
from vig.errors import BadValue, Unknown
from vig.perception.tracks import ADULT_WIDTH, HEAD_WIDTH
from vig.testing import scene

BABY, PARENT, LATER = 0, 1, 7
"""Numbers of tracks."""

TWICE = """
    0 120  baby: away          parent: away
    10 18  baby: parent        parent: baby
    11 13  baby: parent smile  parent: baby smile
    80 88  baby: parent        parent: baby
    82 84  baby: parent voice  parent: baby
    84 86  baby: parent        parent: baby voice
"""
"""Something at 0:10 and something with voices at 1:20."""

LOOKING = {Cue.LOOK, Cue.MUTUAL_LOOK, Cue.FACING, Cue.JOINT_LOOK, Cue.PAUSE}
SMILING = {Cue.SMILE, Cue.JOINT_SMILE}


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return opened(tmp_path / "vault")


def first_minute(track: Track, *, first: bool) -> Track:
    """The track without its second (or first) minute."""
    columns = ("box", "head", "head_spread", "gaze", "gaze_spread", "smile", "where")
    gone = slice(600, None) if first else slice(0, 600)
    changed = {name: getattr(track, name).copy() for name in columns}
    for column in changed.values():
        column[gone] = np.nan
    tier = track.gaze_tier.copy()
    tier[gone] = 0
    return replace(track, gaze_tier=tier, **changed)


def two_carers() -> Observations:
    """The parent for a minute; then somebody sits there whom the computer took for nobody of theirs."""
    seen = scene(TWICE)
    baby, parent = seen.seen.tracks
    early = first_minute(parent, first=True)
    late = replace(first_minute(parent, first=False), number=LATER, role=Role.OTHER)
    return replace(seen, seen=replace(seen.seen, tracks=(baby, early, late)))


def mixed_up(true: Observations) -> Observations:
    """The same film with baby and parent taken for each other, and so placed by the wrong size."""
    baby, parent = true.seen.tracks
    factor = np.float32(ADULT_WIDTH / HEAD_WIDTH[Role.BABY])
    wrong = (
        replace(baby, role=Role.PARENT, where=baby.where * factor),
        replace(parent, role=Role.BABY, where=parent.where / factor),
    )
    return replace(true, seen=replace(true.seen, tracks=wrong))


def told(ws: Workspace, film: Recording) -> list[tuple[Span, str]]:
    return [(m.span, m.reason) for m in room.suggestions(ws, film.id, ANN)]


class TestWhoIsWho:
    def test_one_click_puts_parent_and_baby_right_for_the_whole_film(self, ws: Workspace) -> None:
        right = filmed(ws, scene(TWICE))
        wrong = filmed(ws, mixed_up(scene(TWICE)), family="F-015")
        assert told(ws, wrong) != told(ws, right)
        deeds.swap(ws, wrong.id, actor=ANN)
        assert told(ws, wrong) == told(ws, right)
        assert len(told(ws, right)) == 2

    def test_swapping_twice_is_as_it_was(self, ws: Workspace) -> None:
        film = filmed(ws, scene(TWICE))
        before = room.suggestions(ws, film.id, ANN)
        deeds.swap(ws, film.id, actor=ANN)
        assert set(ws.catalogue.items(film.id, "people").values()) == {"baby", "parent"}
        room.suggestions(ws, film.id, ANN)
        deeds.undo(ws, film.id, actor=ANN)
        assert room.suggestions(ws, film.id, ANN) == before

    def test_what_was_seen_is_never_written_over(self, ws: Workspace) -> None:
        film = filmed(ws, scene(TWICE))
        kept = ws.object_of(film.id, "observations")
        deeds.swap(ws, film.id, actor=ANN)
        room.suggestions(ws, film.id, ANN)
        assert ws.object_of(film.id, "observations") == kept
        newest = ws.catalogue.latest_analysis(film.id)
        assert newest is not None
        assert kept is not None
        assert newest.observations == kept.id

    def test_a_second_carer_is_named_and_spoken_of_by_the_family_s_own_word(
        self, ws: Workspace
    ) -> None:
        film = filmed(ws, two_carers())
        assert [span.start < 60 * SECOND for span, _ in told(ws, film)] == [True]
        deeds.person(ws, film.id, LATER, "carer2", word="Dad", actor=ANN)
        moments = room.suggestions(ws, film.id, ANN)
        later = [m for m in moments if m.span.start > 60 * SECOND]
        assert [m.span.start < 60 * SECOND for m in moments].count(True) == 1
        assert len(later) == 1
        said = " ".join([later[0].reason, *(e.words for e in later[0].evidence)])
        assert "Dad" in said
        assert "Mum" not in said
        assert {e.by for e in later[0].evidence} <= {None, Role.BABY, Role.CARER2}
        # Whose voice it was cannot be heard, so nobody's mouth is named.
        assert "one of the grown-ups" in said
        assert "Dad speaks" not in said
        assert "Dad answers" not in said

    def test_a_twin_counts_with_each_carer(self, ws: Workspace) -> None:
        seen = scene(TWICE)
        baby, parent = seen.seen.tracks
        twins = (
            first_minute(baby, first=True),
            replace(first_minute(baby, first=False), number=LATER, role=Role.OTHER),
            parent,
        )
        film = filmed(ws, replace(seen, seen=replace(seen.seen, tracks=twins)))
        assert len(told(ws, film)) == 1
        deeds.person(ws, film.id, LATER, "twin", actor=ANN)
        reasons = [reason for _, reason in told(ws, film)]
        assert len(reasons) == 2
        assert any("other baby" in r or "one of the babies" in r.lower() for r in reasons)

    def test_who_is_ignored_is_no_part_of_any_suggestion(self, ws: Workspace) -> None:
        film = filmed(ws, scene(TWICE))
        deeds.person(ws, film.id, PARENT, "ignore", actor=ANN)
        assert told(ws, film) == []
        deeds.person(ws, film.id, PARENT, None, actor=ANN)
        assert len(told(ws, film)) == 2

    def test_one_seen_beside_the_named_is_somebody_else(self) -> None:
        seen = scene(TWICE)
        baby, parent = seen.seen.tracks
        screen = replace(parent, number=LATER)
        both = replace(seen, seen=replace(seen.seen, tracks=(baby, parent, screen)))
        roles = {t.number: t.role for t in corrected(both, {PARENT: "parent"}).seen.tracks}
        assert roles == {BABY: Role.BABY, PARENT: Role.PARENT, LATER: Role.OTHER}

    def test_nobody_who_is_not_in_the_film_can_be_named(self, ws: Workspace) -> None:
        film = filmed(ws, scene(TWICE))
        with pytest.raises(Unknown, match="person in this film"):
            deeds.person(ws, film.id, 99, "baby", actor=ANN)

    def test_what_was_said_goes_along_when_the_film_is_watched_again(self, ws: Workspace) -> None:
        film = filmed(ws, two_carers())
        deeds.person(ws, film.id, LATER, "carer2", actor=ANN)
        again = two_carers()
        renumbered = tuple(replace(t, number=10 - t.number) for t in again.seen.tracks)
        keep_answer(ws, film, replace(again, seen=replace(again.seen, tracks=renumbered)))
        assert ws.catalogue.items(film.id, "people") == {str(10 - LATER): "carer2"}
        assert len(told(ws, film)) == 2
        assert carried(again, again, {LATER: "carer2"}) == {LATER: "carer2"}

    def test_a_kept_suggestion_stays_with_its_clip_when_others_come(self, ws: Workspace) -> None:
        film = filmed(ws, two_carers())
        (first,) = room.suggestions(ws, film.id, ANN)
        clip = deeds.keep(ws, film.id, first.id, actor=ANN)
        deeds.person(ws, film.id, LATER, "carer2", actor=ANN)
        shown = room.room(ws, film.id, ANN)
        assert clip.id in shown.kept.values()
        early = next(m for m in shown.moments if m.span.start < 60 * SECOND)
        assert shown.kept == {early.id: clip.id}
        deeds.person(ws, film.id, PARENT, "ignore", actor=ANN)
        assert ws.catalogue.clips(film.id) == (clip,)

    def test_ten_minutes_of_film_are_worked_out_anew_in_seconds(self, ws: Workspace) -> None:
        lines = ["0 600 baby: away parent: away"]
        for at in range(10, 590, 12):
            lines.append(f"{at} {at + 6} baby: parent parent: baby smile")
            lines.append(f"{at + 1} {at + 3} baby: parent voice parent: baby")
        film = filmed(ws, scene("\n".join(lines)))
        started = time.process_time()
        deeds.swap(ws, film.id, actor=ANN)
        room.suggestions(ws, film.id, ANN)
        assert time.process_time() - started < 10


class TestSensesSwitchedOff:
    @pytest.mark.parametrize(
        ("off", "silent", "words"),
        [
            ({Sense.LOOKING}, LOOKING, ("look", "turn to", "turned", "waits")),
            ({Sense.SMILING}, SMILING, ("smile",)),
            (set(Sense), LOOKING | SMILING, ("look", "smile", "turned")),
        ],
    )
    def test_no_suggestion_uses_them_or_speaks_of_them(
        self, ws: Workspace, off: set[Sense], silent: set[Cue], words: tuple[str, ...]
    ) -> None:
        film = filmed(ws, scene(TWICE))
        before = {e.cue for m in room.suggestions(ws, film.id, ANN) for e in m.evidence}
        assert before & silent
        deeds.cues(ws, film.id, off, actor=ANN)
        moments = room.suggestions(ws, film.id, ANN)
        assert moments
        for moment in moments:
            assert not {e.cue for e in moment.evidence} & silent
            said = " ".join([moment.reason, *(e.words for e in moment.evidence)]).lower()
            assert not any(word in said for word in words)
            assert sum(part for _, part in moment.parts) > 0

    def test_their_lanes_are_empty(self, ws: Workspace) -> None:
        film = filmed(ws, scene(TWICE))
        deeds.cues(ws, film.id, {Sense.LOOKING, Sense.SMILING}, actor=ANN)
        signals = signals_of(ws, film.id)
        for name in ("mutual-look", "joint-look", "facing", "baby-smile", "parent-smile", "pause"):
            assert not np.nan_to_num(signals.curves()[name]).any(), name
        assert np.isfinite(signals.curves()["baby-voice"]).all()

    def test_it_holds_for_every_film_of_the_family_and_no_other(self, ws: Workspace) -> None:
        one, two = filmed(ws, scene(TWICE)), filmed(ws, scene(TWICE))
        other = filmed(ws, scene(TWICE), family="F-015")
        before = told(ws, two)
        deeds.cues(ws, one.id, {Sense.SMILING}, actor=ANN)
        assert told(ws, two) != before
        assert told(ws, other) == before

    def test_with_no_face_to_be_seen_voices_alone_are_enough(self, ws: Workspace) -> None:
        story = TWICE + "0 120 baby: away parent: unseen\n82 84 baby: away voice parent: unseen\n"
        film = filmed(ws, scene(story + "84 86 baby: away parent: unseen voice\n86 88 baby: voice"))
        assert told(ws, film) == []
        deeds.cues(ws, film.id, set(Sense), actor=ANN)
        assert told(ws, film)


class TestFocus:
    def test_what_the_question_is_about_rises_and_nothing_new_appears(self, ws: Workspace) -> None:
        film = filmed(ws, scene(TWICE))
        before = room.suggestions(ws, film.id, ANN)
        last = before[-1]
        assert before[0].principle is not last.principle
        deeds.focus(ws, film.id, [last.principle.value], actor=ANN)
        after = room.suggestions(ws, film.id, ANN)
        assert {m.id for m in after} == {m.id for m in before}
        deeds.focus(ws, film.id, [], actor=ANN)
        assert room.suggestions(ws, film.id, ANN) == before

    def test_the_words_of_the_question_change_nothing(self, ws: Workspace) -> None:
        film = filmed(ws, scene(TWICE))
        before = room.suggestions(ws, film.id, ANN)
        deeds.question(ws, film.id, "receiving smiles, developing turns", actor=ANN)
        assert room.suggestions(ws, film.id, ANN) == before

    def test_the_question_of_a_film_stands_before_the_family_s(self, ws: Workspace) -> None:
        one, two = filmed(ws, None), filmed(ws, None)
        deeds.question(ws, one.id, "Help her feel safe", actor=ANN)
        deeds.question(ws, two.id, "Enjoy bath time", whole_family=False, actor=ANN)
        assert room.question_of(ws, one) == "Help her feel safe"
        assert room.question_of(ws, two) == "Enjoy bath time"
        deeds.question(ws, two.id, "", whole_family=False, actor=ANN)
        assert room.question_of(ws, two) == "Help her feel safe"

    def test_guiding_may_be_ticked_though_no_camera_sees_it(self, ws: Workspace) -> None:
        film = filmed(ws, scene(TWICE))
        before = room.suggestions(ws, film.id, ANN)
        deeds.focus(ws, film.id, [Principle.GUIDING.value], actor=ANN)
        assert room.suggestions(ws, film.id, ANN) == before


class TestLookingFirst:
    def test_nothing_is_given_out_until_something_of_one_s_own_is_marked(
        self, ws: Workspace
    ) -> None:
        film = filmed(ws, scene(TWICE))
        deeds.look_first(ws, film.id, True, actor=ANN)
        assert room.room(ws, film.id, ANN).moments == ()
        with pytest.raises(BadValue, match="of your own first"):
            deeds.look_first(ws, film.id, False, actor=ANN)
        deeds.choose(ws, film.id, Span(0, SECOND), actor=ANN)
        assert room.room(ws, film.id, ANN).moments == ()
        deeds.look_first(ws, film.id, False, actor=ANN)
        assert len(room.room(ws, film.id, ANN).moments) == 2
        # It is one person's way of working, not the film's.
        deeds.look_first(ws, film.id, True, actor=ANN)
        assert len(room.suggestions(ws, film.id, "cli")) == 2

    def test_trainees_look_first_unless_they_say_otherwise(self, ws: Workspace) -> None:
        film = filmed(ws, scene(TWICE))
        with ws.catalogue.act("first-run", "account.add", object="accounts") as act:
            made = act.add_account("Cem Example", [Office.TRAINEE])
        assert room.looks_first(ws, film.id, made.id)
        assert room.suggestions(ws, film.id, made.id) == ()


class TestWithoutTheComputer:
    def test_a_family_that_refuses_analysis_has_everything_a_person_does(
        self, ws: Workspace
    ) -> None:
        film = filmed(ws, None, purposes=(Purpose.KEEP,))
        clip = deeds.choose(ws, film.id, Span(SECOND, 3 * SECOND), actor=ANN)
        deeds.change(ws, film.id, clip.id, version=1, actor=ANN, principles=["receiving"])
        deeds.add_note(ws, film.id, Span(0, SECOND), "She waits.", actor=ANN)
        deeds.focus(ws, film.id, ["receiving"], actor=ANN)
        deeds.question(ws, film.id, "Help her feel safe", actor=ANN)
        deeds.cues(ws, film.id, {Sense.SMILING}, actor=ANN)
        shown = room.room(ws, film.id, ANN)
        assert (shown.moments, len(shown.clips), len(shown.notes)) == ((), 1, 1)
        for _ in range(6):
            assert deeds.undo(ws, film.id, actor=ANN)

    def test_agreement_taken_back_takes_the_suggestions_away_and_leaves_the_clips(
        self, ws: Workspace
    ) -> None:
        film = filmed(ws, scene(TWICE))
        clip = deeds.keep(ws, film.id, room.suggestions(ws, film.id, ANN)[0].id, actor=ANN)
        ws.note(film.family, ConsentRuling(Purpose.ANALYSE, False, ws.catalogue._clock()), ANN)
        shown = room.room(ws, film.id, ANN)
        assert (shown.moments, shown.clips) == ((), (clip,))


def test_nothing_is_worked_out_twice(ws: Workspace) -> None:
    film = filmed(ws, scene(TWICE))
    assert room.refresh(ws, film.id) is False
    deeds.cues(ws, film.id, {Sense.SMILING}, actor=ANN)
    assert room.refresh(ws, film.id) is True
    assert room.refresh(ws, film.id) is False
    assert len(ws.catalogue.analyses(film.id)) == 1
    assert not analysis.stale(ws.catalogue.analyses(film.id)[0])
    assert observations_of(ws, film.id).seen.tracks


def test_a_suggestion_at_the_end_of_a_film_ends_with_it(ws: Workspace) -> None:
    """What is seen is kept by tenths of a second, and few films last whole tenths."""
    film = filmed(ws, None, seconds=119)
    keep_answer(
        ws,
        film,
        scene("""
            0 112    baby: away                parent: toy
            112 120  baby: parent              parent: baby
            113 117  baby: parent smile voice  parent: baby smile
            117 120  baby: parent smile        parent: baby smile voice
        """),
    )
    moments = room.suggestions(ws, film.id, ANN)
    assert [moment.span.end for moment in moments] == [film.duration]
