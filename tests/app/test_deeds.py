"""What people do in the review room: written at once, never in silence over somebody else's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from tests.app.rooms import ANN, BEN, FRAME, again, filmed, opened, snapshot
from vig.app import deeds, room, vocabulary
from vig.app.analysis import observations_of
from vig.app.workspace import Workspace
from vig.catalogue import Catalogue
from vig.domain.clock import SECOND, Span
from vig.domain.family import ConsentRuling, Purpose, Role
from vig.domain.recording import Recording
from vig.domain.review import MicroClip, Play
from vig.errors import BadSpan, BadValue, Conflict, NoConsent, NotAllowed, Overtaken, Unknown


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return opened(tmp_path / "vault")


@pytest.fixture
def film(ws: Workspace) -> Recording:
    return filmed(ws)


def chosen(ws: Workspace, film: Recording, start: int = 10, end: int = 15) -> MicroClip:
    return deeds.choose(ws, film.id, Span(start * SECOND, end * SECOND), actor=ANN)


class TestEdges:
    @pytest.mark.parametrize(
        ("start", "end", "cut"),
        [
            (1, FRAME, (0, FRAME)),
            (FRAME + 1, FRAME + 2, (FRAME, 2 * FRAME)),
            (-5 * SECOND, 2 * FRAME, (0, 2 * FRAME)),
            (119 * SECOND, 500 * SECOND, (119 * SECOND, 120 * SECOND)),
        ],
    )
    def test_edges_are_whole_frames_at_least_one_and_never_beyond_the_film(
        self, ws: Workspace, film: Recording, start: int, end: int, cut: tuple[int, int]
    ) -> None:
        clip = chosen(ws, film)
        made = deeds.edges(ws, film.id, clip.id, Span(start, end), version=clip.version, actor=ANN)
        assert (made.span.start, made.span.end) == cut
        assert ws.catalogue.clip(clip.id) == made

    def test_a_part_that_lies_outside_the_film_is_refused(
        self, ws: Workspace, film: Recording
    ) -> None:
        clip = chosen(ws, film)
        with pytest.raises(BadSpan):
            deeds.edges(
                ws, film.id, clip.id, Span(120 * SECOND, 121 * SECOND), version=1, actor=ANN
            )
        assert ws.catalogue.clip(clip.id) == clip

    def test_freezing_outside_a_trimmed_clip_is_forgotten(
        self, ws: Workspace, film: Recording
    ) -> None:
        clip = chosen(ws, film)
        clip = deeds.change(
            ws, film.id, clip.id, version=1, actor=ANN,
            play=Play.FREEZE, play_at=14 * SECOND + 1,
        )  # fmt: skip
        assert clip.play_at == 14 * SECOND
        clip = deeds.edges(
            ws, film.id, clip.id, Span(10 * SECOND, 12 * SECOND), version=2, actor=ANN
        )
        assert (clip.play, clip.play_at) == (Play.FREEZE, None)
        deeds.undo(ws, film.id, actor=ANN)
        assert ws.catalogue.clip(clip.id).play_at == 14 * SECOND


class TestTwoWriters:
    def test_the_second_is_told_what_changed_and_nothing_is_overwritten(
        self, ws: Workspace, film: Recording
    ) -> None:
        clip = chosen(ws, film)
        deeds.change(
            ws, film.id, clip.id, version=1, actor=ANN, title="She waits", received_by=Role.PARENT
        )
        before = snapshot(ws, film)
        with pytest.raises(Overtaken, match="somebody changed who received and its title") as told:
            deeds.change(ws, film.id, clip.id, version=1, actor=BEN, title="Something else")
        assert "She waits" not in str(told.value)
        assert isinstance(told.value, Conflict)
        assert snapshot(ws, film) == before

    def test_a_clip_taken_away_is_a_conflict_and_no_riddle(
        self, ws: Workspace, film: Recording
    ) -> None:
        clip = chosen(ws, film)
        deeds.unkeep(ws, film.id, clip.id, version=1, actor=ANN)
        with pytest.raises(Overtaken, match="took this micro-clip away"):
            deeds.change(ws, film.id, clip.id, version=1, actor=BEN, title="Too late")
        with pytest.raises(Unknown):
            deeds.change(ws, film.id, "0" * 32, version=1, actor=BEN, title="Never there")

    def test_quick_gestures_of_one_page_do_not_overtake_each_other(
        self, ws: Workspace, film: Recording
    ) -> None:
        clip = chosen(ws, film)
        for number, start in enumerate((11, 12, 13)):
            deeds.edges(
                ws, film.id, clip.id, Span(start * SECOND, 15 * SECOND),
                version=1, actor=ANN, nonce=f"page-a:{number}",
            )  # fmt: skip
        with pytest.raises(Overtaken, match="its beginning"):
            deeds.edges(
                ws, film.id, clip.id, Span(0, SECOND), version=1, actor=ANN, nonce="page-b:0"
            )
        with pytest.raises(Overtaken):
            deeds.edges(
                ws, film.id, clip.id, Span(0, SECOND), version=1, actor=BEN, nonce="page-a:9"
            )

    def test_of_two_orders_made_from_one_plan_only_the_first_stands(
        self, ws: Workspace, film: Recording
    ) -> None:
        one, two = chosen(ws, film), chosen(ws, film, 20, 25)
        seen = ws.catalogue.plan(film.id).version
        deeds.order(ws, film.id, [two.id, one.id], version=seen, actor=ANN)
        with pytest.raises(Overtaken, match="order"):
            deeds.order(ws, film.id, [one.id], version=seen, actor=BEN)
        assert [c.id for c in ws.catalogue.plan(film.id).clips] == [two.id, one.id]

    def test_a_focus_that_somebody_changed_is_not_ticked_over(
        self, ws: Workspace, film: Recording
    ) -> None:
        deeds.focus(ws, film.id, ["receiving"], actor=ANN, seen=[])
        with pytest.raises(Overtaken):
            deeds.focus(ws, film.id, ["attentive"], actor=BEN, seen=[])
        deeds.focus(ws, film.id, ["attentive"], actor=BEN, seen=["receiving"])

    def test_a_question_that_somebody_wrote_meanwhile_is_not_written_over(
        self, ws: Workspace, film: Recording
    ) -> None:
        deeds.question(ws, film.id, "How does he say hello?", actor=ANN, seen="")
        with pytest.raises(Overtaken, match="question"):
            deeds.question(ws, film.id, "Bath time", actor=BEN, seen="")
        assert room.question_of(ws, film) == "How does he say hello?"
        deeds.question(ws, film.id, "Bath time", actor=BEN, seen="How does he say hello?")

    def test_who_somebody_is_is_not_said_over_what_a_colleague_said(
        self, ws: Workspace, film: Recording
    ) -> None:
        track = next(t for t in observations_of(ws, film.id).seen.tracks if t.role is Role.BABY)
        deeds.person(ws, film.id, track.number, "twin", actor=ANN, seen="baby")
        with pytest.raises(Overtaken, match="who this is"):
            deeds.person(ws, film.id, track.number, "ignore", actor=BEN, seen="baby")
        deeds.person(ws, film.id, track.number, "ignore", actor=BEN, seen="twin")

    def test_two_at_once_keep_one_suggestion_once(self, ws: Workspace, film: Recording) -> None:
        moment = ws.catalogue.moments(film.id)[0]
        start = threading.Barrier(2)

        def keep(actor: str) -> None:
            start.wait()
            deeds.keep(ws, film.id, moment.id, actor=actor)

        people = [threading.Thread(target=keep, args=(who,)) for who in (ANN, BEN)]
        for one in people:
            one.start()
        for one in people:
            one.join()
        assert len(ws.catalogue.clips(film.id)) == 1


class TestUndoAmongPeople:
    def test_each_undoes_their_own_deeds(self, ws: Workspace, film: Recording) -> None:
        one = chosen(ws, film)
        two = deeds.choose(ws, film.id, Span(0, SECOND), actor=BEN)
        assert deeds.undo(ws, film.id, actor=ANN) == "mark 0:10"
        assert [c.id for c in ws.catalogue.clips(film.id)] == [two.id]
        deeds.redo(ws, film.id, actor=ANN)
        assert {c.id for c in ws.catalogue.clips(film.id)} == {one.id, two.id}

    def test_what_somebody_else_changed_since_stays_and_the_deed_before_it_can_be_undone(
        self, ws: Workspace, film: Recording
    ) -> None:
        deeds.add_note(ws, film.id, Span(0, SECOND), "She waits.", actor=ANN)
        clip = chosen(ws, film)
        deeds.change(ws, film.id, clip.id, version=1, actor=BEN, note="Look at his hands.")
        before = snapshot(ws, film)
        with pytest.raises(Overtaken, match="changed its note, so “mark 0:10” stays"):
            deeds.undo(ws, film.id, actor=ANN, nonce="page:1")
        assert deeds.undo(ws, film.id, actor=ANN, nonce="page:1") is None  # the same once more
        assert snapshot(ws, film) == before
        assert deeds.undoable(ws, film.id, ANN) == ("Undo: the note at 0:00", None)
        deeds.undo(ws, film.id, actor=ANN)
        assert ws.catalogue.annotations(film.id) == ()
        assert len(ws.catalogue.clips(film.id)) == 1

    def test_an_order_is_undone_around_what_a_colleague_kept_and_took_back(
        self, ws: Workspace, film: Recording
    ) -> None:
        one, two, gone = (chosen(ws, film, at, at + 5) for at in (10, 20, 30))
        plan = ws.catalogue.plan(film.id)
        deeds.order(ws, film.id, [gone.id, two.id, one.id], version=plan.version, actor=ANN)
        new = deeds.choose(ws, film.id, Span(0, SECOND), actor=BEN)
        deeds.unkeep(ws, film.id, gone.id, actor=BEN)
        assert deeds.undo(ws, film.id, actor=ANN) == "change the order"
        shown = [clip.id for clip in ws.catalogue.plan(film.id).clips]
        assert shown == [one.id, new.id, two.id]
        assert deeds.redo(ws, film.id, actor=ANN) == "change the order"
        shown = [clip.id for clip in ws.catalogue.plan(film.id).clips]
        assert shown == [two.id, one.id, new.id]

    def test_redoing_over_somebody_s_change_is_a_conflict_too(
        self, ws: Workspace, film: Recording
    ) -> None:
        clip = chosen(ws, film)
        deeds.change(ws, film.id, clip.id, version=1, actor=ANN, title="Mine")
        deeds.undo(ws, film.id, actor=ANN)
        newest = ws.catalogue.clip(clip.id).version
        deeds.change(ws, film.id, clip.id, version=newest, actor=BEN, title="His")
        with pytest.raises(Overtaken, match="its title"):
            deeds.redo(ws, film.id, actor=ANN)
        assert ws.catalogue.clip(clip.id).title == "His"

    def test_a_new_deed_forgets_what_could_be_redone(self, ws: Workspace, film: Recording) -> None:
        chosen(ws, film)
        deeds.undo(ws, film.id, actor=ANN)
        assert deeds.undoable(ws, film.id, ANN) == (None, "Redo: mark 0:10")
        deeds.add_note(ws, film.id, Span(0, SECOND), "She waits.", actor=ANN)
        assert deeds.undoable(ws, film.id, ANN) == ("Undo: the note at 0:00", None)
        assert deeds.redo(ws, film.id, actor=ANN) is None

    def test_the_journal_of_one_film_knows_nothing_of_another(
        self, ws: Workspace, film: Recording
    ) -> None:
        other = filmed(ws, None)
        chosen(ws, film)
        assert deeds.undo(ws, other.id, actor=ANN) is None
        assert len(ws.catalogue.clips(film.id)) == 1

    def test_a_right_taken_away_is_not_won_back_by_undo(
        self, ws: Workspace, film: Recording
    ) -> None:
        chosen(ws, film)
        ws.note(film.family, ConsentRuling(Purpose.KEEP, False, ws.catalogue._clock()), ANN)
        with pytest.raises((NoConsent, NotAllowed)):
            deeds.undo(ws, film.id, actor=ANN)
        assert len(ws.catalogue.clips(film.id)) == 1


class TestOnce:
    def test_a_gesture_heard_twice_is_done_once_also_after_a_restart(
        self, ws: Workspace, film: Recording
    ) -> None:
        span = Span(0, SECOND)
        clip = deeds.choose(ws, film.id, span, actor=ANN, nonce="page:7")
        ws = again(ws)
        assert deeds.choose(ws, film.id, span, actor=ANN, nonce="page:7") == clip
        assert len(ws.catalogue.clips(film.id)) == 1
        deeds.undo(ws, film.id, actor=ANN, nonce="page:8")
        deeds.undo(ws, film.id, actor=ANN, nonce="page:8")
        assert deeds.undoable(ws, film.id, ANN) == (None, "Redo: mark 0:00")
        # Also where the deed itself is long undone and forgotten.
        deeds.add_note(ws, film.id, span, "A", actor=ANN, nonce="page:9")
        assert deeds.choose(ws, film.id, span, actor=ANN, nonce="page:7").id == clip.id
        assert ws.catalogue.clips(film.id) == ()

    def test_a_repeated_gesture_leaves_no_second_audit_row(
        self, ws: Workspace, film: Recording
    ) -> None:
        for _ in range(2):
            deeds.choose(ws, film.id, Span(0, SECOND), actor=ANN, nonce="page:1")
        done = [row.action for row in ws.catalogue.audit_rows()]
        assert done.count("clip.keep") == 1

    def test_a_refused_gesture_may_come_again(self, ws: Workspace, film: Recording) -> None:
        clip = chosen(ws, film)
        deeds.change(ws, film.id, clip.id, version=1, actor=BEN, title="B")
        for _ in range(2):
            with pytest.raises(Overtaken):
                deeds.change(ws, film.id, clip.id, version=1, actor=ANN, title="A", nonce="page:1")

    @pytest.mark.parametrize("nonce", ["", "x" * 81, "a\nb"])
    def test_a_gesture_has_a_short_printable_name(
        self, ws: Workspace, film: Recording, nonce: str
    ) -> None:
        with pytest.raises(BadValue):
            deeds.choose(ws, film.id, Span(0, SECOND), actor=ANN, nonce=nonce)


class TestWhatIsKept:
    def test_every_version_stays_with_who_made_it_also_after_the_clip_is_gone(
        self, ws: Workspace, film: Recording
    ) -> None:
        clip = chosen(ws, film)
        deeds.change(ws, film.id, clip.id, version=1, actor=BEN, note="First")
        deeds.change(ws, film.id, clip.id, version=2, actor=ANN, note="Second")
        deeds.unkeep(ws, film.id, clip.id, actor=ANN)
        kept = ws.catalogue.versions(clip.id)
        assert [(v.version, v.by, v.what and v.what.note) for v in kept] == [
            (1, ANN, ""), (2, BEN, "First"), (3, ANN, "Second"), (4, ANN, None),
        ]  # fmt: skip
        deeds.undo(ws, film.id, actor=ANN)
        assert ws.catalogue.clip(clip.id).version == 5
        assert len(ws.catalogue.history(film.id)) == 5

    def test_no_version_can_be_changed_or_removed_while_the_film_is_there(
        self, ws: Workspace, film: Recording
    ) -> None:
        chosen(ws, film)
        connection = ws.catalogue._engine.raw_connection()
        try:
            for statement in ("DELETE FROM kept_version", "UPDATE kept_version SET version = 9"):
                with pytest.raises(Exception, match="appended"):
                    connection.cursor().execute(statement)
        finally:
            connection.rollback()
            connection.close()

    def test_erasing_the_film_leaves_nothing_of_it(self, ws: Workspace, film: Recording) -> None:
        clip = chosen(ws, film)
        deeds.add_note(ws, film.id, Span(0, SECOND), "She waits.", actor=ANN)
        deeds.focus(ws, film.id, ["receiving"], actor=ANN)
        with ws.catalogue.act(ANN, "erase", object=film.id) as act:
            act.drop_keys(film.id)
        for table in ("micro_clip", "annotation", "kept_version", "deed", "review_item"):
            assert _count(ws.catalogue, table) == 0, table
        ws.erase_rows(film.id)
        assert ws.catalogue.versions(clip.id) == ()

    def test_what_people_wrote_lies_nowhere_in_clear(self, ws: Workspace, film: Recording) -> None:
        said = "Ada laughs with her aunt"
        clip = chosen(ws, film)
        deeds.change(
            ws, film.id, clip.id, version=1, actor=ANN, title=said, note=said, question=said
        )
        deeds.add_note(ws, film.id, Span(0, SECOND), said, actor=ANN)
        deeds.question(ws, film.id, said, actor=ANN)
        made = vocabulary.add(ws, said, actor=ANN)
        deeds.change(ws, film.id, clip.id, version=2, actor=ANN, principles=[made.code])
        connection = ws.catalogue._engine.raw_connection()
        try:
            tables = connection.cursor().execute("SELECT name FROM sqlite_master").fetchall()
            named = [name for (name,) in tables if not name.startswith(("ix_", "sqlite_", "uq_"))]
            dump = ""
            for name in named:
                with suppress(Exception):  # an index or a trigger
                    rows = connection.cursor().execute(f'SELECT * FROM "{name}"').fetchall()
                    dump += f"{name} {rows!r}\n"
        finally:
            connection.close()
        assert "micro_clip" in dump
        assert "Ada" not in dump


KILLED = """
import sys
from pathlib import Path
from tests.app.rooms import ANN, filmed, opened
from vig.app import deeds
from vig.domain.clock import SECOND, Span

