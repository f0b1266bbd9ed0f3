"""One track for each person through gaps, cuts and occlusions; false faces left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.perception.people import BLUE_SHIRT, GREEN_SHIRT, GRID, RED_SHIRT, face, glimpses
from vig.domain.family import Role
from vig.domain.observation import Seen
from vig.perception.glimpses import Glimpses
from vig.perception.models import Models
from vig.perception.people import join

MODELS = Models.load()


def seen(*parts: Glimpses) -> Seen:
    return join(parts, GRID, MODELS)


def parent(ticks: range, **more: object) -> np.ndarray:
    return face(ticks, **{"thread": 1, "at": (0.3, 0.4), "colours": RED_SHIRT, **more})


def baby(ticks: range, **more: object) -> np.ndarray:
    usual = {"thread": 2, "at": (0.7, 0.5), "scale": 0.11, "adult": 0.2, "colours": BLUE_SHIRT}
    return face(ticks, **{**usual, **more})


def cut_short(part: Glimpses, ticks: int) -> Glimpses:
    columns = {
        name: getattr(part, name)[:ticks] for name in ("light", "sharp", "cut", "moved", "seam")
    }
    return replace(part, **columns)


def test_a_film_without_faces_has_no_tracks() -> None:
    assert seen(glimpses()).tracks == ()
    assert seen().tracks == ()


def test_parent_and_baby_are_told_apart_by_shape_and_size() -> None:
    result = seen(glimpses(parent(range(300)), baby(range(300))))
    assert [t.role for t in result.tracks] == [Role.PARENT, Role.BABY]
    assert all(t.role_sure > 0.9 for t in result.tracks)
    assert all(t.seen.all() for t in result.tracks)


def test_a_person_who_goes_out_of_sight_and_comes_back_elsewhere_stays_one_person() -> None:
    away = parent(range(200, 300), thread=3, at=(0.15, 0.6))
    result = seen(glimpses(parent(range(100)), away, baby(range(300))))
    mum = result.of(Role.PARENT)
    assert mum is not None
    assert len(result.tracks) == 2
    assert mum.seen[:100].all()
    assert not mum.seen[100:200].any()
    assert mum.seen[200:].all()


def test_two_who_change_places_at_a_cut_keep_their_tracks() -> None:
    result = seen(
        glimpses(
            parent(range(150)),
            baby(range(150)),
            parent(range(150, 300), thread=3, at=(0.7, 0.5)),
            baby(range(150, 300), thread=4, at=(0.3, 0.4)),
            cuts=(150,),
        )
    )
    assert list(np.unique(result.shot)) == [0, 1]
    mum = result.of(Role.PARENT)
    assert len(result.tracks) == 2
    assert mum is not None
    assert mum.box[10, 0] < 0.5 < mum.box[200, 0]


def test_who_can_be_nobody_else_is_known_again_in_other_light() -> None:
    dim = RED_SHIRT + np.array([-70, -25, -12, 0, -40, 0, 0, 0], np.float32)
    result = seen(
        glimpses(
            parent(range(150)),
            baby(range(150)),
            parent(range(150, 300), thread=3, colours=dim),
            baby(range(150, 300), thread=4),
            cuts=(150,),
        )
    )
    assert [int(t.seen.sum()) for t in result.tracks] == [300, 300]


def test_a_third_person_in_other_clothes_is_somebody_else() -> None:
    gran = parent(range(150, 300), thread=3, colours=GREEN_SHIRT, at=(0.5, 0.3), scale=0.14)
    result = seen(glimpses(parent(range(300)), baby(range(300)), gran))
    assert sorted(t.role for t in result.tracks) == [Role.BABY, Role.OTHER, Role.PARENT]


def test_a_false_face_of_half_a_second_is_dropped() -> None:
    ghost = face(range(50, 56), thread=9, at=(0.5, 0.9), scale=0.03)
    assert len(seen(glimpses(parent(range(300)), baby(range(300)), ghost)).tracks) == 2


def test_tracks_do_not_depend_on_where_the_film_was_parted() -> None:
    def piece(first: int, after: int) -> Glimpses:
        whole = glimpses(parent(range(first, after)), baby(range(first, after)), first=first)
        return cut_short(whole, after - first)

    one = seen(piece(0, 300))
    many = seen(*(piece(f, f + 25) for f in reversed(range(0, 300, 25))))
    assert len(one.tracks) == len(many.tracks) == 2
    for a, b in zip(one.tracks, many.tracks, strict=True):
        assert (a.role, a.role_sure) == (b.role, b.role_sure)
        for name in ("box", "head", "gaze", "where", "smile"):
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


def test_a_cut_between_two_parts_starts_a_new_shot() -> None:
    first = glimpses(parent(range(300)))
    dark = np.zeros_like(first.look_first)
    parts = [
        replace(
            cut_short(first, 150), first=f, look_first=look, look_last=look, faces=first.faces[:0]
        )
        for f, look in ((0, first.look_first), (150, dark))
    ]
    assert list(np.flatnonzero(np.diff(seen(*parts).shot))) == [149]


@pytest.mark.parametrize("first", [-1, 200])
def test_parts_outside_the_grid_are_refused(first: int) -> None:
    part = glimpses(parent(range(300)))
    with pytest.raises(ValueError, match="grid"):
        seen(replace(part, first=first))
