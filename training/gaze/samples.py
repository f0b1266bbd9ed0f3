"""From rendered heads to what the watcher would see: small, turned, blurred, compressed.

    python -m training.gaze.samples RENDERED OUT [VARIANTS]

Run with the tool's own environment: faces are read and cut by the very code that does it in a film.
Each picture becomes VARIANTS samples. The first one or two are read by MediaPipe's mesh net. The
others skip it, which is three times quicker: their head is the true one with an error like the
mesh's (`HEAD_ERROR`, measured), and they have no readings of the eyes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from training.gaze.strips import eyes_middle, known_of, strip_of, uprighted
from vig.perception.mesh import MeshNet, Region, canonical
from vig.perception.models import Models
from vig.perception.pose import pose_of, seen_along

Array = NDArray[Any]

SIZE = (64, 128)
"""Strips are kept a third finer than the net sees them, so that training can shift and turn them."""

HEAD_ERROR = (5.5, 4.5, 3.5)
"""Standard deviation in degrees of the mesh's head about x, y and z, on 53 large clean pictures."""

SCALE, SCALE_ERROR = 0.167, 0.09
"""Pixels a centimetre of the canonical face for a pixel between the eyeballs, and its log's error."""

CORNERS_AT = (1.39, -0.15)
"""Centimetres from the eyeballs to the corners of the eyes: out of the face, and up."""


def main() -> None:
    rendered, out = Path(sys.argv[1]), Path(sys.argv[2])
    variants = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    out.mkdir(parents=True, exist_ok=True)
    cv2.setNumThreads(1)
    task = Models.load().data("face-landmarker")
    net, face = MeshNet(task), canonical(task)
    for file in sorted(rendered.glob("id_?????.npz")):
        if (out / file.name).exists():
            continue
        heads = np.load(file, allow_pickle=True)  # made by render.py, on this machine
        rng = np.random.default_rng(int(heads["seed"]) + 77777)
        strips, told = [], []
        for i, meta in enumerate(heads["meta"]):
            rgb = np.ascontiguousarray(cv2.imdecode(heads["rgb"][i], 1)[..., ::-1])
            alpha = cv2.imdecode(heads["alpha"][i], 0)
            for j in range(variants):
                film = Film(rng, rgb, alpha, meta)
                made = film.pretended() if j > 1 - i % 2 else film.read(net, face)
                if made is not None:
                    strips.append(made[0])
                    about = [film.width, float(heads["seed"]), *meta[21:]]
                    told.append(np.concatenate([made[1], film.gaze(made[2]), about]))
        half = out / f"half_{file.name}"
        np.savez(half, strip=np.array(strips), told=np.array(told, np.float32))
        half.replace(out / file.name)
        print(file.name, len(strips), flush=True)


