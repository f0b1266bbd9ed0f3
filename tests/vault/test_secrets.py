"""Passphrases, key files, printed codes and the key store of the operating system."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import keyring
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyring.backends import fail, null

from vig.errors import BadSlot, BadValue, MistypedCode, NoSecureKeyring, Tampered, WrongKey
from vig.vault import secrets
from vig.vault.keys import (
    CHEAPEST,
    INTERACTIVE,
    Kdf,
    KeyFile,
    OsKeyring,
    Passphrase,
    RecoveryCode,
    Slots,
    key_file,
    recovery_code,
)

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


# ── the cost of guessing ─────────────────────────────────────────────────────────────────────


def test_the_ordinary_cost_is_the_second_one_of_rfc_9106() -> None:
    assert Kdf(memory_kib=65_536, passes=3, lanes=4) == INTERACTIVE


def test_a_vault_of_ordinary_cost_opens(tmp_path: Path) -> None:
    Slots.create(tmp_path / "vault", Passphrase("words"))
    settings = json.loads((tmp_path / "vault" / "vault.json").read_text())["slots"][0]["settings"]
    assert (settings["memory_kib"], settings["passes"], settings["lanes"]) == (65_536, 3, 4)
    assert Slots.load(tmp_path / "vault").unlock(Passphrase("words")).version == 1


def test_the_cheapest_cost_is_refused_unless_a_test_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Slots.create(tmp_path / "made-by-a-test", Passphrase("words"), kdf=CHEAPEST)
    monkeypatch.delenv("VIG_TEST_CHEAPEST_KDF")
    with pytest.raises(ValueError, match="too cheap"):
        Slots.create(tmp_path / "vault", Passphrase("words"), kdf=CHEAPEST)
    assert not (tmp_path / "vault" / "vault.json").exists()
    with pytest.raises(BadSlot):
        Slots.load(tmp_path / "made-by-a-test").unlock(Passphrase("words"))


@pytest.mark.parametrize(
    "change",
    [
        {"memory_kib": 65_535},
        {"memory_kib": 2**31},
        {"memory_kib": 2**20 + 1},
        {"memory_kib": -1},
        {"memory_kib": "65536"},
        {"passes": 2},
        {"passes": 17},
        {"lanes": 0},
        {"lanes": 17},
        {"salt": ""},
        {"salt": "AAAA"},
        {"salt": "not base 64"},
        {"salt": "ÄÄÄÄ"},
        {"more": 1},
    ],
)
def test_costs_out_of_range_are_refused_before_anything_is_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    def computed(*_: Any, **__: Any) -> Any:
        raise AssertionError("Argon2id was started")

    settings = {"memory_kib": 65_536, "passes": 3, "lanes": 4, "salt": "AAAAAAAAAAAAAAAAAAAAAA=="}
    folder = tmp_path / "vault"
    Slots.create(folder, Passphrase("words"), kdf=CHEAPEST)
    document = json.loads((folder / "vault.json").read_text())
    document["slots"][0]["settings"] = settings | change
    (folder / "vault.json").write_text(json.dumps(document))
    monkeypatch.setattr(secrets, "Argon2id", computed)
    with pytest.raises(BadSlot):
        Slots.load(folder).unlock(Passphrase("words"))


def test_one_altered_slot_is_refused_even_if_another_opens(tmp_path: Path) -> None:
    slots, ring = Slots.create(tmp_path / "vault", Passphrase("one"), kdf=CHEAPEST)
    slots.add(ring, Passphrase("two"), kdf=CHEAPEST)
    document = json.loads((tmp_path / "vault" / "vault.json").read_text())
    document["slots"][0]["settings"]["memory_kib"] = 2**31
    (tmp_path / "vault" / "vault.json").write_text(json.dumps(document))
    with pytest.raises(BadSlot):
        slots.unlock(Passphrase("one"))
    with pytest.raises((Tampered, WrongKey)):
        slots.unlock(Passphrase("two"))


# ── passphrases ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("made", "typed"),
    [
        ("Fußgänger", "Fußga\u0308nger"),
        ("\u00e9t\u00e9", "e\u0301te\u0301"),
        ("two words", "two\u00a0words"),
        ("two words", "two\u3000words"),
    ],
)
def test_the_same_passphrase_from_another_keyboard_opens(
    tmp_path: Path, made: str, typed: str
) -> None:
    slots, _ = Slots.create(tmp_path / "vault", Passphrase(made), kdf=CHEAPEST)
    assert slots.unlock(Passphrase(typed))


@pytest.mark.parametrize("typed", ["Words", "words ", " words", "word", "w ords"])
def test_a_passphrase_is_taken_as_typed(tmp_path: Path, typed: str) -> None:
    slots, _ = Slots.create(tmp_path / "vault", Passphrase("words"), kdf=CHEAPEST)
    with pytest.raises(WrongKey):
        slots.unlock(Passphrase(typed))


def test_a_passphrase_is_never_empty() -> None:
    with pytest.raises(BadValue, match="empty"):
        Passphrase("")


@given(st.text(st.characters(), min_size=1, max_size=30))
def test_any_text_can_be_a_passphrase(text: str) -> None:
    assert "passphrase" in Passphrase(text).kind


def test_half_a_character_from_a_broken_terminal_is_no_accident() -> None:
    assert repr(Passphrase("\ud800word")) == "<Passphrase>"


# ── printed codes ────────────────────────────────────────────────────────────────────────────


def test_a_code_is_fourteen_groups_of_four() -> None:
    code = recovery_code()
    groups = code.split("-")
    assert len(groups) == 14
    assert {len(group) for group in groups} == {4}
    assert set(code) - {"-"} <= set(ALPHABET)
    assert code != recovery_code()


def test_a_code_may_be_typed_in_any_case_with_or_without_hyphens(tmp_path: Path) -> None:
    code = recovery_code()
    slots, _ = Slots.create(tmp_path / "vault", RecoveryCode(code))
    for typed in (
        code.lower(),
        code.replace("-", ""),
        code.replace("-", " "),
        f"\n {code} \n",
        code.replace("-", "\u2013"),
        code.replace("0", "o").replace("1", "l"),
        code.replace("1", "I").replace("0", "O"),
    ):
        assert slots.unlock(RecoveryCode(typed))


def test_every_single_wrong_character_is_found() -> None:
    code = recovery_code()
    missed = []
    for place, right in enumerate(code):
        for wrong in ALPHABET:
            if right not in ("-", wrong):
                try:
                    RecoveryCode(code[:place] + wrong + code[place + 1 :])
                    missed.append((place, wrong))
                except MistypedCode:
                    pass
    assert missed == []


def test_every_exchange_of_neighbours_and_of_groups_is_found() -> None:
    code = recovery_code()
    plain, groups = code.replace("-", ""), code.split("-")
    for i in range(55):
        swapped = plain[:i] + plain[i + 1] + plain[i] + plain[i + 2 :]
        if swapped != plain:
            with pytest.raises(MistypedCode):
                RecoveryCode(swapped)
    for i, j in itertools.combinations(range(14), 2):
        moved = list(groups)
        moved[i], moved[j] = moved[j], moved[i]
        if moved != groups:
            with pytest.raises(MistypedCode):
                RecoveryCode("-".join(moved))


@pytest.mark.parametrize(
    "text", ["", "-", "ABCD", "U" * 56, "ä" * 56, "0" * 55, "0" * 57, "𝟘" * 56]
)
def test_what_is_no_code_is_a_mistyped_one(text: str) -> None:
    with pytest.raises(MistypedCode):
        RecoveryCode(text)


@given(st.text(max_size=80))
def test_no_text_breaks_the_reading_of_a_code(text: str) -> None:
    with pytest.raises(MistypedCode):
        RecoveryCode(text)


# ── key files ────────────────────────────────────────────────────────────────────────────────


def test_a_key_file_is_one_line_of_text(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(key_file())
    assert path.read_text().startswith("vig-key-file-1 ")
    assert path.read_text().count("\n") == 1
    slots, _ = Slots.create(tmp_path / "vault", KeyFile(path.read_bytes()))
    assert slots.unlock(KeyFile(path.read_bytes().replace(b"\n", b"\r\n")))
    assert slots.unlock(KeyFile(path.read_bytes().strip()))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"vig-key-file-1 ",
        b"vig-key-file-2 " + b"0" * 64,
        b"vig-key-file-1 " + b"0" * 63,
        b"\xff" * 99,
    ],
)
def test_any_other_file_is_a_wrong_key(content: bytes) -> None:
    with pytest.raises(WrongKey):
        KeyFile(content)


# ── the key store of the operating system ────────────────────────────────────────────────────


class Kept:
    """What the pretended key store holds."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}


