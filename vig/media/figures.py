"""Figures that the parent and its child must agree on."""

from __future__ import annotations

from vig.domain.clock import SECOND, Micros


def index_room(duration: Micros) -> int:
    """Bytes kept free at the front of an MP4 for the index of a stretch of film.

    36 bytes a frame is the most that an MP4 index takes (size, time, chunk, keyframe); a film may
    hold 250 frames a second for ten minutes and 130 after that. The sound takes as much for each
    of its 48 blocks a second, and 64 kB hold the rest.
    """
    seconds = duration // SECOND + 1
    frames = 250 * min(seconds, 600) + 130 * max(seconds - 600, 0)
    return 36 * (frames + 48 * seconds) + 65_536
