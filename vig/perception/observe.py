"""A whole film in one go: for small films, tests and the command line's `--now`."""

from __future__ import annotations

from collections.abc import Iterable

from vig.domain.clock import Grid
from vig.domain.observation import Observations
from vig.domain.progress import Progress
from vig.domain.recording import Frame, Sound
from vig.perception.models import Models
from vig.perception.sight import join, look
from vig.perception.sound import listen

SIGHT_SHARE = 0.95
"""About how much of the work is looking; the rest is listening."""


def observe(
    frames: Iterable[tuple[int, Frame]],
    blocks: Iterable[Sound],
    grid: Grid,
    models: Models,
    progress: Progress,
) -> Observations:
    """Look at every tick of a film and listen to its sound."""
    glimpses = look(frames, grid, models, lambda share: progress(SIGHT_SHARE * share))
    seen = join([glimpses], grid, models)
    heard = listen(
        blocks, grid, models, lambda share: progress(SIGHT_SHARE + (1 - SIGHT_SHARE) * share)
    )
    progress(1.0)
    return Observations(seen, heard)
