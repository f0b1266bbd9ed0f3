"""Looking at one part of a film: find faces twice a second, follow them in between.

At a *wide look* both detectors search the whole frame; between wide looks each known face is
followed by its own mesh.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vig.perception.detectors import (
    BlazeBack,
    Found,
    Picture,
    YuNet,
    distinct,
    in_tiles,
    iou,
)
from vig.perception.glimpses import FACE, Glimpses
from vig.perception.mesh import (
    LEFT_EYE,
    RIGHT_EYE,
    SMILE,
    Landmarker,
    Mesh,
    MeshNet,
    Region,
    canonical,
)
from vig.perception.models import Models
from vig.perception.picture import (
    coarse,
    is_cut,
    light_of,
    moved_by,
    outline,
    seam_of,
    sharpness_of,
    signature_of,
)
from vig.perception.pose import (
    CANONICAL_WIDTH,
    Pose,
    angle_between,
    gaze_of,
    mouth_of,
    pose_of,
    shut_of,
)
from vig.perception.roles import adult_of

Floats = NDArray[np.float32]

READABLE = 0.5
"""Presence from which MediaPipe itself trusts a mesh; below it only the pose is used."""


SLIP = 0.12
"""Distance between a mesh and the detectors' points, in widths of the face, from which the mesh has
slipped off the face (correct ones lie below 0.1, slipped ones from 0.15 on)."""


UNREAD = ("turn", "gaze", "gaze_doubt", "shut", "smile", "mouth", "adult", "signature")
"""What is unknown of a face whose mesh has slipped."""


@dataclass(slots=True)
class Thread:
    """A face that is being followed."""

    number: int
    region: Region
    seen_by: list[Found]
    """What the detectors saw of it at the last wide look."""
    box: Floats  # (4,) pixels
    sure: float
    presence: float = 0.0
    slip: float = 0.0
    """How far the mesh was off the detectors' points at the last wide look, in face widths."""
    doubt: float = float("nan")
    unsupported: int = 0
    """Wide looks since a detector last saw it."""
    waiting: list[NDArray[np.void]] = field(default_factory=list)
    """Rows since a detector last saw it; kept once it sees it again, else thrown away."""
    side: float = 0.0
    """Side of the region that the last detector's box asked for, pixels."""

    @classmethod
    def of(cls, number: int, seen_by: list[Found]) -> Thread:
        best = max(seen_by, key=lambda f: f.score)
        region = Region.of(best)
        return cls(number, region, seen_by, best.box, best.score, side=region.side)

    def confirm(self, seen_by: list[Found]) -> None:
        """A detector sees the face."""
        best = max(seen_by, key=lambda f: f.score)
        self.seen_by, self.unsupported = seen_by, 0
        self.sure, self.side = best.score, Region.of(best).side

    def agrees(self, region: Region) -> bool:
        """Whether the face can have gone there in a tenth of a second, at about its true size."""
        moved = float(np.linalg.norm(region.centre - self.region.centre))
        swung = abs((region.turn - self.region.turn + np.pi) % (2 * np.pi) - np.pi)
        return (
            moved < 0.3 * self.region.side and 0.6 < region.side / self.side < 1.7 and swung < 0.6
        )


