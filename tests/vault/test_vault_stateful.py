"""A vault over time: objects come and go, somebody damages them; a wrong byte never comes out."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from tests.vault.sealing import SMALL
from vig.errors import Tampered, WrongKey
from vig.vault.keys import KeyRing
from vig.vault.store import MemoryStore
from vig.vault.stream import seal, unseal


@dataclass
class Row:
    """What the catalogue would hold of one object."""

    name: str
    owner: bytes
    object_id: bytes
    wrapped: bytes
    plain: bytes


class Vault(RuleBasedStateMachine):
    rows = Bundle("rows")

    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryStore()
        self.ring = KeyRing(os.urandom(16).hex(), 1, {1: os.urandom(32)}, os.urandom(32))
        self.alive: dict[str, Row] = {}

    def read(self, row: Row) -> bytes:
        key = self.ring.unwrap(row.wrapped, row.object_id)
        with unseal(self.store.open(row.name), key, row.owner, row.object_id) as reader:
            return reader.readall()

    @rule(
        target=rows,
        seed=st.integers(0, 2**32),
        size=st.integers(0, 3 * SMALL),
        cut=st.integers(1, 5_000),
    )
    def put(self, seed: int, size: int, cut: int) -> Row:
        plain = random.Random(seed).randbytes(size)
        key, owner, object_id = os.urandom(32), os.urandom(16), os.urandom(16)
        name = object_id.hex()
        with self.store.create(name) as blob:
            writer = seal(blob, key, owner, object_id, segment=SMALL)
            for start in range(0, size, cut):
                writer.write(plain[start : start + cut])
            writer.finish()
            blob.commit()
        row = Row(name, owner, object_id, self.ring.wrap(key, object_id), plain)
        self.alive[name] = row
        return row

    @rule(seed=st.integers(0, 2**32))
    def give_up(self, seed: int) -> None:
        before = self.store.names()
        with self.store.create(f"given-up-{seed}") as blob:
            writer = seal(blob, os.urandom(32), bytes(16), bytes(16), segment=SMALL)
            writer.write(random.Random(seed).randbytes(seed % 9_000))
        assert self.store.names() == before

    @rule(row=rows, start=st.integers(0, 4 * SMALL), count=st.integers(0, 4 * SMALL))
    def look(self, row: Row, start: int, count: int) -> None:
        if row.name in self.alive:
            key = self.ring.unwrap(row.wrapped, row.object_id)
            with unseal(self.store.open(row.name), key, row.owner, row.object_id) as reader:
                reader.seek(start)
                assert reader.read(count) == row.plain[start : start + count]

    @rule(row=rows, place=st.integers(0, 10**6), bit=st.integers(0, 7))
    def flip(self, row: Row, place: int, bit: int) -> None:
        if row.name in self.alive:
            data = bytearray(self.store.objects[row.name])
            data[place % len(data)] ^= 1 << bit
            self.damaged(row, bytes(data))

    @rule(row=rows, length=st.integers(0, 10**6))
    def cut(self, row: Row, length: int) -> None:
        if row.name in self.alive:
            data = self.store.objects[row.name]
            self.damaged(row, data[: length % len(data)])

    @rule(row=rows, other=rows)
    def exchange(self, row: Row, other: Row) -> None:
        if row is not other and {row.name, other.name} <= set(self.alive):
            self.damaged(row, self.store.objects[other.name])

    @rule(row=rows, other=rows)
    def exchange_keys(self, row: Row, other: Row) -> None:
        if row is not other and row.name in self.alive:
            try:
                self.ring.unwrap(other.wrapped, row.object_id)
            except (Tampered, WrongKey):
                return
            raise AssertionError("a key moved to another row was accepted")

    @rule()
    def rotate(self) -> None:
        old = self.ring
        versions = {version: old.master(version) for version in old.versions}
        new = old.version + 1
        self.ring = KeyRing(old.vault_id, new, versions | {new: os.urandom(32)}, old.root())
        for row in self.alive.values():
            row.wrapped = self.ring.rewrap(row.wrapped, row.object_id)
        self.ring = KeyRing(old.vault_id, new, {new: self.ring.master(new)}, old.root())

    @rule(row=consumes(rows))
    def erase(self, row: Row) -> None:
        self.alive.pop(row.name, None)
        self.store.delete(row.name)

    def damaged(self, row: Row, data: bytes) -> None:
        whole = self.store.objects[row.name]
        self.store.objects[row.name] = data
        try:
            self.read(row)
        except Tampered:
            return
        finally:
            self.store.objects[row.name] = whole
        raise AssertionError("a damaged file was accepted")

    @invariant()
    def everything_alive_is_there_and_nothing_else(self) -> None:
        assert self.store.names() == set(self.alive)

    def teardown(self) -> None:
        for row in self.alive.values():
            assert self.read(row) == row.plain


Vault.TestCase.settings = settings(max_examples=80, stateful_step_count=25, deadline=None)
TestVaultOverTime = Vault.TestCase
