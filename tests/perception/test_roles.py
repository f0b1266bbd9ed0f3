"""Adult or baby: by proportions, and by who is beside whom."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.perception.people import face
from vig.domain.family import Role
from vig.perception.mesh import canonical
from vig.perception.models import Models
from vig.perception.roles import adult_of, lean_of, roles_of, seen_together

CANONICAL = canonical(Models.load().data("face-landmarker"))
EYES = CANONICAL[[33, 263], 1].mean()


def shortened(by: float) -> np.ndarray:
    """The canonical face with everything below the eyes made shorter."""
    shape = CANONICAL.copy()
    below = shape[:, 1] < EYES
    shape[below, 1] = EYES + (shape[below, 1] - EYES) * by
    return shape


def test_the_canonical_face_is_adult_and_one_with_a_short_lower_face_is_a_babys() -> None:
    assert adult_of(CANONICAL) > 0.8
    assert adult_of(shortened(0.6)) < 0.2


@given(st.floats(0.5, 1.0), st.floats(0.05, 20.0))
def test_the_shape_of_a_face_says_the_same_at_any_size(by: float, size: float) -> None:
    assert adult_of(shortened(by) * size) == pytest.approx(adult_of(shortened(by)), abs=1e-3)


def test_of_two_the_one_with_the_larger_head_leans_to_adult() -> None:
    large, small = face(range(50), scale=0.15, adult=0.5), face(range(50), scale=0.11, adult=0.5)
    assert lean_of([large, small])[0] > 1 > -1 > lean_of([large, small])[1]


def test_sizes_in_two_panes_of_a_split_film_are_not_compared() -> None:
    large, small = face(range(50), scale=0.15, adult=0.4), face(range(50), scale=0.11, adult=0.6)
    assert lean_of([large, small], [0, 1])[0] < 0 < lean_of([large, small], [0, 1])[1]


def test_faces_that_could_not_be_read_do_not_vote() -> None:
    rows = face(range(50), adult=0.9)
    rows["presence"][10:], rows["adult"][10:] = 0.1, 0.05
    assert lean_of([rows])[0] > 0
    assert lean_of([face(range(50), adult=0.9, presence=0.1)])[0] == 0


def test_who_says_nothing_either_way_is_unknown() -> None:
    assert roles_of([face(range(50), adult=0.5)], [0]) == [(Role.UNKNOWN, pytest.approx(0.5))]


def test_there_is_one_parent_and_one_baby_and_the_others_are_others() -> None:
    people = [
        face(range(50), adult=0.9, scale=0.15),
        face(range(40), adult=0.8, scale=0.15),
        face(range(50), adult=0.1, scale=0.1),
        face(range(45), adult=0.3, scale=0.12),
    ]
    roles = [role for role, _ in roles_of(people, [0, 0, 0, 0])]
    assert roles == [Role.PARENT, Role.OTHER, Role.BABY, Role.OTHER]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30)), min_size=1, max_size=6))
def test_seen_together_is_sharing_a_tick(spans: list[tuple[int, int]]) -> None:
    people = [face(range(first, first + length)) for first, length in spans]
    together = seen_together(people)
    for i, (a, m) in enumerate(spans):
        for j, (b, n) in enumerate(spans):
            shared = set(range(a, a + m)) & set(range(b, b + n))
            assert together[i, j] == (i != j and bool(shared))
