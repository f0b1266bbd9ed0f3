"""Writes about accounts: who may sign in, with what, and which families they are trusted with."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

import sqlalchemy as sa

from vig.catalogue import mapping, rows
from vig.catalogue.values import Account, Passkey
from vig.catalogue.writing import Writing, checked_code, checked_id
from vig.domain.account import WITH_FAMILIES, Assignment, Office
from vig.errors import BadValue, Conflict

LONGEST_NAME = 80


class PeopleWrites(Writing):
    """Accounts, passkeys and assignments."""

    def add_account(
        self,
        name: str,
        offices: Collection[Office],
        *,
        password_hash: str | None = None,
        slot: str | None = None,
        starting: bool = False,
        account_id: str | None = None,
    ) -> Account:
        """Somebody who may sign in. BadValue where the name is taken, whatever its case."""
        new_id, shown = checked_id(account_id), _checked_name(name)
        row = rows.AccountRow(
            self._session,
            id=new_id,
            offices=_checked_offices(offices),
            slot=None if slot is None else checked_code(slot),
            disabled=False,
            starting=starting,
            made_at=mapping.stamp(self.now),
            version=1,
            name_blind=self._session.info["cipher"].blind("account", "name", shown),
            name=shown,
            password_hash=password_hash,
        )
        self._flush("account.name_blind", BadValue(what="Somebody else signs in by this name."))
        self._touched(new_id)
        return mapping.account(row)

    def change_account(
        self,
        account_id: str,
        *,
        version: int,
        name: str | None = None,
        offices: Collection[Office] | None = None,
        slot: str | None = None,
        password_hash: str | None = None,
        disabled: bool | None = None,
        starting: bool | None = None,
    ) -> Account:
        """Set what is given; None leaves a thing as it is. Conflict for an outdated version."""
        row = self._get(rows.AccountRow, account_id, "account")
        if row.version != version:
            raise Conflict
        if name is not None:
            row.name = shown = _checked_name(name)
            row.name_blind = self._session.info["cipher"].blind("account", "name", shown)
        if offices is not None:
            row.offices = _checked_offices(offices)
        if slot is not None:
            row.slot = checked_code(slot) if slot else None
        if password_hash is not None:
            row.password_hash = password_hash
        if disabled is not None:
            row.disabled = disabled
        if starting is not None:
            row.starting = starting
        row.version += 1
        self._touched(account_id)
        self._flush("account.name_blind", BadValue(what="Somebody else signs in by this name."))
        return mapping.account(row)

    def know_subject(self, account_id: str, subject: str | None) -> Account:
        """Say what an outside sign-in service calls this person; BadValue where it is taken."""
        row = self._get(rows.AccountRow, account_id, "account")
        row.subject = subject
        row.subject_blind = (
            None
            if subject is None
            else self._session.info["cipher"].blind("account", "subject", subject.encode())
        )
        row.version += 1
        self._touched(account_id)
        self._flush("account.subject_blind", BadValue(what="Somebody else is known by that."))
        return mapping.account(row)

    # --- the second step

    def codes_of(self, account_id: str) -> dict[str, Any] | None:
        """What the codes are checked with, which no other writer changes until this act ends."""
        return self._get(rows.AccountRow, account_id, "account").codes

    def set_codes(self, account_id: str, codes: dict[str, Any] | None) -> None:
        """Keep what the codes are checked with, sealed; None takes them away."""
        self._get(rows.AccountRow, account_id, "account").codes = codes
        self._touched(account_id)
        self._session.flush()

    def add_passkey(
        self, account_id: str, name: str, *, credential: bytes, public: bytes
    ) -> Passkey:
        """A device for the second step. BadValue where it is known already."""
        self._get(rows.AccountRow, account_id, "account")
        row = rows.PasskeyRow(
            self._session,
            id=rows.new_id(),
            account=account_id,
            made_at=mapping.stamp(self.now),
            used_at=None,
            count=0,
            credential_blind=self._session.info["cipher"].blind(
                "account_passkey", "credential", credential
            ),
            name=_checked_name(name),
            credential=credential.hex(),
            public=public.hex(),
        )
        self._flush("account_passkey.credential_blind", BadValue(what="This device is known."))
        self._touched(account_id)
        return mapping.passkey(row)

    def used_passkey(self, passkey_id: str, count: int) -> None:
        """Note that a device was used, and its own count of uses."""
        row = self._get(rows.PasskeyRow, passkey_id, "passkey")
        row.count, row.used_at = count, mapping.stamp(self.now)
        self._touched(row.account)
        self._session.flush()

    def drop_passkey(self, passkey_id: str) -> None:
        row = self._get(rows.PasskeyRow, passkey_id, "passkey")
        self._touched(row.account)
        self._session.delete(row)
        self._session.flush()

    # --- families

    def assign(
        self, account_id: str, family_id: str, office: Office, *, until: date | None = None
    ) -> Assignment:
        """Trust a family to an account; where it is already, the new last day holds."""
        if office not in WITH_FAMILIES:
            raise BadValue(what="A family is trusted to a guider, a supervisor or a trainee.")
        self._get(rows.AccountRow, account_id, "account")
        self._get(rows.FamilyRow, family_id, "family")
        row = self._session.scalar(
            sa.select(rows.AssignmentRow).where(
                rows.AssignmentRow.account == account_id,
                rows.AssignmentRow.family == family_id,
                rows.AssignmentRow.office == office.value,
            )
        )
        if row is None:
            row = rows.AssignmentRow(
                self._session,
                id=rows.new_id(),
                account=account_id,
                family=family_id,
                office=office.value,
                made_at=mapping.stamp(self.now),
                made_by=self._entry.actor,
                until=until,
            )
        row.until = until
        self._touched(account_id)
        self._session.flush()
        return mapping.assignment(row)

    def unassign(self, assignment_id: str) -> None:
        """Take a family away from an account."""
        row = self._get(rows.AssignmentRow, assignment_id, "assignment")
        self._touched(row.account)
        self._session.delete(row)
        self._session.flush()


def _checked_name(given: str) -> str:
    shown = " ".join(given.split())
    if not 0 < len(shown) <= LONGEST_NAME:
        raise BadValue(what="A name has one to 80 characters.")
    return shown


def _checked_offices(offices: Collection[Office]) -> str:
    if not offices:
        raise BadValue(what="An account needs at least one office.")
    return mapping.offices_to_text(offices)
