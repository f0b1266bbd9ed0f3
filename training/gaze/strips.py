"""What the gaze net is shown of a face and what it is told: the same in training and in a film."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from training.gaze.layout import STRIP
from vig.perception.detectors import Picture
from vig.perception.mesh import LEFT_EYE, RIGHT_EYE, Mesh
from vig.perception.pose import Floats, Matrix, Pose, readings_of, shut_of

WIDE = 12.8
"""Centimetres of the canonical face that the strip is wide: both eyes and the root of the nose."""

CORNERS = (RIGHT_EYE, 133, 362, LEFT_EYE)


def uprighted(roll: float) -> Matrix:
    """The turn from the picture's axes to those of a head set upright, (3, 3)."""
    cos, sin = np.cos(roll), np.sin(roll)
    return np.array([[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]])


def eyes_middle(mesh: Mesh) -> Floats:
    """The middle of the four corners of the eyes in pixels, (2,)."""
    middle: Floats = mesh.points[list(CORNERS), :2].mean(0)
    return middle


def strip_of(
    rgb: Picture, middle: Floats, roll: float, scale: float, size: tuple[int, int] = STRIP
) -> Picture:
    """The upright strip of a face around ``middle``; ``scale`` is pixels to a centimetre."""
    height, width = size
    factor = width / (WIDE * max(scale, 1e-3))
    # A large face is cut out larger and then shrunk, so that no pixel of it is skipped.
    finer = int(np.clip(np.floor(1 / factor), 1, 4))
    there = np.zeros((2, 3))
    there[:, :2] = finer * factor * uprighted(roll)[:2, :2]
    there[:, 2] = finer * np.array([width, height]) / 2 - there[:, :2] @ middle
    whole = (finer * width, finer * height)
    strip: Picture = cv2.warpAffine(rgb, there, whole, flags=cv2.INTER_LINEAR)
    if finer > 1:
        strip = cv2.resize(strip, (width, height), interpolation=cv2.INTER_AREA)
    return strip


def known_of(mesh: Mesh, pose: Pose) -> NDArray[np.float32]:
    """What the mesh says, in the axes of the upright head, (19,): the head's turn (9), the two
    readings of the eyes (6), presence, how far they are shut, their size, and 1 for "was read"."""
    upright = uprighted(pose.roll)
    by_shapes, by_irises = readings_of(mesh, pose)
    apart = np.linalg.norm(mesh.points[LEFT_EYE, :2] - mesh.points[RIGHT_EYE, :2])
    size = np.log(max(float(apart), 4.0) / 40)
    told = np.array([mesh.presence, shut_of(mesh), size, 1.0])
    parts = [(upright @ pose.turn).ravel(), upright @ by_shapes, upright @ by_irises, told]
    known: NDArray[np.float32] = np.concatenate(parts).astype(np.float32)
    return known
