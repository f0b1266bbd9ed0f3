"""What can be said of two people from what was seen and heard: one function for each signal.

Columns hold one value a tick: 1 for yes, 0 for no, NaN where it could not be told. Events are
stretches in which a column says yes; an unseen tick never says yes, and an event whose beginning
was not seen has no beginning that anything could be measured from. So taking sight away can only
take evidence away (a property test holds this).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from vig.attunement.looks import LOOKS, PARTNER, UNKNOWN, Codes, looks, person_of
from vig.attunement.scoring import Scoring
from vig.domain.clock import Grid, Micros, Span, SpanSet
from vig.domain.family import Role
from vig.domain.observation import Floats, GazeTier, LooksAt, Observations
from vig.domain.review import Sense

PAIR = (Role.BABY, Role.PARENT)
_NAN = np.float32(np.nan)


@dataclass(frozen=True, slots=True)
class Event:
    """A stretch in which something was seen or heard."""

    span: Span
    began: bool
    """Its beginning was seen: just before, it was known not to be there."""
    ended: bool
    """Its end was seen in the same way."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One voice after the other."""

    first: Role
    second: Role
    span: Span
    """From the start of the first voice to the end of the second."""
    start: Micros
    """When the second voice starts."""
    gap: Micros
    """From the end of the first to the start of the second; negative where they overlap."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Everything that is known a tick, before events are made of it."""

    grid: Grid
    shot: NDArray[np.int32]  # (ticks,)
    seen: NDArray[np.bool_]  # (ticks,) both faces
    looks: Mapping[Role, Codes]  # (ticks,) places in LOOKS
    by_eyes: Mapping[Role, NDArray[np.bool_]]  # (ticks,) the gaze was read from the eyes
    smile: Mapping[Role, Floats]  # (ticks,) 0 to 1
    voice: Mapping[Role, Floats]  # (ticks,) 0 to 1
    cry: Floats  # (ticks,) 0 to 1
    joint: Floats  # (ticks,) 1, 0, NaN
    facing: Floats  # (ticks,) 1, 0, NaN


@dataclass(frozen=True, slots=True)
class Signals:
    """The columns, the signals of both together, and the events of each."""

    columns: Columns
    mutual: Floats  # (ticks,) both look at each other
    joint_smile: Floats  # (ticks,) both smile
    pause: Floats  # (ticks,) the parent looks and is quiet
    soothing: Floats  # (ticks,) the parent's voice while the baby cries
    looks: Mapping[Role, tuple[Event, ...]]  # looks at the partner
    smiles: Mapping[Role, tuple[Event, ...]]
    voices: Mapping[Role, tuple[Event, ...]]
    mutual_looks: SpanSet
    facings: SpanSet
    joint_looks: SpanSet
    joint_smiles: SpanSet
    pauses: SpanSet
    soothings: SpanSet
    turns: tuple[Turn, ...]
    track_looks: Mapping[int, tuple[LooksAt, ...]]
    """For every track, by its number, where the person looks at each tick."""

    @property
    def grid(self) -> Grid:
        return self.columns.grid

    def curves(self) -> dict[str, Floats]:
        """The columns that a timeline may draw, by name; NaN where it could not be told."""
        baby, parent = PAIR
        return {
            "mutual-look": self.mutual,
            "joint-look": self.columns.joint,
            "facing": self.columns.facing,
            "baby-smile": self.columns.smile[baby],
            "parent-smile": self.columns.smile[parent],
            "joint-smile": self.joint_smile,
            "baby-voice": self.columns.voice[baby],
            "parent-voice": self.columns.voice[parent],
            "cry": self.columns.cry,
            "pause": self.pause,
        }


def measure(
    obs: Observations,
    scoring: Scoring,
    *,
    pair: tuple[Role, Role] = PAIR,
    off: Collection[Sense] = (),
) -> Signals:
    """Measure one pair of a film: a child and a carer, the baby and the parent unless others are named.

    Within the signals the child of the pair stands as the baby and the carer as the parent. Voices
    are not told apart by person, so each pair hears all of them. ``off``: senses that a family has
    switched off; what they would tell is unknown then, as if it had not been seen. A film in which
    one of the two was never seen gives columns without knowledge, not an error.
    """
    seen, heard = obs.seen, obs.heard
    baby, parent = (person_of(seen, role, scoring.look) for role in pair)
    where = looks(baby, parent, scoring.look, seen.shot)
    columns = Columns(
        grid=seen.grid,
        shot=seen.shot,
        seen=baby.seen & parent.seen,
        looks={Role.BABY: where.baby, Role.PARENT: where.parent},
        by_eyes={
            Role.BABY: baby.tier == GazeTier.EYES,
            Role.PARENT: parent.tier == GazeTier.EYES,
        },
        smile={Role.BABY: baby.smile, Role.PARENT: parent.smile},
        voice={Role.BABY: heard.baby_voice, Role.PARENT: heard.parent_voice},
        cry=heard.cry,
        joint=where.joint,
        facing=where.facing,
    )
    columns = without(columns, off)
    return gather(columns, scoring, _looks_of_tracks(obs, columns, pair))


