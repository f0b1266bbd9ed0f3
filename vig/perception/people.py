"""From glimpses to people: one track for each person through the whole film."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vig.domain.clock import SECOND, Grid
from vig.domain.observation import Seen
from vig.perception.glimpses import FACE, Glimpses
from vig.perception.models import Models
from vig.perception.panes import facing_each_other, panes_of
from vig.perception.picture import is_cut
from vig.perception.places import balanced
from vig.perception.roles import lean_of, roles_of
from vig.perception.tracks import Columns

Floats = NDArray[np.float32]
Rows = NDArray[np.void]  # (rows,) of FACE

SIGHT = ("yunet", "blazeface-back", "face-landmarker")


def join(parts: Sequence[Glimpses], grid: Grid, models: Models) -> Seen:
    """Everything seen in a film from the glimpses of its parts, in any order.

    The parts may leave gaps (ticks nobody looked at are NaN) but must neither overlap nor lie
    outside the grid: ValueError.
    """
    parts = sorted((p for p in parts if len(p.light)), key=lambda p: p.first)
    if any(a.after > b.first for a, b in itertools.pairwise(parts)):
        raise ValueError("parts of a film must not overlap")
    if parts and (parts[0].first < 0 or parts[-1].after > grid.ticks):
        raise ValueError("parts of a film lie on its grid")
    light, sharp, seam = (np.full(grid.ticks, np.nan, np.float32) for _ in range(3))
    cuts = np.zeros(grid.ticks, np.int32)
    faces = [np.zeros(0, FACE)]
    for number, part in enumerate(parts):
        span = slice(part.first, part.after)
        light[span], sharp[span], seam[span], cuts[span] = (
            part.light,
            part.sharp,
            part.seam,
            part.cut,
        )
        if number and is_cut(parts[number - 1].look_last, part.look_first):
            cuts[part.first] = 1
        faces.append(part.faces.copy())
        faces[-1]["thread"] += number * 1_000_000
    shot = np.cumsum(cuts, dtype=np.int32)
    panes = panes_of(seam)
    size = (parts[0].height, parts[0].width) if parts else (1, 1)
    rows = np.concatenate(faces)
    in_pane = [
        (pane, person)
        for pane in panes
        for person in people_of(
            rows[(rows["middle"][:, 0] >= pane.left) & (rows["middle"][:, 0] < pane.right)],
            shot,
            grid,
        )
    ]
    in_pane.sort(key=lambda found: -len(found[1]))
    roles = roles_of([person for _, person in in_pane], [panes.index(pane) for pane, _ in in_pane])
    tracks = [
        Columns(person, grid, size, pane, role).track(number, sure)
        for number, ((pane, person), (role, sure)) in enumerate(
            zip(in_pane, roles, strict=True), start=1
        )
    ]
    if len(panes) > 1:
        first = [t for t, (pane, _) in zip(tracks, in_pane, strict=True) if pane is panes[0]]
        second = [t for t, (pane, _) in zip(tracks, in_pane, strict=True) if pane is panes[1]]
        tracks = sorted(first + facing_each_other(first, second), key=lambda t: t.number)
    else:
        tracks = balanced(tracks)
    return Seen(grid, tuple(tracks), light, sharp, shot, models.refs_of(*SIGHT))


@dataclass(slots=True, eq=False)
class Piece:
    """Rows that belong to one person for sure."""

    rows: Rows

    @property
    def first(self) -> int:
        return int(self.rows["tick"][0])

    @property
    def last(self) -> int:
        return int(self.rows["tick"][-1])

    @property
    def colours(self) -> Floats:
        """Median colours of clothes and hair; NaN where none were seen."""
        columns = [column[np.isfinite(column)] for column in self.rows["signature"].T]
        return np.array([np.median(c) if len(c) else np.nan for c in columns], np.float32)

    def add(self, other: Piece) -> None:
        both = np.concatenate([self.rows, other.rows])
        self.rows = both[np.argsort(both["tick"], kind="stable")]

    def together_with(self, other: Piece) -> bool:
        """Whether both were seen at the same time, so that they are two people."""
        return bool(np.intersect1d(self.rows["tick"], other.rows["tick"]).size)


def people_of(rows: Rows, shot: NDArray[np.int32], grid: Grid) -> list[Rows]:
    """The rows of each person, those seen longest first; rows of false faces are left out."""
    second = max(1, round(SECOND / grid.step))
    pieces = _bridged([Piece(part) for part in _unbroken(rows, shot, second)], shot, 2 * second)
    pieces = [p for p in pieces if len(p.rows) >= second / 2]
    pieces = _gathered(pieces)
    longest = max((len(p.rows) for p in pieces), default=0)
    kept = [p.rows for p in pieces if len(p.rows) >= max(second, 0.05 * longest)]
    return sorted(kept, key=lambda person: -len(person))


def _unbroken(rows: Rows, shot: NDArray[np.int32], second: int) -> list[Rows]:
    """The rows of each thread, split at cuts and at long gaps."""
    out: list[Rows] = []
    for thread in np.unique(rows["thread"]):
        own = rows[rows["thread"] == thread]
        breaks = (np.diff(own["tick"]) > second) | (np.diff(shot[own["tick"]]) != 0)
        out += np.split(own, np.nonzero(breaks)[0] + 1)
    return out


def _bridged(pieces: list[Piece], shot: NDArray[np.int32], longest: int) -> list[Piece]:
    """Pieces that go on where another one ended, within the shot and ``longest`` ticks."""
    out: list[Piece] = []
    for piece in sorted(pieces, key=lambda p: p.first):
        before = [
            (cost, number)
            for number, other in enumerate(out)
            if 0 < piece.first - other.last <= longest
            and shot[piece.first] == shot[other.last]
            and (cost := _step(other, piece)) < 1
        ]
        if before:
            out[min(before)[1]].add(piece)
        else:
            out.append(piece)
    return out


def _step(a: Piece, b: Piece) -> float:
    """How far the face went from the end of one piece to the start of the next; 1 is the limit.

    One and a half widths of the face, or twice its size, are too far for two seconds.
    """
    end, start = a.rows[-1], b.rows[0]
    wide = max(float(end["box"][2] - end["box"][0]), 1e-3)
    moved = float(np.linalg.norm(end["middle"] - start["middle"])) / wide
    grown = abs(float(np.log(max(start["scale"], 1e-3) / max(end["scale"], 1e-3))))
    return max(moved / 1.5, grown / float(np.log(2)))


ALIKE, LAST_CHOICE = 1.0, 1.8
"""Unlikeness below which two pieces may be one person, and the same for a piece that can be nobody
else: everybody else of the film was seen beside it."""


def _gathered(pieces: list[Piece]) -> list[Piece]:
    """Pieces of one person put together over the film, by colours and by how adult they look.

    Two pieces that were seen at the same time are two people. The most alike pair is joined first.
    """
    leans = lean_of([p.rows for p in pieces])
    found = [(p, float(lean)) for p, lean in zip(pieces, leans, strict=True)]
    found.sort(key=lambda f: -len(f[0].rows))
    for limit in (ALIKE, LAST_CHOICE):
        while True:
            pairs = [
                (_unlike(found[i], found[j]), i, j)
                for i, j in itertools.combinations(range(len(found)), 2)
                if not found[i][0].together_with(found[j][0])
                and (limit == ALIKE or _nobody_else(found, i, j))
            ]
            cost, i, j = min(pairs, default=(np.inf, 0, 0))
            if cost >= limit:
                break
            (a, lean_a), (b, lean_b) = found[i], found.pop(j)
            share = len(a.rows) / (len(a.rows) + len(b.rows))
            a.add(b)
            found[i] = a, share * lean_a + (1 - share) * lean_b
    return [piece for piece, _ in found]


def _nobody_else(found: list[tuple[Piece, float]], i: int, j: int) -> bool:
    """Whether piece ``j`` was seen beside every longer piece but ``i``."""
    longer = [f[0] for n, f in enumerate(found[:j]) if n != i]
    return bool(longer) and all(found[j][0].together_with(other) for other in longer)


def _unlike(a: tuple[Piece, float], b: tuple[Piece, float]) -> float:
    """How different two pieces look: 12 steps of colour (Lab a and b), 80 of lightness, or a lean
    from surely adult (+2) to surely baby (-2) weigh about one half to one each."""
    apart = np.abs(a[0].colours - b[0].colours)
    chroma, light = apart[[1, 2, 5, 6]], apart[[0, 4]]
    hue = float(chroma[np.isfinite(chroma)].mean()) / 12 if np.isfinite(chroma).any() else 1.0
    shade = float(light[np.isfinite(light)].mean()) / 80 if np.isfinite(light).any() else 1.0
    lean = abs(min(max(a[1], -2.0), 2.0) - min(max(b[1], -2.0), 2.0)) / 4
    return float(0.5 * hue + 0.2 * shade + lean)
