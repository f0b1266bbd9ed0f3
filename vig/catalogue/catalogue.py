"""What is known of each film. The only door to the database.

::

    with Catalogue.open(path, keys) as catalogue:                 # or create(path, keys)
        with catalogue.act(actor, "recording.add") as act:        # all of it, or nothing
            family = act.add_family("F-014", age_weeks=23, carer_word="Mum")
            act.rule(family.id, ConsentRuling(Purpose.KEEP, True, now))
        catalogue.families()

Reads (``reads.py``, ``read_people.py``): families family family_called family_notes family_names
rulings permits · recordings recording recording_like origin objects object object_ids · analyses
latest_analysis moments moments_of moment clips clip annotations plan · accounts account
account_called account_of_subject password_hash codes_of passkeys assignments · setting settings
receipts audit_rows · tallies (``read_shelves.py``)

Writes (``act.py``): add_family change_family drop_family rule · begin_recording finish_recording
undo_recording change_recording put_object drop_object rewrap_keys · add_analysis change_analysis
drop_analysis add_moments add_clip change_clip drop_clip order_plan add_annotation
change_annotation drop_annotation · add_account change_account know_subject set_codes add_passkey
used_passkey drop_passkey assign unassign · set · drop_keys drop_recording

The whole (here): create open close rescue · act denied · verify checkpoint audit_public_key · purge
backup integrity_check
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import sqlalchemy as sa
from sqlalchemy.orm import Session

from vig.catalogue import file, migrate, pages, rows, server
from vig.catalogue.act import Act
from vig.catalogue.audit import Chain, Entry, Link, keep_outside, read_outside
from vig.catalogue.engine import READ, engine_for_catalogue
from vig.catalogue.read_shelves import ShelfReads
from vig.catalogue.rescue import salvage
from vig.catalogue.rows import unopened
from vig.catalogue.sealed import FieldCipher
from vig.catalogue.values import CatalogueKeys, Checkpoint, Finding, Outcome
from vig.domain.family import Purpose
from vig.errors import Conflict, NoVault, Tampered, VaultExists, VaultLocked, WrongKey

_KEYS_SETTING = "vig.keys"


def _now() -> datetime:
    return datetime.now(UTC)


class Catalogue(ShelfReads):
    """One open catalogue, shared by all threads of a process."""

    def __init__(
        self,
        engine: sa.Engine,
        keys: CatalogueKeys,
        path: Path | None,
        clock: Callable[[], datetime],
    ) -> None:
        """Use :meth:`create` or :meth:`open`; ``path`` is None on Postgres."""
        super().__init__(engine, FieldCipher({1: keys.fields}))
        self._held: tuple[CatalogueKeys, Chain] | None = keys, Chain(keys.audit)
        self._path = path
        self._clock = clock
        self._acting = threading.local()

    def __repr__(self) -> str:
        return "<Catalogue>"

    @property
    def _keys(self) -> CatalogueKeys:
        if self._held is None:
            raise VaultLocked
        return self._held[0]

    @property
    def _chain(self) -> Chain:
        if self._held is None:
            raise VaultLocked
        return self._held[1]

    @classmethod
    def create(
        cls, where: Path | str, keys: CatalogueKeys, *, clock: Callable[[], datetime] = _now
    ) -> Self:
        """Make an empty catalogue in a new file, or in an empty Postgres database (a URL).

        VaultExists where there is one. A file appears under its name only when it is whole.
        """
        path = _path(where)
        if path is None:
            with cls._made(engine_for_catalogue(str(where), b""), keys, None, clock):
                pass
        else:
            if path.exists():
                raise VaultExists
            part = file.new_part(path)
            engine = engine_for_catalogue(part, keys.database, wal=False)
            try:
                with cls._made(engine, keys, part, clock):
                    pass
                file.publish(part, path)
            finally:
                part.unlink(missing_ok=True)
        return cls.open(where, keys, clock=clock)

    @classmethod
    def _made(
        cls,
        engine: sa.Engine,
        keys: CatalogueKeys,
        path: Path | None,
        clock: Callable[[], datetime],
    ) -> Self:
        made = cls(engine, keys, path, clock)
        try:
            if path is None and migrate.revision(engine) is not None:
                raise VaultExists
            migrate.upgrade(engine, fresh=True)
            with made.act("system", "catalogue.create", object="catalogue") as act:
                act.set(_KEYS_SETTING, {"audit": made.audit_public_key.hex()})
        except BaseException:
            engine.dispose()
            raise
        return made

    @classmethod
    def open(
        cls, where: Path | str, keys: CatalogueKeys, *, clock: Callable[[], datetime] = _now
    ) -> Self:
        """Open a catalogue, and bring its tables up to this release.

        NoVault where there is none (nothing is made), WrongKey where any of the three keys does
        not fit, NewerVault where a newer release wrote it, Tampered where a page is damaged.
        """
        path = _path(where)
        if path is not None:
            file.check_key(path, keys.database)
        engine = engine_for_catalogue(path or str(where), keys.database)
        try:
            migrate.upgrade(engine)
            opened = cls(engine, keys, path, clock)
            opened._check_keys()
        except BaseException:
            engine.dispose()
            raise
        return opened

    @classmethod
    def rescue(
        cls,
        damaged: Path,
        keys: CatalogueKeys,
        to: Path,
        *,
        clock: Callable[[], datetime] = _now,
    ) -> dict[str, int]:
        """Save what a damaged file still holds into a new catalogue; how many rows, by table.

        ``damaged`` is only read. What cannot be read is left out, and :meth:`verify` of the new
        one says so where it concerns the audit chain. WrongKey; Tampered where nothing can be
        saved; VaultExists where ``to`` is there.
        """
        if to.exists():
            raise VaultExists
        if not damaged.exists():
            raise NoVault
        if not pages.key_fits(damaged, keys.database):
            raise WrongKey
        part = file.new_part(to)
        engine = engine_for_catalogue(part, keys.database, wal=False)
        try:
            migrate.upgrade(engine, fresh=True)
            kept = salvage(damaged, keys.database, part)
            saved = cls(engine, keys, part, clock)
            with saved.act("system", "catalogue.rescue", object="catalogue") as act:
                act.set(_KEYS_SETTING, {"audit": saved.audit_public_key.hex()})
            saved.close()
            file.publish(part, to)
        finally:
            engine.dispose()
            part.unlink(missing_ok=True)
        return kept

    def _check_keys(self) -> None:
        try:
            kept = self.setting(_KEYS_SETTING)
        except Tampered:
            raise WrongKey from None
        if kept is None:
            raise Tampered(what="the catalogue does not say which keys it was made with")
        if kept["audit"] != self.audit_public_key.hex():
            raise WrongKey

    def close(self) -> None:
        """Let go of the database and of its keys; whoever still asks is told VaultLocked."""
        if self._live is not None:
            self._live[0].dispose()
        self._live = self._held = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- acts

    @contextmanager
    def act(
        self,
        actor: str,
        action: str,
        *,
        object: str | None = None,
        purpose: Purpose | None = None,
        reason: str | None = None,
    ) -> Iterator[Act]:
        """One transaction: what is written in the block, and one audit row. All of it or nothing.

        ``actor`` is an account's id or one of ``audit.SYSTEM_ACTORS``; ``action`` a code such as
        "clip.keep"; ``object`` an id, an id with a stretch ("<id>@<start>-<end>" in microseconds)
        or one of ``audit.THINGS``, None for the first thing the act touches; ``reason`` a short
        text that is kept sealed. BadValue where one of them could hold a name.
        """
        entry = Entry(actor, action, object, purpose, reason)
        if getattr(self._acting, "now", False):
            raise RuntimeError("an act inside an act would wait for itself")
        self._acting.now = True
        try:
            with self._writing() as session:
                act = Act(session, entry, self._clock())
                yield act
                self._chain.append(session, act.end(), act.now)
        finally:
            self._acting.now = False

    def denied(
        self,
        actor: str,
        action: str,
        object: str | None = None,
        purpose: Purpose | None = None,
        reason: str | None = None,
    ) -> None:
        """Record that something was refused."""
        entry = Entry(actor, action, object, purpose, reason, Outcome.DENIED)
        with self._writing() as session:
            self._chain.append(session, entry, self._clock())

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        try:
            with (
                Session(
                    self._engine,
                    autoflush=False,
                    expire_on_commit=False,
                    info={"cipher": self._cipher},
                ) as session,
                session.begin(),
            ):
                yield session
        except sa.exc.IntegrityError:
            # Ids are checked before they are used: only something made twice comes this far.
            raise Conflict from None

    # --- the audit chain as a whole

    @property
    def audit_public_key(self) -> bytes:
        """With this anybody can check a checkpoint; 32 bytes (Ed25519)."""
        return self._chain.public_key

    def checkpoint(self, outside: Path) -> Checkpoint:
        """Sign the newest link of the audit chain and append it to a file outside the database.

        Keep that file, or copies of it, where whoever can write the database cannot.
        """
        with self._writing() as session:
            head = session.get_one(rows.AuditHeadRow, 1)
            signed = self._chain.sign(head.seq, bytes(head.mac), self._clock())
            keep_outside(signed, outside)
            row = session.get(rows.CheckpointRow, signed.seq)
            if row is None:
                row = rows.CheckpointRow(session, seq=signed.seq)
            row.head, row.at, row.signature = signed.head, signed.at, signed.signature
        return signed

    def verify(self, outside: Path | None = None) -> tuple[Finding, ...]:
        """What is wrong with the audit chain; empty where nothing is.

        ``outside`` is the file of checkpoints that was kept elsewhere; without it only those in
        the database are looked at, which whoever rewrote the database may have removed.
        """
        with self._reading() as session:
            kept = [
                Checkpoint(row.seq, bytes(row.head), row.at, bytes(row.signature))
                for row in session.scalars(sa.select(rows.CheckpointRow))
            ]
            head = session.get(rows.AuditHeadRow, 1)
            links = session.execute(
                sa.select(
                    rows.AuditTableRow.seq, rows.AuditTableRow.body, rows.AuditTableRow.mac
                ).order_by(rows.AuditTableRow.seq)
            ).yield_per(1000)
            found = list(
                self._chain.check(
                    (Link(seq, body, bytes(mac)) for seq, body, mac in links),
                    (head.seq, bytes(head.mac), bytes(head.tag)) if head else None,
                    [*kept, *(read_outside(outside) if outside and outside.exists() else ())],
                )
            )
        if outside is not None:
            there = {c.seq for c in read_outside(outside)} if outside.exists() else set()
            found.extend(
                Finding("a checkpoint is missing from the file kept outside", c.seq)
                for c in kept
                if c.seq not in there
            )
        return tuple(found)

    # --- the database as a whole

    def purge(self, gone: Collection[bytes] = ()) -> bool:
        """Make sure that what was deleted is gone from the file, its log and its free pages.

        False while a reader still holds an older state ("pending"): try again later. ``gone``,
        such as the wrapped keys that were destroyed, is looked for in every page, and found makes
        it False too (SQLCipher only).
        """
        if self._path is None:
            return server.purge(self._engine)
        return file.purge(self._path, self._keys.database, gone)

    def backup(self, to: Path) -> None:
        """A whole copy under the same keys, as of one moment, while others read and write.

        Always a SQLCipher file that :meth:`open` opens, from Postgres too. VaultExists where
        there is a file already.
        """
        if to.exists():
            raise VaultExists
        if self._path is not None:
            file.copy(self._path, to, self._keys.database)
            return
        part = file.new_part(to)
        target = engine_for_catalogue(part, self._keys.database, wal=False)
        try:
            migrate.upgrade(target, fresh=True)
            reader = self._engine.execution_options(**READ)
            with reader.connect() as source, target.begin() as there:
                server.copy_rows(source, there)
            target.dispose()
            file.publish(part, to)
        finally:
            target.dispose()
            part.unlink(missing_ok=True)

    def integrity_check(self) -> tuple[Finding, ...]:
        """Whether every page and reference is sound and every sealed value opens; empty if so."""
        if self._path is not None:
            found = file.damage(self._path, self._keys.database)
            if found:
                return found
        with self._reading() as session:
            return tuple(Finding(text) for text in unopened(session))


def _path(where: Path | str) -> Path | None:
    """The file; None for a database URL."""
    if isinstance(where, str) and "://" in where:
        return None
    return Path(where)
