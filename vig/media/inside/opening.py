"""Opens an untrusted film: what may be opened at all, and which of its tracks are the film."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import av
from av.audio.stream import AudioStream
from av.container.input import InputContainer
from av.packet import Packet
from av.stream import Discard, Disposition, Stream
from av.video.stream import VideoStream

from vig.media.inside import tried
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
from vig.media.inside.timing import MICROS, Joints

_OPTIONS: Final = {
    "format_whitelist": FORMATS,
    "protocol_whitelist": "none",
    "enable_drefs": "0",
    "use_absolute_path": "0",
    "max_streams": str(MAX_STREAMS + 1),
}
_NO_FILM: Final = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image


_UNTIMED: Final = frozenset({"avi", "h264", "hevc", "mpegvideo", "m4v"})
"""Containers that hold no times of display."""
_IN_ORDER: Final = frozenset({"mjpeg", "dvvideo", "h263", "msmpeg4v2", "msmpeg4v3"})
"""Codecs that store frames in the order they are shown, so that order is known after a seek."""
_STREAMED: Final = frozenset({"mpegts", "mpeg"})
"""Containers without an index, whose clock may jump."""
_SCANNED: Final = 1 << 29
"""A streamed film up to this size is read through before a seek in it is trusted."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What reading through all packets of the picture showed."""

    end: int
    """The end of the last one on the container's clock in microseconds, with jumps taken out."""
    frames: int
    """How many packets there are, one for each frame."""
    jumped: bool
    """Whether the clock jumped."""


class Film:
    """An opened film with its chosen picture and sound."""

    container: InputContainer
    video: VideoStream
    audio: AudioStream | None

    def __init__(self, source: Source, threads: int = 2) -> None:
        self._source = source
        self._threads = threads
        self.thinned = False
        self._has_sound: bool | None = None
        self._open()
        name = self.container.format.name
        self.by_order = name in _UNTIMED
        self.jumps = name in _STREAMED
        base = self.video.time_base
        if base is None or base <= 0:
            raise Refusal("times")
        self.base: Fraction = base
        rate = self.video.average_rate or self.video.guessed_rate
        if self.by_order and self.video.guessed_rate:
            # These containers know a tick, not a rate; the pictures themselves often say it.
            rate = self.video.guessed_rate
        self.nominal = min(max(1, round(MICROS / rate)), MICROS) if rate else MICROS // 25
        self._seekable: bool | None = None if self.jumps else not self.by_order
        if name == "avi" and self.video.codec_context.codec.canonical_name in _IN_ORDER:
            self._seekable = True

    def _open(self) -> None:
        self._source.seek(0)
        self.container = _opened(self._source)
        self.video = _picture_of(self.container)
        self.audio = _sound_of(self.container) if self._has_sound is not False else None
        if self.audio is not None and self._has_sound is None:
            self._has_sound = tried.survives(self._listen)
            if not self._has_sound:
                self.audio = None
        context = self.video.codec_context
        context.options = {"max_pixels": str(MAX_PIXELS)}
        if self.thinned:
            context.skip_frame = "NONREF"
            context.options |= {"skip_loop_filter": "all"}
        context.thread_type = "AUTO"
        context.thread_count = self._threads

    def _read_only(self, *streams: Stream) -> None:
        """Let the container pass over all other tracks without reading them."""
        wanted = {stream.index for stream in streams}
        for stream in self.container.streams:
            stream.discard = Discard.default if stream.index in wanted else Discard.all

    def _listen(self) -> None:
        """Decode a little sound, as :func:`~vig.media.inside.tried.survives` tries it."""
        assert self.audio is not None
        for packet in itertools.islice(self._packets(self.audio), 30):
            packet.decode()

    def rewind(self, *, thinned: bool = False) -> None:
        """Stand at the start again, whatever the container thinks of seeking.

        A thinned film leaves out the frames that no other frame needs, and the smoothing of block
        edges: about half the work, where there are such frames at all.
        """
        self.thinned = thinned
        self.container.close()
        self._open()

    @property
    def seekable(self) -> bool:
        """Whether a seek by time can be trusted (a streamed film may have jumps in its clock)."""
        if self._seekable is None:
            self._seekable = self._source.size > _SCANNED or not self.scan().jumped
        return self._seekable

    def scan(self) -> Scan:
        """Read all packets of the picture without decoding, and rewind."""
        self.rewind(thinned=self.thinned)
        joints = Joints(self.jumps)
        end = count = 0
        for packet in self.joined(joints, picture=True, sound=False):
            count += packet.size > 0
            ticks = packet.pts if packet.pts is not None else packet.dts
            if self.by_order:
                ticks = packet.dts
            if ticks is not None:
                end = max(end, round((ticks + (packet.duration or 0)) * self.base * MICROS))
        self.rewind(thinned=self.thinned)
        return Scan(end or count * self.nominal, count, any(joints.shifts.values()))

    def joined(self, joints: Joints, *, picture: bool, sound: bool) -> Iterator[Packet[Any]]:
        """The packets of picture or sound or both, on a clock without jumps.

        Where the clock may jump both tracks are read in any case: then every reading of the film
        closes the same gaps by the same amounts.
        """
        tracks = [(self.video, picture)] + ([(self.audio, sound)] if self.audio else [])
        read = [track for track, wanted in tracks if wanted or self.jumps]
        wanted = {track.index for track, wanted in tracks if wanted}
        self._read_only(*read)
        for packet in self._packets(*read):
            joints.close(packet)
            # Not by the packet's own number: the empty last packets have none.
            if packet.stream.index in wanted:
                yield packet

    def _packets(self, *streams: Stream) -> Iterator[Packet[Any]]:
        """The packets of the streams, then one empty packet each that draws out the last frames.

        Where the rest of the file is gone or nonsense, the packets end as if the file did.
        """
        packets = self.container.demux(*streams)
        while True:
            try:
                packet = next(packets)
            except (StopIteration, EOFError):
                return
            except IndexError:
                # PyAV knows no stream that turns up in the middle; its packets are passed over.
                packets = self.container.demux(*streams)
                continue
            except av.error.FFmpegError:
                for stream in streams:
                    last: Packet[Any] = Packet()
                    last.stream = stream
                    yield last
                return
            yield packet


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
    if not container.streams:
        raise Refusal("no-index" if _is_film(head) else "not-a-film")
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
    """The film among the video tracks.

    Never a cover picture; nor a preview, which is much shorter or has less than a quarter of the
    pixels; then the default track, the larger, the first.
    """
    tracks = [s for s in container.streams.video if not s.disposition & _NO_FILM]
    if not tracks:
        raise Refusal("still" if container.streams.video else "sound-only")
    known = [s for s in tracks if s.codec_context is not None and _known(s)]
    if not known:
        raise Refusal("codec")
    whole = Fraction(container.duration or 0, MICROS)
    longest = max(_length(s, whole) for s in known)
    largest = max(s.width * s.height for s in known)
    films = [
        s
        for s in known
        if _length(s, whole) * 2 >= longest and s.width * s.height * 4 >= largest and s.frames != 1
    ]
    chosen = max(
        films or known,
        key=lambda s: (bool(s.disposition & Disposition.default), s.width * s.height),
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
