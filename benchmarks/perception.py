"""How well the sample films are seen, against the truth they were rendered from, and at what cost.

    python -m benchmarks.perception [main split hard practice] [--json FILE] [--keep FOLDER]

The films are rendered. These figures say that geometry, thresholds and timing work; they say
nothing about real babies.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vig.domain.clock import SECOND, Grid
from vig.domain.family import Role
from vig.domain.observation import GazeTier, Seen, Track
from vig.domain.progress import unheard
from vig.domain.recording import Frame
from vig.media.video import sample
from vig.perception.models import Models
from vig.perception.sight import Glimpses, join, look

SAMPLES = Path(__file__).parents[1] / "sample_clips"
FILMS = ("main", "split", "hard", "practice")
PEOPLE = {"parent": Role.PARENT, "baby": Role.BABY}
WARNING = "Rendered people: these figures say nothing about real babies."

Truth = dict[str, Any]
Array = NDArray[np.floating[Any]]


def main() -> None:
    asked = argparse.ArgumentParser(description=WARNING)
    asked.add_argument("films", nargs="*", help="main, split, hard, practice; all unless named")
    asked.add_argument("--json", type=Path, help="also write the figures to this file")
    asked.add_argument("--keep", type=Path, help="keep glimpses here and use those that are there")
    told = asked.parse_args()
    figures = {name: measure(name, told.keep) for name in told.films or FILMS}
    print(WARNING)
    for name, figure in figures.items():
        show(name, figure)
    print(f"\n{table(figures)}")
    if told.json:
        told.json.write_text(json.dumps({"warning": WARNING, "films": figures}, indent=1) + "\n")


def measure(name: str, keep: Path | None = None) -> dict[str, Any]:
    """All the figures of one sample film."""
    truth = json.loads((SAMPLES / f"{name}.truth.json").read_text())
    grid = Grid.over(round(truth["meta"]["duration_s"] * SECOND))
    models = Models.load()
    kept = keep / f"{name}.glimpses" if keep else None
    if kept and kept.exists():
        glimpses, cpu = Glimpses.from_bytes(kept.read_bytes()), float("nan")
    else:
        glimpses, cpu = looked_at(name, grid, models)
        if kept:
            kept.write_bytes(glimpses.to_bytes())
    before = time.process_time()
    seen = join([glimpses], grid, models)
    joining = time.process_time() - before
    rows = truth_rows(truth, grid)
    people = {who: of_person(who, seen, rows, truth["meta"]) for who in PEOPLE}
    return {
        "cpu": cpu / (grid.duration / SECOND),
        "cpu_join": joining / (grid.duration / SECOND),
        "cuts": int(seen.shot[-1]),
        "tracks": [(t.role.value, round(t.role_sure, 2), int(t.seen.sum())) for t in seen.tracks],
        "both_found": both_found(seen, rows, truth["meta"]),
        "people": people,
    }


def looked_at(name: str, grid: Grid, models: Models) -> tuple[Glimpses, float]:
    """The glimpses of a film and the CPU seconds of looking, decoding left out."""
    decoding = 0.0

    def frames() -> Iterator[tuple[int, Frame]]:
        nonlocal decoding
        with (SAMPLES / f"{name}.mp4").open("rb") as film:
            before = time.process_time()
            for each in sample(film, grid):
                decoding += time.process_time() - before
                yield each
                before = time.process_time()
            decoding += time.process_time() - before

    before = time.process_time()
    glimpses = look(frames(), grid, models, unheard)
    return glimpses, time.process_time() - before - decoding


def truth_rows(truth: Truth, grid: Grid) -> list[Truth]:
    """The truth of the frame shown at each tick."""
    starts = np.array([frame["t"] for frame in truth["frames"]])
    at = [
        np.searchsorted(starts, tick * grid.step / SECOND + 1e-3) - 1 for tick in range(grid.ticks)
    ]
    return [truth["frames"][max(int(i), 0)] for i in at]


def true_box(person: Truth, meta: Truth) -> Array:
    x, y, width, height = person["box"]
    size = np.array([meta["width"], meta["height"]] * 2)
    return np.array([x, y, x + width, y + height]) / size


def hits(track: Track, who: str, rows: list[Truth], meta: Truth) -> NDArray[np.bool_]:
    """Where a track's box lies on this person's face: the middles are near, the sizes alike."""
    true = np.array([true_box(row["people"][who], meta) for row in rows])
    middle = np.abs((track.box[:, :2] + track.box[:, 2:] - true[:, :2] - true[:, 2:]) / 2)
    size, own = true[:, 2:] - true[:, :2], track.box[:, 2:] - track.box[:, :2]
    near: NDArray[np.bool_] = (middle < 0.5 * size).all(1) & (
        np.abs(np.log(own / size)) < np.log(2.2)
    ).all(1)
    return near


def both_found(seen: Seen, rows: list[Truth], meta: Truth) -> float:
    """Share of ticks in which each of the two has a track of the right role on their face."""
    tracks = [(who, seen.of(role)) for who, role in PEOPLE.items()]
    found = [hits(t, who, rows, meta) if t else np.zeros(len(rows), bool) for who, t in tracks]
    return float((found[0] & found[1]).mean())


def of_person(who: str, seen: Seen, rows: list[Truth], meta: Truth) -> dict[str, Any]:
    """Found, role, angles, places and smiles of one person."""
    found = np.zeros(len(rows), bool)
    for track in seen.tracks:
        found |= hits(track, who, rows, meta)
    track, other = seen.of(PEOPLE[who]), seen.of(PEOPLE["baby" if who == "parent" else "parent"])
    if track is None:
        return {"found": float(found.mean()), "role": 0.0}
    right = hits(track, who, rows, meta)
    about = np.array([-1.0, 1.0, -1.0]) if meta["split_screen"] and who == "baby" else np.ones(3)
    people = [row["people"][who] for row in rows]
    figures: dict[str, Any] = {
        "found": float(found.mean()),
        "role": float(right.sum() / found.sum()),
    }
    head = about * [p["head_forward_cam"] for p in people]
    error = degrees(forward(track.head[:, :2]), head)
    figures["head"] = spread_of(error[right], track.head_spread[right])
    gaze = about * [p["gaze_cam"] for p in people]
    awake = right & ~np.array([p["eyes_closed"] for p in people])
    error = degrees(forward(track.gaze), gaze)
    for tier in (GazeTier.EYES, GazeTier.HEAD):
        own = awake & (track.gaze_tier == tier)
        figures[f"gaze_{tier.name.lower()}"] = spread_of(error[own], track.gaze_spread[own])
    figures["head_as_gaze"] = spread_of(degrees(forward(track.head[:, :2]), gaze)[awake])
    smile = np.array([p["smile"] for p in people])
    read = right & np.isfinite(track.smile)
    figures["smile"] = float(np.corrcoef(smile[read], track.smile[read])[0, 1])
    if other is not None:
        figures |= of_pair(who, track, other, rows=rows, meta=meta, both=right & other.seen)
    return figures


def of_pair(
    who: str,
    track: Track,
    other: Track,
    *,
    rows: list[Truth],
    meta: Truth,
    both: NDArray[np.bool_],
) -> dict[str, Any]:
    """Whether the partner's direction is right, and whether it tells looking from not looking.

    The true places of a split film are each in their own camera's axes, so only whether looks are
    told apart can be measured there.
    """
    partner = "baby" if who == "parent" else "parent"
    places = {p: np.array([r["people"][p]["eye_mid_cam_m"] for r in rows]) for p in PEOPLE}
    towards = other.where - track.where
    true = places[partner] - places[who]
    off = degrees(forward(track.gaze), towards)
    looks = np.array([row["people"][who]["looking_at_partner"] for row in rows])
    away = np.linalg.norm(track.where, axis=1) / np.linalg.norm(places[who], axis=1)
    one_camera = not meta["split_screen"]
    return {
        "towards": spread_of(degrees(towards, true)[both & one_camera]),
        "distance": float(np.median(away[both])) if one_camera else float("nan"),
        "off_when_looking": spread_of(off[both & looks]),
        "off_when_not": spread_of(off[both & ~looks]),
        "auc": auc(-off[both & looks], -off[both & ~looks]),
    }


def auc(positive: Array, negative: Array) -> float:
    """Chance that a looking tick scores above one that is not."""
    if not len(positive) or not len(negative):
        return float("nan")
    positive, negative = positive[np.isfinite(positive)], negative[np.isfinite(negative)]
    above = (positive[:, None] > negative[None]).mean()
    return float(above + 0.5 * (positive[:, None] == negative[None]).mean())


def spread_of(error: Array, claimed: Array | None = None) -> dict[str, float]:
    """Median, 90th percentile, number, and the share within one and two claimed spreads."""
    if claimed is not None:
        claimed = claimed[np.isfinite(error)]
    error = error[np.isfinite(error)]
    if not len(error):
        return {"n": 0}
    figure = {
        "median": float(np.median(error)),
        "p90": float(np.percentile(error, 90)),
        "n": len(error),
    }
    if claimed is not None:
        figure |= {f"within{k}": float((error <= k * claimed).mean()) for k in (1, 2)}
    return figure


def forward(angles: Array) -> Array:
    yaw, pitch = np.radians(angles[:, 0]), np.radians(angles[:, 1])
    return np.stack([np.sin(yaw) * np.cos(pitch), -np.sin(pitch), -np.cos(yaw) * np.cos(pitch)], 1)


def degrees(a: Array, b: Array) -> Array:
    cosine = (a * b).sum(1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def table(figures: dict[str, Any]) -> str:
    """The main figures as a Markdown table, one row a film and person."""
    heads = "film, who | found | role right | head | gaze EYES | gaze HEAD | smile r | looks told"
    lines = [f"| {heads} | CPU s/s |", "|---" * 9 + "|"]
    for name, film in figures.items():
        for who, person in film["people"].items():
            angles = [
                f"{person[key]['median']:.1f} ({person[key]['n']})" if person[key]["n"] else "none"
                for key in ("head", "gaze_eyes", "gaze_head")
            ]
            shares = [f"{person[key]:.1%}" for key in ("found", "role")]
            rest = [f"{person[key]:.2f}" for key in ("smile", "auc")]
            cells = [f"{name}, {who}", *shares, *angles, *rest, f"{film['cpu']:.2f}"]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def show(name: str, figure: dict[str, Any]) -> None:
    print(
        f"\n{name}: both found {figure['both_found']:.1%}, {figure['cuts']} cuts, "
        f"CPU {figure['cpu']:.3f} s per second of film (+{figure['cpu_join']:.4f} joining), "
        f"tracks {figure['tracks']}"
    )
    for who, person in figure["people"].items():
        print(f"  {who:7s} found {person['found']:.1%}  right role {person['role']:.1%}", end="")
        print(f"  smile r {person.get('smile', float('nan')):.2f}", end="")
        print(
            f"  AUC {person.get('auc', float('nan')):.2f}  distance x{person.get('distance', float('nan')):.2f}"
        )
        for key in (
            "head",
            "gaze_eyes",
            "gaze_head",
            "head_as_gaze",
            "towards",
            "off_when_looking",
            "off_when_not",
        ):
            if (value := person.get(key)) and value["n"]:
                within = "".join(
                    f"  within {k} spread {value[f'within{k}']:.0%}"
                    for k in (1, 2)
                    if f"within{k}" in value
                )
                print(
                    f"          {key:17s} median {value['median']:5.1f}  p90 {value['p90']:5.1f}"
                    f"  n {value['n']}{within}"
                )


if __name__ == "__main__":
    main()
