"""Pictures for the screens, out of the browser copy and through the gate."""

from __future__ import annotations

from typing import BinaryIO, cast

from vig.app.workspace import Workspace
from vig.domain.clock import Micros
from vig.domain.family import Purpose
from vig.domain.recording import Recording
from vig.errors import BadSpan
from vig.media import clips

CARD_WIDTH = 320

RENDERED = "rendered-film"
"""What the agreement form of a sample film is called (``demo.add``)."""


def rendered(ws: Workspace, recording: Recording) -> bool:
    """Whether this is a film of drawn people, from which nothing follows for real babies."""
    return any(ruling.form == RENDERED for ruling in ws.catalogue.rulings(recording.family))


def still(ws: Workspace, recording_id: str, at: Micros, *, actor: str) -> bytes:
    """The frame shown at ``at`` as a small JPEG. Raises NoConsent, Unknown, BadSpan."""
    recording = ws.check(recording_id, Purpose.KEEP, actor)
    if not 0 <= at < recording.duration:
        raise BadSpan(start=at, end=at)
    with ws.read(recording_id, "copy") as copy:
        return next(iter(clips.thumbnails(cast(BinaryIO, copy), [at], longest=CARD_WIDTH)))