class Film:
    """One picture of a head put into a film: placed, turned, hidden, blurred, noisy, compressed."""

    def __init__(self, rng: np.random.Generator, rgb: Array, alpha: Array, meta: Array) -> None:
        self.rng, self.meta = rng, meta
        box, eyes = meta[12:16], meta[16:20].reshape(2, 2)
        self.width = float(np.exp(rng.uniform(np.log(36), np.log(190))))
        factor = self.width / max(box[2] - box[0], box[3] - box[1])
        spin = rng.normal(0, 14) if rng.uniform() < 0.6 else rng.uniform(-180, 180)
        self.turn = float(np.radians(spin))
        size = int(self.width * 2.6) + 8
        self.middle = size / 2 + rng.uniform(-0.15, 0.15, 2) * self.width
        shrunk = min(1.0, factor) if factor < 0.8 else 1.0
        cover = (alpha / 255.0)[..., None]
        layers = np.dstack([rgb * cover, alpha]).astype(np.float32)
        if shrunk < 1:
            layers = cv2.resize(layers, None, fx=shrunk, fy=shrunk, interpolation=cv2.INTER_AREA)
        shrunk = layers.shape[0] / rgb.shape[0]
        there = np.zeros((2, 3))
        there[:, :2] = factor / shrunk * uprighted(-self.turn)[:2, :2]
        there[:, 2] = self.middle - there[:, :2] @ (box[:2] + box[2:]) * shrunk / 2
        layers = cv2.warpAffine(layers, there, (size, size), flags=cv2.INTER_LINEAR)
        self.eyes = eyes * shrunk @ there[:, :2].T + there[:, 2]
        picture = layers[..., :3] + background(rng, size) * (1 - layers[..., 3:] / 255)
        if rng.uniform() < 0.2:
            picture = self._hidden(picture)
        self.picture = compressed(rng, noisy(rng, blurred(rng, picture, self.width)))
        # From the camera's axes to those of the line of sight, turned as the picture was.
        ray = np.append((eyes.mean(0) - rgb.shape[0] / 2) / meta[20], 1.0)
        self.axes = uprighted(-self.turn) @ seen_along(ray / np.linalg.norm(ray)).T

    def gaze(self, roll: float) -> Array:
        """Where the eyes look and where the head points, axes of the strip, (6,)."""
        axes = uprighted(roll) @ self.axes
        return np.concatenate([axes @ self.meta[:3], axes @ self.meta[3:12].reshape(3, 3)[:, 2]])

    def read(self, net: MeshNet, face: Array) -> tuple[Array, Array, float] | None:
        """Strip, what is known and roll, as the watcher has them; None where the mesh slipped."""
        rng = self.rng
        off = rng.normal(0, 0.03, 2) * self.width
        side = 1.5 * self.width * np.exp(rng.normal(0, 0.05))
        region = Region(self.middle + off, side, self.turn + np.radians(rng.normal(0, 4)))
        mesh = net(self.picture, region)
        pose = pose_of(mesh, face)
        corners = mesh.points[[33, 133, 362, 263], :2].reshape(2, 2, 2).mean(1)
        if np.linalg.norm(corners - self.eyes, axis=1).mean() > 0.22 * self.width:
            return None
        strip = strip_of(self.picture, eyes_middle(mesh), pose.roll, pose.scale, SIZE)
        return strip, known_of(mesh, pose), pose.roll

    def pretended(self) -> tuple[Array, Array, float]:
        """The same without the mesh net: the head with an error, no readings of the eyes."""
        rng = self.rng
        head = self.axes @ self.meta[3:12].reshape(3, 3)
        size = rng.choice([0.6, 1, 1.7])
        wrong = cv2.Rodrigues(np.radians(rng.normal(0, 1, 3) * HEAD_ERROR * size))[0]
        turn = wrong @ head @ np.diag([1, -1, -1])
        roll = float(np.arctan2(-turn[0, 1], turn[1, 1]))
        apart = float(np.linalg.norm(self.eyes[1] - self.eyes[0]))
        frontal = apart / max(0.25, float(np.linalg.norm(head[:2, 0])))
        scale = frontal * SCALE * np.exp(rng.normal(0, SCALE_ERROR))
        out = CORNERS_AT[0] * head[:2, 2] + CORNERS_AT[1] * head[:2, 1] + rng.normal(0, 0.28, 2)
        strip = strip_of(self.picture, self.eyes.mean(0) + out * scale, roll, scale, SIZE)
        size_told = np.log(max(1.45 * apart, 4.0) / 40)
        known = [(uprighted(roll) @ turn).ravel(), np.zeros(8), [size_told, 0.0]]
        return strip, np.concatenate(known), roll

    def _hidden(self, picture: Array) -> Array:
        """A toy, a hand or a cup in front, seldom over both eyes."""
        rng, size = self.rng, len(picture)
        for _ in range(rng.integers(1, 3)):
            at = self.middle + rng.normal(0, 0.5, 2) * self.width
            radii = self.width * rng.uniform(0.1, 0.38, 2)
            near = (np.abs(self.eyes - at) / (radii + 0.12 * self.width)).max(1)
            if (near < 1).all() and rng.uniform() < 0.9:
                continue
            skin = np.array([190, 140, 115]) * rng.uniform(0.3, 1.1)
            colour = rng.uniform(20, 240, 3) if rng.uniform() < 0.6 else skin
            mask = np.zeros((size, size), np.float32)
            low, high = (at - radii).astype(int).tolist(), (at + radii).astype(int).tolist()
            if rng.uniform() < 0.6:
                centre, axes = at.astype(int).tolist(), radii.astype(int).tolist()
                cv2.ellipse(mask, centre, axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1)
            else:
                cv2.rectangle(mask, low, high, 1.0, -1)
            mask = cv2.GaussianBlur(mask, (0, 0), 0.8)[..., None]
            picture = picture * (1 - mask) + colour * (0.7 + 0.3 * mask) * mask
        return picture


