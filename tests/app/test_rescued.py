"""A damaged database is rescued in place, and the damaged one is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.conftest import PASSPHRASE, added
from vig.app import rescued
from vig.app.house import House
from vig.app.jobs.lock import WorkerLock
from vig.errors import Tampered, VaultBusy, WrongKey
from vig.vault.keys import Passphrase

PAGE = 4096
SECRET = Passphrase(PASSPHRASE)


@pytest.fixture
def broken(house: House, short_film: bytes) -> bytes:
    """The database with its last page damaged; what it was in before stays in its objects."""
    added(house.workspace, short_film)
    house.lock()
    path = house.root / "catalogue.db"
    data = bytearray(path.read_bytes())
    data[-PAGE // 2] ^= 0xFF
    path.write_bytes(data)
    return bytes(data)


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
