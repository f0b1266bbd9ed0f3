"""Film as sound: one channel on the film's clock, a block at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from vig.domain.clock import SECOND
from vig.domain.recording import Sound
from vig.media.sandbox import Child, nonsense


def blocks(source: BinaryIO, *, rate: int = 16_000, seconds: int = 10) -> Iterator[Sound]:
    """The film's sound from its first frame to its end, ``seconds`` at a time.

    Time without sound is silence, so that the blocks follow each other without a gap; only the
    last one is shorter. A film without a sound track gives nothing. Errors: see ``video.py``.
    """
    block = rate * seconds
    with Child("sound", source, {"rate": rate, "block": block}) as child:
        done = 0
        for answer in child.answers():
            if not answer.payload or len(answer.payload) % 4 or len(answer.payload) > 4 * block:
                raise nonsense()
            samples = np.frombuffer(answer.payload, "<f4").astype(np.float32, copy=False)
            yield Sound(samples, rate, done * SECOND // rate)
            done += len(samples)
