"""The tables of the review room beside micro-clips and remarks: versions, settings, deeds."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from vig.catalogue.rows import Code, Id, Row
from vig.catalogue.sealed import Sealed


class KeptVersionRow(Row):
    """Every version of a micro-clip or remark. Appended only, until the film is erased."""

    __tablename__ = "kept_version"
    ref: Mapped[str] = mapped_column(Id, primary_key=True)
    recording: Mapped[str] = mapped_column(Id, ForeignKey("recording.id"), index=True)
    kind: Mapped[str] = mapped_column(Code)
    thing: Mapped[str] = mapped_column(Id)
    version: Mapped[int]
    by: Mapped[str] = mapped_column(Code)
    at: Mapped[str] = mapped_column(sa.String(32))
    page: Mapped[str | None] = mapped_column(Code)
    """Which open page it came from; None where none said."""
    state_ct: Mapped[bytes | None]
    """None where this version is that the thing was taken away."""
    state = Sealed[dict[str, Any] | None]()
    __table_args__ = (sa.UniqueConstraint("thing", "version", name="uq_kept_version_thing"),)

    @property
    def row_id(self) -> str:
        return self.ref


class ItemRow(Row):
    """One thing that was set in the review room: a suggestion left, a focus, a cue switched off."""

    __tablename__ = "review_item"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    about: Mapped[str] = mapped_column(Id)
    """A recording, a family or an account."""
    kind: Mapped[str] = mapped_column(Code)
    whose: Mapped[str] = mapped_column(Code)
    """An account, a moment, or nothing."""
    value_ct: Mapped[bytes]
    value = Sealed[Any]()
    __table_args__ = (sa.UniqueConstraint("about", "kind", "whose", name="uq_review_item_about"),)


class DeedRow(Row):
    """One deed of a person on a film, with all that is needed to undo and redo it."""

    __tablename__ = "deed"
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    ref: Mapped[str] = mapped_column(Id, unique=True)
    """What the sealed field is bound to; ``seq`` is not known before the row is there."""
    recording: Mapped[str] = mapped_column(Id, ForeignKey("recording.id"))
    actor: Mapped[str] = mapped_column(Code)
    action: Mapped[str] = mapped_column(Code)
    state: Mapped[str] = mapped_column(Code)
    nonce: Mapped[str | None] = mapped_column(sa.String(80))
    """What the page called this gesture; a second one of the same name is the same gesture."""
    thing: Mapped[str | None] = mapped_column(sa.String(160))
    """What it made or changed first."""
    told_ct: Mapped[bytes | None]
    """Words and changes; None once it can be neither undone nor redone."""
    told = Sealed[dict[str, Any] | None]()
    __table_args__ = (sa.UniqueConstraint("recording", "actor", "nonce", name="uq_deed_recording"),)

    @property
    def row_id(self) -> str:
        return self.ref
