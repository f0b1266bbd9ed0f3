"""Setting up, opening, copying and turning the key of a vault."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.app.conftest import PASSPHRASE, added
from vig.app import uploads, walk
from vig.app.house import House
from vig.app.jobs.lock import WorkerLock
from vig.app.workspace import Workspace
from vig.domain.family import Purpose
from vig.errors import (
    BadValue,
    MistypedCode,
    NoVault,
    SlotsMissing,
    Tampered,
    VaultBusy,
    VaultExists,
    VaultLocked,
    WrongKey,
)


class TestSettingUp:
    def test_there_is_no_vault_before_the_recovery_code_was_typed_back(
        self, tmp_path: Path
    ) -> None:
        house = House(tmp_path / "vault")
        assert house.state == "none"
        with pytest.raises(NoVault):
            _ = house.workspace
        code = house.set_up(PASSPHRASE)
        assert house.state == "unfinished"
        with pytest.raises(VaultLocked):
            _ = house.workspace
        with pytest.raises(MistypedCode):
            house.confirm(code[:-1] + ("A" if code[-1] != "A" else "B"))
        with pytest.raises(SlotsMissing):
            House(house.root).unlock(PASSPHRASE)
        house.confirm(code)
        assert house.state == "open"
        house.lock()

    def test_a_set_up_that_was_interrupted_is_finished_or_started_over(
        self, tmp_path: Path
    ) -> None:
        code = House(tmp_path / "a").set_up(PASSPHRASE)
        later = House(tmp_path / "a")
        later.confirm(code.lower().replace("-", " "))
        assert later.state == "open"
        later.lock()

        House(tmp_path / "b").set_up(PASSPHRASE)
        again = House(tmp_path / "b")
        again.start_over()
        assert again.state == "none"
        with pytest.raises(VaultExists):
            later.start_over()

    @pytest.mark.parametrize("weak", ["", "short", "aaaaaaaaaaaaaaaa", "abababababababab"])
    def test_a_weak_passphrase_is_refused_with_a_sentence(self, tmp_path: Path, weak: str) -> None:
        with pytest.raises(BadValue, match="words"):
            House(tmp_path / "vault").set_up(weak)
        assert House(tmp_path / "vault").state == "none"


class TestOpening:
    def test_passphrase_and_recovery_code_both_open_it_and_nothing_else(
        self, tmp_path: Path
    ) -> None:
        house = House(tmp_path / "vault")
        code = house.set_up(PASSPHRASE)
        house.confirm(code)
        house.lock()
        assert house.state == "locked"
        with pytest.raises(WrongKey):
            house.unlock("seven quiet herons by the river")
        house.unlock(code)
        house.lock()
        house.unlock(PASSPHRASE)
        with pytest.raises(WrongKey):  # an open vault still asks
            house.unlock("anything else at all")
        house.lock()
        with pytest.raises(VaultLocked):
            _ = house.workspace

    def test_each_lock_signs_the_audit_log_outside_the_database(self, house: House) -> None:
        house.lock()
        house.unlock(PASSPHRASE)
        house.lock()
        kept = (house.root / "audit-checkpoints.txt").read_text().splitlines()
        assert len(kept) == 2
        house.unlock(PASSPHRASE)
        assert not house.verify().bad
        (house.root / "audit-checkpoints.txt").write_text(kept[1] + "\n")
        assert len(house.verify().bad) == 1

    def test_a_locked_workspace_opens_nothing_any_more(
        self, house: House, short_film: bytes
    ) -> None:
        ws = house.workspace
        recording = added(ws, short_film)
        house.lock()
        with pytest.raises(VaultLocked):
            ws.read(recording.id, "film")


class TestRotating:
    def test_a_new_master_key_touches_no_film_and_old_ones_are_gone(
        self, house: House, short_film: bytes
    ) -> None:
        ws = house.workspace
        recording = added(ws, short_film)
        waiting = uploads.begin(ws, len(short_film), ws.opened_by)
        uploads.append(ws, waiting, 0, short_film[:1000])
        sealed = {p.name: p.read_bytes() for p in (house.root / "objects").iterdir()}
        old = ws.ring.versions
        assert house.rotate(actor=house.opener) == 4
        assert ws.ring.versions != old
        assert len(ws.ring.versions) == 1
        assert {p.name: p.read_bytes() for p in (house.root / "objects").iterdir()} == sealed
        assert ws.read_all(recording.id, "film") == short_film
        uploads.append(ws, waiting, 1000, short_film[1000:])
        house.lock()
        house.unlock(PASSPHRASE)
        assert house.workspace.read_all(recording.id, "film") == short_film
        assert uploads.offset(house.workspace, waiting) == len(short_film)
        assert not house.verify().bad

    def test_our_own_worker_goes_on_with_the_new_key(
        self, tmp_path: Path, short_film: bytes
    ) -> None:
        house = House(tmp_path / "served", worker=True)
        house.confirm(house.set_up(PASSPHRASE))
        ws = house.workspace
        recording = added(ws, short_film, Purpose.ANALYSE)
        house.rotate(actor=house.opener)
        ws.jobs.wait(walk.analyse(ws, recording.id, actor=ws.opened_by), timeout=200)
        assert ws.catalogue.latest_analysis(recording.id) is not None
        house.lock()

    def test_it_waits_for_nobody_who_works_with_the_old_key(self, house: House) -> None:
        lock = WorkerLock(house.root)
        assert lock.take()
        with pytest.raises(VaultBusy):
            house.rotate(actor=house.opener)
        lock.release()
        house.rotate(actor=house.opener)


class TestCopies:
    def test_a_backup_opens_on_a_clean_machine_with_the_recovery_code(
        self, tmp_path: Path, short_film: bytes
    ) -> None:
        house = House(tmp_path / "vault")
        code = house.set_up(PASSPHRASE)
        house.confirm(code)
        recording = added(house.workspace, short_film)
        shares: list[float] = []
        assert house.backup_to(tmp_path / "stick", shares.append, actor=house.opener) == 4
        assert shares == sorted(shares)
        assert house.backup_to(tmp_path / "stick", actor=house.opener) == 0  # nothing new
        house.lock()
        shutil.rmtree(house.root)

        elsewhere = House(tmp_path / "elsewhere")
        elsewhere.restore_from(tmp_path / "stick")
        elsewhere.unlock(code)
        assert elsewhere.workspace.read_all(recording.id, "film") == short_film
        assert not elsewhere.verify().bad
        elsewhere.lock()

    def test_a_film_erased_after_the_backup_is_erased_again_after_the_restore(
        self, working: Workspace, house: House, tmp_path: Path, short_film: bytes
    ) -> None:
        recording = added(working, short_film)
        house.backup_to(tmp_path / "stick", actor=house.opener)
        walk.erase(working, recording.id, actor=working.opened_by)
        ledger = (house.root / "erased.txt").read_text()
        assert recording.id not in ledger

        back = House(tmp_path / "back")
        back.root.mkdir()
        (back.root / "erased.txt").write_text(ledger)
        back.restore_from(tmp_path / "stick")
        back.unlock(PASSPHRASE)
        assert not back.workspace.catalogue.recordings()
        assert not back.workspace.store.names()
        back.lock()

    def test_a_restore_never_overwrites_a_vault_nor_takes_half_a_backup(
        self, house: House, tmp_path: Path, short_film: bytes
    ) -> None:
        added(house.workspace, short_film)
        house.backup_to(tmp_path / "stick", actor=house.opener)
        with pytest.raises(VaultExists):
            house.restore_from(tmp_path / "stick")
        (tmp_path / "stick" / "catalogue.db").unlink()
        empty = House(tmp_path / "empty")
        with pytest.raises(NoVault):
            empty.restore_from(tmp_path / "stick")
        assert empty.state == "none"

    def test_a_backup_into_the_vault_or_over_another_one_is_refused(
        self, house: House, tmp_path: Path
    ) -> None:
        with pytest.raises(BadValue, match="outside"):
            house.backup_to(house.root / "backup", actor=house.opener)
        other = House(tmp_path / "other")
        other.confirm(other.set_up(PASSPHRASE))
        other.backup_to(tmp_path / "stick", actor=other.opener)
        with pytest.raises(BadValue, match="another vault"):
            house.backup_to(tmp_path / "stick", actor=house.opener)
        other.lock()

    def test_one_flipped_bit_in_any_object_is_found(self, house: House, short_film: bytes) -> None:
        added(house.workspace, short_film, Purpose.ANALYSE)
        assert not house.verify().bad
        path = sorted((house.root / "objects").iterdir())[0]
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
        found = house.verify().bad
        assert len(found) == 1
        assert "failed its check" in found[0]

    def test_a_damaged_database_is_said_plainly_and_never_replaced(
        self, house: House, short_film: bytes
    ) -> None:
        added(house.workspace, short_film)
        house.lock()
        path = house.root / "catalogue.db"
        data = bytearray(path.read_bytes())
        data[100] ^= 0xFF
        path.write_bytes(data)
        with pytest.raises((Tampered, WrongKey)):
            House(house.root).unlock(PASSPHRASE)
        assert path.read_bytes() == bytes(data)
