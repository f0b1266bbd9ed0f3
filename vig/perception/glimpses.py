"""What was seen in one part of a film, before anybody is anybody: columns that become bytes."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

SIGNATURE = 8

FACE = np.dtype(
    [
        ("tick", "<i4"),
        ("thread", "<i4"),  # faces of one part that were followed without a break
        ("box", "<f4", 4),  # left, top, right, bottom in fractions of the frame
        ("sure", "<f4"),  # score of the detector that last confirmed it, 0 to 1
        ("presence", "<f4"),  # how well the mesh net can read it, 0 to 1
        ("turn", "<f4", (3, 3)),  # from the head's axes to those of the line of sight, NaN unread
        ("slip", "<f4"),  # how far the mesh is off the detectors' points, face widths
        ("doubt", "<f4"),  # degrees between two readings of the head, NaN where only one was made
        ("gaze", "<f4", 3),  # where the eyes look, axes of the line of sight
        ("gaze_doubt", "<f4"),  # degrees between two readings of the eyes
        ("shut", "<f4"),  # 0 open to 1 shut
        ("apart", "<f4"),  # pixels between the outer corners of the eyes in the picture
        ("smile", "<f4"),  # the net's reading, 0 to 1
        ("mouth", "<f4"),  # width of the mouth over the width between the outer corners of the eyes
        ("scale", "<f4"),  # width of the face as if it were frontal, fraction of the frame's width
        ("adult", "<f4"),  # 0 baby to 1 adult
        ("middle", "<f4", 2),  # between the eyes, fractions of the frame
        ("signature", "<f4", SIGNATURE),  # colours of clothes and hair
    ]
)
"""One row a face and tick."""

LOOK = 8 * 8 * 3 + 8**3
"""Numbers in the coarse look of a frame that tells shots apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Glimpses:
    """The faces of one part of a film and the frames they were in.

    ``look_first`` and ``look_last`` are coarse colours of the part's first and last frame, so that
    a cut between two parts is seen when they are joined.
    """

    first: int  # first tick of the part
    width: int
    height: int
    light: Floats  # (ticks of the part,) 0 to 1, NaN where no frame came
    sharp: Floats  # (ticks of the part,)
    cut: NDArray[np.bool_]  # (ticks of the part,) a new shot starts here
    moved: Floats  # (ticks of the part,) how far the picture went, share of its width
    seam: Floats  # (ticks of the part,) share of the middle column where the picture is split
    look_first: Floats  # (LOOK,)
    look_last: Floats  # (LOOK,)
    faces: NDArray[np.void]  # (rows,) of FACE, by tick

    @property
    def after(self) -> int:
        """The tick after the part's last one."""
        return self.first + len(self.light)

    def to_bytes(self) -> bytes:
        """The same as a compressed numpy archive, without pickles."""
        out = io.BytesIO()
        np.savez_compressed(out, **{f.name: getattr(self, f.name) for f in fields(self)})
        return out.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Glimpses:
        """The inverse of :meth:`to_bytes`; ValueError where the bytes are something else."""
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as archive:
                values = {f.name: archive[f.name] for f in fields(cls)}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as wrong:
            raise ValueError("these bytes do not hold what was seen in a film") from wrong
        if values["faces"].dtype != FACE:
            raise ValueError("these bytes were written by another version")
        for name in ("first", "width", "height"):
            values[name] = int(values[name])
        return cls(**values)
