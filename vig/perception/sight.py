"""The two steps of sight: :func:`look` at each part of a film, then :func:`join` the parts.

Looking is long, knows one stretch of the film and no person; joining is quick, has the whole film
before it and decides who is who. In between lie :class:`Glimpses`, which become bytes.
"""

from __future__ import annotations

from collections.abc import Iterable

from vig.domain.clock import SECOND, Grid
from vig.domain.progress import Progress
from vig.domain.recording import Frame
from vig.perception.glimpses import Glimpses
from vig.perception.models import Models
from vig.perception.people import join
from vig.perception.watcher import Watcher

__all__ = ["Glimpses", "join", "look"]

WIDE = SECOND // 2


def look(
    frames: Iterable[tuple[int, Frame]], grid: Grid, models: Models, progress: Progress
) -> Glimpses:
    """See one stretch of a film: ``frames`` are its ticks in order, each with the frame shown then.
    A frame that comes again as the very same object is not looked at again.

    Nothing is carried from one call to the next, so stretches may be looked at in any order, in
    threads or in processes. ``progress`` is told how far along the whole grid the stretch has
    come; whatever it raises (Cancelled) stops the work.
    """
    watcher = Watcher(models, wide=max(1, round(WIDE / grid.step)))
    shown: Frame | None = None
    try:
        for tick, frame in frames:
            progress(min(1.0, tick / max(grid.ticks, 1)))
            if frame is shown:
                watcher.see_again(tick)
            else:
                watcher.see(tick, frame.rgb)
            shown = frame
        return watcher.glimpses()
    finally:
        watcher.close()
