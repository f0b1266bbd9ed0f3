"""How well parent and baby are heard and told apart on the rendered films.

    python benchmarks/voices.py [FILM.mp4 ...]

Each true vocalisation is matched with at most one heard event (same person, shared time over joint
time of at least 0.5; optimal for intervals that do not overlap: best pairs first). The voices are
computed (babble) and spoken by espeak-ng (adults): the figures say that times and thresholds work,
and nothing reliable about real babies.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from suggestions import Film, films, table

from vig.attunement.scoring import Scoring
from vig.attunement.signals import above
from vig.domain.clock import SECOND, Grid, Span, SpanSet
from vig.domain.observation import Floats
from vig.media import sound
from vig.perception.models import Models
from vig.perception.sound import listen

IOU = 0.5


def events(column: Floats, grid: Grid, scoring: Scoring) -> list[Span]:
    on = (above(column, scoring.events.voice_from) == 1).astype(np.int8)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], on, [0]]))).tolist()
    found = SpanSet.of(grid.span_of(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True))
    return list(found.bridged(scoring.events.bridge).at_least(scoring.events.least))


def matched(true: list[Span], heard: list[Span]) -> list[tuple[Span, Span]]:
    pairs = sorted(((a.iou(b), a, b) for a in true for b in heard), reverse=True)
    found: list[tuple[Span, Span]] = []
    for iou, a, b in pairs:
        if iou >= IOU and all(a != x and b != y for x, y in found):
            found.append((a, b))
    return found


def rows(film: Film, models: Models, scoring: Scoring) -> list[list[str]]:
    grid, told = film.grid(), film.told()["events"]["vocalisations"]
    began = time.process_time()
    with film.path.open("rb") as source:
        heard = listen(sound.blocks(source), grid, models)
    cost = 1000 * (time.process_time() - began) / (grid.duration / SECOND)
    made = []
    for who, column in (("parent", heard.parent_voice), ("baby", heard.baby_voice)):
        true = [
            Span(round(v["start"] * SECOND), round(v["end"] * SECOND))
            for v in told
            if v["who"] == who
        ]
        got = events(column, grid, scoring)
        pairs = matched(true, got)
        score = 2 * len(pairs) / max(len(true) + len(got), 1)
        starts = [abs(a.start - b.start) / SECOND for a, b in pairs]
        ends = [abs(a.end - b.end) / SECOND for a, b in pairs]
        cells = [film.name, who, str(len(true)), str(len(got)), str(len(pairs)), f"{score:.2f}"]
        edges = [f"{np.median(x):.2f} s" if x else "" for x in (starts, ends)]
        made.append([*cells, *edges, f"{cost:.0f} ms"])
    crying = float(np.nansum(heard.cry > scoring.events.cry_from)) * grid.step / SECOND
    made.append([film.name, "cry", "0", f"{crying:.1f} s", "", "", "", "", ""])
    return made


def main() -> None:
    words = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    words.add_argument("films", nargs="*", help="films with their NAME.events.json beside them")
    models, scoring = Models.load(), Scoring.load()
    found = [r for film in films(words.parse_args().films) for r in rows(film, models, scoring)]
    head = ["film", "who", "true", "heard", "right", "F1", "start off", "end off", "CPU a second"]
    print(table(found, head))


if __name__ == "__main__":
    main()
