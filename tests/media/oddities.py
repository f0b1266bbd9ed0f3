"""Films with a disease, each named for it, and what should come of it.

Everything is written by PyAV at test time and then, where a camera or a bad cable would have done
it, broken. ``PLAYABLE`` says which numbers are shown when; ``UNPLAYABLE`` says which error tells
the person. The films are tiny, so that all of them run in every build.
"""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import av
import numpy as np

from tests.media import barcode, boxes
from tests.media.making import Recipe, film
from vig.errors import BadFilm, DamagedFilm, FilmTooLarge, NoPicture, NotAFilm, UnsupportedFilm

R = Recipe(frames=30)
X264 = {"preset": "ultrafast"}
X265 = {"preset": "ultrafast", "x265-params": "log-level=none"}
VPX = {"deadline": "realtime", "cpu-used": "8"}
SVT = {"preset": "12"}
INDEX_FIRST = {"moov_size": "20000"}


@dataclass(frozen=True)
class Playable:
    """A film that must play: frame ``numbers[i]`` is shown from ``times[i]`` on."""

    make: Callable[[], bytes]
    times: Sequence[int]
    numbers: Sequence[int] | None = None
    """0, 1, 2 ... where None."""
    slack: int = 1_000
    """How far a time may be off: containers count in milliseconds or ticks."""
    size: tuple[int, int] = (barcode.WIDTH, barcode.HEIGHT)
    clicks: bool = True
    """Whether the clicks every half second must be heard there."""
    colours: float = 30
    """How far a patch may be off, 0 to 255."""
    footage: dict[str, object] = field(default_factory=dict)

    def shown(self) -> list[int]:
        return list(self.numbers) if self.numbers is not None else list(range(len(self.times)))


def plain(recipe: Recipe, **said: Any) -> Playable:
    """The film as the recipe says; its own times counted from its first frame."""
    starts = recipe.starts()
    times = [at - starts[0] for at in starts]
    size = said.pop("size", recipe.size)
    clicks = said.pop("clicks", recipe.sound is not None)
    return Playable(lambda: film(recipe), times, size=size, clicks=clicks, **said)


def _turned(rotation: int, mirrored: bool) -> Playable:
    """The upright picture is right only when the display matrix is obeyed."""
    quarter = rotation // 90
    size = (120, 160) if quarter % 2 else (160, 120)

    def stored(number: int) -> Any:
        upright = barcode.drawn(number, *size)
        back = np.rot90(upright, quarter)
        return np.ascontiguousarray(back[:, ::-1] if mirrored else back)

    one = 1 << 16
    mirror = np.array([[-1, 0], [0, 1]]) if mirrored else np.eye(2, dtype=int)
    turn = np.linalg.matrix_power(np.array([[0, -1], [1, 0]]), quarter)
    # Column vectors: x' = a x + c y, y' = b x + d y; the matrix is stored a b u c d v x y w.
    (a, c), (b, d) = (turn @ mirror).astype(int).tolist()
    matrix = (a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30)
    recipe = R.but(paint=stored, matrix=matrix)
    return plain(recipe, size=size, footage={"rotation": rotation, "mirrored": mirrored})


def _joined(*recipes: Recipe) -> bytes:
    return b"".join(film(recipe) for recipe in recipes)


def _two_tracks(small_first: bool, small_frames: int) -> bytes:
    """A real film and a small second track (a preview) in one file."""
    out = io.BytesIO()
    made = av.open(out, "w", format="mp4")
    sizes = [(64, 48), (160, 120)] if small_first else [(160, 120), (64, 48)]
    tracks = []
    for size in sizes:
        track = made.add_stream("libx264", rate=25, options=X264)
        track.width, track.height = size
        track.pix_fmt = "yuv420p"
        tracks.append((track, size))
    for number in range(30):
        for track, size in tracks:
            if size == (64, 48) and number >= small_frames:
                continue
            shown = number if size == (160, 120) else 4095 - number
            frame = av.VideoFrame.from_ndarray(barcode.drawn(shown, *size), "rgb24")
            frame = frame.reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            made.mux(track.encode(frame))
    for track, _ in tracks:
        made.mux(track.encode(None))
    made.close()
    return out.getvalue()


