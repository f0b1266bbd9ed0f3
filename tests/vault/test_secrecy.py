"""A key never shows itself: not in repr, str, a traceback with its variables, a pickle or the file.

Each search first finds a planted marker, so that it cannot pass by looking at nothing.
"""

from __future__ import annotations

import base64
import copy
import io
import logging
import pickle
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vig.errors import DiskFull, VigError
from vig.vault.keys import (
    CHEAPEST,
    Key,
    KeyFile,
    KeyRing,
    OsKeyring,
    Passphrase,
    RecoveryCode,
    Slots,
    key_file,
    recovery_code,
)
from vig.vault.stream import seal, unseal

MASTER, ROOT, DATA = b"M" * 3 + bytes(range(29)), b"R" * 3 + bytes(range(29)), b"D" * 32
WORDS = "quince-and-medlar-jelly"
CODE = recovery_code()
FILE = key_file()
OWNER, OBJECT = b"o" * 16, b"i" * 16


def spellings(secret: bytes) -> list[str]:
    """How a secret could turn up in text."""
    return [
        repr(secret)[2:-1],
        secret.hex(),
        base64.b64encode(secret).decode().rstrip("="),
        secret.decode("latin-1"),
    ]


SECRETS = [
    *spellings(MASTER),
    *spellings(ROOT),
    *spellings(DATA),
    WORDS,
    CODE,
    CODE.replace("-", ""),
    CODE[:9],
    bytes(FILE).decode().strip()[-64:-16],
]


def shown(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


def ring() -> KeyRing:
    return KeyRing("ab" * 16, 1, {1: MASTER}, ROOT)


HOLDERS: list[Callable[[], Any]] = [
    ring,
    lambda: ring().master(1),
    lambda: ring().root(),
    lambda: ring().hand_over(),
    lambda: ring().subkey("database"),
    lambda: ring().unwrap(ring().wrap(DATA, b"row"), b"row"),
    lambda: Key(DATA),
    lambda: Passphrase(WORDS),
    lambda: RecoveryCode(CODE),
    lambda: KeyFile(FILE),
    lambda: key_file(),
    lambda: OsKeyring("vig-test"),
]


def test_the_search_finds_what_is_planted() -> None:
    for secret in (MASTER, ROOT, DATA):
        assert shown(f"key={secret!r}")
        assert shown(secret.hex())
        assert shown(base64.b64encode(b"xyz" + secret).decode()[4:])
    assert shown(f"text='{WORDS}'")
    assert shown(bytes(FILE).decode())


@pytest.mark.parametrize("holder", HOLDERS)
def test_what_holds_a_key_does_not_show_it(holder: Callable[[], Any]) -> None:
    value = holder()
    texts = [
        repr(value),
        str(value),
        f"{value}",
        f"{value!r:>50}",
        "{} {!r}".format(value, value),  # noqa: UP032  (another road than f-strings)
        ascii(value),
    ]
    texts += [repr([value]), repr({"key": value})]
    assert shown("\n".join(texts)) == []
    assert all("secret" in t or "<" in t for t in texts)


@pytest.mark.parametrize("holder", HOLDERS)
def test_what_holds_a_key_is_never_pickled_or_copied(holder: Callable[[], Any]) -> None:
    value = holder()
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="never pickled"):
            pickle.dumps(value, protocol)
    with pytest.raises(TypeError, match="never pickled"):
        copy.deepcopy(value)


def test_what_is_in_a_ring_hides_too() -> None:
    held = ring()
    inside = [repr(getattr(held, name)) for name in KeyRing.__slots__]
    assert shown("\n".join(inside)) == []


def test_a_key_is_bytes_to_whoever_needs_bytes() -> None:
    key = Key(DATA)
    assert key == DATA
    assert bytes(key) == DATA
    assert key.hex() == DATA.hex()
    assert hash(key) == hash(DATA)


# ── errors ───────────────────────────────────────────────────────────────────────────────────


def sealed() -> bytes:
    raw = io.BytesIO()
    writer = seal(raw, DATA, OWNER, OBJECT)
    writer.write(b"film" * 100)
    writer.finish()
    return raw.getvalue()


def damaged_vault(folder: Path) -> Slots:
    slots, made = Slots.create(folder, Passphrase(WORDS), kdf=CHEAPEST)
    slots.add(made, RecoveryCode(CODE))
    path = folder / "vault.json"
    path.write_text(path.read_text().replace('"tested": false', '"tested": true'))
    return slots


