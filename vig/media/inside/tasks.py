"""What the child can be asked: each task reads the film and answers in parts."""

from __future__ import annotations

import importlib
import pkgutil
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

from vig.domain.clock import Span
from vig.media.inside.limits import Refusal
from vig.media.inside.opening import MICROS, Film, Reel, Shown
from vig.media.inside.pictures import Pose, Upright
from vig.media.inside.sounds import Band, Samples
from vig.media.inside.source import Source
from vig.media.inside.writing import RATE, Sink, Writer
from vig.media.wire import Raw

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
    film = Film(Source(pipe))
    TASKS[task](film, pipe)


def _probe(film: Film, pipe: Pipe) -> None:
    """What the film is, with its true end: the last frames are decoded, headers only hint."""
    reel = Reel(film, sound=True)
    pipe.answer(_described(film, reel) | {"duration": _end_of(film, reel)})


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
        "hdr": None,
        "aspect": [pose.aspect.numerator, pose.aspect.denominator],
        "container": film.container.format.name,
        "sound_start": _sound_start(film, reel),
    }


def _sound_start(film: Film, reel: Reel) -> int | None:
    if film.audio is None or film.audio.time_base is None:
        return None
    if film.audio.start_time is not None:
        at = film.audio.start_time * film.audio.time_base * MICROS
        return max(0, round(at) - reel.origin)
    return 0


def _end_of(film: Film, reel: Reel) -> int:
    """When the last frame ends."""
    at = film.container.duration or 0
    for back in (5, 30, 120):
        reel.seek(max(0, at - back * MICROS))
        last = _last(reel.shown())
        if last is not None:
            return last[0] + _length(film, last[1])
    reel.seek(0)
    last = _last(reel.shown())
    if last is None:
        raise Refusal("no-frames")
    return last[0] + _length(film, last[1])


def _last(shown: Iterator[Shown]) -> Shown | None:
    held = deque(shown, maxlen=1)
    return held[0] if held else None


def _length(film: Film, frame: VideoFrame) -> int:
    base = film.base
    return round(frame.duration * base * MICROS) if frame.duration > 0 else film.nominal


def _times(film: Film, pipe: Pipe) -> None:
    """When every frame starts."""
    reel = Reel(film)
    starts: list[int] = []
    last = reel.first
    for at, frame in reel.shown():
        starts.append(at)
        last = frame
        if len(starts) % 50 == 0:
            pipe.answer({"share": at})
    end = starts[-1] + _length(film, last)
    pipe.answer({"end": end}, np.array(starts, ">i8").data)


def _sample(film: Film, pipe: Pipe) -> None:
    """The frame shown at each of the ticks first, first + 1 ... after - 1 of a grid."""
    ask = pipe.request
    step, first, after = int(ask["step"]), int(ask["first"]), int(ask["after"])
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
        end = shown[0] + _length(film, shown[1])
        _answer_ticks(pipe, upright, shown, range(tick, min(after, -(-end // step))))


def _answer_ticks(pipe: Pipe, upright: Upright, shown: Shown, ticks: range) -> int:
    """The picture once, and every tick at which it is shown; the next tick."""
    if not ticks:
        return ticks.start
    rgb = upright(shown[1]).to_ndarray()
    height, width = rgb.shape[:2]
    pipe.answer(
        {
            "tick": ticks.start,
            "after": ticks.stop,
            "at": shown[0],
            "width": width,
            "height": height,
        },
        np.ascontiguousarray(rgb).data,
    )
    return ticks.stop


def _frames(film: Film, pipe: Pipe) -> None:
    """The frames shown at given times, in rising order."""
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
            raise Refusal("no-frames")
        _answer_ticks(pipe, upright, shown, range(1))


def _sound(film: Film, pipe: Pipe) -> None:
    """All sound as one channel of 32-bit floats, in blocks of a given number of samples."""
    if film.audio is None:
        return
    ask = pipe.request
    end = _end_of(film, reel := Reel(film))
    band = Band(origin=reel.origin, start=0, end=end, rate=int(ask["rate"]), channels=1)
    block = int(ask["block"])
    held = np.zeros((1, 0), np.float32)
    for part in _banded(Film(Source(pipe)), band):
        held = np.concatenate([held, part], axis=1)
        while held.shape[1] >= block:
            pipe.answer({}, held[0, :block].astype("<f4").data)
            held = held[:, block:]
    if held.shape[1]:
        pipe.answer({}, held[0].astype("<f4").data)


def _banded(film: Film, band: Band) -> Iterator[Samples]:
    assert film.audio is not None
    for frame in film.decoded(film.audio):
        if isinstance(frame, AudioFrame):
            yield from band.add(frame)
        if band.full:
            break
    yield from band.finish()


def _copy(film: Film, pipe: Pipe) -> None:
    """The browser copy, and when its frames are shown."""
    end = _end_of(film, Reel(film))
    film = Film(Source(pipe))
    reel = Reel(film, sound=True)
    starts, end = _written(film, reel, pipe, Span(0, end))
    pipe.answer(
        _described(film, reel) | {"duration": end, "frames": len(starts)},
        np.array(starts, ">i8").data,
    )


def _cut(film: Film, pipe: Pipe) -> None:
    """The frames that start in a span, with their sound."""
    span = Span(int(pipe.request["start"]), int(pipe.request["end"]))
    reel = Reel(film, sound=True)
    # Sound is coded in blocks that need the one before; a little more is read than is kept.
    reel.seek(max(0, span.start - MICROS))
    starts, end = _written(film, reel, pipe, span)
    pipe.answer({"start": starts[0], "end": end, "frames": len(starts)})


def _written(film: Film, reel: Reel, pipe: Pipe, span: Span) -> tuple[list[int], int]:
    """Encode what is shown and heard in ``span``; the frames' times and the end of the last."""
    ask = pipe.request
    pose = Pose(film, reel.first)
    size = pose.fitted(int(ask["longest"]), even=True)
    upright = Upright(pose, size, "yuv420p")
    writer = Writer(
        Sink(pipe),
        size[::-1] if pose.rotation in (90, 270) else size,
        sound=film.audio is not None,
        head=int(ask["head"]),
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
        at = reel.clock.time_of(item)
        if at >= span.end:
            if band.full or film.audio is None:
                break
            continue
        if at < span.start:
            continue
        last = item
        starts.append(at)
        writer.picture(at - span.start, upright(item))
        if len(starts) % 10 == 0:
            pipe.answer({"share": at})
    if not starts:
        raise Refusal("no-frames")
    end = starts[-1] + _length(film, last)
    if film.audio is not None:
        for part in band.finish():
            writer.sound(part)
    writer.finish(end - span.start)
    return starts, end


TASKS: Final[dict[str, Callable[[Film, Pipe], None]]] = {
    "probe": _probe,
    "times": _times,
    "sample": _sample,
    "frames": _frames,
    "sound": _sound,
    "copy": _copy,
    "cut": _cut,
}
