"""The tables, as typed rows. Only this room sees them; everybody else sees domain values.

What lies in clear: random ids, times within a film, dates, states, codes, roles and figures. What
a person typed or is called is sealed (``Sealed``; the column ends in ``_ct``), except the
pseudonym, which is made to be shown. Times of day are UTC texts with a fixed width, so that they
sort and are the same in both databases.
"""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, object_session

from vig.catalogue.sealed import FieldCipher, Sealed
from vig.errors import Tampered

Id = sa.String(32)
Code = sa.String(64)


def new_id() -> str:
    """A fresh random id: 32 hexadecimal digits."""
    return uuid.uuid4().hex


class Row(DeclarativeBase):
    """A row that belongs to a session from its first moment, since that holds the cipher."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )

    def __init__(self, session: Session, **values: Any) -> None:
        session.add(self)
        # Sealed values are bound to the row's id, so plain columns come first.
        for name in sorted(values, key=lambda n: isinstance(getattr(type(self), n), Sealed)):
            setattr(self, name, values[name])

    @property
    def cipher(self) -> FieldCipher:
        session = object_session(self)
        if session is None:
            raise RuntimeError("a row was read after its transaction")
        cipher: FieldCipher = session.info["cipher"]
        return cipher

    @property
    def row_id(self) -> str:
        """What sealed values of this row are bound to."""
        row_id: str = self.id  # type: ignore[attr-defined]
        return row_id


class FamilyRow(Row):
    """A family: a pseudonym to be shown, everything else that was said of it sealed."""

    __tablename__ = "family"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    pseudonym: Mapped[str] = mapped_column(sa.String(80))
    folded: Mapped[str] = mapped_column(sa.String(160), unique=True)
    """The pseudonym without case, so that F-014 and f-014 are one."""
    age_weeks: Mapped[int | None]
    made_at: Mapped[str] = mapped_column(sa.String(32))
    version: Mapped[int] = mapped_column(default=1)
    carer_word_ct: Mapped[bytes | None]
    notes_ct: Mapped[bytes | None]
    names_ct: Mapped[bytes | None]
    carer_word = Sealed[str | None]()
    notes = Sealed[str | None]()
    names = Sealed[dict[str, str] | None]()


class ConsentRow(Row):
    """Appended only: triggers refuse every change, and removal while the family exists."""

    __tablename__ = "consent_ruling"
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    ref: Mapped[str] = mapped_column(Id, unique=True)
    """What the sealed field is bound to; ``seq`` is not known before the row is there."""
    family: Mapped[str] = mapped_column(Id, ForeignKey("family.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str] = mapped_column(Code)
    allowed: Mapped[bool]
    at: Mapped[str] = mapped_column(sa.String(32))
    vouched_by: Mapped[str] = mapped_column(Code)
    form: Mapped[str | None] = mapped_column(Code)
    agreed_on: Mapped[date | None]
    until: Mapped[date | None]
    filmed_from: Mapped[date | None]
    filmed_to: Mapped[date | None]
    agreed_by_ct: Mapped[bytes | None]
    agreed_by = Sealed[str | None]()

    @property
    def row_id(self) -> str:
        return self.ref


class RecordingRow(Row):
    """A film: what its frames say in clear, what its file was called sealed."""

    __tablename__ = "recording"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    family: Mapped[str] = mapped_column(Id, ForeignKey("family.id"), index=True)
    state: Mapped[str] = mapped_column(Code)
    footage: Mapped[str] = mapped_column(sa.Text)
    filmed_on: Mapped[date | None]
    added_at: Mapped[str] = mapped_column(sa.String(32))
    original_left: Mapped[bool]
    footprint: Mapped[bytes | None] = mapped_column(unique=True)
    """Keyed digest of the film's SHA-256: finds a film added twice, tells nothing outside."""
    plan_version: Mapped[int] = mapped_column(default=1)
    original_name_ct: Mapped[bytes | None]
    original_name = Sealed[str | None]()


