"""From ``add`` to suggestions: how fast beside real time, and whether memory stays flat.

    python -m benchmarks.walk [--minutes 1] [--rate-mbit 12] [--folder DIR] [--json FILE]

The film is the sample ``main`` enlarged to 1920x1080, 30 frames a second, H.264 with sound, and
repeated until it is long enough; it is made first and costs nothing in the figures. Reported are

- ``pace``: film time over wall time, from ``add`` (browser copy included) to suggestions,
- ``decodes``: CPU of the whole over CPU of decoding the plain film once with one thread (the
  baseline, in the same run): what the machine is worth cancels out,
- ``peak``: the largest sum of resident memory (unique set size) of all processes of the tool.

Rendered film: these figures speak of the pipeline's cost, not of what it sees in real homes.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

import av
import psutil

SAMPLE = Path(__file__).parents[1] / "sample_clips" / "main.mp4"
PASSPHRASE = "a benchmark holds no family"


@dataclass(frozen=True, slots=True)
class Figures:
    minutes: float
    megabits: float
    add_seconds: float
    analyse_seconds: float
    pace: float
    decodes: float
    peak_mib: float
    suggestions: int


def one_minute(path: Path, megabits: float) -> None:
    """A minute of 1080p30 with sound, as a phone would store it (no B-frames, a second a GOP)."""
    with av.open(str(SAMPLE)) as source, av.open(str(path), "w") as out:
        video = out.add_stream(
            "libx264", rate=30, options={"preset": "veryfast", "bf": "0", "g": "30"}
        )
        video.width, video.height, video.pix_fmt = 1920, 1080, "yuv420p"
        video.bit_rate = int(megabits * 1e6)
        video.codec_context.time_base = Fraction(1, 30)
        sound = out.add_stream("aac", rate=48_000)
        number = 0
        for packet in source.demux():
            for frame in packet.decode():
                if isinstance(frame, av.VideoFrame):
                    # 25 frames a second become 30: every fifth is shown twice.
                    for _ in range(2 if number % 6 == 4 else 1):
                        large = frame.reformat(1920, 1080, "yuv420p")
                        large.pts, large.time_base, large.pict_type = number, Fraction(1, 30), 0
                        out.mux(video.encode(large))
                        number += 1
                else:
                    frame.pts = None
                    out.mux(sound.encode(frame))
        out.mux(video.encode(None))
        out.mux(sound.encode(None))


def repeated(minute: Path, path: Path, minutes: float) -> None:
    """The same packets again and again, with their times moved on."""
    with av.open(str(path), "w") as out:
        streams = {}
        with av.open(str(minute)) as source:
            length = Fraction(source.duration, av.time_base)
            for stream in source.streams:
                streams[stream.index] = out.add_stream_from_template(stream)
        for turn in range(max(1, round(minutes * 60 / float(length)))):
            with av.open(str(minute)) as source:
                for packet in source.demux():
                    if packet.dts is None:
                        continue
                    moved = int(turn * length / packet.time_base)
                    packet.pts, packet.dts = packet.pts + moved, packet.dts + moved
                    packet.stream = streams[packet.stream.index]
                    out.mux(packet)


def decode_cpu(path: Path) -> float:
    """CPU seconds of decoding the film once, with one thread."""
    code = (
        "import av, sys\n"
        "with av.open(sys.argv[1]) as film:\n"
        "    film.streams.video[0].codec_context.thread_count = 1\n"
        "    for _ in film.decode(video=0): pass"
    )
    return spent(lambda: subprocess.run([sys.executable, "-c", code, str(path)], check=True))


def spent(work: object) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    work()  # type: ignore[operator]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


class Memory:
    """Samples the memory of a process and all below it, until it ends."""

    def __init__(self, pid: int) -> None:
        self.peak = 0
        self._root = psutil.Process(pid)
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while True:
            try:
                family = [self._root, *self._root.children(recursive=True)]
                total = 0
                for process in family:
                    try:
                        total += process.memory_full_info().uss
                    except psutil.Error:
                        continue
                self.peak = max(self.peak, total)
            except psutil.Error:
                return
            time.sleep(0.2)


def vig(home: Path, *words: str) -> tuple[str, float, float]:
    """Runs the command; its answer, wall seconds, and peak memory in MiB."""
    environment = {**os.environ, "VIG_HOME": str(home), "VIG_PASSPHRASE": PASSPHRASE}
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "vig", *words], env=environment, stdout=subprocess.PIPE, text=True
    )
    memory = Memory(process.pid)
    out, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"vig {words[0]} ended with {process.returncode}")
    return out, time.monotonic() - began, memory.peak / 2**20


def measure(folder: Path, minute: Path, minutes: float, megabits: float) -> Figures:
    film = folder / f"film-{minutes:g}.mp4"
    repeated(minute, film, minutes)
    baseline = decode_cpu(film)
    home = folder / f"vault-{minutes:g}"
    vig(home, "init", "--yes", "--recovery-out", str(folder / f"code-{minutes:g}"))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out, adding, first = vig(
        home, "add", str(film), "--family", "B-1", "--age-weeks", "50", "--yes", "--json"
    )
    added = json.loads(out)
    out, watching, second = vig(home, "analyse", added["recording"], "--json")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Figures(
        minutes=round(added["duration_us"] / 60e6, 2),
        megabits=megabits,
        add_seconds=round(adding, 1),
        analyse_seconds=round(watching, 1),
        pace=round(added["duration_us"] / 1e6 / (adding + watching), 2),
        decodes=round(cpu / baseline, 2),
        peak_mib=round(max(first, second)),
        suggestions=json.loads(out)["suggestions"],
    )


def main() -> None:
    ask = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    ask.add_argument("--minutes", type=float, nargs="+", default=[1.0])
    ask.add_argument("--rate-mbit", type=float, default=12.0)
    ask.add_argument("--folder", type=Path)
    ask.add_argument("--json", type=Path)
    asked = ask.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        folder = Path(name)
        minute = folder / "minute.mp4"
        one_minute(minute, asked.rate_mbit)
        found = [measure(folder, minute, minutes, asked.rate_mbit) for minutes in asked.minutes]
    print(
        f"{'minutes':>8} {'Mbit/s':>7} {'add s':>7} {'watch s':>8} {'pace':>6} {'decodes':>8} {'peak MiB':>9}"
    )
    for f in found:
        print(
            f"{f.minutes:8.1f} {f.megabits:7.0f} {f.add_seconds:7.1f} {f.analyse_seconds:8.1f} "
            f"{f.pace:6.2f} {f.decodes:8.2f} {f.peak_mib:9.0f}"
        )
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    if asked.json:
        asked.json.write_text(json.dumps([asdict(f) for f in found], indent=1) + "\n")


if __name__ == "__main__":
    main()
