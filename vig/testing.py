"""Scenes in words, for tests that read like what happens in a film.

::

    scene('''
        0 2   baby: away         parent: baby
        2 6   baby: parent       parent: baby smile
        3 4   baby: parent voice parent: baby
    ''')

A line (or a piece between two ``/``) is a start and an end in seconds and what either person does.
Later lines overwrite earlier ones. Who is not named is not seen. Words:

- one of ``parent``, ``baby``, ``toy``, ``away``, ``camera`` for where the person looks; without
  one the face is seen but its gaze is not
- ``smile``, ``voice`` (speech or babble), ``cry``
- ``profile``: the head points there, and its direction is all that is known; without this word
  the face is half turned to the camera and the eyes are read
- ``unseen``: heard, perhaps, but no face

``cut`` in place of a person's name starts a new shot there. Ships with the package, so that
other rooms' tests and the documentation can tell the same stories.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vig.domain.clock import SECOND, Grid, Micros, Span
from vig.domain.family import Role
from vig.domain.observation import Floats, GazeTier, Heard, Observations, Seen, Track
from vig.errors import BadValue

# Two people at a table, in the camera's axes, metres: as the sample film `main` seats them.
PLACES: Mapping[str, tuple[float, float, float]] = {
    "parent": (-0.22, -0.10, 1.15),
    "baby": (0.26, 0.01, 1.06),
    "toy": (0.02, 0.18, 0.85),
    "away": (2.0, 0.2, 0.6),
    "camera": (0.0, 0.0, 0.0),
}
_AWAY = {"baby": (2.0, 0.2, 0.6), "parent": (-2.0, 0.2, 0.6)}
_BOXES = {"baby": (0.74, 0.43, 0.85, 0.64), "parent": (0.18, 0.17, 0.31, 0.49)}
_ACTS = {"smile", "voice", "cry", "profile", "unseen"}
_PIECE = re.compile(r"^\s*([\d.]+)\s+([\d.]+)\s+(.*)$")
_PERSON = re.compile(r"(baby|parent):((?:\s+(?!baby:|parent:)\S+)*)")


def scene(text: str, *, step: Micros = SECOND // 10, sound: bool = True) -> Observations:
    """The observations of a scene in words; ``sound=False`` makes it a silent film.

    Raises BadValue where a line cannot be read.
    """
    pieces = list(_pieces(text))
    if not pieces:
        raise BadValue(what="A scene has at least one line.")
    grid = Grid.over(max(span.end for span, _, _ in pieces), step)
    people = {name: _blank(grid) for name in _BOXES}
    voices = {name: np.zeros(grid.ticks, np.float32) for name in ("baby", "parent", "cry")}
    shot = np.zeros(grid.ticks, np.int32)
    for span, cut, acts in pieces:
        rows = np.array(grid.ticks_in(span), np.intp)
        if cut:
            shot[rows[0] :] += 1
        for name, columns in people.items():
            _act(columns, rows, name, acts.get(name, ["unseen"]))
            words = acts.get(name, [])
            voices[name][rows] = "voice" in words
            if name == "baby":
                voices["cry"][rows] = "cry" in words
    if not sound:
        voices = {name: np.full(grid.ticks, np.nan, np.float32) for name in voices}
    tracks = [
        Track(number, Role(name), 1.0, **columns)
        for number, (name, columns) in enumerate(people.items())
        if np.isfinite(columns["box"]).any()
    ]
    level = np.where(np.isnan(voices["cry"]), np.float32(np.nan), np.float32(-40.0))
    seen = Seen(grid, tuple(tracks), _flat(grid, 0.5), _flat(grid, 1.0), shot, models=())
    heard = Heard(grid, voices["baby"], voices["parent"], voices["cry"], level, models=())
    return Observations(seen, heard)


def _pieces(text: str) -> Iterator[tuple[Span, bool, dict[str, list[str]]]]:
    for piece in re.split(r"[/\n]", text):
        if not piece.strip():
            continue
        found = _PIECE.match(piece)
        if found is None:
            raise BadValue(what=f"This is no line of a scene: {piece.strip()}")
        start, end = (round(float(found[at]) * SECOND) for at in (1, 2))
        rest = found[3]
        cut = rest.startswith("cut")
        acts = {name: words.split() for name, words in _PERSON.findall(rest)}
        left = _PERSON.sub("", rest.removeprefix("cut")).strip()
        odd = [w for words in acts.values() for w in words if w not in _ACTS | set(PLACES)]
        if left or odd:
            raise BadValue(what=f"A scene does not know these words: {' '.join([left, *odd])}")
        yield Span(start, end), cut, acts


def _flat(grid: Grid, value: float, width: int = 0) -> Floats:
    shape = (grid.ticks, width) if width else (grid.ticks,)
    return np.full(shape, value, np.float32)


def _blank(grid: Grid) -> dict[str, Any]:
    nan = float("nan")
    return {
        "box": _flat(grid, nan, 4),
        "head": _flat(grid, nan, 3),
        "head_spread": _flat(grid, nan),
        "gaze": _flat(grid, nan, 2),
        "gaze_spread": _flat(grid, nan),
        "gaze_tier": np.zeros(grid.ticks, np.uint8),
        "smile": _flat(grid, nan),
        "where": _flat(grid, nan, 3),
    }


def _act(columns: dict[str, Any], rows: NDArray[np.intp], name: str, words: list[str]) -> None:
    for column in columns.values():
        column[rows] = 0 if column.dtype == np.uint8 else np.nan
    if "unseen" in words:
        return
    columns["box"][rows] = _BOXES[name]
    columns["where"][rows] = PLACES[name]
    columns["smile"][rows] = 1.0 if "smile" in words else 0.0
    goal = next((word for word in words if word in PLACES), None)
    if goal is None:
        return
    spot = _AWAY[name] if goal == "away" else PLACES[goal]
    way = np.subtract(spot, PLACES[name])
    x, y, z = way / np.linalg.norm(way)
    angles = (float(np.degrees(np.arctan2(x, -z))), float(np.degrees(np.arcsin(-y))))
    # Eyes can be read only in a face that is turned to the camera far enough.
    head = angles if "profile" in words else (max(-40.0, min(40.0, angles[0])), angles[1] / 2)
    columns["head"][rows] = (*head, 0.0)
    columns["head_spread"][rows] = 5.0
    columns["gaze"][rows] = angles
    columns["gaze_spread"][rows] = 15.0 if "profile" in words else 8.0
    columns["gaze_tier"][rows] = GazeTier.HEAD if "profile" in words else GazeTier.EYES
