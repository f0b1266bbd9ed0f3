"""The frozen vault of format 1: what every later release must open, and must refuse.

Never make it again, never change a byte: a new format gets a folder of its own beside it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from vig import errors
from vig.errors import Tampered
from vig.vault.keys import KeyFile, KeyRing, Passphrase, RecoveryCode, Slots
from vig.vault.stream import SealedReader, unseal

FROZEN = Path(__file__).with_name("frozen") / "v1"
EXPECTED: dict[str, Any] = json.loads((FROZEN / "expected.json").read_text(encoding="utf-8"))
OBJECTS: dict[str, dict[str, Any]] = EXPECTED["objects"]


@pytest.fixture(scope="module")
def ring() -> KeyRing:
    return Slots.load(FROZEN).unlock(Passphrase(EXPECTED["passphrase"]))


def opened(name: str, ring: KeyRing) -> SealedReader:
    row = OBJECTS[name]
    key = ring.unwrap(bytes.fromhex(row["wrapped"]), row["context"].encode())
    raw = (FROZEN / "objects" / name).open("rb", buffering=0)
    return unseal(raw, key, bytes.fromhex(row["owner"]), bytes.fromhex(row["object_id"]))


def called(outcome: str) -> list[str]:
    return sorted(name for name, row in OBJECTS.items() if row["outcome"] == outcome)


def test_not_a_byte_of_it_has_changed() -> None:
    found = {
        str(path.relative_to(FROZEN)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in FROZEN.rglob("*")
        if path.is_file() and path.name != "expected.json"
    }
    assert found == EXPECTED["sha256"]


def test_every_object_in_it_has_one_expected_outcome() -> None:
    assert {path.name for path in (FROZEN / "objects").iterdir()} == set(OBJECTS)
    outcomes = {row["outcome"] for row in OBJECTS.values()}
    assert outcomes == {"intact", "refused at open", "refused on reading", "key refused"}


def test_every_way_in_opens_it(ring: KeyRing) -> None:
    slots = Slots.load(FROZEN)
    assert slots.complete
    assert (slots.vault_id, slots.serial) == (EXPECTED["vault_id"], EXPECTED["serial"])
    for secret in (
        RecoveryCode(EXPECTED["recovery_code"]),
        KeyFile((FROZEN / "key-file").read_bytes()),
    ):
        assert bytes(slots.unlock(secret).hand_over()) == bytes(ring.hand_over())
    assert (ring.version, list(ring.versions)) == (EXPECTED["version"], EXPECTED["versions"])


def test_its_subkeys_are_what_they_were(ring: KeyRing) -> None:
    assert {name: ring.subkey(name).hex() for name in EXPECTED["subkeys"]} == EXPECTED["subkeys"]


@pytest.mark.parametrize("name", called("intact"))
def test_an_intact_object_opens(name: str, ring: KeyRing) -> None:
    with opened(name, ring) as reader:
        plain = reader.readall()
    assert len(plain) == reader.size == OBJECTS[name]["plain_bytes"]
    assert hashlib.sha256(plain).hexdigest() == OBJECTS[name]["plain_sha256"]


def test_keys_lie_under_both_master_keys(ring: KeyRing) -> None:
    wrapped = [bytes.fromhex(row["wrapped"]) for row in OBJECTS.values()]
    assert {ring.version_of(key) for key in wrapped} == {1, 2}


@pytest.mark.parametrize("name", called("refused at open"))
def test_damage_is_refused_at_open(name: str, ring: KeyRing) -> None:
    with pytest.raises(Tampered, match=OBJECTS[name]["says"]):
        opened(name, ring)


@pytest.mark.parametrize("name", called("refused on reading"))
def test_damage_is_refused_on_reading(name: str, ring: KeyRing) -> None:
    with opened(name, ring) as reader, pytest.raises(Tampered, match=OBJECTS[name]["says"]):
        reader.readall()


@pytest.mark.parametrize("name", called("key refused"))
def test_a_key_in_the_wrong_row_is_refused(name: str, ring: KeyRing) -> None:
    with pytest.raises(Tampered, match=OBJECTS[name]["says"]):
        opened(name, ring)


@pytest.mark.parametrize("name", sorted(EXPECTED["vault_files"]))
def test_a_damaged_vault_file_is_refused(name: str, tmp_path: Path) -> None:
    shutil.copy(FROZEN / name, tmp_path / "vault.json")
    with pytest.raises(getattr(errors, EXPECTED["vault_files"][name]["error"])):
        Slots.load(tmp_path).unlock(Passphrase(EXPECTED["passphrase"]))


def test_it_can_be_rotated_and_changed_by_this_release(tmp_path: Path) -> None:
    shutil.copy(FROZEN / "vault.json", tmp_path / "vault.json")
    slots = Slots.load(tmp_path)
    ring = slots.rotate(slots.unlock(RecoveryCode(EXPECTED["recovery_code"])))
    wrapped = bytes.fromhex(OBJECTS["empty"]["wrapped"])
    again = ring.rewrap(wrapped, OBJECTS["empty"]["context"].encode())
    assert (ring.version_of(wrapped), ring.version_of(again)) == (1, 3)
    assert slots.unlock(Passphrase(EXPECTED["passphrase"])).subkey("database") == bytes.fromhex(
        EXPECTED["subkeys"]["database"]
    )
