"""What may be changed, and only inside ``Catalogue.act``.

Every method takes and gives domain values, checks what it is given before it writes, and raises
Unknown for a thing that is not there. Nothing is kept unless the whole act, its audit row
included, is kept. What an act is about, unless it was said, is the first thing it touched.
"""

from __future__ import annotations

from vig.catalogue.write_deeds import DeedWrites
from vig.catalogue.write_house import HouseWrites
from vig.catalogue.write_people import PeopleWrites


class Act(HouseWrites, PeopleWrites, DeedWrites):
    """The writes of one act; an act is used by one thread and is over when its block ends."""
