"""How a person looks at a film: what for, what at, and who is who in it.

What is set here is kept beside the film; the suggestions that follow from it are worked out anew
when they are next asked for (``room.suggestions``), from what was seen the one time.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from vig.app import analysis, vocabulary
from vig.app.deeds.doing import Call, asked, done
from vig.app.people import AS, As, swapped, taken_for
from vig.app.policy import authorise, plain
from vig.app.suggestions import CUES, FOCUS, LOOK_FIRST, PEOPLE, QUESTION, WORDS, people
from vig.app.workspace import Workspace
from vig.attunement.words import Words
from vig.catalogue.act import Act
from vig.domain.review import Sense
from vig.errors import BadValue, Overtaken, Unknown

KEYS = "keys"
LONGEST_QUESTION = 400
_ACTION = re.compile(r"[a-z][a-z0-9-]{0,31}")


def focus(
    ws: Workspace,
    recording_id: str,
    principles: Collection[str],
    *,
    actor: str,
    seen: Collection[str] | None = None,
    nonce: str | None = None,
) -> None:
    """The guider ticks the principles that the helping question is about; none ticks none.

    ``seen``, here and below: what was ticked when the page was drawn; None asks nothing.
    """
    asked(ws, recording_id, actor, "film.change")
    codes = list(dict.fromkeys(principles))
    vocabulary.check_codes(ws, codes, carried=codes)
    done(Call(ws, recording_id, actor, nonce), "film.focus", "change what the question is about",
        lambda act: act.set_item(
            recording_id, FOCUS, codes or None, seen=... if seen is None else list(seen) or None
        ),
    )  # fmt: skip


def question(
    ws: Workspace,
    recording_id: str,
    words: str,
    *,
    actor: str,
    whole_family: bool = True,
    seen: str | None = None,
    nonce: str | None = None,
) -> None:
    """The helping question, in the parent's words; "" takes it away.

    It is kept for the family, and so pinned over each of its films; ``whole_family`` False keeps
    it for this film alone, where it stands before the family's.
    """
    recording = asked(ws, recording_id, actor, "film.change")
    line = " ".join(words.split())
    if len(line) > LONGEST_QUESTION:
        raise BadValue(what=f"A helping question has at most {LONGEST_QUESTION} characters.")
    about = recording.family if whole_family else recording_id

    def write(act: Act) -> None:
        own, shared = (act.item(one, QUESTION) for one in (recording_id, recording.family))
        if seen is not None and (own or shared or "") != seen:
            raise Overtaken(what="somebody changed the helping question")
        act.set_item(about, QUESTION, line or None)

    words = "change the helping question"
    done(Call(ws, recording_id, actor, nonce), "film.question", words, write, object=recording_id)


def look_first(
    ws: Workspace, recording_id: str, on: bool, *, actor: str, nonce: str | None = None
) -> None:
    """Whether this person sees no suggestions of this film until they say so.

    It ends once something of their own is marked: BadValue while there is nothing.
    """
    asked(ws, recording_id, actor, "film.see")
    me = plain(actor)
    if not on and not _marked(ws, recording_id, me):
        raise BadValue(what="Mark a moment or write a note of your own first.")
    done(Call(ws, recording_id, actor, nonce), "film.look-first",
        "look first" if on else "show the suggestions",
        lambda act: act.set_item(recording_id, LOOK_FIRST, on, whose=me),
    )  # fmt: skip


def _marked(ws: Workspace, recording_id: str, me: str) -> bool:
    own = [c.chosen_by for c in ws.catalogue.clips(recording_id) if c.proposed_by is None]
    return me in [*own, *(note.by for note in ws.catalogue.annotations(recording_id))]


# --- who is who


def person(
    ws: Workspace,
    recording_id: str,
    track: int,
    as_: As | None,
    *,
    actor: str,
    seen: str | None = None,
    word: str | None = None,
    nonce: str | None = None,
) -> None:
    """Say who a track is, for the whole film; None takes back what was said of it.

    ``seen``: who they were said or taken to be when the page was drawn; None asks nothing.
    ``word``: what the family calls a second carer or a twin ("Dad"), kept for the family.
    Unknown where the film has no such track.
    """
    recording = asked(ws, recording_id, actor, "film.change")
    if as_ is not None and as_ not in AS:
        raise BadValue(what="Say who this is: parent, baby, second carer, twin, or nobody of ours.")
    found = {each.number: each for each in analysis.observations_of(ws, recording_id).seen.tracks}
    if track not in found:
        raise Unknown(kind="person in this film", name=track)
    if word is not None:
        Words(carer=word)

    def write(act: Act) -> None:
        now = act.item(recording_id, PEOPLE, whose=str(track)) or taken_for(found[track].role)
        if seen is not None and now != seen:
            raise Overtaken(what="somebody else said who this is")
        act.set_item(recording_id, PEOPLE, as_, whose=str(track))
        if word is not None and as_ in ("carer2", "twin"):
            act.set_item(recording.family, WORDS, word, whose=as_)

    done(
        Call(ws, recording_id, actor, nonce),
        "film.people",
        "change who is who",
        write,
        object=recording_id,
    )


def swap(ws: Workspace, recording_id: str, *, actor: str, nonce: str | None = None) -> None:
    """The one taken for the parent is the baby, and the other way round."""
    asked(ws, recording_id, actor, "film.change")
    observations = analysis.observations_of(ws, recording_id)
    before = people(ws.catalogue.items(recording_id, PEOPLE))
    said = swapped(observations, before)

    def write(act: Act) -> None:
        for track, as_ in said.items():
            seen = before.get(track)
            act.set_item(recording_id, PEOPLE, as_, whose=str(track), seen=seen)

    words = "swap parent and baby"
    done(Call(ws, recording_id, actor, nonce), "film.people", words, write, object=recording_id)


# --- for the family, and for one's own account


def cues(
    ws: Workspace,
    recording_id: str,
    off: Collection[Sense],
    *,
    actor: str,
    seen: Collection[Sense] | None = None,
    nonce: str | None = None,
) -> None:
    """Switch kinds of cues off for this film's family, and all others on. No reason is kept."""
    recording = asked(ws, recording_id, actor, "family.change")
    names = sorted({Sense(sense).value for sense in off})
    done(Call(ws, recording_id, actor, nonce), "family.cues", "change which cues count",
        lambda act: act.set_item(
            recording.family, CUES, names or None, seen=... if seen is None else sorted(seen) or None
        ),
        object=recording.family,
    )  # fmt: skip


def keys(
    ws: Workspace,
    mapping: Mapping[str, str],
    *,
    actor: str,
    recording_id: str | None = None,
    nonce: str | None = None,
) -> None:
    """Which key does what in the player, for this account: action to key; empty for the usual keys.

    In a film's room it can be undone there. BadValue where one key would do two things.
    """
    given = dict(mapping)
    if len(set(given.values())) != len(given):
        raise BadValue(what="One key cannot do two things.")
    if not all(_ACTION.fullmatch(name) and 0 < len(key) <= 32 for name, key in given.items()):
        raise BadValue(what="This is no key of the player.")
    me = plain(actor)
    if recording_id is None:
        authorise(ws, actor, "account.own", by=me)
        with ws.catalogue.act(me, "account.keys", object="settings") as act:
            act.set_item(me, KEYS, given or None)
        return
    asked(ws, recording_id, actor, "film.see")
    done(Call(ws, recording_id, actor, nonce), "account.keys", "the keys",
        lambda act: act.set_item(me, KEYS, given or None), object=recording_id,
    )  # fmt: skip
