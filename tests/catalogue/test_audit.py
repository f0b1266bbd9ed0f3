"""Every change to the chain shows, and what only a checkpoint shows is said to need one."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.catalogue.making import KEYS, NOON, Clock, stocked
from vig.catalogue import Catalogue, rows
from vig.catalogue.audit import (
    GENESIS,
    Chain,
    Checkpoint,
    Link,
    canonical,
    check_signature,
    read_outside,
)
from vig.domain.family import Purpose
from vig.errors import BadValue, Tampered

CHAIN = Chain(KEYS.audit)
Head = tuple[int, bytes, bytes]


def chained(bodies: list[str], chain: Chain = CHAIN) -> list[Link]:
    links, before = [], GENESIS
    for seq, body in enumerate(bodies, 1):
        before = chain.mac(seq, before, body)
        links.append(Link(seq, body, before))
    return links


def head_of(links: list[Link], chain: Chain = CHAIN) -> Head:
    return links[-1].seq, links[-1].mac, chain.tag(links[-1].seq, links[-1].mac)


BODIES = [canonical({"action": "clip.open", "actor": "cli", "n": n % 7}) for n in range(40)]
LINKS = chained(BODIES)
HEAD = head_of(LINKS)
KEPT = [CHAIN.sign(15, LINKS[14].mac, NOON), CHAIN.sign(30, LINKS[29].mac, NOON)]


def test_a_chain_that_nobody_touched_is_sound() -> None:
    assert CHAIN.check(LINKS, HEAD, KEPT) == ()
    assert CHAIN.check([], None) == ()


def test_the_link_is_the_one_of_the_published_formula() -> None:
    """HMAC(k, BE64(n) | mac before | SHA-256(body)), worked out here on its own."""
    import hashlib
    import hmac

    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    key = HKDF(SHA256(), 32, None, b"vig audit link v1").derive(KEYS.audit)
    body = '{"a":1}'
    told = (7).to_bytes(8, "big") + b"b" * 32 + hashlib.sha256(body.encode()).digest()
    assert CHAIN.mac(7, b"b" * 32, body) == hmac.new(key, told, hashlib.sha256).digest()


def tampered(rng: random.Random) -> tuple[str, list[Link], Head | None]:
    """One random change by somebody who can write the tables and holds no key."""
    links, head = list(LINKS), HEAD
    n = rng.randrange(len(links))
    way = rng.choice(["edit", "mac", "seq", "remove", "renumber", "swap", "repeat", "cut", "head"])
    if way == "edit":
        at, letter = rng.randrange(len(links[n].body)), chr(rng.randrange(32, 127))
        body = links[n].body[:at] + letter + links[n].body[at + 1 :]
        if body == links[n].body:
            body += " "
        links[n] = replace(links[n], body=body)
    elif way == "mac":
        mac = bytearray(links[n].mac)
        mac[rng.randrange(32)] ^= 1 << rng.randrange(8)
        links[n] = replace(links[n], mac=bytes(mac))
    elif way == "seq":
        links[n] = replace(links[n], seq=links[n].seq + rng.randrange(1, 99))
    elif way == "remove":
        del links[n]
    elif way == "renumber":
        del links[n]
        links = [replace(link, seq=seq) for seq, link in enumerate(links, 1)]
    elif way == "swap":
        m = rng.choice([i for i in range(40) if links[i].body != links[n].body])
        bodies = links[n].body, links[m].body
        links[n] = replace(links[n], body=bodies[1])
        links[m] = replace(links[m], body=bodies[0])
    elif way == "repeat":
        links.insert(n, links[n])
    elif way == "cut":
        del links[n:]
    else:
        old = rng.randrange(39)
        head = rng.choice([None, (40, HEAD[1], bytes(32)), (old, LINKS[old].mac, HEAD[2])])
    return way, links, head


def test_ten_thousand_random_changes_all_show() -> None:
    rng = random.Random(22)
    seen: dict[str, int] = {}
    for _ in range(10_000):
        way, links, head = tampered(rng)
        assert CHAIN.check(links, head, KEPT[1:]), way
        seen[way] = seen.get(way, 0) + 1
    assert min(seen.values()) > 500
    assert len(seen) == 9


def test_rows_cut_off_since_the_newest_checkpoint_are_missed_by_the_kept_head() -> None:
    (finding,) = CHAIN.check(LINKS[:35], HEAD, KEPT)
    assert (finding.what, finding.seq) == ("rows were cut off after this one", 35)


def test_an_older_table_put_back_with_its_older_head_is_caught_by_a_checkpoint_only() -> None:
    old = LINKS[:25]
    assert CHAIN.check(old, head_of(old)) == ()
    (finding,) = CHAIN.check(old, head_of(old), KEPT)
    assert finding.seq == 30


def test_whoever_holds_the_key_and_rewrites_everything_is_caught_by_a_checkpoint_only() -> None:
    bodies = [BODIES[0].replace("open", "skip"), *BODIES[1:]]
    forged = chained(bodies)
    assert CHAIN.check(forged, head_of(forged)) == ()
    assert [f.seq for f in CHAIN.check(forged, head_of(forged), KEPT)] == [15, 30]


def test_a_checkpoint_of_another_vault_or_an_altered_one_is_said() -> None:
    other = Chain(b"o" * 32).sign(15, LINKS[14].mac, NOON)
    moved = replace(KEPT[0], seq=16, head=LINKS[15].mac)
    for wrong in (other, moved, replace(KEPT[0], at="2020-01-01T00:00:00+00:00")):
        (finding,) = CHAIN.check(LINKS, HEAD, [wrong])
        assert finding.what == "a checkpoint carries a wrong signature"
    assert check_signature(CHAIN.public_key, KEPT[0])
    assert not check_signature(CHAIN.public_key, moved)


def test_the_chain_prints_no_key() -> None:
    assert repr(CHAIN) == "<Chain>"


# --- in the database, on both


def test_the_body_holds_ids_and_codes_and_no_word_of_a_person(catalogue: Catalogue) -> None:
    _, recording = stocked(catalogue)
    with catalogue.act(
        "cli", "film.open", object=recording.id, purpose=Purpose.SUPERVISION, reason="Ann asked"
    ):
        pass
    with catalogue._engine.begin() as sneaky:
        bodies = sneaky.scalars(sa.select(rows.AuditTableRow.body)).all()
    told = json.loads(bodies[-1])
    assert sorted(told) == [
        "action", "actor", "at", "object", "outcome", "purpose", "reason", "role",
    ]  # fmt: skip
    assert bodies[-1] == canonical(told)
    assert recording.id in bodies[-1]
    for word in ("Ann", "asked", "F-014", "garden", "Mum"):
        assert word not in "".join(bodies)
    assert catalogue.audit_rows()[-1].reason == "Ann asked"


def _sneak(catalogue: Catalogue, *statements: str) -> None:
    """Write behind the catalogue's back, as somebody who may drop the triggers."""
    sqlite = catalogue._engine.dialect.name == "sqlite"
    drops = ["audit_kept", "audit_stays"] if sqlite else ["audit_kept"]
    with catalogue._engine.begin() as sneaky:
        for name in drops:
            sneaky.exec_driver_sql(f"DROP TRIGGER {name}" + ("" if sqlite else " ON audit"))
        for statement in statements:
            sneaky.exec_driver_sql(statement)


