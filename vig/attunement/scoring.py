"""The weights and thresholds, read from ``scoring.toml`` and checked.

Times become microseconds here; everything else stays as it is in the file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

from vig.domain.clock import SECOND, Micros
from vig.domain.review import Principle, Sense
from vig.errors import BadValue

_SHIPPED = Path(__file__).with_name("scoring.toml")
_T = TypeVar("_T")


class _Kind(Enum):
    TIME = "time"
    NUMBER = "number"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class _Range:
    """What a setting may be."""

    low: float
    high: float
    kind: _Kind = _Kind.NUMBER


def _times(low: float, high: float) -> _Range:
    return _Range(low, high, _Kind.TIME)


def _counts(low: int, high: int) -> _Range:
    return _Range(low, high, _Kind.COUNT)


@dataclass(frozen=True, slots=True)
class Look:
    cone_eyes: Annotated[float, _Range(1, 90)]
    cone_head: Annotated[float, _Range(1, 90)]
    eyes_upto: Annotated[float, _Range(0, 90)]
    leave: Annotated[float, _Range(0, 45)]
    spread_most: Annotated[float, _Range(1, 180)]
    depth_doubt: Annotated[float, _Range(0, 0.5)]
    smooth_place: Annotated[Micros, _times(0, 10)]
    joint_cone: Annotated[float, _Range(1, 90)]
    joint_reach: Annotated[float, _Range(0.1, 10)]
    facing_cone: Annotated[float, _Range(1, 90)]


@dataclass(frozen=True, slots=True)
class Events:
    look_least: Annotated[Micros, _times(0.1, 5)]
    least: Annotated[Micros, _times(0.1, 5)]
    bridge: Annotated[Micros, _times(0, 2)]
    smile_from: Annotated[float, _Range(0, 1)]
    voice_from: Annotated[float, _Range(0, 1)]
    cry_from: Annotated[float, _Range(0, 1)]


@dataclass(frozen=True, slots=True)
class Turns:
    gap_from: Annotated[Micros, _times(-3, 0)]
    gap_to: Annotated[Micros, _times(0, 5)]
    few: Annotated[int, _counts(1, 20)]
    many: Annotated[int, _counts(1, 50)]


@dataclass(frozen=True, slots=True)
class Chain:
    full: Annotated[Micros, _times(0, 10)]
    none: Annotated[Micros, _times(0, 10)]
    many: Annotated[float, _Range(0.5, 20)]


@dataclass(frozen=True, slots=True)
class Pause:
    least: Annotated[Micros, _times(0.3, 10)]
    many: Annotated[Micros, _times(0.3, 30)]


@dataclass(frozen=True, slots=True)
class Soothing:
    many: Annotated[Micros, _times(0.3, 30)]


@dataclass(frozen=True, slots=True)
class Full:
    mutual_look: Annotated[Micros, _times(0.1, 30)]
    facing: Annotated[Micros, _times(0.1, 30)]
    joint_look: Annotated[Micros, _times(0.1, 30)]
    joint_smile: Annotated[Micros, _times(0.1, 30)]


@dataclass(frozen=True, slots=True)
class Age:
    switch: Annotated[int, _counts(0, 300)]


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each component of a moment counts; only the proportions matter."""

    mutual_look: Annotated[float, _Range(0, 100)]
    chain: Annotated[float, _Range(0, 100)]
    turns: Annotated[float, _Range(0, 100)]
    joint_smile: Annotated[float, _Range(0, 100)]
    pause: Annotated[float, _Range(0, 100)]
    joint_look: Annotated[float, _Range(0, 100)]
    facing: Annotated[float, _Range(0, 100)]
    soothing: Annotated[float, _Range(0, 100)]

    def shares(self, off: Collection[Sense] = ()) -> dict[str, float]:
        """Each weight as a share of all of them.

        What a sense that is switched off would tell has no share, and the others share its part.
        """
        silent = {name for sense in off for name in _TOLD_BY[sense]}
        kept = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in silent}
        total = sum(kept.values())
        return {f.name: kept.get(f.name, 0.0) / (total or 1.0) for f in fields(self)}


_TOLD_BY = {
    Sense.LOOKING: ("mutual_look", "joint_look", "facing", "pause"),
    Sense.SMILING: ("joint_smile",),
}
"""The components that cannot be told without a sense."""


@dataclass(frozen=True, slots=True)
class Principles:
    """How much each attunement principle counts when the list is put in order."""

    attentive: Annotated[float, _Range(0, 10)]
    encouraging: Annotated[float, _Range(0, 10)]
    receiving: Annotated[float, _Range(0, 10)]
    developing: Annotated[float, _Range(0, 10)]
    focus: Annotated[float, _Range(1, 10)]

    def weight(self, principle: Principle, focus: Collection[str] = ()) -> float:
        """The weight of a principle, raised where the helping question is about it."""
        own: float = getattr(self, principle.value, 1.0)
        return own * (self.focus if principle.value in focus else 1.0)


