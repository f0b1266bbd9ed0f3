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
from vig.perception.picture import is_cut
from vig.perception.roles import roles_of
from vig.perception.tracks import track_of

Floats = NDArray[np.float32]

SIGHT = ("yunet", "blazeface-back", "face-landmarker")


def join(parts: Sequence[Glimpses], grid: Grid, models: Models) -> Seen:
    """Everything seen in a film from the glimpses of its parts, in any order.

    The parts may leave gaps (ticks nobody looked at are NaN) but must not overlap: ValueError.
    """
    parts = sorted((p for p in parts if len(p.light)), key=lambda p: p.first)
    if any(a.after > b.first for a, b in itertools.pairwise(parts)):
        raise ValueError("parts of a film must not overlap")
    if parts and (parts[0].first < 0 or parts[-1].after > grid.ticks):
        raise ValueError("parts of a film lie on its grid")
    light = np.full(grid.ticks, np.nan, np.float32)
    sharp = light.copy()
    cuts = np.zeros(grid.ticks, np.int32)
    faces = []
    for number, part in enumerate(parts):
        span = slice(part.first, part.after)
        light[span], sharp[span], cuts[span] = part.light, part.sharp, part.cut
        if number and is_cut(parts[number - 1].look_last, part.look_first):
            cuts[part.first] = 1
        rows = part.faces.copy()
        rows["thread"] += number * 1_000_000
        faces.append(rows)
    shot = np.cumsum(cuts, dtype=np.int32)
    rows = np.concatenate(faces) if faces else np.zeros(0, FACE)
    people = people_of(rows, shot, grid)
    size = (parts[0].height, parts[0].width) if parts else (1, 1)
    tracks = tuple(
        track_of(number, role, sure, person, grid=grid, size=size)
        for number, (person, (role, sure)) in enumerate(
            zip(people, roles_of(people), strict=True), start=1
        )
    )
    return Seen(grid, tracks, light, sharp, shot, models.refs_of(*SIGHT))


@dataclass(slots=True, eq=False)
class Piece:
    """Rows that belong to one person for sure, and what they have in common."""

    rows: NDArray[np.void]

    @property
    def first(self) -> int:
        return int(self.rows["tick"][0])

    @property
    def last(self) -> int:
        return int(self.rows["tick"][-1])

    def look(self) -> Floats:
        """Median colours of clothes and hair, and how adult: what outlasts a cut."""
        with np.errstate(all="ignore"):
            colours = np.nanmedian(self.rows["signature"], 0)
        return np.append(colours, np.median(self.rows["adult"])).astype(np.float32)


def people_of(
    rows: NDArray[np.void], shot: NDArray[np.int32], grid: Grid
) -> list[NDArray[np.void]]:
    """The rows of each person, those seen longest first; rows of false faces are left out."""
    second = max(1, round(SECOND / grid.step))
    pieces = [Piece(part) for part in _unbroken(rows, shot, second)]
    pieces = _bridged(pieces, shot, 2 * second)
    pieces = [p for p in pieces if len(p.rows) >= second // 2 and p.rows["sure"].mean() > 0.6]
    pieces = _gathered(pieces)
    longest = max((len(p.rows) for p in pieces), default=0)
    enough = max(second, 0.05 * longest)
    kept = [p.rows for p in pieces if len(p.rows) >= enough]
    return sorted(kept, key=lambda person: -len(person))


def _unbroken(
    rows: NDArray[np.void], shot: NDArray[np.int32], second: int
) -> list[NDArray[np.void]]:
    """The rows of each thread, split at cuts, at long gaps and where the box jumps."""
    out = []
    for thread in np.unique(rows["thread"]):
        own = rows[rows["thread"] == thread]
        tick = own["tick"]
        breaks = (np.diff(tick) > second) | (np.diff(shot[tick]) != 0)
        out += np.split(own, np.nonzero(breaks)[0] + 1)
    return out


def _bridged(pieces: list[Piece], shot: NDArray[np.int32], longest: int) -> list[Piece]:
    """Pieces that go on where another one ended, within the shot and ``longest`` ticks."""
    pieces = sorted(pieces, key=lambda p: p.first)
    out: list[Piece] = []
    for piece in pieces:
        before = [
            (cost, other)
            for other in out
            if 0 < piece.first - other.last <= longest
            and shot[piece.first] == shot[other.last]
            and (cost := _step(other, piece)) < 1
        ]
        if before:
            other = min(before, key=lambda b: b[0])[1]
            other.rows = np.concatenate([other.rows, piece.rows])
        else:
            out.append(piece)
    return out


def _step(a: Piece, b: Piece) -> float:
    """How far the face went from the end of one piece to the start of the next; 1 is the limit."""
    end, start = a.rows[-1], b.rows[0]
    wide = max(float(end["box"][2] - end["box"][0]), 1e-3)
    moved = float(np.linalg.norm(end["middle"] - start["middle"])) / wide
    grown = abs(float(np.log(max(start["scale"], 1e-3) / max(end["scale"], 1e-3))))
    return moved / 1.0 * 0.7 + grown / 0.7 * 0.3


def _gathered(pieces: list[Piece]) -> list[Piece]:
    """Pieces of one person put together over the film, by colours and by how adult the face is.

    Two pieces that were seen at the same time are two people. The most alike pair is joined first.
    """
    pieces = sorted(pieces, key=lambda p: -len(p.rows))
    while True:
        pairs = [
            (_unlike(a, b), i, j)
            for i, a in enumerate(pieces)
            for j, b in enumerate(pieces[i + 1 :], start=i + 1)
            if not np.intersect1d(a.rows["tick"], b.rows["tick"]).size
        ]
        best = min(pairs, default=(2.0, 0, 0))
        if best[0] >= 1:
            return pieces
        _, i, j = best
        both = np.concatenate([pieces[i].rows, pieces[j].rows])
        pieces[i].rows = both[np.argsort(both["tick"], kind="stable")]
        del pieces[j]


def _unlike(a: Piece, b: Piece) -> float:
    """How different two pieces look; below 1 they may be one person."""
    one, other = a.look(), b.look()
    apart = np.abs(one - other)
    chroma = np.nanmean(apart[[1, 2, 5, 6]]) / 12
    light = np.nanmean(apart[[0, 4]]) / 80
    return float(0.5 * chroma + 0.2 * light + apart[8] / 0.5)
