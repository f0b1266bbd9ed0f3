"""Opens an untrusted film: whitelists, the choice of tracks, the first shown frame, the clock."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container.input import InputContainer
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vig.media.inside.limits import (
    AUDIO_CODECS,
    FORMATS,
    MAX_HOURS,
    MAX_PIXELS,
    MAX_STREAMS,
    VIDEO_CODECS,
    Refusal,
)
from vig.media.inside.source import Source

MICROS: Final = 1_000_000
Shown = tuple[int, VideoFrame]
"""A frame and when it starts to be shown, in microseconds since the first shown frame."""

_OPTIONS: Final = {
    "format_whitelist": FORMATS,
    "protocol_whitelist": "none",
    "enable_drefs": "0",
    "use_absolute_path": "0",
    "max_streams": str(MAX_STREAMS),
}
_NO_FILM: Final = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image


def micros(ticks: int, base: Fraction) -> int:
    """``ticks`` of ``base`` seconds in whole microseconds, rounded half up."""
    return (2 * ticks * base.numerator * MICROS + base.denominator) // (2 * base.denominator)


class Film:
    """An opened film with its chosen picture and sound."""

    def __init__(self, source: Source, threads: int = 2) -> None:
        self.container = _opened(source)
        try:
            self.video = _picture_of(self.container)
            self.audio = _sound_of(self.container)
            self._prepare(threads)
        except BaseException:
            self.container.close()
            raise
        base = self.video.time_base
        if base is None or base <= 0:
            raise Refusal("times")
        self.base: Fraction = base
        rate = self.video.average_rate or self.video.guessed_rate
        self.nominal = max(1, round(MICROS / rate)) if rate else MICROS // 25

    def _prepare(self, threads: int) -> None:
        for stream in self.container.streams:
            if stream not in (self.video, self.audio):
                stream.discard = av.stream.Discard.all
        context = self.video.codec_context
        context.options = {"max_pixels": str(MAX_PIXELS)}
        context.thread_type = "AUTO"
        context.thread_count = threads

    def close(self) -> None:
        self.container.close()

    def decoded(self, *streams: Stream) -> Iterator[VideoFrame | AudioFrame]:
        """Every frame of the streams that can be decoded, from where the container stands.

        A packet that cannot be decoded is passed over, as every player does. Reading ends where
        the file does, or where it can no longer be followed.
        """
        for packet in self._packets(streams):
            try:
                yield from packet.decode()  # type: ignore[misc]
            except av.error.InvalidDataError:
                continue

    def _packets(self, streams: tuple[Stream, ...]) -> Iterator[Packet[Stream]]:
        packets = self.container.demux(*streams)
        while True:
            try:
                packet = next(packets)
            except (StopIteration, EOFError):
                return
            except av.error.FFmpegError:
                # The rest of the file is gone or nonsense; what the decoders still hold comes out.
                for stream in streams:
                    with contextlib.suppress(av.error.FFmpegError, EOFError):
                        last: Packet[Stream] = Packet()
                        last.stream = stream
                        yield last
                return
            yield packet


@dataclass(slots=True)
class Clock:
    """Gives each decoded frame its time; repairs times that are missing or do not rise."""

    film: Film
    origin: int | None = None
    """The first shown frame's own time in microseconds of the container's clock."""
    last: int = -1

    def time_of(self, frame: VideoFrame) -> int:
        """Microseconds since the first shown frame, rising from frame to frame."""
        ticks = frame.pts if frame.pts is not None else frame.dts
        if ticks is None:
            at = 0 if self.origin is None else self.last + self.film.nominal + self.origin
        else:
            at = micros(ticks, self.film.base)
        if self.origin is None:
            self.origin = at
        at -= self.origin
        if at <= self.last:
            at = self.last + 1
        if at > MAX_HOURS * 3600 * MICROS:
            raise Refusal("hours", MAX_HOURS)
        self.last = at
        return at


class Reel:
    """A film as it is shown: its frames with their times, its sound beside them."""

    def __init__(self, film: Film, *, sound: bool = False) -> None:
        self.film = film
        self.clock = Clock(film)
        streams: list[Stream] = [film.video]
        if sound and film.audio is not None:
            streams.append(film.audio)
        self._streams = tuple(streams)
        self._items = film.decoded(*self._streams)
        self._held: deque[VideoFrame | AudioFrame] = deque()
        self.first = self._first()

    def _first(self) -> VideoFrame:
        for frame in self._items:
            self._held.append(frame)
            if isinstance(frame, VideoFrame):
                checked(frame)
                return frame
        raise Refusal("no-frames")

    @property
    def origin(self) -> int:
        """The container's time of the first shown frame, in microseconds."""
        ticks = self.first.pts if self.first.pts is not None else self.first.dts
        return micros(ticks, self.film.base) if ticks is not None else 0

    def seek(self, at: int) -> None:
        """Go on from the last keyframe at or before ``at``."""
        origin = self.origin
        target = (at + origin) * self.film.base.denominator // (MICROS * self.film.base.numerator)
        self.film.container.seek(target, stream=self.film.video)
        self._held.clear()
        self._items = self.film.decoded(*self._streams)
        self.clock = Clock(self.film, origin)
        self.clock.last = -(1 << 62)

    def items(self) -> Iterator[VideoFrame | AudioFrame]:
        """Frames of picture and sound in the order of the file."""
        while self._held:
            yield self._held.popleft()
        yield from self._items

    def shown(self) -> Iterator[Shown]:
        """The frames in the order they are shown, with their times."""
        for frame in self.items():
            if isinstance(frame, VideoFrame):
                checked(frame)
                yield self.clock.time_of(frame), frame


