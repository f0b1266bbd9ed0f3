"""What lies along a film is made once, sealed, and goes with the film."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.app.conftest import added
from vig.app import strips
from vig.app.workspace import Workspace
from vig.domain.clock import SECOND
from vig.domain.family import ConsentRuling, Purpose
from vig.errors import Conflict, NoConsent, Unknown
from vig.media import clips, sound


def test_pictures_lie_along_the_film_evenly_and_on_one_sheet(
    ws: Workspace, short_film: bytes
) -> None:
    film = added(ws, short_film)
    made = strips.strip(ws, film.id, actor=ws.opened_by)
    assert len(made.at) == 16  # two a second of eight
    assert list(made.at) == strips.times_along(film.duration)
    sheet = cv2.imdecode(np.frombuffer(made.sheet, np.uint8), cv2.IMREAD_COLOR)
    assert sheet is not None
    rows = -(-len(made.at) // made.across)
    assert sheet.shape[:2] == (rows * made.height, made.across * made.width)
    assert max(made.width, made.height) == strips.LONGEST
    # Each picture is the frame that is shown then.
    with ws.read(film.id, "copy") as copy:
        still = next(iter(clips.thumbnails(copy, [made.at[11]], longest=strips.LONGEST)))  # type: ignore[arg-type]
    alone = cv2.imdecode(np.frombuffer(still, np.uint8), cv2.IMREAD_COLOR)
    assert alone is not None
    tile = sheet[made.height :, made.width : 2 * made.width]
    assert np.abs(tile.astype(int) - alone.astype(int)).mean() < 6


def test_an_hour_of_film_has_no_more_pictures_than_a_scrubber_has_room_for() -> None:
    assert len(strips.times_along(3600 * SECOND)) == strips.MOST == 200
    assert strips.times_along(3600 * SECOND)[0] == 9 * SECOND
    assert strips.times_along(1) == [0]
    assert len(strips.times_along(5 * SECOND)) == 10


def test_the_outline_has_fifty_values_a_second(ws: Workspace, short_film: bytes) -> None:
    film = added(ws, short_film)
    made = strips.outline(ws, film.id, actor=ws.opened_by)
    assert abs(len(made) - film.duration // strips.STEP) <= 1
    assert len(set(made)) > 10  # there is sound in it


def test_both_are_made_once_and_sealed(
    ws: Workspace, short_film: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = added(ws, short_film)
    first = (
        strips.strip(ws, film.id, actor=ws.opened_by),
        strips.outline(ws, film.id, actor=ws.opened_by),
    )
    stored = b"".join(path.read_bytes() for path in Path(ws.root / "objects").iterdir())
    assert first[0].sheet[:200] not in stored
    assert first[1][100:200] not in stored

    def never(*_: object, **__: object) -> None:
        raise AssertionError("made again")

    monkeypatch.setattr(clips, "sheet", never)
    monkeypatch.setattr(sound, "outline", never)
    again = (
        strips.strip(ws, film.id, actor=ws.opened_by),
        strips.outline(ws, film.id, actor=ws.opened_by),
    )
    assert again == first


def test_two_who_ask_at_once_share_one_making(
    ws: Workspace, short_film: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = added(ws, short_film)
    made: list[int] = []
    plain = sound.outline

    def counted(*told: object, **more: object) -> bytes:
        made.append(1)
        return plain(*told, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(sound, "outline", counted)
    got: list[bytes] = []
    both = [
        threading.Thread(target=lambda: got.append(strips.outline(ws, film.id, actor=ws.opened_by)))
        for _ in range(2)
    ]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert len(made) == 1
    assert got[0] == got[1]


def test_agreement_that_is_withdrawn_withholds_them_too(ws: Workspace, short_film: bytes) -> None:
    film = added(ws, short_film)
    strips.strip(ws, film.id, actor=ws.opened_by)
    ws.note(film.family, ConsentRuling(Purpose.KEEP, False, datetime.now(UTC)), ws.opened_by)
    for ask in (strips.strip, strips.outline):
        with pytest.raises(NoConsent):
            ask(ws, film.id, actor=ws.opened_by)
    assert ws.object_of(film.id, strips.OUTLINE) is None  # nothing was made


def test_a_film_that_is_erased_while_one_is_made_keeps_nothing_of_it(
    ws: Workspace, short_film: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = added(ws, short_film)

    def erased_meanwhile(*_: object, **__: object) -> bytes:
        with ws.catalogue.act("guider", "erase", object=film.id) as act:
            act.drop_keys(film.id)
        return b"outline of a film that must not come back"

    monkeypatch.setattr(sound, "outline", erased_meanwhile)
    with pytest.raises((Conflict, Unknown)):
        strips.outline(ws, film.id, actor=ws.opened_by)
    assert ws.object_of(film.id, strips.OUTLINE) is None
    assert len(list((ws.root / "objects").iterdir())) == len(ws.catalogue.objects(film.id))


def test_erasing_a_film_erases_them(ws: Workspace, short_film: bytes) -> None:
    film = added(ws, short_film)
    strips.strip(ws, film.id, actor=ws.opened_by)
    strips.outline(ws, film.id, actor=ws.opened_by)
    with ws.catalogue.act("guider", "erase", object=film.id) as act:
        act.drop_keys(film.id)
    ws.erase_rows(film.id)
    assert not list((ws.root / "objects").iterdir())


def test_a_film_that_is_not_here_has_none(ws: Workspace) -> None:
    with pytest.raises(Unknown):
        strips.strip(ws, "0" * 32, actor=ws.opened_by)
