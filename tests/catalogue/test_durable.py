"""Saved means saved: after kill -9, on a full disk, between processes."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.catalogue.making import KEYS, clip, stocked
from tests.tree import ROOT
from vig.catalogue import Catalogue
from vig.catalogue.engine import connect
from vig.errors import VaultBusy

OPENING = """
import sys
from pathlib import Path
from tests.catalogue.making import *
from vig.catalogue import Catalogue
from vig.errors import *
path = Path(sys.argv[1])
"""
KEEPS = (
    OPENING
    + """
with Catalogue.open(path, KEYS) as catalogue:
    recording = catalogue.recordings()[0].id
    while True:
        with catalogue.act("cli", "clip.keep") as act:
            kept = act.add_clip(clip(recording, note="n" * 400))
            act.add_annotation(annotation(recording))
        print("saved", kept.id, flush=True)
"""
)
FILLS = (
    OPENING
    + """
with Catalogue.create(path, KEYS) as catalogue:
    ballast = path.with_name("ballast")
    ballast.write_bytes(bytes(2**20))
    family, recording = stocked(catalogue)
    kept = []
    try:
        while len(kept) < 5000:
            with catalogue.act("cli", "clip.keep") as act:
                made = act.add_clip(clip(recording.id, note="n" * 2000))
            kept.append(made.id)
    except DiskFull:
        print("full after some:", len(kept) > 10)
    print("all kept:", {c.id for c in catalogue.clips(recording.id)} == set(kept))
    print("sound:", catalogue.integrity_check() == () == catalogue.verify())
    try:
        with catalogue.act("cli", "film.erase") as act:
            gone = [o.wrapped for o in act.drop_keys(recording.id)]
    except DiskFull:
        ballast.unlink()
        with catalogue.act("cli", "film.erase") as act:
            gone = [o.wrapped for o in act.drop_keys(recording.id)]
    print("gone:", catalogue.purge(gone))
"""
)
MAKES = (
    OPENING
    + """
import vig.catalogue.migrate as migrate, time
took = migrate.upgrade
def slow(*a, **k):
    print("making", flush=True)
    took(*a, **k)
    print("made", flush=True)
    time.sleep(60)
migrate.upgrade = slow
Catalogue.create(path, KEYS)
"""
)


@contextmanager
def running(script: str, path: Path) -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        yield child
    finally:
        child.kill()
        child.wait()
        assert child.stdout
        child.stdout.close()


def test_what_was_said_to_be_saved_is_there_after_kill_9(path: Path) -> None:
    with Catalogue.create(path, KEYS) as catalogue:
        _, recording = stocked(catalogue)
    saved: list[str] = []
    for seed in range(2):
        with running(KEEPS, path) as child:
            assert child.stdout
            for _ in range(random.Random(seed).randrange(2, 12)):
                saved.append(child.stdout.readline().split()[1])
            child.send_signal(signal.SIGKILL)
            saved += [line.split()[1] for line in child.stdout]
        with Catalogue.open(path, KEYS) as catalogue:
            clips = catalogue.clips(recording.id)
            assert {kept.id for kept in clips} >= set(saved)
            # At most the one act that was being written may be there without its mark.
            assert len(clips) - len(saved) <= seed + 1
            assert len(catalogue.annotations(recording.id)) == len(clips)
            keeps = [row for row in catalogue.audit_rows() if row.action == "clip.keep"]
            assert len(keeps) == len(clips)
            assert catalogue.verify() == ()
            assert catalogue.integrity_check() == ()
    assert len(saved) > 4


def test_two_processes_write_and_none_waits_in_vain(path: Path) -> None:
    with Catalogue.create(path, KEYS) as catalogue:
        _, recording = stocked(catalogue)
        with running(KEEPS, path) as one, running(KEEPS, path) as other:
            assert one.stdout
            assert other.stdout
            for _ in range(8):
                assert one.stdout.readline().startswith("saved")
                assert other.stdout.readline().startswith("saved")
                with catalogue.act("cli", "clip.keep") as act:
                    act.add_clip(clip(recording.id))
        assert len(catalogue.clips(recording.id)) >= 24
        assert catalogue.verify() == ()


def test_a_catalogue_half_made_when_the_machine_stopped_is_made_again(path: Path) -> None:
    for line in ("making", "made"):
        with running(MAKES, path) as child:
            assert child.stdout
            while line not in child.stdout.readline():
                pass
            child.send_signal(signal.SIGKILL)
        assert not path.exists()
    Catalogue.create(path, KEYS).close()
    assert os.listdir(path.parent) == [path.name]  # noqa: PTH208


def test_a_full_disk_loses_nothing_and_the_ballast_makes_room_to_erase(
    tmp_path: Path, need: Callable[[str], str]
) -> None:
    unshare = need("tmpfs")
    script = 'mount -t tmpfs -o size=3m none "$1" && exec "$2" -c "$3" "$1/catalogue.db"'
    ended = subprocess.run(
        [unshare, "-m", "sh", "-c", script, "sh", str(tmp_path), sys.executable, FILLS],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
        check=False,
    )
    said = dict(line.split(": ") for line in ended.stdout.splitlines())
    assert said == {
        "full after some": "True",
        "all kept": "True",
        "sound": "True",
        "gone": "True",
    }, ended.stderr


def test_a_writer_that_waits_too_long_is_told_that_the_vault_is_busy(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Catalogue.create(path, KEYS) as catalogue:
        stocked(catalogue)
    monkeypatch.setattr("vig.catalogue.engine.BUSY_MS", 100)
    holder = connect(path, KEYS.database)
    holder.execute("BEGIN IMMEDIATE")
    with Catalogue.open(path, KEYS) as catalogue:  # opening waits for nobody either
        began = time.monotonic()
        with pytest.raises(VaultBusy), catalogue.act("cli", "family.add") as act:
            act.add_family("F-015")
        assert time.monotonic() - began < 10
        assert len(catalogue.families()) == 1  # reading waits for nobody
        holder.execute("ROLLBACK")
        with catalogue.act("cli", "family.add") as act:
            act.add_family("F-015")
    holder.close()
