"""What the review room shows of a film: one reading of everything, for one person."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from vig.app import analysis, vocabulary
from vig.app.deeds.clips import left
from vig.app.deeds.looking import KEYS
from vig.app.deeds.undoing import undoable
from vig.app.people import Corrections
from vig.app.policy import authorise, offices_of, plain
from vig.app.suggestions import LOOK_FIRST, QUESTION, RECIPE, standing, work_out
from vig.app.workspace import Workspace
from vig.attunement.scoring import Scoring
from vig.catalogue.values import AnalysisState
from vig.domain.account import Office
from vig.domain.family import Purpose
from vig.domain.recording import Recording
from vig.domain.review import Annotation, Moment, ReviewPlan, Sense, Term
from vig.domain.review import MicroClip as Clip
from vig.errors import Unknown

_again = threading.Lock()


@dataclass(frozen=True, slots=True)
class Room:
    """One film in the review room, as one person may see it now."""

    recording: Recording
    moments: tuple[Moment, ...]
    """The suggestions, best first; none while this person looks first."""
    clips: tuple[Clip, ...]
    plan: ReviewPlan
    notes: tuple[Annotation, ...]
    left: frozenset[str]
    """Suggestions that were set aside."""
    kept: dict[str, str]
    """From a suggestion to the micro-clip that was made of it."""
    question: str
    """The helping question, "" where none was written down."""
    focus: tuple[str, ...]
    look_first: bool
    off: frozenset[Sense]
    people: Corrections
    vocabulary: tuple[Term, ...]
    keys: dict[str, str]
    """This person's own keys: action to key; empty for the usual ones."""
    undo: str | None
    redo: str | None


def room(ws: Workspace, recording_id: str, actor: str) -> Room:
    """Everything for the review room. Raises NotAllowed, Unknown."""
    authorise(ws, actor, "film.see", recording=recording_id)
    recording = ws.catalogue.recording(recording_id)
    moments = suggestions(ws, recording_id, actor)
    stand = standing(ws, recording)
    clips = ws.catalogue.clips(recording_id)
    undo, redo = undoable(ws, recording_id, actor)
    return Room(
        recording=recording,
        moments=moments,
        clips=clips,
        plan=ws.catalogue.plan(recording_id),
        notes=ws.catalogue.annotations(recording_id),
        left=left(ws, recording_id),
        kept=made_of(moments, clips),
        question=question_of(ws, recording),
        focus=stand.focus,
        look_first=looks_first(ws, recording_id, actor),
        off=stand.off,
        people=stand.people,
        vocabulary=vocabulary.terms(ws),
        keys=dict(ws.catalogue.item(plain(actor), KEYS) or {}),
        undo=undo,
        redo=redo,
    )


def question_of(ws: Workspace, recording: Recording) -> str:
    """The film's own helping question, or its family's; "" where there is none."""
    own = ws.catalogue.item(recording.id, QUESTION)
    return own or ws.catalogue.item(recording.family, QUESTION) or ""


def looks_first(ws: Workspace, recording_id: str, actor: str) -> bool:
    """Whether this person is to see no suggestions of this film yet.

    What they said of this film holds; else what they chose for themselves; else trainees do.
    """
    me = plain(actor)
    for said in (
        ws.catalogue.item(recording_id, LOOK_FIRST, whose=me),
        ws.catalogue.item(me, LOOK_FIRST),
    ):
        if said is not None:
            return bool(said)
    return Office.TRAINEE in offices_of(ws, actor)


def suggestions(ws: Workspace, recording_id: str, actor: str) -> tuple[Moment, ...]:
    """What may be proposed to this person now, best first.

    None while they look first, and none where the family no longer agrees to the computer's part.
    """
    recording = ws.catalogue.recording(recording_id)
    if looks_first(ws, recording_id, actor) or not ws.allowed(recording, Purpose.ANALYSE):
        return ()
    refresh(ws, recording_id)
    return ws.catalogue.moments(recording_id)


def made_of(moments: tuple[Moment, ...], clips: tuple[Clip, ...]) -> dict[str, str]:
    """Which micro-clip each suggestion has become.

    The one that was made from it; else, where a suggestion stands anew because something about the
    film was put right, one made from a suggestion that is gone and lies for its larger part in it.
    """
    there = {moment.id for moment in moments}
    found = {c.proposed_by: c.id for c in clips if c.proposed_by in there and c.proposed_by}
    lost = [c for c in clips if c.proposed_by is not None and c.proposed_by not in there]
    for moment in moments:
        if moment.id in found:
            continue
        for clip in lost:
            shared = clip.span & moment.span
            if shared is not None and 2 * shared.length > clip.span.length:
                found[moment.id] = clip.id
                lost.remove(clip)
                break
    return found


def refresh(ws: Workspace, recording_id: str) -> bool:
    """Work the suggestions out anew where something they stand on has changed; whether it had.

    From what was seen the one time; a second or two for ten minutes of film. Nothing where the
    film was not watched.
    """
    recording = ws.catalogue.recording(recording_id)
    recipe = standing(ws, recording).recipe(analysis.settings_hash())
    if ws.catalogue.item(recording_id, RECIPE) == recipe:
        return False
    with _again:
        newest = ws.catalogue.latest_analysis(recording_id)
        stand = standing(ws, recording)
        recipe = stand.recipe(analysis.settings_hash())
        if newest is None or newest.observations is None:
            return False
        if ws.catalogue.item(recording_id, RECIPE) == recipe:
            return False
        observations = analysis.observations_of(ws, recording_id)
        moments = work_out(observations, stand, Scoring.load(), recording)
        try:
            with ws.catalogue.act(analysis.ACTOR, "analysis.again", object=recording_id) as act:
                act.drop_analysis(newest.id)
                made = act.add_analysis(
                    recording_id,
                    software=newest.software,
                    models=newest.models,
                    settings_hash=analysis.settings_hash(),
                    observations=newest.observations,
                    state=AnalysisState.DONE,
                )
                act.add_moments(made.id, moments)
                act.set_item(recording_id, RECIPE, recipe)
        except Unknown:
            return False  # another process was quicker
    return True
