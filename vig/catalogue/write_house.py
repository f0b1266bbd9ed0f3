"""Writes about the house itself: erasure, keys and settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from vig.catalogue import mapping, rows
from vig.catalogue.values import ObjectRow, ObjectState, Receipt
from vig.catalogue.write_films import MASTER, FilmWrites
from vig.catalogue.writing import checked_code
from vig.domain.recording import RecordingState
from vig.errors import Conflict


class HouseWrites(FilmWrites):
    """Erasure, rotation and settings."""

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
        self._drop_review_of(recording_id)
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

    def rewrap_keys(self, rewrap: Callable[[bytes, ObjectRow], bytes], version: int) -> int:
        """Wrap every data key anew: ``rewrap(wrapped, whose) -> wrapped``; gives how many.

        All of them or, where one fails, none. Sealed media is not touched.
        """
        kept = self._session.scalars(
            sa.select(rows.ObjectTableRow).where(rows.ObjectTableRow.wrapped.is_not(None))
        ).all()
        changes = [
            {
                "id": row.id,
                "wrapped": rewrap(bytes(row.wrapped or b""), mapping.sealed_object(row)),
                "key_version": version,
            }
            for row in kept
        ]
        if changes:
            self._session.execute(sa.update(rows.ObjectTableRow), changes)
        self.set(MASTER, version)
        self._touched("vault")
        return len(changes)

    # --- settings

    def setting(self, key: str) -> Any:
        """A setting as it is within this act; None where it was not kept."""
        row = self._session.get(rows.SettingRow, checked_code(key))
        return None if row is None else row.value

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
