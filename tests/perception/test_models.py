"""The model files are the ones named, or nothing starts."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import pytest

from vig.errors import WeightsDamaged
from vig.perception.models import WEIGHTS, Models


def test_every_model_file_is_the_one_that_weights_toml_names() -> None:
    names = [ref.name for ref in Models.load().refs]
    assert names == ["yunet", "blazeface-back", "face-landmarker", "silero-vad"]


def test_every_model_file_says_its_licence_and_where_it_comes_from() -> None:
    for entry in tomllib.loads((WEIGHTS / "weights.toml").read_text())["weights"]:
        assert entry["licence"] in {"MIT", "Apache-2.0"}
        assert "==" in entry["source"]
        assert entry["card"].startswith("https://")


def test_a_model_file_with_one_changed_byte_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "weights"
    shutil.copytree(WEIGHTS, folder)
    damaged = folder / "face_detection_back.tflite"
    data = bytearray(damaged.read_bytes())
    data[1000] ^= 1
    damaged.write_bytes(data)
    with pytest.raises(WeightsDamaged, match=r"face_detection_back\.tflite"):
        Models.load(folder)


@pytest.mark.parametrize("lost", ["face_landmarker.task", "weights.toml"])
def test_a_missing_file_is_named(tmp_path: Path, lost: str) -> None:
    folder = tmp_path / "weights"
    shutil.copytree(WEIGHTS, folder)
    (folder / lost).unlink()
    with pytest.raises(WeightsDamaged, match=lost):
        Models.load(folder)
