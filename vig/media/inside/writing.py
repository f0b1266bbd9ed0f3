"""Writes the MP4 that browsers play: H.264 and AAC, index first, times as they were."""

from __future__ import annotations

import io
from collections import deque
from fractions import Fraction
from typing import Final, Protocol

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container.output import OutputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vig.media.inside.sounds import Samples
from vig.media.inside.timing import MICROS
from vig.media.wire import Raw

RATE: Final = 48_000
_AAC_FRAME: Final = 1024
_MICRO: Final = Fraction(1, MICROS)
KEYFRAME_EVERY: Final = 15
"""Frames between keyframes: stepping backwards in a browser decodes at most this many."""


class Answering(Protocol):
    """Where the written bytes go."""

    def answer(self, header: dict[str, object], payload: Raw = b"") -> None: ...


class Sink:
    """What the muxer writes, gathered to larger pieces and sent with their place in the file."""

    _PIECE = 1 << 18

    def __init__(self, pipe: Answering) -> None:
        self._pipe = pipe
        self._held = bytearray()
        self._from = 0
        self._end = 0

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._from + len(self._held)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self.tell(), io.SEEK_END: self._end}[whence]
        if base + offset != self.tell():
            self.send()
            self._from = base + offset
        return self.tell()

    def write(self, data: Raw) -> int:
        view = memoryview(data)
        self._held += view
        self._end = max(self._end, self.tell())
        if len(self._held) >= self._PIECE:
            self.send()
        return view.nbytes

    def send(self) -> None:
        """Send what was gathered."""
        if self._held:
            self._pipe.answer({"at": self._from}, self._held)
            self._from += len(self._held)
            self._held = bytearray()


class Writer:
    """One MP4 file on its way out. Pictures come in order with their times, sound as it is."""

    def __init__(
        self, sink: Sink, size: tuple[int, int], *, sound: bool, head: int, crf: int, preset: str
    ) -> None:
        self._sink = sink
        options = {"moov_size": str(head), "movie_timescale": str(MICROS)}
        self._out: OutputContainer = av.open(sink, "w", format="mp4", options=options)
        self._video = _h264(self._out, size, crf, preset)
        self._audio = _aac(self._out) if sound else None
        self._waiting: VideoFrame | None = None
        self._lengths: deque[int] = deque()
        self._samples = np.zeros((2, 0), np.float32)
        self._sampled = 0
        self.pictures = 0

    def picture(self, at: int, frame: VideoFrame) -> None:
        """The next picture; how long the one before it is shown is known now."""
        frame.pts, frame.time_base = at, _MICRO
        frame.pict_type = 0
        self._encode_waiting(at)
        self._waiting = frame

    def _encode_waiting(self, until: int) -> None:
        if self._waiting is None:
            return
        assert self._waiting.pts is not None
        self._lengths.append(until - self._waiting.pts)
        self._mux(self._video.encode(self._waiting))
        self.pictures += 1

    def _mux(self, packets: list[Packet[VideoStream]]) -> None:
        # Without B-frames packets come out in the order the pictures went in.
        for packet in packets:
            packet.duration = self._lengths.popleft()
            self._out.mux_one(packet)

    def sound(self, samples: Samples) -> None:
        """The next samples, two channels at 48 kHz."""
        if self._audio is None:
            return
        self._samples = np.concatenate([self._samples, samples], axis=1)
        whole = self._samples.shape[1] // _AAC_FRAME * _AAC_FRAME
        for at in range(0, whole, _AAC_FRAME):
            self._encode_sound(self._audio, self._samples[:, at : at + _AAC_FRAME])
        self._samples = self._samples[:, whole:]

    def _encode_sound(self, track: AudioStream, samples: Samples) -> None:
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), "fltp", "stereo")
        frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), self._sampled
        self._sampled += samples.shape[1]
        for packet in track.encode(frame):
            self._out.mux_one(packet)

    def finish(self, end: int) -> None:
        """Everything is in; the last picture is shown until ``end``. Writes the index."""
        self._encode_waiting(end)
        self._mux(self._video.encode(None))
        if self._audio is not None:
            if self._samples.shape[1]:
                self._encode_sound(self._audio, self._samples)
            for packet in self._audio.encode(None):
                self._out.mux_one(packet)
        self._out.close()
        self._sink.send()


def _h264(out: OutputContainer, size: tuple[int, int], crf: int, preset: str) -> VideoStream:
    every = KEYFRAME_EVERY
    track = out.add_stream(
        "libx264",
        rate=30,
        options={
            "preset": preset,
            "crf": str(crf),
            "profile": "high",
            "bf": "0",
            "x264-params": f"keyint={every}:min-keyint={every}:scenecut=0:open-gop=0",
        },
    )
    track.width, track.height = size
    track.pix_fmt = "yuv420p"
    context = track.codec_context
    context.time_base = _MICRO
    context.colorspace = context.color_primaries = context.color_trc = 1  # BT.709
    context.color_range = 1  # limited
    return track


def _aac(out: OutputContainer) -> AudioStream:
    return out.add_stream("aac", rate=RATE, layout="stereo", options={"b": "128k"})
