"""Slots, master keys and what an unlocked ring gives out."""

from __future__ import annotations

import base64
import json
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from vig.errors import (
    BadValue,
    Conflict,
    NewerVault,
    NoVault,
    SlotsMissing,
    Tampered,
    Unknown,
    VaultError,
    VaultExists,
    VaultLocked,
    WrongKey,
)
from vig.vault import vaultfile
from vig.vault.keys import (
    CHEAPEST,
    KeyFile,
    KeyRing,
    Passphrase,
    RecoveryCode,
    SlotKind,
    Slots,
    key_file,
    recovery_code,
)
from vig.vault.secrets import Key

WRAPPED_FOR_AN_OWNER = (
    "0200000001000000000000000000000000c3796c98f5c111c57b5bc6d8393cb31c"
    "d6cd9d481fc98c4503ce5e8c6628575f8e8573b91fa7849465bdf46d66ce9060"
)

CODE = recovery_code()
FILE = key_file()
WORDS = "the swing by the pond"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "vault"


@pytest.fixture
def made(folder: Path) -> tuple[Slots, KeyRing]:
    """A complete vault: passphrase and a recovery code that was typed back."""
    slots, ring = Slots.create(folder, Passphrase(WORDS), kdf=CHEAPEST)
    slots.add(ring, RecoveryCode(CODE))
    slots.confirm(RecoveryCode(CODE))
    return slots, ring


def same(one: KeyRing, other: KeyRing) -> bool:
    return bytes(one.hand_over()) == bytes(other.hand_over())


def document(folder: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((folder / "vault.json").read_text())
    return loaded


def write(folder: Path, changed: dict[str, Any]) -> None:
    (folder / "vault.json").write_text(json.dumps(changed))


# ── setting up ───────────────────────────────────────────────────────────────────────────────


def test_a_new_vault_is_not_complete_before_its_second_way_in_was_tried(folder: Path) -> None:
    slots, ring = Slots.create(folder, Passphrase(WORDS), kdf=CHEAPEST)
    assert not slots.complete
    slots.add(ring, RecoveryCode(CODE))
    assert not slots.complete
    assert not Slots.load(folder).complete
    assert slots.confirm(RecoveryCode(CODE)).tested
    assert slots.complete
    assert Slots.load(folder).complete
    assert [(info.kind, info.tested) for info in slots.info()] == [
        (SlotKind.PASSPHRASE, True),
        (SlotKind.RECOVERY, True),
    ]


def test_confirming_the_first_way_in_twice_does_not_complete_a_vault(folder: Path) -> None:
    slots, ring = Slots.create(folder, Passphrase(WORDS), kdf=CHEAPEST)
    slots.add(ring, RecoveryCode(CODE))
    slots.confirm(Passphrase(WORDS))
    slots.confirm(Passphrase(WORDS))
    assert not slots.complete


def test_a_wrong_code_confirms_nothing(folder: Path) -> None:
    slots, ring = Slots.create(folder, Passphrase(WORDS), kdf=CHEAPEST)
    slots.add(ring, RecoveryCode(CODE))
    with pytest.raises(WrongKey):
        slots.confirm(RecoveryCode(recovery_code()))
    assert not slots.complete


def test_every_way_in_gives_the_same_keys(made: tuple[Slots, KeyRing], folder: Path) -> None:
    slots, ring = made
    slots.add(ring, KeyFile(FILE))
    for secret in (Passphrase(WORDS), RecoveryCode(CODE), KeyFile(FILE)):
        assert same(Slots.load(folder).unlock(secret), ring)


def test_a_recovery_code_and_the_folder_are_enough_on_another_machine(
    made: tuple[Slots, KeyRing], folder: Path, tmp_path: Path
) -> None:
    wrapped = made[1].wrap(key := os.urandom(32), b"row 1")
    elsewhere = tmp_path / "restored"
    elsewhere.mkdir()
    (elsewhere / "vault.json").write_bytes((folder / "vault.json").read_bytes())
    ring = Slots.load(elsewhere).unlock(RecoveryCode(CODE.lower().replace("-", " ")))
    assert ring.unwrap(wrapped, b"row 1") == key


def test_a_vault_is_never_made_over_another(made: tuple[Slots, KeyRing], folder: Path) -> None:
    before = (folder / "vault.json").read_bytes()
    with pytest.raises(VaultExists):
        Slots.create(folder, Passphrase("other"), kdf=CHEAPEST)
    assert (folder / "vault.json").read_bytes() == before


def test_of_many_who_set_up_a_vault_at_once_one_does(folder: Path) -> None:
    together = threading.Barrier(6)

    def create(number: int) -> KeyRing | None:
        together.wait()
        try:
            return Slots.create(folder, Passphrase(f"words {number}"), kdf=CHEAPEST)[1]
        except VaultExists:
            return None

    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(create, range(6)))
    (winner,) = (number for number, ring in enumerate(made) if ring is not None)
    assert made[winner] is not None
    assert Slots.load(folder).unlock(Passphrase(f"words {winner}")).version == 1