class Watcher:
    """The state of one stretch: the nets, the faces being followed, the rows so far."""

    def __init__(self, models: Models, *, wide: int) -> None:
        cv2.setNumThreads(1)
        task = models.data("face-landmarker")
        self._yunet = YuNet(models.data("yunet"))
        self._blaze = BlazeBack(models.data("blazeface-back"))
        self._mesh = MeshNet(task)
        self._landmarker = Landmarker(task)
        self._canonical = canonical(task)
        self._wide = wide
        self._threads: list[Thread] = []
        self._doubtful: list[Found] = []
        self._threads_made = self._searches = 0
        self._rows: list[NDArray[np.void]] = []
        self._ticks: list[tuple[int, float, float, bool, float, float]] = []
        self._outline: NDArray[np.floating[Any]] | None = None
        self._looks: list[Floats] = []
        self._size = (0, 0)

    def close(self) -> None:
        self._landmarker.close()

    def see(self, tick: int, rgb: Picture) -> None:
        """Take in the frame shown at ``tick``."""
        small = glance(rgb)
        now = coarse(small)
        first = not self._looks
        cut = not first and is_cut(self._looks[-1], now)
        self._looks = [self._looks[0] if self._looks else now, now]
        self._size = rgb.shape[:2]
        light, sharp, moved = light_of(small), sharpness_of(small), self._moved(small, cut)
        self._ticks.append((tick, light, sharp, cut, seam_of(rgb), moved))
        if cut:
            self._threads, self._doubtful = [], []
        wide = first or cut or tick % self._wide == 0
        if wide:
            self._search(rgb)
        for thread in self._threads:
            self._follow(thread, tick, rgb, wide)
        self._separate()

    def see_again(self, tick: int) -> None:
        """The frame taken in last is still shown at ``tick``."""
        before, bright, edges, _, seam, _ = self._ticks[-1]
        self._ticks.append((tick, bright, edges, False, seam, 0.0))
        for kept in (self._rows, *(thread.waiting for thread in self._threads)):
            # Rows of one tick are the last that were added; a hundred are more than fit a frame.
            for row in [row.copy() for row in kept[-100:] if row["tick"] == before]:
                row["tick"] = tick
                kept.append(row)

    def glimpses(self) -> Glimpses:
        """Everything seen so far."""
        first = self._ticks[0][0] if self._ticks else 0
        after = self._ticks[-1][0] + 1 if self._ticks else 0
        light = np.full(after - first, np.nan, np.float32)
        sharp, seam, moved = light.copy(), light.copy(), light.copy()
        cut = np.zeros(after - first, np.bool_)
        for tick, *values in self._ticks:
            at = tick - first
            light[at], sharp[at], cut[at], seam[at], moved[at] = values
        for thread in self._threads:
            self._rows += [row for row in thread.waiting if row["presence"] > READABLE]
        faces = np.stack(self._rows) if self._rows else np.zeros(0, FACE)
        height, width = self._size
        none = np.zeros(0, np.float32)
        start, end = self._looks if self._looks else (none, none)
        order = np.lexsort((faces["thread"], faces["tick"]))
        return Glimpses(
            first, width, height, light, sharp, cut, moved, seam, start, end, faces[order]
        )

    def _moved(self, small: Picture, cut: bool) -> float:
        """How far the picture went since the last frame; NaN for a first one and at a cut."""
        before, self._outline = self._outline, outline(small)
        same = before is not None and not cut and before.shape == self._outline.shape
        return moved_by(before, self._outline) if same and before is not None else float("nan")

    def _search(self, rgb: Picture) -> None:
        """A wide look: confirm the faces that are followed, drop the lost, take up the new."""
        found = self._yunet(rgb) + in_tiles(self._blaze, rgb)
        if len(distinct(found)) < 2:
            found += self._search_harder(rgb)
        for thread in self._threads:
            seen_by = [f for f in found if same_place(f.box, thread.box)]
            if seen_by:
                thread.confirm(seen_by)
                self._rows += thread.waiting
                thread.waiting = []
            else:
                thread.unsupported += 1
        self._threads = [t for t in self._threads if t.unsupported < 3]
        fresh = [f for f in found if not any(same_place(f.box, t.box) for t in self._threads)]
        doubtful: list[Found] = []
        while fresh:
            heap = [f for f in fresh if same_place(f.box, fresh[0].box)]
            fresh = [f for f in fresh if not any(f is h for h in heap)]
            doubtful += self._take_up(rgb, heap)
        self._doubtful = doubtful

    def _search_harder(self, rgb: Picture) -> list[Found]:
        """One more search where fewer than two people were found: a different one each time."""
        self._searches += 1
        match self._searches % 3:
            case 0:
                return in_tiles(self._blaze, rgb, upside_down=True)
            case 1:
                return self._yunet(rgb, 960) if max(rgb.shape) > 640 else []
            case _:
                return self._sideways(rgb)

    def _sideways(self, rgb: Picture) -> list[Found]:
        """YuNet on the frame turned by a quarter, for faces that lie."""
        height, width = rgb.shape[:2]
        found = []
        for turns in (1, 3):
            turned = np.ascontiguousarray(np.rot90(rgb, turns))
            for each in self._yunet(turned):
                corners = np.vstack([each.box.reshape(2, 2), each.points])
                x, y = corners[:, 0], corners[:, 1]
                back = np.stack([width - y, x] if turns == 1 else [y, height - x], 1)
                box = np.concatenate([back[:2].min(0), back[:2].max(0)])
                found.append(Found(box, each.score, back[2:], each.detector))
        return found

    def _take_up(self, rgb: Picture, heap: list[Found]) -> list[Found]:
        """Start following a new face; what is not yet believed is returned, to be seen once more."""
        thread = Thread.of(self._threads_made + 1, heap)
        mesh = self._settled(rgb, thread)
        believed = (
            mesh.presence > READABLE
            or len({f.detector for f in heap}) > 1
            or any(same_place(thread.box, f.box) for f in self._doubtful)
        )
        if not believed:
            return [max(heap, key=lambda f: f.score)]
        self._threads_made += 1
        self._threads.append(thread)
        return []

    def _settled(self, rgb: Picture, thread: Thread) -> Mesh:
        """The mesh at a wide look, set anew on what the detectors saw where it does not fit that.

        mediapipe reads every face once more here: how far it turns the head differently is kept as
        a doubt, and where the mesh does not fit, its mesh is tried too.
        """
        mesh = self._mesh(rgb, thread.region)
        second = self._landmarker(rgb, thread.region)
        thread.doubt = self._difference(mesh, second)
        if thread.unsupported:
            thread.slip = max(thread.slip, SLIP)
            return mesh
        thread.slip = slip_of(mesh, thread.seen_by)
        if thread.slip < (SLIP if mesh.presence > READABLE else 0.7 * SLIP):
            return mesh
        places = [Region.of(f) for f in thread.seen_by]
        places.append(Region.of(thread.seen_by[0], thread.region.turn))
        if second is not None:
            places.append(self._round(second))
        places += [self._round(self._mesh(rgb, place)) for place in places]
        tries = [(mesh, thread.region)] + [(self._mesh(rgb, place), place) for place in places]
        mesh, thread.region = min(
            tries, key=lambda t: slip_of(t[0], thread.seen_by) - 0.1 * t[0].presence
        )
        thread.slip = slip_of(mesh, thread.seen_by)
        return mesh

    def _round(self, mesh: Mesh) -> Region:
        return Region.round_mesh(mesh.points, pose_of(mesh, self._canonical).roll)

    def _follow(self, thread: Thread, tick: int, rgb: Picture, wide: bool) -> None:
        mesh = self._settled(rgb, thread) if wide else self._mesh(rgb, thread.region)
        thread.presence = mesh.presence
        pose = pose_of(mesh, self._canonical)
        region = Region.round_mesh(mesh.points, pose.roll)
        read = thread.agrees(region) and thread.slip < 2 * SLIP
        if read:
            thread.region, thread.box = region, box_of(mesh)
        elif wide and not thread.unsupported:
            best = max(thread.seen_by, key=lambda f: f.score)
            thread.region, thread.box = Region.of(best, thread.region.turn), best.box
        row = self._row(thread, tick, rgb, mesh, pose if read else None)
        if thread.unsupported and mesh.presence <= READABLE:
            thread.waiting.append(row)
        else:
            self._rows.append(row)

    def _difference(self, mesh: Mesh, second: Mesh | None) -> float:
        """Degrees between the head as our mesh and as mediapipe's reads it; NaN without a second."""
        if second is None:
            return float("nan")
        a, b = (pose_of(m, self._canonical).turn[:, 2] for m in (mesh, second))
        return angle_between(a, b)

    def _row(
        self, thread: Thread, tick: int, rgb: Picture, mesh: Mesh, pose: Pose | None
    ) -> NDArray[np.void]:
        """What is known of a face now; angles are NaN where the mesh has slipped off it."""
        height, width = rgb.shape[:2]
        row = np.zeros((), FACE)
        row["tick"], row["thread"], row["sure"] = tick, thread.number, thread.sure
        row["box"] = thread.box / np.array([width, height, width, height])
        row["presence"], row["doubt"], row["slip"] = mesh.presence, thread.doubt, thread.slip
        if pose is None:
            row["presence"] = 0.0
            row["middle"] = (row["box"][:2] + row["box"][2:]) / 2
            row["scale"] = thread.side / 1.5 / width
            for name in UNREAD:
                row[name] = np.nan
            return row
        corners = mesh.points[[RIGHT_EYE, 133, 362, LEFT_EYE], :2]
        row["middle"] = corners.mean(0) / [width, height]
        row["turn"] = pose.turn
        row["gaze"], row["gaze_doubt"] = gaze_of(mesh, pose)
        row["shut"] = shut_of(mesh)
        row["apart"] = np.linalg.norm(corners[3] - corners[0])
        row["smile"] = mesh.shapes[list(SMILE)].mean()
        row["mouth"] = mouth_of(pose)
        row["scale"] = pose.scale * CANONICAL_WIDTH / width
        row["adult"] = adult_of(pose.shape)
        row["signature"] = signature_of(rgb, mesh.points)
        return row

    def _separate(self) -> None:
        """Where two threads came to follow one face, the better supported one stays."""
        kept: list[Thread] = []
        for thread in sorted(self._threads, key=lambda t: (t.unsupported, t.number)):
            if all(iou(thread.box, other.box) < 0.5 for other in kept):
                kept.append(thread)
        self._threads = kept


