"""A house with somebody in every office, and a family in every relation to them, with a film each."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from tests.catalogue.making import FOOTAGE, annotation, clip, moment, ruling
from vig.app import policy
from vig.app.columns import times_to_bytes
from vig.app.house import House
from vig.app.rights import DEEDS, Deed, Relation
from vig.app.workspace import Workspace
from vig.catalogue.values import AnalysisState
from vig.domain.account import WITH_FAMILIES, Office
from vig.domain.family import Purpose
from vig.domain.recording import FrameTimes
from vig.errors import NotAllowed, ReasonNeeded

PASSPHRASE = "apple river cloud seven"
TIMES = FrameTimes(np.array([0, 33_367, 66_733, 150_000], np.int64), 183_367)


@dataclass(slots=True)
class World:
    house: House
    who: dict[Office, str] = field(default_factory=dict)
    families: dict[Relation, str] = field(default_factory=dict)
    films: dict[Relation, str] = field(default_factory=dict)
    clips: dict[Relation, str] = field(default_factory=dict)
    notes: dict[tuple[Relation, str], str] = field(default_factory=dict)
    """By relation and the account that wrote it."""
    moments: dict[Relation, str] = field(default_factory=dict)

    @property
    def ws(self) -> Workspace:
        return self.house.workspace

    def relation(self, office: Office, relation: Relation) -> Relation:
        """Nobody is given a family in an office that has none."""
        return relation if office in WITH_FAMILIES else Relation.OTHER


def world(root: Path) -> World:
    """Made anew: seconds for the keys, the rest is quick."""
    house = House(root)
    house.confirm(house.set_up(PASSPHRASE))
    made, ws = World(house), house.workspace
    with ws.catalogue.act("system", "account.add", object="accounts") as act:
        for office in Office:
            made.who[office] = act.add_account(f"the {office}", {office}).id
    for relation in Relation:
        _family(made, relation)
    yesterday = date.today() - timedelta(days=1)
    for office in WITH_FAMILIES:
        me = made.who[office]
        with ws.catalogue.act(me, "family.assign") as act:
            act.assign(me, made.families[Relation.OWN], office)
        with ws.catalogue.act("system", "family.assign") as act:
            act.assign(me, made.families[Relation.ASSIGNED], office)
            act.assign(me, made.families[Relation.EXPIRED], office, until=yesterday)
    return made


def _family(made: World, relation: Relation) -> None:
    ws = made.ws
    with ws.catalogue.act("system", "import", object="vault") as act:
        family = act.add_family(f"F-{relation}", age_weeks=23, carer_word="Mum").id
        for purpose in Purpose:
            act.rule(family, ruling(purpose))
        film = act.begin_recording(family, FOOTAGE, filmed_on=date(2026, 3, 1)).id
        act.finish_recording(film, sha256=os.urandom(32))
        made.families[relation], made.films[relation] = family, film
        made.clips[relation] = act.add_clip(replace(clip(film), chosen_by="system")).id
        run = act.add_analysis(
            film, software="1", models=(), settings_hash="0", state=AnalysisState.DONE
        )
        made.moments[relation] = act.add_moments(run.id, [moment()])[0].id
        for by in (*made.who.values(), "system"):
            note = act.add_annotation(replace(annotation(film), by=by))
            made.notes[relation, by] = note.id
    ws.put(film, "film", os.urandom(1000))
    ws.put(film, "copy", os.urandom(600_000))
    ws.put(film, "times", times_to_bytes(TIMES))
    ws.put(film, "thumb", b"\x89PNG")


def expected(
    deed: str,
    office: Office,
    relation: Relation,
    *,
    author: bool = False,
    asked: bool = False,
    reason: bool = False,
) -> bool:
    """What the table says, read without any code of the policy. The families agreed to everything."""
    known: Deed = DEEDS[deed]
    rule = known.rules.get(office)
    if rule is None or not (known.house or relation in rule.over):
        return False
    return (author or not rule.author) and (asked or not rule.asked) and (reason or not rule.reason)


def let_in(ask: Any) -> bool:
    """Whether a call was allowed; whatever else becomes of it is no matter here."""
    try:
        ask()
    except (NotAllowed, ReasonNeeded):
        return False
    except Exception:
        return True
    return True


def on_visit(account: str, family: str) -> policy.Visitor:
    return policy.Visitor.of(account, family)