class ObjectTableRow(Row):
    """One sealed object of a film, and the only copy of its wrapped data key."""

    __tablename__ = "sealed_object"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    recording: Mapped[str] = mapped_column(Id, ForeignKey("recording.id"), index=True)
    kind: Mapped[str] = mapped_column(Code)
    wrapped: Mapped[bytes | None]
    """The wrapped data key; None once it was destroyed."""
    key_version: Mapped[int]
    size: Mapped[int] = mapped_column(sa.BigInteger)
    state: Mapped[str] = mapped_column(Code)
    made_at: Mapped[str] = mapped_column(sa.String(32))
    sha256_ct: Mapped[bytes | None]
    sha256 = Sealed[str | None]()


class AnalysisRow(Row):
    __tablename__ = "analysis"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    recording: Mapped[str] = mapped_column(Id, ForeignKey("recording.id"), index=True)
    made_at: Mapped[str] = mapped_column(sa.String(32))
    software: Mapped[str] = mapped_column(Code)
    models: Mapped[str] = mapped_column(sa.Text)
    settings_hash: Mapped[str] = mapped_column(Code)
    state: Mapped[str] = mapped_column(Code)
    observations: Mapped[str | None] = mapped_column(Id)
    """The sealed object with what was seen and heard."""


class MomentRow(Row):
    """A proposal of one analysis; ``rank`` is all that is kept of its order."""

    __tablename__ = "moment"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    analysis: Mapped[str] = mapped_column(
        Id, ForeignKey("analysis.id", ondelete="CASCADE"), index=True
    )
    rank: Mapped[int]
    starts: Mapped[int] = mapped_column(sa.BigInteger)
    ends: Mapped[int] = mapped_column(sa.BigInteger)
    principle: Mapped[str] = mapped_column(Code)
    parts: Mapped[str] = mapped_column(sa.Text)
    coverage: Mapped[float]
    reason_ct: Mapped[bytes]
    evidence_ct: Mapped[bytes]
    reason = Sealed[str]()
    evidence = Sealed[list[list[Any]]]()


class ClipRow(Row):
    """What a person chose."""

    __tablename__ = "micro_clip"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    recording: Mapped[str] = mapped_column(Id, ForeignKey("recording.id"), index=True)
    starts: Mapped[int] = mapped_column(sa.BigInteger)
    ends: Mapped[int] = mapped_column(sa.BigInteger)
    chosen_by: Mapped[str] = mapped_column(Code)
    chosen_at: Mapped[str] = mapped_column(sa.String(32))
    proposed_by: Mapped[str | None] = mapped_column(Id)
    """A moment's id, kept even when a later analysis replaced that moment."""
    play: Mapped[str] = mapped_column(Code)
    play_at: Mapped[int | None] = mapped_column(sa.BigInteger)
    initiated_by: Mapped[str | None] = mapped_column(Code)
    received_by: Mapped[str | None] = mapped_column(Code)
    principles: Mapped[str | None] = mapped_column(sa.Text)
    """A JSON list of codes; what a service's own codes mean is sealed in its vocabulary."""
    position: Mapped[int | None]
    """Place in the review plan; None for a clip left out of it."""
    version: Mapped[int] = mapped_column(default=1)
    title_ct: Mapped[bytes]
    note_ct: Mapped[bytes]
    question_ct: Mapped[bytes | None]
    title = Sealed[str]()
    note = Sealed[str]()
    question = Sealed[str | None]()


class AnnotationRow(Row):
    __tablename__ = "annotation"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    recording: Mapped[str] = mapped_column(Id, ForeignKey("recording.id"), index=True)
    starts: Mapped[int] = mapped_column(sa.BigInteger)
    ends: Mapped[int] = mapped_column(sa.BigInteger)
    by: Mapped[str] = mapped_column(Code)
    at: Mapped[str] = mapped_column(sa.String(32))
    version: Mapped[int] = mapped_column(default=1)
    words_ct: Mapped[bytes]
    words = Sealed[str]()


