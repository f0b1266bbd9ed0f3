"""The lanes of a timeline: where something was seen or heard, and nothing else.

What leaves here can only say yes. A tick at which somebody was known *not* to smile is as empty as
one at which nobody could be seen, so no screen can draw an absence. The one thing said of unseen
time is that the *computer* could not see or hear, for a second or longer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vig.app import analysis
from vig.app.people import corrected, present
from vig.app.suggestions import standing
from vig.app.workspace import Workspace
from vig.attunement.scoring import Scoring
from vig.attunement.signals import PAIR, Event, above, events_of, measure
from vig.domain.clock import SECOND, Grid, Micros, SpanSet
from vig.domain.family import Purpose
from vig.domain.observation import Floats, Observations
from vig.domain.review import Sense
from vig.errors import NoConsent

SAID_FROM: Micros = SECOND
"""How long the computer must have been blind or deaf until the timeline says so."""


@dataclass(frozen=True, slots=True)
class Lanes:
    """What a timeline may draw, by name."""

    step: Micros
    """Of the heights."""
    spans: Mapping[str, SpanSet]
    """``eyes`` (both look at each other), ``facing``, ``baby-smile``, ``parent-smile``,
    ``baby-voice``, ``parent-voice``, ``cry``; ``not-seen`` and ``not-heard`` are about the
    computer."""
    heights: Mapping[str, Floats]
    """``baby-smile-height``, ``parent-smile-height``: (ticks,) how clear a smile was, 0 to 1; NaN
    wherever there is none."""


def lanes(ws: Workspace, recording_id: str) -> Lanes:
    """The timeline of the newest analysis, with everything that people said since laid over it.

    Raises Unknown where there is none, NoConsent where the family agrees no longer to the
    computer's part.
    """
    recording = ws.catalogue.recording(recording_id)
    if not ws.allowed(recording, Purpose.ANALYSE):
        raise NoConsent(purpose=Purpose.ANALYSE.words)
    stand = standing(ws, recording)
    observations = corrected(analysis.observations_of(ws, recording_id), stand.people)
    return lanes_of(observations, Scoring.load(), stand.off)


def lanes_of(observations: Observations, scoring: Scoring, off: Collection[Sense] = ()) -> Lanes:
    """The same out of what was seen and heard. ``off``: senses that are not drawn.

    Where two children or two carers are in the film their marks lie on the same lanes.
    """
    times, grid = scoring.events, observations.grid
    spans = dict.fromkeys(("eyes", "facing"), SpanSet())
    heights: dict[str, Floats] = {}
    pairs = [measure(observations, scoring, pair=pair, off=off) for pair in present(observations)]
    for signals in pairs:
        spans["eyes"] |= signals.mutual_looks
        spans["facing"] |= signals.facings
        for role in PAIR:
            smile, high = f"{role.value}-smile", f"{role.value}-smile-height"
            events = signals.smiles[role]
            reading = _within(signals.columns.smile[role], events, grid, times.smile_from)
            spans[smile] = spans.get(smile, SpanSet()) | _spans(events)
            heights[high] = np.fmax(heights.get(high, reading), reading)
    # Voices are not told apart by person: every pair hears the same.
    heard = pairs[0]
    for role in PAIR:
        spans[f"{role.value}-voice"] = _spans(heard.voices[role])
    cry = above(heard.columns.cry, times.cry_from)
    spans["cry"] = _spans(events_of(cry, heard.columns, times.least, times.bridge, cuts=False))
    spans["not-seen"] = _missing(_somebody(observations), grid)
    spans["not-heard"] = _missing(_something(observations), grid)
    return Lanes(grid.step, spans, heights)


def _spans(events: Iterable[Event]) -> SpanSet:
    return SpanSet.of(event.span for event in events)


def _within(column: Floats, events: Iterable[Event], grid: Grid, least: float) -> Floats:
    """The readings inside the events; where an event bridges a gap, no lower than ``least``."""
    kept = np.full(grid.ticks, np.nan, np.float32)
    for event in events:
        ticks = grid.ticks_in(event.span)
        kept[ticks.start : ticks.stop] = np.fmax(column[ticks.start : ticks.stop], least)
    return kept


def _somebody(observations: Observations) -> NDArray[np.bool_]:
    seen = np.zeros(observations.grid.ticks, dtype=bool)
    for track in observations.seen.tracks:
        seen |= track.seen
    return seen


def _something(observations: Observations) -> NDArray[np.bool_]:
    """Where there was sound to listen to; everywhere in a film that has none at all."""
    heard = np.isfinite(observations.heard.loudness)
    return heard if heard.any() else np.ones_like(heard)


def _missing(known: NDArray[np.bool_], grid: Grid) -> SpanSet:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], ~known, [False])).astype(np.int8)))
    return SpanSet.of(
        grid.span_of(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)
    ).at_least(SAID_FROM)
