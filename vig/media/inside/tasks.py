"""What the child can be asked: each task reads the film and answers in parts."""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

import av
import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from vig.domain.clock import Span
from vig.media.figures import index_room, most_frames
from vig.media.inside.limits import NoFrames, Refusal
from vig.media.inside.opening import Film
from vig.media.inside.pictures import Pose, Upright
from vig.media.inside.reel import Reel, Shown, decoded_sound, thin_if_dense
from vig.media.inside.sounds import Band, Meter, Samples
from vig.media.inside.source import Source
from vig.media.inside.timing import MICROS, micros
from vig.media.inside.writing import RATE, Sink, Writer
from vig.media.wire import Raw

QUIETEST: Final = 54
"""Decibels below full scale at which the outline of a film's sound is flat."""

__all__ = ["Refusal", "load_everything", "run"]


class Pipe(Protocol):
    """The way back to the parent."""

    size: int
    request: dict[str, Any]

    def range(self, offset: int, length: int) -> bytes: ...
    def answer(self, header: dict[str, object], payload: Raw = b"") -> None: ...


def load_everything() -> None:
    """Import all of PyAV, which loads parts of itself when first needed: later it cannot."""
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if module.name not in ("av.__main__", "av.datasets"):
            importlib.import_module(module.name)


def run(pipe: Pipe, held: list[str]) -> None:
    """Do what the request says."""
    task = pipe.request["task"]
    if task == "confined":
        pipe.answer({"held": held})
        return
    TASKS[task](Film(Source(pipe)), pipe)


def _probe(film: Film, pipe: Pipe) -> None:
    """What the film is, with its true end: the last frames are decoded, headers only hint."""
    reel = Reel(film)
    pipe.answer(_described(film, reel) | _ending(film, reel))


def _described(film: Film, reel: Reel) -> dict[str, object]:
    pose = Pose(film, reel.first)
    width, height = pose.size
    return {
        "width": width,
        "height": height,
        "video": film.video.codec_context.codec.canonical_name,
        "audio": film.audio.codec_context.codec.canonical_name if film.audio else None,
        "rotation": pose.rotation,
        "mirrored": pose.mirrored,
        "hdr": pose.hdr,
        "aspect": [pose.aspect.numerator, pose.aspect.denominator],
        "container": film.container.format.name,
        "sound_start": _sound_start(film, reel),
    }


def _sound_start(film: Film, reel: Reel) -> int | None:
    if film.audio is None or film.audio.time_base is None:
        return None
    first = film.audio.start_time
    return 0 if first is None else max(0, micros(first, film.audio.time_base) - reel.origin)


