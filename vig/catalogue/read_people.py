"""Reads about accounts: who may sign in, with what, and which families they are trusted with."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from vig.catalogue import mapping, rows
from vig.catalogue.reads import Reads, one
from vig.catalogue.values import Account, Passkey
from vig.domain.account import Assignment


class PeopleReads(Reads):
    """Accounts, passkeys and assignments."""

    def accounts(self) -> tuple[Account, ...]:
        """Everybody, oldest account first."""
        asked = sa.select(rows.AccountRow).order_by(rows.AccountRow.made_at, rows.AccountRow.id)
        with self._reading() as session:
            return tuple(mapping.account(row) for row in session.scalars(asked))

    def account(self, account_id: str) -> Account:
        with self._reading() as session:
            return mapping.account(one(session, rows.AccountRow, account_id, "account"))

    def account_called(self, name: str) -> Account | None:
        """The account with this name, whatever its case; None where there is none."""
        blind = self._cipher.blind("account", "name", " ".join(name.split()))
        return self._account_where(rows.AccountRow.name_blind == blind)

    def account_of_subject(self, subject: str) -> Account | None:
        """The account that an outside sign-in service calls so; None where there is none."""
        blind = self._cipher.blind("account", "subject", subject.encode())
        return self._account_where(rows.AccountRow.subject_blind == blind)

    def _account_where(self, clause: sa.ColumnElement[bool]) -> Account | None:
        with self._reading() as session:
            row = session.scalar(sa.select(rows.AccountRow).where(clause))
            return mapping.account(row) if row else None

    def password_hash(self, account_id: str) -> str | None:
        with self._reading() as session:
            return one(session, rows.AccountRow, account_id, "account").password_hash

    def codes_of(self, account_id: str) -> dict[str, Any] | None:
        """What an account's second step by codes is checked with; None where none was set up."""
        with self._reading() as session:
            return one(session, rows.AccountRow, account_id, "account").codes

    def passkeys(self, account_id: str) -> tuple[Passkey, ...]:
        """An account's devices, oldest first."""
        asked = (
            sa.select(rows.PasskeyRow)
            .where(rows.PasskeyRow.account == account_id)
            .order_by(rows.PasskeyRow.made_at, rows.PasskeyRow.id)
        )
        with self._reading() as session:
            return tuple(mapping.passkey(row) for row in session.scalars(asked))

    def assignments(
        self, *, account: str | None = None, family: str | None = None
    ) -> tuple[Assignment, ...]:
        """Which family is trusted to whom, oldest first; those that ran out are among them."""
        asked = sa.select(rows.AssignmentRow).order_by(
            rows.AssignmentRow.made_at, rows.AssignmentRow.id
        )
        if account is not None:
            asked = asked.where(rows.AssignmentRow.account == account)
        if family is not None:
            asked = asked.where(rows.AssignmentRow.family == family)
        with self._reading() as session:
            return tuple(mapping.assignment(row) for row in session.scalars(asked))
