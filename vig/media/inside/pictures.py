"""Brings decoded frames upright: square pixels, turned as the display matrix says, one size."""

from __future__ import annotations

import struct
from fractions import Fraction
from typing import Any, Final

from av.filter import Graph
from av.filter.context import FilterContext
from av.video.frame import VideoFrame

from vig.media.inside import tone
from vig.media.inside.opening import Film

# Signs of the display matrix (a, b, c, d: x' = a x + c y, y' = b x + d y, y downwards), and for each
# the filters, the clockwise turn, and whether the picture is mirrored before it is turned.
_TURNS: Final[dict[tuple[int, int, int, int], tuple[tuple[tuple[str, str], ...], int, bool]]] = {
    (1, 0, 0, 1): ((), 0, False),
    (0, 1, -1, 0): ((("transpose", "clock"),), 90, False),
    (-1, 0, 0, -1): ((("hflip", ""), ("vflip", "")), 180, False),
    (0, -1, 1, 0): ((("transpose", "cclock"),), 270, False),
    (-1, 0, 0, 1): ((("hflip", ""),), 0, True),
    (0, -1, -1, 0): ((("transpose", "clock_flip"),), 90, True),
    (1, 0, 0, -1): ((("vflip", ""),), 180, True),
    (0, 1, 1, 0): ((("transpose", "cclock_flip"),), 270, True),
}
_UPRIGHT: Final = (1, 0, 0, 1)
_BT601: Final = 5
_BT709: Final = 1
_UNSPECIFIED: Final = 2


class Pose:
    """How the stored picture must be turned and stretched, from the first frame and the track."""

    def __init__(self, film: Film, first: VideoFrame) -> None:
        self.hdr = tone.kind_of(first.color_trc)
        self.filters, self.rotation, self.mirrored = _TURNS[_signs(first)]
        aspect = film.video.sample_aspect_ratio
        # A pixel eight times as wide as high is no camera's; such a header is damaged.
        self.aspect = aspect if aspect and Fraction(1, 8) < aspect < 8 else Fraction(1)
        width, height = first.width, first.height
        if self.aspect > 1:
            width = round(width * self.aspect)
        else:
            height = round(height / self.aspect)
        self.square = (width, height)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the upright picture with square pixels."""
        width, height = self.square
        return (height, width) if self.rotation in (90, 270) else (width, height)

    def fitted(self, longest: int | None, *, even: bool = False) -> tuple[int, int]:
        """The stored picture's size with square pixels, made smaller so that no side is longer."""
        width, height = self.square
        shrink = 1.0 if longest is None else min(1.0, longest / max(width, height))
        if even:
            return (max(2, round(width * shrink / 2) * 2), max(2, round(height * shrink / 2) * 2))
        return (max(1, round(width * shrink)), max(1, round(height * shrink)))


def _signs(frame: VideoFrame) -> tuple[int, int, int, int]:
    """The display matrix brought to the nearest quarter turn; upright where there is none."""
    data: Any = frame.side_data.get("DISPLAYMATRIX")
    if data is None:
        return _UPRIGHT
    a, b, _, c, d, *_ = struct.unpack("=9i", bytes(memoryview(data))[:36])
    if abs(a) + abs(d) >= abs(b) + abs(c):
        signs = ((a > 0) - (a < 0), 0, 0, (d > 0) - (d < 0))
    else:
        signs = (0, (b > 0) - (b < 0), (c > 0) - (c < 0), 0)
    return signs if signs in _TURNS else _UPRIGHT


class Upright:
    """Turns decoded frames into upright ones of one size and pixel format."""

    def __init__(self, pose: Pose, size: tuple[int, int], pixels: str) -> None:
        """``size`` is that of the stored picture scaled (before it is turned)."""
        self._pose = pose
        self._size = size
        self._pixels = pixels
        self._made_for: tuple[object, ...] | None = None
        self._in: FilterContext | None = None
        self._out: FilterContext | None = None
        self._graph: Graph | None = None
        self._count = 0

    def __call__(self, frame: VideoFrame) -> VideoFrame:
        frame.colorspace = _matrix_of(frame)
        key = (frame.width, frame.height, frame.format.name, frame.colorspace, frame.color_range)
        if key != self._made_for:
            self._build(frame)
            self._made_for = key
        assert self._in is not None
        assert self._out is not None
        frame.pts = self._count
        self._count += 1
        self._in.push(frame)
        made = self._out.pull()
        assert isinstance(made, VideoFrame)
        return made

    def _build(self, frame: VideoFrame) -> None:
        """Scale, bring HDR to ordinary colours by the table, turn, and give the pixels asked for."""
        graph = Graph()
        graph.threads = 1
        size = f"w={self._size[0]}:h={self._size[1]}:flags=bilinear"
        written = ":out_color_matrix=bt709:out_range=tv" if self._pixels == "yuv420p" else ""
        entry = graph.add("buffer", _described(frame))
        table = None
        if self._pose.hdr is None:
            last = _linked(graph, entry, ("scale", size + written))
        else:
            last = _linked(graph, entry, ("scale", size), ("format", "pix_fmts=rgb48le"))
            table, last = _through_table(graph, last)
            last = _linked(graph, last, ("scale", "flags=bilinear" + written))
        last = _linked(graph, last, ("format", f"pix_fmts={self._pixels}"), *self._pose.filters)
        self._in, self._out = entry, _linked(graph, last, ("buffersink", ""))
        # The graph must outlive the two ends of it that are used.
        self._graph = graph
        graph.configure(auto_buffer=False)
        if table is not None and self._pose.hdr is not None:
            picture = VideoFrame.from_ndarray(tone.table(self._pose.hdr), "rgb48le")
            picture.pts = 0
            table.push(picture)
            table.push(None)


def _described(frame: VideoFrame) -> str:
    return (
        f"video_size={frame.width}x{frame.height}:pix_fmt={frame.format.name}"
        f":time_base=1/1000000:pixel_aspect=1/1"
        f":colorspace={frame.colorspace}:range={frame.color_range}"
    )


def _linked(graph: Graph, last: FilterContext, *filters: tuple[str, str]) -> FilterContext:
    """The filters one after the other behind ``last``; the new last one."""
    for name, said in filters:
        made = graph.add(name, said or None)
        last.link_to(made)
        last = made
    return last


def _through_table(graph: Graph, last: FilterContext) -> tuple[FilterContext, FilterContext]:
    """A table of colours behind ``last``; where to push the table, and the new last filter.

    Packed pixels on purpose: with planar ones FFmpeg 8's haldclut swaps the channels of the table.
    """
    side = tone.LEVEL**3
    entry = graph.add(
        "buffer", f"video_size={side}x{side}:pix_fmt=rgb48le:time_base=1/1000000:pixel_aspect=1/1"
    )
    colours = _linked(graph, entry, ("scale", "flags=bilinear"), ("format", "pix_fmts=rgb48le"))
    looked_up = graph.add("haldclut", "clut=first:interp=tetrahedral")
    last.link_to(looked_up, 0, 0)
    colours.link_to(looked_up, 0, 1)
    return entry, looked_up


def _matrix_of(frame: VideoFrame) -> int:
    """The colour matrix; untagged film is BT.709 from 720 lines on, BT.601 below (ITU practice)."""
    if frame.colorspace not in (_UNSPECIFIED, 3):
        return frame.colorspace
    return _BT709 if frame.height >= 720 or frame.width >= 1280 else _BT601
