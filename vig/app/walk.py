"""READ THIS FIRST: the whole chain, from a phone's film to a clip on the parent's screen.

::

    1  add        agreement to keep → probe → seal → browser copy → row        (here)
    2  open       say what for; the family's newest ruling must allow it       workspace.open
    3  sample     the frame shown at each tick of one grid, one pass           media.video
    4  look       faces → tracks → roles → gaze → smile; listen → voices       perception
    5  measure    columns → looks, turns, pauses                               attunement.signals
    6  suggest    proposals with evidence, or none                             attunement.moments
    7  keep       a person's click turns a moment into a micro-clip            deeds/
    8  show       the gate again, then the parent sees it                      (here)
       export     a clip or still that somebody asked for by name              exports.py

Hops 3 to 6 are one job in parts: see ``analysis.py``. Everything here writes its audit row in the
same transaction as the act.
"""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import BinaryIO, cast

from vig.app import analysis, deeds, demo, policy
from vig.app.columns import times_to_bytes
from vig.app.deeds import bring_back, choose, keep, leave, left
from vig.app.erased import note_erased
from vig.app.frames import frame_times, inside
from vig.app.jobs import JobId
from vig.app.workspace import Workspace, copied
from vig.attunement.words import Words
from vig.domain.family import ConsentRuling, Family, Purpose, permits
from vig.domain.progress import Progress, unheard
from vig.domain.recording import Footage, FrameTimes, Recording
from vig.domain.review import MicroClip, ReviewPlan
from vig.errors import AlreadyHere, BadValue, NoConsent, Unknown
from vig.media import clips as media_clips
from vig.media import proxy, video
from vig.vault.store import create_ballast, spend_ballast
from vig.vault.stream import SealedReader

__all__ = [
    "Agreement", "add", "agreed", "analyse", "bring_back", "cancel", "choose", "erase",
    "frame_times", "inside", "keep", "leave", "left", "plan", "rule", "show", "unkeep",
]  # fmt: skip

SEALING = 0.25
"""Share of the import that sealing takes; the browser copy takes the rest."""

THUMB_WIDTH = 480


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the family agreed to for a film, as it is being recorded."""

    purposes: frozenset[Purpose] = frozenset({Purpose.KEEP, Purpose.ANALYSE})
    agreed_by: str | None = field(default=None, repr=False)
    """Who said so, in the family's own word such as "mother"; None where nobody was asked."""
    agreed_on: date | None = None
    """The day they said so; None where the caller only vouches for it."""
    vouched: bool = False
    """Whether the caller vouches for the agreement instead of recording who gave it."""
    until: date | None = None
    form: str | None = None
    """Version of the form that was signed; None where there was none."""


# --- 1 add


def add(
    ws: Workspace,
    source: BinaryIO,
    *,
    family: str,
    name: str | None,
    agreement: Agreement,
    actor: str,
    filmed_on: date | None = None,
    age_weeks: int | None = None,
    carer_word: str | None = None,
    original_left: bool = True,
    recording_id: str | None = None,
    progress: Progress = unheard,
) -> Recording:
    """Bring a film into the vault: whole, or not at all.

    ``source`` is the seekable file, ``family`` a pseudonym (made here when it is new), ``name``
    the file's name (kept sealed), ``recording_id`` a fresh id where the caller needs to know it
    beforehand. Raises NotAllowed, NoConsent without agreement to keep, the BadFilm errors,
    AlreadyHere, DiskFull, Cancelled; nothing is left behind then.
    """
    # long because the order of an import is its safety, and it is read here from top to bottom
    size = source.seek(0, os.SEEK_END)
    source.seek(0)
    if Purpose.KEEP not in agreement.purposes:
        raise NoConsent(purpose=Purpose.KEEP.words)
    if not agreement.vouched and (agreement.agreed_by is None or agreement.agreed_on is None):
        raise BadValue(what="Say who agreed, and on which day.")
    if carer_word is not None:
        Words(carer=carer_word)  # it stands in every reason later
    _welcome(ws, family, actor)
    demo.check(ws, source)
    ws.room_for(size)
    footage = video.probe(source)
    household = _family(ws, family, age_weeks, carer_word, actor)
    recording_id = recording_id or uuid.uuid4().hex
    lock = ws.importing(recording_id)
    lock.take()
    try:
        _agree(ws, household, agreement, filmed_on, actor)
        with ws.catalogue.act(actor, "import.begin", purpose=Purpose.KEEP) as act:
            act.begin_recording(
                household.id,
                footage,
                filmed_on=filmed_on,
                original_name=name,
                original_left=original_left,
                recording_id=recording_id,
            )
        try:
            return _bring_in(ws, source, size, recording_id, actor=actor, progress=progress)
        except BaseException:
            _undo(ws, recording_id)
            raise
    finally:
        lock.retire()


