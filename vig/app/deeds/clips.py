"""What a person does with suggestions and micro-clips."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from vig.app import vocabulary
from vig.app.deeds.doing import Call, asked, at, clip_again, done, own_clip, short
from vig.app.frames import frame_times, inside
from vig.app.policy import plain
from vig.app.workspace import Workspace
from vig.domain.clock import Micros, Span
from vig.domain.recording import Recording
from vig.domain.review import MicroClip, Moment
from vig.errors import BadSpan, BadValue, Unknown


def keep(
    ws: Workspace,
    recording_id: str,
    moment_id: str,
    *,
    actor: str,
    title: str = "",
    nonce: str | None = None,
) -> MicroClip:
    """A person chooses a suggested moment: it becomes a micro-clip of whole frames.

    One that was kept already is given back as it is.
    """
    recording = asked(ws, recording_id, actor, "moment.judge")
    moment = moment_of(ws, recording_id, moment_id)
    clip = _new_clip(ws, recording, moment.span, actor=actor, title=title, moment=moment_id)
    return done(Call(ws, recording_id, actor, nonce), "clip.keep", f"keep {at(clip.span.start)}",
        lambda act: act.kept_from(recording_id, moment_id) or act.add_clip(clip),
        again=clip_again(ws),
    )  # fmt: skip


def choose(
    ws: Workspace,
    recording_id: str,
    span: Span,
    *,
    actor: str,
    title: str = "",
    moment_id: str | None = None,
    nonce: str | None = None,
) -> MicroClip:
    """A person marks a stretch of film as a micro-clip. BadSpan outside the film.

    ``moment_id`` names the suggestion whose stretch it was before it was trimmed.
    """
    recording = asked(ws, recording_id, actor, "clip.change")
    moment = moment_of(ws, recording_id, moment_id).id if moment_id else None
    clip = _new_clip(ws, recording, span, actor=actor, title=title, moment=moment)
    return done(Call(ws, recording_id, actor, nonce), "clip.keep", f"mark {at(clip.span.start)}",
        lambda act: act.add_clip(clip), again=clip_again(ws),
    )  # fmt: skip


def _new_clip(
    ws: Workspace, recording: Recording, span: Span, *, actor: str, title: str, moment: str | None
) -> MicroClip:
    return MicroClip(
        id=uuid.uuid4().hex,
        recording=recording.id,
        span=frame_times(ws, recording.id).snapped(inside(recording, span)),
        title=short(title),
        note="",
        chosen_by=plain(actor),
        chosen_at=datetime.now(UTC),
        proposed_by=moment,
    )


def leave(
    ws: Workspace, recording_id: str, moment_id: str, *, actor: str, nonce: str | None = None
) -> None:
    """A person sets a suggestion aside; it can be brought back."""
    _set_left(Call(ws, recording_id, actor, nonce), moment_id, True)


def bring_back(
    ws: Workspace, recording_id: str, moment_id: str, *, actor: str, nonce: str | None = None
) -> None:
    """The opposite of ``leave``."""
    _set_left(Call(ws, recording_id, actor, nonce), moment_id, None)


def _set_left(call: Call, moment_id: str, aside: bool | None) -> None:
    asked(call.ws, call.recording, call.actor, "moment.judge")
    moment = moment_of(call.ws, call.recording, moment_id)
    action = "moment.leave" if aside else "moment.bring-back"
    words = f"{'leave' if aside else 'bring back'} the suggestion at {at(moment.span.start)}"
    done(
        call, action, words,
        lambda act: act.set_item(call.recording, "left", aside, whose=moment_id),
        object=call.recording,
    )  # fmt: skip


def left(ws: Workspace, recording_id: str) -> frozenset[str]:
    """The suggestions that were set aside."""
    return frozenset(ws.catalogue.items(recording_id, "left"))


def unkeep(
    ws: Workspace,
    recording_id: str,
    clip_id: str,
    *,
    actor: str,
    version: int | None = None,
    nonce: str | None = None,
) -> None:
    """A person takes a micro-clip back; ``version`` None takes it as it is now."""
    clip = own_clip(ws, recording_id, clip_id, actor)
    done(Call(ws, recording_id, actor, nonce), "clip.drop", f"take back {at(clip.span.start)}",
        lambda act: act.drop_clip(clip_id, version=version or clip.version),
    )  # fmt: skip


# --- what a micro-clip is and says


def edges(
    ws: Workspace,
    recording_id: str,
    clip_id: str,
    span: Span,
    *,
    version: int,
    actor: str,
    nonce: str | None = None,
) -> MicroClip:
    """A person trims a micro-clip: whole frames, at least one, and never beyond the film."""
    clip = own_clip(ws, recording_id, clip_id, actor)
    recording = ws.catalogue.recording(recording_id)
    cut = span.within(Span(0, recording.duration))
    if cut is None:
        raise BadSpan(start=span.start, end=span.end)
    snapped = frame_times(ws, recording_id).snapped(cut)
    given: dict[str, Any] = {"span": snapped}
    if clip.play_at is not None and clip.play_at not in snapped:
        given["play_at"] = None
    return done(Call(ws, recording_id, actor, nonce), "clip.trim", f"trim {at(snapped.start)}",
        lambda act: act.change_clip(clip_id, version=version, **given),
        again=clip_again(ws),
    )  # fmt: skip


def change(
    ws: Workspace,
    recording_id: str,
    clip_id: str,
    *,
    version: int,
    actor: str,
    nonce: str | None = None,
    **fields: Any,
) -> MicroClip:
    """A person changes what a micro-clip says or how it is played.

    ``fields``: title, note, question, initiated_by, received_by (a Role or None), principles
    (codes), play (a Play), play_at (microseconds on the film's clock, or None for the whole clip).
    """
    clip = own_clip(ws, recording_id, clip_id, actor)
    given = dict(fields)
    if "title" in given:
        given["title"] = short(given["title"])
    if "principles" in given:
        given["principles"] = tuple(dict.fromkeys(given["principles"]))
        vocabulary.check_codes(ws, given["principles"], carried=clip.principles)
    if given.get("play_at") is not None:
        given["play_at"] = _on_the_clip(ws, clip, given["play_at"])
    named = " and ".join(sorted({_NAMES.get(name, name) for name in given}))
    return done(Call(ws, recording_id, actor, nonce), "clip.change", f"change {named} of {at(clip.span.start)}",
        lambda act: act.change_clip(clip_id, version=version, **given),
        again=clip_again(ws),
    )  # fmt: skip


_NAMES = {
    "initiated_by": "who initiated",
    "received_by": "who received",
    "play": "the play style",
    "play_at": "the play style",
    "title": "the title",
    "note": "the note",
    "question": "the question",
    "principles": "the principles",
}


def order(
    ws: Workspace,
    recording_id: str,
    clip_ids: Sequence[str],
    *,
    version: int,
    actor: str,
    nonce: str | None = None,
) -> None:
    """The order in which the micro-clips are shown; one that is not named is not shown.

    ``version`` is that of the plan (``ws.catalogue.plan``).
    """
    asked(ws, recording_id, actor, "clip.change")
    done(Call(ws, recording_id, actor, nonce), "plan.order", "change the order",
        lambda act: act.order_plan(recording_id, clip_ids, version=version),
        again=lambda _: None,
    )  # fmt: skip


def moment_of(ws: Workspace, recording_id: str, moment_id: str) -> Moment:
    """A suggestion that stands now. Unknown where it does not."""
    for moment in ws.catalogue.moments(recording_id):
        if moment.id == moment_id:
            return moment
    raise Unknown(kind="suggestion", name=moment_id)


def _on_the_clip(ws: Workspace, clip: MicroClip, given: Micros) -> Micros:
    """The first time of the frame shown at ``given``. BadValue where the clip is not there."""
    if given not in clip.span:
        raise BadValue(what="Slow motion and freezing begin within the micro-clip.")
    times = frame_times(ws, clip.recording)
    return max(int(times.starts[times.frame_at(given)]), clip.span.start)
