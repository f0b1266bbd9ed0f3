"""What the screens show of a vault: films on their shelves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from vig.app import analysis, policy
from vig.app.jobs import JobId, Jobs, JobState, JobStatus
from vig.app.workspace import Workspace
from vig.catalogue.read_shelves import Tally
from vig.domain.family import Family, Purpose
from vig.domain.recording import Recording, RecordingState
from vig.errors import Unknown


@dataclass(frozen=True, slots=True)
class Shelf:
    """A film as it stands in the library."""

    recording: Recording
    pseudonym: str
    age_weeks: int | None
    filmed_on: date | None
    work: JobStatus | None
    """The job that watches it or did last; None where nobody asked for one."""
    analysed: bool
    agreed: bool
    """Whether the family agreed to a computer looking for moments."""
    suggestions: int
    clips: int
    original_left: bool
    """Whether the unprotected original is still where it was."""
    stale: bool
    """Whether this version of the tool might suggest something else."""


class Want(StrEnum):
    """Why a film waits for somebody."""

    LOOK = "look"
    """There are suggestions, and nothing was kept yet."""
    ORIGINAL = "original"
    """The unprotected original may still lie on the phone."""
    WORK = "work"
    """The watching did not finish."""


@dataclass(frozen=True, slots=True)
class Need:
    """A film that waits for somebody, and for what."""

    recording: str
    pseudonym: str
    want: Want
    count: int = 0
    """Suggestions to look at, for ``LOOK``."""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the library, and what of all of it waits for somebody."""

    shelves: tuple[Shelf, ...]
    films: int
    """How many films there are in all that fit the search."""
    needs: tuple[Need, ...]
    """Of every film that may be opened, newest first."""


def page(
    ws: Workspace,
    actor: str,
    jobs: Jobs | None = None,
    *,
    called: str = "",
    first: int = 0,
    many: int | None = None,
) -> Page:
    """The films that ``actor`` may open, newest first: ``many`` of them from the ``first`` on.

    ``called``: part of a pseudonym; "" for every family. What is counted over all films is read in
    a handful of questions, so a library of a thousand opens as one of ten does.
    """
    newest: dict[str, JobStatus] = {}
    for status in jobs.list() if jobs is not None else ():
        newest.setdefault(status.subject, status)
    families = {family.id: family for family in ws.catalogue.families()}
    tallies = ws.catalogue.tallies()
    open_to = policy.seen(ws, actor, ws.catalogue.recordings(state=RecordingState.READY))
    wanted = " ".join(called.split()).casefold()
    fitting = [r for r in open_to if wanted in families[r.family].pseudonym.casefold()]
    shown = fitting[first : None if many is None else first + many]
    return Page(
        tuple(
            _shelf(ws, one, families[one.family], tallies[one.id], newest.get(one.id))
            for one in shown
        ),
        len(fitting),
        tuple(
            need
            for one in open_to
            for need in _needs(one, families[one.family], tallies[one.id], newest.get(one.id))
        ),
    )


def shelves(ws: Workspace, actor: str, jobs: Jobs | None = None) -> tuple[Shelf, ...]:
    """Every film that ``actor`` may open, newest first."""
    return page(ws, actor, jobs).shelves


def _needs(
    recording: Recording, family: Family, tally: Tally, work: JobStatus | None
) -> Iterator[Need]:
    if work is not None and work.state is JobState.FAILED:
        yield Need(recording.id, family.pseudonym, Want.WORK)
    if tally.moments and not tally.clips:
        yield Need(recording.id, family.pseudonym, Want.LOOK, tally.moments)
    if tally.original_left:
        yield Need(recording.id, family.pseudonym, Want.ORIGINAL)


def original_gone(ws: Workspace, recording_id: str, *, actor: str) -> None:
    """A person says that the original is erased where it was filmed. Raises NotAllowed, Unknown."""
    policy.authorise(ws, actor, "film.change", recording=recording_id)
    with ws.catalogue.act(policy.plain(actor), "film.original-gone", object=recording_id) as act:
        act.change_recording(recording_id, original_left=False)


def coming(ws: Workspace, actor: str) -> tuple[Recording, ...]:
    """Films on their way in, of families whose films ``actor`` may open."""
    return policy.seen(ws, actor, ws.catalogue.recordings(state=RecordingState.IMPORTING))


def work(ws: Workspace, actor: str, job: JobId) -> JobStatus:
    """How far the job of a film is that ``actor`` may open. Raises NotAllowed, Unknown."""
    status = ws.jobs.status(job)
    policy.authorise(ws, actor, "film.see", recording=status.subject)
    return status


def pseudonyms(ws: Workspace, actor: str, deed: str = "film.add") -> tuple[str, ...]:
    """The families to which ``actor`` may do ``deed``, by pseudonym."""
    within = policy.reach(ws, actor, deed)
    return tuple(one.pseudonym for one in ws.catalogue.families() if one.id in within)


def shelf(ws: Workspace, actor: str, recording_id: str, jobs: Jobs | None = None) -> Shelf:
    """One film. Raises NotAllowed, Unknown."""
    policy.authorise(ws, actor, "film.see", recording=recording_id)
    recording = ws.catalogue.recording(recording_id)
    if recording.state is not RecordingState.READY:
        raise Unknown(kind="film", name=recording_id)
    found = [
        one for one in (jobs.list() if jobs is not None else ()) if one.subject == recording_id
    ]
    family = ws.catalogue.family(recording.family)
    tally = Tally(
        clips=len(ws.catalogue.clips(recording_id)),
        moments=len(ws.catalogue.moments(recording_id)),
        original_left=ws.catalogue.origin(recording_id).left,
    )
    return _shelf(ws, recording, family, tally, found[0] if found else None)


def _shelf(
    ws: Workspace, recording: Recording, family: Family, tally: Tally, work: JobStatus | None
) -> Shelf:
    newest = ws.catalogue.latest_analysis(recording.id)
    return Shelf(
        recording=recording,
        pseudonym=family.pseudonym,
        age_weeks=family.age_weeks,
        filmed_on=recording.filmed_on,
        work=work,
        analysed=newest is not None,
        agreed=ws.allowed(recording, Purpose.ANALYSE),
        suggestions=tally.moments,
        clips=tally.clips,
        original_left=tally.original_left,
        stale=newest is not None and analysis.stale(newest),
    )