def background(rng: np.random.Generator, size: int) -> Array:
    """A room of soft colours, boxes and balls."""
    few = int(rng.integers(2, 7))
    how = int(rng.choice([cv2.INTER_CUBIC, cv2.INTER_NEAREST, cv2.INTER_LINEAR]))
    cells = rng.uniform(10, 245, (few, few, 3)).astype(np.float32) * rng.uniform(0.3, 1)
    room = cv2.resize(cells, (size, size), interpolation=how)
    for _ in range(rng.integers(0, 6)):
        a, b = rng.integers(0, size, (2, 2)).tolist()
        colour = rng.uniform(0, 255, 3).tolist()
        if rng.uniform() < 0.6:
            cv2.rectangle(room, a, b, colour, -1)
        else:
            cv2.circle(room, a, int(rng.integers(2, max(3, size // 3))), colour, -1)
    return np.clip(cv2.GaussianBlur(room, (0, 0), rng.uniform(0.4, 3)), 0, 255)


def blurred(rng: np.random.Generator, picture: Array, width: float) -> Array:
    """Moved or out of focus."""
    if rng.uniform() < 0.25:
        reach = int(max(2, rng.uniform(0.01, 0.06) * width))
        kernel = np.zeros((2 * reach + 1,) * 2, np.float32)
        angle = rng.uniform(0, np.pi)
        way = np.array([np.cos(angle), np.sin(angle)]) * reach / 2
        ends = [np.round(reach + s * way).astype(int).tolist() for s in (-1, 1)]
        cv2.line(kernel, *ends, 1.0, 1)
        picture = cv2.filter2D(picture, -1, kernel / kernel.sum())
    sigma = abs(rng.normal(0, 0.5))
    if rng.uniform() < 0.25:
        sigma += rng.uniform(0, 0.02) * width
    return cv2.GaussianBlur(picture, (0, 0), sigma) if sigma > 0.2 else picture


def noisy(rng: np.random.Generator, picture: Array) -> Array:
    """Exposure, colour, haze and the sensor's noise."""
    gain = np.exp(rng.normal(0, 0.18)) * np.exp(rng.normal(0, 0.05, 3))
    picture = picture * gain + rng.normal(0, 6)
    if rng.uniform() < 0.25:
        haze = rng.uniform(0, 0.4)
        picture = picture * (1 - haze) + haze * rng.uniform(60, 230)
    sigma = rng.uniform(0, 4) if rng.uniform() < 0.8 else rng.uniform(3, 12)
    noise = rng.normal(0, sigma, picture.shape)
    if rng.uniform() < 0.5:
        noise = cv2.GaussianBlur(noise, (0, 0), 0.7) * 1.7
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def compressed(rng: np.random.Generator, picture: Array) -> Array:
    """As JPEG or as WebP, whose lossy pictures are the key frames of a film codec (VP8)."""
    kind = rng.uniform()
    if kind >= 0.12:
        jpeg = kind < 0.5
        quality = int(rng.uniform(18, 92) if jpeg else rng.uniform(8, 85))
        flag = cv2.IMWRITE_JPEG_QUALITY if jpeg else cv2.IMWRITE_WEBP_QUALITY
        data = cv2.imencode(".jpg" if jpeg else ".webp", picture[..., ::-1], [flag, quality])[1]
        picture = cv2.imdecode(data, 1)[..., ::-1]
    if rng.uniform() < 0.15:  # a film that was made smaller once
        size, factor = picture.shape[1::-1], rng.uniform(0.5, 0.9)
        small = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        picture = cv2.resize(small, size, interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(picture)


if __name__ == "__main__":
    main()