class Pretended:
    """A key store of a kind that is trusted, without a desktop behind it.

    No subclass of keyring's own: those enter its list of back ends, for every other test too.
    """

    kept = Kept()

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.entries.pop((service, username), None) is None:
            raise keyring.errors.PasswordDeleteError


Pretended.__module__ = "keyring.backends.SecretService"


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], str]:
    monkeypatch.setattr(Pretended, "kept", Kept())
    monkeypatch.setattr(keyring, "get_keyring", Pretended)
    return Pretended.kept.entries


def test_the_key_store_of_the_system_can_be_a_way_in(
    tmp_path: Path, pretended: dict[tuple[str, str], str]
) -> None:
    slots, ring = Slots.create(tmp_path / "vault", Passphrase("words"), kdf=CHEAPEST)
    info = slots.add(ring, OsKeyring("vig-test"))
    assert set(pretended) == {("vig-test", f"{slots.vault_id}/{info.id}")}
    assert slots.confirm(OsKeyring("vig-test")).tested
    assert slots.complete
    with pytest.raises(WrongKey):
        slots.unlock(OsKeyring("another service"))
    for damaged in ("", "ä", "AAAA", "not base 64"):
        pretended["vig-test", f"{slots.vault_id}/{info.id}"] = damaged
        with pytest.raises(WrongKey):
            slots.unlock(OsKeyring("vig-test"))


