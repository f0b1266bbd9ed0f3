"""What is not a film, and which error tells the person so."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable
from fractions import Fraction

import av
import numpy as np

from tests.media import barcode, boxes
from tests.media.making import film
from tests.media.oddities import INDEX_FIRST, VPX, X264, R
from vig.errors import BadFilm, DamagedFilm, FilmTooLarge, NoPicture, NotAFilm, UnsupportedFilm

_MP4 = R.but(options=X264)
_FRONT = _MP4.but(container_options=INDEX_FIRST, options=X264 | {"g": "5"}, frames=100)


def _sound_only(container: str, codec: str) -> bytes:
    out = io.BytesIO()
    made = av.open(out, "w", format=container)
    track = made.add_stream(codec, rate=48_000, layout="mono")
    frame = av.AudioFrame.from_ndarray(np.zeros((1, 48_000), np.float32), "fltp", "mono")
    frame.sample_rate = 48_000
    for ready in av.AudioResampler(track.codec_context.format, "mono", 48_000, 1024).resample(
        frame
    ):
        made.mux(track.encode(ready))
    made.mux(track.encode(None))
    made.close()
    return out.getvalue()


def _still(codec: str, pixels: str, width: int = 160, height: int = 120) -> bytes:
    frame = av.VideoFrame.from_ndarray(barcode.drawn(1, width, height), "rgb24")
    context = av.CodecContext.create(codec, "w")
    context.width, context.height, context.pix_fmt = width, height, pixels
    context.time_base = Fraction(1, 25)
    packets = [*context.encode(frame.reformat(format=pixels)), *context.encode(None)]
    return b"".join(bytes(packet) for packet in packets)


def png_bomb(side: int = 16_000) -> bytes:
    """A picture of 256 million pixels in a few kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    rows = zlib.compressobj(9)
    data = b"".join(rows.compress(bytes(side // 8 + 1)) for _ in range(side)) + rows.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def _bomb_in_mov() -> bytes:
    """The same inside a film: one frame of it would take 144 megabytes, and it has three."""
    out = io.BytesIO()
    made = av.open(out, "w", format="mov")
    track = made.add_stream("png", rate=25)
    track.width, track.height, track.pix_fmt = 16, 16, "rgb24"
    made.start_encoding()
    for number in range(3):
        packet = av.Packet(png_bomb(12_000))
        packet.stream, packet.pts, packet.dts = track, number * 40, number * 40
        packet.time_base = Fraction(1, 1000)
        made.mux(packet)
    made.close()
    return out.getvalue()


def _many_tracks() -> bytes:
    out = io.BytesIO()
    made = av.open(out, "w", format="matroska")
    video = made.add_stream("mjpeg", rate=25)
    video.width, video.height, video.pix_fmt = 16, 16, "yuvj420p"
    tracks = [made.add_stream("pcm_s16le", rate=8000, layout="mono") for _ in range(40)]
    for track in tracks:
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 80), np.int16), "s16", "mono")
        frame.sample_rate, frame.pts = 8000, 0
        made.mux(track.encode(frame))
    made.close()
    return out.getvalue()


def _claims_to_be_huge() -> bytes:
    """Every keyframe of a VP8 film says that it is 16383 pixels wide and high."""
    data = film(R.but(codec="libvpx", container="webm", sound=None, options=VPX))
    return data.replace(b"\x9d\x01\x2a\xa0\x00\x78\x00", b"\x9d\x01\x2a\xff\x3f\xff\x3f")


def _long() -> bytes:
    """Two frames, five hours apart."""
    return film(R.but(times=[0, 40_000, 5 * 3_600_000_000], sound=None, container="matroska"))