root = Path(sys.argv[1])
ws = opened(root)
(root / "handed").write_bytes(ws.ring.hand_over())
film = filmed(ws)
print(film.id, flush=True)
for number in range(1, 3000):
    deeds.choose(ws, film.id, Span(0, SECOND), actor=ANN, title=f"t{number}", nonce=f"p:{number}")
"""


@pytest.mark.parametrize("wait", [0.05, 0.23])
def test_kill_9_leaves_whole_deeds_only(tmp_path: Path, wait: float) -> None:
    root = tmp_path / "vault"
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(root)],
        stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert process.stdout is not None
    film_id = process.stdout.readline().strip()
    assert film_id
    threading.Event().wait(wait)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()

    ws = Workspace.from_key(root, (root / "handed").read_bytes())
    clips = ws.catalogue.clips(film_id)
    assert {clip.title for clip in clips} == {f"t{n}" for n in range(1, len(clips) + 1)}
    assert len(ws.catalogue.plan(film_id).clips) == len(clips)
    assert [v.version for v in ws.catalogue.history(film_id)] == [1] * len(clips)
    kept = [row for row in ws.catalogue.audit_rows() if row.action == "clip.keep"]
    assert len(kept) == len(clips)
    assert ws.catalogue.verify() == ()
    while deeds.undo(ws, film_id, actor=ANN):
        pass
    assert ws.catalogue.clips(film_id) == ()
    ws.close()


class TestVocabulary:
    def test_a_withdrawn_word_is_no_longer_offered_and_stays_readable(
        self, ws: Workspace, film: Recording
    ) -> None:
        own = vocabulary.add(ws, "Following her pace", actor=ANN)
        clip = chosen(ws, film)
        clip = deeds.change(
            ws, film.id, clip.id, version=1, actor=ANN, principles=[own.code, "receiving"]
        )
        vocabulary.withdraw(ws, own.code, actor=ANN)
        offered = vocabulary.terms(ws, withdrawn=False)
        assert own.code not in {term.code for term in offered}
        assert {t.code: t.words for t in vocabulary.terms(ws)}[own.code] == "Following her pace"
        # What a clip carries may stay on it; another one cannot take it up.
        deeds.change(ws, film.id, clip.id, version=2, actor=ANN, principles=[own.code])
        other = chosen(ws, film, 20, 25)
        with pytest.raises(BadValue, match="no longer"):
            deeds.change(ws, film.id, other.id, version=1, actor=ANN, principles=[own.code])
        vocabulary.offer(ws, own.code, actor=ANN)
        deeds.change(ws, film.id, other.id, version=1, actor=ANN, principles=[own.code])

    def test_the_six_are_there_first_and_may_be_put_in_other_words(self, ws: Workspace) -> None:
        assert len(vocabulary.terms(ws)) == 6
        vocabulary.reword(ws, "receiving", "Following", actor=ANN)
        assert [t.words for t in vocabulary.terms(ws)][2] == "Following"
        with pytest.raises(BadValue, match="already"):
            vocabulary.add(ws, "guiding", actor=ANN)
        with pytest.raises(Unknown):
            vocabulary.reword(ws, "nothing", "Something", actor=ANN)

    def test_a_code_that_nobody_knows_is_refused(self, ws: Workspace, film: Recording) -> None:
        clip = chosen(ws, film)
        with pytest.raises(BadValue, match="not in the vocabulary"):
            deeds.change(ws, film.id, clip.id, version=1, actor=ANN, principles=["made-up"])


def test_the_room_shows_everything_in_one_reading(ws: Workspace, film: Recording) -> None:
    deeds.question(ws, film.id, "Help Ada feel safe", actor=ANN)
    clip = deeds.keep(ws, film.id, ws.catalogue.moments(film.id)[0].id, actor=ANN)
    deeds.keys(ws, {"keep": "k"}, actor=ANN)
    shown = room.room(ws, film.id, ANN)
    assert shown.clips == (clip,) == shown.plan.clips
    assert shown.kept == {clip.proposed_by: clip.id}
    assert shown.question == "Help Ada feel safe"
    assert shown.undo == f"Undo: keep {deeds.at(clip.span.start)}"
    assert (shown.redo, shown.keys) == (None, {"keep": "k"})


def test_a_clip_of_another_film_is_not_touched(ws: Workspace, film: Recording) -> None:
    clip = chosen(ws, film)
    other = filmed(ws, None)
    with pytest.raises(Unknown):
        deeds.edges(ws, other.id, clip.id, Span(0, SECOND), version=1, actor=ANN)


def _count(catalogue: Catalogue, table: str) -> int:
    with catalogue._engine.connect() as connection:
        found = connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()
    return int(found)
