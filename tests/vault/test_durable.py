"""vault.json after a crash: the old one or the new one, never a half, never none."""

from __future__ import annotations

import errno
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vig.errors import DiskFull, StorageError
from vig.vault import durable
from vig.vault.keys import (
    CHEAPEST,
    KeyFile,
    Passphrase,
    RecoveryCode,
    Slots,
    key_file,
    recovery_code,
)

WORDS = "the swing by the pond"
ROTATE_FOR_EVER = """
import pathlib, sys
from vig.vault.keys import Passphrase, Slots
slots = Slots.load(pathlib.Path(sys.argv[1]))
ring = slots.unlock(Passphrase("the swing by the pond"))
print("ready", flush=True)
while True:
    ring = slots.retire(slots.rotate(ring), ring.version)
    print("rotated", flush=True)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    slots, ring = Slots.create(tmp_path / "vault", Passphrase(WORDS), kdf=CHEAPEST)
    slots.add(ring, RecoveryCode(recovery_code()))
    return tmp_path / "vault"


def test_a_vault_killed_while_rotating_opens_again_every_time(folder: Path) -> None:
    ring = Slots.load(folder).unlock(Passphrase(WORDS))
    database, dice = ring.subkey("database"), random.Random(20261124)
    versions = set()
    for _ in range(8):
        with subprocess.Popen(
            [sys.executable, "-c", ROTATE_FOR_EVER, str(folder)], stdout=subprocess.PIPE
        ) as rotating:
            assert rotating.stdout is not None
            assert rotating.stdout.readline() == b"ready\n"
            for _ in range(dice.randrange(3)):
                assert rotating.stdout.readline() == b"rotated\n"
            time.sleep(dice.random() / 50)
            rotating.kill()
        again = Slots.load(folder).unlock(Passphrase(WORDS))
        assert again.subkey("database") == database
        versions.add(again.version)
    assert max(versions) > 4  # it really was rotating


FAILING = ["open", "write", "fsync", "replace", "sync_folder"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("call", FAILING)
def test_a_call_that_fails_leaves_the_old_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise OSError(code, os.strerror(code))

    slots = Slots.load(folder)
    ring = slots.unlock(Passphrase(WORDS))
    before = (folder / "vault.json").read_bytes()
    with monkeypatch.context() as patch:
        match call:
            case "open":
                patch.setattr(durable, "create_exclusively", fail)
            case "write":
                patch.setattr(durable, "write_all", fail)
            case "fsync":
                patch.setattr(durable.os, "fsync", fail)
            case "replace":
                patch.setattr(Path, "replace", fail)
            case _:
                patch.setattr(durable, "sync_folder", fail)
        with pytest.raises(StorageError) as caught:
            slots.add(ring, KeyFile(key_file()))
    assert type(caught.value) is (DiskFull if code == errno.ENOSPC else StorageError)
    assert sorted(path.name for path in folder.iterdir()) == ["vault.json", "vault.json.lock"]
    if call != "sync_folder":  # there the new one is in its place, and only that may be lost
        assert (folder / "vault.json").read_bytes() == before
    assert Slots.load(folder).unlock(Passphrase(WORDS)).subkey("x") == ring.subkey("x")


def test_a_half_written_file_of_a_killed_process_is_in_nobodys_way(folder: Path) -> None:
    (folder / "vault.json.part").write_bytes(b'{"format": "vig-va')
    slots = Slots.load(folder)
    slots.add(slots.unlock(Passphrase(WORDS)), KeyFile(key_file()))
    assert len(Slots.load(folder).info()) == 3
    assert sorted(path.name for path in folder.iterdir()) == ["vault.json", "vault.json.lock"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_new_folder_is_its_owners_alone_and_its_name_is_made_to_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(durable, "sync_folder", synced.append)
    durable.make_folder(tmp_path / "one" / "two")
    durable.make_folder(tmp_path / "one" / "two")
    assert synced == [tmp_path, tmp_path / "one"]
    assert (tmp_path / "one").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "one" / "two").stat().st_mode & 0o777 == 0o700


def test_a_nearly_full_disk_that_takes_a_little_gets_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = os.write
    monkeypatch.setattr(durable.os, "write", lambda fd, data: true(fd, memoryview(data)[:7]))
    durable.replace_file(tmp_path / "file", bytes(range(100)))
    assert (tmp_path / "file").read_bytes() == bytes(range(100))


def test_one_process_waits_for_another_that_changes_the_vault(folder: Path) -> None:
    hold = (
        "import pathlib, sys, time\n"
        "from vig.vault.durable import locked\n"
        "with locked(pathlib.Path(sys.argv[1])):\n"
        "    print('held', flush=True)\n"
        "    time.sleep(0.3)\n"
    )
    slots = Slots.load(folder)
    ring = slots.unlock(Passphrase(WORDS))
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(folder / "vault.json.lock")], stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        began = time.monotonic()
        slots.rotate(ring)
        assert time.monotonic() - began > 0.1


@pytest.mark.tracing
def test_the_order_is_write_fsync_rename_fsync_of_the_folder(
    folder: Path, tmp_path: Path, need: Callable[[str], str]
) -> None:
    log = tmp_path / "calls"
    script = ROTATE_FOR_EVER.split("while True", maxsplit=1)[0] + "slots.rotate(ring)\n"
    calls = "trace=openat,write,fsync,fdatasync,rename,renameat,renameat2"
    watch = [need("strace"), "-f", "-y", "-qq", "-e", calls, "-o", str(log)]
    subprocess.run(
        [*watch, sys.executable, "-c", script, str(folder)], check=True, capture_output=True
    )
    lines = [line for line in log.read_text().splitlines() if str(folder) in line]

    def places(pattern: str) -> list[int]:
        return [i for i, line in enumerate(lines) if re.search(pattern, line)]

    (created,) = places(r"openat\(.*vault\.json\.part.*O_CREAT\|O_EXCL.*0600")
    (written,) = places(r"write\(\d+<.*vault\.json\.part>")
    (synced,) = places(r"fsync\(\d+<.*vault\.json\.part>")
    (renamed,) = places(r"rename\w*\(.*vault\.json\.part.*vault\.json")
    (after,) = places(rf"fsync\(\d+<{re.escape(str(folder))}>")
    assert created < written < synced < renamed < after
