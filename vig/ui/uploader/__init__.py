"""The uploader: a film goes to the sealed route in slices, never through Streamlit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

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
    """Draw it; the id of the recording once, right after a film came in."""
    missing = film.missing()
    result = part("uploader")(
        key=key,
        data={
            "why_not": missing,
            "lead": f"The film will be kept under {film.family.strip()}.",
            "film": None if missing else film.as_note(),
        },
        on_done_change=lambda: None,
    )
    done = result.done
    return str(done) if done else None
