"""Why a film is refused, in the words a person reads.

The child, which may have been taken over by the film, only ever sends one of these keys and a few
whole numbers; the sentence is made here, so that nothing a film holds can speak to a person.
"""

from __future__ import annotations

from typing import Final

from vig.errors import BadFilm, DamagedFilm, FilmTooLarge, NoPicture, NotAFilm, UnsupportedFilm

SAYINGS: Final[dict[str, tuple[type[BadFilm], str | None]]] = {
    "empty": (NotAFilm, None),
    "not-a-film": (NotAFilm, None),
    "still": (NoPicture, None),
    "sound-only": (NoPicture, None),
    "codec": (
        UnsupportedFilm,
        "its pictures are coded in a way that is not known here, or protected by a key",
    ),
    "no-index": (DamagedFilm, "its index is missing or unreadable"),
    "cut-off": (DamagedFilm, "it was cut off almost at its start"),
    "no-frames": (DamagedFilm, "none of its pictures can be read"),
    "times": (DamagedFilm, "the times of its pictures make no sense"),
    "pixels": (FilmTooLarge, "{0} x {1} pixels"),
    "hours": (FilmTooLarge, "it lasts longer than {0} hours"),
    "streams": (FilmTooLarge, "it holds more than {0} tracks"),
    "rate": (FilmTooLarge, "it holds too many pictures a second"),
    "memory": (FilmTooLarge, "opening it takes more memory than is allowed"),
}


def refusal(why: object, figures: object) -> BadFilm | None:
    """The error for what the child said; None where it said nothing that is known here."""
    if not isinstance(why, str) or why not in SAYINGS:
        return None
    if not isinstance(figures, list) or not all(type(f) is int for f in figures):
        return None
    kind, what = SAYINGS[why]
    if what is None:
        return kind()
    try:
        return kind(what=what.format(*figures))
    except IndexError:
        return None
