"""The two face detectors of the wide look: YuNet (profiles, small faces) and BlazeFace-back
(babies who lie or lean). Each returns :class:`Found`; neither keeps anything between frames.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import onnxruntime
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Picture = NDArray[np.uint8]  # (height, width, 3) RGB


@dataclass(frozen=True, slots=True)
class Found:
    """A place where a detector sees a face, in pixels of the frame it was given."""

    box: Floats  # (4,) left, top, right, bottom
    score: float
    points: Floats  # (4, 2) the person's right eye, left eye, tip of the nose, middle of the mouth
    detector: str

    @property
    def roll(self) -> float:
        """Turn of the line between the eyes in radians, clockwise in the picture."""
        across = self.points[1] - self.points[0]
        return float(np.arctan2(across[1], across[0]))


class YuNet:
    """OpenCV Zoo's YuNet 2023mar through onnxruntime, for frames of any size."""

    def __init__(self, model: bytes, *, floor: float = 0.6) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._net = onnxruntime.InferenceSession(
            any_size(model), options, providers=["CPUExecutionProvider"]
        )
        self._floor = floor

    def __call__(self, rgb: Picture, longest: int = 640) -> list[Found]:
        small, factor = shrink(rgb, longest)
        height, width = small.shape[:2]
        rows, columns = -(-height // 32) * 32, -(-width // 32) * 32
        canvas = np.zeros((1, 3, rows, columns), np.float32)
        canvas[0, :, :height, :width] = small[:, :, ::-1].transpose(2, 0, 1)
        out = self._net.run(None, {"input": canvas})
        boxes, scores, points = [], [], []
        for level, stride in enumerate((8, 16, 32)):
            sure = np.sqrt(
                np.clip(out[level][0, :, 0], 0, 1) * np.clip(out[3 + level][0, :, 0], 0, 1)
            )
            at = np.nonzero(sure >= self._floor)[0]
            if not len(at):
                continue
            cell = np.stack([at % (columns // stride), at // (columns // stride)], 1)
            shift = out[6 + level][0][at]
            centre = (cell + shift[:, :2]) * stride
            size = np.exp(shift[:, 2:]) * stride
            boxes.append(np.hstack([centre - size / 2, centre + size / 2]))
            scores.append(sure[at])
            points.append((out[9 + level][0][at].reshape(-1, 5, 2) + cell[:, None]) * stride)
        if not boxes:
            return []
        return _best(
            np.concatenate(boxes) / factor,
            np.concatenate(scores),
            _four(np.concatenate(points)) / factor,
            "yunet",
        )


class BlazeBack:
    """MediaPipe's former back-camera BlazeFace (256 x 256) on one square picture."""

    side = 256

    def __init__(self, model: bytes, *, floor: float = 0.5) -> None:
        self._net = Interpreter(model_content=model, num_threads=1)
        self._net.allocate_tensors()
        self._input = self._net.get_input_details()[0]["index"]
        outputs = {d["shape"][-1]: d["index"] for d in self._net.get_output_details()}
        self._places, self._scores = outputs[16], outputs[1]
        self._anchors = np.concatenate([_anchors(16, 2), _anchors(8, 6)])
        self._floor = floor

    def __call__(self, square: Picture) -> list[Found]:
        interpolation = cv2.INTER_AREA if square.shape[0] > 2 * self.side else cv2.INTER_LINEAR
        small = cv2.resize(square, (self.side, self.side), interpolation=interpolation)
        self._net.set_tensor(self._input, (small.astype(np.float32) / 127.5 - 1)[None])
        self._net.invoke()
        logits = np.clip(self._net.get_tensor(self._scores)[0, :, 0], -80, 80)
        scores = 1 / (1 + np.exp(-logits))
        at = np.nonzero(scores >= self._floor)[0]
        if not len(at):
            return []
        raw = self._net.get_tensor(self._places)[0][at].reshape(-1, 8, 2) / self.side
        centre, size = raw[:, 0] + self._anchors[at], raw[:, 1]
        points = raw[:, 2:6] + self._anchors[at][:, None]
        factor = square.shape[0]
        boxes = np.hstack([centre - size / 2, centre + size / 2])
        return _best(boxes * factor, scores[at], points * factor, "blazeface-back", blend=True)


def tiles(height: int, width: int) -> list[tuple[int, int, int]]:
    """Left, top and side of the fewest overlapping squares that cover a frame end to end."""
    side, length = min(height, width), max(height, width)
    count = max(1, -(-length // side)) if length > 1.1 * side else 1
    starts = np.linspace(0, length - side, count).round().astype(int)
    return [(int(s), 0, side) if width >= height else (0, int(s), side) for s in starts]


def in_tiles(detector: BlazeBack, rgb: Picture, *, upside_down: bool = False) -> list[Found]:
    """BlazeFace-back over the square tiles of a frame, turned by 180 degrees if asked for."""
    height, width = rgb.shape[:2]
    found: list[Found] = []
    for left, top, side in tiles(height, width):
        square = rgb[top : top + side, left : left + side]
        for each in detector(square[::-1, ::-1] if upside_down else square):
            box, points = each.box, each.points
            if upside_down:
                box, points = side - box[[2, 3, 0, 1]], side - points
            corner = np.array([left, top], np.float32)
            found.append(
                Found(box + np.tile(corner, 2), each.score, points + corner, each.detector)
            )
    return distinct(found)


def distinct(found: list[Found], limit: float = 0.3) -> list[Found]:
    """The best-scored of each heap of overlapping finds."""
    kept: list[Found] = []
    for each in sorted(found, key=lambda f: -f.score):
        if all(iou(each.box, other.box) <= limit for other in kept):
            kept.append(each)
    return kept


def iou(a: Floats, b: Floats) -> float:
    """Shared area of two boxes over their joint area."""
    size = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    if (size <= 0).any():
        return 0.0
    shared = float(size.prod())
    return shared / float((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - shared)


def shrink(rgb: Picture, longest: int) -> tuple[Picture, float]:
    """The frame with its longer side at most ``longest``, and the factor it was shrunk by."""
    height, width = rgb.shape[:2]
    factor = longest / max(height, width)
    if factor >= 1:
        return rgb, 1.0
    size = (round(width * factor), round(height * factor))
    # Area avoids aliasing of a film in 4K; above that linear finds as many and costs a quarter.
    way = cv2.INTER_AREA if factor < 0.3 else cv2.INTER_LINEAR
    return cv2.resize(rgb, size, interpolation=way), factor


def _four(points: Floats) -> Floats:
    """Eyes, nose and the middle of the mouth from YuNet's five points (the mouth's two corners)."""
    return np.concatenate([points[:, :3], points[:, 3:].mean(1, keepdims=True)], 1)


def _best(
    boxes: Floats, scores: Floats, points: Floats, detector: str, *, blend: bool = False
) -> list[Found]:
    """Non-maximum suppression; with ``blend`` a heap is averaged by score, as BlazeFace expects."""
    order = np.argsort(-scores)
    kept: list[Found] = []
    left = list(order)
    while left:
        first = left[0]
        heap = [i for i in left if i == first or iou(boxes[i], boxes[first]) > 0.3]
        left = [i for i in left if i not in set(heap)]
        weight = scores[heap] / scores[heap].sum() if blend else np.eye(1, len(heap))[0]
        kept.append(
            Found(
                np.einsum("i,ij->j", weight, boxes[heap]).astype(np.float32),
                float(scores[first]),
                np.einsum("i,ijk->jk", weight, points[heap]).astype(np.float32),
                detector,
            )
        )
    return kept


def _anchors(cells: int, each: int) -> Floats:
    across, down = np.meshgrid((np.arange(cells) + 0.5) / cells, (np.arange(cells) + 0.5) / cells)
    return np.repeat(np.stack([across.ravel(), down.ravel()], 1), each, axis=0).astype(np.float32)


def any_size(model: bytes) -> bytes:
    """A one-input ONNX vision model freed of its fixed height and width.

    YuNet's graph works at any multiple of 32, but the file pins 640 x 640. The shapes are declared
    in three fields of the protocol buffer (onnx.proto: ModelProto.graph = 7; GraphProto.input = 11,
    output = 12, value_info = 13), so they are rewritten there; the weights are not touched.
    """
    out = bytearray()
    for number, chunk, body in _fields(model):
        if number != 7:
            out += chunk
            continue
        graph = bytearray()
        for inner, part, value in _fields(body):
            if inner in (11, 12):
                name = next(v for n, _, v in _fields(value) if n == 1)
                graph += _field(inner, _field(1, name) + _field(2, _free(inner == 11)))
            elif inner != 13:
                graph += part
        out += _field(7, bytes(graph))
    return bytes(out)


def _free(image: bool) -> bytes:
    """TypeProto of a float tensor: (1, 3, rows, columns) for an image, else of unknown shape."""
    dims = b""
    if image:
        one, three = _field(1, b"\x08\x01"), _field(1, b"\x08\x03")
        dims = one + three + _field(1, _field(2, b"rows")) + _field(1, _field(2, b"columns"))
    tensor = b"\x08\x01" + (_field(2, dims) if image else b"")
    return _field(1, tensor)


def _field(number: int, body: bytes) -> bytes:
    head, size = bytearray([number << 3 | 2]), len(body)
    while size > 0x7F:
        head.append(size & 0x7F | 0x80)
        size >>= 7
    head.append(size)
    return bytes(head) + body


def _fields(message: bytes) -> list[tuple[int, bytes, bytes]]:
    """Number, whole bytes and body of each field of a protocol buffer (body of bytes fields only)."""
    fields, at = [], 0
    while at < len(message):
        start = at
        tag, at = _varint(message, at)
        body = b""
        match tag & 7:
            case 0:
                _, at = _varint(message, at)
            case 1:
                at += 8
            case 2:
                size, at = _varint(message, at)
                body = message[at : at + size]
                at += size
            case 5:
                at += 4
            case kind:
                raise ValueError(f"a protocol buffer has no field of kind {kind}")
        fields.append((tag >> 3, message[start:at], body))
    return fields


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if byte < 0x80:
            return value, at