def _with_cover() -> bytes:
    """A film that carries a still cover picture as a track of its own."""
    out = io.BytesIO()
    made = av.open(out, "w", format="mp4")
    cover = made.add_stream("mjpeg", rate=1)
    cover.width, cover.height, cover.pix_fmt = 320, 240, "yuvj420p"
    cover.disposition = av.stream.Disposition.attached_pic
    video = made.add_stream("libx264", rate=25, options=X264)
    video.width, video.height, video.pix_fmt = 160, 120, "yuv420p"
    for number in range(30):
        frame = av.VideoFrame.from_ndarray(barcode.drawn(number), "rgb24")
        frame = frame.reformat(format="yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, 25)
        made.mux(video.encode(frame))
    made.mux(video.encode(None))
    picture = av.VideoFrame.from_ndarray(barcode.drawn(4000, 320, 240), "rgb24")
    made.mux(cover.encode(picture.reformat(format="yuvj420p")))
    made.mux(cover.encode(None))
    made.close()
    return out.getvalue()


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


def _hevc_hdr(kind: str) -> Recipe:
    transfer = {"hlg": "arib-std-b67", "pq": "smpte2084"}[kind]
    said = f"log-level=none:colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc:range=limited"

    def paint(number: int) -> av.VideoFrame:
        # The bar code at a signal of 0.1 and 0.7 survives the tone curve; patches are greys.
        rgb = barcode.drawn(number).astype(np.float64) / 255
        signal = np.round((0.1 + 0.6 * rgb) * 65535).astype(np.uint16)
        frame = av.VideoFrame.from_ndarray(signal, "rgb48le")
        return frame.reformat(format="yuv420p10le", dst_colorspace=9)

    return R.but(
        codec="libx265",
        pixels="yuv420p10le",
        codec_tag="hvc1",
        container="mov",
        options={"preset": "ultrafast", "x265-params": said},
        paint=paint,
    )


def _noisy(data: bytes, start: int, end: int, share: float, seed: int) -> bytes:
    """Some bytes between two places replaced by chance."""
    damaged = bytearray(data)
    chance = random.Random(seed)
    for _ in range(max(1, round((end - start) * share))):
        damaged[chance.randrange(start, end)] = chance.randrange(256)
    return bytes(damaged)


def _ms(count: int, step: int = 40_000, start: int = 0) -> list[int]:
    return [start + n * step for n in range(count)]


_UNEVEN = [0, 33_000, 71_000, 90_000, 160_000, 410_000, 443_000, 476_000, 1_000_000, 1_033_000]
_MP4 = R.but(options=X264)
_FRONT = _MP4.but(container_options=INDEX_FIRST, options={**X264, "g": "5"}, frames=100)


PLAYABLE: dict[str, Playable] = {
    # every codec in every container that phones and cameras write
    "h264_mp4": plain(R),
    "h264_mov_pcm": plain(R.but(container="mov", sound="pcm_s16le")),
    "h264_mov_alac": plain(R.but(container="mov", sound="alac")),
    "h264_mkv_opus": plain(R.but(container="matroska", sound="libopus")),
    "h264_mkv_flac": plain(R.but(container="matroska", sound="flac")),
    "h264_avi_mp3": plain(
        R.but(container="avi", sound="libmp3lame", options={**X264, "bf": "0"}), slack=40_000
    ),
    "h264_avi_b_frames": plain(R.but(container="avi", sound="libmp3lame"), slack=40_000),
    "h264_mts_ac3": plain(R.but(container="mpegts", sound="ac3")),
    "h264_ts_aac": plain(R.but(container="mpegts")),
    "h264_3gp_amr": plain(R.but(container="3gp", sound="libopencore_amrnb", sound_rate=8000)),
    "h264_10_bit_422": plain(R.but(pixels="yuv422p10le", options=X264)),
    "h264_full_range": plain(R.but(pixels="yuvj420p", options=X264)),
    "h264_raw": plain(R.but(container="h264", sound=None), slack=40_000),
    "hevc_hvc1": plain(R.but(codec="libx265", codec_tag="hvc1", options=X265)),
    "hevc_hev1": plain(R.but(codec="libx265", codec_tag="hev1", options=X265)),
    "hevc_10_bit_mov": plain(
        R.but(
            codec="libx265", pixels="yuv420p10le", codec_tag="hvc1", container="mov", options=X265
        )
    ),
    "hevc_mkv": plain(R.but(codec="libx265", container="matroska", options=X265)),
    "hevc_ts": plain(R.but(codec="libx265", container="mpegts", options=X265)),
    "vp8_webm": plain(R.but(codec="libvpx", container="webm", sound="libopus", options=VPX)),
    "vp9_webm": plain(R.but(codec="libvpx-vp9", container="webm", sound="libopus", options=VPX)),
    "vp9_mp4": plain(R.but(codec="libvpx-vp9", sound="libopus", options=VPX)),
    "av1_mp4": plain(R.but(codec="libsvtav1", options=SVT)),
    "av1_webm": plain(R.but(codec="libsvtav1", container="webm", sound="libopus", options=SVT)),
    "av1_mkv": plain(R.but(codec="libsvtav1", container="matroska", options=SVT)),
    "mjpeg_avi": plain(
        R.but(codec="mjpeg", container="avi", pixels="yuvj420p", sound="pcm_s16le"), slack=40_000
    ),
    "mjpeg_mov": plain(R.but(codec="mjpeg", container="mov", pixels="yuvj420p", sound="pcm_u8")),
    "mpeg2_ts": plain(R.but(codec="mpeg2video", container="mpegts", sound="mp2")),
    "mpeg2_program": plain(R.but(codec="mpeg2video", container="mpeg", sound="mp2")),
    "mpeg4_mp4": plain(R.but(codec="mpeg4")),
    "mpeg4_avi": plain(R.but(codec="mpeg4", container="avi", sound="libmp3lame"), slack=40_000),
    "mpeg4_3gp_amr": plain(
        R.but(codec="mpeg4", container="3gp", sound="libopencore_amrnb", sound_rate=8000)
    ),
    "h263_3gp_amr": plain(
        R.but(
            codec="h263",
            container="3gp",
            sound="libopencore_amrnb",
            sound_rate=8000,
            size=(176, 144),
        ),
        # H.263 knows this size with pixels of 12:11 only.
        size=(192, 144),
    ),
    "prores_mov": plain(
        R.but(codec="prores_ks", container="mov", pixels="yuv422p10le", sound="pcm_s24le")
    ),
    # how the camera was held
    **{
        f"turned_{rotation}{'_mirrored' if mirrored else ''}": _turned(rotation, mirrored)
        for rotation in (0, 90, 180, 270)
        for mirrored in (False, True)
        if rotation or mirrored
    },
    # pixels that are not square, sizes that are odd
    "wide_pixels": plain(R.but(size=(120, 120), aspect=Fraction(4, 3)), size=(160, 120)),
    "tall_pixels": plain(R.but(size=(160, 90), aspect=Fraction(3, 4)), size=(160, 120)),
    "odd_size": plain(R.but(size=(161, 121), pixels="yuv444p", options=X264), size=(161, 121)),
    # high dynamic range
    "hdr_hlg": plain(_hevc_hdr("hlg"), colours=256, footage={"hdr": "hlg"}),
    "hdr_pq": plain(_hevc_hdr("pq"), colours=256, footage={"hdr": "pq"}),
    # clocks
    "variable_rate": plain(R.but(times=_UNEVEN)),
    "variable_rate_webm": plain(
        R.but(times=_UNEVEN, codec="libvpx-vp9", container="webm", sound=None, options=VPX)
    ),
    "a_long_pause": plain(R.but(times=[*_ms(10), *_ms(10, start=9_000_000)], sound=None)),
    "240_a_second": plain(R.but(rate=240, frames=120, options=X264)),
    "starts_at_an_hour": plain(
        R.but(times=_ms(30, start=3_600_000_000), container="matroska", sound=None)
    ),
    "late_picture": plain(R.but(times=_ms(30, start=500_000)), footage={"sound_start": 0}),
    "late_sound": plain(R.but(sound_from=500_000), footage={"sound_start": 500_000}),
    "clock_jumps_back": Playable(
        lambda: _joined(
            R.but(container="mpegts", options=X264),
            R.but(container="mpegts", options=X264, paint=lambda n: barcode.drawn(n + 30)),
        ),
        _ms(60),
        slack=80_000,
        clicks=False,
    ),
    "clock_jumps_ahead": Playable(
        lambda: _joined(
            R.but(container="mpegts", options=X264, sound=None),
            R.but(
                container="mpegts",
                options=X264,
                sound=None,
                times=_ms(30, start=5_000_000_000),
                paint=lambda n: barcode.drawn(n + 30),
            ),
        ),
        _ms(60),
        slack=80_000,
        clicks=False,
    ),
    "begins_inside_by_edit_list": Playable(
        lambda: boxes.with_edit(film(_MP4.but(sound=None)), 10 * 3600, 800),
        _ms(20),
        numbers=range(10, 30),
        clicks=False,
    ),
    "ends_early_by_edit_list": Playable(
        lambda: boxes.with_edit(film(_MP4.but(sound=None)), 0, 600), _ms(15), clicks=False
    ),
    # tracks
    "no_sound": plain(R.but(sound=None), footage={"audio_codec": None, "sound_start": None}),
    "small_track_first": Playable(lambda: _two_tracks(True, 30), _ms(30), clicks=False),
    "small_track_second": Playable(lambda: _two_tracks(False, 30), _ms(30), clicks=False),
    "short_preview_first": Playable(lambda: _two_tracks(True, 3), _ms(30), clicks=False),
    "cover_picture": Playable(_with_cover, _ms(30), clicks=False),
    "unknown_sound_is_left_out": Playable(
        lambda: boxes.renamed(film(_MP4), 1, b"apac").replace(b"esds", b"dapa"),
        _ms(30),
        clicks=False,
        footage={"audio_codec": None},
    ),
    "stereo_44100": plain(R.but(sound_rate=44_100, sound_layout="stereo")),
    # how the file is laid out
    "index_first": plain(R.but(container_options=INDEX_FIRST)),
    "fragmented": plain(
        R.but(container_options={"movflags": "frag_keyframe+empty_moov"}, options={"g": "10"})
    ),
    "live_webm_without_duration": plain(
        R.but(
            codec="libvpx",
            container="webm",
            sound="libopus",
            container_options={"live": "1"},
            options=VPX,
        )
    ),
    # cut off or damaged, and still of use
    "cut_off_with_index_first": Playable(
        lambda: (made := film(_FRONT))[: len(made) * 6 // 10],
        _ms(40),
        footage={"cut_short": True},
    ),
    "cut_off_mkv": Playable(
        lambda: (made := film(_FRONT.but(container="matroska", container_options={})))[
            : len(made) * 6 // 10
        ],
        _ms(40),
    ),
    "cut_off_ts": Playable(
        lambda: (made := film(_FRONT.but(container="mpegts", container_options={})))[
            : len(made) * 6 // 10
        ],
        _ms(40),
    ),
    "cut_off_avi": Playable(
        lambda: (
            made := film(_FRONT.but(container="avi", container_options={}, sound="libmp3lame"))
        )[: len(made) * 6 // 10],
        _ms(40),
        slack=40_000,
    ),
}


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
