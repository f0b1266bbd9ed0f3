"""The file with the weights: what it holds, and how a mistake in it is told."""

from __future__ import annotations

import copy
import tomllib
from pathlib import Path
from typing import Any

import pytest

import vig.attunement
from vig.attunement.scoring import Scoring
from vig.domain.clock import SECOND
from vig.errors import BadValue

SHIPPED = Path(vig.attunement.__file__).with_name("scoring.toml")


@pytest.fixture
def table() -> dict[str, Any]:
    return copy.deepcopy(tomllib.loads(SHIPPED.read_text(encoding="utf-8")))


def test_times_in_the_file_are_seconds_and_become_microseconds() -> None:
    scoring = Scoring.load()
    assert scoring.chain.full == 2 * SECOND
    assert scoring.chain.none == 3 * SECOND
    assert scoring.turns.gap_from == -SECOND // 2
    assert scoring.clip.longest == 12 * SECOND


def test_from_nine_months_on_the_face_weighs_less_and_turns_and_joint_looks_more() -> None:
    scoring = Scoring.load()
    young, old = scoring.weights(38).shares(), scoring.weights(39).shares()
    assert old["mutual_look"] < young["mutual_look"]
    assert old["turns"] > young["turns"]
    assert old["joint_look"] > young["joint_look"]


def test_an_age_that_nobody_told_takes_the_younger_weights() -> None:
    scoring = Scoring.load()
    assert scoring.weights(None) is scoring.younger


def test_shares_of_the_weights_add_up_to_one() -> None:
    scoring = Scoring.load()
    for weights in (scoring.younger, scoring.older):
        assert sum(weights.shares().values()) == pytest.approx(1.0)


def test_a_copy_of_the_file_can_be_edited_and_handed_in(tmp_path: Path) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    copied = tmp_path / "mine.toml"
    copied.write_text(text.replace("most = 10", "most = 3"), encoding="utf-8")
    assert Scoring.load(copied).choice.most == 3


def test_every_part_of_the_file_explains_itself() -> None:
    for part in SHIPPED.read_text(encoding="utf-8").split("\n["):
        assert "#" in part, part


@pytest.mark.parametrize(
    ("part", "key", "value", "sentence"),
    [
        ("look", "cone_eyes", "wide", "In [look], cone_eyes must be a number."),
        ("look", "cone_eyes", True, "In [look], cone_eyes must be a number."),
        ("look", "cone_eyes", 400, "In [look], cone_eyes must lie between 1 and 90."),
        ("look", "cone_eyes", float("nan"), "In [look], cone_eyes must lie between 1 and 90."),
        ("turns", "few", 1.5, "In [turns], few must be a whole number."),
        ("turns", "fewest", 2, "In [turns] there is no setting called fewest."),
        ("clip", "usual", 1, "In [clip], shortest, usual and longest must rise in this order."),
        ("chain", "none", 1, "In [chain], none must not be below full."),
        ("look", "cone_head", 5, "In [look], cone_head must not be narrower than cone_eyes."),
        ("turns", "many", 1, "In [turns], many must not be below few."),
    ],
)
def test_a_mistake_is_refused_with_a_sentence_that_names_it(
    table: dict[str, Any], part: str, key: str, value: object, sentence: str
) -> None:
    table[part][key] = value
    with pytest.raises(BadValue) as refused:
        Scoring.of(table)
    assert str(refused.value) == sentence


def test_a_missing_setting_part_or_set_of_weights_is_named(table: dict[str, Any]) -> None:
    del table["pause"]["least"]
    with pytest.raises(BadValue, match=r"In \[pause\] the setting least is missing"):
        Scoring.of(table)
    del table["pause"]
    with pytest.raises(BadValue, match=r"lack the part \[pause\]"):
        Scoring.of(table)
    del table["weights"]["older"]
    table["pause"] = {"least": 1, "many": 3}
    with pytest.raises(BadValue, match=r"lack the part \[weights.older\]"):
        Scoring.of(table)
    del table["weights"]
    with pytest.raises(BadValue, match=r"lack the part \[weights\]"):
        Scoring.of(table)


def test_an_unknown_part_is_named(table: dict[str, Any]) -> None:
    table["luck"] = {"much": 1}
    with pytest.raises(BadValue, match=r"no part called \[luck\]"):
        Scoring.of(table)


def test_weights_that_are_all_zero_order_nothing_and_are_refused(table: dict[str, Any]) -> None:
    table["weights"]["younger"] = dict.fromkeys(table["weights"]["younger"], 0)
    with pytest.raises(BadValue, match=r"In \[weights.younger\], at least one weight"):
        Scoring.of(table)


def test_a_file_that_is_missing_or_no_toml_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadValue, match="cannot be read"):
        Scoring.load(tmp_path / "nowhere.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("[look\n", encoding="utf-8")
    with pytest.raises(BadValue, match="is not TOML"):
        Scoring.load(broken)
