"""Film as pictures: what a file holds, when its frames are shown, and the frames themselves.

Every function takes the film as a seekable binary file (the vault's reader), moves its position,
and decodes in a child process. All raise, besides what they name:

* ``BadFilm`` (one of its kinds) where the file cannot be used as a film,
* ``DecoderFailed`` or ``DecoderTimedOut`` where the decoder crashed, lied or hung,
* whatever reading the source raises, such as ``Tampered``.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import BinaryIO, Final

import numpy as np

from vig.domain.clock import Grid, Micros, Span
from vig.domain.progress import Progress, unheard
from vig.domain.recording import Footage, Frame, FrameTimes
from vig.media.sandbox import Answer, Child, nonsense

_LONGEST_FILM: Final = 5 * 3600 * 1_000_000
_WIDEST: Final = 1 << 16
_CONTAINER_NAMES: Final = {
    "mov,mp4,m4a,3gp,3g2,mj2": "mp4",
    "matroska,webm": "matroska",
}


def probe(source: BinaryIO) -> Footage:
    """What the film holds; cheap, because only its first and last seconds are decoded."""
    with Child("probe", source) as child:
        for answer in child.answers():
            return footage_of(answer)
    raise nonsense()


def frame_times(source: BinaryIO, progress: Progress = unheard) -> FrameTimes:
    """When each frame is shown: the whole film is decoded once.

    Raises:
        Cancelled: ``progress`` raised it.
    """
    with Child("times", source) as child:
        for answer in child.answers():
            if "share" in answer.header:
                progress(share_of(answer))
                continue
            progress(1.0)
            return times_of(answer, answer.whole("end", 1, _LONGEST_FILM))
    raise nonsense()


def sample(
    source: BinaryIO, grid: Grid, span: Span | None = None, *, longest: int = 1920
) -> Iterator[tuple[int, Frame]]:
    """Each tick's number and the frame shown at that tick, in one pass over the film.

    A frame that is shown at several ticks comes several times as the same object. Ticks after the
    film's end are left out. With ``span`` only the ticks whose time lies in it are given.
    No side of the picture is longer than ``longest``.
    """
    ticks = range(grid.ticks) if span is None else grid.ticks_in(span)
    if not ticks:
        return
    asked = {"step": grid.step, "first": ticks.start, "after": ticks.stop, "longest": longest}
    expected = ticks.start
    with Child("sample", source, asked) as child:
        for answer in child.answers():
            first = answer.whole("tick", expected, ticks.stop - 1)
            expected = answer.whole("after", first + 1, ticks.stop)
            frame = picture_of(answer)
            for tick in range(first, expected):
                yield tick, frame


def frame_at(source: BinaryIO, at: Micros, *, longest: int | None = None) -> Frame:
    """The frame shown at ``at``; the first or last one where that lies outside the film."""
    return next(frames_at(source, [at], longest=longest))


def frames_at(
    source: BinaryIO, times: list[Micros], *, longest: int | None = None
) -> Iterator[Frame]:
    """The frames shown at several times, by one child."""
    asked = {"times": [max(0, int(at)) for at in times], "longest": longest}
    with Child("frames", source, asked) as child:
        got = 0
        for answer in child.answers():
            yield picture_of(answer)
            got += 1
        if got != len(times):
            raise nonsense()


def share_of(answer: Answer) -> float:
    """How much of the film is done, 0 to 1."""
    done = answer.whole("share", 0, _LONGEST_FILM)
    return min(1.0, done / answer.whole("of", 1, _LONGEST_FILM))


def footage_of(answer: Answer) -> Footage:
    """The child's description of the film, with every field checked."""
    said = answer.header
    container, video, audio = said.get("container"), said.get("video"), said.get("audio")
    aspect, sound_start = said.get("aspect"), said.get("sound_start")
    if not (
        isinstance(container, str)
        and isinstance(video, str)
        and (audio is None or isinstance(audio, str))
        and said.get("hdr") in (None, "hlg", "pq")
        and said.get("rotation") in (0, 90, 180, 270)
        and isinstance(said.get("mirrored"), bool)
        and isinstance(said.get("cut_short"), bool)
        and isinstance(aspect, list)
        and [type(n) for n in aspect] == [int, int]
        and min(aspect) > 0
        and (sound_start is None or type(sound_start) is int)
    ):
        raise nonsense()
    return Footage(
        duration=answer.whole("duration", 1, _LONGEST_FILM),
        width=answer.whole("width", 1, _WIDEST),
        height=answer.whole("height", 1, _WIDEST),
        video_codec=video,
        audio_codec=audio,
        rotation=said["rotation"],
        mirrored=said["mirrored"],
        hdr=said["hdr"],
        pixel_aspect=Fraction(*aspect),
        container=_CONTAINER_NAMES.get(container, container),
        frames=answer.whole("frames", 1) if "frames" in said else None,
        sound_start=sound_start,
        cut_short=said["cut_short"],
    )


def times_of(answer: Answer, end: Micros) -> FrameTimes:
    """Frame times from the raw bytes of an answer: eight big-endian bytes each."""
    if not answer.payload or len(answer.payload) % 8:
        raise nonsense()
    starts = np.frombuffer(answer.payload, ">i8").astype(np.int64)
    if starts[0] != 0 or (np.diff(starts) <= 0).any() or starts[-1] >= end:
        raise nonsense()
    return FrameTimes(starts, end)


def picture_of(answer: Answer) -> Frame:
    """A picture from the raw bytes of an answer: red, green, blue, row by row."""
    width, height = answer.whole("width", 1, _WIDEST), answer.whole("height", 1, _WIDEST)
    if len(answer.payload) != width * height * 3:
        raise nonsense()
    rgb = np.frombuffer(answer.payload, np.uint8).reshape(height, width, 3)
    return Frame(answer.whole("at", 0, _LONGEST_FILM), rgb)
