"""A damaged database is rescued in place, and the damaged one is kept."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from tests.app.conftest import PASSPHRASE, added
from vig.app import rescued
from vig.app.house import House
from vig.app.jobs.lock import WorkerLock
from vig.app.workspace import catalogue_keys
from vig.catalogue import Catalogue
from vig.errors import Tampered, VaultBusy, WrongKey
from vig.vault.keys import Passphrase

PAGE = 4096
SECRET = Passphrase(PASSPHRASE)


@pytest.fixture
def broken(house: House, short_film: bytes, tmp_path: Path) -> bytes:
    """The database with a page of the audit log damaged: the last page that no film needs."""
    added(house.workspace, short_film)
    keys = catalogue_keys(house.workspace.ring)
    house.lock()
    path = house.root / "catalogue.db"
    whole, trial = path.read_bytes(), tmp_path / "trial.db"
    for page in reversed(range(1, len(whole) // PAGE)):
        data = bytearray(whole)
        data[page * PAGE + PAGE // 2] ^= 0xFF
        path.write_bytes(data)
        with suppress(Tampered):
            kept = Catalogue.rescue(path, keys, trial)
            trial.unlink()
            if kept["recording"] == kept["family"] == 1 and kept["sealed_object"] == 4:
                return bytes(data)
    raise AssertionError("no such page")


def test_where_even_the_tables_cannot_be_listed_it_says_so_and_touches_nothing(
    house: House, short_film: bytes, tmp_path: Path
) -> None:
    """Every single page, damaged: a rescue keeps the film, or loses it visibly, or refuses."""
    added(house.workspace, short_film)
    keys = catalogue_keys(house.workspace.ring)
    house.lock()
    whole, refused = (house.root / "catalogue.db").read_bytes(), 0
    for page in range(len(whole) // PAGE):
        data = bytearray(whole)
        data[page * PAGE + PAGE // 2] ^= 0xFF
        (tmp_path / "one.db").write_bytes(data)
        try:
            kept = Catalogue.rescue(tmp_path / "one.db", keys, tmp_path / "saved.db")
        except Tampered:
            refused += 1
            assert not (tmp_path / "saved.db").exists()
            continue
        (tmp_path / "saved.db").unlink()
        # One damaged page costs the rows of one table at most (a lost family is made up again).
        assert kept["recording"] + kept["family"] >= 1
    assert refused >= 1


def test_a_damaged_database_gives_way_to_what_could_be_read(
    house: House, broken: bytes, short_film: bytes
) -> None:
    found = rescued.rescue(house.root, SECRET)
    assert (found.films, found.families) == (1, 1)
    assert found.aside.read_bytes() == broken
    ws = house.unlock(PASSPHRASE)
    (film,) = ws.catalogue.recordings()
    assert ws.read_all(film.id, "film") == short_film
    assert ws.catalogue.integrity_check() == ()


@pytest.mark.parametrize("step", ["link", "unlink", "replace"])
def test_a_crash_in_the_middle_is_finished_by_doing_it_again(
    house: House, broken: bytes, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (house.root / "catalogue.db-wal").write_bytes(b"")

    class Crash(BaseException):
        pass

    def crash(*_: object, **__: object) -> None:
        raise Crash

    if step == "link":
        monkeypatch.setattr("vig.app.rescued.os.link", crash)
    else:
        real = getattr(Path, step)

        def crash_there(self: Path, *rest: object, **more: object) -> object:
            if self.name.startswith("catalogue.") and not self.name.endswith(".part"):
                raise Crash
            return real(self, *rest, **more)

        monkeypatch.setattr(Path, step, crash_there)
    with pytest.raises(Crash):
        rescued.rescue(house.root, SECRET)
    monkeypatch.undo()
    assert (house.root / "catalogue.db").read_bytes() == broken
    assert rescued.rescue(house.root, SECRET).films == 1
    house.unlock(PASSPHRASE)


def test_it_wants_the_secret_an_idle_vault_and_something_to_read(
    house: House, broken: bytes
) -> None:
    with pytest.raises(WrongKey):
        rescued.rescue(house.root, Passphrase("seven quiet herons by the river"))
    lock = WorkerLock(house.root)
    assert lock.take()
    with pytest.raises(VaultBusy):
        rescued.rescue(house.root, SECRET)
    lock.release()
    (house.root / "catalogue.db").write_bytes(bytes([broken[0] ^ 1]) + broken[1:])
    with pytest.raises((Tampered, WrongKey)):
        rescued.rescue(house.root, SECRET)
    assert not (house.root / rescued.SAVED).exists()
