"""The browser copy: what every browser plays alike, with exactly the frames of the film."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, BinaryIO, Final, Protocol

from vig.domain.progress import Progress, unheard
from vig.domain.recording import Footage, FrameTimes
from vig.media.figures import index_room
from vig.media.sandbox import Answer, Child, nonsense
from vig.media.video import footage_of, share_of, times_of

LONGEST: Final = 1280
PRESET: Final = "veryfast"
CRF: Final = 23


class Sink(Protocol):
    """A file being written; seeking back happens within its first ``head_bytes`` only."""

    def write(self, data: bytes | bytearray, /) -> Any: ...
    def seek(self, offset: int, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Copied:
    """What making the copy taught about the film, which was decoded from end to end for it."""

    times: FrameTimes
    footage: Footage


def head_bytes(footage: Footage) -> int:
    """How many bytes at the front of a copy are written last: room for its index.

    See :func:`~vig.media.figures.index_room` for where the figure comes from; a kilobyte more is
    for the boxes before and after it.
    """
    return index_room(footage.duration) + 1024


def browser_copy(source: BinaryIO, sink: Sink, *, progress: Progress = unheard) -> Copied:
    """Write the copy of the film into ``sink``: H.264 and AAC in MP4, index first.

    Same frame times as the film, variable rates kept; a keyframe every 15 frames, no B-frames.
    Turned upright, square pixels, ordinary colours, no side longer than 1280. The sink needs
    ``head_bytes`` of the film's footage to be rewritable and is not closed.

    Raises:
        Cancelled: ``progress`` raised it. Others: see ``video.py``.
    """
    asked = {"longest": LONGEST, "preset": PRESET, "crf": CRF}
    with Child("copy", source, asked) as child:
        for answer in child.answers():
            if poured(answer, sink):
                continue
            if "share" in answer.header:
                progress(share_of(answer))
                continue
            footage = footage_of(answer)
            progress(1.0)
            return Copied(times_of(answer, footage.duration), footage)
    raise nonsense()


def poured(answer: Answer, sink: Sink) -> bool:
    """Write this answer into the sink if it is a piece of the file."""
    if "at" not in answer.header or "share" in answer.header:
        return False
    sink.seek(answer.whole("at", 0, 1 << 40))
    sink.write(answer.payload)
    return True
