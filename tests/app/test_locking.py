"""Locking while work goes on: the master key goes at once, the work comes to its end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.app.conftest import PASSPHRASE, added
from vig.app import uploads, walk
from vig.app.house import House
from vig.app.jobs import JobState
from vig.app.workspace import Workspace
from vig.domain.family import Purpose
from vig.domain.recording import RecordingState
from vig.errors import Conflict, Tampered, VaultBusy, VaultExists, VaultLocked, WrongKey

VOUCHED = walk.Agreement(purposes=frozenset({Purpose.KEEP, Purpose.ANALYSE}), vouched=True)


class Held:
    """A progress callable that stops the work half way until it is let go."""

    def __init__(self) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()

    def __call__(self, share: float) -> None:
        if share > 0.3:
            self.reached.set()
            assert self.go_on.wait(60)


def arrived(ws: Workspace, film: bytes) -> str:
    upload = uploads.begin(ws, len(film), ws.opened_by)
    uploads.append(ws, upload, 0, film)
    return upload


def finishing(ws: Workspace, upload: str, family: str, held: Held) -> threading.Thread:
    def work() -> None:
        uploads.finish(
            ws,
            upload,
            family=family,
            name=None,
            agreement=VOUCHED,
            actor=ws.opened_by,
            progress=held,
        )

    thread = threading.Thread(target=work)
    thread.start()
    assert held.reached.wait(60)
    return thread


def test_a_film_coming_in_comes_in_whole_behind_a_locked_screen(
    house: House, short_film: bytes
) -> None:
    ws = house.workspace
    held = Held()
    importing = finishing(ws, arrived(ws, short_film), "F-014", held)
    house.lock()
    assert house.state == "locked"
    held.go_on.set()
    importing.join(120)

    again = house.unlock(PASSPHRASE)
    (film,) = again.catalogue.recordings()
    assert film.state is RecordingState.READY
    assert again.read_all(film.id, "film") == short_film
    assert not uploads.pending(again)
    assert not house.verify().bad


def test_meanwhile_no_other_film_can_be_read_and_no_master_key_is_held(
    house: House, short_film: bytes
) -> None:
    ws = house.workspace
    other = added(ws, short_film, family="F-009")
    held = Held()
    importing = finishing(ws, arrived(ws, short_film + bytes(8)), "F-014", held)
    (coming,) = {r.id for r in ws.catalogue.recordings()} - {other.id}
    house.lock()
    with ws.read(coming, "film") as film:
        assert film.readall() == short_film + bytes(8)
    with pytest.raises(VaultLocked):
        ws.read(other.id, "film")
    with pytest.raises(VaultLocked):
        ws.put(other.id, "more", b"anything")
    with pytest.raises(VaultLocked):
        ws.ring.hand_over()
    with pytest.raises(VaultLocked):
        ws.ring.subkey("catalogue database")
    with pytest.raises(VaultLocked), ws.at_work_on("another"):
        pass
    held.go_on.set()
    importing.join(120)
    with pytest.raises(VaultLocked):
        ws.read(coming, "film")
    with pytest.raises(VaultLocked):
        ws.catalogue.recordings()


def test_unlocking_again_in_the_middle_disturbs_nothing(house: House, short_film: bytes) -> None:
    held = Held()
    ws = house.workspace
    importing = finishing(ws, arrived(ws, short_film), "F-014", held)
    house.lock()
    again = house.unlock(PASSPHRASE)
    assert [r.state for r in again.catalogue.recordings()] == [RecordingState.IMPORTING]
    held.go_on.set()
    importing.join(120)
    assert [r.state for r in again.catalogue.recordings()] == [RecordingState.READY]


@pytest.fixture
def staffed(tmp_path: Path) -> Iterator[House]:
    """A house with a worker process, as the app has it."""
    made = House(tmp_path / "vault", worker=True)
    made.confirm(made.set_up(PASSPHRASE))
    yield made
    made.close()


def worker_of(house: House) -> psutil.Process:
    assert house._worker is not None
    return psutil.Process(house._worker.pid)


def test_a_film_being_watched_is_watched_to_its_end_and_the_worker_ends_with_it(
    staffed: House, short_film: bytes
) -> None:
    ws = staffed.workspace
    first = added(ws, short_film, Purpose.ANALYSE)
    second = added(ws, short_film + bytes(8), Purpose.ANALYSE)
    watched = walk.analyse(ws, first.id, actor=ws.opened_by)
    waits = walk.analyse(ws, second.id, actor=ws.opened_by)
    until(lambda: ws.jobs.status(watched).share > 0.05)
    worker = worker_of(staffed)
    staffed.lock()
    worker.wait(180)

    again = staffed.unlock(PASSPHRASE)
    assert again.jobs.status(watched).state is JobState.DONE
    assert again.catalogue.latest_analysis(first.id) is not None
    # It had no key for the second film; now that the vault is open again it goes on with it.
    assert again.catalogue.latest_analysis(second.id) is None
    again.jobs.wait(waits, timeout=180)
    assert again.catalogue.latest_analysis(second.id) is not None


def test_a_worker_with_nothing_to_do_ends_with_the_lock(staffed: House) -> None:
    worker = worker_of(staffed)
    staffed.lock()
    worker.wait(30)
    staffed.unlock(PASSPHRASE)
    until(lambda: worker_of(staffed).is_running())


def until(true: object, seconds: float = 120) -> None:
    assert callable(true)
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_lock_that_meets_a_fault_still_drops_the_keys(
    staffed: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = staffed.workspace

    def full(*_: object) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr("vig.catalogue.catalogue.keep_outside", full)
    assert staffed._worker is not None
    process = staffed._worker._process
    process.kill()
    process.wait()
    assert process.stdin is not None
    process.stdin.close()  # as the nurse leaves it
    staffed.lock()
    assert staffed.state == "locked"
    with pytest.raises(VaultLocked):
        ws.ring.subkey("anything")


def test_an_unlock_that_fails_half_way_leaves_no_keys(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.lock()
    opened: list[Workspace] = []

    def fails(self: House, ws: Workspace) -> None:
        opened.append(ws)
        raise VaultBusy

    monkeypatch.setattr(House, "_engage", fails)
    with pytest.raises(VaultBusy):
        house.unlock(PASSPHRASE)
    assert house.state == "locked"
    with pytest.raises(VaultLocked):
        opened[0].ring.subkey("anything")


class TestRotatingMeanwhile:
    def test_waits_for_an_import(self, house: House, short_film: bytes) -> None:
        held = Held()
        ws = house.workspace
        importing = finishing(ws, arrived(ws, short_film), "F-014", held)
        with pytest.raises(VaultBusy):
            house.rotate(actor=house.opener)
        held.go_on.set()
        importing.join(120)
        (film,) = ws.catalogue.recordings()
        assert house.rotate(actor=house.opener) == 4
        assert ws.read_all(film.id, "film") == short_film

    def test_nobody_writes_under_a_key_that_is_gone(self, house: House, short_film: bytes) -> None:
        film = added(house.workspace, short_film)
        upload = arrived(house.workspace, short_film + bytes(8))
        stale = Workspace.from_key(house.root, house.workspace.ring.hand_over())
        try:
            with stale.writing(film.id, "late") as sink:
                sink.write(b"begun before")
                house.rotate(actor=house.opener)
            with pytest.raises(Conflict):
                stale.put(film.id, "later", b"begun after")
            with pytest.raises((Conflict, WrongKey)):
                uploads.append(stale, upload, len(short_film) + 8, b"")
        finally:
            stale.close()
        ws = house.workspace
        assert ws.read_all(film.id, "late") == b"begun before"
        assert ws.read_all(film.id, "film") == short_film
        assert not house.verify().bad


def test_a_missing_catalogue_is_no_fresh_start(house: House, short_film: bytes) -> None:
    added(house.workspace, short_film)
    house.lock()
    away = (house.root / "catalogue.db").rename(house.root / "elsewhere")
    assert house.state == "unfinished"
    with pytest.raises(VaultExists):
        house.start_over()
    with pytest.raises(Tampered):
        house.confirm("whatever is typed")
    away.rename(house.root / "catalogue.db")
    assert house.unlock(PASSPHRASE).catalogue.recordings()
