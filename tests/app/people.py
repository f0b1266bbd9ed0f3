"""Vaults with several people in them, and passphrases that cost nothing to try."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from vig.app import accounts
from vig.app.accounts import Account
from vig.app.house import House
from vig.domain.account import Office
from vig.vault.keys import CHEAPEST, SlotKind, Slots

PASSPHRASE = "seven quiet herons by the water"
OWN = "a walk along the long canal"


def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Key slots as cheap as they come, for tests that open many."""
    monkeypatch.setenv("VIG_TEST_CHEAPEST_KDF", "1")
    for method in (Slots.create.__func__, Slots.add):  # type: ignore[attr-defined]
        monkeypatch.setitem(method.__kwdefaults__, "kdf", CHEAPEST)


def several(root: Path) -> Iterator[House]:
    """An open house; ``guider`` set it up."""
    house = House(root)
    house.confirm(house.set_up(PASSPHRASE))
    yield house
    house.lock()


def passphrases(house: House) -> int:
    """How many of them open the vault."""
    return sum(slot.kind is SlotKind.PASSPHRASE for slot in house.ways_in())


def joined(house: House, name: str, *offices: Office, passphrase: str = OWN) -> Account:
    """Somebody added by whoever opened the house, with a passphrase of their own already."""
    made, _ = accounts.add(house.workspace, name, offices, actor=house.opener)
    return accounts.change_passphrase(house.workspace, made.id, passphrase)
