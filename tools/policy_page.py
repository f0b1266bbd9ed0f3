"""Writes docs/POLICY.md from the table of rights itself (``make docs``).

``--check`` writes nothing and ends with 1 when the page is not what it would be.
"""

from __future__ import annotations

import sys
from pathlib import Path

from vig.app.rights import AT_WORK, DEEDS, EVERY, TIDYING, Deed, Rule
from vig.domain.account import WITH_FAMILIES, Office

PAGE = Path(__file__).resolve().parent.parent / "docs" / "POLICY.md"

OPENING = """\
# Who may do what

Written by `make docs` from `vig/app/rights.py`; a change by hand is lost, and a test compares. What
stands in no cell is refused, and every refusal leaves a row in the record of who did what.

* **Own**: somebody began the work with this family. **Assigned**: the family was given to them, and
  that has not ended. Both give the same. An assignment that ended gives nothing, from the next
  request on, and neither does a family of somebody else.
* Somebody who holds several offices may what any of them may. Whoever is alone in a house is guider
  and admin at once, and conditions that need a second person are waived.
* On top of this the family must have agreed to what a film is opened for.
* **On a visit** only the marked deeds are left, and only for the family that is visited.
"""

CLOSING = """\
## The house itself

The worker may do `{worker}` with the film of the job it was given, and nothing else. By itself the
house only tidies up (`{tidying}`): it undoes what a crash left and finishes erasures.

There is no way yet for an admin to break the glass in an emergency: an admin opens no film at all.
"""


def cell(deed: Deed, rule: Rule | None) -> str:
    """One right in words; nothing for none."""
    if rule is None:
        return ""
    over = "yes" if deed.house else "any family" if rule.over == EVERY else "own, assigned"
    if rule.author:
        over = f"{'' if deed.house else over + ': '}what is theirs"
    return "; ".join([over, *(said for said in rule.conditions if said != "their own only")])


def table(house: bool) -> str:
    """The deeds about families, or those about the house."""
    offices = list(Office)
    lines = ["| to | " + " | ".join(office.words for office in offices) + " | on a visit |"]
    lines.append("|---" * (len(offices) + 2) + "|")
    for name, deed in DEEDS.items():
        if deed.house == house:
            cells = [cell(deed, deed.rules.get(office)) for office in offices]
            visit = "yes" if deed.visit else ""
            lines.append(
                f"| {deed.title or deed.words} (`{name}`) | " + " | ".join([*cells, visit]) + " |"
            )
    return "\n".join(lines) + "\n"


def page() -> str:
    given = ", ".join(sorted(office.words for office in WITH_FAMILIES))
    closing = CLOSING.format(worker=", ".join(sorted(AT_WORK)), tidying=", ".join(sorted(TIDYING)))
    about = f"Families are assigned to these offices: {given}.\n"
    house = "## The house\n\n" + table(house=True)
    return "\n".join([OPENING, "## Families\n", about, table(house=False), house, closing])


def main() -> int:
    if "--check" in sys.argv:
        return int(page() != PAGE.read_text(encoding="utf-8"))
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
