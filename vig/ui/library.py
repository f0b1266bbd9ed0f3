"""The library: every film with its picture, what there is to look at, and work under way."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import date

import streamlit as st

from vig.app import demo, library, policy, uploads, walk
from vig.app.jobs import JobState, JobStatus
from vig.app.library import Need, Page, Shelf
from vig.domain.family import Purpose
from vig.domain.recording import Recording
from vig.ui import desk, erasing, words
from vig.ui.uploader import Film, going_on, uploader

STEPS = {"see": "watching", "hear": "listening", "finish": "looking for moments"}
"""What the parts of an analysis are called on the screen."""

AGAIN = "Let the computer watch it again"
ERASE = "Erase this film…"

LOOK_EVERY = 1.5
"""Seconds between two looks at work under way."""

PART = 20
"""Films on one page of the list."""

FEW = 6
"""Films that need no search."""

NEEDS = 4
"""How many of what waits are named; the rest is counted."""

OPTIONAL = tuple(p for p in Purpose if p not in (Purpose.KEEP, Purpose.ANALYSE))


def page() -> None:
    """The whole page."""
    adding = st.session_state.setdefault("adding", False)
    head, act = st.columns([5, 1], vertical_alignment="bottom")
    head.title("Library")
    if desk.on_visit():
        adding = False
    elif act.button(
        "Close" if adding else "Add a film",
        type="secondary" if adding else "primary",
        width="stretch",
        key="add",
    ):
        st.session_state["adding"] = not adding
        st.rerun()
    _news()
    if adding:
        with st.container(border=True, key="adding-panel"):
            add_panel()
    elif not desk.on_visit():
        _on_their_way()
    shelves()


def _news() -> None:
    """What was done just now, said once."""
    if st.session_state.pop("added", None):
        st.success(words.ORIGINAL_LEFT, icon=":material/lock:")
    if erased := st.session_state.pop("erased", None):
        st.success(erased, icon=":material/check_circle:")


def _on_their_way() -> None:
    """Films being sent by this window, and those of which a part has arrived."""
    with desk.told():
        came = going_on(uploads.waiting(desk.workspace(), desk.me()), key="going-on")
        if came and came != st.session_state.get("last-added"):
            st.session_state.update({"last-added": came, "added": True, "added-before": True})
            st.rerun()


# --- the films


def films_now(called: str = "", first: int = 0, many: int | None = None) -> Page:
    workspace = desk.workspace()
    return library.page(workspace, desk.me(), workspace.jobs, called=called, first=first, many=many)


def shelves() -> None:
    """The list, a part of it at a time. Only a bar of work under way draws itself anew."""
    with desk.told():
        called = str(st.session_state.get("called") or "")
        part = int(st.session_state.get("part") or 1)
        films = films_now(called, (part - 1) * PART, PART)
        coming = len(_coming())
        if coming and not st.session_state["adding"]:
            st.fragment(_still_coming, run_every=LOOK_EVERY)(coming)
        elif not films.films and not called:
            _empty()
        if not desk.on_visit():
            needs(films.needs)
        if called or films.films > FEW:
            _find(called, part, films.films)
        for shelf in films.shelves:
            with st.container(border=True, key=f"film-{shelf.recording.id}"):
                _film(shelf)


def _find(called: str, part: int, found: int) -> None:
    """A part of a pseudonym to look for, and which part of the list is shown."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Find a family, by pseudonym",
            key="called",
            on_change=lambda: st.session_state.pop("part", None),
            width=280,
        )
        if not found:
            st.write(f"No film of a family called “{words.plain(called)}”.")
        elif found > PART:
            st.pagination(-(-found // PART), key="part", max_visible_pages=5)
            first = (part - 1) * PART
            st.caption(f"{first + 1} to {min(first + PART, found)} of {words.count(found, 'film')}")
        elif called:
            st.caption(words.count(found, "film"))


def needs(all_of_them: Sequence[Need]) -> None:
    """What waits for somebody, above everything else: a button for each, the newest first."""
    if not all_of_them:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="needs-you"):
        st.markdown("**Needs you**", width="content")
        for need in all_of_them[:NEEDS]:
            label = words.need(need.want, need.pseudonym, need.count)
            if st.button(label, key=f"need-{need.want}-{need.recording}"):
                open_film(need.recording)
        if len(all_of_them) > NEEDS:
            st.caption(f"and {len(all_of_them) - NEEDS} more", width="content")


def _coming() -> tuple[Recording, ...]:
    return library.coming(desk.workspace(), desk.me())


def _still_coming(before: int) -> None:
    """Films on their way in, begun on a page that was left since."""
    with desk.told():
        now = len(_coming())
        if now != before:
            st.rerun()
        st.caption(
            f"{words.count(now, 'film')} on the way in; it will stand here when it is whole."
        )


def _empty() -> None:
    with st.container(border=True):
        st.header("No films yet")
        st.write("Add a film from a phone or a camera. It is sealed as it comes in.")
        st.caption(words.SAMPLES_ONLY)
        if st.button("Look around with the sample films", key="samples"):
            _add_samples()


def _add_samples() -> None:
    """The rendered films, each under a pseudonym of its own; leaving the page stops it."""
    workspace = desk.workspace()
    with st.container():
        shown = st.progress(0.0, text="Adding the sample films")
        for number, name in enumerate(demo.SAMPLES):

            def heard(share: float, number: int = number) -> None:
                done = (number + share) / len(demo.SAMPLES)
                shown.progress(done, text=f"Adding sample film {number + 1} of {len(demo.SAMPLES)}")

            added = demo.add(workspace, name, heard, actor=desk.me())
            walk.analyse(workspace, added, actor=desk.me())
    st.rerun()


def _film(shelf: Shelf) -> None:
    recording = shelf.recording
    picture, about, state, go = st.columns([1.1, 3, 2.6, 1.1], vertical_alignment="center")
    picture.html(thumbnail(recording.id, shelf.pseudonym, recording.filmed_on))
    with about:
        st.markdown(f"## {words.plain(shelf.pseudonym)}")
        st.caption(
            words.line(
                words.filmed(recording.filmed_on),
                words.length(recording.duration),
                words.age(shelf.age_weeks),
            )
        )
    with state:
        _work(shelf)
        if shelf.original_left and not desk.on_visit():
            _original(recording.id)
    if go.button("Review", key=f"open-{recording.id}", type="primary", width="stretch"):
        open_film(recording.id)
    if desk.on_visit():
        return
    chosen = go.menu_button("More", (AGAIN, ERASE), key=f"more-{recording.id}", width="stretch")
    if chosen == AGAIN:
        _analyse(recording.id)
    elif chosen == ERASE:
        _erase(shelf)


def _original(recording_id: str) -> None:
    """Flagged until somebody ticks it."""
    st.markdown(f":material/phone_android: {words.ERASE_ORIGINAL}")
    if st.button("It is erased there", key=f"gone-{recording_id}"):
        with desk.told():
            library.original_gone(desk.workspace(), recording_id, actor=desk.me())
            st.rerun()


def open_film(recording_id: str) -> None:
    from vig.ui.main import REVIEW

    st.session_state["film"] = recording_id
    st.switch_page(REVIEW)


def thumbnail(recording_id: str, pseudonym: str, filmed_on: date | None) -> str:
    """The picture with whose it is; the bytes come by our own route, never through Streamlit."""
    whose = html.escape(f"{pseudonym}, {words.filmed(filmed_on)}", quote=True)
    return (
        f'<img src="/api/thumb/{html.escape(recording_id, quote=True)}" alt="Still of {whose}"'
        ' loading="lazy" style="width:100%;aspect-ratio:16/10;object-fit:cover;'
        'border-radius:.6rem;display:block;background:#0d1114">'
    )


def _work(shelf: Shelf) -> None:
    work = shelf.work
    recording = shelf.recording
    if work is None or work.state is JobState.DONE:
        _ready(shelf)
    elif not work.ended:
        # A bar for itself, so that a click anywhere else on the page never meets its redrawing.
        st.fragment(bar, run_every=LOOK_EVERY)(recording.id, work.id)
    else:
        stopped = work.state is JobState.CANCELLED
        st.markdown("Stopped; what was finished is kept." if stopped else ":red[Did not finish]")
        if work.failure is not None and not stopped:
            st.caption(str(work.failure.error()))
        if st.button("Go on" if stopped else "Try again", key=f"again-{recording.id}"):
            _analyse(recording.id)


def bar(recording_id: str, job: str) -> None:
    """How far the watching of a film is, and a way to stop it; for a fragment of its own."""
    with desk.told():
        workspace = desk.workspace()
        work = library.work(workspace, desk.me(), job)
        if work.ended:
            st.rerun()  # back to a page that does not draw itself anew
        st.progress(work.share, text=doing(work))
        if st.button("Stop", key=f"stop-{recording_id}"):
            walk.cancel(workspace, job, actor=desk.me())
            st.rerun()


def _ready(shelf: Shelf) -> None:
    recording = shelf.recording
    kept = words.count(shelf.clips, "micro-clip") if shelf.clips else None
    if not shelf.agreed:
        st.caption(words.NOT_AGREED)
        if kept:
            st.markdown(kept)
        return
    if not shelf.analysed:
        st.markdown("Not watched by the computer yet.")
        if st.button("Look for moments", key=f"analyse-{recording.id}"):
            _analyse(recording.id)
        return
    found = (
        words.count(shelf.suggestions, "suggestion") if shelf.suggestions else words.NO_SUGGESTION
    )
    st.markdown(words.line(found, kept))


def doing(work: JobStatus) -> str:
    """What a running job does and how far it is."""
    if work.state is JobState.LOCKED:
        return "Waiting until the vault is unlocked"
    if work.state is JobState.WAITING:
        return "Waiting its turn"
    step = STEPS.get(work.step or "", "working").capitalize()
    left = None
    if work.seconds_left is not None:
        minutes = round(work.seconds_left / 60)
        left = f"{minutes} min left" if minutes else "less than a minute left"
    return words.line(f"{step}, {work.share:.0%}", left)


def _analyse(recording_id: str) -> None:
    with desk.told():
        walk.analyse(desk.workspace(), recording_id, actor=desk.me())
        st.rerun()


@st.dialog("Erase this film?")
def _erase(shelf: Shelf) -> None:
    """Says what will be gone and asks for the pseudonym."""
    recording = shelf.recording
    if not policy.may(desk.workspace(), desk.me(), "film.erase", recording=recording.id):
        erasing.ask(recording.id, shelf.pseudonym)
        return
    st.write(
        f"The film of **{words.plain(shelf.pseudonym)}**, {words.filmed(recording.filmed_on)}, its stills, "
        "suggestions and micro-clips will be gone for good. "
        "Its key is destroyed first: nobody can bring it back."
    )
    typed = st.text_input("Type the pseudonym to erase it", key="erase-typed")
    if st.button("Erase", type="primary", disabled=typed.strip() != shelf.pseudonym):
        with desk.told():
            gone = walk.erase(desk.workspace(), recording.id, actor=desk.me())
            st.session_state["erased"] = words.ERASED if gone else words.ERASED_PENDING
            if st.session_state.get("film") == recording.id:
                del st.session_state["film"]
            st.rerun()


# --- adding one


def add_panel() -> None:
    """The family, what they agreed to, and then the film itself."""
    st.header("Add a film")
    if not st.session_state.get("added-before"):
        st.caption(words.SAMPLES_ONLY)
    left, right = st.columns(2, gap="large")
    with left:
        family, weeks = _family(library.pseudonyms(desk.workspace(), desk.me()))
        filmed_on = st.date_input("Filmed on", None, max_value="today", format="DD/MM/YYYY")
    with right:
        purposes, by, on = _agreement()
    film = Film(family or "", by, on, purposes, filmed_on, weeks)
    added = uploader(film, key="uploader")
    if added and added != st.session_state.get("last-added"):
        st.session_state.update({"last-added": added, "added": True, "added-before": True})
        st.session_state["adding"] = False
        st.rerun()


def _family(known: Sequence[str]) -> tuple[str | None, int | None]:
    family = st.selectbox(
        "Family, by pseudonym",
        known,
        index=None,
        accept_new_options=True,
        placeholder="Choose, or type a new one such as F-014",
        help="Never a name. The list that says who is who stays in your own records.",
    )
    weeks = None
    if family and family not in known:
        given = st.number_input("Baby's age in weeks", 0, 260, None, step=1)
        weeks = int(given) if given is not None else None
    return family, weeks


def _agreement() -> tuple[frozenset[Purpose], str, date | None]:
    st.markdown("**What the family agreed to**")
    chosen = {Purpose.KEEP} if st.checkbox("To keep the film", key="agree-keep") else set()
    if st.checkbox("To let a computer look for moments", key="agree-analyse"):
        chosen.add(Purpose.ANALYSE)
    with st.expander("Other uses, each agreed to on its own"):
        for purpose in OPTIONAL:
            if st.checkbox(f"To {purpose.words}", key=f"agree-{purpose}"):
                chosen.add(purpose)
    who, when = st.columns(2)
    by = who.text_input("Who agreed", placeholder="mother", help="Their part, not their name.")
    on = when.date_input("Agreed on", None, max_value="today", format="DD/MM/YYYY")
    return frozenset(chosen), by, on
