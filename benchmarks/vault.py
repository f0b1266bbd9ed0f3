"""What sealing costs, as ratios against plain AES-GCM and plain files in the same run.

    python -m benchmarks.vault [--mib 128] [--rounds 7] [--folder DIR] [--json FILE]

Each figure is the median of ratios of interleaved pairs (sealed, then plain, then sealed …), with
the smallest and largest pair, because one machine's megabytes a second say little about another's.
CPU time is of the whole process. Files are in the page cache; nothing is flushed to the disk but
where it says so.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vig.vault.keys import INTERACTIVE, KeyRing, Passphrase, RecoveryCode, Slots, recovery_code
from vig.vault.store import FolderStore
from vig.vault.stream import SEGMENT, seal, unseal

MIB = 2**20
CHUNK = 2**16  # what a decoder and a browser ask for at a time
KEY, OWNER, OBJECT = os.urandom(32), os.urandom(16), os.urandom(16)
Work = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Ratio:
    """One comparison: sealed over plain; 1.0 means that sealing costs nothing."""

    what: str
    wall: float
    wall_least: float
    wall_most: float
    cpu: float
    sealed_ms: float
    plain_ms: float


def compare(what: str, sealed: Work, plain: Work, rounds: int) -> Ratio:
    timed(sealed), timed(plain)  # once unmeasured: pages and caches
    pairs = [(timed(sealed), timed(plain)) for _ in range(rounds)]
    walls = [a[0] / b[0] for a, b in pairs]
    cpus = [a[1] / max(b[1], 1e-6) for a, b in pairs]
    return Ratio(
        what,
        statistics.median(walls),
        min(walls),
        max(walls),
        statistics.median(cpus),
        1e3 * statistics.median(a[0] for a, _ in pairs),
        1e3 * statistics.median(b[0] for _, b in pairs),
    )


def timed(work: Work) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


class Nowhere(io.RawIOBase):
    """Takes everything and keeps nothing, so that only sealing is measured."""

    def write(self, data: Any, /) -> int:
        return len(data)


class Streams:
    """Sealed and plain reading and writing of the same bytes."""

    def __init__(self, folder: Path, mib: int) -> None:
        self.folder, self.mib = folder, mib
        self.data = random.Random(1).randbytes(MIB)
        self.sealed, self.plain = folder / "sealed", folder / "plain"
        self.write_sealed(), self.write_plain()
        self.ciphertext = AESGCM(KEY).encrypt(bytes(12), bytes(SEGMENT - 16), None)
        dice = random.Random(2)
        self.places = [dice.randrange(mib * MIB - CHUNK) for _ in range(2_000)]

    def write_sealed(self) -> None:
        with self.sealed.open("wb", buffering=0) as file:
            self._seal(file)

    def write_plain(self) -> None:
        with self.plain.open("wb", buffering=0) as file:
            for _ in range(self.mib):
                file.write(self.data)

    def seal_nowhere(self) -> None:
        self._seal(Nowhere())

    def only_encrypt(self) -> None:
        cipher, out, data = AESGCM(KEY), bytearray(SEGMENT), memoryview(bytes(SEGMENT - 16))
        for number in range(self.mib * MIB // SEGMENT):
            cipher.encrypt_into(number.to_bytes(12, "big"), data, None, out)

    def only_decrypt(self) -> None:
        cipher, out = AESGCM(KEY), bytearray(SEGMENT - 16)
        for _ in range(self.mib * MIB // SEGMENT):
            cipher.decrypt_into(bytes(12), self.ciphertext, None, out)

    def read_sealed(self) -> None:
        with self._unsealed() as reader:
            self._drain(reader)

    def read_plain(self) -> None:
        with self.plain.open("rb", buffering=0) as file:
            self._drain(file)

    def jump_sealed(self) -> None:
        with self._unsealed() as reader:
            self._jump(reader)

    def jump_plain(self) -> None:
        with self.plain.open("rb", buffering=0) as file:
            self._jump(file)

    def open_sealed(self) -> None:
        for _ in range(200):
            self._unsealed().close()

    def open_plain(self) -> None:
        for _ in range(200):
            self.plain.open("rb", buffering=0).close()

    def committed(self, sealed: bool) -> None:
        """As an import does it: through the store, to the disk."""
        store, name = FolderStore(self.folder / "store"), os.urandom(8).hex()
        with store.create(name) as blob:
            if sealed:
                self._seal(blob)
            else:
                for _ in range(self.mib):
                    blob.write(self.data)
            blob.commit()
        store.delete(name)

    def percentiles(self) -> tuple[float, float]:
        """Milliseconds of one read of 32 KiB at a random place, median and 95th percentile."""
        times = []
        with self._unsealed() as reader:
            for place in self.places:
                began = time.perf_counter()
                reader.read_at(place, 2**15)
                times.append(1e3 * (time.perf_counter() - began))
        return statistics.median(times), statistics.quantiles(times, n=20)[-1]

    def _seal(self, raw: Any) -> None:
        writer = seal(raw, KEY, OWNER, OBJECT)
        for _ in range(self.mib):
            writer.write(self.data)
        writer.finish()

    def _unsealed(self) -> Any:
        return unseal(self.sealed.open("rb", buffering=0), KEY, OWNER, OBJECT)

    def _drain(self, file: Any) -> None:
        buffer = bytearray(CHUNK)
        while file.readinto(buffer):
            pass

    def _jump(self, file: Any) -> None:
        buffer = bytearray(2**15)
        for place in self.places:
            file.seek(place)
            file.readinto(buffer)


def streams(folder: Path, mib: int, rounds: int) -> tuple[list[Ratio], tuple[float, float]]:
    at = Streams(folder, mib)
    ratios = [
        compare("seal / AES-GCM alone", at.seal_nowhere, at.only_encrypt, rounds),
        compare("read sealed / AES-GCM alone", at.read_sealed, at.only_decrypt, rounds),
        compare("write sealed / write plain", at.write_sealed, at.write_plain, rounds),
        compare("read sealed / read plain", at.read_sealed, at.read_plain, rounds),
        compare("2000 random 32 KiB / plain", at.jump_sealed, at.jump_plain, rounds),
        compare("200 times open / plain", at.open_sealed, at.open_plain, rounds),
        compare(
            "to the disk sealed / plain",
            lambda: at.committed(True),
            lambda: at.committed(False),
            max(3, rounds // 2),
        ),
    ]
    return ratios, at.percentiles()


def keys(folder: Path) -> dict[str, float]:
    """Seconds of what a person waits for."""
    code = recovery_code()
    made = time.perf_counter()
    slots, ring = Slots.create(folder / "vault", Passphrase("benchmark"), kdf=INTERACTIVE)
    made = time.perf_counter() - made
    slots.add(ring, RecoveryCode(code))
    passphrase, _ = timed(lambda: slots.unlock(Passphrase("benchmark")))
    printed, _ = timed(lambda: slots.unlock(RecoveryCode(code)))
    rotated, _ = timed(lambda: slots.rotate(ring))
    wrapped: list[bytes] = []
    ring = slots.unlock(RecoveryCode(code))
    wrapping, _ = timed(lambda: wrapped.extend(_wrapped(ring)))
    again, _ = timed(lambda: [ring.rewrap(key, b"row %d" % n) for n, key in enumerate(wrapped)])
    return {
        "set up, passphrase": made,
        "unlock, passphrase": passphrase,
        "unlock, recovery code": printed,
        "rotate the master key (vault.json)": rotated,
        "wrap 10,000 data keys": wrapping,
        "rewrap 10,000 data keys": again,
    }


def _wrapped(ring: KeyRing) -> list[bytes]:
    return [ring.wrap(os.urandom(32), b"row %d" % n) for n in range(10_000)]


def main() -> None:
    asked = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("--mib", type=int, default=128, help="size of the film")
    asked.add_argument("--rounds", type=int, default=7, help="pairs for each figure")
    asked.add_argument("--folder", type=Path, help="where to write; a temporary folder otherwise")
    asked.add_argument("--json", type=Path, help="also write the figures to this file")
    told = asked.parse_args()
    with tempfile.TemporaryDirectory(dir=told.folder) as folder:
        ratios, (median, late) = streams(Path(folder), told.mib, told.rounds)
        waits = keys(Path(folder))
    print(f"{told.mib} MiB, {told.rounds} pairs; ratios: median (least-most)\n")
    print(f"{'':32}{'wall':>8}{'':>16}{'CPU':>8}{'sealed ms':>12}{'plain ms':>12}")
    for ratio in ratios:
        spread = f"({ratio.wall_least:.2f}-{ratio.wall_most:.2f})"
        print(
            f"{ratio.what:32}{ratio.wall:8.2f}{spread:>16}{ratio.cpu:8.2f}"
            f"{ratio.sealed_ms:12.1f}{ratio.plain_ms:12.1f}"
        )
    print(f"\none random read of 32 KiB: median {median:.3f} ms, 95 % within {late:.3f} ms\n")
    for what, seconds in waits.items():
        print(f"{what:38}{1e3 * seconds:10.1f} ms")
    if told.json:
        figures = {
            "ratios": [asdict(r) for r in ratios],
            "seconds": waits,
            "read_ms": [median, late],
        }
        told.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
