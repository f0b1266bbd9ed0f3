"""Rows to values and back, for both ways of the catalogue."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from vig.catalogue import rows, rows_review
from vig.catalogue.values import (
    Account,
    Analysis,
    AnalysisState,
    AuditRow,
    KeptVersion,
    ObjectRow,
    ObjectState,
    Origin,
    Outcome,
    Passkey,
)
from vig.domain.account import Assignment, Office, offices_from
from vig.domain.clock import Span
from vig.domain.family import ConsentRuling, Family, Purpose, Role
from vig.domain.observation import ModelRef
from vig.domain.recording import Footage, Recording, RecordingState
from vig.domain.review import Annotation, Cue, Evidence, MicroClip, Moment, Play, Principle


def stamp(at: datetime) -> str:
    """A time of day as stored: UTC, microseconds, always the same width."""
    if at.tzinfo is None:
        raise ValueError("a time of day needs its zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def unstamp(text: str) -> datetime:
    return datetime.fromisoformat(text)


def footage_to_json(footage: Footage) -> str:
    told = asdict(footage)
    told["pixel_aspect"] = str(footage.pixel_aspect)
    return json.dumps(told, sort_keys=True, separators=(",", ":"))


def footage_from_json(text: str) -> Footage:
    told = json.loads(text)
    told["pixel_aspect"] = Fraction(told["pixel_aspect"])
    return Footage(**told)


def models_to_json(models: tuple[ModelRef, ...]) -> str:
    return json.dumps([[m.name, m.sha256] for m in models], separators=(",", ":"))


def family(row: rows.FamilyRow) -> Family:
    return Family(row.id, row.pseudonym, row.age_weeks, row.carer_word)


def ruling(row: rows.ConsentRow) -> ConsentRuling:
    """A ruling with who vouches for it."""
    return ConsentRuling(
        purpose=Purpose(row.purpose),
        allowed=row.allowed,
        at=unstamp(row.at),
        agreed_by=row.agreed_by,
        agreed_on=row.agreed_on,
        until=row.until,
        filmed_from=row.filmed_from,
        filmed_to=row.filmed_to,
        vouched_by=row.vouched_by,
        form=row.form,
    )


def recording(row: rows.RecordingRow) -> Recording:
    footage = footage_from_json(row.footage)
    return Recording(
        id=row.id,
        family=row.family,
        duration=footage.duration,
        filmed_on=row.filmed_on,
        state=RecordingState(row.state),
        footage=footage,
    )


def origin(row: rows.RecordingRow) -> Origin:
    return Origin(row.original_name, row.original_left, unstamp(row.added_at))


def sealed_object(row: rows.ObjectTableRow) -> ObjectRow:
    return ObjectRow(
        id=row.id,
        recording=row.recording,
        kind=row.kind,
        wrapped=None if row.wrapped is None else bytes(row.wrapped),
        key_version=row.key_version,
        size=row.size,
        sha256=row.sha256,
        state=ObjectState(row.state),
        made_at=unstamp(row.made_at),
    )


def analysis(row: rows.AnalysisRow) -> Analysis:
    return Analysis(
        id=row.id,
        recording=row.recording,
        made_at=unstamp(row.made_at),
        software=row.software,
        models=tuple(ModelRef(name, sha256) for name, sha256 in json.loads(row.models)),
        settings_hash=row.settings_hash,
        state=AnalysisState(row.state),
        observations=row.observations,
    )


def parts_to_json(parts: tuple[tuple[str, float], ...]) -> str:
    # float: what comes off an array is not one that JSON knows.
    return json.dumps([(name, float(value)) for name, value in parts], separators=(",", ":"))


def evidence_to_json(evidence: tuple[Evidence, ...]) -> list[list[object]]:
    return [
        [e.cue.value, e.span.start, e.span.end, e.by.value if e.by else None, e.words, e.delay]
        for e in evidence
    ]


def moment(row: rows.MomentRow) -> Moment:
    """A proposal with its evidence opened."""
    return Moment(
        id=row.id,
        span=Span(row.starts, row.ends),
        principle=Principle(row.principle),
        reason=row.reason,
        evidence=tuple(
            Evidence(Cue(cue), Span(start, end), Role(by) if by else None, words, delay)
            for cue, start, end, by, words, delay in row.evidence
        ),
        parts=tuple((name, value) for name, value in json.loads(row.parts)),
        coverage=row.coverage,
    )


def clip(row: rows.ClipRow) -> MicroClip:
    """A micro-clip with its title and note opened."""
    return MicroClip(
        id=row.id,
        recording=row.recording,
        span=Span(row.starts, row.ends),
        title=row.title,
        note=row.note,
        chosen_by=row.chosen_by,
        chosen_at=unstamp(row.chosen_at),
        proposed_by=row.proposed_by,
        play=Play(row.play),
        play_at=row.play_at,
        initiated_by=Role(row.initiated_by) if row.initiated_by else None,
        received_by=Role(row.received_by) if row.received_by else None,
        principles=tuple(json.loads(row.principles or "[]")),
        question=row.question or "",
        version=row.version,
    )


def clip_to_state(row: rows.ClipRow) -> dict[str, Any]:
    """A micro-clip as something JSON can hold, without its version and its place in the plan."""
    return state_of_clip(clip(row))


def state_of_clip(given: MicroClip) -> dict[str, Any]:
    """The same from the value."""
    return {
        "recording": given.recording,
        "start": given.span.start,
        "end": given.span.end,
        "chosen_by": given.chosen_by,
        "chosen_at": stamp(given.chosen_at),
        "proposed_by": given.proposed_by,
        "play": given.play.value,
        "play_at": given.play_at,
        "initiated_by": given.initiated_by and given.initiated_by.value,
        "received_by": given.received_by and given.received_by.value,
        "principles": list(given.principles),
        "title": given.title,
        "note": given.note,
        "question": given.question,
    }


def columns_of_clip(state: dict[str, Any]) -> dict[str, Any]:
    """The columns of a state that may change."""
    names = ("proposed_by", "play", "play_at", "initiated_by", "received_by")
    return {
        "starts": state["start"],
        "ends": state["end"],
        **{name: state[name] for name in names},
        "principles": json.dumps(state["principles"]),
        **{name: state[name] for name in ("title", "note", "question")},
    }


def clip_of_state(clip_id: str, state: dict[str, Any], version: int) -> MicroClip:
    """A micro-clip as it was at a version."""
    return MicroClip(
        id=clip_id,
        recording=state["recording"],
        span=Span(state["start"], state["end"]),
        title=state["title"],
        note=state["note"],
        chosen_by=state["chosen_by"],
        chosen_at=unstamp(state["chosen_at"]),
        proposed_by=state["proposed_by"],
        play=Play(state["play"]),
        play_at=state["play_at"],
        initiated_by=Role(state["initiated_by"]) if state["initiated_by"] else None,
        received_by=Role(state["received_by"]) if state["received_by"] else None,
        principles=tuple(state["principles"]),
        question=state["question"],
        version=version,
    )


def note_to_state(row: rows.AnnotationRow) -> dict[str, Any]:
    """A remark as something JSON can hold."""
    return state_of_note(annotation(row))


def state_of_note(given: Annotation) -> dict[str, Any]:
    """The same from the value."""
    return {
        "recording": given.recording,
        "start": given.span.start,
        "end": given.span.end,
        "words": given.words,
        "by": given.by,
        "at": stamp(given.at),
    }


def note_of_state(note_id: str, state: dict[str, Any], version: int) -> Annotation:
    """A remark as it was at a version."""
    return Annotation(
        id=note_id,
        recording=state["recording"],
        span=Span(state["start"], state["end"]),
        words=state["words"],
        by=state["by"],
        at=unstamp(state["at"]),
        version=version,
    )


def kept_version(row: rows_review.KeptVersionRow) -> KeptVersion:
    """One version of a thing; a micro-clip, a remark, or None where it was taken away."""
    state = row.state
    what: MicroClip | Annotation | None = None
    if state is not None:
        state = {**state, "recording": row.recording}
        make = clip_of_state if row.kind == "clip" else note_of_state
        what = make(row.thing, state, row.version)
    return KeptVersion(row.thing, row.version, row.by, unstamp(row.at), row.page, what)


def annotation(row: rows.AnnotationRow) -> Annotation:
    return Annotation(
        id=row.id,
        recording=row.recording,
        span=Span(row.starts, row.ends),
        words=row.words,
        by=row.by,
        at=unstamp(row.at),
        version=row.version,
    )


def offices_to_text(offices: Collection[Office]) -> str:
    return ",".join(sorted(office.value for office in offices))


def account(row: rows.AccountRow) -> Account:
    """Somebody who may sign in, without what they prove it with."""
    return Account(
        id=row.id,
        name=row.name,
        offices=offices_from(row.offices.split(",")),
        slot=row.slot,
        disabled=row.disabled,
        version=row.version,
        starting=row.starting,
        made_at=unstamp(row.made_at),
        codes=row.codes_ct is not None,
        subject=row.subject,
    )


def passkey(row: rows.PasskeyRow) -> Passkey:
    """A device of somebody's second step."""
    return Passkey(
        id=row.id,
        account=row.account,
        name=row.name,
        credential=bytes.fromhex(row.credential),
        public=bytes.fromhex(row.public),
        count=row.count,
        made_at=unstamp(row.made_at),
        used_at=unstamp(row.used_at) if row.used_at else None,
    )


def assignment(row: rows.AssignmentRow) -> Assignment:
    return Assignment(
        id=row.id,
        account=row.account,
        family=row.family,
        office=Office(row.office),
        made_at=unstamp(row.made_at),
        made_by=row.made_by,
        until=row.until,
    )


def audit_row(row: rows.AuditTableRow) -> AuditRow:
    """A link of the chain as it is read; its reason is opened, its place in the chain not checked."""
    told = json.loads(row.body)
    reason = told["reason"]
    if reason is not None:
        reason = row.cipher.open("audit", "reason", str(row.seq), bytes.fromhex(reason))
    return AuditRow(
        seq=row.seq,
        at=unstamp(told["at"]),
        actor=told["actor"],
        role=told["role"],
        action=told["action"],
        object=told["object"],
        purpose=Purpose(told["purpose"]) if told["purpose"] else None,
        outcome=Outcome(told["outcome"]),
        reason=reason,
    )