class Full(io.BytesIO):
    def write(self, data: Any, /) -> int:
        raise DiskFull


def full_disk(folder: Path) -> Any:
    """A vault whose next vault.json cannot be written."""
    slots, made = Slots.create(folder, Passphrase(WORDS), kdf=CHEAPEST)
    (folder / "vault.json.part").mkdir()
    return slots.add(made, RecoveryCode(CODE))


FAILURES: list[Callable[[Path], Any]] = [
    lambda _: unseal(io.BytesIO(sealed()[:-1]), DATA, OWNER, OBJECT),
    lambda _: unseal(io.BytesIO(sealed()), DATA, OBJECT, OWNER),
    lambda _: unseal(io.BytesIO(sealed()), MASTER, OWNER, OBJECT),
    lambda _: ring().unwrap(ring().wrap(DATA, b"row"), b"other row"),
    lambda _: seal(Full(), DATA, OWNER, OBJECT),
    lambda _: KeyRing.taken_over(bytes(ring().hand_over())[:-1]),
    lambda _: KeyRing.taken_over(b"[1]" + MASTER),
    lambda _: ring().unwrap(b"short", b"row"),
    lambda _: ring().master(2),
    lambda _: RecoveryCode(CODE[:-1] + ("A" if CODE[-1] != "A" else "B")),
    lambda _: KeyFile(FILE[:-3]),
    lambda folder: damaged_vault(folder).unlock(Passphrase(WORDS)),
    lambda folder: damaged_vault(folder).unlock(RecoveryCode(CODE)),
    lambda folder: damaged_vault(folder).unlock(RecoveryCode(recovery_code())),
    lambda folder: damaged_vault(folder).unlock(KeyFile(FILE)),
    full_disk,
    lambda folder: Slots.create(folder, Passphrase(WORDS), kdf=CHEAPEST)[0].add(
        ring(), RecoveryCode(CODE)
    ),
]


@pytest.mark.parametrize("failure", FAILURES)
def test_no_traceback_shows_a_key_even_with_all_its_variables(
    tmp_path: Path, failure: Callable[[Path], Any]
) -> None:
    with pytest.raises(VigError) as caught:
        failure(tmp_path / "vault")
    seen = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    ours = [line for line in seen.format() if "/vig/vault/" in line or "self = " in line]
    assert ours, "nothing of the vault is in this traceback"
    assert shown("".join(seen.format())) == []
    assert shown(repr(caught.value) + str(caught.value) + repr(caught.value.fields)) == []
    assert pickle.loads(pickle.dumps(caught.value)).fields == caught.value.fields


def test_a_traceback_with_variables_would_show_a_plain_key() -> None:
    def fail(key: bytes) -> None:
        raise ValueError(len(key))

    with pytest.raises(ValueError, match="32") as caught:
        fail(DATA)
    seen = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert shown("".join(seen.format()))


# ── the file and the log ─────────────────────────────────────────────────────────────────────


def test_the_vault_file_and_the_log_hold_no_key(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "vault"
    with caplog.at_level(logging.DEBUG):
        slots, made = Slots.create(folder, Passphrase(WORDS), kdf=CHEAPEST)
        slots.add(made, RecoveryCode(CODE))
        slots.add(made, KeyFile(FILE))
        slots.confirm(RecoveryCode(CODE))
        rotated = slots.rotate(made)
    keys = [rotated.root(), rotated.master(1), rotated.master(2), rotated.subkey("database")]
    text = (folder / "vault.json").read_text()
    assert "recovery" in text
    assert shown(text) == []
    for key in keys:
        assert [spelled for spelled in spellings(bytes(key)) if spelled in text] == []
    assert shown(caplog.text) == []
    assert sorted(path.name for path in folder.iterdir()) == ["vault.json", "vault.json.lock"]


def test_errors_say_what_is_wrong_and_hold_nothing_of_the_vault(tmp_path: Path) -> None:
    slots = damaged_vault(tmp_path / "vault")
    with pytest.raises(VigError) as caught:
        slots.unlock(Passphrase(WORDS))
    assert str(tmp_path) not in str(caught.value)
    assert slots.vault_id not in str(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_whoever_holds_keys_leaves_no_core_dump(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import resource

    asked: list[tuple[int, tuple[int, int]]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda what, limits: asked.append((what, limits)))
    Slots.create(tmp_path / "vault", RecoveryCode(CODE))
    assert asked == [(resource.RLIMIT_CORE, (0, 0))]
