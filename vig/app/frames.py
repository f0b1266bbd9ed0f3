"""Where the frames of a film begin and end."""

from __future__ import annotations

from vig.app.columns import times_from_bytes
from vig.app.workspace import Workspace
from vig.domain.clock import Span
from vig.domain.recording import FrameTimes, Recording
from vig.errors import BadSpan


def frame_times(ws: Workspace, recording_id: str) -> FrameTimes:
    """When each frame of the film is shown."""
    return times_from_bytes(ws.read_all(recording_id, "times"))


def inside(recording: Recording, span: Span) -> Span:
    """The span again. Raises BadSpan where it does not lie in the film."""
    if span.start < 0 or span.end > recording.duration:
        raise BadSpan(start=span.start, end=span.end)
    return span
