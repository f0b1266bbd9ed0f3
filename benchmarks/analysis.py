"""What seeing costs beside MediaPipe's FaceLandmarker used as it comes, all in one run.

    python -m benchmarks.analysis [--seconds 20] [--turns 2] [--films phone webcam 4k]
                                  [--sample main] [--json FILE]

Each film is a stretch of a sample film enlarged and compressed anew; making it costs nothing in the
figures. In ``main`` the faces are easy to see; in ``hard`` they lie, turn away and are dark. Every way runs in a process of its own, in turns, on one film after the other:

- ``decode``: every frame decoded once with one thread and thrown away. This is the floor.
- ``ours``: sampling (a decoder child) and looking, faces followed and joined over the whole film.
- ``stock``: FaceLandmarker as it comes (VIDEO, two faces, all thresholds .5) on every frame.
- ``lowered``: the same with thresholds lowered step by step until it finds as many faces as ours.
  Where no step reaches that, the step that finds most.
- ``stock 10``: FaceLandmarker as it comes, but only at our ten samples a second.
- ``ours x2``: two halves of the film at once, in threads and in processes: what the interpreter's
  lock costs when two lanes run.

``above`` is CPU less that of ``decode``, in seconds a second of film; the least of the turns is
kept. ``faces`` is the share of the people in the picture, by the renderer's truth at our samples,
on whose face a detection lies; ``both`` the share of samples with both. The people are rendered:
the figures speak of cost for the same finds, and not of finds in real homes.
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
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from benchmarks.perception import true_box, truth_rows
from vig.domain.clock import SECOND, Grid, Span
from vig.domain.progress import unheard

SAMPLES = Path(__file__).parents[1] / "sample_clips"
FROM = {"main": 20, "hard": 4, "practice": 60}
"""The samples, and the second from which the films are taken."""

FILMS: dict[str, tuple[int, int, float, int]] = {
    "phone": (1920, 1080, 17.0, 0),
    "webcam": (1920, 1080, 3.3, 2),
    "4k": (3840, 2160, 45.0, 0),
}
"""Width, height, megabits a second, B-frames in a row. Phones mostly write none."""

STEPS = ((0.5, 0.5), (0.3, 0.3), (0.2, 0.2), (0.2, 0.0), (0.1, 0.0), (0.05, 0.0))
"""Detection and presence thresholds of FaceLandmarker, from its own downwards."""

Boxes = list[NDArray[np.floating[Any]]]
Found = dict[int, Boxes]
"""Boxes as fractions of the frame (left, top, right, bottom), by tick."""


def film(path: Path, sample: str, kind: str, seconds: int) -> float:
    """Write the film of one kind; its real megabits a second."""
    width, height, megabits, b_frames = FILMS[kind]
    with av.open(str(SAMPLES / f"{sample}.mp4")) as source, av.open(str(path), "w") as out:
        options = {"preset": "veryfast", "bf": str(b_frames), "g": "30", "x264-params": "qpmin=1"}
        video = out.add_stream("libx264", rate=30, options=options)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.bit_rate = int(megabits * 1e6)
        # The grain of a small sensor: without it rendered film takes no bits to store.
        grain = np.random.default_rng(1).normal(0, 3, (height * 2, width)).astype(np.int16)
        number = 0
        for frame in source.decode(video=0):
            # The sample has 25 frames a second; thirty are shown of it.
            while number < seconds * 30 and frame.time >= FROM[sample] + number / 30 - 0.02:
                plain = frame.reformat(width, height, "yuv420p").to_ndarray()
                shift = 37 * number % height
                plain[:height] = np.clip(plain[:height] + grain[shift : shift + height], 0, 255)
                grained = av.VideoFrame.from_ndarray(plain, "yuv420p")
                grained.pts, grained.time_base = number, Fraction(1, 30)
                out.mux(video.encode(grained))
                number += 1
            if number >= seconds * 30:
                break
        out.mux(video.encode(None))
    return path.stat().st_size * 8 / seconds / 1e6


# ── the ways, each run in a process of its own ───────────────────────────────────────────────


def decoded(path: Path, kept: Callable[[int], bool]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Every frame decoded with one thread; those that are kept, as pixels."""
    with av.open(str(path)) as opened:
        opened.streams.video[0].codec_context.thread_count = 1
        for number, frame in enumerate(opened.decode(video=0)):
            if kept(number):
                yield number, np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def decode(path: Path, grid: Grid, thresholds: tuple[float, float]) -> Found:
    for _ in decoded(path, lambda number: False):
        pass
    return {}


