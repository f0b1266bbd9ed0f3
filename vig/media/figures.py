"""Figures that the parent and its child must agree on."""

from __future__ import annotations

from vig.domain.clock import SECOND, Micros


def index_room(duration: Micros, frames: int | None = None) -> int:
    """Bytes kept free at the front of an MP4 for the index of a stretch of film.

    36 bytes a frame is the most that an MP4 index takes (size, time, chunk, keyframe). The sound
    takes as much for each of its 48 blocks a second, and 64 kB hold the rest. ``frames``: how many
    there will be at most; None for as many as a film may hold at all.
    """
    most = most_frames(duration) if frames is None else frames
    return 36 * (most + 48 * (duration // SECOND + 1)) + 65_536


def most_frames(duration: Micros) -> int:
    """How many frames a stretch of film may hold: 250 a second for ten minutes, then 130."""
    seconds = duration // SECOND + 1
    return 250 * min(seconds, 600) + 130 * max(seconds - 600, 0)
