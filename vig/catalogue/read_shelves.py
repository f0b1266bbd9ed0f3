"""How much there is to look at in every film, in two questions and not in two for each film."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from vig.catalogue import rows
from vig.catalogue.read_people import PeopleReads
from vig.catalogue.values import AnalysisState


@dataclass(frozen=True, slots=True)
class Tally:
    """What there is of one film."""

    watched: bool = False
    """Whether a finished analysis is there."""
    moments: int = 0
    """Suggestions of the newest finished analysis."""
    clips: int = 0
    original_left: bool = False


class ShelfReads(PeopleReads):
    """Counts for the library."""

    def tallies(self) -> dict[str, Tally]:
        """By recording; every recording is there, in whatever state."""
        runs, moments, clips = rows.AnalysisRow, rows.MomentRow, rows.ClipRow
        newest = (
            sa.select(
                runs.recording,
                runs.id,
                sa.func.row_number()
                .over(partition_by=runs.recording, order_by=(runs.made_at.desc(), runs.id))
                .label("place"),
            )
            .where(runs.state == AnalysisState.DONE.value)
            .subquery()
        )
        proposed = (
            sa.select(newest.c.recording, sa.func.count(moments.id).label("many"))
            .select_from(newest)
            .outerjoin(moments, moments.analysis == newest.c.id)
            .where(newest.c.place == 1)
            .group_by(newest.c.recording)
            .subquery()
        )
        chosen = (
            sa.select(clips.recording, sa.func.count().label("many"))
            .group_by(clips.recording)
            .subquery()
        )
        film = rows.RecordingRow
        asked = (
            sa.select(film.id, film.original_left, proposed.c.many, chosen.c.many)
            .outerjoin(proposed, proposed.c.recording == film.id)
            .outerjoin(chosen, chosen.c.recording == film.id)
        )
        with self._reading() as session:
            return {
                id_: Tally(found is not None, found or 0, kept or 0, left)
                for id_, left, found, kept in session.execute(asked)
            }
