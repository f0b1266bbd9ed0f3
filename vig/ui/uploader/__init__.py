"""The uploader: a film goes to the sealed route in slices, never through Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from vig.app.uploads import Waiting
from vig.domain.family import Purpose
from vig.ui.parts import part


@dataclass(frozen=True, slots=True)
class Film:
    """What is recorded about a film before it comes in."""

    family: str
    agreed_by: str
    agreed_on: date | None
    purposes: frozenset[Purpose]
    filmed_on: date | None = None
    age_weeks: int | None = None

    def missing(self) -> str | None:
        """What has still to be said, as a sentence; None when it is complete."""
        if not self.family.strip():
            return "First say which family the film is of, by its pseudonym."
        if not self.agreed_by.strip():
            return "First record who agreed."
        if self.agreed_on is None:
            return "First record when they agreed."
        if Purpose.KEEP not in self.purposes:
            return "Without the agreement to keep the film it cannot be added."
        return None

    def as_note(self) -> dict[str, Any]:
        """What the upload route reads (``vig/web/upload.py``)."""
        return {
            "family": self.family.strip(),
            "filmed_on": self.filmed_on.isoformat() if self.filmed_on else None,
            "age_weeks": self.age_weeks,
            "agreement": {
                "agreed_by": self.agreed_by.strip(),
                "agreed_on": self.agreed_on.isoformat() if self.agreed_on else None,
                "purposes": sorted(self.purposes),
            },
        }


def uploader(film: Film, *, key: str) -> str | None:
    """Draw it, to add films with; the id of the last recording once, when all that went came in."""
    missing = film.missing()
    return _drawn(
        key,
        adding=True,
        why_not=missing,
        lead=f"The film will be kept under {film.family.strip()}.",
        film=None if missing else film.as_note(),
    )


def going_on(waiting: Sequence[Waiting], *, key: str) -> str | None:
    """Films on their way in, and those of which a part has arrived: choose the file again.

    Draws nothing where there are none. Gives the id of a recording once, right after it came in.
    """
    notes = [asdict(one) | {"at": None, "words": one.words} for one in waiting]
    return _drawn(key, adding=False, waiting=notes)


def _drawn(key: str, **data: Any) -> str | None:
    result = part("uploader")(
        key=key,
        data=data,
        on_done_change=lambda: None,
        on_forgotten_change=lambda: None,
    )
    done = result.done
    return str(done) if done else None
