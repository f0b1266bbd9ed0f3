"""The whole chain on a real (rendered) film, and what happens where it must stop."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.app.conftest import added
from vig.app import analysis, exports, lanes, library, walk
from vig.app.workspace import Workspace
from vig.catalogue.values import Outcome
from vig.domain.clock import SECOND, Span
from vig.domain.family import ConsentRuling, Purpose
from vig.domain.recording import RecordingState
from vig.errors import (
    AlreadyHere,
    BadFilm,
    BadSpan,
    BadValue,
    Cancelled,
    DiskFull,
    NoConsent,
    SamplesOnly,
    Tampered,
    Unknown,
)
from vig.media import video


def nothing_of_a_film_is_in(ws: Workspace) -> bool:
    objects = ws.root / "objects"
    return (
        not ws.catalogue.recordings()
        and not ws.catalogue.object_ids()
        and not list(objects.iterdir())
        and not list((ws.root / "imports").glob("*"))
    )


class TestAdding:
    def test_a_film_comes_in_whole_with_copy_times_and_thumbnail(
        self, ws: Workspace, short_film: bytes
    ) -> None:
        recording = added(ws, short_film)
        assert recording.state is RecordingState.READY
        kinds = {row.kind for row in ws.catalogue.objects(recording.id)}
        assert kinds == {"film", "copy", "times", "thumb"}
        assert ws.read_all(recording.id, "film") == short_film
        with ws.read(recording.id, "film") as film, ws.read(recording.id, "copy") as copy:
            source, proxied = video.frame_times(film), video.frame_times(copy)
        assert (
            list(source.starts)
            == list(proxied.starts)
            == list(walk.frame_times(ws, recording.id).starts)
        )
        assert recording.duration == source.end
        assert recording.footage.frames == len(source)

    def test_without_agreement_to_keep_nothing_is_written(
        self, ws: Workspace, short_film: bytes
    ) -> None:
        with pytest.raises(NoConsent, match="keep the film"):
            walk.add(
                ws,
                io.BytesIO(short_film),
                family="F-014",
                name=None,
                agreement=walk.Agreement(purposes=frozenset({Purpose.ANALYSE}), vouched=True),
                actor=ws.opened_by,
            )
        assert nothing_of_a_film_is_in(ws)
        assert not ws.catalogue.families()

    def test_an_agreement_says_who_and_when_or_is_vouched_for(
        self, ws: Workspace, short_film: bytes
    ) -> None:
        with pytest.raises(BadValue, match="who agreed"):
            walk.add(
                ws,
                io.BytesIO(short_film),
                family="F-014",
                name=None,
                agreement=walk.Agreement(agreed_by="mother"),
                actor=ws.opened_by,
            )
        assert nothing_of_a_film_is_in(ws)

    def test_who_agreed_and_when_is_kept_with_the_ruling(
        self, ws: Workspace, short_film: bytes
    ) -> None:
        recording = walk.add(
            ws,
            io.BytesIO(short_film),
            family="F-014",
            name=None,
            agreement=walk.Agreement(agreed_by="mother", agreed_on=date(2026, 11, 20)),
            actor=ws.opened_by,
            filmed_on=date(2026, 11, 21),
        )
        rulings = ws.catalogue.rulings(recording.family)
        assert {r.purpose for r in rulings} == {Purpose.KEEP, Purpose.ANALYSE}
        assert {(r.agreed_by, r.agreed_on) for r in rulings} == {("mother", date(2026, 11, 20))}
        assert {r.filmed_from for r in rulings} == {date(2026, 11, 21)}

    def test_the_same_film_is_not_taken_twice(self, ws: Workspace, short_film: bytes) -> None:
        recording = added(ws, short_film)
        before = ws.catalogue.object_ids()
        with pytest.raises(AlreadyHere):
            added(ws, short_film, family="F-015")
        assert [r.id for r in ws.catalogue.recordings()] == [recording.id]
        assert ws.catalogue.object_ids() == before == ws.store.names()

    @pytest.mark.parametrize("content", [b"", b"no film at all", b"\0" * 100_000])
    def test_what_is_no_film_is_refused_and_leaves_nothing(
        self, ws: Workspace, content: bytes
    ) -> None:
        with pytest.raises(BadFilm):
            added(ws, content)
        assert nothing_of_a_film_is_in(ws)
        assert not ws.catalogue.families()

    @pytest.mark.parametrize("stop_at", [0.0, 0.2, 0.5, 0.9])
    def test_a_cancelled_import_leaves_nothing(
        self, ws: Workspace, short_film: bytes, stop_at: float
    ) -> None:
        def stop(share: float) -> None:
            if share >= stop_at:
                raise Cancelled

        with pytest.raises(Cancelled):
            walk.add(
                ws,
                io.BytesIO(short_film),
                family="F-014",
                name=None,
                agreement=walk.Agreement(vouched=True),
                actor=ws.opened_by,
                progress=stop,
            )
        assert nothing_of_a_film_is_in(ws)

    def test_a_film_that_does_not_fit_is_refused_before_it_is_touched(
        self, ws: Workspace, short_film: bytes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("vig.app.workspace.SPARE", 2**60)
        with pytest.raises(DiskFull):
            added(ws, short_film)
        assert nothing_of_a_film_is_in(ws)

    def test_the_demonstration_refuses_any_film_but_the_samples(
        self, ws: Workspace, short_film: bytes
    ) -> None:
        with ws.catalogue.act("demo", "demo.mark", object="demo") as act:
            act.set("demo", True)
        with pytest.raises(SamplesOnly):
            added(ws, short_film)
        assert nothing_of_a_film_is_in(ws)


class TestTheGate:
    def test_every_opening_asks_the_newest_ruling(self, ws: Workspace, short_film: bytes) -> None:
        recording = added(ws, short_film, Purpose.SHARED_REVIEW)
        ws.open(recording.id, Purpose.SHARED_REVIEW, "copy", actor=ws.opened_by).close()
        withdrawn = ConsentRuling(Purpose.SHARED_REVIEW, False, datetime.now(UTC))
        ws.note(recording.family, withdrawn, ws.opened_by)
        with pytest.raises(NoConsent, match="shared review"):
            ws.open(recording.id, Purpose.SHARED_REVIEW, "copy", actor=ws.opened_by)
        ws.open(recording.id, Purpose.KEEP, "copy", actor=ws.opened_by).close()

    def test_a_refusal_is_written_down(self, ws: Workspace, short_film: bytes) -> None:
        recording = added(ws, short_film)
        with pytest.raises(NoConsent):
            ws.open(recording.id, Purpose.TRAINING, actor=ws.opened_by)
        newest = ws.catalogue.audit_rows(newest=1)[0]
        assert (newest.outcome, newest.object, newest.purpose) == (
            Outcome.DENIED,
            recording.id,
            Purpose.TRAINING,
        )

    def test_analysis_needs_an_agreement_of_its_own(
        self, working: Workspace, short_film: bytes
    ) -> None:
        recording = added(working, short_film)
        with pytest.raises(NoConsent, match="computer"):
            walk.analyse(working, recording.id, actor=working.opened_by)


class TestFromFilmToClip:
    def test_the_film_is_watched_and_what_was_suggested_can_be_kept_and_cut(
        self, working: Workspace, short_film: bytes, tmp_path: Path
    ) -> None:
        ws = working
        recording = added(ws, short_film, Purpose.ANALYSE)
        shares: list[float] = []
        ws.jobs.wait(walk.analyse(ws, recording.id, actor=ws.opened_by), shares.append)
        assert shares == sorted(shares)
        assert shares[-1] == 1.0

        moments = ws.catalogue.moments(recording.id)
        assert len(moments) == 1  # one for each 40 seconds begun, and eight seconds were filmed
        assert moments[0].reason
        assert moments[0].evidence
        assert moments[0].span.length <= 12 * SECOND

        # The parts are gone, the answer names its models, and the timeline can be drawn.
        assert {row.kind for row in ws.catalogue.objects(recording.id)} == {
            "film", "copy", "times", "thumb", "observations",
        }  # fmt: skip
        newest = ws.catalogue.latest_analysis(recording.id)
        assert newest is not None
        assert {ref.name for ref in newest.models} >= {"yunet", "face-landmarker", "silero-vad"}
        assert not analysis.stale(newest)
        drawn = lanes.lanes(ws, recording.id)
        assert all(len(heights) == 80 for heights in drawn.heights.values())

        clip = walk.keep(ws, recording.id, moments[0].id, actor=ws.opened_by)
        assert walk.keep(ws, recording.id, moments[0].id, actor=ws.opened_by) == clip
        assert clip.proposed_by == moments[0].id
        assert walk.plan(ws, recording.id).clips == (clip,)
        shelf = library.shelf(ws, ws.opened_by, recording.id, ws.jobs)
        assert (shelf.pseudonym, shelf.suggestions, shelf.clips) == ("F-014", 1, 1)

        out = tmp_path / "clip.mp4"
        span = exports.export_clip(
            ws, recording.id, clip.span, out, actor=ws.opened_by, reason="for the family"
        )
        times = walk.frame_times(ws, recording.id)
        with out.open("rb") as film:
            cut = video.frame_times(film)
            footage = video.probe(film)
        first, last = times.frame_at(span.start), times.frame_at(span.end - 1)
        assert [int(t) for t in cut.starts] == [
            int(t) - span.start for t in times.starts[first : last + 1]
        ]
        assert footage.audio_codec == "aac"

        walk.leave(ws, recording.id, moments[0].id, actor=ws.opened_by)
        assert walk.left(ws, recording.id) == {moments[0].id}
        walk.bring_back(ws, recording.id, moments[0].id, actor=ws.opened_by)
        assert not walk.left(ws, recording.id)

        walk.unkeep(ws, clip, actor=ws.opened_by)
        assert not ws.catalogue.clips(recording.id)

        assert walk.erase(ws, recording.id, actor=ws.opened_by) is True
        assert nothing_of_a_film_is_in(ws)
        assert [receipt.id for receipt in ws.catalogue.receipts()] == [recording.id]
        assert not ws.catalogue.verify()

    def test_a_clip_outside_the_film_is_refused(self, ws: Workspace, short_film: bytes) -> None:
        recording = added(ws, short_film)
        with pytest.raises(BadSpan):
            walk.choose(ws, recording.id, Span(7 * SECOND, 9 * SECOND), actor=ws.opened_by)

    def test_an_export_that_fails_leaves_no_file(
        self, ws: Workspace, short_film: bytes, tmp_path: Path
    ) -> None:
        recording = added(ws, short_film)
        out = tmp_path / "no-such-folder" / "clip.mp4"
        with pytest.raises(BadValue, match="written there"):
            exports.export_clip(
                ws, recording.id, Span(0, SECOND), out, actor=ws.opened_by, reason="a test"
            )
        with pytest.raises(NoConsent):
            exports.export_clip(
                ws,
                recording.id,
                Span(0, SECOND),
                tmp_path / "clip.mp4",
                purpose=Purpose.PUBLICITY,
                actor=ws.opened_by,
                reason="a test",
            )
        assert not list(tmp_path.glob("*.mp4*"))


class TestErasing:
    def test_nothing_opens_an_erased_film_and_only_a_receipt_is_left(
        self, working: Workspace, short_film: bytes
    ) -> None:
        ws = working
        recording = added(ws, short_film)
        assert walk.erase(ws, recording.id, actor=ws.opened_by) is True
        with pytest.raises(Unknown):
            ws.open(recording.id, Purpose.KEEP, actor=ws.opened_by)
        assert not list((ws.root / "objects").iterdir())

    def test_a_reader_that_is_still_open_makes_it_pending_and_the_sweep_finishes_it(
        self, working: Workspace, short_film: bytes
    ) -> None:
        ws = working
        recording = added(ws, short_film)
        pin = ws.catalogue._engine.raw_connection()
        cursor = pin.cursor()
        cursor.execute("BEGIN")
        cursor.execute("SELECT count(*) FROM sealed_object").fetchall()
        assert walk.erase(ws, recording.id, actor=ws.opened_by) is False
        pin.rollback()
        pin.close()
        ws.sweep(set)  # raises ErasurePending while anything is left

    def test_an_exchanged_object_is_never_played(self, ws: Workspace, short_film: bytes) -> None:
        one = added(ws, short_film)
        rows = {row.kind: row for row in ws.catalogue.objects(one.id)}
        folder = ws.root / "objects"
        (folder / rows["copy"].id).write_bytes((folder / rows["film"].id).read_bytes())
        with pytest.raises(Tampered):
            ws.read(one.id, "copy")