def checked(frame: VideoFrame) -> None:
    """Refuse a picture that grew beyond the limit while the film ran."""
    if frame.width * frame.height > MAX_PIXELS:
        raise Refusal("pixels", frame.width, frame.height)


def _opened(source: Source) -> InputContainer:
    head = source.read(512)
    source.seek(0)
    if _is_still(head):
        raise Refusal("still")
    try:
        container = av.open(
            source, "r", options=dict(_OPTIONS), metadata_errors="ignore", buffer_size=1 << 16
        )
    except (av.error.FFmpegError, ValueError, EOFError, UnicodeDecodeError):
        raise Refusal("no-index" if _is_film(head) else "not-a-film") from None
    if len(container.streams) > MAX_STREAMS:
        raise Refusal("streams", MAX_STREAMS)
    if container.duration is not None and container.duration > MAX_HOURS * 3600 * MICROS:
        raise Refusal("hours", MAX_HOURS)
    return container


def _is_still(head: bytes) -> bool:
    """By its first bytes: PNG, JPEG, GIF, BMP, TIFF, WebP, HEIF or AVIF."""
    starts = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*")
    brands = (b"heic", b"heix", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis")
    return (
        head.startswith(starts)
        or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
        or (head[4:8] == b"ftyp" and head[8:12] in brands)
    )


def _is_film(head: bytes) -> bool:
    """By its first bytes: MP4 and its kin, Matroska, AVI, or a transport or program stream."""
    return (
        head[4:8] in (b"ftyp", b"moov", b"mdat", b"free", b"wide", b"skip", b"pnot")
        or head.startswith((b"\x1a\x45\xdf\xa3", b"\0\0\x01\xba"))
        or (head[:4] == b"RIFF" and head[8:12] == b"AVI ")
        or head[:189:188] == b"GG"
        or head[4:197:192] == b"GG"
    )


def _picture_of(container: InputContainer) -> VideoStream:
    """The film among the video tracks: never a cover picture, the longest, then the default."""
    tracks = [s for s in container.streams.video if not s.disposition & _NO_FILM]
    if not tracks:
        raise Refusal("still" if container.streams.video else "sound-only")
    known = [s for s in tracks if s.codec_context is not None and _known(s)]
    if not known:
        raise Refusal("codec")
    whole = Fraction(container.duration or 0, MICROS)
    longest = max(_length(s, whole) for s in known)
    known = [s for s in known if _length(s, whole) * 2 >= longest]
    chosen = max(
        known, key=lambda s: (bool(s.disposition & Disposition.default), s.width * s.height)
    )
    if chosen.width * chosen.height > MAX_PIXELS:
        raise Refusal("pixels", chosen.width, chosen.height)
    return chosen


def _sound_of(container: InputContainer) -> AudioStream | None:
    tracks = [
        s
        for s in container.streams.audio
        if s.codec_context is not None and s.codec_context.codec.canonical_name in AUDIO_CODECS
    ]
    return max(tracks, key=lambda s: bool(s.disposition & Disposition.default), default=None)


def _known(stream: VideoStream) -> bool:
    return stream.codec_context.codec.canonical_name in VIDEO_CODECS


def _length(stream: VideoStream, whole: Fraction) -> Fraction:
    if stream.duration and stream.time_base:
        return stream.duration * stream.time_base
    return whole