@dataclass(frozen=True, slots=True)
class Clip:
    before: Annotated[Micros, _times(0, 10)]
    after: Annotated[Micros, _times(0, 10)]
    shortest: Annotated[Micros, _times(1, 30)]
    usual: Annotated[Micros, _times(1, 30)]
    longest: Annotated[Micros, _times(1, 30)]
    together: Annotated[Micros, _times(0, 10)]


@dataclass(frozen=True, slots=True)
class Choice:
    film_for_one: Annotated[Micros, _times(1, 3600)]
    most: Annotated[int, _counts(0, 100)]
    coverage: Annotated[float, _Range(0, 1)]
    score: Annotated[float, _Range(0, 1)]
    same_principle: Annotated[float, _Range(0, 1)]
    near: Annotated[Micros, _times(0, 600)]
    near_less: Annotated[float, _Range(0, 1)]
    cut_in_less: Annotated[float, _Range(0, 1)]


@dataclass(frozen=True, slots=True)
class Scoring:
    """Every threshold and weight of the suggestions; ``scoring.toml`` explains each."""

    look: Look
    events: Events
    turns: Turns
    chain: Chain
    pause: Pause
    soothing: Soothing
    full: Full
    age: Age
    younger: Weights
    older: Weights
    clip: Clip
    choice: Choice
    principles: Principles

    @classmethod
    def load(cls, path: Path | None = None) -> Scoring:
        """Read the weights; ``None`` takes the file that ships with this package.

        Raises BadValue with a sentence that names the setting, where one is missing, unknown, not
        a number, or out of its range, and where the file cannot be read.
        """
        try:
            text = (path or _SHIPPED).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as wrong:
            raise BadValue(what="The file with the weights cannot be read.") from wrong
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as wrong:
            raise BadValue(what=f"The file with the weights is not TOML: {wrong}.") from wrong
        return cls.of(table)

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> Scoring:
        """The same from a table that is already read; raises BadValue like :meth:`load`."""
        weights = table.get("weights")
        if not isinstance(weights, Mapping):
            raise BadValue(what="The weights lack the part [weights].")
        flat: dict[str, Any] = {name: part for name, part in table.items() if name != "weights"}
        flat |= {f"weights.{name}": part for name, part in weights.items()}
        kinds: dict[str, type[Any]] = {
            "look": Look, "events": Events, "turns": Turns, "chain": Chain, "pause": Pause,
            "soothing": Soothing, "full": Full, "age": Age, "weights.younger": Weights,
            "weights.older": Weights, "clip": Clip, "choice": Choice,
            "principles": Principles,
        }  # fmt: skip
        for name in flat:
            if name not in kinds:
                raise BadValue(what=f"The weights have no part called [{name}].")
        parts: dict[str, Any] = {
            name: _part(kind, name, flat.get(name)) for name, kind in kinds.items()
        }
        scoring = cls(**{name.removeprefix("weights."): part for name, part in parts.items()})
        scoring._check()
        return scoring

    def weights(self, age_weeks: int | None) -> Weights:
        """The weights for a baby of this age; the younger ones where nobody said."""
        if age_weeks is not None and age_weeks >= self.age.switch:
            return self.older
        return self.younger

    def _check(self) -> None:
        clip = self.clip
        if not clip.shortest <= clip.usual <= clip.longest:
            raise BadValue(what="In [clip], shortest, usual and longest must rise in this order.")
        if self.chain.none < self.chain.full:
            raise BadValue(what="In [chain], none must not be below full.")
        if self.look.cone_head < self.look.cone_eyes:
            raise BadValue(what="In [look], cone_head must not be narrower than cone_eyes.")
        if self.turns.many < self.turns.few:
            raise BadValue(what="In [turns], many must not be below few.")
        for name, weights in (("younger", self.younger), ("older", self.older)):
            if not any(getattr(weights, f.name) > 0 for f in fields(weights)):
                raise BadValue(what=f"In [weights.{name}], at least one weight must be above 0.")


def _part(kind: type[_T], name: str, given: object) -> _T:
    """One part of the table as its dataclass."""
    if not isinstance(given, Mapping):
        raise BadValue(what=f"The weights lack the part [{name}].")
    hints = get_type_hints(kind, include_extras=True)
    ranges: dict[str, _Range] = {key: hint.__metadata__[0] for key, hint in hints.items()}
    for key in given:
        if key not in ranges:
            raise BadValue(what=f"In [{name}] there is no setting called {key}.")
    for key in ranges:
        if key not in given:
            raise BadValue(what=f"In [{name}] the setting {key} is missing.")
    return kind(**{key: _value(name, key, given[key], each) for key, each in ranges.items()})


def _value(part: str, key: str, given: object, allowed: _Range) -> float | int:
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise BadValue(what=f"In [{part}], {key} must be a number.")
    if allowed.kind is _Kind.COUNT and not isinstance(given, int):
        raise BadValue(what=f"In [{part}], {key} must be a whole number.")
    if not allowed.low <= given <= allowed.high:  # also refuses not-a-number
        raise BadValue(
            what=f"In [{part}], {key} must lie between {allowed.low} and {allowed.high}."
        )
    return round(given * SECOND) if allowed.kind is _Kind.TIME else given
