"""What the screens show of a vault: films on their shelves, and the lanes of a timeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from vig.app import analysis, policy
from vig.app.jobs import Jobs, JobStatus
from vig.app.workspace import Workspace
from vig.domain.clock import Micros, SpanSet
from vig.domain.observation import Floats
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
    suggestions: int
    clips: int
    original_left: bool
    """Whether the unprotected original is still where it was."""
    stale: bool
    """Whether this version of the tool might suggest something else."""


@dataclass(frozen=True, slots=True)
class Lanes:
    """Columns for a timeline; only what was seen, NaN elsewhere."""

    step: Micros
    curves: Mapping[str, Floats]
    not_seen: SpanSet
    """Where no face could be seen for at least a second."""


def shelves(ws: Workspace, actor: str, jobs: Jobs | None = None) -> tuple[Shelf, ...]:
    """Every film that ``actor`` may open, newest first."""
    newest: dict[str, JobStatus] = {}
    for status in jobs.list() if jobs is not None else ():
        newest.setdefault(status.subject, status)
    return tuple(
        _shelf(ws, recording, newest.get(recording.id))
        for recording in policy.seen(ws, actor, ws.catalogue.recordings(state=RecordingState.READY))
    )


def coming(ws: Workspace, actor: str) -> tuple[Recording, ...]:
    """Films on their way in, of families whose films ``actor`` may open."""
    return policy.seen(ws, actor, ws.catalogue.recordings(state=RecordingState.IMPORTING))


def pseudonyms(ws: Workspace, actor: str, deed: str = "film.add") -> tuple[str, ...]:
    """The families to which ``actor`` may do ``deed``, by pseudonym."""
    within = policy.reach(ws, actor, deed)
    return tuple(one.pseudonym for one in ws.catalogue.families() if one.id in within)


def shelf(ws: Workspace, actor: str, recording_id: str, jobs: Jobs | None = None) -> Shelf:
    """One film. Raises NotAllowed, Unknown."""
    policy.authorise(ws, actor, "film.see", recording=recording_id)
    for found in shelves(ws, actor, jobs):
        if found.recording.id == recording_id:
            return found
    raise Unknown(kind="film", name=recording_id)


def _shelf(ws: Workspace, recording: Recording, work: JobStatus | None) -> Shelf:
    family = ws.catalogue.family(recording.family)
    newest = ws.catalogue.latest_analysis(recording.id)
    return Shelf(
        recording=recording,
        pseudonym=family.pseudonym,
        age_weeks=family.age_weeks,
        filmed_on=recording.filmed_on,
        work=work,
        analysed=newest is not None,
        suggestions=len(ws.catalogue.moments_of(newest.id)) if newest else 0,
        clips=len(ws.catalogue.clips(recording.id)),
        original_left=ws.catalogue.origin(recording.id).left,
        stale=newest is not None and analysis.stale(newest),
    )


def lanes(ws: Workspace, recording_id: str) -> Lanes:
    """The timeline of the newest analysis. Unknown where there is none."""
    observations = analysis.observations_of(ws, recording_id)
    signals = analysis.signals_of(ws, recording_id)
    grid = observations.grid
    seen = np.zeros(grid.ticks, dtype=bool)
    for track in observations.seen.tracks:
        seen |= track.seen
    edges = np.flatnonzero(np.diff(np.concatenate(([False], ~seen, [False])).astype(np.int8)))
    missing = SpanSet.of(
        grid.span_of(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)
    )
    return Lanes(grid.step, signals.curves(), missing.at_least(1_000_000))
