"""A gaze net on the sample films, beside what the tool reads without it.

    python -m training.gaze.judge NET.onnx [main split hard practice]

One pass of the watcher over each film; then the film is joined twice, with the tool's own reading of
the eyes, with the net's, and with the middle of both. The figures are those of
benchmarks/perception.py: medians of the error in degrees. Rendered people only.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from benchmarks.perception import FILMS, PEOPLE, SAMPLES, WARNING, of_person, truth_rows
from training.gaze.strips import eyes_middle, known_of, strip_of, uprighted
from vig.domain.clock import SECOND, Grid
from vig.media.video import sample
from vig.perception.detectors import Picture
from vig.perception.glimpses import Glimpses
from vig.perception.mesh import Mesh
from vig.perception.models import Models
from vig.perception.pose import Pose
from vig.perception.sight import WIDE, join
from vig.perception.watcher import Thread, Watcher


class Reader(Watcher):
    """A watcher that also asks the net about each face it reads."""

    def __init__(self, models: Models, net: onnxruntime.InferenceSession, *, wide: int) -> None:
        super().__init__(models, wide=wide)
        self.net = net
        self.read: dict[tuple[int, int], NDArray[np.float64]] = {}

    def _row(
        self, thread: Thread, tick: int, rgb: Picture, mesh: Mesh, pose: Pose | None
    ) -> NDArray[np.void]:
        if pose is not None:
            strip = strip_of(rgb, eyes_middle(mesh), pose.roll, pose.scale)
            asked = {"strip": strip[None], "known": known_of(mesh, pose)[None]}
            gaze, spread = self.net.run(None, asked)
            along = uprighted(pose.roll).T @ gaze[0]
            self.read[tick, thread.number] = np.append(along, np.degrees(spread[0]))
        return super()._row(thread, tick, rgb, mesh, pose)


def watched(name: str, grid: Grid, models: Models, net: Any) -> tuple[Glimpses, Glimpses]:
    """A film's glimpses as they are, and with the net's gaze in them."""
    watcher = Reader(models, net, wide=max(1, round(WIDE / grid.step)))
    shown = None
    with (SAMPLES / f"{name}.mp4").open("rb") as film:
        for tick, frame in sample(film, grid):
            if frame is shown:
                watcher.see_again(tick)
            else:
                watcher.see(tick, frame.rgb)
            shown = frame
    glimpses = watcher.glimpses()
    watcher.close()
    faces = glimpses.faces.copy()
    for row in faces:
        read = watcher.read.get((int(row["tick"]), int(row["thread"])))
        if read is not None and np.isfinite(row["gaze"][0]):
            row["gaze"], row["gaze_doubt"] = read[:3], read[3]
    return glimpses, replace(glimpses, faces=faces)


def middle_of(one: Glimpses, other: Glimpses) -> Glimpses:
    """Glimpses whose gaze is the middle of two readings."""
    faces = one.faces.copy()
    both = faces["gaze"] + other.faces["gaze"]
    faces["gaze"] = both / np.linalg.norm(both, axis=1, keepdims=True)
    return replace(one, faces=faces)


def main() -> None:
    net = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
    print(f"{WARNING}\n\n| film, who | n | tool | net | middle | looks told: tool | net | middle |")
    print("|---" * 8 + "|")
    models = Models.load()
    for name in sys.argv[2:] or FILMS:
        truth = json.loads((SAMPLES / f"{name}.truth.json").read_text())
        grid = Grid.over(round(truth["meta"]["duration_s"] * SECOND))
        before, after = watched(name, grid, models, net)
        rows = truth_rows(truth, grid)
        seen = [join([g], grid, models) for g in (before, after, middle_of(before, after))]
        for who in PEOPLE:
            figures = [of_person(who, each, rows, truth["meta"]) for each in seen]
            medians = [f"{f['gaze_eyes'].get('median', float('nan')):.1f}" for f in figures]
            told = [f"{f['auc']:.3f}" for f in figures]
            cells = [f"{name}, {who}", str(figures[0]["gaze_eyes"]["n"]), *medians, *told]
            print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
