"""What every write stands on: one open transaction, its audit entry, and the time it began."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from vig.catalogue import mapping, rows
from vig.catalogue.audit import Entry
from vig.catalogue.engine import is_double
from vig.domain.clock import Span
from vig.domain.recording import RecordingState
from vig.errors import BadSpan, BadValue, Conflict, Unknown, VigError

R = TypeVar("R", bound=rows.Row)

LONGEST_TEXT = 20_000
"""Characters in one title, note or remark."""

_ID = re.compile(r"[0-9a-f]{32}")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:_-]{0,63}")


class Writing:
    """One transaction in progress, used by one thread until its ``with`` block ends."""

    def __init__(self, session: Session, entry: Entry, now: datetime) -> None:
        self._open_session: Session | None = session
        self._entry = entry
        self.now = now

    @property
    def _session(self) -> Session:
        if self._open_session is None:
            raise RuntimeError("this act is over")
        return self._open_session

    def end(self) -> Entry:
        """Nothing more can be written; gives what is to be recorded of the act."""
        self._session.flush()
        self._open_session = None
        return self._entry

    def about(self, object_id: str) -> None:
        """Say what the act is about, once its id is known; BadValue where it could be a name."""
        self._entry = replace(self._entry, object=object_id)

    def _touched(self, object_id: str) -> None:
        """What the act is about, unless somebody said so: the first thing it touched."""
        if self._entry.object is None:
            self.about(object_id)

    def _get(self, kind: type[R], row_id: str, word: str) -> R:
        """The row, which no other writer changes until the act ends; Unknown without one."""
        row = self._session.get(kind, row_id)
        if row is None:
            raise Unknown(kind=word, name=row_id)
        return row

    def _film(self, recording_id: str) -> rows.RecordingRow:
        """The recording, to write about; Conflict where it is being erased."""
        row = self._get(rows.RecordingRow, recording_id, "recording")
        if row.state == RecordingState.ERASING.value:
            raise Conflict
        return row

    def _flush(self, unique: str, otherwise: VigError) -> None:
        """Send what is pending; ``otherwise`` where ``unique`` (table.column) is taken."""
        try:
            self._session.flush()
        except sa.exc.IntegrityError as error:
            if is_double(error, unique):
                raise otherwise from None
            raise


def checked_id(given: str | None) -> str:
    """``given`` where it is an id of this catalogue, a fresh one for None."""
    if given is None:
        return rows.new_id()
    if not is_id(given):
        raise BadValue(what="An id has 32 hexadecimal digits.")
    return given


def is_id(given: str) -> bool:
    """Whether this is an id of this catalogue."""
    return _ID.fullmatch(given) is not None


def checked_code(given: str) -> str:
    if not _CODE.fullmatch(given):
        raise BadValue(what="A code has one to 64 letters, digits, points, colons or dashes.")
    return given


def checked_text(given: str, longest: int = LONGEST_TEXT) -> str:
    if len(given) > longest:
        raise BadValue(what=f"This text is longer than {longest} characters.")
    return given


def checked_span(span: Span, film: rows.RecordingRow) -> Span:
    """``span`` where it lies within the film; BadSpan where it does not."""
    if span.start < 0 or span.end > mapping.footage_from_json(film.footage).duration:
        raise BadSpan(start=span.start, end=span.end)
    return span