def without(columns: Columns, off: Collection[Sense]) -> Columns:
    """The same with nothing known of these senses."""
    unknown = np.full(columns.grid.ticks, _NAN, np.float32)
    if Sense.LOOKING in off:
        blank = np.zeros(columns.grid.ticks, np.uint8)
        columns = replace(
            columns,
            looks=dict.fromkeys(PAIR, blank),
            by_eyes=dict.fromkeys(PAIR, blank.astype(np.bool_)),
            joint=unknown,
            facing=unknown,
        )
    if Sense.SMILING in off:
        columns = replace(columns, smile=dict.fromkeys(PAIR, unknown))
    return columns


def _looks_of_tracks(
    obs: Observations, columns: Columns, pair: tuple[Role, Role]
) -> dict[int, tuple[LooksAt, ...]]:
    """The looks of every track: those of the pair cut to the track, unknown for anybody else."""
    result = {}
    stands_for = dict(zip(pair, PAIR, strict=True))
    for track in obs.seen.tracks:
        own = stands_for.get(track.role)
        codes = columns.looks[own] if own else np.zeros(columns.grid.ticks, np.uint8)
        shown = np.where(track.seen, codes, UNKNOWN)
        result[track.number] = tuple(LOOKS[code] for code in shown)
    return result


def gather(
    columns: Columns, scoring: Scoring, track_looks: Mapping[int, tuple[LooksAt, ...]] | None = None
) -> Signals:
    """Make the signals of both together, and the events, from the columns."""
    times = scoring.events
    mutual = mutual_look(columns)
    smiling = joint_smile(columns, scoring)
    quiet = receptive_pause(columns, scoring)
    soothed = soothing(columns, scoring)

    def spans(column: Floats, least: Micros) -> SpanSet:
        found = events_of(column, columns, least, times.bridge)
        return SpanSet(tuple(event.span for event in found))

    voices = {role: voice_events(columns, role, scoring) for role in PAIR}
    return Signals(
        columns=columns,
        mutual=mutual,
        joint_smile=smiling,
        pause=quiet,
        soothing=soothed,
        looks={role: look_events(columns, role, scoring) for role in PAIR},
        smiles={role: smile_events(columns, role, scoring) for role in PAIR},
        voices=voices,
        mutual_looks=spans(mutual, times.look_least),
        facings=spans(columns.facing, times.look_least),
        joint_looks=spans(columns.joint, times.look_least),
        joint_smiles=spans(smiling, times.least),
        pauses=spans(quiet, scoring.pause.least),
        soothings=spans(soothed, times.least),
        turns=turns(voices, scoring),
        track_looks=track_looks or {},
    )


def looks_at_partner(columns: Columns, role: Role) -> Floats:
    """1 where this person looks at the other's face, 0 where not, NaN unknown."""
    codes = columns.looks[role]
    return np.where(codes == UNKNOWN, _NAN, (codes == PARTNER).astype(np.float32))


def above(column: Floats, threshold: float) -> Floats:
    """1 where a reading reaches the threshold, 0 where not, NaN where it is NaN."""
    return np.where(np.isnan(column), _NAN, (column >= threshold).astype(np.float32))


def both(one: Floats, other: Floats) -> Floats:
    """1 where both are 1, 0 where either is known to be 0, NaN otherwise."""
    no = (one == 0) | (other == 0)
    return np.where((one == 1) & (other == 1), np.float32(1), np.where(no, np.float32(0), _NAN))


def mutual_look(columns: Columns) -> Floats:
    """Both look at each other's face at the same time.

    Definition: either gaze lies in its cone around the other's face (see ``looks``). Source: the
    commonest definition in gaze coding; at 3 to 4 months the infant starts and ends it (Stern
    1974). Assumes that both faces are placed well enough by head size; in profile it is two heads
    turned to each other, with a wider cone, and is no more than that.
    """
    return both(looks_at_partner(columns, Role.BABY), looks_at_partner(columns, Role.PARENT))


def joint_smile(columns: Columns, scoring: Scoring) -> Floats:
    """Both smile at the same time.

    Definition: both smile readings, each against the person's own baseline, reach ``smile_from``.
    Source: smiles alone are read well on infants (AUC .86, 58 infants). Assumes a face that is
    seen well enough; infants' soft smiles are missed.
    """
    start = scoring.events.smile_from
    baby, parent = (above(columns.smile[role], start) for role in PAIR)
    return both(baby, parent)


def receptive_pause(columns: Columns, scoring: Scoring) -> Floats:
    """The parent looks at the baby and says nothing.

    Definition: look at the partner and a known quiet voice; at least ``pause.least`` long to be an
    event. Source: practice (waiting is part of being attentive). Assumes that the sound of the
    film is there and that speech is heard; with no sound it is unknown, never quiet.
    """
    voice = above(columns.voice[Role.PARENT], scoring.events.voice_from)
    quiet = np.where(np.isnan(voice), _NAN, 1 - voice)
    return both(looks_at_partner(columns, Role.PARENT), quiet)


