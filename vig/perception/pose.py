"""From a mesh to angles: where the head points, where the eyes point, how far away it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vig.perception.mesh import BLINK, LOOK_DOWN, LOOK_IN, LOOK_OUT, LOOK_UP, Mesh

Floats = NDArray[np.floating[Any]]
Matrix = NDArray[np.float64]

FOCAL = 1.0
"""Assumed focal length over the frame's longer side: 53 degrees across, between a phone's film
(60 to 65) and a camcorder or a webcam that crops (40 to 50)."""

CANONICAL_WIDTH = 15.0
"""Width in centimetres of the canonical face from ear to ear (points 234 and 454: 15.3)."""


@dataclass(frozen=True, slots=True)
class Pose:
    """A head against the line of sight to it (weak perspective)."""

    turn: Matrix  # (3, 3) from the head's axes (x to the person's left, y down, z into the head)
    scale: float
    """Pixels of the frame to a centimetre of the canonical face."""
    misfit: float
    """Root mean square distance from the canonical face, centimetres of its size."""
    shape: Floats  # (468, 3) the mesh turned back and set to the canonical face's size


def pose_of(mesh: Mesh, canonical: Floats) -> Pose:
    """The turn that lays the canonical face onto the mesh (orthogonal Procrustes with scale)."""
    model = (canonical * [1, -1, -1]).astype(np.float64)
    points = mesh.points[:468].astype(np.float64)
    model = model - model.mean(0)
    points = points - points.mean(0)
    left, stretch, right = np.linalg.svd(model.T @ points)
    flip = np.array([1, 1, np.sign(np.linalg.det(right.T @ left.T))])
    turn = right.T @ np.diag(flip) @ left.T
    scale = float((stretch * flip).sum() / (model**2).sum())
    shape = points @ turn / scale
    misfit = float(np.sqrt(((shape - model) ** 2).sum(1).mean()))
    return Pose(turn, scale, misfit, shape.astype(np.float32))


def ray_to(point: Floats, height: int, width: int) -> Matrix:
    """The unit ray from the camera through a pixel."""
    focal = FOCAL * max(height, width)
    ray = np.array([(point[0] - width / 2) / focal, (point[1] - height / 2) / focal, 1.0])
    unit: Matrix = ray / np.linalg.norm(ray)
    return unit


def seen_along(ray: Matrix) -> Matrix:
    """The turn from a line of sight to the camera's axes: it takes (0, 0, 1) to ``ray``."""
    axis = np.cross([0.0, 0.0, 1.0], ray)
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    turn: Matrix = np.eye(3) + cross + cross @ cross / (1 + ray[2])
    return turn


def angles_of(forward: Matrix) -> tuple[Floats, Floats]:
    """Yaw and pitch in degrees of forward vectors (..., 3), as the domain counts them."""
    length = np.linalg.norm(forward, axis=-1)
    yaw = np.degrees(np.arctan2(forward[..., 0], -forward[..., 2]))
    pitch = np.degrees(np.arcsin(np.clip(-forward[..., 1] / length, -1, 1)))
    return yaw.astype(np.float32), pitch.astype(np.float32)


def forward_of(yaw: Floats, pitch: Floats) -> Matrix:
    """Unit forward vectors (..., 3) of angles in degrees; the inverse of :func:`angles_of`."""
    y, p = np.radians(yaw, dtype=np.float64), np.radians(pitch, dtype=np.float64)
    return np.stack([np.sin(y) * np.cos(p), -np.sin(p), -np.cos(y) * np.cos(p)], -1)


def roll_of(turn: Matrix) -> float:
    """How far the head's up points to the right of the picture's up, degrees."""
    up = -turn[:, 1]
    return float(np.degrees(np.arctan2(up[0], -up[1])))


def eyes_of(mesh: Mesh) -> tuple[float, float, float]:
    """Yaw and pitch of the eyes in the head, degrees, and how far they are shut (0 to 1).

    From the blendshapes eyeLook*: about 30 degrees to the side and 22 up or down at full score
    (a regression against a gaze net on home film, docs/METHODS.md). Positive yaw is towards the
    person's left, which is the picture's right when they face the camera.
    """
    s = mesh.shapes
    # (left, right): looking left is out for the left eye and in for the right one.
    yaw = (s[LOOK_OUT[0]] - s[LOOK_IN[0]] + s[LOOK_IN[1]] - s[LOOK_OUT[1]]) / 2
    pitch = (s[LOOK_UP[0]] + s[LOOK_UP[1]] - s[LOOK_DOWN[0]] - s[LOOK_DOWN[1]]) / 2
    return 30.0 * float(yaw), 22.0 * float(pitch), float(max(s[BLINK[0]], s[BLINK[1]]))


def angle_between(a: Matrix, b: Matrix) -> float:
    """Degrees between two vectors."""
    cosine = float(a @ b) / float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
