"""An act is kept whole, with exactly one audit row, or not at all."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.catalogue.making import (
    FOOTAGE,
    KEYS,
    NOON,
    Clock,
    annotation,
    clip,
    film,
    moment,
    ruling,
    sealed,
    stocked,
)
from vig.catalogue import AnalysisState, Catalogue, ObjectRow, ObjectState, Outcome, new_id
from vig.catalogue.audit import Chain
from vig.domain.account import FIRST_OFFICES, Office
from vig.domain.clock import SECOND, Span
from vig.domain.family import Purpose
from vig.domain.observation import ModelRef
from vig.domain.recording import RecordingState
from vig.domain.review import Play
from vig.errors import AlreadyHere, BadSpan, BadValue, Conflict, Unknown, VaultLocked


class Broken(Exception):
    pass


def test_an_act_writes_exactly_one_audit_row(catalogue: Catalogue) -> None:
    before = len(catalogue.audit_rows())
    with catalogue.act("cli", "film.add", purpose=Purpose.KEEP, reason="first visit") as act:
        family = act.add_family("F-014")
        act.rule(family.id, ruling())
        film(act, family)
    row = catalogue.audit_rows()[-1]
    assert len(catalogue.audit_rows()) == before + 1
    assert (row.actor, row.action, row.object) == ("cli", "film.add", family.id)
    assert (row.purpose, row.reason, row.outcome) == (Purpose.KEEP, "first visit", Outcome.OK)


def test_an_act_that_fails_half_way_leaves_nothing_and_no_audit_row(catalogue: Catalogue) -> None:
    before = catalogue.audit_rows()

    def half() -> None:
        with catalogue.act("cli", "family.add") as act:
            act.add_family("F-014")
            act.rule(new_id(), ruling())

    with pytest.raises(Unknown):
        half()
    assert catalogue.families() == ()
    assert catalogue.audit_rows() == before


def test_an_act_whose_audit_row_cannot_be_written_leaves_nothing(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise Broken

    monkeypatch.setattr(Chain, "append", fails)
    with pytest.raises(Broken), catalogue.act("cli", "family.add") as act:
        act.add_family("F-014")
    monkeypatch.undo()
    assert catalogue.families() == ()


def test_an_act_that_is_over_writes_no_more(catalogue: Catalogue) -> None:
    with catalogue.act("cli", "family.add") as act:
        act.add_family("F-014")
    with pytest.raises(RuntimeError, match="over"):
        act.add_family("F-015")


def test_an_act_inside_an_act_is_refused_at_once(catalogue: Catalogue) -> None:
    def nested() -> None:
        with catalogue.act("cli", "family.add"), catalogue.act("cli", "family.add") as act:
            act.add_family("F-014")

    with pytest.raises(RuntimeError, match="inside"):
        nested()
    with catalogue.act("cli", "family.add") as act:
        act.add_family("F-014")


def test_a_closed_catalogue_is_locked(catalogue: Catalogue, tmp_path: Path) -> None:
    family, _ = stocked(catalogue)
    catalogue.close()
    catalogue.close()
    asked: list[Callable[[], object]] = [
        catalogue.families,
        lambda: catalogue.family(family.id),
        lambda: catalogue.recording_like(bytes(32)),
        lambda: catalogue.denied("cli", "film.open"),
        lambda: catalogue.act("cli", "family.add").__enter__(),
        lambda: catalogue.backup(tmp_path / "copy.db"),
        lambda: catalogue.checkpoint(tmp_path / "checkpoints"),
        lambda: catalogue.audit_public_key,
        catalogue.purge,
        catalogue.integrity_check,
        catalogue.verify,
    ]
    for ask in asked:
        with pytest.raises(VaultLocked):
            ask()
    assert not (tmp_path / "copy.db").exists()


def test_a_refusal_is_recorded_on_its_own(catalogue: Catalogue) -> None:
    catalogue.denied("cli", "film.open", object="ab" * 16, purpose=Purpose.TRAINING)
    row = catalogue.audit_rows()[-1]
    assert (row.outcome, row.object, row.purpose) == (Outcome.DENIED, "ab" * 16, Purpose.TRAINING)


def test_what_an_act_is_about_can_be_said_once_it_is_known(catalogue: Catalogue) -> None:
    with catalogue.act("cli", "film.add") as act:
        family = act.add_family("F-014")
        recording = film(act, family)
        act.about(recording.id)
    assert catalogue.audit_rows()[-1].object == recording.id


def test_the_role_of_an_account_is_recorded_with_its_acts(catalogue: Catalogue) -> None:
    with catalogue.act("first-run", "account.add") as act:
        account = act.add_account("Ann Example", [Office.GUIDER, Office.ADMIN])
    with catalogue.act(account.id, "family.add") as act:
        act.add_family("F-014")
    assert [row.role for row in catalogue.audit_rows()[-2:]] == [None, "admin,guider"]


@pytest.mark.parametrize("actor", ["Ann Example", "ann", "", "AB" * 16, "ab" * 17])
def test_an_actor_is_an_id_or_one_of_the_systems_own(filed: Catalogue, actor: str) -> None:
    with pytest.raises(BadValue), filed.act(actor, "family.add"):
        pass


@pytest.mark.parametrize("about", ["Ann", "smith", "garden.mp4", "F-014", "recording:ann", "a b"])
def test_what_was_acted_upon_is_never_a_word(filed: Catalogue, about: str) -> None:
    with pytest.raises(BadValue), filed.act("cli", "film.open", object=about):
        pass
    with pytest.raises(BadValue), filed.act("cli", "film.open") as act:
        act.about(about)


@pytest.mark.parametrize(
    "about", ["ab" * 16, "clip:" + "ab" * 16, "ab" * 16 + "@0-3000000", "vault", "slots"]
)
def test_what_was_acted_upon_is_an_id_a_stretch_or_the_house(filed: Catalogue, about: str) -> None:
    with filed.act("cli", "film.open", object=about):
        pass
    assert filed.audit_rows()[-1].object == about


@pytest.mark.parametrize("action", ["Film add", "ann example", "", "a" * 65, "film add"])
def test_an_action_is_a_code(filed: Catalogue, action: str) -> None:
    with pytest.raises(BadValue), filed.act("cli", action):
        pass


def test_a_reason_is_short(filed: Catalogue) -> None:
    with pytest.raises(BadValue), filed.act("cli", "film.export", reason="x" * 201):
        pass


# --- two at once


def test_a_change_made_from_an_older_edit_is_a_conflict(catalogue: Catalogue) -> None:
    _, recording = stocked(catalogue)
    with catalogue.act("cli", "clip.keep") as act:
        kept = act.add_clip(clip(recording.id))
        remark = act.add_annotation(annotation(recording.id))
    with catalogue.act("cli", "clip.change") as act:
        assert act.change_clip(kept.id, version=kept.version, title="First").version == 2
        assert act.change_annotation(remark.id, version=1, words="First").version == 2
    with pytest.raises(Conflict), catalogue.act("cli", "clip.change") as act:
        act.change_clip(kept.id, version=kept.version, title="Second")
    with pytest.raises(Conflict), catalogue.act("cli", "clip.change") as act:
        act.change_annotation(remark.id, version=1, words="Second")
    with pytest.raises(Conflict), catalogue.act("cli", "clip.drop") as act:
        act.drop_clip(kept.id, version=1)
    with pytest.raises(Conflict), catalogue.act("cli", "clip.drop") as act:
        act.drop_annotation(remark.id, version=1)
    assert catalogue.clip(kept.id).title == "First"
    assert [a.words for a in catalogue.annotations(recording.id)] == ["First"]


def test_of_many_writers_at_once_none_is_lost(catalogue: Catalogue) -> None:
    _, recording = stocked(catalogue)
    with catalogue.act("cli", "clip.keep") as act:
        kept = act.add_clip(clip(recording.id, note=""))
    went_wrong: list[BaseException] = []

    def writes(letter: str) -> None:
        done = 0
        while done < 10:
            now = catalogue.clip(kept.id)
            try:
                with catalogue.act("cli", "clip.change") as act:
                    act.change_clip(kept.id, version=now.version, note=now.note + letter)
                done += 1
            except Conflict:
                continue
            except BaseException as error:
                went_wrong.append(error)
                raise

    writers = [threading.Thread(target=writes, args=(letter,)) for letter in "abc"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert not went_wrong
    assert sorted(catalogue.clip(kept.id).note) == sorted("abc" * 10)
    assert catalogue.verify() == ()


# --- families and rulings


def test_a_pseudonym_belongs_to_one_family_whatever_its_case(catalogue: Catalogue) -> None:
    with catalogue.act("cli", "family.add") as act:
        family = act.add_family("  F-014 ", age_weeks=23, carer_word="Mum")
    with pytest.raises(BadValue), catalogue.act("cli", "family.add") as act:
        act.add_family("f-014")
    assert family.pseudonym == "F-014"
    assert catalogue.family_called("f-014") == family == catalogue.family(family.id)
    assert family.carer_word == "Mum"
    assert catalogue.family_called("F-015") is None


def test_a_family_is_changed_by_what_is_given(catalogue: Catalogue) -> None:
    with catalogue.act("cli", "family.add") as act:
        family = act.add_family("F-014", age_weeks=23, carer_word="Mum", notes="likes the garden")
    with catalogue.act("cli", "family.change") as act:
        act.change_family(family.id, carer_word="Dad", names={"baby": "Ada", "Dad": "Ben"})
    now = catalogue.family(family.id)
    assert (now.age_weeks, now.carer_word) == (23, "Dad")
    assert catalogue.family_notes(family.id) == "likes the garden"
    assert catalogue.family_names(family.id) == {"baby": "Ada", "Dad": "Ben"}


def test_rulings_come_back_as_they_were_given_with_who_vouches(
    catalogue: Catalogue, clock: Clock
) -> None:
    given = ruling(
        Purpose.TRAINING,
        agreed_by="mother",
        agreed_on=NOON.date(),
        until=NOON.date() + timedelta(days=30),
        filmed_from=NOON.date(),
        form="v2",
    )
    with catalogue.act("cli", "consent.rule") as act:
        family = act.add_family("F-014")
        kept = act.rule(family.id, given)
    assert catalogue.rulings(family.id) == (kept,)
    assert kept == ruling(
        Purpose.TRAINING,
        agreed_by="mother",
        agreed_on=NOON.date(),
        until=NOON.date() + timedelta(days=30),
        filmed_from=NOON.date(),
        form="v2",
        vouched_by="cli",
    )


def test_a_clock_put_back_brings_no_withdrawn_permission_to_life(
    catalogue: Catalogue, clock: Clock
) -> None:
    _, recording = stocked(catalogue)
    assert catalogue.permits(recording.id, Purpose.KEEP, NOON.date())
    clock.passes(days=-1)
    with catalogue.act("cli", "consent.rule") as act:
        act.rule(recording.family, ruling(allowed=False))
    assert not catalogue.permits(recording.id, Purpose.KEEP, NOON.date())


def test_a_ruling_about_certain_filming_days_speaks_of_no_others(catalogue: Catalogue) -> None:
    with catalogue.act("cli", "film.add") as act:
        family = act.add_family("F-014")
        then = film(act, family)
        later = film(act, family, day=NOON.date() + timedelta(days=9))
        undated = film(act, family, day=None)
        act.rule(family.id, ruling(filmed_to=NOON.date()))
    allowed = [catalogue.permits(f.id, Purpose.KEEP, NOON.date()) for f in (then, later, undated)]
    assert allowed == [True, False, False]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE consent_ruling SET allowed = NOT allowed",
        "DELETE FROM consent_ruling",
        "UPDATE audit SET body = ''",
        "DELETE FROM audit",
    ],
)
def test_rulings_and_audit_rows_are_appended_only(catalogue: Catalogue, change: str) -> None:
    family, _ = stocked(catalogue)
    with pytest.raises(sa.exc.DBAPIError, match="append"), catalogue._engine.begin() as sneaky:
        sneaky.exec_driver_sql(change)
    assert len(catalogue.rulings(family.id)) == 1
    assert catalogue.verify() == ()


def test_a_family_goes_with_its_rulings_once_its_films_are_gone(catalogue: Catalogue) -> None:
    family, recording = stocked(catalogue)
    with pytest.raises(BadValue), catalogue.act("cli", "family.drop") as act:
        act.drop_family(family.id)
    with catalogue.act("cli", "film.erase") as act:
        act.drop_keys(recording.id)
        act.drop_recording(recording.id)
    with catalogue.act("cli", "family.drop") as act:
        act.drop_family(family.id)
    assert catalogue.families() == ()
    assert catalogue.rulings(family.id) == ()


# --- recordings and objects


def test_a_recording_comes_back_as_it_went_in(catalogue: Catalogue) -> None:
    family, recording = stocked(catalogue)
    assert recording.state is RecordingState.READY
    assert catalogue.recording(recording.id) == recording
    assert catalogue.recordings(family.id) == catalogue.recordings() == (recording,)
    assert recording.footage == FOOTAGE
    assert catalogue.origin(recording.id).name == "garden.mp4"
    assert catalogue.origin(recording.id).left


def test_a_film_that_is_there_is_not_added_twice(catalogue: Catalogue) -> None:
    family, recording = stocked(catalogue)
    digest = b"F-014".ljust(32, b"\0")
    assert catalogue.recording_like(digest) == recording
    assert catalogue.recording_like(bytes(32)) is None
    with catalogue.act("cli", "film.add") as act:
        second = film(act, family)
    with pytest.raises(AlreadyHere), catalogue.act("cli", "film.add") as act:
        act.finish_recording(second.id, sha256=digest)
    with catalogue.act("cli", "film.undo") as act:
        gone = act.undo_recording(second.id)
    assert [row.kind for row in gone] == ["film"]
    assert catalogue.recordings() == (recording,)


def test_only_a_film_on_its_way_in_can_be_undone(catalogue: Catalogue) -> None:
    _, recording = stocked(catalogue)
    with pytest.raises(Conflict), catalogue.act("cli", "film.undo") as act:
        act.undo_recording(recording.id)
    with pytest.raises(Conflict), catalogue.act("cli", "film.add") as act:
        act.finish_recording(recording.id, sha256=bytes(32))


def test_an_object_is_kept_and_changed_by_its_id(catalogue: Catalogue) -> None:
    _, recording = stocked(catalogue)
    row = sealed(recording.id, "signals")
    with catalogue.act("worker", "object.put") as act:
        act.put_object(row)
    with catalogue.act("worker", "object.put") as act:
        done = act.put_object(
            type(row)(
                row.id, recording.id, "signals", row.wrapped, 1, 99, "ab" * 32, ObjectState.READY
            )
        )
    assert catalogue.object(row.id) == done
    assert (done.size, done.sha256, done.state) == (99, "ab" * 32, ObjectState.READY)
    assert catalogue.objects(recording.id, "signals") == (done,)
    assert catalogue.object_ids() == {o.id for o in catalogue.objects(recording.id)}
    with catalogue.act("worker", "object.drop") as act:
        act.drop_object(row.id)
    with pytest.raises(Unknown):
        catalogue.object(row.id)


def test_all_keys_are_wrapped_anew_or_none(catalogue: Catalogue) -> None:
    _, recording = stocked(catalogue)
    with catalogue.act("cli", "keys.rotate") as act:
        act.put_object(sealed(recording.id, "copy", b"second"))
    before = catalogue.objects(recording.id)
    contexts = {row.context for row in before}

    def fails_second(wrapped: bytes, whose: ObjectRow) -> bytes:
        contexts.remove(whose.context)
        if not contexts:
            raise Broken
        return b"new" + wrapped

    with pytest.raises(Broken), catalogue.act("cli", "keys.rotate") as act:
        act.rewrap_keys(fails_second, 2)
    assert catalogue.objects(recording.id) == before
    with catalogue.act("cli", "keys.rotate") as act:
        assert act.rewrap_keys(lambda wrapped, _: b"new" + wrapped, 2) == 2
    for old, new in zip(before, catalogue.objects(recording.id), strict=True):
        assert (new.wrapped, new.key_version) == (b"new" + (old.wrapped or b""), 2)


@pytest.mark.parametrize("name", ["gar\udcffden.mp4", "n\0ul", "\ufeffא.MOV", "x" * 1024])
def test_whatever_a_file_was_called_comes_back(catalogue: Catalogue, name: str) -> None:
    with catalogue.act("cli", "film.add") as act:
        family = act.add_family("F-014")
        made = act.begin_recording(family.id, FOOTAGE, original_name=name)
    assert catalogue.origin(made.id).name == name


def test_what_is_made_twice_under_one_id_is_a_conflict(catalogue: Catalogue) -> None:
    _, recording = stocked(catalogue)
    kept = clip(recording.id)
    with catalogue.act("cli", "clip.keep") as act:
        act.add_clip(kept)
    with pytest.raises(Conflict), catalogue.act("cli", "clip.keep") as act:
        act.add_clip(kept)
    assert len(catalogue.clips(recording.id)) == 1
    assert catalogue.verify() == ()


@pytest.mark.parametrize("pseudonym", ["", "  ", "x" * 41, "F\n\0", "F\u200b14", "\ufdfa" * 10])
def test_a_pseudonym_is_short_and_can_be_printed(catalogue: Catalogue, pseudonym: str) -> None:
    with pytest.raises(BadValue), catalogue.act("cli", "family.add") as act:
        act.add_family(pseudonym)


# --- what was found and what was chosen


def test_the_newest_finished_analysis_gives_the_moments(catalogue: Catalogue, clock: Clock) -> None:
    _, recording = stocked(catalogue)
    models = [ModelRef("faces", "0" * 64), ModelRef("voices", "1" * 64)]
    with catalogue.act("worker", "film.analyse") as act:
        first = act.add_analysis(
            recording.id, software="0.1.0", models=models, settings_hash="ab", observations=new_id()
        )
    assert catalogue.latest_analysis(recording.id) is None
    assert catalogue.latest_analysis(recording.id, None) == first
    with catalogue.act("worker", "film.analyse") as act:
        kept = act.add_moments(first.id, [moment(), moment(5 * SECOND, "Both laugh.")])
        done = act.change_analysis(first.id, state=AnalysisState.DONE)
    assert catalogue.latest_analysis(recording.id) == done
    assert catalogue.moments(recording.id) == kept == catalogue.moments_of(first.id)
    assert [m.reason for m in kept] == ["She looks up; Mum smiles back.", "Both laugh."]
    assert kept[0].evidence == moment().evidence
    assert kept[0].parts == moment().parts
    assert catalogue.moment(kept[0].id) == kept[0]
    clock.passes(hours=1)
    with catalogue.act("worker", "film.analyse") as act:
        second = act.add_analysis(
            recording.id,
            software="0.2.0",
            models=models,
            settings_hash="cd",
            state=AnalysisState.DONE,
        )
    assert catalogue.moments(recording.id) == ()
    assert [a.id for a in catalogue.analyses(recording.id)] == [second.id, first.id]


def test_a_micro_clip_outlives_the_proposal_it_came_from(catalogue: Catalogue) -> None:
    _, recording = stocked(catalogue)
    with catalogue.act("worker", "film.analyse") as act:
        run = act.add_analysis(recording.id, software="0.1.0", models=[], settings_hash="ab")
        (proposed,) = act.add_moments(run.id, [moment()])
        kept = act.add_clip(clip(recording.id, proposed_by=proposed.id))
    with catalogue.act("worker", "film.analyse") as act:
        act.drop_analysis(run.id)
    assert catalogue.clip(kept.id).proposed_by == proposed.id
    with pytest.raises(Unknown):
        catalogue.moment(proposed.id)


def test_the_plan_shows_micro_clips_in_their_order(catalogue: Catalogue) -> None:
    _, recording = stocked(catalogue)
    with catalogue.act("cli", "clip.keep") as act:
        a, b, c = (act.add_clip(clip(recording.id, title)) for title in "abc")
        act.add_clip(clip(recording.id, "not shown"), in_plan=False)
    plan = catalogue.plan(recording.id)
    assert [shown.title for shown in plan.clips] == ["a", "b", "c"]
    with catalogue.act("cli", "plan.order") as act:
        ordered = act.order_plan(recording.id, [c.id, a.id], version=plan.version)
    assert catalogue.plan(recording.id) == ordered
    assert [shown.title for shown in ordered.clips] == ["c", "a"]
    assert len(catalogue.clips(recording.id)) == 4
    with pytest.raises(Conflict), catalogue.act("cli", "plan.order") as act:
        act.order_plan(recording.id, [b.id], version=plan.version)
    with pytest.raises(BadValue), catalogue.act("cli", "plan.order") as act:
        act.order_plan(recording.id, [a.id, a.id], version=ordered.version)


def test_a_stretch_outside_the_film_is_refused(catalogue: Catalogue) -> None:
    _, recording = stocked(catalogue)
    beyond = Span(0, recording.duration + 1)
    with pytest.raises(BadSpan), catalogue.act("cli", "clip.keep") as act:
        act.add_clip(clip(recording.id, span=beyond))
    with catalogue.act("cli", "clip.keep") as act:
        kept = act.add_clip(clip(recording.id))
    with pytest.raises(BadSpan), catalogue.act("cli", "clip.change") as act:
        act.change_clip(kept.id, version=1, span=beyond)
    with catalogue.act("cli", "clip.change") as act:
        changed = act.change_clip(kept.id, version=1, span=recording.span, play=Play.SLOW)
    assert (changed.span, changed.play) == (recording.span, Play.SLOW)


def test_what_is_not_there_is_unknown(catalogue: Catalogue) -> None:
    nobody = new_id()
    reads = [catalogue.family, catalogue.recording, catalogue.clip, catalogue.account]
    for read in (*reads, catalogue.origin, catalogue.plan, catalogue.moment):
        with pytest.raises(Unknown):
            read(nobody)
    with pytest.raises(Unknown), catalogue.act("cli", "film.add") as act:
        act.begin_recording(nobody, FOOTAGE)


# --- accounts and settings


def test_an_account_is_found_by_its_name_and_changed_by_its_version(catalogue: Catalogue) -> None:
    with catalogue.act("first-run", "account.add") as act:
        account = act.add_account(
            "Ann  Example", FIRST_OFFICES, password_hash="$argon2id$x", slot="s1"
        )
    assert catalogue.account_called("ann example") == account == catalogue.account(account.id)
    assert catalogue.password_hash(account.id) == "$argon2id$x"
    with pytest.raises(BadValue), catalogue.act("cli", "account.add") as act:
        act.add_account("ANN EXAMPLE", [Office.TRAINEE])
    with catalogue.act("cli", "account.change") as act:
        now = act.change_account(account.id, version=1, disabled=True, password_hash="$new")
    assert now.disabled
    assert catalogue.password_hash(account.id) == "$new"
    assert catalogue.accounts() == (now,)
    with pytest.raises(Conflict), catalogue.act("cli", "account.change") as act:
        act.change_account(account.id, version=1, offices=[Office.TRAINEE])


def test_a_setting_is_anything_that_json_can_hold(catalogue: Catalogue) -> None:
    with catalogue.act("cli", "settings.set") as act:
        act.set("left.one", ["a", 1, None])
        act.set("left.two", {"a": "b"})
    assert catalogue.setting("left.one") == ["a", 1, None]
    assert catalogue.settings("left.") == {"left.one": ["a", 1, None], "left.two": {"a": "b"}}
    with catalogue.act("cli", "settings.set") as act:
        act.set("left.one", "other")
        act.set("left.two", None)
    assert catalogue.settings("left.") == {"left.one": "other"}
    assert catalogue.setting("left.two", "none") == "none"


def test_no_printed_form_of_the_catalogue_shows_a_key(catalogue: Catalogue) -> None:
    printed = f"{catalogue!r} {KEYS!r} {catalogue._cipher!r} {catalogue._chain!r}"
    printed += f" {catalogue._engine!r} {catalogue._engine.url}"
    for key in (KEYS.database, KEYS.fields, KEYS.audit):
        assert key.hex() not in printed
        assert key.decode() not in printed
