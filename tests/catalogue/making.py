"""Things to put into a catalogue, and a clock that stands still until it is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from vig.catalogue import Act, Catalogue, CatalogueKeys, ObjectRow, new_id
from vig.domain.clock import SECOND, Span
from vig.domain.family import ConsentRuling, Family, Purpose, Role
from vig.domain.recording import Footage, Recording
from vig.domain.review import (
    Annotation,
    Cue,
    Evidence,
    MicroClip,
    Moment,
    Principle,
)

KEYS = CatalogueKeys(database=b"d" * 32, fields=b"f" * 32, audit=b"a" * 32)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TODAY = NOON.date()

FOOTAGE = Footage(
    duration=60 * SECOND,
    width=1280,
    height=720,
    video_codec="h264",
    audio_codec="aac",
    rotation=90,
    mirrored=False,
    hdr=None,
    pixel_aspect=Fraction(4, 3),
    container="mp4",
    frames=1800,
    sound_start=21_333,
)


class Clock:
    """Says the same time until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **spell: float) -> None:
        self.now += timedelta(**spell)


def ruling(purpose: Purpose = Purpose.KEEP, allowed: bool = True, **more: object) -> ConsentRuling:
    return replace(ConsentRuling(purpose, allowed, NOON), **more)  # type: ignore[arg-type]


def clip(recording: str, title: str = "Hello you", note: str = "", **more: object) -> MicroClip:
    made = MicroClip(new_id(), recording, Span(0, SECOND), title, note, "cli", NOON)
    return replace(made, **more)  # type: ignore[arg-type]


def annotation(recording: str, words: str = "She waits.") -> Annotation:
    return Annotation(new_id(), recording, Span(0, SECOND), words, "cli", NOON)


def moment(start: int = 0, reason: str = "She looks up; Mum smiles back.") -> Moment:
    span = Span(start, start + 3 * SECOND)
    look = Evidence(Cue.LOOK, Span(start, start + SECOND), Role.BABY, "she looks up")
    smile = Evidence(Cue.SMILE, Span(start + SECOND, span.end), Role.PARENT, "smiles back", 400_000)
    turns = Evidence(Cue.TURNS, span, None, "two turns each")
    parts = (("look", 0.5), ("smile", 0.25))
    return Moment("proposal", span, Principle.RECEIVING, reason, (look, smile, turns), parts, 0.75)


def sealed(recording: str, kind: str = "film", wrapped: bytes = b"w" * 61) -> ObjectRow:
    return ObjectRow(new_id(), recording, kind, wrapped, 1)


def film(
    act: Act, family: Family, *, sha256: bytes | None = None, day: date | None = TODAY
) -> Recording:
    """A recording with one sealed object; finished where its SHA-256 is given."""
    made = act.begin_recording(family.id, FOOTAGE, filmed_on=day, original_name="garden.mp4")
    act.put_object(sealed(made.id))
    return act.finish_recording(made.id, sha256=sha256) if sha256 else made


def stocked(catalogue: Catalogue, pseudonym: str = "F-014") -> tuple[Family, Recording]:
    """A family with one finished film in it."""
    with catalogue.act("cli", "film.add") as act:
        family = act.add_family(pseudonym, age_weeks=23, carer_word="Mum")
        act.rule(family.id, ruling())
        recording = film(act, family, sha256=pseudonym.encode().ljust(32, b"\0"))
    return family, recording
