"""Things of the review room as plain states: read, put, put back, and every version kept.

A *state* is anything JSON can hold, None where the thing is not there. There are four kinds::

    clip   a micro-clip          key: its id
    note   a remark              key: its id
    order  the plan of a film    key: the film's id       state: ids of the micro-clips
    item   a thing that was set  key: "about|kind|whose"  state: its value

Whatever is put is remembered as a :class:`Change` of the act, so that a deed can be undone without
knowing what it was.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from vig.catalogue import mapping, rows, rows_review
from vig.catalogue.values import Change, Kind
from vig.catalogue.writing import Writing, checked_code, checked_id, checked_span, checked_text
from vig.domain.clock import Span
from vig.errors import BadValue

State = Any

_UNCOMPARED = ("after", "recording")
"""Where in the plan a micro-clip stood is put back as well as it can be, and is no conflict."""


class Keeping(Writing):
    """Reads and writes states within one act."""

    changes: list[Change]
    page: str | None = None
    """The open page that the act came from; None where none said."""

    def _state(self, kind: Kind, key: str) -> State:
        match kind:
            case "clip":
                row = self._session.get(rows.ClipRow, key)
                return None if row is None else self._clip_state(row)
            case "note":
                note = self._session.get(rows.AnnotationRow, key)
                return None if note is None else mapping.note_to_state(note)
            case "order":
                return self._planned(key)
            case "item":
                item = self._item(key)
                return None if item is None else item.value

    def _put(self, kind: Kind, key: str, state: State) -> None:
        """Make the thing be so. Nothing is written where it is so already."""
        before = self._state(kind, key)
        if same(before, state):
            return
        match kind:
            case "clip":
                self._put_clip(key, before, state)
            case "note":
                self._put_note(key, before, state)
            case "order":
                self._put_order(key, state)
            case "item":
                self._put_item(key, state)
        self._session.flush()
        if not hasattr(self, "changes"):
            self.changes = []
        self.changes.append(Change(kind, key, before, state))

    # --- micro-clips and remarks, with their versions

    def _clip_state(self, row: rows.ClipRow) -> dict[str, Any]:
        state = mapping.clip_to_state(row)
        if row.position is not None:
            planned = self._planned(row.recording)
            state["after"] = planned[: planned.index(row.id)]
        return state

    def _put_clip(self, key: str, before: State, state: State) -> None:
        row = self._session.get(rows.ClipRow, key)
        if state is None:
            assert row is not None
            self._keep_version("clip", key, row.recording, row.version, before)
            self._keep_version("clip", key, row.recording, row.version + 1, None)
            if row.position is not None:
                self._film(row.recording).plan_version += 1
            self._touched(key)
            self._session.delete(row)
            return
        film = self._film(state["recording"])
        checked_span(Span(state["start"], state["end"]), film)
        for text in ("title", "note", "question"):
            checked_text(state[text])
        if row is None:
            row = rows.ClipRow(
                self._session,
                id=checked_id(key),
                recording=film.id,
                chosen_by=checked_code(state["chosen_by"]),
                chosen_at=state["chosen_at"],
                version=self._last_version(key) + 1,
                **mapping.columns_of_clip(state),
            )
        else:
            self._keep_version("clip", key, film.id, row.version, before)
            for name, value in mapping.columns_of_clip(state).items():
                setattr(row, name, value)
            row.version += 1
        self._session.flush()
        self._touched(key)
        self._keep_version("clip", key, film.id, row.version, state)
        if before is None and state.get("after") is not None:
            self._put_order(film.id, inserted(self._planned(film.id), key, state["after"]))

    def _put_note(self, key: str, before: State, state: State) -> None:
        row = self._session.get(rows.AnnotationRow, key)
        if state is None:
            assert row is not None
            self._keep_version("note", key, row.recording, row.version, before)
            self._keep_version("note", key, row.recording, row.version + 1, None)
            self._touched(key)
            self._session.delete(row)
            return
        film = self._film(state["recording"])
        span = checked_span(Span(state["start"], state["end"]), film)
        words = checked_text(state["words"])
        if row is None:
            row = rows.AnnotationRow(
                self._session,
                id=checked_id(key),
                recording=film.id,
                starts=span.start,
                ends=span.end,
                by=checked_code(state["by"]),
                at=state["at"],
                version=self._last_version(key) + 1,
                words=words,
            )
        else:
            self._keep_version("note", key, film.id, row.version, before)
            row.starts, row.ends, row.words = span.start, span.end, words
            row.version += 1
        self._session.flush()
        self._touched(key)
        self._keep_version("note", key, film.id, row.version, state)

    def _keep_version(
        self, kind: str, thing: str, recording: str, version: int, state: State
    ) -> None:
        """Append a version unless it is kept already."""
        known = sa.select(rows_review.KeptVersionRow.ref).where(
            rows_review.KeptVersionRow.thing == thing, rows_review.KeptVersionRow.version == version
        )
        if self._session.scalar(known) is not None:
            return
        rows_review.KeptVersionRow(
            self._session,
            ref=rows.new_id(),
            recording=recording,
            kind=kind,
            thing=thing,
            version=version,
            by=self._entry.actor,
            at=mapping.stamp(self.now),
            page=self.page,
            state=state and {k: v for k, v in state.items() if k not in _UNCOMPARED},
        )
        self._session.flush()

    def _last_version(self, thing: str) -> int:
        """The newest version kept; a thing that comes back goes on counting."""
        asked = sa.select(sa.func.max(rows_review.KeptVersionRow.version)).where(
            rows_review.KeptVersionRow.thing == thing
        )
        return self._session.scalar(asked) or 0

    # --- the plan

    def _planned(self, recording_id: str) -> list[str]:
        asked = (
            sa.select(rows.ClipRow.id)
            .where(rows.ClipRow.recording == recording_id, rows.ClipRow.position.is_not(None))
            .order_by(rows.ClipRow.position)
        )
        return list(self._session.scalars(asked))

    def _put_order(self, recording_id: str, ids: list[str]) -> None:
        film = self._film(recording_id)
        own = sa.select(rows.ClipRow).where(rows.ClipRow.recording == recording_id)
        clips = {row.id: row for row in self._session.scalars(own)}
        if len(set(ids)) != len(ids) or not clips.keys() >= set(ids):
            raise BadValue(what="A plan holds micro-clips of its own film, each once.")
        for row in clips.values():
            row.position = None
        for place, clip_id in enumerate(ids):
            clips[clip_id].position = place
        film.plan_version += 1
        self._touched(recording_id)
        self._session.flush()

    # --- things that are set

    def _item(self, key: str) -> rows_review.ItemRow | None:
        about, kind, whose = key.split("|")
        return self._session.scalar(
            sa.select(rows_review.ItemRow).where(
                rows_review.ItemRow.about == about,
                rows_review.ItemRow.kind == kind,
                rows_review.ItemRow.whose == whose,
            )
        )

    def _put_item(self, key: str, value: State) -> None:
        row = self._item(key)
        about, kind, whose = key.split("|")
        self._touched(about)
        if value is None:
            self._session.delete(row)
        elif row is None:
            rows_review.ItemRow(
                self._session,
                id=rows.new_id(),
                about=checked_code(about),
                kind=checked_code(kind),
                whose=whose and checked_code(whose),
                value=value,
            )
        else:
            row.value = value


def same(one: State, other: State) -> bool:
    """Whether two states are the same but for the place in the plan."""
    if isinstance(one, dict) and isinstance(other, dict):
        names = (one.keys() | other.keys()) - set(_UNCOMPARED)
        return all(one.get(name) == other.get(name) for name in names)
    return bool(one == other)


def inserted(planned: list[str], key: str, after: list[str]) -> list[str]:
    """The plan with ``key`` right after the last of ``after`` that is still there."""
    planned = [each for each in planned if each != key]
    place = next((planned.index(each) + 1 for each in reversed(after) if each in planned), 0)
    return [*planned[:place], key, *planned[place:]]
