"""What each page says and asks, run as Streamlit runs it."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.conftest import Pages, drawn, words_on
from tests.ui.houses import FILM, RECORDING, House, Workspace, clip, job, moment, shelf
from vig.app.jobs import Failure, JobState
from vig.app.library import Need, Want
from vig.app.policy import Visitor
from vig.domain.recording import RecordingState
from vig.errors import DiskFull, NoConsent, Unknown
from vig.ui import words
from vig.ui.library import AGAIN, ERASE


def test_an_empty_library_says_what_to_do_next(pages: Pages) -> None:
    at = pages.open()
    said = words_on(at)
    assert "No films yet" in said
    assert words.SAMPLES_ONLY in said
    assert "Add a film" in said


def test_a_film_is_shown_with_its_pseudonym_its_day_and_what_there_is_to_look_at(
    pages: Pages,
) -> None:
    pages.shelves = [shelf()]
    at = pages.open()
    said = words_on(at)
    assert "F-014" in said
    assert "filmed 12 Nov 2026 · 4 min · baby 23 weeks" in said
    assert "2 suggestions · 1 micro-clip" in said
    picture = at.get("html")[0].proto.body
    assert f"/api/thumb/{FILM}" in picture
    assert "F-014, filmed 12 Nov 2026" in picture


def test_no_watching_is_offered_that_a_family_did_not_agree_to(pages: Pages) -> None:
    pages.shelves = [shelf(analysed=False, agreed=False)]
    at = pages.open()
    assert words.NOT_AGREED in words_on(at)
    assert "Look for moments" not in words_on(at)
    pages.shelves = [shelf(analysed=False)]
    assert "Look for moments" in words_on(pages.open())


def test_a_film_without_suggestions_says_nothing_about_the_family(pages: Pages) -> None:
    pages.shelves = [shelf(suggestions=0, clips=0)]
    assert "No suggestion. That says nothing about this family." in words_on(pages.open())


def test_a_pseudonym_cannot_bring_markup_onto_the_page(pages: Pages) -> None:
    pages.shelves = [shelf(pseudonym='"><script>x</script> ![x](//elsewhere.example/x.png)')]
    at = pages.open()
    assert "<script" not in "".join(html.proto.body for html in at.get("html"))
    named = next(m.value for m in at.markdown if "script" in m.value)
    assert r"\<script\>" in named
    assert r"\!\[x\]\(" in named


def test_work_under_way_is_shown_with_its_step_its_share_and_a_way_to_stop_it(
    pages: Pages,
) -> None:
    work = job(JobState.RUNNING, share=0.43, step="see", seconds_left=125.0)
    pages.shelves = [shelf(work=work, analysed=False)]
    pages.house.workspace.jobs.known[work.id] = work
    at = pages.open()
    bars = at.get("progress")
    assert bars[0].proto.text == "Watching, 43% · 2 min left"
    at.button(key=f"stop-{FILM}").click().run()
    assert pages.asked == [("cancel", work.id, "guider")]


def test_a_film_still_on_its_way_in_is_spoken_of(pages: Pages) -> None:
    pages.house.workspace.catalogue.coming = [replace(RECORDING, state=RecordingState.IMPORTING)]
    said = words_on(pages.open())
    assert "1 film on the way in" in said
    assert "No films yet" not in said


def test_stopped_work_can_go_on(pages: Pages) -> None:
    pages.shelves = [shelf(work=job(JobState.CANCELLED), analysed=False)]
    at = pages.open()
    assert "what was finished is kept" in words_on(at)
    at.button(key=f"again-{FILM}").click().run()
    assert pages.asked == [("analyse", FILM, "guider")]


def test_failed_work_says_why_in_one_sentence(pages: Pages) -> None:
    failure = Failure("NoConsent", {"purpose": "let a computer look for moments"})
    pages.shelves = [shelf(work=job(JobState.FAILED, failure=failure), analysed=False)]
    said = words_on(pages.open())
    assert (
        "No recorded agreement of this family covers this: let a computer look for moments" in said
    )


def test_what_waits_for_somebody_stands_above_everything_and_leads_there(pages: Pages) -> None:
    pages.shelves = [shelf()]
    pages.needs = [
        Need(FILM, "F-014", Want.LOOK, 8),
        Need(FILM, "F-014", Want.ORIGINAL),
        *(Need(f"{n:032x}", f"F-{n:03}", Want.WORK) for n in range(5)),
    ]
    at = pages.open()
    said = words_on(at)
    assert "Needs you" in said
    assert "F-014: 8 suggestions to look at" in said
    assert "F-014: erase the original" in said
    assert "F-001: the computer did not finish" in said
    assert "and 3 more" in said
    at.button(key=f"need-look-{FILM}").click().run()
    assert at.session_state["film"] == FILM


def test_nothing_waits_nothing_is_said(pages: Pages) -> None:
    pages.shelves = [shelf()]
    assert "Needs you" not in words_on(pages.open())


def test_the_original_is_flagged_on_its_film_until_somebody_says_it_is_gone(pages: Pages) -> None:
    pages.shelves = [shelf(original_left=True)]
    at = pages.open()
    assert "Now erase it from the phone, its Recently Deleted and its cloud." in words_on(at)
    at.button(key=f"gone-{FILM}").click().run()
    assert pages.asked == [("original_gone", FILM, "guider")]
    pages.shelves = [shelf(original_left=False)]
    assert "Recently Deleted" not in words_on(pages.open())


def test_a_long_library_is_shown_in_parts_and_searched_by_pseudonym(pages: Pages) -> None:
    pages.shelves = [
        shelf(
            recording=replace(RECORDING, id=f"{n:032x}"), pseudonym=f"F-{n:03}", original_left=False
        )
        for n in range(45)
    ]
    at = pages.open()
    said = words_on(at)
    assert "1 to 20 of 45 films" in said
    assert "F-019" in said
    assert "F-020" not in said
    at.text_input(key="called").set_value("f-04").run()
    said = words_on(at)
    assert "5 films" in said
    assert "F-044" in said
    assert "F-001" not in said
    at.text_input(key="called").set_value("Smith").run()
    assert "No film of a family called “Smith”." in words_on(at)


def _asking() -> None:
    from tests.ui.houses import shelf
    from vig.ui.library import _erase

    _erase(shelf())


def test_erasing_asks_for_the_pseudonym_and_erases_nothing_before(pages: Pages) -> None:
    pages.sit_down()
    at = AppTest.from_function(_asking)
    at.session_state["actor"] = "guider"
    at.run()
    assert "gone for good" in words_on(at)
    assert at.button[0].disabled
    at.text_input[0].set_value("F-015").run()
    assert at.button[0].disabled
    assert pages.asked == []
    at.text_input[0].set_value("F-014").run()
    at.button[0].click().run()
    assert pages.asked == [("erase", FILM, "guider")]


def test_a_film_can_be_watched_again_or_erased_from_its_own_menu(pages: Pages) -> None:
    pages.shelves = [shelf()]
    at = pages.open()
    at.menu_button(key=f"more-{FILM}").click(AGAIN).run()
    assert pages.asked == [("analyse", FILM, "guider")]
    at.menu_button(key=f"more-{FILM}").click(ERASE).run()
    assert "gone for good" in words_on(at)
    assert len(pages.asked) == 1


# ── adding a film ────────────────────────────────────────────────────────────────────────────


def test_a_film_cannot_be_chosen_before_the_agreement_is_recorded(pages: Pages) -> None:
    at = pages.open(adding=True)
    assert words.SAMPLES_ONLY in words_on(at)
    data = drawn(at, "uploader")
    assert "which family" in data["why_not"]
    assert data["film"] is None
    at.selectbox[0].set_value("F-014").run()
    assert "who agreed" in drawn(at, "uploader")["why_not"]
    at.text_input[0].set_value("mother").run()
    assert "when they agreed" in drawn(at, "uploader")["why_not"]
    next(d for d in at.date_input if d.label == "Agreed on").set_value("2026-11-12").run()
    assert "agreement to keep" in drawn(at, "uploader")["why_not"]
    at.checkbox(key="agree-keep").check().run()
    data = drawn(at, "uploader")
    assert data["why_not"] is None
    assert data["lead"] == "The film will be kept under F-014."
    assert data["film"]["agreement"] == {
        "agreed_by": "mother",
        "agreed_on": "2026-11-12",
        "purposes": ["keep"],
    }


def test_no_use_is_agreed_to_unless_somebody_says_so(pages: Pages) -> None:
    at = pages.open(adding=True)
    assert len(at.checkbox) == 11
    assert not any(box.value for box in at.checkbox)


def test_the_age_is_asked_for_a_new_family_only(pages: Pages) -> None:
    at = pages.open(adding=True)
    at.selectbox[0].set_value("F-014").run()
    assert len(at.number_input) == 0


def test_after_an_import_a_line_says_where_the_unprotected_original_is(pages: Pages) -> None:
    pages.shelves = [shelf(original_left=False)]
    at = pages.open(added=True)
    assert "unprotected original is still where it was" in words_on(at)
    assert "its Recently Deleted and its cloud" in words_on(at)
    at.run()
    assert "unprotected original" not in words_on(at)


# ── the review room ──────────────────────────────────────────────────────────────────────────


def _room(pages: Pages, **changes: Any) -> Any:
    pages.shelves = [shelf(**changes)]
    return pages.open("review", film=FILM)


def test_the_room_shows_the_film_the_moments_and_what_was_kept(pages: Pages) -> None:
    pages.house = House(Workspace([moment("m1", 14), moment("m2", 60)], [clip("c1", 14, "m1")]))
    pages.left = {"m2"}
    at = _room(pages)
    data = drawn(at, "player")
    assert data["picture"] == "F-014 · filmed 12 Nov 2026"
    assert data["film_url"] == f"/api/film/{FILM}"
    assert [(m["id"], m["state"]) for m in data["moments"]] == [("m1", "kept"), ("m2", "left")]
    assert data["moments"][0]["principle"] == "Receiving initiatives"
    assert data["moments"][0]["evidence"][1] == {
        "at": 14_000_000,
        "words": "Mum smiles",
        "delay": 800_000,
    }
    assert data["clips"][0]["proposed_by"] == "m1"
    assert data["head"] == {
        "family": "F-014",
        "about": "baby 23 weeks · filmed 12 Nov 2026 · 4 min",
    }


def test_no_number_that_could_rate_anybody_reaches_the_page(pages: Pages) -> None:
    pages.house = House(Workspace([moment("m1", 14)]))
    data = drawn(_room(pages), "player")
    assert set(data["moments"][0]) == {
        "id", "start", "end", "principle", "reason", "evidence", "state", "clip",
    }  # fmt: skip
    assert "0.6" not in str(data["moments"])  # neither the parts of the ordering
    assert "0.9" not in str(data["moments"])  # nor the coverage


def test_a_watched_film_without_moments_says_so_kindly(pages: Pages) -> None:
    assert drawn(_room(pages, suggestions=0), "player")["none"] == words.NO_SUGGESTION


def test_a_film_nobody_watched_yet_is_not_called_empty(pages: Pages) -> None:
    data = drawn(_room(pages, analysed=False, work=None), "player")
    assert data["none"] == "The computer has not watched this film yet."
    assert data["lanes_url"] is None


def test_after_a_family_withdrew_nothing_of_what_the_computer_saw_is_shown(pages: Pages) -> None:
    pages.shelves = [shelf(stale=True)]
    pages.house.workspace.agreed = False
    pages.house.workspace.catalogue.kept.append(clip("c1", 10))
    data = drawn(pages.open("review", film=FILM), "player")
    assert data["people"] == data["quality"] == []
    assert data["lanes_url"] is None
    assert data["remark"] is None
    assert data["people_words"] == data["none"] == words.NOT_AGREED
    assert len(data["clips"]) == 1


def test_the_room_is_drawn_where_what_the_computer_saw_cannot_be_read(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise Unknown(kind="film", name=FILM)

    pages.shelves = [shelf()]
    assert drawn(pages.open("review", film=FILM), "player")["people"] != []
    monkeypatch.setattr("vig.app.analysis.observations_of", broken)
    data = drawn(pages.open("review", film=FILM), "player")
    assert data["film_url"] == f"/api/film/{FILM}"
    assert data["people"] == []


def test_a_rendered_film_says_that_it_proves_nothing(pages: Pages) -> None:
    pages.rendered = True
    assert drawn(_room(pages), "player")["remark"] == words.RENDERED
    pages.rendered = False
    assert drawn(_room(pages), "player")["remark"] is None


def test_a_film_can_be_looked_at_while_the_computer_watches_it(pages: Pages) -> None:
    work = job(JobState.RUNNING, share=0.5, step="hear")
    pages.house.workspace.jobs.known[work.id] = work
    at = _room(pages, analysed=False, work=work)
    assert at.get("progress")[0].proto.text == "Listening, 50%"
    assert drawn(at, "player")["film_url"] == f"/api/film/{FILM}"


def test_suggestions_of_an_older_version_are_called_so(pages: Pages) -> None:
    assert drawn(_room(pages, stale=True), "player")["remark"] == words.OLDER
    assert drawn(_room(pages), "player")["remark"] is None


def test_without_a_chosen_film_the_room_offers_the_films(pages: Pages) -> None:
    pages.shelves = [shelf()]
    at = pages.open("review")
    assert "Which film?" in words_on(at)
    assert "F-014" in words_on(at)


def test_a_film_that_was_erased_meanwhile_is_one_sentence(pages: Pages) -> None:
    at = pages.open("review", film="b" * 32)
    assert "There is no film called" in words_on(at)


# ── settings ─────────────────────────────────────────────────────────────────────────────────


def test_a_backup_goes_where_it_is_asked_to(pages: Pages, tmp_path: Path) -> None:
    at = pages.open("settings")
    button = next(b for b in at.button if b.label == "Back up now")
    assert button.disabled
    at.text_input(key="backup-folder").set_value(str(tmp_path)).run()
    next(b for b in at.button if b.label == "Back up now").click().run()
    assert pages.house.backups == [tmp_path]
    assert "12 sealed objects copied" in at.success[0].value


def test_a_backup_that_fails_says_why_and_what_to_do(pages: Pages, tmp_path: Path) -> None:
    pages.house.problem = DiskFull()
    at = pages.open("settings")
    at.text_input(key="backup-folder").set_value(str(tmp_path)).run()
    next(b for b in at.button if b.label == "Back up now").click().run()
    assert "The disk is full" in at.error[0].value
    assert len(at.success) == 0


def test_the_ways_in_are_listed_without_anything_of_them(pages: Pages) -> None:
    said = words_on(pages.open("settings"))
    assert "Passphrase :gray[tried, made 2 Nov 2026]" in said
    assert "Printed recovery code :gray[not tried yet, made 2 Nov 2026]" in said


def test_the_settings_say_how_a_backup_comes_back(pages: Pages) -> None:
    assert "Bring back a backup" in words_on(pages.open("settings"))


def test_a_principle_is_put_in_a_services_own_words_withdrawn_and_added(pages: Pages) -> None:
    at = pages.open("settings")
    at.text_input(key="term-receiving").set_value("Taking in what the baby says").run()
    assert pages.asked[-1] == (
        "reword", "receiving", "Taking in what the baby says", "guider",
    )  # fmt: skip
    at.button(key="term-guiding-withdraw").click().run()
    assert pages.asked[-1] == ("withdraw", "guiding", "guider")
    at.text_input(key="vocabulary-new").set_value("Shared joy").run()
    assert pages.asked[-1] == ("add", "Shared joy", "guider")
    assert at.text_input(key="vocabulary-new").value == ""


def test_without_the_right_to_it_the_vocabulary_is_only_read(pages: Pages) -> None:
    pages.may -= {"house.settings"}
    at = pages.open("settings")
    assert "Receiving initiatives" in words_on(at)
    assert not [field for field in at.text_input if (field.key or "").startswith("term-")]


# ── who is here ──────────────────────────────────────────────────────────────────────────────


def test_a_page_drawn_for_nobody_shows_nothing(pages: Pages) -> None:
    pages.shelves = [shelf()]
    pages.who = None
    said = words_on(pages.open())
    assert "signed out" in said
    assert "F-014" not in said


def test_the_name_and_the_lock_are_on_the_page_before_anything_else(pages: Pages) -> None:
    at = pages.open(adding=True)
    assert drawn(at, "door") == {"who": "Ann", "visit": None}
    assert at.get("bidi_component")[0].proto.component_name == "vig-door"


def test_on_a_visit_nothing_is_offered_that_a_visit_does_not_allow(pages: Pages) -> None:
    pages.shelves = [shelf()]
    at = pages.open()
    usual = {button.label for button in at.button}
    assert {"Add a film", "Review"} <= usual
    pages.who = Visitor.of("guider", "family")
    at.run()
    assert drawn(at, "door") == {"who": "Ann", "visit": "F-014"}
    left = {button.label for button in at.button}
    assert left < usual
    assert "Review" in left
    assert not {"Add a film", words.need(Want.ORIGINAL, "F-014", 0), "It is erased there"} & left
    assert not at.get("menu_button")


def test_an_error_of_the_app_is_its_sentence_and_its_advice(pages: Pages) -> None:
    pages.problem = NoConsent(purpose="let a computer look for moments")
    pages.shelves = [shelf(work=None, analysed=False)]
    at = pages.open()
    at.button(key=f"analyse-{FILM}").click().run()
    assert "No recorded agreement" in at.error[0].value
    assert "Ask the family" in at.error[0].value


def test_an_unforeseen_error_says_nothing_of_what_was_in_it(
    pages: Pages, monkeypatch: pytest.MonkeyPatch, logged_errors: list[logging.LogRecord]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("F-014 in C:/films")

    monkeypatch.setattr("vig.app.library.page", broken)
    at = pages.open()
    assert "What was saved is safe" in at.error[0].value
    assert "F-014" not in words_on(at)
    assert [r.getMessage() for r in logged_errors] != []
    assert all("F-014" not in r.getMessage() and r.exc_info is None for r in logged_errors)
    logged_errors.clear()