def test_a_removed_key_store_slot_leaves_no_entry_behind(
    tmp_path: Path, pretended: dict[tuple[str, str], str]
) -> None:
    code = recovery_code()
    slots, ring = Slots.create(tmp_path / "vault", Passphrase("words"), kdf=CHEAPEST)
    slots.add(ring, RecoveryCode(code))
    slots.confirm(RecoveryCode(code))
    info = slots.add(ring, OsKeyring("vig-test"))
    slots.remove(ring, info.id)
    assert pretended == {}
    OsKeyring("vig-test").discard("never there")


class PlainFiles:
    """Stands for keyrings.alt, which keeps passwords in a plain file."""

    def get_password(self, service: str, username: str) -> str | None:
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise AssertionError("a key was given to a plain file")


PlainFiles.__module__ = "keyrings.alt.file"


class Namesake(PlainFiles):
    """A stranger whose name begins like a trusted one's."""


Namesake.__module__ = "keyring.backends.SecretServiceInPlainFiles"


class Refusing(Pretended):
    """A key store whose owner says no (locked, or the prompt was dismissed)."""

    def get_password(self, service: str, username: str) -> str | None:
        raise keyring.errors.KeyringLocked

    def set_password(self, service: str, username: str, password: str) -> None:
        raise keyring.errors.PasswordSetError


class Chain:
    """Stands for keyring's chainer: several key stores, the best one first."""

    def __init__(self, *backends: Any) -> None:
        self.backends = list(backends)


@pytest.mark.parametrize(
    "backend",
    [
        fail.Keyring,
        null.Keyring,
        PlainFiles,
        Namesake,
        Refusing,
        Chain,
        lambda: Chain(null.Keyring(), PlainFiles()),
    ],
)
def test_a_key_store_that_is_none_is_refused_and_gets_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backend: Any
) -> None:
    slots, ring = Slots.create(tmp_path / "vault", Passphrase("words"), kdf=CHEAPEST)
    before = (tmp_path / "vault" / "vault.json").read_bytes()
    monkeypatch.setattr(keyring, "get_keyring", backend)
    with pytest.raises(NoSecureKeyring):
        slots.add(ring, OsKeyring())
    assert (tmp_path / "vault" / "vault.json").read_bytes() == before
    OsKeyring().discard("anything")


def test_of_several_key_stores_the_first_secure_one_is_used(
    tmp_path: Path, pretended: dict[tuple[str, str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "get_keyring", lambda: Chain(PlainFiles(), Pretended()))
    slots, ring = Slots.create(tmp_path / "vault", Passphrase("words"), kdf=CHEAPEST)
    slots.add(ring, OsKeyring("vig-test"))
    assert len(pretended) == 1
    assert slots.unlock(OsKeyring("vig-test")).version == 1
