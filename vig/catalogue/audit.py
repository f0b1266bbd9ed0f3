"""The audit chain: who did what, so that nobody can quietly change what was done.

::

    mac_n = HMAC-SHA-256(key, BE64(n) | mac_{n-1} | SHA-256(body_n)),   mac_0 = 32 zero bytes
    body  = canonical JSON (sorted keys, no spaces, UTF-8): ids, codes and times, never a name

Each link is written in the transaction of its act. The newest link is kept once more under a
key of its own, so that a cut-off end is missed; somebody who puts back both an older table and
its older head, or who holds the key and rewrites everything, is caught only by a **checkpoint**:
the newest link signed with Ed25519 and kept outside the database (platform.md D1). Keys of the
three uses are derived from one.

The only free text is a reason of at most 200 characters; it goes into the body sealed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy.orm import Session

from vig.catalogue.file import sync_folder
from vig.catalogue.rows import AccountRow, AuditHeadRow, AuditTableRow
from vig.catalogue.values import Checkpoint, Finding, Outcome
from vig.domain.family import Purpose
from vig.errors import BadValue

GENESIS = bytes(32)

SYSTEM_ACTORS = frozenset(
    {"system", "worker", "cli", "caller", "operator", "first-run", "demo", "guider"}
)
"""Who may act beside accounts."""

THINGS = frozenset(
    {"vault", "catalogue", "audit", "settings", "slots", "accounts", "jobs", "backup", "demo"}
)
"""What may be acted upon beside things with an id."""

_ID = re.compile(r"[0-9a-f]{32}")
_CODE = re.compile(r"[a-z][a-z0-9]*(?:[.:-][a-z0-9]+){0,5}")
_OBJECT = re.compile(r"(?:[a-z]{1,16}:)?[0-9a-f][0-9a-f-]{0,63}(?:@\d{1,16}-\d{1,16})?")


@dataclass(frozen=True, slots=True)
class Link:
    """One row of the chain as it lies in the table."""

    seq: int
    body: str
    mac: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be recorded. Making one checks that it can hold no name: BadValue."""

    actor: str
    action: str
    object: str | None = None
    purpose: Purpose | None = None
    reason: str | None = None
    outcome: Outcome = Outcome.OK

    def __post_init__(self) -> None:
        if not (self.actor in SYSTEM_ACTORS or _ID.fullmatch(self.actor)):
            raise BadValue(what="An actor is the id of an account or one of the system's own.")
        if len(self.action) > 64 or not _CODE.fullmatch(self.action):
            raise BadValue(what="An action is a short code such as clip.keep.")
        about = self.object
        if about is not None and about not in THINGS and not _OBJECT.fullmatch(about):
            raise BadValue(what="What was acted upon is named by its id alone.")
        if self.reason is not None and not 0 < len(self.reason) <= 200:
            raise BadValue(what="A reason has one to 200 characters.")


