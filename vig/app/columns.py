"""Observations as bytes for the vault, and as rows for a table.

The bytes are a numpy archive without pickle, so that opening a sealed object never runs code.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from vig.attunement.signals import Signals
from vig.domain.clock import Grid
from vig.domain.family import Role
from vig.domain.observation import (
    GazeTier,
    Heard,
    ModelRef,
    Observations,
    Seen,
    Track,
)
from vig.domain.recording import FrameTimes
from vig.errors import Tampered

_FORMAT = 1
_TRACK_COLUMNS = (
    "box",
    "head",
    "head_spread",
    "gaze",
    "gaze_spread",
    "gaze_tier",
    "smile",
    "where",
)
_SEEN_COLUMNS = ("light", "sharp", "shot")
_HEARD_COLUMNS = ("baby_voice", "parent_voice", "cry", "loudness")

TABLE_HEADER = (
    "at_us", "track", "role", "left", "top", "right", "bottom",
    "head_yaw", "head_pitch", "head_roll", "gaze_yaw", "gaze_pitch", "gaze_tier", "looks_at",
    "smile", "baby_voice", "parent_voice", "cry",
)  # fmt: skip


def observations_to_bytes(seen_and_heard: Observations) -> bytes:
    """The observations as one archive; exact, so that they come back equal."""
    seen, heard = seen_and_heard.seen, seen_and_heard.heard
    about = {
        "format": _FORMAT,
        "step": seen.grid.step,
        "ticks": seen.grid.ticks,
        "tracks": [
            {"number": t.number, "role": t.role.value, "role_sure": t.role_sure}
            for t in seen.tracks
        ],
        "seen_models": [asdict(m) for m in seen.models],
        "heard_models": [asdict(m) for m in heard.models],
    }
    arrays: dict[str, NDArray[np.generic]] = {
        "about": np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)
    }
    for place, track in enumerate(seen.tracks):
        for name in _TRACK_COLUMNS:
            arrays[f"track{place}.{name}"] = getattr(track, name)
    if seen.moved is not None:
        arrays["seen.moved"] = seen.moved
    for name in _SEEN_COLUMNS:
        arrays[f"seen.{name}"] = getattr(seen, name)
    for name in _HEARD_COLUMNS:
        arrays[f"heard.{name}"] = getattr(heard, name)
    return _archive(arrays)


def observations_from_bytes(data: bytes) -> Observations:
    """What :func:`observations_to_bytes` wrote. Raises Tampered for anything else."""
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        about = json.loads(archive["about"].tobytes())
        if about["format"] != _FORMAT:
            raise Tampered(what="observations of an unknown format")
        grid = Grid(about["step"], about["ticks"])
        tracks = tuple(
            Track(
                number=who["number"],
                role=Role(who["role"]),
                role_sure=who["role_sure"],
                **{name: archive[f"track{place}.{name}"] for name in _TRACK_COLUMNS},
            )
            for place, who in enumerate(about["tracks"])
        )
        seen = Seen(
            grid=grid,
            tracks=tracks,
            models=tuple(ModelRef(**m) for m in about["seen_models"]),
            moved=archive.get("seen.moved"),
            **{name: archive[f"seen.{name}"] for name in _SEEN_COLUMNS},
        )
        heard = Heard(
            grid=grid,
            models=tuple(ModelRef(**m) for m in about["heard_models"]),
            **{name: archive[f"heard.{name}"] for name in _HEARD_COLUMNS},
        )
    return Observations(seen, heard)


def times_to_bytes(times: FrameTimes) -> bytes:
    """Frame times as an archive."""
    return _archive({"starts": times.starts, "end": np.array([times.end], dtype=np.int64)})


def times_from_bytes(data: bytes) -> FrameTimes:
    """What :func:`times_to_bytes` wrote."""
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        return FrameTimes(archive["starts"], int(archive["end"][0]))


def heard_to_bytes(heard: Heard) -> bytes:
    """The sound half of an analysis as an archive."""
    about = {
        "step": heard.grid.step,
        "ticks": heard.grid.ticks,
        "models": [asdict(m) for m in heard.models],
    }
    arrays: dict[str, NDArray[np.generic]] = {name: getattr(heard, name) for name in _HEARD_COLUMNS}
    return _archive({**arrays, "about": np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)})


def heard_from_bytes(data: bytes) -> Heard:
    """What :func:`heard_to_bytes` wrote."""
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        about = json.loads(archive["about"].tobytes())
        return Heard(
            grid=Grid(about["step"], about["ticks"]),
            models=tuple(ModelRef(**m) for m in about["models"]),
            **{name: archive[name] for name in _HEARD_COLUMNS},
        )


def _archive(arrays: dict[str, NDArray[np.generic]]) -> bytes:
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)  # type: ignore[arg-type]
    return out.getvalue()


def table_rows(seen_and_heard: Observations, signals: Signals) -> Iterator[tuple[str, ...]]:
    """A row for each grid tick and person seen at it, in the columns of ``TABLE_HEADER``.

    Unread fields are empty. A tick at which nobody was seen keeps one row with the person's
    columns empty, so that time has no holes.
    """
    seen, heard = seen_and_heard.seen, seen_and_heard.heard
    for tick in range(seen.grid.ticks):
        at = str(seen.grid.time_of(tick))
        voices = tuple(
            _cell(column[tick]) for column in (heard.baby_voice, heard.parent_voice, heard.cry)
        )
        present = [track for track in seen.tracks if track.seen[tick]]
        for track in present:
            yield (
                at,
                str(track.number),
                track.role.value,
                *(_cell(v, 4) for v in track.box[tick]),
                *(_cell(v, 1) for v in track.head[tick]),
                *(_cell(v, 1) for v in track.gaze[tick]),
                GazeTier(int(track.gaze_tier[tick])).name.lower(),
                signals.track_looks[track.number][tick].value,
                _cell(track.smile[tick]),
                *voices,
            )
        if not present:
            yield (at, *("" for _ in TABLE_HEADER[1:15]), *voices)


def _cell(value: float, places: int = 3) -> str:
    return f"{value:.{places}f}" if np.isfinite(value) else ""
