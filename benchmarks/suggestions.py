"""How many of the true mutual-gaze events lie in the suggestions, beside even spacing and chance.

    python benchmarks/suggestions.py                        every film with known events
    python benchmarks/suggestions.py --truth-only           without looking at a picture (quick)
    python benchmarks/suggestions.py --cache DIR FILM.mp4   keep what was seen in DIR; these films

A film may have one suggestion for each 40 s, each at most 12 s long. An event of mutual gaze of at
least 1.5 s is found when at least half of it lies inside one suggestion. In the same table stand

- ``truth``: suggestions from the true looks, smiles and voices, which no camera can better;
- ``even``: as many clips of 12 s, spaced evenly, each in the middle of its share of the film;
- ``chance``: as many clips of 12 s at random places (mean of 2000 draws).

Every film is rendered. The figures say that geometry, times and choice work; they say nothing
about real babies.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path

import numpy as np

from vig.attunement.looks import ELSEWHERE, OBJECT, PARTNER
from vig.attunement.moments import suggest
from vig.attunement.scoring import Scoring
from vig.attunement.signals import Columns, Signals, gather, measure
from vig.domain.clock import SECOND, Grid, Span
from vig.domain.family import Role
from vig.domain.observation import Floats, Observations
from vig.domain.progress import unheard
from vig.domain.review import Moment
from vig.media import sound, video
from vig.perception.models import Models
from vig.perception.sight import Glimpses, join, look
from vig.perception.sound import listen

HERE = Path(__file__).resolve().parent
FOLDERS = (HERE.parent / "sample_clips", HERE / "films")
LEAST = 3 * SECOND // 2  # the shortest event that must be found
LONGEST = 12 * SECOND
FILM_FOR_ONE = 40 * SECOND
DRAWS = 2000
LONG = 120 * SECOND  # shorter films show geometry; one suggestion cannot find three events


@dataclass(frozen=True)
class Film:
    """A film and the events that are known of it."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.stem

    def told(self) -> dict[str, object]:
        return json.loads(self.path.with_suffix(".events.json").read_text(encoding="utf-8"))

    def grid(self) -> Grid:
        return Grid.over(round(self.told()["meta"]["duration_s"] * SECOND))

    def targets(self) -> list[Span]:
        return [s for s in spans(self.told()["events"]["mutual_gaze"]) if s.length >= LEAST]


def spans(pairs: Sequence[Sequence[float]]) -> list[Span]:
    return [Span(round(a * SECOND), round(b * SECOND)) for a, b in pairs]


def hits(targets: Sequence[Span], clips: Sequence[Span]) -> int:
    """How many targets lie at least half inside one clip."""

    def inside(target: Span, clip: Span) -> bool:
        shared = target & clip
        return shared is not None and 2 * shared.length >= target.length

    return sum(any(inside(target, clip) for clip in clips) for target in targets)


