"""What may be asked. Reads never wait for a writer and see one moment of the catalogue each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from vig.catalogue import mapping, rows, rows_review
from vig.catalogue.engine import READ
from vig.catalogue.sealed import FieldCipher, folded
from vig.catalogue.values import (
    Analysis,
    AnalysisState,
    AuditRow,
    Deed,
    KeptVersion,
    ObjectRow,
    Origin,
    Receipt,
)
from vig.catalogue.write_deeds import Way, deed_of, next_step
from vig.domain.family import ConsentRuling, Family, Purpose, permits
from vig.domain.recording import Recording, RecordingState
from vig.domain.review import Annotation, MicroClip, Moment, ReviewPlan
from vig.errors import Unknown, VaultLocked

R = TypeVar("R", bound=rows.Row)


class Reads:
    """Domain values out. A thing that is asked for by its id and is not there raises Unknown."""

    def __init__(self, engine: sa.Engine, cipher: FieldCipher) -> None:
        self._live: tuple[sa.Engine, FieldCipher] | None = engine, cipher

    @property
    def _engine(self) -> sa.Engine:
        if self._live is None:
            raise VaultLocked
        return self._live[0]

    @property
    def _cipher(self) -> FieldCipher:
        if self._live is None:
            raise VaultLocked
        return self._live[1]

    @contextmanager
    def _reading(self) -> Iterator[Session]:
        reader = self._engine.execution_options(**READ)
        with Session(reader, autoflush=False, info={"cipher": self._cipher}) as session:
            yield session

    # --- families and what they agreed to

    def families(self) -> tuple[Family, ...]:
        """All of them, by pseudonym."""
        with self._reading() as session:
            found = session.scalars(sa.select(rows.FamilyRow).order_by(rows.FamilyRow.folded))
            return tuple(mapping.family(row) for row in found)

    def family(self, family_id: str) -> Family:
        with self._reading() as session:
            return mapping.family(one(session, rows.FamilyRow, family_id, "family"))

    def family_called(self, pseudonym: str) -> Family | None:
        """The family with this pseudonym, whatever its case; None where there is none."""
        with self._reading() as session:
            called = folded(" ".join(pseudonym.split()))
            row = session.scalar(sa.select(rows.FamilyRow).where(rows.FamilyRow.folded == called))
            return mapping.family(row) if row else None

    def family_notes(self, family_id: str) -> str | None:
        with self._reading() as session:
            return one(session, rows.FamilyRow, family_id, "family").notes

    def family_names(self, family_id: str) -> dict[str, str]:
        """What people of this family are called, by role or word; empty where nobody said."""
        with self._reading() as session:
            return one(session, rows.FamilyRow, family_id, "family").names or {}

    def rulings(self, family_id: str) -> tuple[ConsentRuling, ...]:
        """Every ruling of a family, oldest first."""
        with self._reading() as session:
            return _rulings(session, family_id)

    def permits(self, recording_id: str, purpose: Purpose, today: date) -> bool:
        """Whether the newest ruling about this purpose and this film's day allows it today."""
        with self._reading() as session:
            film = one(session, rows.RecordingRow, recording_id, "recording")
            return permits(_rulings(session, film.family), purpose, today, film.filmed_on)

    # --- recordings and their sealed objects

    def recordings(
        self, family_id: str | None = None, *, state: RecordingState | None = None
    ) -> tuple[Recording, ...]:
        """Newest first; of one family and in one state where that is said."""
        asked = sa.select(rows.RecordingRow).order_by(
            rows.RecordingRow.added_at.desc(), rows.RecordingRow.id
        )
        if family_id is not None:
            asked = asked.where(rows.RecordingRow.family == family_id)
        if state is not None:
            asked = asked.where(rows.RecordingRow.state == state.value)
        with self._reading() as session:
            return tuple(mapping.recording(row) for row in session.scalars(asked))

    def recording(self, recording_id: str) -> Recording:
        with self._reading() as session:
            return mapping.recording(one(session, rows.RecordingRow, recording_id, "recording"))

    def recording_like(self, sha256: bytes) -> Recording | None:
        """The finished recording whose original has this SHA-256 (32 bytes); None without one."""
        footprint = self._cipher.blind("recording", "footprint", sha256)
        with self._reading() as session:
            row = session.scalar(
                sa.select(rows.RecordingRow).where(rows.RecordingRow.footprint == footprint)
            )
            return mapping.recording(row) if row else None

    def origin(self, recording_id: str) -> Origin:
        with self._reading() as session:
            return mapping.origin(one(session, rows.RecordingRow, recording_id, "recording"))

    def objects(self, recording_id: str, kind: str | None = None) -> tuple[ObjectRow, ...]:
        """The sealed objects of a recording, oldest first; of one kind where that is said."""
        asked = (
            sa.select(rows.ObjectTableRow)
            .where(rows.ObjectTableRow.recording == recording_id)
            .order_by(rows.ObjectTableRow.made_at, rows.ObjectTableRow.id)
        )
        if kind is not None:
            asked = asked.where(rows.ObjectTableRow.kind == kind)
        with self._reading() as session:
            return tuple(mapping.sealed_object(row) for row in session.scalars(asked))

    def object(self, object_id: str) -> ObjectRow:
        with self._reading() as session:
            return mapping.sealed_object(one(session, rows.ObjectTableRow, object_id, "object"))

    def object_ids(self) -> frozenset[str]:
        """The ids of every object that may have ciphertext: what a sweep of the store keeps."""
        with self._reading() as session:
            return frozenset(session.scalars(sa.select(rows.ObjectTableRow.id)))

    # --- what was found, and what a person chose

    def analyses(self, recording_id: str) -> tuple[Analysis, ...]:
        """Every run over a film, newest first."""
        asked = (
            sa.select(rows.AnalysisRow)
            .where(rows.AnalysisRow.recording == recording_id)
            .order_by(rows.AnalysisRow.made_at.desc(), rows.AnalysisRow.id)
        )
        with self._reading() as session:
            return tuple(mapping.analysis(row) for row in session.scalars(asked))

    def latest_analysis(
        self, recording_id: str, state: AnalysisState | None = AnalysisState.DONE
    ) -> Analysis | None:
        """The newest run in this state (None for any); None where there is none."""
        found = (a for a in self.analyses(recording_id) if state is None or a.state is state)
        return next(found, None)

    def moments(self, recording_id: str) -> tuple[Moment, ...]:
        """What the newest finished run proposes, best first."""
        newest = self.latest_analysis(recording_id)
        return self.moments_of(newest.id) if newest else ()

    def moments_of(self, analysis_id: str) -> tuple[Moment, ...]:
        asked = (
            sa.select(rows.MomentRow)
            .where(rows.MomentRow.analysis == analysis_id)
            .order_by(rows.MomentRow.rank)
        )
        with self._reading() as session:
            return tuple(mapping.moment(row) for row in session.scalars(asked))

    def moment(self, moment_id: str) -> Moment:
        with self._reading() as session:
            return mapping.moment(one(session, rows.MomentRow, moment_id, "moment"))

    def clips(self, recording_id: str) -> tuple[MicroClip, ...]:
        """Every micro-clip of a film, in the film's order."""
        asked = (
            sa.select(rows.ClipRow)
            .where(rows.ClipRow.recording == recording_id)
            .order_by(rows.ClipRow.starts, rows.ClipRow.ends, rows.ClipRow.id)
        )
        with self._reading() as session:
            return tuple(mapping.clip(row) for row in session.scalars(asked))

    def clip(self, clip_id: str) -> MicroClip:
        with self._reading() as session:
            return mapping.clip(one(session, rows.ClipRow, clip_id, "micro-clip"))

    def annotations(self, recording_id: str) -> tuple[Annotation, ...]:
        asked = (
            sa.select(rows.AnnotationRow)
            .where(rows.AnnotationRow.recording == recording_id)
            .order_by(rows.AnnotationRow.starts, rows.AnnotationRow.id)
        )
        with self._reading() as session:
            return tuple(mapping.annotation(row) for row in session.scalars(asked))

    def plan(self, recording_id: str) -> ReviewPlan:
        """The micro-clips of the shared review in their order."""
        asked = (
            sa.select(rows.ClipRow)
            .where(rows.ClipRow.recording == recording_id, rows.ClipRow.position.is_not(None))
            .order_by(rows.ClipRow.position)
        )
        with self._reading() as session:
            film = one(session, rows.RecordingRow, recording_id, "recording")
            shown = tuple(mapping.clip(row) for row in session.scalars(asked))
            return ReviewPlan(recording_id, shown, film.plan_version)

    def versions(self, thing_id: str) -> tuple[KeptVersion, ...]:
        """Every version of a micro-clip or remark, oldest first, also once it was taken away."""
        asked = (
            sa.select(rows_review.KeptVersionRow)
            .where(rows_review.KeptVersionRow.thing == thing_id)
            .order_by(rows_review.KeptVersionRow.version)
        )
        with self._reading() as session:
            return tuple(mapping.kept_version(row) for row in session.scalars(asked))

    def history(self, recording_id: str) -> tuple[KeptVersion, ...]:
        """Every version of every micro-clip and remark of a film, oldest first."""
        asked = (
            sa.select(rows_review.KeptVersionRow)
            .where(rows_review.KeptVersionRow.recording == recording_id)
            .order_by(
                rows_review.KeptVersionRow.at,
                rows_review.KeptVersionRow.thing,
                rows_review.KeptVersionRow.version,
            )
        )
        with self._reading() as session:
            return tuple(mapping.kept_version(row) for row in session.scalars(asked))

    def item(self, about: str, kind: str, *, whose: str = "") -> Any:
        """A thing that was set of a film, a family or an account; None where it was not."""
        return self.items(about, kind).get(whose)

    def items(self, about: str, kind: str) -> dict[str, Any]:
        """All things of a kind, by whose they are."""
        asked = sa.select(rows_review.ItemRow).where(
            rows_review.ItemRow.about == about, rows_review.ItemRow.kind == kind
        )
        with self._reading() as session:
            return {row.whose: row.value for row in session.scalars(asked)}

    def next_deed(self, recording_id: str, actor: str, way: Way) -> Deed | None:
        """What this person's next "undo" or "redo" on a film would take; None for nothing."""
        with self._reading() as session:
            row = session.scalar(next_step(recording_id, actor, way))
            return deed_of(row) if row else None

    # --- the house

    def setting(self, key: str, otherwise: Any = None) -> Any:
        with self._reading() as session:
            row = session.get(rows.SettingRow, key)
            return otherwise if row is None else row.value

    def settings(self, prefix: str) -> dict[str, Any]:
        """Every setting whose key starts so."""
        asked = sa.select(rows.SettingRow).where(rows.SettingRow.key.startswith(prefix))
        with self._reading() as session:
            return {row.key: row.value for row in session.scalars(asked)}

    def receipts(self) -> tuple[Receipt, ...]:
        """What was erased and when, by random ids."""
        asked = sa.select(rows.ReceiptRow).order_by(rows.ReceiptRow.on, rows.ReceiptRow.id)
        with self._reading() as session:
            return tuple(Receipt(row.id, row.on) for row in session.scalars(asked))

    def audit_rows(self, *, newest: int | None = None) -> tuple[AuditRow, ...]:
        """Who did what, oldest first; only the ``newest`` so many where that is said."""
        asked = sa.select(rows.AuditTableRow).order_by(rows.AuditTableRow.seq.desc()).limit(newest)
        with self._reading() as session:
            found = [mapping.audit_row(row) for row in session.scalars(asked)]
        return tuple(reversed(found))


def one(session: Session, kind: type[R], row_id: str, word: str) -> R:
    row = session.get(kind, row_id)
    if row is None:
        raise Unknown(kind=word, name=row_id)
    return row


def _rulings(session: Session, family_id: str) -> tuple[ConsentRuling, ...]:
    asked = (
        sa.select(rows.ConsentRow)
        .where(rows.ConsentRow.family == family_id)
        .order_by(rows.ConsentRow.seq)
    )
    return tuple(mapping.ruling(row) for row in session.scalars(asked))