class Chain:
    """Writes links and checks them. Holds the keys; prints none of them."""

    def __init__(self, root: bytes) -> None:
        if len(root) != 32:
            raise ValueError("an audit key has 32 bytes")
        self._link_key = _derive(root, b"vig audit link v1")
        self._head_key = _derive(root, b"vig audit head v1")
        self._signer = Ed25519PrivateKey.from_private_bytes(_derive(root, b"vig audit sign v1"))

    def __repr__(self) -> str:
        return "<Chain>"

    @property
    def public_key(self) -> bytes:
        """The 32 bytes with which anybody can check a checkpoint (Ed25519, raw)."""
        return self._signer.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def mac(self, seq: int, before: bytes, body: str) -> bytes:
        told = seq.to_bytes(8, "big") + before + hashlib.sha256(body.encode()).digest()
        return hmac.digest(self._link_key, told, "sha256")

    def tag(self, seq: int, mac: bytes) -> bytes:
        """Seals "this is the newest link"."""
        return hmac.digest(self._head_key, seq.to_bytes(8, "big") + mac, "sha256")

    def append(self, session: Session, entry: Entry, now: datetime) -> Link:
        """Write one link in the caller's transaction, which no other writer can overtake."""
        newest = session.execute(
            sa.select(AuditTableRow.seq, AuditTableRow.mac)
            .order_by(AuditTableRow.seq.desc())
            .limit(1)
        ).first()
        seq, before = (newest.seq + 1, bytes(newest.mac)) if newest else (1, GENESIS)
        kept = session.execute(sa.select(AuditHeadRow.seq, AuditHeadRow.mac)).first()
        if kept is not None and kept.seq >= seq:
            # Rows were cut off. Going on after them leaves the gap for all to see.
            seq, before = kept.seq + 1, bytes(kept.mac)
        body = self._body(session, seq, entry, now)
        link = Link(seq, body, self.mac(seq, before, body))
        session.execute(sa.insert(AuditTableRow).values(seq=seq, body=body, mac=link.mac))
        head = {"seq": seq, "mac": link.mac, "tag": self.tag(seq, link.mac)}
        moved = session.execute(sa.update(AuditHeadRow).values(head))
        if moved.rowcount == 0:  # type: ignore[attr-defined]
            session.execute(sa.insert(AuditHeadRow).values(one=1, **head))
        return link

    def _body(self, session: Session, seq: int, entry: Entry, now: datetime) -> str:
        offices = session.scalar(sa.select(AccountRow.offices).where(AccountRow.id == entry.actor))
        reason = entry.reason
        if reason is not None:
            reason = session.info["cipher"].seal("audit", "reason", str(seq), reason).hex()
        return canonical(
            {
                "action": entry.action,
                "actor": entry.actor,
                "at": now.astimezone(UTC).isoformat(timespec="microseconds"),
                "object": entry.object,
                "outcome": entry.outcome.value,
                "purpose": entry.purpose.value if entry.purpose else None,
                "reason": reason,
                "role": offices,
            }
        )

    def sign(self, seq: int, head: bytes, now: datetime) -> Checkpoint:
        at = now.astimezone(UTC).isoformat(timespec="seconds")
        return Checkpoint(seq, head, at, self._signer.sign(_signed_words(seq, head, at)))

    def check(
        self,
        links: Iterable[Link],
        head: tuple[int, bytes, bytes] | None,
        checkpoints: Sequence[Checkpoint] = (),
    ) -> tuple[Finding, ...]:
        """What is wrong with the chain; empty where nothing is.

        ``links`` in the order of their numbers, ``head`` the kept newest link (number, mac, tag)
        or None where there is none, ``checkpoints`` those kept outside.
        """
        found: list[Finding] = []
        before, expected = GENESIS, 1
        heads: dict[int, bytes] = {}
        for link in links:
            if link.seq != expected:
                found.append(Finding("rows are missing or out of order before this one", link.seq))
                break
            if not hmac.compare_digest(self.mac(link.seq, before, link.body), link.mac):
                found.append(Finding("this row was altered", link.seq))
                break
            before, expected = link.mac, expected + 1
            heads[link.seq] = link.mac
        else:
            found.extend(self._check_head(expected - 1, before, head))
        found.extend(self._check_checkpoints(heads, checkpoints))
        return tuple(found)

    def _check_head(
        self, seq: int, mac: bytes, head: tuple[int, bytes, bytes] | None
    ) -> list[Finding]:
        if head is None:
            return [Finding("the kept newest link is missing")] if seq else []
        if not hmac.compare_digest(self.tag(head[0], head[1]), head[2]):
            return [Finding("the kept newest link was altered")]
        if head[0] > seq:
            return [Finding("rows were cut off after this one", seq)]
        if head[0] != seq or head[1] != mac:
            return [Finding("the kept newest link is not the end of the rows", head[0])]
        return []

    def _check_checkpoints(
        self, heads: dict[int, bytes], checkpoints: Sequence[Checkpoint]
    ) -> list[Finding]:
        found = []
        for kept in checkpoints:
            try:
                self._signer.public_key().verify(
                    kept.signature, _signed_words(kept.seq, kept.head, kept.at)
                )
            except InvalidSignature:
                found.append(Finding("a checkpoint carries a wrong signature", kept.seq))
                continue
            if heads.get(kept.seq) != kept.head:
                found.append(
                    Finding("the rows up to this checkpoint were rewritten or cut off", kept.seq)
                )
        return found


def canonical(body: dict[str, object]) -> str:
    """JSON with one spelling for one meaning."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def keep_outside(checkpoint: Checkpoint, file: Path) -> None:
    """Append a checkpoint to a file of JSON lines, on the disk before this returns."""
    line = json.dumps(
        {
            "seq": checkpoint.seq,
            "head": checkpoint.head.hex(),
            "at": checkpoint.at,
            "signature": checkpoint.signature.hex(),
        }
    )
    new = not file.exists()
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(opened, "ab") as out:
        out.write(line.encode() + b"\n")
        out.flush()
        os.fsync(out.fileno())
    if new:
        sync_folder(file.parent)


def read_outside(file: Path) -> tuple[Checkpoint, ...]:
    """The checkpoints in a file; BadValue where a line is not one."""
    kept = []
    for line in file.read_text("utf-8").splitlines():
        try:
            told = json.loads(line)
            kept.append(
                Checkpoint(
                    int(told["seq"]),
                    bytes.fromhex(told["head"]),
                    str(told["at"]),
                    bytes.fromhex(told["signature"]),
                )
            )
        except (ValueError, KeyError, TypeError):
            raise BadValue(what="The file with the checkpoints has a line that is none.") from None
    return tuple(kept)


def check_signature(public_key: bytes, checkpoint: Checkpoint) -> bool:
    """Whether a checkpoint was signed by the holder of ``public_key``; needs no secret."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(
            checkpoint.signature, _signed_words(checkpoint.seq, checkpoint.head, checkpoint.at)
        )
    except InvalidSignature:
        return False
    return True


def _signed_words(seq: int, head: bytes, at: str) -> bytes:
    return b"vig audit checkpoint v1\0" + seq.to_bytes(8, "big") + head + at.encode()


def _derive(root: bytes, info: bytes) -> bytes:
    return HKDF(SHA256(), 32, None, info).derive(root)
