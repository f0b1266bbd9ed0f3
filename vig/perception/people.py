"""From glimpses to people: one track for each person through the whole film."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vig.domain.clock import SECOND, Grid
from vig.domain.observation import Seen, Track
from vig.perception.glimpses import FACE, SIGNATURE, Glimpses
from vig.perception.models import Models
from vig.perception.panes import Pane, facing_each_other, panes_of
from vig.perception.picture import is_cut
from vig.perception.places import balanced
from vig.perception.roles import lean_of, roles_of, seen_together
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
    light, sharp, seam, moved = (
        _whole(grid, parts, name, np.float32(np.nan))
        for name in ("light", "sharp", "seam", "moved")
    )
    cuts = _whole(grid, parts, "cut", np.bool_(False))
    for before, part in itertools.pairwise(parts):
        cuts[part.first] |= is_cut(before.look_last, part.look_first)
    shot = np.cumsum(cuts, dtype=np.int32)
    size = (parts[0].height, parts[0].width) if parts else (1, 1)
    tracks = _tracks(_faces(parts), shot, grid, size=size, panes=panes_of(seam))
    return Seen(grid, tuple(tracks), light, sharp, shot, models.refs_of(*SIGHT), moved)


def _whole(grid: Grid, parts: Sequence[Glimpses], name: str, unseen: np.generic) -> NDArray[Any]:
    """A column of all parts on the film's grid."""
    column = np.full(grid.ticks, unseen)
    for part in parts:
        column[part.first : part.after] = getattr(part, name)
    return column


def _faces(parts: Sequence[Glimpses]) -> Rows:
    """The rows of all parts; threads of different parts keep different numbers."""
    faces = [np.zeros(0, FACE)]
    for number, part in enumerate(parts):
        faces.append(part.faces.copy())
        faces[-1]["thread"] += number * 1_000_000
    return np.concatenate(faces)


def _tracks(
    rows: Rows,
    shot: NDArray[np.int32],
    grid: Grid,
    *,
    size: tuple[int, int],
    panes: tuple[Pane, ...],
) -> list[Track]:
    """The tracks of everybody, those seen longest first."""
    across = rows["middle"][:, 0]
    people = [
        (pane, person)
        for pane in panes
        for person in people_of(rows[(across >= pane.left) & (across < pane.right)], shot, grid)
    ]
    people.sort(key=lambda found: -len(found[1]))
    roles = roles_of([person for _, person in people], [panes.index(pane) for pane, _ in people])
    tracks = [
        (pane, Columns(person, grid, size, pane, role).track(number, sure))
        for number, ((pane, person), (role, sure)) in enumerate(zip(people, roles, strict=True), 1)
    ]
    if len(panes) == 1:
        return balanced([track for _, track in tracks])
    first, second = ([t for own, t in tracks if own is pane] for pane in panes)
    return sorted(first + facing_each_other(first, second), key=lambda t: t.number)


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
    if not len(rows):
        return []
    rows = rows[np.lexsort((rows["tick"], rows["thread"]))]
    gaps = (np.diff(rows["tick"]) > second) | (np.diff(shot[rows["tick"]]) != 0)
    breaks = gaps | (np.diff(rows["thread"]) != 0)
    return np.split(rows, np.nonzero(breaks)[0] + 1)


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
    pieces = sorted(pieces, key=lambda p: (-len(p.rows), p.first))
    group = _Group.of(pieces)
    for limit in (ALIKE, LAST_CHOICE):
        while (pair := group.most_alike(limit, last_choice=limit == LAST_CHOICE)) is not None:
            i, j = pair
            group.join(i, j, len(pieces[i].rows), len(pieces[j].rows))
            pieces[i].add(pieces.pop(j))
    return pieces


@dataclass(slots=True, eq=False)
class _Group:
    """What pieces look like and which were seen together, kept up while they are joined."""

    colours: Floats  # (pieces, SIGNATURE)
    lean: Floats  # (pieces,)
    together: NDArray[np.bool_]  # (pieces, pieces)
    unlike: Floats  # (pieces, pieces)

    @classmethod
    def of(cls, pieces: list[Piece]) -> _Group:
        rows = [p.rows for p in pieces]
        colours = np.array([p.colours for p in pieces], np.float32).reshape(len(pieces), SIGNATURE)
        lean = lean_of(rows)
        unlike = np.array(
            [_unlike(colours[i], lean[i], colours, lean) for i in range(len(rows))], np.float32
        ).reshape(len(pieces), len(pieces))
        return cls(colours, lean, seen_together(rows), unlike)

    def most_alike(self, limit: float, *, last_choice: bool) -> tuple[int, int] | None:
        """The pair of pieces most alike, below ``limit``; None where there is none.

        For a ``last_choice`` the later piece must have been seen beside every longer piece but the
        one it is joined to.
        """
        apart = np.triu(~self.together, 1)
        if last_choice:
            strangers = apart.sum(0)  # longer pieces that it was not seen beside
            apart &= (strangers == 1) & (np.arange(len(strangers)) > 1)
        cost = np.where(apart, self.unlike, np.inf)
        if not np.isfinite(cost).any():
            return None
        i, j = np.unravel_index(int(np.argmin(cost)), cost.shape)
        return (int(i), int(j)) if cost[i, j] < limit else None

    def join(self, i: int, j: int, rows_i: int, rows_j: int) -> None:
        """Piece ``j`` becomes part of piece ``i``; each counts by its rows."""
        share = rows_i / (rows_i + rows_j)
        a, b = self.colours[i], self.colours[j]
        mixed = share * a + (1 - share) * b
        self.colours[i] = np.where(np.isfinite(mixed), mixed, np.where(np.isfinite(a), a, b))
        self.lean[i] = share * self.lean[i] + (1 - share) * self.lean[j]
        self.together[i] |= self.together[j]
        self.together[:, i] |= self.together[:, j]
        self.unlike[i] = _unlike(self.colours[i], self.lean[i], self.colours, self.lean)
        self.unlike[:, i] = self.unlike[i]
        self.colours, self.lean = np.delete(self.colours, j, 0), np.delete(self.lean, j)
        for name in ("together", "unlike"):
            setattr(self, name, np.delete(np.delete(getattr(self, name), j, 0), j, 1))


def _unlike(colours: Floats, lean: float, others: Floats, leans: Floats) -> Floats:
    """How different one piece looks from each of the others, (pieces,).

    12 steps of colour (Lab a and b), 80 of lightness, or a lean from surely adult (+2) to surely
    baby (-2) weigh about one half to one each; colours that were never seen count as one step.
    """
    total = np.asarray(np.abs(np.clip(lean, -2, 2) - np.clip(leans, -2, 2)) / 4, np.float64)
    for weight, step, columns in ((0.5, 12.0, [1, 2, 5, 6]), (0.2, 80.0, [0, 4])):
        apart = np.abs(colours[columns] - others[:, columns])
        known = np.isfinite(apart)
        mean = np.where(known, apart, 0).sum(1) / np.maximum(known.sum(1), 1)
        total = total + weight * np.where(known.any(1), mean / step, 1.0)
    return np.asarray(total, np.float32)