UNPLAYABLE: dict[str, tuple[Callable[[], bytes], type[BadFilm]]] = {
    "zero_bytes": (lambda: b"", NotAFilm),
    "one_byte": (lambda: b"x", NotAFilm),
    "text_called_mp4": (lambda: b"Dear diary, today she smiled at me.\n" * 50, NotAFilm),
    "web_page": (lambda: b"<!doctype html><html><body>404</body></html>" * 20, NotAFilm),
    "noise": (lambda: random.Random(1).randbytes(100_000), NotAFilm),
    "zeroes": (lambda: bytes(100_000), NotAFilm),
    "ffconcat": (lambda: b"ffconcat version 1.0\nfile /etc/hostname\nfile a.mp4\n", NotAFilm),
    "m3u8": (
        lambda: (
            b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://127.0.0.1/a.ts\n#EXT-X-ENDLIST\n"
        ),
        NotAFilm,
    ),
    "sdp": (
        lambda: (
            b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
            b"m=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n"
        ),
        NotAFilm,
    ),
    "dash": (lambda: b'<?xml version="1.0"?><MPD><BaseURL>file:///etc/</BaseURL></MPD>', NotAFilm),
    "zip": (lambda: b"PK\x03\x04" + bytes(500), NotAFilm),
    "png": (lambda: _still("png", "rgb24"), NoPicture),
    "jpeg": (lambda: _still("mjpeg", "yuvj420p"), NoPicture),
    "gif": (lambda: b"GIF89a" + bytes(100), NoPicture),
    "heic": (lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100), NoPicture),
    "png_bomb": (png_bomb, NoPicture),
    "png_bomb_in_mov": (_bomb_in_mov, UnsupportedFilm),
    "one_frame": (lambda: film(R.but(frames=1, sound=None)), NoPicture),
    "sound_m4a": (lambda: _sound_only("mp4", "aac"), NoPicture),
    "sound_mp3": (lambda: _sound_only("mp3", "libmp3lame"), NoPicture),
    "sound_wav": (lambda: _sound_only("wav", "pcm_s16le"), NoPicture),
    "sound_ogg": (lambda: _sound_only("ogg", "libopus"), NoPicture),
    "sound_webm": (lambda: _sound_only("webm", "libopus"), NoPicture),
    "flash": (
        lambda: film(R.but(container="flv", codec="flv", sound="libmp3lame", sound_rate=44100)),
        NotAFilm,
    ),
    "png_film": (
        lambda: film(R.but(container="mov", codec="png", pixels="rgb24")),
        UnsupportedFilm,
    ),
    "unknown_codec": (lambda: boxes.renamed(film(_MP4), 0, b"abcd"), UnsupportedFilm),
    "protected": (lambda: boxes.renamed(film(_MP4), 0, b"encv"), UnsupportedFilm),
    "too_many_tracks": (_many_tracks, FilmTooLarge),
    "too_long": (_long, FilmTooLarge),
    "claims_to_be_huge": (_claims_to_be_huge, BadFilm),
    "huge_jpegs": (
        lambda: film(
            R.but(
                codec="mjpeg",
                container="mov",
                pixels="yuvj420p",
                size=(8192, 8192),
                frames=2,
                sound=None,
                paint=lambda n: av.VideoFrame(8192, 8192, "yuvj420p"),
            )
        ),
        FilmTooLarge,
    ),
    "cut_off_before_the_index": (lambda: _without_index(film(_MP4)), DamagedFilm),
    "cut_off_after_100_bytes": (lambda: film(_MP4)[:100], DamagedFilm),
    "cut_off_after_the_index": (lambda: _only_index(film(_FRONT)), DamagedFilm),
    "index_zeroed": (lambda: _index_filled(film(_MP4), 0), DamagedFilm),
    "index_noise": (lambda: _index_noise(film(_MP4)), BadFilm),
    "pictures_zeroed": (lambda: _pictures_zeroed(film(_MP4)), DamagedFilm),
    "avi_head_only": (lambda: film(_MP4.but(container="avi", sound=None))[:300], DamagedFilm),
    "mkv_head_only": (lambda: film(_MP4.but(container="matroska"))[:200], DamagedFilm),
}


def _only_index(mp4: bytes) -> bytes:
    start, _ = boxes.find(mp4, b"mdat")
    return mp4[: start + 50]


def _without_index(mp4: bytes) -> bytes:
    start, _ = boxes.find(mp4, b"moov")
    return mp4[: start - 8]


def _index_filled(mp4: bytes, value: int) -> bytes:
    start, end = boxes.find(mp4, b"moov")
    return mp4[:start] + bytes([value]) * (end - start) + mp4[end:]


def _index_noise(mp4: bytes) -> bytes:
    start, end = boxes.find(mp4, b"moov")
    return mp4[:start] + random.Random(2).randbytes(end - start) + mp4[end:]


def _pictures_zeroed(mp4: bytes) -> bytes:
    start, end = boxes.find(mp4, b"mdat")
    return mp4[:start] + bytes(end - start) + mp4[end:]
