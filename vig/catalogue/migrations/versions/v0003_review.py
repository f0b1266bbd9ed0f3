"""The review room: what a micro-clip says, every version of it, and how a deed is undone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# A version may go when its film is being erased, and not before.
_KEPT_BY_SQLITE = (
    """CREATE TRIGGER kept_version_kept BEFORE UPDATE ON kept_version
    BEGIN SELECT RAISE(ABORT, 'versions are appended, never edited'); END""",
    """CREATE TRIGGER kept_version_stays BEFORE DELETE ON kept_version
    WHEN EXISTS (SELECT 1 FROM recording WHERE id = OLD.recording AND state = 'ready')
    BEGIN SELECT RAISE(ABORT, 'versions are appended, never removed'); END""",
)
_KEPT_BY_POSTGRES = (
    """CREATE FUNCTION vig_refuse_while_film() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF EXISTS (SELECT 1 FROM recording WHERE id = OLD.recording AND state = 'ready') THEN
        RAISE EXCEPTION '% is appended, never removed', TG_TABLE_NAME;
      END IF;
      RETURN OLD;
    END $$""",
    """CREATE TRIGGER kept_version_kept BEFORE UPDATE ON kept_version
    FOR EACH ROW EXECUTE FUNCTION vig_refuse()""",
    """CREATE TRIGGER kept_version_stays BEFORE DELETE ON kept_version
    FOR EACH ROW EXECUTE FUNCTION vig_refuse_while_film()""",
    """CREATE TRIGGER kept_version_whole BEFORE TRUNCATE ON kept_version
    FOR EACH STATEMENT EXECUTE FUNCTION vig_refuse()""",
)


def upgrade() -> None:
    """Add them; what is there stays as it is."""
    _clips()
    _versions()
    _items()
    _deeds()
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _KEPT_BY_SQLITE if sqlite else _KEPT_BY_POSTGRES:
        op.execute(statement)


def _clips() -> None:
    for column in (
        sa.Column("play_at", sa.BigInteger(), nullable=True),
        sa.Column("initiated_by", sa.String(length=64), nullable=True),
        sa.Column("received_by", sa.String(length=64), nullable=True),
        sa.Column("principles", sa.Text(), nullable=True),
        sa.Column("question_ct", sa.LargeBinary(), nullable=True),
    ):
        op.add_column("micro_clip", column)


def _versions() -> None:
    op.create_table(
        "kept_version",
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("recording", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("thing", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("page", sa.String(length=64), nullable=True),
        sa.Column("state_ct", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["recording"], ["recording.id"], name="fk_kept_version_recording"),
        sa.PrimaryKeyConstraint("ref", name="pk_kept_version"),
        sa.UniqueConstraint("thing", "version", name="uq_kept_version_thing"),
    )
    op.create_index("ix_kept_version_recording", "kept_version", ["recording"], unique=False)


def _items() -> None:
    op.create_table(
        "review_item",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("about", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("whose", sa.String(length=64), nullable=False),
        sa.Column("value_ct", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_review_item"),
        sa.UniqueConstraint("about", "kind", "whose", name="uq_review_item_about"),
    )


def _deeds() -> None:
    op.create_table(
        "deed",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("recording", sa.String(length=32), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=80), nullable=True),
        sa.Column("thing", sa.String(length=160), nullable=True),
        sa.Column("told_ct", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["recording"], ["recording.id"], name="fk_deed_recording"),
        sa.PrimaryKeyConstraint("seq", name="pk_deed"),
        sa.UniqueConstraint("ref", name="uq_deed_ref"),
        sa.UniqueConstraint("recording", "actor", "nonce", name="uq_deed_recording"),
    )