@pytest.mark.parametrize("where", ["nowhere", "empty", "file"])
def test_where_there_is_no_vault_it_says_so(tmp_path: Path, where: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NoVault):
        Slots.load(tmp_path / where)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_the_file_can_be_read_by_its_owner_only(made: tuple[Slots, KeyRing], folder: Path) -> None:
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "vault.json").stat().st_mode & 0o777 == 0o600


# ── wrong keys ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "secret",
    [
        lambda: Passphrase("another"),
        lambda: Passphrase(WORDS + " "),
        lambda: RecoveryCode(recovery_code()),
        lambda: KeyFile(key_file()),
    ],
)
def test_any_other_secret_is_a_wrong_key(
    made: tuple[Slots, KeyRing], secret: Callable[[], Any]
) -> None:
    with pytest.raises(WrongKey):
        made[0].unlock(secret())


def test_the_same_passphrase_of_another_vault_opens_nothing_here(
    made: tuple[Slots, KeyRing], folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    Slots.create(other, Passphrase(WORDS), kdf=CHEAPEST)
    mixed = document(folder)
    mixed["slots"][0] = document(other)["slots"][0] | {"id": mixed["slots"][0]["id"]}
    write(folder, mixed)
    with pytest.raises(WrongKey):
        Slots.load(folder).unlock(Passphrase(WORDS))


# ── data keys ────────────────────────────────────────────────────────────────────────────────


def test_a_wrapped_key_opens_with_its_context_only(made: tuple[Slots, KeyRing]) -> None:
    ring, key = made[1], os.urandom(32)
    wrapped = ring.wrap(key, b"film|row 1")
    assert ring.unwrap(wrapped, b"film|row 1") == key
    assert ring.wrap(key, b"film|row 1") != wrapped
    assert key not in wrapped
    for context in (b"film|row 2", b"", b"film|row 1\0"):
        with pytest.raises(Tampered):
            ring.unwrap(wrapped, context)


def test_every_flipped_bit_and_every_cut_of_a_wrapped_key_is_refused(
    made: tuple[Slots, KeyRing],
) -> None:
    ring = made[1]
    wrapped = ring.wrap(os.urandom(32), b"row")
    for bit in range(8 * len(wrapped)):
        damaged = bytearray(wrapped)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises((Tampered, WrongKey)):
            ring.unwrap(bytes(damaged), b"row")
    for length in range(len(wrapped)):
        with pytest.raises(Tampered):
            ring.unwrap(wrapped[:length], b"row")
    with pytest.raises(Tampered):
        ring.unwrap(wrapped + b"\0", b"row")


def test_a_key_of_another_vault_does_not_open(made: tuple[Slots, KeyRing], tmp_path: Path) -> None:
    other = Slots.create(tmp_path / "other", Passphrase(WORDS), kdf=CHEAPEST)[1]
    with pytest.raises(Tampered):
        made[1].unwrap(other.wrap(os.urandom(32), b"row"), b"row")


def test_subkeys_differ_by_name_and_vault_and_stay_for_ever(
    made: tuple[Slots, KeyRing], folder: Path, tmp_path: Path
) -> None:
    slots, ring = made
    first = ring.subkey("database")
    assert len(first) == 32
    assert first != ring.subkey("fields")
    other = Slots.create(tmp_path / "other", Passphrase(WORDS), kdf=CHEAPEST)[1]
    assert first != other.subkey("database")
    rotated = slots.rotate(ring)
    slots.retire(rotated, 1)
    assert Slots.load(folder).unlock(RecoveryCode(CODE)).subkey("database") == first


def test_a_forgotten_ring_is_locked(made: tuple[Slots, KeyRing]) -> None:
    slots, ring = made
    wrapped = ring.wrap(os.urandom(32), b"row")
    ring.forget()
    ring.forget()
    assert ring.versions == ()
    for act in (
        lambda: ring.wrap(b"k" * 32, b"row"),
        lambda: ring.unwrap(wrapped, b"row"),
        lambda: ring.rewrap(wrapped, b"row"),
        lambda: ring.subkey("database"),
        ring.hand_over,
        lambda: slots.add(ring, KeyFile(FILE)),
        lambda: slots.rotate(ring),
    ):
        with pytest.raises(VaultLocked):
            act()
    assert slots.unlock(Passphrase(WORDS)).unwrap(wrapped, b"row")


def test_a_ring_can_be_handed_to_a_worker(made: tuple[Slots, KeyRing]) -> None:
    ring = made[0].rotate(made[1])
    worker = KeyRing.taken_over(bytes(ring.hand_over()))
    wrapped = ring.wrap(key := os.urandom(32), b"row")
    assert worker.unwrap(wrapped, b"row") == key
    assert (worker.version, worker.versions) == (2, (1, 2))
    assert worker.subkey("audit") == ring.subkey("audit")


# ── narrowing ────────────────────────────────────────────────────────────────────────────────


def test_a_narrowed_ring_opens_and_makes_keys_of_its_owners_and_nothing_else(
    made: tuple[Slots, KeyRing], folder: Path
) -> None:
    slots, ring = made
    old = ring.wrap(key := os.urandom(32), b"row", owner="film")
    ring = slots.rotate(ring)
    other = ring.wrap(os.urandom(32), b"row", owner="other")
    nobodys = ring.wrap(os.urandom(32), b"row")
    ring.narrow({"film", "second"})
    assert ring.unwrap(old, b"row", owner="film") == key
    made_behind_the_lock = ring.wrap(key, b"new row", owner="second")
    for act in (
        lambda: ring.unwrap(other, b"row", owner="other"),
        lambda: ring.unwrap(nobodys, b"row"),
        lambda: ring.unwrap(nobodys, b"row", owner="film"),
        lambda: ring.wrap(key, b"row"),
        lambda: ring.wrap(key, b"row", owner="other"),
        lambda: ring.subkey("database"),
        lambda: ring.master(ring.version),
        ring.root,
        ring.hand_over,
        lambda: slots.rotate(ring),
    ):
        with pytest.raises(VaultLocked):
            act()
    whole = Slots.load(folder).unlock(Passphrase(WORDS))
    assert whole.unwrap(made_behind_the_lock, b"new row", owner="second") == key
    ring.narrow({"film", "other"})  # never wider than before
    with pytest.raises(VaultLocked):
        ring.unwrap(made_behind_the_lock, b"new row", owner="second")
    assert ring.unwrap(old, b"row", owner="film") == key
    ring.forget()
    with pytest.raises(VaultLocked):
        ring.unwrap(old, b"row", owner="film")


def test_a_key_is_bound_to_its_owner(made: tuple[Slots, KeyRing]) -> None:
    ring = made[1]
    wrapped = ring.wrap(os.urandom(32), b"row", owner="film")
    for owner in (None, "other", ""):
        with pytest.raises(Tampered):
            ring.unwrap(wrapped, b"row", owner=owner)
    with pytest.raises(Tampered):
        ring.unwrap(b"\x01" + wrapped[1:], b"row", owner="film")


def test_an_owner_s_key_is_derived_as_the_format_says() -> None:
    """Written out once more, with numbers that stay: a later release must open them."""
    vault, master = "000102030405060708090a0b0c0d0e0f", bytes(range(32))
    info = b"vig recording key v1\0film"
    owned = HKDF(hashes.SHA256(), 32, salt=bytes.fromhex(vault), info=info).derive(master)
    bound = b"vig wrapped key v2\0" + bytes.fromhex(vault) + b"\0\0\0\1" + b"row"
    sealed = AESGCM(owned).encrypt(bytes(12), bytes(range(32, 64)), bound)
    wrapped = b"\2" + b"\0\0\0\1" + bytes(12) + sealed
    assert wrapped.hex() == WRAPPED_FOR_AN_OWNER
    ring = KeyRing(vault, 1, {1: Key(master)}, Key(bytes(32)))
    assert ring.unwrap(wrapped, b"row", owner="film") == bytes(range(32, 64))


# ── rotation ─────────────────────────────────────────────────────────────────────────────────


def test_rotating_needs_no_secret_and_every_way_in_opens_the_new_key(
    made: tuple[Slots, KeyRing], folder: Path
) -> None:
    slots, ring = made
    old = ring.wrap(key := os.urandom(32), b"row")
    new = slots.rotate(ring)
    assert (ring.version, new.version, new.versions) == (1, 2, (1, 2))
    assert new.unwrap(old, b"row") == key
    again = new.rewrap(old, b"row")
    assert (new.version_of(old), new.version_of(again)) == (1, 2)
    with pytest.raises(WrongKey):
        ring.unwrap(again, b"row")
    for secret in (Passphrase(WORDS), RecoveryCode(CODE)):
        assert same(Slots.load(folder).unlock(secret), new)


def test_a_retired_key_is_gone_from_the_ring_and_the_file(
    made: tuple[Slots, KeyRing], folder: Path
) -> None:
    slots, ring = made
    old = ring.wrap(os.urandom(32), b"row")
    rotated = slots.rotate(ring)
    kept = slots.retire(rotated, 1)
    assert kept.versions == (2,)
    with pytest.raises(WrongKey):
        kept.unwrap(old, b"row")
    with pytest.raises(WrongKey):
        Slots.load(folder).unlock(Passphrase(WORDS)).unwrap(old, b"row")
    assert [master["version"] for master in document(folder)["masters"]] == [2]


def test_a_version_number_never_comes_back(made: tuple[Slots, KeyRing]) -> None:
    slots, ring = made
    for version in (2, 3, 4):
        ring = slots.retire(slots.rotate(ring), version - 1)
        assert ring.versions == (version,)


def test_what_cannot_be_retired(made: tuple[Slots, KeyRing]) -> None:
    slots, ring = made
    with pytest.raises(BadValue, match="rotate first"):
        slots.retire(ring, 1)
    with pytest.raises(Unknown):
        slots.retire(ring, 7)


def test_a_ring_from_before_a_rotation_changes_nothing(
    made: tuple[Slots, KeyRing], folder: Path
) -> None:
    slots, ring = made
    slots.rotate(ring)
    before = (folder / "vault.json").read_bytes()
    for act in (
        lambda: slots.add(ring, KeyFile(FILE)),
        lambda: slots.rotate(ring),
        lambda: slots.remove(ring, slots.info()[0].id),
    ):
        with pytest.raises(Conflict):
            act()
    assert (folder / "vault.json").read_bytes() == before


def test_two_processes_that_add_at_once_lose_nothing(
    made: tuple[Slots, KeyRing], folder: Path
) -> None:
    one, other, ring = Slots.load(folder), Slots.load(folder), made[1]
    one.add(ring, KeyFile(FILE))
    other.add(ring, Passphrase("second"), kdf=CHEAPEST)
    assert len(Slots.load(folder).info()) == 4
    for secret in (KeyFile(FILE), Passphrase("second")):
        assert same(one.unlock(secret), ring)


def test_a_ring_of_another_vault_changes_nothing(
    made: tuple[Slots, KeyRing], tmp_path: Path
) -> None:
    other = Slots.create(tmp_path / "other", Passphrase(WORDS), kdf=CHEAPEST)[1]
    with pytest.raises(WrongKey):
        made[0].add(other, KeyFile(FILE))


# ── removing ─────────────────────────────────────────────────────────────────────────────────


def test_a_removed_way_in_opens_nothing(made: tuple[Slots, KeyRing], folder: Path) -> None:
    slots, ring = made
    slots.add(ring, KeyFile(FILE))
    slots.confirm(KeyFile(FILE))
    slots.remove(ring, slots.info()[0].id)
    assert slots.complete
    with pytest.raises(WrongKey):
        slots.unlock(Passphrase(WORDS))
    assert same(slots.unlock(KeyFile(FILE)), ring)
    left = {info.id for info in slots.info()}
    assert all(set(master["sealed"]) == left for master in document(folder)["masters"])


def test_a_vault_never_falls_below_two_ways_in(made: tuple[Slots, KeyRing]) -> None:
    slots, ring = made
    for info in slots.info():
        with pytest.raises(SlotsMissing):
            slots.remove(ring, info.id)
    slots.add(ring, KeyFile(FILE))  # not tried yet, so it does not count
    for info in slots.info()[:2]:
        with pytest.raises(SlotsMissing):
            slots.remove(ring, info.id)
    slots.remove(ring, slots.info()[2].id)
    assert slots.complete


def test_a_vault_that_is_being_set_up_keeps_both_ways_in(folder: Path) -> None:
    slots, ring = Slots.create(folder, Passphrase(WORDS), kdf=CHEAPEST)
    with pytest.raises(SlotsMissing):
        slots.remove(ring, slots.info()[0].id)
    info = slots.add(ring, RecoveryCode(CODE))
    for slot_id in (slots.info()[0].id, info.id):
        with pytest.raises(SlotsMissing):
            slots.remove(ring, slot_id)
    assert len(Slots.load(folder).info()) == 2


def test_a_code_that_was_lost_before_it_was_tried_can_be_replaced(folder: Path) -> None:
    slots, ring = Slots.create(folder, Passphrase(WORDS), kdf=CHEAPEST)
    lost = slots.add(ring, RecoveryCode(recovery_code()))
    slots.add(ring, RecoveryCode(CODE))
    slots.remove(ring, lost.id)
    slots.confirm(RecoveryCode(CODE))
    assert slots.complete


def test_there_is_nothing_to_remove_under_another_id(made: tuple[Slots, KeyRing]) -> None:
    with pytest.raises(Unknown):
        made[0].remove(made[1], "0" * 16)


def test_every_change_raises_the_serial_number(made: tuple[Slots, KeyRing], folder: Path) -> None:
    slots, ring = made
    assert slots.serial == 3  # made, code added, code tried
    info = slots.add(ring, KeyFile(FILE))
    rotated = slots.rotate(ring)
    slots.remove(rotated, info.id)
    slots.retire(rotated, 1)
    assert slots.serial == Slots.load(folder).serial == 7


# ── a vault.json that was altered ────────────────────────────────────────────────────────────


def every_leaf(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [leaf for key in value for leaf in every_leaf(value[key], (*path, key))]
    if isinstance(value, list):
        return [leaf for i, item in enumerate(value) for leaf in every_leaf(item, (*path, i))]
    return [path]


def altered(value: Any) -> Any:
    """Another value of the same shape."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    try:
        data = bytearray(base64.b64decode(value, validate=True))
        data[-1] ^= 1
        return base64.b64encode(data).decode()
    except (ValueError, IndexError):
        return value[:-1] + ("0" if value[-1] != "0" else "1")


def test_every_single_altered_value_is_refused_by_every_way_in(
    made: tuple[Slots, KeyRing], folder: Path
) -> None:
    slots, ring = made
    slots.rotate(ring)
    whole = document(folder)
    leaves = every_leaf(whole)
    assert len(leaves) > 25
    for path in leaves:
        changed = json.loads(json.dumps(whole))
        at = changed
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = altered(at[path[-1]])
        write(folder, changed)
        for secret in (Passphrase(WORDS), RecoveryCode(CODE)):
            with pytest.raises((VaultError, NewerVault)):
                Slots.load(folder).unlock(secret)


def test_a_slot_with_a_public_key_of_somebody_else_is_found_before_anything_is_sealed_to_it(
    made: tuple[Slots, KeyRing], folder: Path
) -> None:
    slots, ring = made
    stranger = document(folder)
    stranger["slots"][1]["public"] = base64.b64encode(os.urandom(32)).decode()
    write(folder, stranger)
    before = (folder / "vault.json").read_bytes()
    for act in (lambda: slots.rotate(ring), lambda: slots.add(ring, KeyFile(FILE))):
        with pytest.raises(Tampered):
            act()
    assert (folder / "vault.json").read_bytes() == before


def test_a_slot_cannot_be_marked_as_tried_by_hand(folder: Path) -> None:
    slots, ring = Slots.create(folder, Passphrase(WORDS), kdf=CHEAPEST)
    slots.add(ring, RecoveryCode(CODE))
    cheat = document(folder)
    cheat["slots"][1]["tested"] = True
    write(folder, cheat)
    with pytest.raises(Tampered):
        Slots.load(folder).unlock(Passphrase(WORDS))


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("mac"),
        lambda d: d.update(more=1),
        lambda d: d["slots"][0].update(more=1),
        lambda d: d["masters"][0].update(more=1),
        lambda d: d.update(format="something else"),
        lambda d: d.update(version="1"),
        lambda d: d.update(version=True),
        lambda d: d.update(slots=[]),
        lambda d: d.update(slots={}),
        lambda d: d["slots"].append(d["slots"][0]),
        lambda d: d["masters"].append(d["masters"][0]),
        lambda d: d["masters"][0]["sealed"].popitem(),
        lambda d: d["slots"][0].update(kind="window"),
        lambda d: d["slots"][0].update(settings=[]),
        lambda d: d["slots"][0].update(public="AAAA"),
        lambda d: d["slots"][0].update(tested=1),
        lambda d: d.update(made_at="yesterday"),
        lambda d: d.update(made_at="2026-11-24T22:00:00"),
        lambda d: d["slots"][0].update(made_at=""),
        lambda d: d.update(serial=0),
        lambda d: d.update(current=9),
        lambda d: d.update(current=-1),
        lambda d: d.update(vault_id="../x"),
    ],
)
def test_a_file_of_another_shape_is_refused_when_loaded(
    made: tuple[Slots, KeyRing], folder: Path, change: Callable[[dict[str, Any]], Any]
) -> None:
    changed = document(folder)
    change(changed)
    write(folder, changed)
    with pytest.raises(Tampered, match=r"vault\.json"):
        Slots.load(folder)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"format":"vig-vault"}']
)
def test_what_is_no_vault_file_is_refused_when_loaded(folder: Path, data: bytes) -> None:
    folder.mkdir()
    (folder / "vault.json").write_bytes(data)
    with pytest.raises(Tampered, match=r"vault\.json"):
        Slots.load(folder)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=10,
)
FROZEN = json.loads((Path(__file__).with_name("frozen") / "v1" / "vault.json").read_text())


@given(JSON)
def test_no_json_breaks_the_reading_of_a_vault_file(value: Any) -> None:
    with pytest.raises(Tampered):
        vaultfile.parse(json.dumps(value).encode())


@given(st.sampled_from(every_leaf(FROZEN) + [path[:-1] for path in every_leaf(FROZEN)]), JSON)
def test_anything_in_any_place_of_a_vault_file_is_read_or_refused(
    path: tuple[Any, ...], value: Any
) -> None:
    changed = {"file": json.loads(json.dumps(FROZEN))}
    at: Any = changed
    for step in ("file", *path[:-1]) if path else ():
        at = at[step]
    at[path[-1] if path else "file"] = value
    try:
        read = vaultfile.parse(json.dumps(changed["file"]).encode())
    except (Tampered, NewerVault):
        return
    assert json.loads(read.to_bytes()) == changed["file"]


def test_a_file_of_endless_length_is_not_read(folder: Path) -> None:
    folder.mkdir()
    with (folder / "vault.json").open("wb") as file:
        file.truncate(2**34)
    with pytest.raises(Tampered):
        Slots.load(folder)


def test_a_file_longer_than_any_vault_needs_is_not_read(
    made: tuple[Slots, KeyRing], folder: Path
) -> None:
    path = folder / "vault.json"
    path.write_bytes(path.read_bytes() + b" " * 2**20)
    with pytest.raises(Tampered):
        Slots.load(folder)


def test_a_later_format_says_that_the_tool_is_too_old(
    made: tuple[Slots, KeyRing], folder: Path
) -> None:
    write(folder, {"format": "vig-vault", "version": 2, "unheard of": []})
    with pytest.raises(NewerVault):
        Slots.load(folder)
    with pytest.raises(NewerVault):
        made[0].unlock(Passphrase(WORDS))
    with pytest.raises(NewerVault):
        made[0].rotate(made[1])


def test_what_is_told_of_a_slot_cannot_be_changed(made: tuple[Slots, KeyRing]) -> None:
    with pytest.raises(FrozenInstanceError):
        made[0].info()[0].tested = False  # type: ignore[misc]