def soothing(columns: Columns, scoring: Scoring) -> Floats:
    """The parent's voice while the baby cries.

    Source: carers overlap cries and take turns with speech-like sounds (Yoo et al. 2018), so this
    is soothing, not interrupting. Assumes that a cry is told from other voice by its rhythm.
    """
    times = scoring.events
    voice = above(columns.voice[Role.PARENT], times.voice_from)
    return both(above(columns.cry, times.cry_from), voice)


def look_events(columns: Columns, role: Role, scoring: Scoring) -> tuple[Event, ...]:
    """Looks of one person at the other, at least ``look_least`` long."""
    times = scoring.events
    return events_of(looks_at_partner(columns, role), columns, times.look_least, times.bridge)


def smile_events(columns: Columns, role: Role, scoring: Scoring) -> tuple[Event, ...]:
    """Smiles of one person, at least ``least`` long."""
    times = scoring.events
    column = above(columns.smile[role], times.smile_from)
    return events_of(column, columns, times.least, times.bridge)


def voice_events(columns: Columns, role: Role, scoring: Scoring) -> tuple[Event, ...]:
    """Sounds of one person, at least ``least`` long. Sound does not end at a cut."""
    times = scoring.events
    column = above(columns.voice[role], times.voice_from)
    return events_of(column, columns, times.least, times.bridge, cuts=False)


def events_of(
    column: Floats, columns: Columns, least: Micros, bridge: Micros, *, cuts: bool = True
) -> tuple[Event, ...]:
    """The stretches in which ``column`` is 1, gaps of at most ``bridge`` filled.

    A beginning (or end) counts as seen only where the column is known to be 0 for longer than
    ``bridge`` next to it: then no unseen tick can hide that the event was there all along. A cut
    ends an event and shows no beginning, unless ``cuts`` is False.
    """
    grid = columns.grid
    on = column == 1
    quiet = int(bridge // grid.step) + 1
    breaks = np.flatnonzero(np.diff(columns.shot)) + 1 if cuts else np.zeros(0, np.intp)
    edges = np.concatenate([[0], breaks, [len(column)]]).astype(int)
    found = []
    for low, high in pairwise(edges.tolist()):
        for first, after in _runs(on[low:high], quiet - 1):
            a, b = low + first, low + after
            span = grid.span_of(a, b)
            if span.length < least:
                continue
            began = a - quiet >= low and bool((column[a - quiet : a] == 0).all())
            ended = b + quiet <= high and bool((column[b : b + quiet] == 0).all())
            found.append(Event(span, began, ended))
    return tuple(found)


def _runs(on: NDArray[np.bool_], gap: int) -> list[tuple[int, int]]:
    """Runs of True as (first, after), those at most ``gap`` ticks apart joined."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], on, [False]]).astype(np.int8)))
    joined: list[tuple[int, int]] = []
    for first, after in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if joined and first - joined[-1][1] <= gap:
            joined[-1] = (joined[-1][0], after)
        else:
            joined.append((first, after))
    return joined


def turns(voices: Mapping[Role, tuple[Event, ...]], scoring: Scoring) -> tuple[Turn, ...]:
    """Changes of speaker with a short gap, in the order of time.

    Definition: the end of one voice and the start of the other's lie between ``gap_from`` (overlap)
    and ``gap_to`` apart, and both edges were heard. Sources: Gratier et al. 2015 (gaps seldom over
    0.5 s, 11.7 % overlap), Nguyen (infants answer after about 1 s). Assumes that voices are told
    apart; crying takes no turns. Two short sounds may both follow one voice: :func:`turn_count`
    says how many changes of speaker there really are.
    """
    limits = scoring.turns
    found = []
    for first, second in (PAIR, PAIR[::-1]):
        ends = sorted((e for e in voices[first] if e.ended), key=lambda e: e.span.end)
        for other in voices[second]:
            if not other.began:
                continue
            start = other.span.start
            low = bisect_left(ends, start - limits.gap_to, key=lambda e: e.span.end)
            high = bisect_right(ends, start - limits.gap_from, key=lambda e: e.span.end)
            for one in ends[low:high]:
                if one.span.start < start:
                    whole = Span(one.span.start, max(one.span.end, other.span.end))
                    found.append(Turn(first, second, whole, start, one.span.gap_to(other.span)))
    return tuple(sorted(found, key=lambda turn: turn.span))


def turn_count(some: Iterable[Turn]) -> int:
    """How many changes of speaker these are: no voice begins or ends more than one turn.

    Taking a turn away never raises the count.
    """
    listed = list(some)
    ends = {(turn.first, turn.span.start) for turn in listed}
    starts = {(turn.second, turn.start) for turn in listed}
    return min(len(ends), len(starts))
