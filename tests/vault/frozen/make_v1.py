"""Made tests/vault/frozen/v1, once. It is kept as the record of how; it refuses to make it again.

    VIG_TEST_CHEAPEST_KDF=1 python -m tests.vault.frozen.make_v1 FOLDER

The vault is frozen: every later release must open what is intact in it and must refuse each
damaged file in the way that `expected.json` names. Its secrets are written beside it because they
protect nothing.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vig.vault.keys import (
    CHEAPEST,
    KeyFile,
    KeyRing,
    Passphrase,
    RecoveryCode,
    Slots,
    key_file,
    recovery_code,
)
from vig.vault.layout import HEADER_BYTES, SEGMENT, Layout
from vig.vault.store import FolderStore
from vig.vault.stream import seal

SMALL = 2**12
LAYOUT = Layout(SMALL, HEADER_BYTES)
PASSPHRASE = "a frozen vault, für später"


class Objects:
    """Writes objects, and the row that the catalogue would hold of each."""

    def __init__(self, folder: Path, ring: KeyRing) -> None:
        self.folder, self.ring = folder, ring
        self.store = FolderStore(folder / "objects")
        self.rows: dict[str, dict[str, Any]] = {}

    def write(
        self,
        name: str,
        plain: bytes,
        *,
        segment: int = SMALL,
        head: int = 0,
        key: bytes | None = None,
        finish: bool = True,
    ) -> bytes:
        key, owner, object_id = key or os.urandom(32), os.urandom(16), os.urandom(16)
        with self.store.create(name) as blob:
            writer = seal(blob, key, owner, object_id, segment=segment, head=head)
            if head:
                writer.write(bytes(len(plain)))
                writer.seek(0)
                writer.write(plain[:head])
            else:
                writer.write(plain)
            if finish:
                writer.finish()
            blob.commit()
        self.row(name, key, owner, object_id, plain)
        return (self.folder / "objects" / name).read_bytes()

    def row(self, name: str, key: bytes, owner: bytes, object_id: bytes, plain: bytes) -> None:
        context = f"film|{name}".encode()
        self.rows[name] = {
            "owner": owner.hex(),
            "object_id": object_id.hex(),
            "context": context.decode(),
            "wrapped": self.ring.wrap(key, context).hex(),
            "outcome": "intact",
            "plain_bytes": len(plain),
            "plain_sha256": hashlib.sha256(plain).hexdigest(),
        }

    def damage(self, name: str, outcome: str, says: str, change: Callable[[bytes], bytes]) -> None:
        whole = self.write(name, os.urandom(10_000))
        (self.folder / "objects" / name).write_bytes(change(whole))
        self.refused(name, outcome, says)

    def refused(self, name: str, outcome: str, says: str) -> None:
        row = self.rows[name]
        del row["plain_bytes"], row["plain_sha256"]
        row.update(outcome=outcome, says=says)


def flip(place: int) -> Callable[[bytes], bytes]:
    def change(whole: bytes) -> bytes:
        damaged = bytearray(whole)
        damaged[place] ^= 1
        return bytes(damaged)

    return change


def pieces(whole: bytes) -> list[bytes]:
    edges = [0, LAYOUT.start(1), LAYOUT.start(2), len(whole)]
    return [whole[a:b] for a, b in itertools.pairwise(edges)]


def order(*numbers: int) -> Callable[[bytes], bytes]:
    return lambda whole: b"".join(pieces(whole)[number] for number in numbers)


def intact(objects: Objects) -> None:
    objects.write("empty", b"")
    objects.write("one-byte", b"\x00")
    objects.write("first-segment-full", os.urandom(LAYOUT.first_room))
    objects.write("second-segment-of-one-byte", os.urandom(LAYOUT.first_room + 1))
    objects.write("three-segments", os.urandom(10_000))
    objects.write("head-written-last", os.urandom(5_000) + bytes(5_000), head=5_000)
    objects.write("ordinary-segments", os.urandom(SEGMENT + 1_000), segment=SEGMENT)


def damaged(objects: Objects) -> None:
    stream, last = HEADER_BYTES, LAYOUT.start(2)
    no_file = "its first bytes are not those of a sealed file"
    at_open = [
        ("flipped-magic", no_file, flip(0)),
        ("flipped-version", no_file, flip(4)),
        ("flipped-cipher", no_file, flip(5)),
        ("flipped-flags", no_file, flip(7)),
        ("flipped-owner", "another recording", flip(8)),
        ("flipped-object-id", "older version", flip(24)),
        ("flipped-commitment", "another key", flip(40)),
        ("flipped-reserved", no_file, flip(127)),
        ("flipped-stream-kind", "not of the expected kind", flip(stream)),
        ("flipped-salt", "part 3 of 3", flip(stream + 1)),
        ("flipped-nonce", "part 3 of 3", flip(stream + 33)),
        ("flipped-last-segment", "part 3 of 3", flip(last)),
        ("flipped-last-byte", "part 3 of 3", flip(-1)),
        ("nothing-left", "cut off", lambda whole: b""),
        ("cut-in-the-header", "cut off", lambda whole: whole[:100]),
        ("cut-in-the-stream-header", "length", lambda whole: whole[: stream + 20]),
        ("cut-by-one-byte", "part 3 of 3", lambda whole: whole[:-1]),
        ("cut-on-a-segment-boundary", "part 2 of 2", lambda whole: whole[:last]),
        ("cut-to-an-empty-segment", "length", lambda whole: whole[: last + 16]),
        ("extended-by-one-byte", "part 3 of 3", lambda whole: whole + b"\0"),
        ("extended-by-a-segment", "part 4 of 4", order(0, 1, 1, 2)),
        ("last-segment-dropped", "part 2 of 2", order(0, 1)),
        ("last-segment-first", "part 3 of 3", order(0, 2, 1)),
    ]
    for name, says, change in at_open:
        objects.damage(name, "refused at open", says, change)
    objects.damage(
        "flipped-first-segment", "refused on reading", "part 1 of 3", flip(LAYOUT.start(0))
    )
    objects.damage(
        "flipped-middle-segment", "refused on reading", "part 2 of 3", flip(LAYOUT.start(1))
    )
    other = pieces(objects.write("stranger", os.urandom(10_000)))
    objects.damage(
        "segment-of-another-film",
        "refused on reading",
        "part 2 of 3",
        lambda whole: pieces(whole)[0] + other[1] + pieces(whole)[2],
    )
    objects.damage(
        "another-film", "refused at open", "another recording", lambda _: b"".join(other)
    )
    objects.write("never-finished", os.urandom(10_000), finish=False)
    objects.refused("never-finished", "refused at open", "part 2 of 2")
    objects.write("key-of-another-object", os.urandom(1_000))
    objects.rows["key-of-another-object"]["wrapped"] = objects.rows["empty"]["wrapped"]
    objects.refused("key-of-another-object", "key refused", "key of a sealed file")


def vault_files(folder: Path) -> dict[str, dict[str, str]]:
    """Damaged spellings of vault.json, each with the error that a passphrase must meet."""
    whole = (folder / "vault.json").read_text()
    changes: dict[str, tuple[str, str, str]] = {
        "tested-by-hand.json": ('"tested": false', '"tested": true', "Tampered"),
        "newer.json": ('"version": 1', '"version": 2', "NewerVault"),
        "hungry.json": ('"memory_kib": 8', '"memory_kib": 2147483648', "BadSlot"),
        "other-cost.json": ('"passes": 1', '"passes": 3', "BadSlot"),
        "cut.json": (whole[-200:], "", "Tampered"),
    }
    expected = {}
    for name, (old, new, error) in changes.items():
        assert whole.count(old) >= 1, name
        (folder / name).write_text(whole.replace(old, new, 1))
        expected[name] = {"error": error}
    return expected


def main(folder: Path) -> None:
    if folder.exists():
        raise SystemExit("It is there already, and it is frozen.")
    code, file = recovery_code(), bytes(key_file())
    slots, ring = Slots.create(folder, Passphrase(PASSPHRASE), kdf=CHEAPEST)
    slots.add(ring, RecoveryCode(code))
    slots.confirm(RecoveryCode(code))
    slots.add(ring, KeyFile(file))
    objects = Objects(folder, ring)
    intact(objects)
    objects.ring = ring = slots.rotate(ring)  # so half of the keys lie under an older master key
    damaged(objects)
    (folder / "key-file").write_bytes(file)
    expected = {
        "passphrase": PASSPHRASE,
        "recovery_code": code,
        "vault_id": ring.vault_id,
        "serial": slots.serial,
        "version": 2,
        "versions": [1, 2],
        "subkeys": {name: ring.subkey(name).hex() for name in ("database", "fields", "audit")},
        "objects": objects.rows,
        "vault_files": vault_files(folder),
    }
    (folder / "vault.json.lock").unlink()
    expected["sha256"] = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    (folder / "expected.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
