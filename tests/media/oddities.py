"""Films with a disease, each named for it, and what should come of it.

Everything is written by PyAV at test time and then, where a camera or a bad cable would have done
it, broken. ``PLAYABLE`` says which numbers are shown when. The films are tiny, so that all of them
run in every build.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import av
import numpy as np

from tests.media import barcode, boxes
from tests.media.making import Recipe, film

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


def _seven_channels(mov: bytes) -> bytes:
    """The sound claims seven channels that have no name of their own."""
    start, _ = boxes.find(mov, b"stsd", 1)
    at = start + 8 + 8 + 16
    return boxes.patched(mov, at, struct.pack(">H", 7))


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
    "seven_channels": Playable(
        lambda: _seven_channels(film(R.but(container="mov", sound="pcm_s16le"))),
        _ms(30),
        clicks=False,
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
