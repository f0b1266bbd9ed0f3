"""Writes about what was found in a film: analyses, moments, micro-clips, remarks and the plan."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from vig.catalogue import mapping, rows
from vig.catalogue.values import Analysis, AnalysisState
from vig.catalogue.writing import Writing, checked_code, checked_id, checked_span, checked_text
from vig.domain.clock import Span
from vig.domain.observation import ModelRef
from vig.domain.review import Annotation, MicroClip, Moment, Play, ReviewPlan
from vig.errors import BadValue, Conflict


class ReviewWrites(Writing):
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
        """Keep proposals in the order given, after any kept before; each gets an id of its own."""
        run = self._get(rows.AnalysisRow, analysis_id, "analysis")
        film = self._film(run.recording)
        kept = sa.select(sa.func.count()).where(rows.MomentRow.analysis == analysis_id)
        first = self._session.scalar(kept) or 0
        made = []
        for rank, moment in enumerate(moments, first):
            span = checked_span(moment.span, film)
            row = rows.MomentRow(
                self._session,
                id=rows.new_id(),
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
        film = self._film(clip.recording)
        span = checked_span(clip.span, film)
        position = self._next_place(film) if in_plan else None
        row = rows.ClipRow(
            self._session,
            id=checked_id(clip.id),
            recording=film.id,
            starts=span.start,
            ends=span.end,
            chosen_by=checked_code(clip.chosen_by),
            chosen_at=mapping.stamp(clip.chosen_at),
            proposed_by=clip.proposed_by,
            play=clip.play.value,
            position=position,
            version=1,
            title=checked_text(clip.title),
            note=checked_text(clip.note),
        )
        self._session.flush()
        self._touched(row.id)
        return mapping.clip(row)

    def change_clip(
        self,
        clip_id: str,
        *,
        version: int,
        span: Span | None = None,
        title: str | None = None,
        note: str | None = None,
        play: Play | None = None,
    ) -> MicroClip:
        """Set what is given. Conflict where ``version`` is not that of the newest edit."""
        row = self._get(rows.ClipRow, clip_id, "micro-clip")
        if row.version != version:
            raise Conflict
        if span is not None:
            film = self._film(row.recording)
            checked_span(span, film)
            row.starts, row.ends = span.start, span.end
        if title is not None:
            row.title = checked_text(title)
        if note is not None:
            row.note = checked_text(note)
        if play is not None:
            row.play = play.value
        row.version += 1
        self._touched(clip_id)
        self._session.flush()
        return mapping.clip(row)

    def drop_clip(self, clip_id: str, *, version: int) -> None:
        row = self._get(rows.ClipRow, clip_id, "micro-clip")
        if row.version != version:
            raise Conflict
        film = self._film(row.recording)
        if row.position is not None:
            film.plan_version += 1
        self._touched(clip_id)
        self._session.delete(row)
        self._session.flush()

    def order_plan(self, recording_id: str, clip_ids: Sequence[str], *, version: int) -> ReviewPlan:
        """Show these micro-clips in this order, and no others of this film.

        Conflict where ``version`` is not that of the newest plan; BadValue where a micro-clip is
        named twice or belongs to another film.
        """
        film = self._film(recording_id)
        if film.plan_version != version:
            raise Conflict
        own = sa.select(rows.ClipRow).where(rows.ClipRow.recording == recording_id)
        clips = {row.id: row for row in self._session.scalars(own)}
        if len(set(clip_ids)) != len(clip_ids) or not clips.keys() >= set(clip_ids):
            raise BadValue(what="A plan holds micro-clips of its own film, each once.")
        for row in clips.values():
            row.position = None
        for place, clip_id in enumerate(clip_ids):
            clips[clip_id].position = place
        film.plan_version += 1
        self._touched(recording_id)
        self._session.flush()
        shown = tuple(mapping.clip(clips[clip_id]) for clip_id in clip_ids)
        return ReviewPlan(recording_id, shown, film.plan_version)

    def add_annotation(self, annotation: Annotation) -> Annotation:
        film = self._film(annotation.recording)
        span = checked_span(annotation.span, film)
        row = rows.AnnotationRow(
            self._session,
            id=checked_id(annotation.id),
            recording=film.id,
            starts=span.start,
            ends=span.end,
            by=checked_code(annotation.by),
            at=mapping.stamp(annotation.at),
            version=1,
            words=checked_text(annotation.words),
        )
        self._session.flush()
        self._touched(row.id)
        return mapping.annotation(row)

    def change_annotation(
        self,
        annotation_id: str,
        *,
        version: int,
        span: Span | None = None,
        words: str | None = None,
    ) -> Annotation:
        """Set what is given. Conflict where ``version`` is not that of the newest edit."""
        row = self._get(rows.AnnotationRow, annotation_id, "annotation")
        if row.version != version:
            raise Conflict
        if span is not None:
            checked_span(span, self._film(row.recording))
            row.starts, row.ends = span.start, span.end
        if words is not None:
            row.words = checked_text(words)
        row.version += 1
        self._touched(annotation_id)
        self._session.flush()
        return mapping.annotation(row)

    def drop_annotation(self, annotation_id: str, *, version: int) -> None:
        row = self._get(rows.AnnotationRow, annotation_id, "annotation")
        if row.version != version:
            raise Conflict
        self._touched(annotation_id)
        self._session.delete(row)
        self._session.flush()

    def _next_place(self, film: rows.RecordingRow) -> int:
        last = sa.select(sa.func.max(rows.ClipRow.position)).where(
            rows.ClipRow.recording == film.id
        )
        place = self._session.scalar(last)
        film.plan_version += 1
        return 0 if place is None else place + 1
