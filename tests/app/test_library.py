"""The library: a part of it at a time, what waits in all of it, and rights over each film."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.catalogue.making import FOOTAGE, moment
from vig.app import library
from vig.app.house import House
from vig.app.jobs import JobState, JobStatus
from vig.app.library import Need, Want
from vig.app.workspace import Workspace
from vig.catalogue.values import AnalysisState
from vig.domain.account import Office
from vig.domain.clock import SECOND, Span
from vig.domain.recording import RecordingState
from vig.domain.review import MicroClip
from vig.errors import NotAllowed, Unknown


@pytest.fixture
def me(ws: Workspace) -> str:
    return ws.opened_by


def film(
    ws: Workspace, family: str, *, moments: int = 0, clips: int = 0, left: bool = False
) -> str:
    """A film that only the catalogue knows."""
    with ws.catalogue.act("cli", "made.up") as act:
        known = ws.catalogue.family_called(family)
        home = known or act.add_family(family, age_weeks=20)
        act.assign(ws.opened_by, home.id, Office.GUIDER)
        made = act.begin_recording(home.id, FOOTAGE, original_left=left)
        act.finish_recording(made.id, sha256=uuid.uuid4().bytes * 2)
        if moments:
            run = act.add_analysis(
                made.id, software="0", models=(), settings_hash="x", state=AnalysisState.DONE
            )
            act.add_moments(run.id, [moment(n * SECOND) for n in range(moments)])
        for n in range(clips):
            span = Span(n * SECOND, (n + 1) * SECOND)
            act.add_clip(
                MicroClip(uuid.uuid4().hex, made.id, span, "", "", "cli", datetime.now(UTC))
            )
    return made.id


class Jobs:
    """One job that did not finish."""

    def __init__(self, subject: str) -> None:
        self._one = JobStatus("j", "analysis", subject, "1", JobState.FAILED)

    def list(self) -> list[JobStatus]:
        return [self._one]


def test_each_film_is_counted_as_it_is(ws: Workspace, me: str) -> None:
    bare = film(ws, "F-001")
    full = film(ws, "F-002", moments=3, clips=2)
    first, second = library.shelves(ws, me)
    assert (first.recording.id, first.suggestions, first.clips, first.analysed) == (
        full,
        3,
        2,
        True,
    )
    assert (second.recording.id, second.suggestions, second.clips) == (bare, 0, 0)
    assert not second.analysed
    assert library.shelf(ws, me, full) == first
    assert library.shelf(ws, me, bare) == second


def test_only_the_newest_finished_analysis_counts(ws: Workspace, me: str) -> None:
    one = film(ws, "F-001", moments=3)
    with ws.catalogue.act("cli", "made.up") as act:
        again = act.add_analysis(
            one, software="0", models=(), settings_hash="x", state=AnalysisState.DONE
        )
        act.add_moments(again.id, [moment()])
        act.add_analysis(one, software="0", models=(), settings_hash="x")
    assert library.shelves(ws, me)[0].suggestions == 1
    assert library.shelf(ws, me, one).suggestions == 1


def test_the_library_comes_in_parts_newest_first(ws: Workspace, me: str) -> None:
    made = [film(ws, f"F-{n:03}") for n in range(7)]
    part = library.page(ws, me, first=2, many=3)
    assert [one.recording.id for one in part.shelves] == made[::-1][2:5]
    assert part.films == 7
    assert library.page(ws, me, first=6, many=3).films == 7
    assert library.page(ws, me, first=70, many=3).shelves == ()


def test_a_search_is_by_any_part_of_the_pseudonym_in_any_case(ws: Workspace, me: str) -> None:
    film(ws, "F-014")
    wanted = film(ws, "Heron-2")
    part = library.page(ws, me, called="  hERO ", many=5)
    assert [one.recording.id for one in part.shelves] == [wanted]
    assert part.films == 1


def test_what_waits_is_gathered_from_every_film_not_from_the_part_that_is_shown(
    ws: Workspace, me: str
) -> None:
    stuck = film(ws, "F-001")
    look = film(ws, "F-002", moments=4)
    film(ws, "F-003", moments=4, clips=1)
    phone = film(ws, "F-004", left=True)
    film(ws, "F-005")
    part = library.page(ws, me, Jobs(stuck), many=1)  # type: ignore[arg-type]
    assert part.needs == (
        Need(phone, "F-004", Want.ORIGINAL),
        Need(look, "F-002", Want.LOOK, 4),
        Need(stuck, "F-001", Want.WORK),
    )


def test_saying_that_the_original_is_gone_ends_its_flag_and_is_in_the_trace(
    ws: Workspace, me: str
) -> None:
    one = film(ws, "F-001", left=True)
    library.original_gone(ws, one, actor=me)
    assert not library.shelf(ws, me, one).original_left
    assert library.page(ws, me).needs == ()
    assert ws.catalogue.audit_rows(newest=1)[0].action == "film.original-gone"


def test_somebody_without_rights_sees_an_empty_library_and_changes_nothing(ws: Workspace) -> None:
    one = film(ws, "F-001", moments=2, left=True)
    part = library.page(ws, "f" * 32, many=5)
    assert (part.shelves, part.films, part.needs) == ((), 0, ())
    with pytest.raises(NotAllowed):
        library.shelf(ws, "f" * 32, one)
    with pytest.raises(NotAllowed):
        library.original_gone(ws, one, actor="f" * 32)
    assert library.shelf(ws, ws.opened_by, one).original_left


def test_a_film_that_is_not_whole_yet_has_no_shelf(house: House, tmp_path: Path) -> None:
    ws = house.workspace
    with ws.catalogue.act("cli", "made.up") as act:
        home = act.add_family("F-001")
        act.assign(ws.opened_by, home.id, Office.GUIDER)
        begun = act.begin_recording(home.id, FOOTAGE)
    assert ws.catalogue.recording(begun.id).state is RecordingState.IMPORTING
    with pytest.raises(Unknown):
        library.shelf(ws, ws.opened_by, begun.id)
    assert library.page(ws, ws.opened_by).films == 0
