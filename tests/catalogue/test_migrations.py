"""Tables are brought up to this release whole, or left exactly as they were."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from tests.catalogue.freeze import FROZEN
from tests.catalogue.making import FOOTAGE, KEYS, clip, stocked
from vig.catalogue import Catalogue, Outcome, migrate, rows
from vig.catalogue.engine import engine_for_catalogue
from vig.domain.family import Purpose, Role
from vig.domain.review import Play
from vig.errors import NewerVault, NoVault, Tampered, VaultExists

STEP = """
import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{after}"
branch_labels = None
depends_on = None


def upgrade():
{body}
"""
GOOD = """
    with op.batch_alter_table("micro_clip") as table:
        table.add_column(sa.Column("colour", sa.String(16), nullable=True))
    op.execute("UPDATE micro_clip SET colour = 'red'")
"""
HEAD = max(path.name[1:5] for path in (migrate.STEPS / "versions").glob("v*.py"))
BAD = """
    with op.batch_alter_table("family") as table:
        table.add_column(sa.Column("doomed", sa.Integer(), nullable=True))
    op.execute("UPDATE family SET age_weeks = 99")
    op.execute("INSERT INTO erasure_receipt VALUES ('x', '2026-01-01')")
    raise RuntimeError("this step fails at its end")
"""
ORPHANS = """
    op.execute("UPDATE micro_clip SET recording = 'nobody'")
"""
REBUILDS = """
    copied = "always" if op.get_bind().dialect.name == "sqlite" else "never"
    with op.batch_alter_table("recording", recreate=copied) as table:
        table.add_column(sa.Column("extra", sa.Integer(), nullable=True))
"""


def steps(folder: Path, *bodies: str) -> Path:
    """The shipped steps and then these."""
    shutil.copytree(migrate.STEPS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    after = HEAD
    for number, body in enumerate(bodies, 9001):
        text = STEP.format(revision=number, after=after, body=body)
        (folder / "versions" / f"v{number}.py").write_text(text)
        after = str(number)
    return folder


def everything(engine: sa.Engine) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table that is there, whatever the code says should be."""
    with engine.connect() as connection:
        found = sa.MetaData()
        found.reflect(connection)
        return {
            name: sorted((tuple(row) for row in connection.execute(sa.select(table))), key=repr)
            for name, table in found.tables.items()
        }


@pytest.fixture
def engine(stocked_at: Path | str) -> Iterator[sa.Engine]:
    """A way in that takes no steps by itself."""
    engine = engine_for_catalogue(stocked_at, KEYS.database)
    yield engine
    engine.dispose()


@pytest.fixture
def stocked_at(own: Path | str) -> Path | str:
    with Catalogue.open(own, KEYS) as catalogue:
        _, recording = stocked(catalogue)
        with catalogue.act("cli", "clip.keep") as act:
            act.add_clip(clip(recording.id))
    return own


def test_the_steps_make_exactly_the_tables_of_the_code(catalogue: Catalogue) -> None:
    with catalogue._engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, rows.Row.metadata) == []


def test_a_step_is_taken_with_all_that_is_there(engine: sa.Engine, tmp_path: Path) -> None:
    before = everything(engine)
    migrate.upgrade(engine, steps=steps(tmp_path / "steps", GOOD))
    after = everything(engine)
    assert migrate.revision(engine) == "9001"
    assert [row[-1] for row in after["micro_clip"]] == ["red"]
    for name in before.keys() - {"micro_clip", "alembic_version"}:
        assert after[name] == before[name]


@pytest.mark.parametrize("failing", [BAD, GOOD + BAD])
def test_a_step_that_fails_leaves_version_tables_and_rows_as_they_were(
    engine: sa.Engine, stocked_at: Path | str, tmp_path: Path, failing: str
) -> None:
    before = everything(engine)
    with pytest.raises(RuntimeError, match="fails at its end"):
        migrate.upgrade(engine, steps=steps(tmp_path / "steps", failing))
    assert migrate.revision(engine) == HEAD
    assert everything(engine) == before
    with Catalogue.open(stocked_at, KEYS) as catalogue:
        assert catalogue.verify() == ()
        assert catalogue.integrity_check() == ()
        assert len(catalogue.families()) == 1


def test_of_two_steps_the_second_of_which_fails_neither_is_taken(
    engine: sa.Engine, tmp_path: Path
) -> None:
    before = everything(engine)
    with pytest.raises(RuntimeError):
        migrate.upgrade(engine, steps=steps(tmp_path / "steps", GOOD, BAD))
    assert everything(engine) == before


def test_a_table_made_anew_takes_nothing_along_that_hangs_on_it(
    engine: sa.Engine, tmp_path: Path
) -> None:
    before = everything(engine)
    migrate.upgrade(engine, steps=steps(tmp_path / "steps", REBUILDS))
    after = everything(engine)
    assert len(after["recording"]) == 1
    assert after["micro_clip"] == before["micro_clip"]
    assert after["sealed_object"] == before["sealed_object"]


