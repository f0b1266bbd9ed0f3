"""What decoding from the vault costs, and whether the decoder's memory grows with the film.

    python -m benchmarks.decode FILM [--rounds 7]    sealed against plain, CPU seconds, interleaved
    python -m benchmarks.decode FILM --copy          browser copy: times real time, CPU a second
    python -m benchmarks.decode --memory 1 10 60     peak memory of the child over minutes of film

Each row decodes the whole film three times, in an order that changes from row to row: in the child
from the sealed file, in the child from the plain file, and by PyAV alone in this process from the
path. What is counted is the user and system time of parent and child together. The last line is
the median over the rows of sealed over plain, and of sealed over PyAV alone, which holds the price
of the child too.
"""

from __future__ import annotations

import argparse
import io
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np

from vig.domain.clock import SECOND, Grid
from vig.media import proxy, video
from vig.vault.stream import seal, unseal

KEY, OWNER, OBJECT = os.urandom(32), os.urandom(16), os.urandom(16)
TARGET = 1.05


def _spent() -> float:
    """User and system time so far of this process and its ended children, in seconds."""
    own, ended = (
        resource.getrusage(resource.RUSAGE_SELF),
        resource.getrusage(resource.RUSAGE_CHILDREN),
    )
    return own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime


def _cost(work: Callable[[], object]) -> float:
    before = _spent()
    work()
    return _spent() - before


def _sealed(plain: Path, to: Path) -> None:
    with plain.open("rb") as source, to.open("wb") as raw:
        writer = seal(raw, KEY, OWNER, OBJECT)
        while part := source.read(1 << 20):
            writer.write(part)
        writer.finish()


def _open_sealed(path: Path) -> BinaryIO:
    return unseal(path.open("rb", buffering=0), KEY, OWNER, OBJECT)  # type: ignore[return-value]


def _decode(opened: Callable[[], BinaryIO]) -> int:
    with opened() as source:
        return len(video.frame_times(source))


def _decode_bare(film: Path) -> None:
    """PyAV alone, with the decoder settings of the child."""
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        stream.thread_type, stream.codec_context.thread_count = "AUTO", 2
        for _ in container.decode(stream):
            pass


def pairs(film: Path, count: int) -> float:
    """Print a row for each round; the larger of the two median ratios."""
    against: dict[str, list[float]] = {"plain": [], "bare": []}
    with tempfile.TemporaryDirectory() as folder:
        sealed = Path(folder) / "film"
        _sealed(film, sealed)
        works: dict[str, Callable[[], object]] = {
            "plain": lambda: _decode(lambda: film.open("rb", buffering=0)),
            "sealed": lambda: _decode(lambda: _open_sealed(sealed)),
            "bare": lambda: _decode_bare(film),
        }
        for work in works.values():
            work()
        print(f"{film.stat().st_size / 1e6:.1f} MB; CPU seconds")
        print("round   sealed    plain     bare   sealed/plain   sealed/bare")
        for number in range(count):
            order = list(works) if number % 2 else list(works)[::-1]
            cost = {name: _cost(works[name]) for name in order}
            for name, ratios in against.items():
                ratios.append(cost["sealed"] / cost[name])
            row = "   ".join(f"{cost[name]:6.2f}" for name in ("sealed", "plain", "bare"))
            print(
                f"{number:5}   {row}   {against['plain'][-1]:12.3f}   {against['bare'][-1]:11.3f}"
            )
    middle = {name: statistics.median(ratios) for name, ratios in against.items()}
    print(
        f"median: sealed/plain {middle['plain']:.3f}, sealed/bare {middle['bare']:.3f}"
        f" (target at most {TARGET})"
    )
    return max(middle.values())