def allowed(grid: Grid) -> int:
    return max(1, grid.duration // FILM_FOR_ONE)


def evenly_spaced(grid: Grid) -> list[Span]:
    number = allowed(grid)
    share = grid.duration // number
    length = min(LONGEST, share)
    starts = [share * i + (share - length) // 2 for i in range(number)]
    return [Span(start, start + length) for start in starts]


def chance(targets: Sequence[Span], grid: Grid) -> float:
    """Mean number of targets found by clips at random places that may overlap."""
    random = np.random.default_rng(0)
    number, room = allowed(grid), max(grid.duration - LONGEST, 1)
    draws = random.integers(0, room, (DRAWS, number)).tolist()
    found = [hits(targets, [Span(at, at + LONGEST) for at in starts]) for starts in draws]
    return float(np.mean(found))


def true_signals(film: Film, scoring: Scoring) -> Signals:
    """The signals as they would be if everything were seen and heard as it was."""
    told, grid = film.told()["events"], film.grid()
    shot = np.zeros(grid.ticks, np.int32)

    def column(pairs: Sequence[Sequence[float]]) -> Floats:
        made = np.zeros(grid.ticks, np.float32)
        for span in spans(pairs):
            made[list(grid.ticks_in(span))] = 1.0
        return made

    def voice(who: str) -> Floats:
        return column([(v["start"], v["end"]) for v in told["vocalisations"] if v["who"] == who])

    joint, facing = column(told["joint_attention"]), column(told["mutual_gaze"])
    at_partner = {
        Role.BABY: column(told["baby_looks_at_parent"]),
        Role.PARENT: column(told["parent_looks_at_baby"]),
    }
    looks = {
        role: np.where(on == 1, PARTNER, np.where(joint == 1, OBJECT, ELSEWHERE)).astype(np.uint8)
        for role, on in at_partner.items()
    }
    everywhere = np.ones(grid.ticks, np.bool_)
    columns = Columns(
        grid=grid,
        shot=shot,
        seen=everywhere,
        looks=looks,
        by_eyes=dict.fromkeys(looks, everywhere),
        smile={role: column(told[f"{role.value}_smile"]) for role in looks},
        voice={role: voice(role.value) for role in looks},
        cry=np.zeros(grid.ticks, np.float32),
        joint=joint,
        facing=facing,
    )
    return gather(columns, scoring)


def observed(film: Film, models: Models, cache: Path | None) -> Observations:
    """What this tool sees and hears in the film."""
    grid = film.grid()
    kept = cache / f"{film.name}.glimpses" if cache else None
    glimpses = None
    if kept is not None and kept.is_file():
        with suppress(ValueError):  # kept by another version: look again
            glimpses = Glimpses.from_bytes(kept.read_bytes())
    if glimpses is None:
        with film.path.open("rb") as source:
            glimpses = look(video.sample(source, grid), grid, models, unheard)
        if kept is not None:
            kept.write_bytes(glimpses.to_bytes())
    with film.path.open("rb") as source:
        heard = listen(sound.blocks(source), grid, models)
    return Observations(join([glimpses], grid, models), heard)


@dataclass
class Row:
    """What was found in a film, or in several."""

    film: str
    length: int
    events: int
    allowed: int
    proposed: int | None
    found: int | None
    truth: int
    even: int
    chance: float

    def cells(self) -> list[str]:
        seen = ["", ""]
        if self.proposed is not None and self.found is not None:
            seen = [str(self.proposed), share(self.found, self.events)]
        beside = [share(each, self.events) for each in (self.truth, self.even, self.chance)]
        known = [self.film, f"{self.length / SECOND:.0f} s", str(self.events), str(self.allowed)]
        return [*known, *seen, *beside]

    def __add__(self, other: Row) -> Row:
        def both(one: int | None, two: int | None) -> int | None:
            return None if one is None or two is None else one + two

        return Row(
            "the long ones",
            self.length + other.length,
            self.events + other.events,
            self.allowed + other.allowed,
            both(self.proposed, other.proposed),
            both(self.found, other.found),
            self.truth + other.truth,
            self.even + other.even,
            self.chance + other.chance,
        )


def row(
    film: Film, scoring: Scoring, age_weeks: int | None, seen: Callable[[Film], Signals] | None
) -> Row:
    targets, grid = film.targets(), film.grid()

    def found(signals: Signals) -> tuple[int, int]:
        moments = suggest(signals, scoring, age_weeks=age_weeks)
        check(moments, grid)
        return len(moments), hits(targets, [moment.span for moment in moments])

    proposed = None if seen is None else found(seen(film))
    return Row(
        film.name,
        grid.duration,
        len(targets),
        allowed(grid),
        *(proposed or (None, None)),
        truth=found(true_signals(film, scoring))[1],
        even=hits(targets, evenly_spaced(grid)),
        chance=chance(targets, grid),
    )


def check(moments: Sequence[Moment], grid: Grid) -> None:
    """The table is worth nothing if the suggestions break their own rules."""
    assert len(moments) <= allowed(grid)
    assert all(moment.span.length <= LONGEST for moment in moments)


def share(found: float, of: int) -> str:
    count = f"{found:.1f}" if isinstance(found, float) else str(found)
    return f"{count} of {of} ({100 * found / of:.0f} %)" if of else "none to find"


def table(rows: Sequence[Sequence[str]], head: Sequence[str]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    return "\n".join(
        "| " + " | ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)) + " |"
        for line in lines
    )


def films(named: Sequence[str]) -> list[Film]:
    found = [Path(name) for name in named] or [
        path for folder in FOLDERS if folder.is_dir() for path in sorted(folder.glob("*.mp4"))
    ]
    return [Film(path) for path in found if path.with_suffix(".events.json").is_file()]


def main() -> None:
    words = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    words.add_argument("films", nargs="*", help="films with their NAME.events.json beside them")
    words.add_argument("--truth-only", action="store_true", help="do not look at the pictures")
    words.add_argument("--cache", type=Path, help="a folder to keep what was seen in")
    words.add_argument("--weights", type=Path, help="another scoring.toml")
    words.add_argument("--age-weeks", type=int, help="as for a baby of this age")
    given = words.parse_args()
    scoring = Scoring.load(given.weights)
    models = None if given.truth_only else Models.load()

    def seen(film: Film) -> Signals:
        assert models is not None
        began = time.monotonic()
        signals = measure(observed(film, models, given.cache), scoring)
        print(f"{film.name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
        return signals

    looking = None if models is None else seen
    rows = [row(film, scoring, given.age_weeks, looking) for film in films(given.films)]
    long = [each for each in rows if each.length >= LONG]
    total = [reduce(add, long)] if len(long) > 1 else []
    head = ["film", "length", "events", "allowed", "proposed", "found", "truth", "even", "chance"]
    print(table([each.cells() for each in rows + total], head))


if __name__ == "__main__":
    main()
