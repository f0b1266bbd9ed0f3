"""Any sequence of acts leaves what a plain model of it holds, and a sound chain behind it."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from tests.catalogue.making import FOOTAGE, KEYS, NOON, clip, ruling, sealed
from vig.catalogue import Catalogue
from vig.catalogue.rows import Row
from vig.domain.family import Purpose, permits
from vig.domain.review import MicroClip
from vig.errors import Conflict


class Life(RuleBasedStateMachine):
    """Families come, agree and withdraw; films come in and are erased; micro-clips are kept."""

    empty: Path
    families = Bundle("families")
    films = Bundle("films")
    clips = Bundle("clips")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="vig-life-"))
        self.catalogue = Catalogue.open(shutil.copy(self.empty, self.folder / "c.db"), KEYS)
        self.family_of: dict[str, str] = {}
        self.allowed: dict[str, bool] = {}
        self.kept: dict[str, MicroClip] = {}
        self.plan: dict[str, list[str]] = {}
        self.erased: list[str] = []
        self.acts = 1

    def teardown(self) -> None:
        self.catalogue.close()
        shutil.rmtree(self.folder)

    @rule(target=families)
    def a_family_comes(self) -> str:
        with self.catalogue.act("cli", "family.add") as act:
            family = act.add_family(f"F-{len(self.allowed)}")
        self.acts += 1
        self.allowed[family.id] = False
        return family.id

    @rule(family=families, allowed=st.booleans())
    def it_agrees_or_withdraws(self, family: str, allowed: bool) -> None:
        with self.catalogue.act("cli", "consent.rule") as act:
            act.rule(family, ruling(allowed=allowed))
        self.acts += 1
        self.allowed[family] = allowed

    @rule(target=films, family=families)
    def a_film_comes_in(self, family: str) -> str:
        with self.catalogue.act("cli", "film.add") as act:
            film = act.begin_recording(family, FOOTAGE)
            act.put_object(sealed(film.id))
            act.finish_recording(film.id, sha256=bytes.fromhex(film.id) * 2)
        self.acts += 1
        self.family_of[film.id] = family
        self.plan[film.id] = []
        return film.id

    @rule(target=clips, film=films)
    def a_clip_is_kept(self, film: str) -> object:
        if film in self.erased:
            return multiple()
        with self.catalogue.act("cli", "clip.keep") as act:
            kept = act.add_clip(clip(film))
        self.acts += 1
        self.kept[kept.id] = kept
        self.plan[film].append(kept.id)
        return kept.id

    @rule(clip_id=clips, title=st.text(max_size=20), late=st.booleans())
    def a_clip_is_named(self, clip_id: str, title: str, late: bool) -> None:
        if clip_id not in self.kept:
            return
        now = self.kept[clip_id]
        try:
            with self.catalogue.act("cli", "clip.change") as act:
                act.change_clip(clip_id, version=now.version - late, title=title)
        except Conflict:
            assert late
        else:
            assert not late
            self.acts += 1
            self.kept[clip_id] = replace(now, title=title, version=now.version + 1)

    @rule(film=films, data=st.data())
    def the_plan_is_put_in_order(self, film: str, data: st.DataObject) -> None:
        if film in self.erased:
            return
        own = [c.id for c in self.kept.values() if c.recording == film]
        order = data.draw(st.lists(st.sampled_from(own), unique=True)) if own else []
        version = self.catalogue.plan(film).version
        with self.catalogue.act("cli", "plan.order") as act:
            act.order_plan(film, order, version=version)
        self.acts += 1
        self.plan[film] = order

    @rule(film=consumes(films))
    def a_film_is_erased(self, film: str) -> None:
        with self.catalogue.act("cli", "film.erase") as act:
            act.drop_keys(film)
        with self.catalogue.act("cli", "film.erase") as act:
            act.drop_recording(film)
        self.acts += 2
        self.erased.append(film)
        self.kept = {c.id: c for c in self.kept.values() if c.recording != film}

    @invariant()
    def all_is_as_the_model_says(self) -> None:
        c = self.catalogue
        assert {f.id for f in c.families()} == self.allowed.keys()
        for family, allowed in self.allowed.items():
            assert permits(c.rulings(family), Purpose.KEEP, NOON.date()) is allowed
        living = self.family_of.keys() - set(self.erased)
        assert {r.id: r.family for r in c.recordings()} == {f: self.family_of[f] for f in living}
        for film in living:
            own = {k.id: k for k in self.kept.values() if k.recording == film}
            assert {k.id: k for k in c.clips(film)} == own
            assert [k.id for k in c.plan(film).clips] == self.plan[film]
        assert {r.id for r in c.receipts()} == set(self.erased)

    @invariant()
    def each_act_left_one_link_of_a_sound_chain(self) -> None:
        assert len(self.catalogue.audit_rows()) == self.acts
        assert self.catalogue.verify() == ()

    @invariant()
    def only_receipts_and_the_audit_log_mention_what_was_erased(self) -> None:
        with self.catalogue._engine.connect() as connection:
            for table in Row.metadata.sorted_tables:
                if table.name not in ("erasure_receipt", "audit"):
                    told = repr(connection.execute(sa.select(table)).all())
                    assert not any(film in told for film in self.erased), table.name


def test_any_life_of_a_catalogue(empty_file: Path) -> None:
    Life.empty = empty_file
    run_state_machine_as_test(
        Life, settings=settings(max_examples=10, stateful_step_count=20, deadline=None)
    )