def test_a_step_that_leaves_rows_belonging_to_nothing_is_not_taken(
    path: Path, filed: Catalogue, tmp_path: Path
) -> None:
    _, recording = stocked(filed)
    with filed.act("cli", "clip.keep") as act:
        act.add_clip(clip(recording.id))
    with pytest.raises(Tampered, match="belong to nothing"):
        migrate.upgrade(filed._engine, steps=steps(tmp_path / "steps", ORPHANS))
    assert len(filed.clips(recording.id)) == 1


def test_a_vault_of_a_newer_release_is_left_alone(
    engine: sa.Engine, stocked_at: Path | str, tmp_path: Path
) -> None:
    migrate.upgrade(engine, steps=steps(tmp_path / "steps", GOOD))
    before = everything(engine)
    with pytest.raises(NewerVault):
        Catalogue.open(stocked_at, KEYS)
    assert everything(engine) == before


def test_opening_twice_takes_no_step_twice(stocked_at: Path | str) -> None:
    with Catalogue.open(stocked_at, KEYS) as catalogue:
        before = everything(catalogue._engine)
    with Catalogue.open(stocked_at, KEYS) as catalogue:
        assert everything(catalogue._engine) == before


def test_a_catalogue_is_made_once(where: Path | str) -> None:
    Catalogue.create(where, KEYS).close()
    with pytest.raises(VaultExists):
        Catalogue.create(where, KEYS)
    with Catalogue.open(where, KEYS) as catalogue:
        assert [row.action for row in catalogue.audit_rows()] == ["catalogue.create"]


def test_where_there_is_no_catalogue_none_is_made(where: Path | str) -> None:
    with pytest.raises(NoVault):
        Catalogue.open(where, KEYS)
    if isinstance(where, Path):
        assert os.listdir(where.parent) == []  # noqa: PTH208


def test_the_steps_need_no_settings_file_and_are_in_the_package() -> None:
    assert (migrate.STEPS / "env.py").exists()
    assert not list(Path(rows.__file__).parent.rglob("alembic.ini"))


# --- catalogues of earlier releases


def test_for_every_step_a_filled_catalogue_of_that_release_is_kept() -> None:
    shipped = {path.name[1:5] for path in (migrate.STEPS / "versions").glob("v*.py")}
    assert shipped == {path.stem for path in FROZEN.glob("*.db")}


@pytest.mark.parametrize("kept", sorted(FROZEN.glob("*.db")), ids=lambda path: path.stem)
def test_a_catalogue_of_any_release_opens_with_all_that_was_in_it(
    kept: Path, tmp_path: Path
) -> None:
    path = Path(shutil.copy(kept, tmp_path / "catalogue.db"))
    with Catalogue.open(path, KEYS) as catalogue:
        assert catalogue.verify() == ()
        assert catalogue.integrity_check() == ()
        (account,) = catalogue.accounts()
        assert account == catalogue.account_called("ann example")
        assert catalogue.password_hash(account.id) == "$argon2id$x"
        assert catalogue.setting("place") == {"town": "Leeds", "rooms": [1, 2]}
        family = catalogue.family_called("f-014")
        assert family
        assert (family.age_weeks, family.carer_word) == (23, "Mum")
        assert catalogue.family_notes(family.id) == "likes the garden"
        assert catalogue.family_names(family.id) == {"baby": "Ada"}
        assert [(r.purpose, r.allowed) for r in catalogue.rulings(family.id)] == [
            (Purpose.KEEP, True),
            (Purpose.TRAINING, False),
        ]
        recording = catalogue.recording_like(b"one".ljust(32))
        assert catalogue.recordings() == (recording,)
        assert recording
        assert recording.footage == FOOTAGE
        assert catalogue.origin(recording.id).name == "garden.mp4"
        film, seen = catalogue.objects(recording.id)
        assert {film.kind, seen.kind} == {"film", "signals"}
        assert film.wrapped == seen.wrapped == b"w" * 61
        run = catalogue.latest_analysis(recording.id)
        assert run
        assert run.models[0].name == "faces"
        (proposed,) = catalogue.moments(recording.id)
        assert proposed.reason == "She looks up; Mum smiles back."
        assert len(proposed.evidence) == 3
        assert {clip.title for clip in catalogue.clips(recording.id)} == {"Hello you", "Not shown"}
        (shown,) = catalogue.plan(recording.id).clips
        assert (shown.note, shown.play) == ("She waits.", Play.SLOW)
        assert [a.words for a in catalogue.annotations(recording.id)] == ["Both laugh."]
        assert len(catalogue.receipts()) == 1
        assert [row.outcome for row in catalogue.audit_rows()][-1] is Outcome.DENIED
        assert catalogue.audit_rows()[1].reason == "set-up"
        if kept.stem >= "0003":
            assert (shown.question, shown.play_at) == ("What did you see?", 0)
            assert (shown.initiated_by, shown.received_by) == (Role.BABY, Role.CARER2)
            assert shown.principles == ("receiving", "own-1")
            assert catalogue.item(family.id, "cues") == ["smiling"]
            assert [v.version for v in catalogue.versions(shown.id)] == [1, 2]
            told = catalogue.next_deed(recording.id, account.id, "undo")
            assert told
            assert (told.words, len(told.changes)) == ("change it", 2)
        with catalogue.act("cli", "clip.change") as act:
            act.change_clip(shown.id, version=shown.version, title="Still works")
        assert catalogue.verify() == ()
