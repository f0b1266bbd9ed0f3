"""Writes about what was found in a film: analyses, moments, micro-clips, remarks and the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

import sqlalchemy as sa

from vig.catalogue import mapping, rows, rows_review
from vig.catalogue.kept import Keeping
from vig.catalogue.values import Analysis, AnalysisState
from vig.catalogue.writing import checked_code, checked_id, checked_span, checked_text, is_id
from vig.domain.clock import Span
from vig.domain.observation import ModelRef
from vig.domain.review import Annotation, MicroClip, Moment, ReviewPlan
from vig.errors import BadValue, Conflict, Overtaken, Unknown

T = TypeVar("T", rows.ClipRow, rows.AnnotationRow)

FIELDS = {
    "start": "its beginning",
    "end": "its end",
    "title": "its title",
    "note": "its note",
    "words": "its words",
    "question": "its question",
    "initiated_by": "who initiated",
    "received_by": "who received",
    "principles": "its principles",
    "play": "how it is played",
    "play_at": "how it is played",
}
"""What a person reads of a field that somebody else changed."""

CHANGEABLE = frozenset(
    {
        "title",
        "note",
        "question",
        "initiated_by",
        "received_by",
        "principles",
        "play",
        "play_at",
    }
)


class ReviewWrites(Keeping):
    """Analyses, moments, micro-clips, annotations and the order of a review."""

    def add_analysis(
        self,
        recording_id: str,
        *,
        software: str,
        models: Sequence[ModelRef],
        settings_hash: str,
        observations: str | None = None,
        state: AnalysisState = AnalysisState.RUNNING,
        analysis_id: str | None = None,
    ) -> Analysis:
        """A run over a film; ``observations`` is the id of the sealed object with what was seen."""
        self._film(recording_id)
        row = rows.AnalysisRow(
            self._session,
            id=checked_id(analysis_id),
            recording=recording_id,
            made_at=mapping.stamp(self.now),
            software=checked_text(software, 64),
            models=mapping.models_to_json(tuple(models)),
            settings_hash=checked_code(settings_hash),
            state=state.value,
            observations=observations,
        )
        self._session.flush()
        self._touched(recording_id)
        return mapping.analysis(row)

    def change_analysis(
        self,
        analysis_id: str,
        *,
        state: AnalysisState | None = None,
        observations: str | None = None,
        models: Sequence[ModelRef] | None = None,
    ) -> Analysis:
        """Set what is given; None leaves a thing as it is."""
        row = self._get(rows.AnalysisRow, analysis_id, "analysis")
        if state is not None:
            row.state = state.value
        if observations is not None:
            row.observations = checked_id(observations)
        if models is not None:
            row.models = mapping.models_to_json(tuple(models))
        self._touched(row.recording)
        self._session.flush()
        return mapping.analysis(row)

    def drop_analysis(self, analysis_id: str) -> None:
        """Forget a run and its moments; micro-clips that came from them stay."""
        row = self._get(rows.AnalysisRow, analysis_id, "analysis")
        self._touched(row.recording)
        self._session.delete(row)
        self._session.flush()

    def add_moments(self, analysis_id: str, moments: Sequence[Moment]) -> tuple[Moment, ...]:
        """Keep proposals in the order given, after any kept before.

        One whose id is an id of this catalogue keeps it, so that the same stretch is the same
        suggestion in every run over a film; any other gets one. Conflict where it is taken.
        """
        run = self._get(rows.AnalysisRow, analysis_id, "analysis")
        film = self._film(run.recording)
        kept = sa.select(sa.func.count()).where(rows.MomentRow.analysis == analysis_id)
        first = self._session.scalar(kept) or 0
        made = []
        for rank, moment in enumerate(moments, first):
            span = checked_span(moment.span, film)
            row = rows.MomentRow(
                self._session,
                id=moment.id if is_id(moment.id) else rows.new_id(),
                analysis=analysis_id,
                rank=rank,
                starts=span.start,
                ends=span.end,
                principle=moment.principle.value,
                parts=mapping.parts_to_json(moment.parts),
                coverage=float(moment.coverage),
                reason=checked_text(moment.reason),
                evidence=mapping.evidence_to_json(moment.evidence),
            )
            made.append(row)
        self._session.flush()
        self._touched(film.id)
        return tuple(mapping.moment(row) for row in made)

    # --- micro-clips, remarks and the plan

    def add_clip(self, clip: MicroClip, *, in_plan: bool = True) -> MicroClip:
        """Keep what a person chose, at the end of the plan unless ``in_plan`` is False."""
        state = mapping.state_of_clip(clip)
        if in_plan:
            state["after"] = self._planned(clip.recording)
        clip_id = checked_id(clip.id)
        if self._session.get(rows.ClipRow, clip_id) is not None:
            raise Conflict
        self._put("clip", clip_id, state)
        return mapping.clip(self._get(rows.ClipRow, clip_id, "micro-clip"))

    def change_clip(
        self, clip_id: str, *, version: int, span: Span | None = None, **fields: Any
    ) -> MicroClip:
        """Set what is given: ``span`` and any fields of a :class:`MicroClip` a person may change.

        Overtaken, with what changed, where ``version`` is not that of the newest edit (edits of
        the page that this act comes from are its own, and no conflict).
        """
        row = self._still_there(rows.ClipRow, clip_id, "micro-clip", version)
        wrong = fields.keys() - CHANGEABLE
        if wrong:
            raise BadValue(what="That is nothing of a micro-clip that can be changed.")
        now = mapping.clip(row)
        after = replace(now, span=span or now.span, **fields)
        state = mapping.state_of_clip(after)
        for code in after.principles:
            checked_code(code)
        self._put("clip", clip_id, state)
        return mapping.clip(row)

    def drop_clip(self, clip_id: str, *, version: int) -> None:
        """Take a micro-clip back. Overtaken like :meth:`change_clip`."""
        self._still_there(rows.ClipRow, clip_id, "micro-clip", version)
        self._put("clip", clip_id, None)

    def order_plan(self, recording_id: str, clip_ids: Sequence[str], *, version: int) -> ReviewPlan:
        """Show these micro-clips in this order, and no others of this film.

        Overtaken where ``version`` is not that of the newest plan; BadValue where a micro-clip is
        named twice or belongs to another film.
        """
        film = self._film(recording_id)
        if film.plan_version != version:
            raise Overtaken(what="the micro-clips or their order were changed")
        self._put("order", recording_id, list(clip_ids))
        shown = tuple(
            mapping.clip(self._get(rows.ClipRow, clip_id, "micro-clip")) for clip_id in clip_ids
        )
        return ReviewPlan(recording_id, shown, film.plan_version)

    def add_annotation(self, annotation: Annotation) -> Annotation:
        """Keep a remark."""
        note_id = checked_id(annotation.id)
        if self._session.get(rows.AnnotationRow, note_id) is not None:
            raise Conflict
        self._put("note", note_id, mapping.state_of_note(annotation))
        return mapping.annotation(self._get(rows.AnnotationRow, note_id, "annotation"))

    def change_annotation(
        self,
        annotation_id: str,
        *,
        version: int,
        span: Span | None = None,
        words: str | None = None,
    ) -> Annotation:
        """Set what is given. Overtaken where ``version`` is not that of the newest edit."""
        row = self._still_there(rows.AnnotationRow, annotation_id, "note", version)
        now = mapping.annotation(row)
        after = replace(now, span=span or now.span, words=now.words if words is None else words)
        self._put("note", annotation_id, mapping.state_of_note(after))
        return mapping.annotation(row)

    def drop_annotation(self, annotation_id: str, *, version: int) -> None:
        """Take a remark back. Overtaken where ``version`` is not that of the newest edit."""
        self._still_there(rows.AnnotationRow, annotation_id, "note", version)
        self._put("note", annotation_id, None)

    def kept_from(self, recording_id: str, moment_id: str) -> MicroClip | None:
        """The micro-clip that came from this suggestion; None while nobody keeps it."""
        asked = sa.select(rows.ClipRow).where(
            rows.ClipRow.recording == recording_id, rows.ClipRow.proposed_by == moment_id
        )
        row = self._session.scalar(asked.order_by(rows.ClipRow.chosen_at).limit(1))
        return None if row is None else mapping.clip(row)

    def set_item(
        self, about: str, kind: str, value: Any, *, whose: str = "", seen: Any = ...
    ) -> None:
        """Set a thing of a film, family or account (anything JSON can hold); None removes it.

        ``seen``: its value as the person who sets it saw it; Overtaken where it is another now.
        """
        if seen is not ... and self.item(about, kind, whose=whose) != seen:
            raise Overtaken(what="somebody changed this")
        self._put("item", f"{about}|{kind}|{whose}", value)

    def item(self, about: str, kind: str, *, whose: str = "") -> Any:
        """The thing as it is within this act; None where it was not set."""
        return self._state("item", f"{about}|{kind}|{whose}")

    def _still_there(self, kind: type[T], thing: str, word: str, version: int) -> T:
        """The row to change or drop, made from ``version``.

        Overtaken, with what changed, where others made the versions after it, or took it away.
        """
        row = self._session.get(kind, thing)
        if row is None:
            if self._last_version(thing):
                raise Overtaken(what=f"somebody took this {word} away")
            raise Unknown(kind=word, name=thing)
        if row.version == version:
            return row
        asked = (
            sa.select(rows_review.KeptVersionRow)
            .where(
                rows_review.KeptVersionRow.thing == thing,
                rows_review.KeptVersionRow.version >= version,
            )
            .order_by(rows_review.KeptVersionRow.version)
        )
        kept = list(self._session.scalars(asked))
        since = [row for row in kept if row.version > version]
        own = (self._entry.actor, self.page)
        if self.page is not None and since and all((row.by, row.page) == own for row in since):
            return row
        before = next((row.state for row in kept if row.version == version), None)
        raise Overtaken(what=what_changed(before, kept[-1].state if kept else None))


def what_changed(before: dict[str, Any] | None, after: dict[str, Any] | None) -> str:
    """A clause that names what differs between two versions, and none of the words in it."""
    if before is None or after is None:
        return "somebody changed this"
    changed = [name for name in after if before.get(name) != after[name]]
    words = list(dict.fromkeys(FIELDS[name] for name in changed if name in FIELDS))
    if not words:
        return "somebody changed this"
    told = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
    return f"somebody changed {told}"
