"""The face mesh: 478 points on an upright crop, read by LiteRT at every tick and by mediapipe's
FaceLandmarker at the wide looks, both from the one face_landmarker.task.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from typing import Any

import cv2
import mediapipe
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from mediapipe.tasks.python import BaseOptions, vision
from numpy.typing import NDArray

from vig.perception.detectors import Found, Picture

Floats = NDArray[np.floating[Any]]

CROP = 256
LANDMARKER_CROP = 320
RIGHT_EYE, LEFT_EYE = 33, 263  # outer corners; "right" is the person's own
# MediaPipe's order of blendshapes, only those that are read here.
BLINK, LOOK_DOWN, LOOK_IN, LOOK_OUT, LOOK_UP = (9, 10), (11, 12), (13, 14), (15, 16), (17, 18)
SQUINT, SMILE = (7, 8), (44, 45)


@dataclass(frozen=True, slots=True)
class Region:
    """A turned square of the frame, in pixels: what is cut out and set upright."""

    centre: Floats  # (2,)
    side: float
    turn: float
    """Clockwise turn of the face in the picture, radians."""

    @classmethod
    def of(cls, found: Found, turn: float | None = None) -> Region:
        """Half as much again as the detector's box, turned as its eyes lie unless told otherwise."""
        box = found.box
        side = 1.5 * float(max(box[2] - box[0], box[3] - box[1]))
        return cls((box[:2] + box[2:]) / 2, side, found.roll if turn is None else turn)

    @classmethod
    def round_mesh(cls, points: Floats, turn: float) -> Region:
        """The region round a mesh, half as large again, set upright by the head's own ``turn``."""
        upright = points[:, :2] @ _turned(turn)
        low, high = upright.min(0), upright.max(0)
        centre = (low + high) / 2 @ _turned(turn).T
        return cls(centre, 1.5 * float((high - low).max()), turn)

    def crop(self, rgb: Picture, size: int) -> tuple[Picture, NDArray[np.float64]]:
        """The upright square of ``size`` pixels, and the 2 x 3 map from it back to the frame."""
        factor = size / max(self.side, 1.0)
        there = np.hstack([factor * _turned(self.turn).T, np.zeros((2, 1))])
        there[:, 2] = size / 2 - there[:, :2] @ self.centre
        cut = cv2.warpAffine(rgb, there, (size, size), flags=cv2.INTER_LINEAR)
        return cut, cv2.invertAffineTransform(there)


@dataclass(frozen=True, slots=True)
class Mesh:
    """A face mesh in pixels of the frame; depth on the same scale, smaller is nearer."""

    points: Floats  # (478, 3)
    presence: float
    """How sure the net is that this is a face it can read, 0 to 1; low in profile."""
    shapes: Floats  # (52,) blendshapes, 0 to 1


class MeshNet:
    """The two nets of the .task through LiteRT, on our own upright crop, without a gate."""

    def __init__(self, task: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(task)) as bundle:
            mesh, shapes = (
                Interpreter(model_content=bundle.read(name), num_threads=1)
                for name in ("face_landmarks_detector.tflite", "face_blendshapes.tflite")
            )
            self.subset = _SUBSET
        mesh.allocate_tensors()
        shapes.allocate_tensors()
        self._mesh, self._shapes = mesh, shapes
        self._mesh_in = mesh.get_input_details()[0]["index"]
        outputs = {tuple(d["shape"]): d["index"] for d in mesh.get_output_details()}
        self._points, self._presence = outputs[1, 1, 1, 1434], outputs[1, 1, 1, 1]
        self._shapes_in = shapes.get_input_details()[0]["index"]
        self._shapes_out = shapes.get_output_details()[0]["index"]

    def __call__(self, rgb: Picture, region: Region) -> Mesh:
        cut, back = region.crop(rgb, CROP)
        self._mesh.set_tensor(self._mesh_in, (cut.astype(np.float32) / 255)[None])
        self._mesh.invoke()
        raw = self._mesh.get_tensor(self._points).reshape(478, 3)
        logit = float(self._mesh.get_tensor(self._presence).ravel()[0])
        depth = raw[:, 2:] * (region.side / CROP)
        points = np.hstack([raw[:, :2] @ back[:, :2].T + back[:, 2], depth])
        # The blendshape net wants the crop's axes, so that an upright face stays upright.
        self._shapes.set_tensor(self._shapes_in, raw[None, self.subset, :2])
        self._shapes.invoke()
        return Mesh(
            points.astype(np.float32),
            float(1 / (1 + np.exp(-np.clip(logit, -80, 80)))),
            self._shapes.get_tensor(self._shapes_out).copy(),
        )


class Landmarker:
    """mediapipe's FaceLandmarker on one upright crop, with its own detector and no presence gate."""

    def __init__(self, task: bytes) -> None:
        self._net = vision.FaceLandmarker.create_from_options(
            vision.FaceLandmarkerOptions(
                base_options=BaseOptions(model_asset_buffer=task),
                num_faces=1,
                min_face_detection_confidence=0.1,
                min_face_presence_confidence=0.0,
                output_face_blendshapes=True,
            )
        )

    def __call__(self, rgb: Picture, region: Region) -> Mesh | None:
        """The mesh in the frame's pixels, or None where mediapipe sees no face in the crop.

        mediapipe does not tell its presence; it is NaN here.
        """
        cut, back = region.crop(rgb, LANDMARKER_CROP)
        image = mediapipe.Image(
            image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(cut)
        )
        result = self._net.detect(image)
        if not result.face_landmarks:
            return None
        raw = np.array([(p.x, p.y, p.z) for p in result.face_landmarks[0]], np.float32)
        raw *= LANDMARKER_CROP
        depth = raw[:, 2:] * (region.side / LANDMARKER_CROP)
        points = np.hstack([raw[:, :2] @ back[:, :2].T + back[:, 2], depth])
        shapes = np.array([s.score for s in result.face_blendshapes[0]], np.float32)
        return Mesh(points.astype(np.float32), float("nan"), shapes)

    def close(self) -> None:
        self._net.close()


def canonical(task: bytes) -> Floats:
    """The canonical face of the bundle: (468, 3) centimetres, x to the person's left, y up, z out.

    It is Mesh3d.vertex_buffer of the bundle's geometry metadata: five floats a vertex (place and
    texture), written unpacked, each after the tag 0x1d.
    """
    with zipfile.ZipFile(io.BytesIO(task)) as bundle:
        raw = bundle.read("geometry_pipeline_metadata_landmarks.binarypb")
    start = raw.find(b"\x1d")
    cells = np.frombuffer(raw, np.uint8, 468 * 5 * 5, start).reshape(-1, 5)
    numbers = np.ascontiguousarray(cells[:, 1:]).view("<f4").reshape(468, 5)
    return numbers[:, :3].astype(np.float32)


def _turned(angle: float) -> NDArray[np.float64]:
    """The matrix that turns a picture's points clockwise by ``angle``."""
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin], [sin, cos]])


# The 146 points that MediaPipe's blendshape net reads (face_blendshapes_graph.cc).
# fmt: off
_SUBSET = np.array([
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54,
    55, 58, 61, 63, 65, 66, 67, 70, 78, 80, 81, 82, 84, 87, 88, 91, 93, 95, 103, 105,
    107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153, 154, 155, 157, 158, 159, 160,
    161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251, 263, 267, 269,
    270, 276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318,
    321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382,
    384, 385, 386, 387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471,
    472, 473, 474, 475, 476, 477,
])
# fmt: on