class AccountRow(Row):
    """Somebody who may sign in, found by a blind index of the name."""

    __tablename__ = "account"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    offices: Mapped[str] = mapped_column(Code)
    """Codes, sorted, with commas between."""
    slot: Mapped[str | None] = mapped_column(Code)
    """The key slot that this account's passphrase opens; None on a server."""
    disabled: Mapped[bool]
    starting: Mapped[bool] = mapped_column(default=False)
    """Whether the passphrase was given by somebody else and must be changed first."""
    made_at: Mapped[str] = mapped_column(sa.String(32))
    version: Mapped[int] = mapped_column(default=1)
    name_blind: Mapped[bytes] = mapped_column(unique=True)
    subject_blind: Mapped[bytes | None] = mapped_column(unique=True)
    """Of what an outside sign-in service calls this person."""
    name_ct: Mapped[bytes]
    password_hash_ct: Mapped[bytes | None]
    codes_ct: Mapped[bytes | None]
    subject_ct: Mapped[bytes | None]
    name = Sealed[str]()
    password_hash = Sealed[str | None]()
    codes = Sealed[dict[str, Any] | None]()
    """The second step by codes: ``secret``, the last ``step`` taken, digests of ``spare`` ones."""
    subject = Sealed[str | None]()


class PasskeyRow(Row):
    """One device that an account's second step may be made with."""

    __tablename__ = "account_passkey"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    account: Mapped[str] = mapped_column(
        Id, ForeignKey("account.id", ondelete="CASCADE"), index=True
    )
    made_at: Mapped[str] = mapped_column(sa.String(32))
    used_at: Mapped[str | None] = mapped_column(sa.String(32))
    count: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    """The device's own count of uses; it never falls, unless somebody copied the key."""
    credential_blind: Mapped[bytes] = mapped_column(unique=True)
    name_ct: Mapped[bytes]
    credential_ct: Mapped[bytes]
    public_ct: Mapped[bytes]
    name = Sealed[str]()
    credential = Sealed[str]()
    public = Sealed[str]()


class AssignmentRow(Row):
    """A family trusted to an account; taken away by deleting, which the audit log keeps."""

    __tablename__ = "account_family"
    __table_args__ = (sa.UniqueConstraint("account", "family", "office"),)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    account: Mapped[str] = mapped_column(
        Id, ForeignKey("account.id", ondelete="CASCADE"), index=True
    )
    family: Mapped[str] = mapped_column(Id, ForeignKey("family.id", ondelete="CASCADE"), index=True)
    office: Mapped[str] = mapped_column(Code)
    made_at: Mapped[str] = mapped_column(sa.String(32))
    made_by: Mapped[str] = mapped_column(Code)
    until: Mapped[date | None]


class SettingRow(Row):
    __tablename__ = "setting"
    key: Mapped[str] = mapped_column(Code, primary_key=True)
    value_ct: Mapped[bytes]
    value = Sealed[Any]()

    @property
    def row_id(self) -> str:
        return self.key


class AuditTableRow(Row):
    """Appended only, like consent; the chain in ``audit.py`` shows what triggers cannot stop."""

    __tablename__ = "audit"
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body: Mapped[str] = mapped_column(sa.Text)
    mac: Mapped[bytes]


class AuditHeadRow(Row):
    """The newest link once more, under its own key: a cut-off end is missed."""

    __tablename__ = "audit_head"
    one: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int]
    mac: Mapped[bytes]
    tag: Mapped[bytes]


class CheckpointRow(Row):
    __tablename__ = "audit_checkpoint"
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    head: Mapped[bytes]
    at: Mapped[str] = mapped_column(sa.String(32))
    signature: Mapped[bytes]


class ReceiptRow(Row):
    """All that is left of an erased recording."""

    __tablename__ = "erasure_receipt"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    on: Mapped[date]


def unopened(session: Session) -> list[str]:
    """What is wrong with sealed values: one sentence for each that does not open where it is."""
    found = []
    for kind in (mapper.class_ for mapper in Row.registry.mappers):
        sealed = [name for name, value in vars(kind).items() if isinstance(value, Sealed)]
        for row in session.scalars(sa.select(kind)).yield_per(500) if sealed else ():
            for name in sealed:
                try:
                    getattr(row, name)
                except Tampered:
                    found.append(f"a value in {kind.__tablename__}.{name} does not open")
    return found
