"""Writes about the house itself: erasure, keys, accounts and settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from vig.catalogue import mapping, rows
from vig.catalogue.values import Account, ObjectRow, ObjectState, Receipt
from vig.catalogue.write_films import FilmWrites
from vig.catalogue.writing import checked_code, checked_id
from vig.domain.recording import RecordingState
from vig.errors import BadValue, Conflict


class HouseWrites(FilmWrites):
    """Erasure, rotation, accounts and settings."""

    # --- erasure: the keys, then (by the caller) the ciphertext, then the rows

    def drop_keys(self, recording_id: str) -> tuple[ObjectRow, ...]:
        """Destroy a film's keys and what was written about it.

        Gives its objects as they were, with the wrapped keys, so that ``Catalogue.purge`` can be
        asked whether their bytes are gone too and the ciphertext can be deleted. From here on
        nobody opens the film. Doing it again does no harm.
        """
        row = self._get(rows.RecordingRow, recording_id, "recording")
        objects = self._objects(recording_id)
        row.state = RecordingState.ERASING.value
        row.footprint = None
        row.original_name = None
        for kind in (rows.ClipRow, rows.AnnotationRow, rows.AnalysisRow):
            self._session.execute(sa.delete(kind).where(kind.recording == recording_id))
        self._session.execute(
            sa.update(rows.ObjectTableRow)
            .where(rows.ObjectTableRow.recording == recording_id)
            .values(wrapped=None, sha256_ct=None, state=ObjectState.DESTROYED.value)
        )
        self._touched(recording_id)
        self._session.flush()
        return objects

    def drop_recording(self, recording_id: str) -> Receipt:
        """Forget a film whose keys are destroyed; leaves its random id and the day.

        Conflict where :meth:`drop_keys` did not come first.
        """
        row = self._get(rows.RecordingRow, recording_id, "recording")
        if row.state != RecordingState.ERASING.value:
            raise Conflict
        self._touched(recording_id)
        self._drop_all_of(row)
        if self._session.get(rows.ReceiptRow, recording_id) is None:
            rows.ReceiptRow(self._session, id=recording_id, on=self.now.date())
            self._session.flush()
        return Receipt(recording_id, self.now.date())

    def rewrap_keys(self, rewrap: Callable[[bytes, bytes], bytes], version: int) -> int:
        """Wrap every data key anew: ``rewrap(wrapped, context) -> wrapped``; gives how many.

        All of them or, where one fails, none. Sealed media is not touched.
        """
        kept = self._session.scalars(
            sa.select(rows.ObjectTableRow).where(rows.ObjectTableRow.wrapped.is_not(None))
        ).all()
        changes = [
            {
                "id": row.id,
                "wrapped": rewrap(bytes(row.wrapped or b""), mapping.sealed_object(row).context),
                "key_version": version,
            }
            for row in kept
        ]
        if changes:
            self._session.execute(sa.update(rows.ObjectTableRow), changes)
        self._touched("vault")
        return len(changes)

    # --- accounts and settings

    def add_account(
        self,
        name: str,
        role: str,
        *,
        password_hash: str | None = None,
        slot: str | None = None,
        account_id: str | None = None,
    ) -> Account:
        """Somebody who may sign in. BadValue where the name is taken, whatever its case."""
        shown = " ".join(name.split())
        if not 0 < len(shown) <= 80:
            raise BadValue(what="A name has one to 80 characters.")
        new_id = checked_id(account_id)
        row = rows.AccountRow(
            self._session,
            id=new_id,
            role=checked_code(role),
            slot=None if slot is None else checked_code(slot),
            disabled=False,
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
        role: str | None = None,
        slot: str | None = None,
        password_hash: str | None = None,
        disabled: bool | None = None,
    ) -> Account:
        """Set what is given; None leaves a thing as it is. Conflict for an outdated version."""
        row = self._get(rows.AccountRow, account_id, "account")
        if row.version != version:
            raise Conflict
        if role is not None:
            row.role = checked_code(role)
        if slot is not None:
            row.slot = checked_code(slot)
        if password_hash is not None:
            row.password_hash = password_hash
        if disabled is not None:
            row.disabled = disabled
        row.version += 1
        self._touched(account_id)
        self._session.flush()
        return mapping.account(row)

    def set(self, key: str, value: Any) -> None:
        """Keep a setting (anything JSON can hold), sealed; None removes it."""
        row = self._session.get(rows.SettingRow, checked_code(key))
        self._touched("settings")
        if value is None:
            if row is not None:
                self._session.delete(row)
        elif row is None:
            rows.SettingRow(self._session, key=key, value=value)
        else:
            row.value = value
        self._session.flush()