def glance(rgb: Picture) -> Picture:
    """The frame at 320 pixels, cheaply: every so many-th pixel, then means."""
    step = max(1, max(rgb.shape[:2]) // 640)
    thin = np.ascontiguousarray(rgb[::step, ::step])
    factor = min(1.0, 320 / max(thin.shape[:2]))
    size = (max(1, round(thin.shape[1] * factor)), max(1, round(thin.shape[0] * factor)))
    small: Picture = cv2.resize(thin, size, interpolation=cv2.INTER_AREA)
    return small


def same_place(a: Floats, b: Floats) -> bool:
    """Whether two boxes are of one face: they overlap well and are of like size."""
    return iou(a, b) > 0.2


def slip_of(mesh: Mesh, seen_by: list[Found]) -> float:
    """How far a mesh is off the points of the detector that it fits best: mean distance of the
    eyes, the nose and the mouth, in widths of the face."""
    points = mesh.points[:, :2]
    four = points[[[RIGHT_EYE, 133], [362, LEFT_EYE], [1, 1], [61, 291]]].mean(1)
    return min(
        float(np.linalg.norm(four - f.points, axis=1).mean() / (f.box[2:] - f.box[:2]).max())
        for f in seen_by
    )


def box_of(mesh: Mesh) -> Floats:
    """The box round the face's points, in pixels."""
    box: Floats = np.concatenate([mesh.points[:468, :2].min(0), mesh.points[:468, :2].max(0)])
    return box
