"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# What is only ever appended. A ruling may go when its family has gone.
_KEPT_BY_SQLITE = (
    """CREATE TRIGGER consent_ruling_kept BEFORE UPDATE ON consent_ruling
    BEGIN SELECT RAISE(ABORT, 'rulings are appended, never edited'); END""",
    """CREATE TRIGGER consent_ruling_stays BEFORE DELETE ON consent_ruling
    WHEN EXISTS (SELECT 1 FROM family WHERE id = OLD.family)
    BEGIN SELECT RAISE(ABORT, 'rulings are appended, never removed'); END""",
    """CREATE TRIGGER audit_kept BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is appended, never edited'); END""",
    """CREATE TRIGGER audit_stays BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is appended, never removed'); END""",
)
_KEPT_BY_POSTGRES = (
    """CREATE FUNCTION vig_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '% is appended, never changed', TG_TABLE_NAME; END $$""",
    """CREATE FUNCTION vig_refuse_while_family() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF EXISTS (SELECT 1 FROM family WHERE id = OLD.family) THEN
        RAISE EXCEPTION '% is appended, never removed', TG_TABLE_NAME;
      END IF;
      RETURN OLD;
    END $$""",
    """CREATE TRIGGER consent_ruling_kept BEFORE UPDATE ON consent_ruling
    FOR EACH ROW EXECUTE FUNCTION vig_refuse()""",
    """CREATE TRIGGER consent_ruling_stays BEFORE DELETE ON consent_ruling
    FOR EACH ROW EXECUTE FUNCTION vig_refuse_while_family()""",
    """CREATE TRIGGER audit_kept BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION vig_refuse()""",
    """CREATE TRIGGER consent_ruling_whole BEFORE TRUNCATE ON consent_ruling
    FOR EACH STATEMENT EXECUTE FUNCTION vig_refuse()""",
    """CREATE TRIGGER audit_whole BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION vig_refuse()""",
)


def upgrade() -> None:
    _families()
    _recordings()
    _findings()
    _reviews()
    _house()
    _records()
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _KEPT_BY_SQLITE if sqlite else _KEPT_BY_POSTGRES:
        op.execute(statement)


def _families() -> None:
    op.create_table(
        "family",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("pseudonym", sa.String(length=80), nullable=False),
        sa.Column("folded", sa.String(length=160), nullable=False),
        sa.Column("age_weeks", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("carer_word_ct", sa.LargeBinary(), nullable=True),
        sa.Column("notes_ct", sa.LargeBinary(), nullable=True),
        sa.Column("names_ct", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_family"),
        sa.UniqueConstraint("folded", name="uq_family_folded"),
    )
    op.create_table(
        "consent_ruling",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("agreed_by_ct", sa.LargeBinary(), nullable=True),
        sa.Column("family", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=64), nullable=False),
        sa.Column("allowed", sa.Boolean(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("vouched_by", sa.String(length=64), nullable=False),
        sa.Column("form", sa.String(length=64), nullable=True),
        sa.Column("agreed_on", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("filmed_from", sa.Date(), nullable=True),
        sa.Column("filmed_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["family"], ["family.id"], name="fk_consent_ruling_family", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("seq", name="pk_consent_ruling"),
        sa.UniqueConstraint("ref", name="uq_consent_ruling_ref"),
    )
    op.create_index("ix_consent_ruling_family", "consent_ruling", ["family"], unique=False)


def _recordings() -> None:
    op.create_table(
        "recording",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("family", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("footage", sa.Text(), nullable=False),
        sa.Column("filmed_on", sa.Date(), nullable=True),
        sa.Column("added_at", sa.String(length=32), nullable=False),
        sa.Column("original_left", sa.Boolean(), nullable=False),
        sa.Column("footprint", sa.LargeBinary(), nullable=True),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("original_name_ct", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["family"], ["family.id"], name="fk_recording_family"),
        sa.PrimaryKeyConstraint("id", name="pk_recording"),
        sa.UniqueConstraint("footprint", name="uq_recording_footprint"),
    )
    op.create_index("ix_recording_family", "recording", ["family"], unique=False)
    op.create_table(
        "sealed_object",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("recording", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.String(length=32), nullable=False),
        sa.Column("sha256_ct", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["recording"], ["recording.id"], name="fk_sealed_object_recording"),
        sa.PrimaryKeyConstraint("id", name="pk_sealed_object"),
    )
    op.create_index("ix_sealed_object_recording", "sealed_object", ["recording"], unique=False)


def _findings() -> None:
    op.create_table(
        "analysis",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("recording", sa.String(length=32), nullable=False),
        sa.Column("made_at", sa.String(length=32), nullable=False),
        sa.Column("software", sa.String(length=64), nullable=False),
        sa.Column("models", sa.Text(), nullable=False),
        sa.Column("settings_hash", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("observations", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["recording"], ["recording.id"], name="fk_analysis_recording"),
        sa.PrimaryKeyConstraint("id", name="pk_analysis"),
    )
    op.create_index("ix_analysis_recording", "analysis", ["recording"], unique=False)
    op.create_table(
        "moment",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("analysis", sa.String(length=32), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("principle", sa.String(length=64), nullable=False),
        sa.Column("parts", sa.Text(), nullable=False),
        sa.Column("coverage", sa.Double(), nullable=False),
        sa.Column("reason_ct", sa.LargeBinary(), nullable=False),
        sa.Column("evidence_ct", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["analysis"], ["analysis.id"], name="fk_moment_analysis", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_moment"),
    )
    op.create_index("ix_moment_analysis", "moment", ["analysis"], unique=False)


def _reviews() -> None:
    op.create_table(
        "micro_clip",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("recording", sa.String(length=32), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("chosen_by", sa.String(length=64), nullable=False),
        sa.Column("chosen_at", sa.String(length=32), nullable=False),
        sa.Column("proposed_by", sa.String(length=32), nullable=True),
        sa.Column("play", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title_ct", sa.LargeBinary(), nullable=False),
        sa.Column("note_ct", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["recording"], ["recording.id"], name="fk_micro_clip_recording"),
        sa.PrimaryKeyConstraint("id", name="pk_micro_clip"),
    )
    op.create_index("ix_micro_clip_recording", "micro_clip", ["recording"], unique=False)
    op.create_table(
        "annotation",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("recording", sa.String(length=32), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("words_ct", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["recording"], ["recording.id"], name="fk_annotation_recording"),
        sa.PrimaryKeyConstraint("id", name="pk_annotation"),
    )
    op.create_index("ix_annotation_recording", "annotation", ["recording"], unique=False)


def _house() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("slot", sa.String(length=64), nullable=True),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name_blind", sa.LargeBinary(), nullable=False),
        sa.Column("name_ct", sa.LargeBinary(), nullable=False),
        sa.Column("password_hash_ct", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint("name_blind", name="uq_account_name_blind"),
    )
    op.create_table(
        "setting",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value_ct", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_setting"),
    )


def _records() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit"),
    )
    op.create_table(
        "audit_head",
        sa.Column("one", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("one", name="pk_audit_head"),
    )
    op.create_table(
        "audit_checkpoint",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit_checkpoint"),
    )
    op.create_table(
        "erasure_receipt",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_erasure_receipt"),
    )