def _busy(catalogue: Catalogue, acts: int) -> None:
    for _ in range(acts):
        with catalogue.act("cli", "film.open", object="ab" * 16):
            pass


@pytest.mark.parametrize(
    ("statement", "what", "seq"),
    [
        ("UPDATE audit SET body = replace(body, 'cli', 'demo') WHERE seq = 3", "altered", 3),
        ("DELETE FROM audit WHERE seq = 4", "missing", 5),
        ("UPDATE audit SET seq = 99 WHERE seq = 2", "missing", 3),
        ("DELETE FROM audit WHERE seq > 6", "cut off", 6),
        ("DELETE FROM audit", "cut off", 0),
    ],
)
def test_a_change_in_the_table_shows(apart: Catalogue, statement: str, what: str, seq: int) -> None:
    _busy(apart, 8)
    assert apart.verify() == ()
    _sneak(apart, statement)
    (finding,) = apart.verify()
    assert what in finding.what
    assert finding.seq == seq


def test_a_checkpoint_outside_shows_an_older_state_put_back(
    apart: Catalogue, tmp_path: Path, clock: Clock
) -> None:
    outside = tmp_path / "checkpoints"
    _busy(apart, 3)
    first = apart.checkpoint(outside)
    with apart._engine.begin() as sneaky:
        seq, mac, tag = sneaky.execute(
            sa.select(rows.AuditHeadRow.seq, rows.AuditHeadRow.mac, rows.AuditHeadRow.tag)
        ).one()
    _busy(apart, 3)
    second = apart.checkpoint(outside)
    assert read_outside(outside) == (first, second)
    assert outside.stat().st_mode & 0o77 == 0
    assert apart.verify(outside) == ()
    head = sa.update(rows.AuditHeadRow).values(seq=seq, mac=bytes(mac), tag=bytes(tag))
    _sneak(
        apart,
        f"DELETE FROM audit WHERE seq > {first.seq}",
        f"DELETE FROM audit_checkpoint WHERE seq = {second.seq}",
    )
    with apart._engine.begin() as sneaky:
        sneaky.execute(head)
    assert apart.verify() == ()
    (finding,) = apart.verify(outside)
    assert finding.seq == second.seq


def test_checkpoints_that_were_kept_outside_and_are_not_there_are_missed(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    outside = tmp_path / "checkpoints"
    kept = catalogue.checkpoint(outside)
    outside.unlink()
    (finding,) = catalogue.verify(outside)
    assert (finding.what, finding.seq) == (
        "a checkpoint is missing from the file kept outside",
        kept.seq,
    )


def test_a_line_that_is_no_checkpoint_is_refused(filed: Catalogue, tmp_path: Path) -> None:
    outside = tmp_path / "checkpoints"
    filed.checkpoint(outside)
    outside.write_text(outside.read_text() + "hello\n")
    with pytest.raises(BadValue):
        filed.verify(outside)


def test_the_same_end_can_be_signed_again(catalogue: Catalogue, tmp_path: Path) -> None:
    outside = tmp_path / "checkpoints"
    assert catalogue.checkpoint(outside) == catalogue.checkpoint(outside)
    assert catalogue.verify(outside) == ()


def test_a_reason_moved_to_another_row_does_not_open(apart: Catalogue) -> None:
    with apart.act("cli", "film.open", reason="one"):
        pass
    with apart.act("cli", "film.open", reason="two"):
        pass
    with apart._engine.begin() as sneaky:
        bodies = sneaky.scalars(
            sa.select(rows.AuditTableRow.body).order_by(rows.AuditTableRow.seq)
        ).all()
    one, two = (json.loads(body)["reason"] for body in bodies[-2:])
    _sneak(apart, f"UPDATE audit SET body = replace(body, '{two}', '{one}')")
    with pytest.raises(Tampered):
        apart.audit_rows()


def test_a_checkpoint_is_checked_without_any_secret(catalogue: Catalogue, tmp_path: Path) -> None:
    signed: Checkpoint = catalogue.checkpoint(tmp_path / "checkpoints")
    assert check_signature(catalogue.audit_public_key, signed)
