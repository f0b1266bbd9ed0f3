"""Films in pieces: sealed as they come, resumed after anything, shredded when done."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.conftest import PASSPHRASE
from vig.app import uploads, walk
from vig.app.house import House
from vig.app.workspace import Workspace
from vig.errors import BadFilm, BadValue, Conflict, DiskFull, FilmTooLarge, Unknown

ASKED = {
    "family": "F-014",
    "name": "film.mp4",
    "agreement": walk.Agreement(vouched=True),
    "actor": "guider",
}


def sent(ws: Workspace, film: bytes, piece: int) -> str:
    upload = uploads.begin(ws, len(film), "guider")
    for start in range(0, len(film), piece):
        uploads.append(ws, upload, start, film[start : start + piece])
    return upload


def test_pieces_become_the_film_byte_for_byte_and_are_shredded(
    ws: Workspace, short_film: bytes
) -> None:
    upload = sent(ws, short_film, 100_003)
    recording = uploads.finish(ws, upload, **ASKED)
    assert ws.read_all(recording.id, "film") == short_film
    assert ws.store.names() == ws.catalogue.object_ids()
    with pytest.raises(Unknown):
        uploads.offset(ws, upload)


def test_an_upload_goes_on_after_the_vault_was_closed(house: House, short_film: bytes) -> None:
    upload = uploads.begin(house.workspace, len(short_film), "guider")
    uploads.append(house.workspace, upload, 0, short_film[:5000])
    house.lock()
    house.unlock(PASSPHRASE)  # sweeps what nobody owns
    assert uploads.offset(house.workspace, upload) == 5000
    uploads.append(house.workspace, upload, 5000, short_film[5000:])
    assert uploads.finish(house.workspace, upload, **ASKED).duration > 0


def test_a_piece_out_of_order_or_too_much_is_refused(ws: Workspace, short_film: bytes) -> None:
    upload = uploads.begin(ws, 100, "guider")
    uploads.append(ws, upload, 0, b"x" * 60)
    with pytest.raises(Conflict):
        uploads.append(ws, upload, 0, b"x" * 60)
    with pytest.raises(BadValue, match="announced"):
        uploads.append(ws, upload, 60, b"x" * 60)
    assert uploads.offset(ws, upload) == 60
    with pytest.raises(BadValue, match="whole"):
        uploads.finish(ws, upload, **ASKED)


def test_too_large_or_empty_or_more_than_the_disk_is_refused_at_once(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FilmTooLarge):
        uploads.begin(ws, uploads.LARGEST + 1, "guider")
    with pytest.raises(BadValue, match="empty"):
        uploads.begin(ws, 0, "guider")
    monkeypatch.setattr("vig.app.workspace.SPARE", 2**60)
    with pytest.raises(DiskFull):
        uploads.begin(ws, 1, "guider")


def test_what_is_no_film_is_shredded(ws: Workspace) -> None:
    upload = sent(ws, b"not a film" * 500, 1000)
    with pytest.raises(BadFilm):
        uploads.finish(ws, upload, **ASKED)
    assert not ws.store.names()
    assert not uploads.pending(ws)


def test_an_abandoned_upload_leaves_nothing(ws: Workspace, short_film: bytes) -> None:
    upload = sent(ws, short_film, 200_000)
    uploads.abandon(ws, upload)
    assert not ws.store.names()


def test_no_piece_lies_on_the_disk_in_clear(ws: Workspace, tmp_path: Path) -> None:
    marker = b"a marker that is easy to find"
    upload = uploads.begin(ws, 10 * len(marker), "guider")
    uploads.append(ws, upload, 0, marker * 10)
    found = [p for p in ws.root.rglob("*") if p.is_file() and marker in p.read_bytes()]
    assert not found
    (tmp_path / "planted").write_bytes(b"x" + marker)  # the search itself works
    assert [p for p in tmp_path.rglob("*") if p.is_file() and marker in p.read_bytes()]
