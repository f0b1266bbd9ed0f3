"""Films in pieces: sealed as they come, resumed after anything, shredded when done."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest

from tests.app.conftest import PASSPHRASE
from vig.app import uploads, walk
from vig.app.house import House
from vig.app.slices import END, mark_of
from vig.app.uploads import Limits
from vig.app.workspace import Workspace
from vig.errors import BadFilm, BadValue, Conflict, DiskFull, FilmTooLarge, QuotaReached, Unknown

ASKED = {
    "family": "F-014",
    "name": "film.mp4",
    "agreement": walk.Agreement(vouched=True),
}


def sent(ws: Workspace, film: bytes, piece: int) -> str:
    upload = uploads.begin(ws, len(film), ws.opened_by)
    for start in range(0, len(film), piece):
        uploads.append(ws, upload, start, film[start : start + piece])
    return upload


def test_pieces_become_the_film_byte_for_byte_and_are_shredded(
    ws: Workspace, short_film: bytes
) -> None:
    upload = sent(ws, short_film, 100_003)
    recording = uploads.finish(ws, upload, **ASKED, actor=ws.opened_by)
    assert ws.read_all(recording.id, "film") == short_film
    assert ws.store.names() == ws.catalogue.object_ids()
    with pytest.raises(Unknown):
        uploads.offset(ws, upload)


def test_an_upload_goes_on_after_the_vault_was_closed(house: House, short_film: bytes) -> None:
    upload = uploads.begin(house.workspace, len(short_film), house.opener)
    uploads.append(house.workspace, upload, 0, short_film[:5000])
    house.lock()
    house.unlock(PASSPHRASE)  # sweeps what nobody owns
    assert uploads.offset(house.workspace, upload) == 5000
    uploads.append(house.workspace, upload, 5000, short_film[5000:])
    assert (
        uploads.finish(house.workspace, upload, **ASKED, actor=house.workspace.opened_by).duration
        > 0
    )


def test_a_piece_out_of_order_or_too_much_is_refused(ws: Workspace, short_film: bytes) -> None:
    upload = uploads.begin(ws, 100, ws.opened_by)
    uploads.append(ws, upload, 0, b"x" * 60)
    with pytest.raises(Conflict):
        uploads.append(ws, upload, 0, b"x" * 60)
    with pytest.raises(BadValue, match="announced"):
        uploads.append(ws, upload, 60, b"x" * 60)
    assert uploads.offset(ws, upload) == 60
    with pytest.raises(BadValue, match="whole"):
        uploads.finish(ws, upload, **ASKED, actor=ws.opened_by)


def test_too_large_or_empty_or_more_than_the_disk_is_refused_at_once(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FilmTooLarge):
        uploads.begin(ws, uploads.LARGEST + 1, ws.opened_by)
    with pytest.raises(BadValue, match="empty"):
        uploads.begin(ws, 0, ws.opened_by)
    monkeypatch.setattr("vig.app.workspace.SPARE", 2**60)
    with pytest.raises(DiskFull):
        uploads.begin(ws, 1, ws.opened_by)


def test_what_is_no_film_is_shredded(ws: Workspace) -> None:
    upload = sent(ws, b"not a film" * 500, 1000)
    with pytest.raises(BadFilm):
        uploads.finish(ws, upload, **ASKED, actor=ws.opened_by)
    assert not ws.store.names()
    assert not uploads.pending(ws)


def test_an_abandoned_upload_leaves_nothing(ws: Workspace, short_film: bytes) -> None:
    upload = sent(ws, short_film, 200_000)
    uploads.abandon(ws, upload)
    assert not ws.store.names()


def test_no_piece_lies_on_the_disk_in_clear(ws: Workspace, tmp_path: Path) -> None:
    marker = b"a marker that is easy to find"
    upload = uploads.begin(ws, 10 * len(marker), ws.opened_by)
    uploads.append(ws, upload, 0, marker * 10)
    found = [p for p in ws.root.rglob("*") if p.is_file() and marker in p.read_bytes()]
    assert not found
    (tmp_path / "planted").write_bytes(b"x" + marker)  # the search itself works
    assert [p for p in tmp_path.rglob("*") if p.is_file() and marker in p.read_bytes()]


NOTE = {"family": "F-014", "agreement": {"agreed_by": "mother"}}


def marked(film: bytes) -> str:
    return mark_of(io.BytesIO(film), len(film))


def test_the_same_file_goes_on_where_it_stopped_and_another_begins_anew(
    house: House, short_film: bytes
) -> None:
    ws, mark = house.workspace, marked(short_film)
    first = uploads.begin(ws, len(short_film), ws.opened_by, mark=mark, note=NOTE)
    uploads.append(ws, first, 0, short_film[:90_000])
    house.lock()
    house.unlock(PASSPHRASE)
    ws = house.workspace
    newer = {**NOTE, "family": "F-015"}
    assert uploads.begin(ws, len(short_film), ws.opened_by, mark=mark, note=newer) == first
    assert uploads.offset(ws, first) == 90_000
    assert uploads.note_of(ws, first) == newer
    other = marked(short_film[:-1] + b"?")
    assert uploads.begin(ws, len(short_film), ws.opened_by, mark=other, note=NOTE) != first
    with pytest.raises(BadValue):
        uploads.begin(ws, 5, ws.opened_by, mark="../etc", note=NOTE)


def test_a_mark_is_of_the_first_and_the_last_mebibyte_and_of_all_of_a_shorter_file() -> None:
    long = bytes(range(256)) * (3 * END // 256)
    assert marked(long) == hashlib.sha256(long[:END] + long[-END:]).hexdigest()
    middle = long[: END + 5] + b"?" + long[END + 6 :]
    assert marked(middle) == marked(long)
    for film in (b"short", long[: END + 100], long[: 2 * END]):
        assert marked(film) == hashlib.sha256(film).hexdigest()


def test_what_has_arrived_is_told_in_a_sentence(ws: Workspace, short_film: bytes) -> None:
    me = ws.opened_by
    upload = uploads.begin(ws, len(short_film), me, mark=marked(short_film), note=NOTE)
    uploads.append(ws, upload, 0, short_film[: len(short_film) * 437 // 1000])
    (found,) = uploads.waiting(ws, me)
    assert found.words == "F-014's film: 43 % has arrived, choose the file again to go on."
    assert (found.id, found.by, found.size) == (upload, me, len(short_film))
    uploads.append(ws, upload, found.arrived, short_film[found.arrived :])
    (found,) = uploads.waiting(ws, me)
    assert found.words == "F-014's film: all of it has arrived; it has only to be brought in."
    assert uploads.waiting(ws, "somebody else") == ()


def test_parts_of_two_files_never_become_a_film(ws: Workspace, short_film: bytes) -> None:
    upload = uploads.begin(ws, len(short_film), ws.opened_by, mark=marked(short_film), note=NOTE)
    half = len(short_film) // 2
    uploads.append(ws, upload, 0, short_film[:half])
    uploads.append(ws, upload, half, b"?" + short_film[half + 1 :])
    with pytest.raises(BadValue, match="two different files"):
        uploads.finish(ws, upload, **ASKED, actor=ws.opened_by)
    assert not ws.store.names()
    assert not uploads.pending(ws)


def test_the_house_limits_a_film_and_the_whole_and_says_so(ws: Workspace) -> None:
    me = ws.opened_by
    uploads.set_limits(ws, Limits(film=10_000_000, vault=12_000_000), me)
    with pytest.raises(FilmTooLarge, match=r"11 MB; here it may have 10 MB"):
        uploads.begin(ws, 11_000_000, me)
    uploads.begin(ws, 9_000_000, me)  # promised, so counted whole though nothing arrived
    with pytest.raises(QuotaReached, match=r"is 4 MB, and of the 12 MB .* only 3 MB are left"):
        uploads.begin(ws, 4_000_000, me)
    uploads.begin(ws, 3_000_000, me)
    assert uploads.held(ws) == 12_000_000
    uploads.set_limits(ws, Limits(), me)
    uploads.begin(ws, 11_000_000, me)
    for wrong in (Limits(film=0), Limits(film=uploads.LARGEST + 1), Limits(vault=-1)):
        with pytest.raises(BadValue):
            uploads.set_limits(ws, wrong, me)
