"""Everything a person does in the review room, written at once: there is no Save.

::

    keep leave bring_back unkeep choose        suggestions and micro-clips
    edges change order                         what a micro-clip is and says
    add_note change_note drop_note             remarks
    focus question look_first person swap      how the film is looked at
    cues keys                                  for the family; for one's own account
    undo redo undoable                         the way back, per film and per person

Each is one transaction: the change, every version of what it changed, its audit row, and an entry
in the journal of undo. A person's journal of a film outlives reloads and restarts.

``nonce`` ("<page>:<number>", up to 80 characters) names a gesture: the same one again is done
once, and versions that the same page made itself are no conflict. ``version`` is that of the thing
as it was drawn. Raises Overtaken (a Conflict, with what changed) where somebody else was first,
NoConsent, NotAllowed, Unknown, BadValue, BadSpan; nothing is written then.
"""

from vig.app.deeds.clips import (
    bring_back,
    change,
    choose,
    edges,
    keep,
    leave,
    left,
    order,
    unkeep,
)
from vig.app.deeds.doing import at
from vig.app.deeds.looking import (
    cues,
    focus,
    keys,
    look_first,
    person,
    question,
    swap,
)
from vig.app.deeds.notes import add_note, change_note, drop_note
from vig.app.deeds.undoing import redo, undo, undoable

__all__ = [
    "add_note",
    "at",
    "bring_back",
    "change",
    "change_note",
    "choose",
    "cues",
    "drop_note",
    "edges",
    "focus",
    "keep",
    "keys",
    "leave",
    "left",
    "look_first",
    "order",
    "person",
    "question",
    "redo",
    "swap",
    "undo",
    "undoable",
    "unkeep",
]
