"""Deeds, their way back, and every version, in both databases."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.catalogue.making import KEYS, annotation, clip, stocked
from vig.catalogue import Catalogue
from vig.catalogue.write_deeds import DoneBefore
from vig.domain.clock import SECOND, Span
from vig.errors import Conflict, Unknown

ANN, BEN = "guider", "cli"


def test_a_deed_is_undone_and_redone_with_all_it_changed(catalogue: Catalogue) -> None:
    _, film = stocked(catalogue)
    one, two = clip(film.id, "One"), clip(film.id, "Two")
    note = annotation(film.id)
    with catalogue.act(ANN, "clip.keep") as act:
        act.once(film.id, "page:1")
        act.add_clip(one)
        act.add_clip(two)
        act.add_annotation(note)
        act.set_item(film.id, "focus", ["receiving"])
        act.remember(film.id, "keep 0:00")
    told = catalogue.next_deed(film.id, ANN, "undo")
    assert told is not None
    assert (told.action, told.words, len(told.changes)) == ("clip.keep", "keep 0:00", 4)
    assert catalogue.next_deed(film.id, BEN, "undo") is None
    with catalogue.act(ANN, "undo") as act:
        act.step(film.id, "undo")
    assert (catalogue.clips(film.id), catalogue.annotations(film.id)) == ((), ())
    assert catalogue.item(film.id, "focus") is None
    with catalogue.act(ANN, "redo") as act:
        act.step(film.id, "redo")
    assert [c.title for c in catalogue.plan(film.id).clips] == ["One", "Two"]
    assert [v.version for v in catalogue.versions(one.id)] == [1, 2, 3]


def test_a_deed_that_cannot_be_undone_whole_is_not_undone_at_all(catalogue: Catalogue) -> None:
    _, film = stocked(catalogue)
    one, two = clip(film.id, "One"), clip(film.id, "Two")
    with catalogue.act(ANN, "clip.keep") as act:
        act.add_clip(one)
        act.add_clip(two)
        act.remember(film.id, "keep both")
    with catalogue.act(BEN, "clip.change") as act:
        act.change_clip(one.id, version=1, span=Span(0, 2 * SECOND))
    with catalogue.act(ANN, "undo") as act:
        stepped = act.step(film.id, "undo")
    assert stepped is not None
    assert "somebody changed its end" in (stepped.since or "")
    assert len(catalogue.clips(film.id)) == 2
    assert catalogue.next_deed(film.id, ANN, "redo") is None


def test_one_gesture_is_one_deed(catalogue: Catalogue) -> None:
    _, film = stocked(catalogue)
    kept = clip(film.id)
    with catalogue.act(ANN, "clip.keep") as act:
        act.once(film.id, "page:1")
        act.add_clip(kept)
        act.remember(film.id, "keep")
    with pytest.raises(DoneBefore) as before, catalogue.act(ANN, "clip.keep") as act:
        act.once(film.id, "page:1")
    assert before.value.thing == kept.id
    with catalogue.act(BEN, "clip.keep") as act:
        act.once(film.id, "page:1")  # somebody else's page


def test_a_version_is_neither_edited_nor_removed_while_its_film_is_there(
    catalogue: Catalogue,
) -> None:
    _, film = stocked(catalogue)
    with catalogue.act(ANN, "clip.keep") as act:
        act.add_clip(clip(film.id))
    for statement in ("UPDATE kept_version SET version = 7", "DELETE FROM kept_version"):
        with pytest.raises(Exception, match="appended"), catalogue._engine.begin() as connection:
            connection.execute(sa.text(statement))
    with catalogue.act(ANN, "erase") as act:
        act.drop_keys(film.id)
    assert catalogue.history(film.id) == ()


def test_what_was_written_before_versions_were_kept_is_the_first_of_them(
    catalogue: Catalogue,
) -> None:
    _, film = stocked(catalogue)
    old = clip(film.id, "As it was")
    with catalogue.act(ANN, "clip.keep") as act:
        act.add_clip(old)
    # As an earlier release left it: the clip, and no version of it.
    with catalogue._engine.begin() as connection:
        connection.execute(sa.text("UPDATE recording SET state = 'importing'"))
        connection.execute(sa.text("DELETE FROM kept_version"))
        connection.execute(sa.text("UPDATE recording SET state = 'ready'"))
    with catalogue.act(BEN, "clip.change") as act:
        act.change_clip(old.id, version=1, title="As it is")
    kept = catalogue.versions(old.id)
    assert [(v.version, v.what and v.what.title) for v in kept] == [  # type: ignore[union-attr]
        (1, "As it was"),
        (2, "As it is"),
    ]


def test_a_clip_that_never_was_is_unknown_and_one_taken_away_is_a_conflict(
    catalogue: Catalogue,
) -> None:
    _, film = stocked(catalogue)
    kept = clip(film.id)
    with pytest.raises(Unknown), catalogue.act(ANN, "clip.drop") as act:
        act.drop_clip(kept.id, version=1)
    with catalogue.act(ANN, "clip.keep") as act:
        act.add_clip(kept)
        act.drop_clip(kept.id, version=1)
    gone = pytest.raises(Conflict, match="took this micro-clip away")
    with gone, catalogue.act(BEN, "clip.drop") as act:
        act.drop_clip(kept.id, version=1)


def test_rows_cut_off_stay_missed_after_the_next_act(own: Path | str) -> None:
    with Catalogue.open(own, KEYS) as catalogue:
        stocked(catalogue)
        with catalogue._engine.begin() as connection:
            sqlite = connection.dialect.name == "sqlite"
            where = "" if sqlite else " ON audit"
            for name in ("audit_kept", "audit_stays") if sqlite else ("audit_kept",):
                connection.execute(sa.text(f"DROP TRIGGER {name}{where}"))
            connection.execute(sa.text("DELETE FROM audit WHERE seq > 1"))
        with catalogue.act(ANN, "place.set", object="settings") as act:
            act.set("place", "Leeds")
        (finding,) = catalogue.verify()
        assert finding.what == "rows are missing or out of order before this one"