def _bring_in(
    ws: Workspace,
    source: BinaryIO,
    size: int,
    recording_id: str,
    *,
    actor: str,
    progress: Progress,
) -> Recording:
    source.seek(0)
    with ws.writing(recording_id, "film", checked=True) as sink:
        digest = copied(source, sink, each=lambda done: progress(SEALING * done / max(size, 1)))
    if ws.catalogue.recording_like(digest) is not None:
        raise AlreadyHere
    footage, times = _make_copy(
        ws, recording_id, lambda share: progress(SEALING + (1 - SEALING) * share)
    )
    with ws.catalogue.act(actor, "import", object=recording_id, purpose=Purpose.KEEP) as act:
        made = act.finish_recording(
            recording_id,
            sha256=digest,
            footage=replace(footage, frames=len(times), duration=times.end),
        )
    progress(1.0)
    return made


def _make_copy(ws: Workspace, recording_id: str, progress: Progress) -> tuple[Footage, FrameTimes]:
    """The browser copy, the frame times and a thumbnail, all sealed."""
    with ws.read(recording_id, "film") as film:
        footage = video.probe(cast(BinaryIO, film))
        with ws.writing(recording_id, "copy", head=proxy.head_bytes(footage)) as sink:
            made = proxy.browser_copy(cast(BinaryIO, film), cast(BinaryIO, sink), progress=progress)
    ws.put(recording_id, "times", times_to_bytes(made.times))
    with ws.read(recording_id, "copy") as copy:
        at = min(made.times.end // 3, 5_000_000)
        ws.put(
            recording_id, "thumb", media_clips.still(cast(BinaryIO, copy), at, longest=THUMB_WIDTH)
        )
    return made.footage, made.times


def _family(
    ws: Workspace, pseudonym: str, age_weeks: int | None, carer_word: str | None, actor: str
) -> Family:
    known = ws.catalogue.family_called(pseudonym)
    if known is None:
        office = policy.office_for_new(ws, actor)
        with ws.catalogue.act(actor, "family.add") as act:
            made = act.add_family(pseudonym, age_weeks=age_weeks, carer_word=carer_word)
            if office is not None:
                act.assign(policy.plain(actor), made.id, office)
            return made
    if (age_weeks, carer_word) != (None, None):
        with ws.catalogue.act(actor, "family.change", object=known.id) as act:
            return act.change_family(known.id, age_weeks=age_weeks, carer_word=carer_word)
    return known


def _welcome(ws: Workspace, pseudonym: str, actor: str) -> None:
    """Asked before anything is read: somebody else's family gets no film from this account."""
    known = ws.catalogue.family_called(pseudonym)
    if known is None:
        policy.authorise(ws, actor, "family.add")
    else:
        policy.authorise(ws, actor, "film.add", family=known.id)


def _agree(
    ws: Workspace, family: Family, agreement: Agreement, filmed_on: date | None, actor: str
) -> None:
    for purpose in sorted(agreement.purposes):
        ruling = ConsentRuling(
            purpose=purpose,
            allowed=True,
            at=datetime.now(UTC),
            agreed_by=agreement.agreed_by,
            agreed_on=agreement.agreed_on,
            until=agreement.until,
            filmed_from=filmed_on,
            filmed_to=filmed_on,
            form=agreement.form,
        )
        ws.note(family.id, ruling, actor)


def _undo(ws: Workspace, recording_id: str) -> None:
    with ws.catalogue.act("system", "import.undo") as act:
        gone = act.undo_recording(recording_id)
    for row in gone:
        ws.store.delete(row.id)


def rule(ws: Workspace, pseudonym: str, purpose: Purpose, allowed: bool, *, actor: str) -> Family:
    """Record that a family agrees to a purpose from now on, or takes it back. Raises Unknown."""
    family = _called(ws, pseudonym)
    policy.authorise(ws, actor, "family.consent", family=family.id)
    ws.note(family.id, ConsentRuling(purpose, allowed, datetime.now(UTC)), actor)
    return family


def agreed(ws: Workspace, pseudonym: str, *, actor: str) -> dict[Purpose, bool]:
    """What a family agrees to today, whatever day a film was made. Raises Unknown."""
    family = _called(ws, pseudonym)
    policy.authorise(ws, actor, "family.list", family=family.id)
    rulings = ws.catalogue.rulings(family.id)
    today = datetime.now(UTC).astimezone().date()
    return {
        purpose: any(
            permits(rulings, purpose, today, day)
            for day in {None, *(ruling.filmed_from for ruling in rulings)}
        )
        for purpose in Purpose
    }


def _called(ws: Workspace, pseudonym: str) -> Family:
    family = ws.catalogue.family_called(pseudonym)
    if family is None:
        raise Unknown(kind="family", name=pseudonym)
    return family


# --- 3 to 6, as a job


def analyse(ws: Workspace, recording_id: str, *, actor: str) -> JobId:
    """Ask for the film to be watched; the id of the job. Raises NoConsent, Unknown."""
    policy.authorise(ws, actor, "film.analyse", recording=recording_id)
    ws.check(recording_id, Purpose.ANALYSE, actor)
    with ws.catalogue.act(actor, "analyse", object=recording_id, purpose=Purpose.ANALYSE):
        job = ws.jobs.submit(analysis.KIND, recording_id, analysis.version())
    ws.jobs.resume(job)
    return job


def cancel(ws: Workspace, job: JobId, *, actor: str) -> None:
    """Stop watching; what was finished is kept and a later ``analyse`` goes on from there."""
    status = ws.jobs.status(job)
    policy.authorise(ws, actor, "film.analyse", recording=status.subject)
    with ws.catalogue.act(actor, "analyse.stop", object=status.subject):
        ws.jobs.cancel(job)


# --- 7 keep: a person's deeds are a room of their own, deeds/


def unkeep(ws: Workspace, clip: MicroClip, *, actor: str) -> None:
    """A person takes a micro-clip back. Overtaken where somebody changed it meanwhile."""
    deeds.unkeep(ws, clip.recording, clip.id, version=clip.version, actor=actor)


# --- 8 show


def plan(ws: Workspace, recording_id: str) -> ReviewPlan:
    """The micro-clips of a film in the order they will be shown."""
    return ws.catalogue.plan(recording_id)


def show(ws: Workspace, clip: MicroClip, *, actor: str) -> SealedReader:
    """The browser copy for a shared review of this clip: the gate is asked again."""
    return ws.open(clip.recording, Purpose.SHARED_REVIEW, "copy", actor=actor)


# --- the end


def erase(ws: Workspace, recording_id: str, *, actor: str) -> bool:
    """Destroy the film's keys, then all that was made of it.

    True when the keys' bytes are gone from the disk; False while a reader still pins them
    ("pending"), in which case the next unlock finishes it.
    """
    policy.authorise(ws, actor, "film.erase", recording=recording_id)
    ws.jobs.forget(recording_id)
    spend_ballast(ws.root)  # a full disk must not keep anybody's film
    note_erased(ws, recording_id)
    with ws.catalogue.act(actor, "erase", object=recording_id) as act:
        destroyed = act.drop_keys(recording_id)
        act.set(f"left.{recording_id}", None)
        act.set(f"{policy.ASKED}{recording_id}", None)
    ws.erase_rows(recording_id)
    create_ballast(ws.root)
    return ws.catalogue.purge([row.wrapped for row in destroyed if row.wrapped is not None])