def copy(film: Path) -> None:
    """How fast the browser copy is made from the sealed film into a sealed copy."""
    with tempfile.TemporaryDirectory() as folder:
        sealed = Path(folder) / "film"
        _sealed(film, sealed)
        with _open_sealed(sealed) as source:
            footage = video.probe(source)
            seconds = footage.duration / SECOND
            before, began = _spent(), time.monotonic()
            with (Path(folder) / "copy").open("wb") as raw:
                writer = seal(raw, KEY, OWNER, OBJECT, head=proxy.head_bytes(footage))
                proxy.browser_copy(source, writer)  # type: ignore[arg-type]
                writer.finish()
            wall, cpu = time.monotonic() - began, _spent() - before
            size = (Path(folder) / "copy").stat().st_size
    print(f"{footage.width}x{footage.height} {footage.video_codec}, {seconds:.0f} s of film")
    print(
        f"copy: {seconds / wall:.2f} x real time here; {cpu / seconds:.2f} s CPU a second of film"
    )
    print(f"so {2 * seconds / cpu:.1f} x real time on two cores with nothing else to do")
    print(f"{size * 8 / seconds / 1e6:.2f} Mbit/s")


def memory(minutes: list[int]) -> None:
    """Peak memory of the child while films of growing length are sampled and copied."""
    print("minutes   sampled MiB   copied MiB   parent MiB")
    for length in minutes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "film.mp4"
            long_film(path, length)
            sampled, copied = peak_sampling(path), peak_copying(path)
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{length:7}   {sampled:11.0f}   {copied:10.0f}   {own:10.0f}", flush=True)


def _sample_all(path: Path) -> None:
    with path.open("rb", buffering=0) as source:
        for _ in video.sample(source, Grid.over(video.probe(source).duration)):
            pass


def _copy_all(path: Path) -> None:
    with path.open("rb", buffering=0) as source, open(os.devnull, "wb") as sink:  # noqa: PTH123
        proxy.browser_copy(source, sink)


def peak_sampling(film: Path) -> float:
    """Peak memory of the child that samples a whole film ten times a second, in MiB."""
    return _peak("sample", film)


def peak_copying(film: Path) -> float:
    """Peak memory of the child that makes the browser copy, in MiB."""
    return _peak("copy", film)


def _peak(work: str, film: Path) -> float:
    """The most memory any child of a fresh process used, which keeps one maximum over them all."""
    command = [sys.executable, "-m", "benchmarks.decode", str(film), "--peak", work]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(said.stdout) / 1024


def long_film(path: Path, minutes: int) -> None:
    """A film of 320 x 180 with a moving ramp, made of one second that is written again and again."""
    second = io.BytesIO()
    made = av.open(second, "w", format="mp4")
    track = made.add_stream(
        "libx264", rate=30, options={"preset": "ultrafast", "bf": "0", "g": "30"}
    )
    track.width, track.height, track.pix_fmt = 320, 180, "yuv420p"
    ramp = np.tile(np.arange(320, dtype=np.uint8)[None, :, None], (180, 1, 3))
    for number in range(30):
        moved = np.ascontiguousarray(np.roll(ramp, number * 8, 1))
        frame = av.VideoFrame.from_ndarray(moved, "rgb24").reformat(format="yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, 30)
        made.mux(track.encode(frame))
    made.mux(track.encode(None))
    made.close()
    second.seek(0)
    with av.open(second) as source, av.open(str(path), "w", format="mp4") as out:
        template = source.streams.video[0]
        base = template.time_base
        copied = out.add_stream_from_template(template)
        packets = [(bytes(p), p.pts, p.is_keyframe) for p in source.demux(template) if p.size]
        for repeat in range(minutes * 60):
            for data, pts, key in packets:
                packet = av.Packet(data)
                packet.stream, packet.time_base = copied, base
                packet.pts = packet.dts = pts + round(repeat / base)
                packet.is_keyframe = key
                out.mux(packet)


def main() -> int:
    """Run what was asked for; 1 where the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("film", type=Path, nargs="?")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--copy", action="store_true")
    parser.add_argument("--memory", type=int, nargs="+", metavar="MINUTES")
    parser.add_argument("--peak", choices=["sample", "copy"], help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.memory:
        memory(asked.memory)
        return 0
    if asked.film is None:
        parser.error("name a film, or use --memory")
    if asked.peak:
        (_sample_all if asked.peak == "sample" else _copy_all)(asked.film)
        print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
        return 0
    if asked.copy:
        copy(asked.film)
        return 0
    return int(pairs(asked.film, asked.rounds) > TARGET)


if __name__ == "__main__":
    sys.exit(main())
