"""The card of keys names every key that has a fixed meaning."""

from __future__ import annotations

import re
from pathlib import Path

import vig.ui.player

PLAYER = Path(vig.ui.player.__file__).parent


def _named() -> set[str]:
    page = (PLAYER / "player.html").read_text("utf-8")
    card = page[page.index('<dialog class="help"') :]
    return set(re.findall(r"<kbd>([^<]+)</kbd>", card[: card.index("</dialog>")]))


def test_the_card_names_undo_and_redo() -> None:
    assert {"Ctrl Z", "Ctrl Shift Z"} <= _named()


def test_the_card_names_every_key_that_zooms_the_timeline() -> None:
    script = (PLAYER / "timeline.js").read_text("utf-8")
    table = re.search(r"^const KEYS = \{(.+)\};$", script, re.MULTILINE)
    assert table
    deeds: dict[str, set[str]] = {}
    for key, deed in re.findall(r'"([^"]+)": "([^"]+)"', table[1]):
        deeds.setdefault(deed, set()).add(key)
    assert set(deeds) == {"zoom-in", "zoom-out", "whole"}
    assert all(keys & _named() for keys in deeds.values())


def test_the_card_names_the_keys_that_take_an_edge_to_a_cue() -> None:
    script = (PLAYER / "timeline-edges.js").read_text("utf-8")
    keys = set(re.findall(r'^  (\w+): \["cue"', script, re.MULTILINE))
    assert keys
    assert keys <= _named()
