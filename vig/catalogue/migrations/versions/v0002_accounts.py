"""Accounts: several offices, a passphrase to be changed, the second step, families."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _accounts()
    _passkeys()
    _families()


def _accounts() -> None:
    with op.batch_alter_table("account") as table:
        table.alter_column(
            "role", new_column_name="offices", existing_type=sa.String(length=64), nullable=False
        )
        table.add_column(
            sa.Column("starting", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        table.add_column(sa.Column("subject_blind", sa.LargeBinary(), nullable=True))
        table.add_column(sa.Column("codes_ct", sa.LargeBinary(), nullable=True))
        table.add_column(sa.Column("subject_ct", sa.LargeBinary(), nullable=True))
        table.create_unique_constraint("uq_account_subject_blind", ["subject_blind"])


def _passkeys() -> None:
    op.create_table(
        "account_passkey",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("made_at", sa.String(length=32), nullable=False),
        sa.Column("used_at", sa.String(length=32), nullable=True),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("credential_blind", sa.LargeBinary(), nullable=False),
        sa.Column("name_ct", sa.LargeBinary(), nullable=False),
        sa.Column("credential_ct", sa.LargeBinary(), nullable=False),
        sa.Column("public_ct", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account"], ["account.id"], name="fk_account_passkey_account", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_account_passkey"),
        sa.UniqueConstraint("credential_blind", name="uq_account_passkey_credential_blind"),
    )
    op.create_index("ix_account_passkey_account", "account_passkey", ["account"], unique=False)


def _families() -> None:
    op.create_table(
        "account_family",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("family", sa.String(length=32), nullable=False),
        sa.Column("office", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.String(length=32), nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account"], ["account.id"], name="fk_account_family_account", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["family"], ["family.id"], name="fk_account_family_family", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_account_family"),
        sa.UniqueConstraint("account", "family", "office", name="uq_account_family_account"),
    )
    op.create_index("ix_account_family_account", "account_family", ["account"], unique=False)
    op.create_index("ix_account_family_family", "account_family", ["family"], unique=False)