def _ending(film: Film, reel: Reel) -> dict[str, object]:
    """When the last frame ends, and whether the index promises more.

    An index is believed after the last seconds were decoded; without one the packets are read
    through. The reel stands anywhere afterwards.
    """
    told = _told_end(film) - reel.origin
    last = None
    if film.seekable and told > 0:
        last = _last_after(reel, told - 2 * MICROS)
    if last is None:
        read = film.scan()
        if not film.seekable and read.frames > 1:
            # Decoding the end would mean decoding everything; the packets say it well enough.
            return {"duration": max(read.end - reel.origin, 1), "cut_short": False}
        last = _last_after(reel, max(0, read.end - reel.origin - 2 * MICROS))
    if last is None:
        raise NoFrames
    end = last[0] + reel.length(last[1])
    if last[0] == 0:
        raise Refusal("still")
    short = film.seekable and told - end > max(MICROS, told // 50)
    if short and end < MICROS:
        raise Refusal("cut-off")
    return {"duration": end, "cut_short": short}


def _told_end(film: Film) -> int:
    """The end of the film on the container's clock, as the headers tell it; 0 untold."""
    start, length = film.video.start_time, film.video.duration
    if start is not None and length:
        return micros(start + length, film.base)
    return (film.container.start_time or 0) + (film.container.duration or 0)


def _last_after(reel: Reel, at: int) -> Shown | None:
    with contextlib.suppress(NoFrames):
        reel.seek(at)
        held = deque(reel.shown(), maxlen=1)
        return held[0] if held else None
    return None


def _times(film: Film, pipe: Pipe) -> None:
    """When every frame starts."""
    reel = Reel(film)
    told = max(1, _told_end(film) - reel.origin)
    starts: list[int] = []
    last = reel.first
    for at, frame in reel.shown():
        starts.append(at)
        last = frame
        if len(starts) % 50 == 0:
            pipe.answer({"share": at, "of": max(at, told)})
    pipe.answer({"end": starts[-1] + reel.length(last)}, np.array(starts, ">i8").data)


def _sample(film: Film, pipe: Pipe) -> None:
    """The frame shown at each of the ticks first, first + 1 ... after - 1 of a grid."""
    ask = pipe.request
    step, first, after = int(ask["step"]), int(ask["first"]), int(ask["after"])
    thin_if_dense(film, step)
    reel = Reel(film)
    pose = Pose(film, reel.first)
    upright = Upright(pose, pose.fitted(ask["longest"]), "rgb24")
    if first > 0:
        reel.seek(first * step)
    tick = first
    shown: Shown | None = None
    for at, frame in reel.shown():
        if shown is not None:
            tick = _answer_ticks(pipe, upright, shown, range(tick, min(after, -(-at // step))))
        shown = (at, frame)
        if tick >= after:
            return
    if shown is not None:
        end = shown[0] + reel.length(shown[1])
        _answer_ticks(pipe, upright, shown, range(tick, min(after, -(-end // step))))


def _answer_ticks(pipe: Pipe, upright: Upright, shown: Shown, ticks: range) -> int:
    """The picture once, and every tick at which it is shown; the next tick."""
    if not ticks:
        return ticks.start
    rgb = np.ascontiguousarray(upright(shown[1]).to_ndarray())
    height, width = rgb.shape[:2]
    which: dict[str, object] = {"tick": ticks.start, "after": ticks.stop, "at": shown[0]}
    pipe.answer(which | {"width": width, "height": height}, rgb.data)
    return ticks.stop


def _frames(film: Film, pipe: Pipe) -> None:
    """The frames shown at given times."""
    reel = Reel(film)
    pose = Pose(film, reel.first)
    upright = Upright(pose, pose.fitted(pipe.request["longest"]), "rgb24")
    for wanted in pipe.request["times"]:
        reel.seek(wanted)
        shown: Shown | None = None
        for at, frame in reel.shown():
            if at > wanted and shown is not None:
                break
            shown = (at, frame)
        if shown is None:
            raise NoFrames
        _answer_ticks(pipe, upright, shown, range(1))


def _sound(film: Film, pipe: Pipe) -> None:
    """All sound as one channel of 32-bit floats, in blocks of a given number of samples."""
    if film.audio is None:
        return
    ask = pipe.request
    reel = Reel(film)
    end = int(_ending(film, reel)["duration"])  # type: ignore[call-overload]
    band = Band(origin=reel.origin, start=0, end=end, rate=int(ask["rate"]), channels=1)
    block = int(ask["block"])
    held = np.zeros((1, 0), np.float32)
    film.rewind()
    for part in _banded(film, band):
        held = np.concatenate([held, part], axis=1)
        while held.shape[1] >= block:
            pipe.answer({}, held[0, :block].astype("<f4").data)
            held = held[:, block:]
    if held.shape[1]:
        pipe.answer({}, held[0].astype("<f4").data)


def _outline(film: Film, pipe: Pipe) -> None:
    """How loud each step of the sound is, as bytes; see ``sound.py`` for the scale."""
    if film.audio is None:
        return
    step = int(pipe.request["step"])
    reel = Reel(film)
    end = int(_ending(film, reel)["duration"])  # type: ignore[call-overload]
    meter = Meter(step, end // step)
    film.rewind()
    for frame in decoded_sound(film):
        meter.add(frame, reel.origin)
    pipe.answer({}, _loudness(meter.power()))


def _loudness(power: NDArray[np.float64]) -> bytes:
    level = 1 + 10 * np.log10(np.maximum(power, 1e-12)) / QUIETEST
    return bytes(np.round(255 * np.clip(level, 0, 1)).astype(np.uint8))


def _banded(film: Film, band: Band) -> Iterator[Samples]:
    assert film.audio is not None
    for frame in decoded_sound(film):
        yield from band.add(frame)
        if band.full:
            break
    yield from band.finish()


def _copy(film: Film, pipe: Pipe) -> None:
    """The browser copy, and when its frames are shown."""
    ending = _ending(film, Reel(film))
    film.rewind()
    reel = Reel(film, sound=True)
    end = int(ending["duration"])  # type: ignore[call-overload]
    starts, end = _written(film, reel, pipe, Span(0, end), to_end=True)
    known = ending | {"duration": end, "frames": len(starts)}
    pipe.answer(_described(film, reel) | known, np.array(starts, ">i8").data)


def _cut(film: Film, pipe: Pipe) -> None:
    """The frames that start in a span, with their sound."""
    span = Span(int(pipe.request["start"]), int(pipe.request["end"]))
    reel = Reel(film, sound=True)
    # Sound is coded in blocks that need the one before; a little more is read than is kept.
    reel.seek(max(0, span.start - MICROS))
    starts, end = _written(film, reel, pipe, span)
    pipe.answer({"start": starts[0], "end": end, "frames": len(starts)})


def _written(
    film: Film, reel: Reel, pipe: Pipe, span: Span, *, to_end: bool = False
) -> tuple[list[int], int]:
    """Encode what is shown and heard in ``span``; the frames' times and the end of the last.

    With ``to_end`` all frames to the film's true end are taken; ``span`` then bounds the sound.
    """
    # long because picture and sound must be written in the order in which the film holds them
    ask = pipe.request
    pose = Pose(film, reel.first)
    size = pose.fitted(int(ask["longest"]), even=True)
    upright = Upright(pose, size, "yuv420p")
    allowed = _frames_in(film, span.length) if to_end else most_frames(span.length)
    writer = Writer(
        Sink(pipe),
        size[::-1] if pose.rotation in (90, 270) else size,
        sound=film.audio is not None,
        head=index_room(span.length, allowed),
        crf=int(ask["crf"]),
        preset=str(ask["preset"]),
    )
    band = Band(origin=reel.origin, start=span.start, end=span.end, rate=RATE, channels=2)
    starts: list[int] = []
    last = reel.first
    for item in reel.items():
        if isinstance(item, AudioFrame):
            for part in band.add(item):
                writer.sound(part)
            continue
        at, frame = item
        if at >= span.end and not to_end:
            # Sound may lie a little behind the picture in the file.
            if band.full or film.audio is None or at > span.end + 3 * MICROS:
                break
        elif at >= span.start:
            last = frame
            starts.append(at)
            if len(starts) > allowed:
                raise Refusal("rate")
            writer.picture(at - span.start, upright(frame))
            if len(starts) % 10 == 0:
                pipe.answer({"share": min(at, span.end), "of": span.end})
    if not starts:
        raise NoFrames
    end = starts[-1] + reel.length(last)
    if film.audio is not None:
        for part in band.finish():
            writer.sound(part)
    writer.finish(end - span.start)
    return starts, end


def _frames_in(film: Film, length: int) -> int:
    """How many frames the film holds at most: what its index says, where it says enough."""
    told = film.video.frames
    most = most_frames(length)
    return min(most, 2 * told + 100) if told * film.nominal * 10 > length * 9 else most


TASKS: Final[dict[str, Callable[[Film, Pipe], None]]] = {
    "probe": _probe,
    "times": _times,
    "sample": _sample,
    "frames": _frames,
    "sound": _sound,
    "outline": _outline,
    "copy": _copy,
    "cut": _cut,
}
