"""The model files that ship with this package, checked before anything is made from them."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vig.domain.observation import ModelRef
from vig.errors import WeightsDamaged

WEIGHTS = Path(__file__).parent / "weights"


@dataclass(frozen=True, slots=True)
class Weights:
    """One model file: its bytes and where they come from."""

    name: str
    file: str
    sha256: str
    licence: str
    source: str
    """The package and version it was taken from, and its path in there."""
    card: str
    """Where its makers describe it."""
    data: bytes

    def __repr__(self) -> str:
        return f"Weights({self.name!r}, {len(self.data)} bytes)"

    @property
    def ref(self) -> ModelRef:
        return ModelRef(self.name, self.sha256)


@dataclass(frozen=True, slots=True)
class Models:
    """Every model file, read once and known to be the right one.

    It holds bytes only and may be shared between threads; each part of a film makes its own nets
    from it. Names: ``yunet``, ``blazeface-back``, ``face-landmarker``, ``silero-vad``.
    """

    weights: Mapping[str, Weights]

    @classmethod
    def load(cls, folder: Path = WEIGHTS) -> Models:
        """Read the files named in ``folder``/weights.toml.

        Raises WeightsDamaged where a file is missing or its SHA-256 is another one.
        """
        try:
            listed = tomllib.loads((folder / "weights.toml").read_text(encoding="utf-8"))["weights"]
        except (OSError, tomllib.TOMLDecodeError, KeyError) as wrong:
            raise WeightsDamaged(name="weights.toml") from wrong
        return cls({entry["name"]: _read(folder, entry) for entry in listed})

    def data(self, name: str) -> bytes:
        """The bytes of the file called ``name``."""
        return self.weights[name].data

    @property
    def refs(self) -> tuple[ModelRef, ...]:
        """Every model by name and SHA-256, in the order of weights.toml."""
        return tuple(each.ref for each in self.weights.values())

    def refs_of(self, *names: str) -> tuple[ModelRef, ...]:
        """The models called ``names``, by name and SHA-256."""
        return tuple(self.weights[name].ref for name in names)


def _read(folder: Path, entry: Mapping[str, str]) -> Weights:
    try:
        data = (folder / entry["file"]).read_bytes()
    except OSError as wrong:
        raise WeightsDamaged(name=entry["file"]) from wrong
    if hashlib.sha256(data).hexdigest() != entry["sha256"]:
        raise WeightsDamaged(name=entry["file"])
    return Weights(data=data, **entry)
