"""A film as it is shown: its frames with their times, from any point, its sound beside them."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterator
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.packet import Packet
from av.video.frame import VideoFrame

from vig.media.inside.limits import MAX_PIXELS, NoFrames, Refusal
from vig.media.inside.opening import Film
from vig.media.inside.timing import MICROS, Clock, Joints

Shown = tuple[int, VideoFrame]
"""A frame, and when it starts to be shown in microseconds since the first shown frame."""


_THINNED_WELL = frozenset({"h264", "hevc", "mpeg2video", "mpeg4"})
"""Codecs whose decoders can leave frames out."""


class Reel:
    """One reading of a film. The first shown frame is decoded at once: it sets time 0."""

    def __init__(self, film: Film, *, sound: bool = False) -> None:
        self.film = film
        self._sound = sound
        self._joints = Joints(film.jumps)
        self.clock = self._fresh_clock()
        self._held: deque[Shown | AudioFrame] = deque()
        self._items = self._decoded()
        self.first = self._peeked()[1]
        assert self.clock.origin is not None
        self.origin: int = self.clock.origin

    def _fresh_clock(self, origin: int | None = None) -> Clock:
        return Clock(self.film.base, self.film.nominal, self.film.by_order, origin)

    def _peeked(self) -> Shown:
        """The next frame, which still comes out of ``items`` afterwards."""
        for item in self._items:
            self._held.append(item)
            if not isinstance(item, AudioFrame):
                return item
        raise NoFrames

    def items(self) -> Iterator[Shown | AudioFrame]:
        """Frames with their times, and frames of sound, in the order of the file."""
        while self._held:
            yield self._held.popleft()
        yield from self._items

    def shown(self) -> Iterator[Shown]:
        """The frames in the order they are shown, with their times."""
        for item in self.items():
            if not isinstance(item, AudioFrame):
                yield item

    def length(self, frame: VideoFrame) -> int:
        """How long a frame is shown if no other follows."""
        ticks = frame.duration
        return round(ticks * self.film.base * MICROS) if ticks > 0 else self.film.nominal

    def seek(self, at: int) -> None:
        """Go on with a frame that is shown at or before ``at``: the nearest one that can be found.

        A seek is checked, not believed: where it leads behind ``at``, an earlier one is tried, and
        at last the film is read from its start.
        """
        for earlier in (0, 2 * MICROS, 15 * MICROS):
            wanted = at - earlier
            if wanted <= 0 or not self.film.seekable:
                break
            with contextlib.suppress(av.error.FFmpegError, NoFrames):
                ticks = (wanted + self.origin) / MICROS / self.film.base
                self.film.container.seek(int(ticks), stream=self.film.video)
                self._restart()
                if self._peeked()[0] <= at:
                    return
        self.film.rewind(thinned=self.film.thinned)
        self._joints = Joints(self.film.jumps)
        self._restart()

    def _restart(self) -> None:
        self._held.clear()
        self.clock = self._fresh_clock(self.origin)
        self._joints.last.clear()
        self._items = self._decoded()

    def _decoded(self) -> Iterator[Shown | AudioFrame]:
        """Every frame that can be decoded, from where the container stands.

        A packet that cannot be decoded is passed over, as every player does. Reading ends where
        the file does, or where it can no longer be followed.
        """
        clock = self.clock
        for packet in self.film.joined(self._joints, picture=True, sound=self._sound):
            is_picture = packet.stream.index == self.film.video.index
            if is_picture:
                clock.fed(packet)
            try:
                frames = _frames_of(packet)
            except av.error.FFmpegError:
                if is_picture:
                    clock.lost()
                continue
            for frame in frames:
                if isinstance(frame, VideoFrame):
                    if frame.width * frame.height > MAX_PIXELS:
                        raise Refusal("pixels", frame.width, frame.height)
                    yield clock.time_of(frame), frame
                elif isinstance(frame, AudioFrame):
                    yield frame


def thin_if_dense(film: Film, step: int) -> None:
    """Thin the film if its first seconds show that a frame for every ``step`` is left.

    Measured, not guessed: many phones write no frame that could be left out, others leave too few.
    Where a container has no times of display every frame is needed to know them.
    """
    if film.by_order or film.video.codec_context.codec.canonical_name not in _THINNED_WELL:
        return
    film.rewind(thinned=True)
    starts: list[int] = []
    for at, _ in Reel(film).shown():
        if starts and at - starts[-1] > step:
            break
        starts.append(at)
        if at >= 2 * MICROS:
            if len(starts) < 0.8 * at / film.nominal:
                film.rewind(thinned=True)
                return
            break
    film.rewind()


def decoded_sound(film: Film) -> Iterator[AudioFrame]:
    """The film's sound alone, from where the container stands."""
    for packet in film.joined(Joints(film.jumps), picture=False, sound=True):
        with contextlib.suppress(av.error.FFmpegError):
            for frame in _frames_of(packet):
                if isinstance(frame, AudioFrame):
                    yield frame


def _frames_of(packet: Packet[Any]) -> list[object]:
    """What a packet decodes to; nothing where the decoder has nothing more to give.

    Raises:
        FFmpegError: the packet cannot be decoded.
        MemoryError: it takes more memory than there is.
    """
    try:
        return list(packet.decode())
    except EOFError:
        return []
    except av.error.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise MemoryError from None
        raise
