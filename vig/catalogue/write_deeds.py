"""The journal of deeds: what each person did on a film, and the way back.

::

    done  done  done │ undone  undone        undo takes the last of the left, redo the first
                                             of the right; a new deed forgets the right side

An entry holds the changes as states before and after, so undoing needs no knowledge of what was
done. It is refused, and changes nothing, where a thing is no longer as the deed left it: somebody
else has changed it since. Such a deed is passed over, so that those before it can be undone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from vig.catalogue import rows, rows_review
from vig.catalogue.kept import inserted, same
from vig.catalogue.values import Change, Deed
from vig.catalogue.write_review import ReviewWrites, what_changed
from vig.errors import BadValue

Way = Literal["undo", "redo"]

DONE, UNDONE, OVER = "done", "undone", "over"
_LONGEST_NONCE = 80


class DoneBefore(Exception):
    """This gesture was heard before; ``thing`` is the id of what it made or changed."""

    def __init__(self, thing: str | None) -> None:
        super().__init__()
        self.thing = thing


@dataclass(frozen=True, slots=True)
class Step:
    """A deed that was undone or redone; ``since``: why it was passed over, None where it was not."""

    deed: Deed
    since: str | None = None


class DeedWrites(ReviewWrites):
    """Remembering, undoing and redoing what a person did on a film."""

    _nonce: str | None = None

    def once(self, recording_id: str, nonce: str | None) -> None:
        """Begin a deed. DoneBefore where this gesture was heard before.

        ``nonce`` is "<page>:<number>" as the page counts its gestures, or any text of up to 80
        characters; None for a deed that never comes twice.
        """
        if nonce is None:
            return
        if not 0 < len(nonce) <= _LONGEST_NONCE or not nonce.isprintable():
            raise BadValue(what="A gesture is numbered with up to 80 characters.")
        self._nonce, self.page = nonce, nonce.rpartition(":")[0][:64] or None
        known = self._session.scalar(
            sa.select(rows_review.DeedRow).where(
                rows_review.DeedRow.recording == recording_id,
                rows_review.DeedRow.actor == self._entry.actor,
                rows_review.DeedRow.nonce == nonce,
            )
        )
        if known is not None:
            raise DoneBefore(known.thing)

    def remember(self, recording_id: str, words: str) -> None:
        """End a deed: what it changed can be undone, and what was undone before no longer redone.

        A deed that changed nothing is remembered only as heard.
        """
        changes = getattr(self, "changes", [])
        if not changes:
            self._heard(recording_id, None)
            return
        self._film(recording_id)
        self._session.execute(
            sa.update(rows_review.DeedRow)
            .where(*self._own(recording_id), rows_review.DeedRow.state == UNDONE)
            .values(state=OVER, told_ct=None)
        )
        told = {"words": words, "changes": [[c.kind, c.key, c.before, c.after] for c in changes]}
        self._add(recording_id, DONE, changes[0].key, told)

    def step(self, recording_id: str, way: Way) -> Step | None:
        """Undo the last deed of this act's person on a film, or redo the last one undone.

        None where there is none. Where somebody else changed what it touched nothing is changed but
        the journal: the deed is passed over.
        """
        self._film(recording_id)
        row = self._session.scalar(next_step(recording_id, self._entry.actor, way))
        if row is None:
            self._heard(recording_id, None)
            return None
        deed = deed_of(row)
        changes = deed.changes
        if way == "undo":
            changes = tuple(Change(c.kind, c.key, c.after, c.before) for c in reversed(changes))
        since = self._against(changes)
        if since is None:
            for change in changes:
                self._put(change.kind, change.key, self._merged(change))
            row.state = UNDONE if way == "undo" else DONE
        else:
            row.state, row.told = OVER, None
        self._touched(recording_id)
        self._heard(recording_id, None)
        return Step(deed, since)

    def _against(self, changes: tuple[Change, ...]) -> str | None:
        """What somebody else changed of the things that these changes begin from; None for nothing."""
        made: dict[tuple[str, str], Any] = {}
        for change in changes:
            name = (change.kind, change.key)
            now = made[name] if name in made else self._state(change.kind, change.key)
            if not (_same_order if change.kind == "order" else same)(now, change.before):
                return _since(change, now)
            made[name] = change.after
        return None

    def _merged(self, change: Change) -> Any:
        """What is put: an order without the clips that are gone, and with those that came since."""
        if change.kind != "order":
            return change.after
        asked = sa.select(rows.ClipRow.id).where(rows.ClipRow.recording == change.key)
        there = set(self._session.scalars(asked))
        now = self._planned(change.key)
        gone = set(change.before) - set(now)
        merged = [each for each in change.after if each in there and each not in gone]
        for place, each in enumerate(now):
            if each not in change.before and each not in merged:
                merged = inserted(merged, each, now[:place])
        return merged

    def _heard(self, recording_id: str, thing: str | None) -> None:
        if self._nonce is not None:
            self._add(recording_id, OVER, thing, None)

    def _add(
        self, recording_id: str, state: str, thing: str | None, told: dict[str, Any] | None
    ) -> None:
        rows_review.DeedRow(
            self._session,
            ref=rows.new_id(),
            recording=recording_id,
            actor=self._entry.actor,
            action=self._entry.action,
            state=state,
            nonce=self._nonce,
            thing=thing,
            told=told,
        )
        self._session.flush()

    def _own(self, recording_id: str) -> tuple[Any, ...]:
        return (
            rows_review.DeedRow.recording == recording_id,
            rows_review.DeedRow.actor == self._entry.actor,
        )


def next_step(recording_id: str, actor: str, way: Way) -> sa.Select[rows_review.DeedRow]:
    """The entry that undo or redo would take."""
    seq = rows_review.DeedRow.seq
    return (
        sa.select(rows_review.DeedRow)
        .where(
            rows_review.DeedRow.recording == recording_id,
            rows_review.DeedRow.actor == actor,
            rows_review.DeedRow.state == (DONE if way == "undo" else UNDONE),
        )
        .order_by(seq.desc() if way == "undo" else seq)
        .limit(1)
    )


def deed_of(row: rows_review.DeedRow) -> Deed:
    """An entry of the journal, opened."""
    told = row.told or {"words": "", "changes": []}
    return Deed(row.action, told["words"], tuple(Change(*each) for each in told["changes"]))


def _same_order(one: list[str], other: list[str]) -> bool:
    """Whether what stands in both stands in the same order; clips come and go for other reasons."""
    return [e for e in one if e in other] == [e for e in other if e in one]


def _since(change: Change, now: Any) -> str:
    if now is None:
        return "somebody took this away"
    if isinstance(change.before, dict) and isinstance(now, dict):
        return what_changed(change.before, now)
    return "somebody changed this too"
