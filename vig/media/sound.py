"""Film as sound: one channel on the film's clock, a block at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from vig.domain.clock import SECOND, Micros
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


def outline(source: BinaryIO, duration: Micros, *, step: Micros) -> bytes:
    """How loud the film is, one byte for each ``step`` from its start; empty without sound.

    Each is the root mean square of the step in decibels below full scale, from -54 dB and less (0)
    to 0 dB (255): a picture of the sound, in which a quiet voice can still be seen. The child does
    the counting, so an hour of film comes over as 180 kB. Errors: see ``video.py``.
    """
    most = duration // step + 1
    found = bytearray()
    with Child("outline", source, {"step": step}) as child:
        for answer in child.answers():
            found += answer.payload
            if len(found) > most:
                raise nonsense()
    return bytes(found)
