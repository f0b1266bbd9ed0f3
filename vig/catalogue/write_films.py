"""Writes about families, what they agreed to, their films, and the sealed objects of a film."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from vig.catalogue import mapping, rows, rows_review
from vig.catalogue.sealed import folded
from vig.catalogue.values import ObjectRow
from vig.catalogue.writing import LONGEST_TEXT, Writing, checked_code, checked_id, checked_text
from vig.domain.family import ConsentRuling, Family
from vig.domain.recording import Footage, Recording, RecordingState
from vig.errors import AlreadyHere, BadValue, Conflict

REVIEW = (
    rows.ClipRow,
    rows.AnnotationRow,
    rows_review.KeptVersionRow,
    rows_review.DeedRow,
    rows.AnalysisRow,
)
"""What hangs on a film and is gone with its keys."""


MASTER = "vault.master"
"""The setting with the version of the master key that wraps; none before the first rotation."""


class FilmWrites(Writing):
    """Families, rulings, recordings and objects."""

    # --- families and what they agreed to

    def add_family(
        self,
        pseudonym: str,
        age_weeks: int | None = None,
        carer_word: str | None = None,
        notes: str | None = None,
    ) -> Family:
        """A family under a pseudonym that no other one has, whatever its case."""
        shown = " ".join(pseudonym.split())
        if not 0 < len(shown) <= 40 or not shown.isprintable() or len(folded(shown)) > 160:
            raise BadValue(what="A pseudonym has one to 40 characters.")
        if age_weeks is not None and not 0 <= age_weeks <= 1000:
            raise BadValue(what="An age is given in weeks.")
        taken = sa.select(rows.FamilyRow.id).where(rows.FamilyRow.folded == folded(shown))
        if self._session.scalar(taken) is not None:
            raise BadValue(what="Another family has this pseudonym.")
        row = rows.FamilyRow(
            self._session,
            id=rows.new_id(),
            pseudonym=shown,
            folded=folded(shown),
            age_weeks=age_weeks,
            made_at=mapping.stamp(self.now),
            carer_word=_maybe(carer_word, 40),
            notes=_maybe(notes),
        )
        self._flush("family.folded", BadValue(what="Another family has this pseudonym."))
        self._touched(row.id)
        return mapping.family(row)

    def change_family(
        self,
        family_id: str,
        *,
        age_weeks: int | None = None,
        carer_word: str | None = None,
        notes: str | None = None,
        names: dict[str, str] | None = None,
    ) -> Family:
        """Set what is given; None leaves a thing as it is. ``names`` are kept by role or word."""
        row = self._get(rows.FamilyRow, family_id, "family")
        if age_weeks is not None:
            row.age_weeks = age_weeks
        if carer_word is not None:
            row.carer_word = _maybe(carer_word, 40)
        if notes is not None:
            row.notes = _maybe(notes)
        if names is not None:
            row.names = {checked_text(who, 80): checked_text(n, 200) for who, n in names.items()}
        row.version += 1
        self._touched(family_id)
        self._session.flush()
        return mapping.family(row)

    def drop_family(self, family_id: str) -> None:
        """Forget a family and its rulings. BadValue while it still has recordings."""
        row = self._get(rows.FamilyRow, family_id, "family")
        owns = sa.select(rows.RecordingRow.id).where(rows.RecordingRow.family == family_id)
        if self._session.scalar(owns.limit(1)) is not None:
            raise BadValue(what="Erase this family's films first.")
        self._touched(family_id)
        self._session.execute(
            sa.delete(rows_review.ItemRow).where(rows_review.ItemRow.about == family_id)
        )
        self._session.delete(row)
        self._session.flush()

    def rule(self, family_id: str, ruling: ConsentRuling) -> ConsentRuling:
        """Append what a family said.

        ``at`` is set here, never earlier than the ruling before it, so that a clock put back
        cannot bring a withdrawn permission to life; ``vouched_by`` is who acts.
        """
        self._get(rows.FamilyRow, family_id, "family")
        newest = self._session.scalar(
            sa.select(sa.func.max(rows.ConsentRow.at)).where(rows.ConsentRow.family == family_id)
        )
        row = rows.ConsentRow(
            self._session,
            ref=rows.new_id(),
            agreed_by=_maybe(ruling.agreed_by, 80),
            family=family_id,
            purpose=ruling.purpose.value,
            allowed=ruling.allowed,
            at=max(mapping.stamp(self.now), newest or ""),
            vouched_by=self._entry.actor,
            form=None if ruling.form is None else checked_code(ruling.form),
            agreed_on=ruling.agreed_on,
            until=ruling.until,
            filmed_from=ruling.filmed_from,
            filmed_to=ruling.filmed_to,
        )
        self._session.flush()
        self._touched(family_id)
        return mapping.ruling(row)

    # --- recordings and their sealed objects

    def begin_recording(
        self,
        family_id: str,
        footage: Footage,
        *,
        filmed_on: date | None = None,
        original_name: str | None = None,
        original_left: bool = True,
        recording_id: str | None = None,
    ) -> Recording:
        """A recording on its way in; it is nobody's film until :meth:`finish_recording`."""
        self._get(rows.FamilyRow, family_id, "family")
        row = rows.RecordingRow(
            self._session,
            id=checked_id(recording_id),
            family=family_id,
            state=RecordingState.IMPORTING.value,
            footage=mapping.footage_to_json(footage),
            filmed_on=filmed_on,
            added_at=mapping.stamp(self.now),
            original_left=original_left,
            original_name=_maybe(original_name, 1024),
        )
        self._session.flush()
        self._touched(row.id)
        return mapping.recording(row)

    def finish_recording(
        self, recording_id: str, *, sha256: bytes, footage: Footage | None = None
    ) -> Recording:
        """The film is whole and durable. AlreadyHere where the vault has one with this SHA-256.

        ``sha256`` is the digest of the original's bytes (32); only a keyed digest is kept.
        ``footage`` replaces what was known before, once every frame was decoded.
        """
        row = self._get(rows.RecordingRow, recording_id, "recording")
        if row.state != RecordingState.IMPORTING.value:
            raise Conflict
        if len(sha256) != 32:
            raise ValueError("a SHA-256 has 32 bytes")
        row.footprint = row.cipher.blind("recording", "footprint", sha256)
        row.state = RecordingState.READY.value
        if footage is not None:
            row.footage = mapping.footage_to_json(footage)
        self._touched(recording_id)
        self._flush("recording.footprint", AlreadyHere())
        return mapping.recording(row)

    def undo_recording(self, recording_id: str) -> tuple[ObjectRow, ...]:
        """Forget a recording that never came in whole; gives its objects as they were.

        Conflict where it is ready: what is somebody's film is erased, not undone.
        """
        row = self._get(rows.RecordingRow, recording_id, "recording")
        if row.state != RecordingState.IMPORTING.value:
            raise Conflict
        objects = self._objects(recording_id)
        self._touched(recording_id)
        self._drop_all_of(row)
        return objects

    def change_recording(
        self,
        recording_id: str,
        *,
        footage: Footage | None = None,
        filmed_on: date | None = None,
        original_left: bool | None = None,
    ) -> Recording:
        """Set what is given; None leaves a thing as it is."""
        row = self._film(recording_id)
        if footage is not None:
            row.footage = mapping.footage_to_json(footage)
        if filmed_on is not None:
            row.filmed_on = filmed_on
        if original_left is not None:
            row.original_left = original_left
        self._touched(recording_id)
        self._session.flush()
        return mapping.recording(row)

    def put_object(self, given: ObjectRow) -> ObjectRow:
        """Keep a sealed object's row, new or changed; its recording, kind and key never change.

        Conflict where the film is being erased (a job that is late cannot bring a key back), and
        where a new key is wrapped with a master key that has been replaced.
        """
        self._film(given.recording)
        row = self._session.get(rows.ObjectTableRow, given.id)
        if row is None:
            self.check_master(given.key_version)
            row = rows.ObjectTableRow(
                self._session,
                id=checked_id(given.id),
                recording=given.recording,
                kind=checked_code(given.kind),
                made_at=mapping.stamp(self.now),
                wrapped=given.wrapped,
                key_version=given.key_version,
            )
        elif (row.recording, row.kind) != (given.recording, given.kind):
            raise Conflict
        # The key stays as it is in the row: it may have been wrapped anew since ``given`` was read.
        row.size = given.size
        row.sha256 = given.sha256
        row.state = given.state.value
        self._touched(given.recording)
        self._session.flush()
        return mapping.sealed_object(row)

    def check_master(self, version: int) -> None:
        """Conflict where this version of the master key has been replaced by a newer one."""
        row = self._session.get(rows.SettingRow, MASTER)
        if row is not None and version < row.value:
            raise Conflict

    def drop_object(self, object_id: str) -> None:
        """Forget one object and its key; deleting the ciphertext is the caller's."""
        row = self._get(rows.ObjectTableRow, object_id, "object")
        self._touched(row.recording)
        self._session.delete(row)
        self._session.flush()

    def _objects(self, recording_id: str) -> tuple[ObjectRow, ...]:
        asked = (
            sa.select(rows.ObjectTableRow)
            .where(rows.ObjectTableRow.recording == recording_id)
            .order_by(rows.ObjectTableRow.made_at, rows.ObjectTableRow.id)
        )
        return tuple(mapping.sealed_object(row) for row in self._session.scalars(asked))

    def _drop_all_of(self, row: rows.RecordingRow) -> None:
        """Remove a recording's row and every row that hangs on it."""
        self._drop_review_of(row.id)
        self._session.execute(
            sa.delete(rows.ObjectTableRow).where(rows.ObjectTableRow.recording == row.id)
        )
        self._session.delete(row)
        self._session.flush()

    def _drop_review_of(self, recording_id: str) -> None:
        """Remove what was found in a film, what people made of it, and how it came to be so."""
        self._session.flush()  # versions go only once the film is seen to be going
        for kind in REVIEW:
            self._session.execute(sa.delete(kind).where(kind.recording == recording_id))
        self._session.execute(
            sa.delete(rows_review.ItemRow).where(rows_review.ItemRow.about == recording_id)
        )


def _maybe(given: str | None, longest: int = LONGEST_TEXT) -> str | None:
    return None if given is None else checked_text(given, longest)
