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

CANONICAL_WIDTH = 15.3
"""Centimetres of the canonical face from ear to ear (points 234 and 454)."""

EYES = ((33, 133, 468), (263, 362, 473))
"""Outer corner, inner corner and iris: the person's right eye, then the left one."""

BALL_DEPTH, IRIS_AT = 0.3, 0.4
"""Depth of the eyeball's middle and its distance to the iris, in widths of the eye."""


@dataclass(frozen=True, slots=True)
class Pose:
    """A head against the line of sight to it (weak perspective)."""

    turn: Matrix  # (3, 3) from the head's axes (x to the person's left, y down, z into the head)
    scale: float
    """Pixels of the frame to a centimetre of the canonical face."""
    misfit: float
    """Root mean square distance from the canonical face, centimetres of its size."""
    shape: Floats  # (468, 3) the mesh turned back and set to the canonical face's size

    @property
    def roll(self) -> float:
        """How far the head's up points to the right of the picture's up, radians."""
        return float(np.arctan2(-self.turn[0, 1], self.turn[1, 1]))


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


def gaze_of(mesh: Mesh, pose: Pose) -> tuple[Matrix, float]:
    """Where the eyes look against the line of sight, (3,), and how far two readings differ, degrees.

    One reading is the net's (blendshapes), the other geometry's (irises on eyeballs). Each errs in
    its own way, so near frontal their middle is taken. The net's reading is of no use beyond about
    45 degrees, so it loses its say between 20 and 50.
    """
    net, balls = readings_of(mesh, pose)
    off = np.degrees(np.arccos(np.clip(pose.turn[2, 2], -1, 1)))
    say = 0.5 * float(np.clip((50 - off) / 30, 0, 1))
    middle = say * net + (1 - say) * balls
    return middle / np.linalg.norm(middle), 2 * say * angle_between(net, balls)


def readings_of(mesh: Mesh, pose: Pose) -> tuple[Matrix, Matrix]:
    """Where the eyes look by the net's blendshapes and by the irises, unit vectors (3,) against
    the line of sight."""
    return _gaze_of_shapes(mesh, pose), _gaze_of_irises(mesh, pose)


def _gaze_of_shapes(mesh: Mesh, pose: Pose) -> Matrix:
    """The head's direction turned by the blendshapes eyeLook*.

    About 30 degrees to the side and 22 up or down at full score (docs/METHODS.md). Positive yaw is
    towards the person's left, the picture's right when they face the camera.
    """
    s = mesh.shapes
    # (left, right): looking left is out for the left eye and in for the right one.
    yaw = 30.0 * (s[LOOK_OUT[0]] - s[LOOK_IN[0]] + s[LOOK_IN[1]] - s[LOOK_OUT[1]]) / 2
    pitch = 22.0 * (s[LOOK_UP[0]] + s[LOOK_UP[1]] - s[LOOK_DOWN[0]] - s[LOOK_DOWN[1]]) / 2
    turned: Matrix = pose.turn @ forward_of(yaw, pitch)
    return turned


def _gaze_of_irises(mesh: Mesh, pose: Pose) -> Matrix:
    """The way from the middle of each eyeball to its iris, the nearer eye counting for more.

    Everything is measured in the width of the eye between its corners, which fits any size of
    face. A ball of 13 mm (12 mm and the thickness of a lid) laid behind the 16 lid points of the
    canonical face, whose eye is 26.6 mm wide, has its middle 0.29 widths behind the middle of the
    corners; irises lie 10.5 to 12 mm from it, 0.40 to 0.45 widths.
    """
    points, total = mesh.points, np.zeros(3)
    width = float(np.mean([np.linalg.norm(points[a] - points[b]) for a, b, _ in EYES]))
    for side, (outer, inner, iris) in zip((-1, 1), EYES, strict=True):
        ball = (points[outer, :2] + points[inner, :2]) / 2 + BALL_DEPTH * width * pose.turn[:2, 2]
        across = (points[iris, :2] - ball) / (IRIS_AT * width)
        across *= min(1.0, 0.95 / max(float(np.linalg.norm(across)), 1e-6))
        nearness = np.clip(0.5 - 2 * side * pose.turn[2, 0], 0, 1)
        total += nearness * np.append(across, -np.sqrt(1 - across @ across))
    unit: Matrix = total / np.linalg.norm(total)
    return unit


def shut_of(mesh: Mesh) -> float:
    """How far the eyes are shut, 0 to 1."""
    return float(max(mesh.shapes[BLINK[0]], mesh.shapes[BLINK[1]]))


def mouth_of(pose: Pose) -> float:
    """Width of the mouth over the width between the outer corners of the eyes, head turned back."""
    eyes, mouth = pose.shape[[33, 263]], pose.shape[[61, 291]]
    return float(np.linalg.norm(mouth[1] - mouth[0]) / np.linalg.norm(eyes[1] - eyes[0]))


def angle_between(a: Matrix, b: Matrix) -> float:
    """Degrees between two vectors."""
    cosine = float(a @ b) / float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
