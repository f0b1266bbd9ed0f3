"""What the catalogue hands out beside the values of the domain. Frozen, and free of SQL."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal

from vig.domain.account import Office
from vig.domain.family import Purpose
from vig.domain.observation import ModelRef
from vig.domain.review import Annotation, MicroClip


@dataclass(frozen=True, slots=True)
class CatalogueKeys:
    """Three keys of 32 bytes each, from the vault; they stay the same when its master key turns."""

    database: bytes = field(repr=False)
    """Opens the SQLCipher file; not used on Postgres."""
    fields: bytes = field(repr=False)
    """Seals columns and keys the blind indexes."""
    audit: bytes = field(repr=False)
    """Chains the audit log and signs its checkpoints."""


class ObjectState(StrEnum):
    """How far a sealed object has come."""

    WRITING = "writing"
    READY = "ready"
    DESTROYED = "destroyed"
    """Its key is gone; the ciphertext may still lie there."""


@dataclass(frozen=True, slots=True)
class ObjectRow:
    """A sealed object of a recording, and its wrapped data key."""

    id: str
    recording: str
    kind: str
    """What it holds, a code such as "film", "copy", "times", "signals", "part:3" or "thumb"."""
    wrapped: bytes | None = field(repr=False)
    """The data key under the master key; None once it was destroyed."""
    key_version: int
    """Which master key wrapped it."""
    size: int = 0
    """Bytes of plaintext."""
    sha256: str | None = field(default=None, repr=False)
    """Hexadecimal SHA-256 of the plaintext; None while writing or where nobody asks."""
    state: ObjectState = ObjectState.WRITING
    made_at: datetime | None = None
    """When the row was made; None in a row that is handed in."""

    @property
    def context(self) -> bytes:
        """What the wrapped key is bound to: give it to ``KeyRing.wrap`` and ``unwrap``."""
        return f"vig object|{self.recording}|{self.id}|{self.kind}".encode()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a film came from."""

    name: str | None = field(repr=False)
    """The file's name, which may hold a person's; None where there was none."""
    left: bool
    """Whether the unprotected original is still where it was."""
    added_at: datetime


class AnalysisState(StrEnum):
    """How far an analysis has come."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Analysis:
    """One run over one film, named so that its answer can be traced and told to be stale."""

    id: str
    recording: str
    made_at: datetime
    software: str
    """Version of this tool."""
    models: tuple[ModelRef, ...]
    settings_hash: str
    state: AnalysisState
    observations: str | None
    """The sealed object with what was seen and heard; None until it was kept."""


Kind = Literal["clip", "note", "order", "item"]
"""What a :class:`Change` may be about; see ``kept.py``."""


@dataclass(frozen=True, slots=True)
class Change:
    """What one deed did to one thing, as states that JSON can hold; None where it was not there."""

    kind: Kind
    key: str
    before: Any = field(repr=False)
    after: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeptVersion:
    """A micro-clip or remark as it was, who made it so, and when."""

    id: str
    version: int
    by: str
    at: datetime
    page: str | None
    what: MicroClip | Annotation | None = field(repr=False)
    """None where this version is that it was taken away."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One deed of a person on a film, as it is remembered for undo and redo."""

    action: str
    words: str = field(repr=False)
    """What was done, such as "keep 2:14"."""
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in."""

    id: str
    name: str = field(repr=False)
    offices: frozenset[Office]
    slot: str | None
    """The key slot that their passphrase opens; None on a server."""
    disabled: bool
    version: int
    starting: bool = False
    """Whether the passphrase was given by somebody else and must be changed first."""
    made_at: datetime | None = None
    codes: bool = False
    """Whether a second step by codes was set up."""
    subject: str | None = field(default=None, repr=False)
    """What an outside sign-in service calls this person; None where there is no such service."""


@dataclass(frozen=True, slots=True)
class Passkey:
    """One device that somebody's second step may be made with."""

    id: str
    account: str
    name: str = field(repr=False)
    """What its person calls it, such as "my phone"."""
    credential: bytes = field(repr=False)
    public: bytes = field(repr=False)
    count: int
    """The device's own count of uses."""
    made_at: datetime
    used_at: datetime | None


class Outcome(StrEnum):
    """How an act ended."""

    OK = "ok"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class AuditRow:
    """Who did what, as it was recorded. No names: ids, codes and times."""

    seq: int
    at: datetime
    actor: str
    role: str | None
    action: str
    object: str | None
    purpose: Purpose | None
    outcome: Outcome
    reason: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The newest link of the audit chain at a time, signed (Ed25519), to be kept elsewhere."""

    seq: int
    head: bytes
    at: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be."""

    what: str
    seq: int | None = None
    """The audit row it was seen at; None where it is about the whole."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """All that is left of an erased recording: the random id it had, and the day."""

    id: str
    on: date