def ours(path: Path, grid: Grid, thresholds: tuple[float, float]) -> Found:
    from vig.media.video import sample
    from vig.perception.models import Models
    from vig.perception.sight import join, look

    models = Models.load()
    with path.open("rb") as source:
        seen = join([look(sample(source, grid), grid, models, unheard)], grid, models)
    found: Found = {tick: [] for tick in range(grid.ticks)}
    for track in seen.tracks:
        for tick in np.flatnonzero(track.seen):
            found[int(tick)].append(track.box[tick])
    return found


def stock(path: Path, grid: Grid, thresholds: tuple[float, float], every: int = 1) -> Found:
    import mediapipe
    from mediapipe.tasks.python import BaseOptions, vision

    from vig.perception.models import Models

    detection, presence = thresholds
    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_buffer=Models.load().data("face-landmarker")),
        running_mode=vision.RunningMode.VIDEO,
        num_faces=2,
        min_face_detection_confidence=detection,
        min_face_presence_confidence=presence,
        min_tracking_confidence=presence,
        output_face_blendshapes=True,
    )
    found: Found = {}
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        for number, rgb in decoded(path, lambda number: number % every == 0):
            image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=rgb)
            faces = landmarker.detect_for_video(image, number * 1000 // 30).face_landmarks
            if number % 3 == 0:
                points = [np.array([(p.x, p.y) for p in face]) for face in faces]
                found[number // 3] = [np.concatenate([p.min(0), p.max(0)]) for p in points]
    return found


def stock_10(path: Path, grid: Grid, thresholds: tuple[float, float]) -> Found:
    return stock(path, grid, thresholds, every=3)


def in_two(path: Path, grid: Grid, *, processes: bool) -> None:
    """Two halves of the film looked at side by side."""
    from vig.media.video import sample
    from vig.perception.models import Models
    from vig.perception.sight import look

    models = Models.load()

    def half(number: int) -> None:
        middle = grid.duration // 2
        span = Span(0, middle) if number == 0 else Span(middle, grid.duration)
        with path.open("rb") as source:
            look(sample(source, grid, span), grid, models, unheard)

    if processes:
        children = []
        for number in range(2):
            if not (child := os.fork()):
                half(number)
                os._exit(0)
            children.append(child)
        for child in children:
            if os.waitpid(child, 0)[1]:
                raise SystemExit("a half did not end well")
    else:
        lanes = [threading.Thread(target=half, args=(number,)) for number in range(2)]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()


def in_threads(path: Path, grid: Grid, thresholds: tuple[float, float]) -> Found:
    in_two(path, grid, processes=False)
    return {}


def in_processes(path: Path, grid: Grid, thresholds: tuple[float, float]) -> Found:
    in_two(path, grid, processes=True)
    return {}


WAYS: dict[str, Callable[[Path, Grid, tuple[float, float]], Found]] = {
    "decode": decode,
    "ours": ours,
    "stock": stock,
    "stock 10": stock_10,
    "ours x2 threads": in_threads,
    "ours x2 processes": in_processes,
}


def spent() -> float:
    own, below = (resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + below.ru_utime + below.ru_stime


def one(way: str, path: Path, seconds: int, thresholds: tuple[float, float]) -> dict[str, Any]:
    """Run a way here; the loading of libraries is left out of its cost."""
    import mediapipe  # noqa: F401

    import vig.media.video
    import vig.perception.sight  # noqa: F401

    grid = Grid.over(seconds * SECOND)
    before, began = spent(), time.monotonic()
    found = WAYS[way](path, grid, thresholds)
    wall, cpu = time.monotonic() - began, spent() - before
    return {"cpu": cpu / seconds, "wall": wall / seconds} | judged(
        found, grid, path.name.split("-")[0]
    )


def judged(found: Found, grid: Grid, sample: str) -> dict[str, float]:
    """Shares of people found and of samples with both; boxes on nobody's face, a sample."""
    if not found:
        return {}
    truth = json.loads((SAMPLES / f"{sample}.truth.json").read_text())
    meta = truth["meta"]
    rows = truth_rows(truth, Grid.over(round(meta["duration_s"] * SECOND)))[FROM[sample] * 10 :]
    hits, strays = [], 0
    for tick in range(grid.ticks):
        people = [true_box(p, meta) for p in rows[tick]["people"].values()]
        boxes = found.get(tick, [])
        hits.append([any(on(box, face) for box in boxes) for face in people])
        strays += sum(not any(on(box, face) for face in people) for box in boxes)
    hit = np.array(hits)
    both, faces = float(hit.all(1).mean()), float(hit.mean())
    return {"faces": faces, "both": both, "stray": strays / grid.ticks}


def on(box: NDArray[Any], face: NDArray[Any]) -> bool:
    """Whether a box lies on a face: the middles are near, the sizes alike (as in perception)."""
    size, own = face[2:] - face[:2], np.maximum(box[2:] - box[:2], 1e-6)
    near = np.abs((box[:2] + box[2:] - face[:2] - face[2:]) / 2) < 0.5 * size
    return bool(near.all() and (np.abs(np.log(own / size)) < np.log(2.2)).all())


# ── the run ──────────────────────────────────────────────────────────────────────────────────


def apart(
    way: str, path: Path, seconds: int, thresholds: tuple[float, float] = STEPS[0]
) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.analysis", "--one", way, "--film", str(path)]
    command += ["--seconds", str(seconds), "--thresholds", *map(str, thresholds)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def lowered_to(path: Path, seconds: int, wanted: float) -> tuple[float, float]:
    """The highest thresholds with which FaceLandmarker finds ``wanted`` of the faces, or most."""
    tried = []
    for step in STEPS:
        faces = apart("stock 10", path, seconds, step)["faces"]
        tried.append((faces, step))
        if faces >= wanted:
            return step
    return max(tried, key=lambda t: t[0])[1]


def measure(path: Path, seconds: int, turns: int) -> dict[str, Any]:
    """Every way on one film, in turns; the least CPU and the shortest wall of each."""
    thresholds = lowered_to(path, seconds, apart("ours", path, seconds)["faces"])
    runs: dict[str, list[dict[str, Any]]] = {}
    for _ in range(turns):
        for name in WAYS:
            runs.setdefault(name, []).append(apart(name, path, seconds))
            if name == "stock":
                runs.setdefault("lowered", []).append(apart("stock", path, seconds, thresholds))
    least = {
        way: found[0] | {k: min(run[k] for run in found) for k in ("cpu", "wall")}
        for way, found in runs.items()
    }
    floor = least["decode"]["cpu"]
    for way in least.values():
        way["above"] = way["cpu"] - floor
    return {"thresholds": thresholds, "ways": least}


def show(kind: str, figures: dict[str, Any]) -> None:
    detection, presence = figures["thresholds"]
    print(f"\n{kind}: {figures['megabits']:.1f} Mbit/s; lowered means {detection} and {presence}")
    heads = ("CPU", "above", "of ours", "real time", "faces", "both", "stray")
    print(f"{'way':18}" + "".join(f"{h:>10}" for h in heads))
    mine = figures["ways"]["ours"]["above"]
    for name, way in figures["ways"].items():
        seen = "".join(f"{way[k]:10.2f}" if k in way else f"{'':10}" for k in heads[4:])
        times = f"{way['above'] / mine:9.1f}x" if way["above"] > 0 else f"{'':10}"
        print(
            f"{name:18}{way['cpu']:10.3f}{way['above']:10.3f}{times}{1 / way['wall']:9.1f}x{seen}"
        )


def main() -> None:
    ask = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    ask.add_argument("--seconds", type=int, default=20)
    ask.add_argument("--turns", type=int, default=2)
    ask.add_argument("--films", nargs="+", choices=list(FILMS), default=list(FILMS))
    ask.add_argument("--sample", choices=list(FROM), default="main")
    ask.add_argument("--json", type=Path)
    ask.add_argument("--one", choices=list(WAYS), help=argparse.SUPPRESS)
    ask.add_argument("--film", type=Path, help=argparse.SUPPRESS)
    ask.add_argument("--thresholds", type=float, nargs=2, help=argparse.SUPPRESS)
    told = ask.parse_args()
    if told.one:
        print(json.dumps(one(told.one, told.film, told.seconds, tuple(told.thresholds))))
        return
    print(
        f"{told.sample}, {os.cpu_count()} cores; CPU and above are seconds a second of film. Rendered people."
    )
    figures: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for kind in told.films:
            path = Path(folder) / f"{told.sample}-{kind}.mp4"
            megabits = film(path, told.sample, kind, told.seconds)
            figures[kind] = measure(path, told.seconds, told.turns) | {"megabits": megabits}
            show(kind, figures[kind])
            sys.stdout.flush()
    print(f"load average {os.getloadavg()[0]:.1f}")
    if told.json:
        told.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
