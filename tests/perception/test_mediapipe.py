"""mediapipe is really used, exactly the version that keeps to itself."""

from __future__ import annotations

import importlib.metadata
import mmap
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import mediapipe
import pytest
from mediapipe.tasks.python.vision import FaceLandmarker

from tests.perception.films import frames_of, grid_of
from vig.domain.progress import unheard
from vig.perception import mesh
from vig.perception.models import Models
from vig.perception.sight import look

LIBRARIES = sorted(Path(mediapipe.__file__).parent.rglob("*.so*"))


def test_mediapipe_is_the_version_without_telemetry() -> None:
    # From 0.10.35 on it posts to play.googleapis.com and has no switch.
    assert importlib.metadata.version("mediapipe") == "0.10.31"


def test_no_library_of_mediapipe_can_phone_home() -> None:
    assert LIBRARIES
    for library in LIBRARIES:
        with (
            library.open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as code,
        ):
            for trace in (b"play.googleapis", b"curl_easy_perform"):
                assert code.find(trace) < 0, f"{library.name} holds {trace!r}"


def test_looking_asks_mediapipe_for_every_face_at_every_wide_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []
    detect = FaceLandmarker.detect

    def counted(self: FaceLandmarker, image: mediapipe.Image, *more: object) -> object:
        result = detect(self, image, *more)
        asked.append(len(result.face_landmarks))
        return result

    monkeypatch.setattr(FaceLandmarker, "detect", counted)
    grid = grid_of("split")
    glimpses = look(frames_of("split", grid, range(11)), grid, Models.load(), unheard)
    # Wide looks at ticks 0, 5 and 10; new faces are read once more when they are taken up.
    assert len(asked) == 2 * 3 + 2
    assert set(asked) == {1}
    assert (glimpses.faces["doubt"] < 10).all()


def test_mediapipe_never_drops_a_face_for_want_of_presence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options = []
    make = FaceLandmarker.create_from_options

    def kept(given: object) -> FaceLandmarker:
        options.append(given)
        return make(given)

    monkeypatch.setattr(FaceLandmarker, "create_from_options", kept)
    mesh.Landmarker(Models.load().data("face-landmarker")).close()
    assert options[0].min_face_presence_confidence == 0
    assert options[0].num_faces == 1
    assert options[0].running_mode.name == "IMAGE"


LOOK = """
from tests.perception.films import frames_of, grid_of
from vig.domain.progress import unheard
from vig.perception.models import Models
from vig.perception.sight import look
grid = grid_of("split")
assert len(look(frames_of("split", grid, range(6)), grid, Models.load(), unheard).faces)
"""


@pytest.mark.tracing
def test_looking_opens_no_internet_socket(need: Callable[[str], str], tmp_path: Path) -> None:
    log = tmp_path / "calls"
    command = [need("strace"), "-f", "-qq", "-e", "trace=socket,connect", "-o", str(log)]
    done = subprocess.run(
        [*command, sys.executable, "-c", LOOK],
        cwd=Path(__file__).parents[2],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "AF_INET" not in log.read_text()
