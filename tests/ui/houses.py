"""A house in memory for the pages: the films, moments and clips that a test puts on its shelves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from vig.app.jobs import JobState, JobStatus
from vig.app.library import Shelf
from vig.app.room import Room
from vig.app.vocabulary import BUILT_IN
from vig.catalogue.values import Account, Analysis, AnalysisState
from vig.domain.clock import Span
from vig.domain.family import Family, Purpose, Role
from vig.domain.progress import Progress
from vig.domain.recording import Footage, Recording, RecordingState
from vig.domain.review import (
    Annotation,
    Cue,
    Evidence,
    MicroClip,
    Moment,
    Principle,
    ReviewPlan,
    Sense,
)
from vig.vault.keys import SlotInfo, SlotKind

SECOND = 1_000_000
FILM = "a" * 32
FOOTAGE = Footage(
    duration=240 * SECOND,
    width=960,
    height=540,
    video_codec="h264",
    audio_codec="aac",
    rotation=0,
    mirrored=False,
    hdr=None,
    pixel_aspect=Fraction(1),
    container="mp4",
    frames=6000,
    sound_start=0,
)
RECORDING = Recording(
    FILM, "family", 240 * SECOND, date(2026, 11, 12), RecordingState.READY, FOOTAGE
)


def moment(name: str, start: int, reason: str = "She looks up; Mum smiles back.") -> Moment:
    span = Span(start * SECOND, (start + 9) * SECOND)
    return Moment(
        id=name,
        span=span,
        principle=Principle.RECEIVING,
        reason=reason,
        evidence=(
            Evidence(Cue.LOOK, span, Role.BABY, "she looks up"),
            Evidence(Cue.SMILE, span, Role.PARENT, "Mum smiles", delay=800_000),
        ),
        parts=(("chain", 0.6),),
        coverage=0.9,
    )


def clip(name: str, start: int, proposed_by: str | None = None, title: str = "") -> MicroClip:
    span = Span(start * SECOND, (start + 9) * SECOND)
    when = datetime(2026, 11, 13, tzinfo=UTC)
    return MicroClip(name, FILM, span, title, "", "guider", when, proposed_by)


def job(state: JobState, **more: Any) -> JobStatus:
    return JobStatus("analysis:" + FILM, "analysis", FILM, "1", state, **more)


def shelf(**changes: Any) -> Shelf:
    plain = Shelf(
        recording=RECORDING,
        pseudonym="F-014",
        age_weeks=23,
        filmed_on=RECORDING.filmed_on,
        work=job(JobState.DONE, share=1.0),
        analysed=True,
        agreed=True,
        suggestions=2,
        clips=1,
        original_left=True,
        stale=False,
    )
    return replace(plain, **changes)


def empty_room(**changes: Any) -> Room:
    """A room of the film with nothing in it."""
    plain = Room(
        recording=RECORDING,
        moments=(),
        clips=(),
        plan=ReviewPlan(FILM),
        notes=(),
        left=frozenset(),
        kept={},
        question="How can I calm her?",
        focus=(),
        look_first=False,
        off=frozenset({Sense.SMILING}),
        people={},
        vocabulary=BUILT_IN,
        keys={},
        undo=None,
        redo=None,
    )
    return replace(plain, **changes)


class Catalogue:
    def __init__(self, moments: Sequence[Moment], clips: Sequence[MicroClip]) -> None:
        self.kept = list(clips)
        self.coming: list[Recording] = []
        self.notes: list[Annotation] = []
        self._moments = tuple(moments)

    def moments(self, recording_id: str) -> tuple[Moment, ...]:
        return self._moments

    def clips(self, recording_id: str) -> tuple[MicroClip, ...]:
        return tuple(self.kept)

    def settings(self, prefix: str) -> dict[str, Any]:
        return {}  # no film of which only a part has arrived

    def accounts(self) -> tuple[Account, ...]:
        return ()

    def latest_analysis(self, recording_id: str) -> Analysis:
        when = datetime(2026, 11, 13, tzinfo=UTC)
        return Analysis("run", FILM, when, "0", (), "x", AnalysisState.DONE, "observations")

    def annotations(self, recording_id: str) -> tuple[Annotation, ...]:
        return tuple(self.notes)

    def recordings(self, *, state: RecordingState) -> tuple[Recording, ...]:
        return tuple(self.coming) if state is RecordingState.IMPORTING else ()

    def family(self, family_id: str) -> Family:
        return Family(family_id, "F-014", 23, "Mum")

    def families(self) -> tuple[Family, ...]:
        return (Family("family", "F-014", 23),)


class Jobs:
    def __init__(self) -> None:
        self.known: dict[str, JobStatus] = {}

    def status(self, job: str) -> JobStatus:
        return self.known[job]


class Workspace:
    def __init__(self, moments: Sequence[Moment] = (), clips: Sequence[MicroClip] = ()) -> None:
        self.jobs = Jobs()
        self.catalogue = Catalogue(moments, clips)
        self.agreed = True

    def allowed(self, recording: Recording, purpose: Purpose) -> bool:
        return self.agreed


class House:
    state = "open"

    def __init__(self, workspace: Workspace, *, demo: bool = False) -> None:
        self.workspace = workspace
        self.demo = demo
        self.backups: list[Path] = []
        self.problem: Exception | None = None

    def ways_in(self) -> tuple[SlotInfo, ...]:
        made = datetime(2026, 11, 2, tzinfo=UTC)
        return (
            SlotInfo("1", SlotKind.PASSPHRASE, True, made),
            SlotInfo("2", SlotKind.RECOVERY, False, made),
        )

    def backup_to(self, folder: Path, progress: Progress, *, actor: str) -> int:
        progress(0.5)
        if self.problem is not None:
            raise self.problem
        self.backups.append(folder)
        return 12
