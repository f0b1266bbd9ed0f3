"""An open vault: from a recording and a purpose to its bytes, and no other way.

``Workspace.open(recording, purpose)`` is the gate. It asks the family's newest ruling each time it
is called; who asks and for what is written to the audit log, and so is every refusal.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from vig.app import policy
from vig.app.jobs import Jobs
from vig.app.locks import ProcessLock
from vig.app.rights import WORKER
from vig.catalogue.catalogue import Catalogue
from vig.catalogue.values import CatalogueKeys, ObjectRow, ObjectState
from vig.domain.family import ConsentRuling, Purpose, permits
from vig.domain.recording import Recording, RecordingState
from vig.errors import (
    DiskFull,
    ErasurePending,
    NoConsent,
    Tampered,
    Unknown,
    VaultLocked,
    VigError,
)
from vig.vault.ring import KeyRing
from vig.vault.secrets import Key
from vig.vault.store import BlobStore, FolderStore, create_ballast
from vig.vault.stream import SealedReader, SealedWriter, seal, unseal

SLOTS = "vault.json"
CATALOGUE = "catalogue.db"
OBJECTS = "objects"
IMPORTS = "imports"
SPARE = 64 * 2**20
"""Bytes of disk that stay free whatever is imported."""

_SEEN_AGAIN = 600.0
"""Seconds in which the same person opening the same film for the same purpose is one viewing."""


class Workspace:
    """What may be done with an unlocked vault. Safe to use from several threads."""

    def __init__(self, root: Path, ring: KeyRing, catalogue: Catalogue, store: BlobStore) -> None:
        self.root = root
        self.ring = ring
        self.catalogue = catalogue
        self.store = store
        self.opened_by = "system"
        """The account whose way in opened it; the house says so, a worker has none."""
        self._jobs: Jobs | None = None
        self._viewed: dict[tuple[str, str, Purpose], float] = {}
        self._viewed_lock = threading.Lock()
        self._under_way: Counter[str] = Counter()
        self._works = 0
        self._left: list[Callable[[], None]] | None = None
        self._turn = threading.Lock()

    @classmethod
    def from_ring(cls, root: Path, ring: KeyRing, *, new: bool = False) -> Workspace:
        """Open (or, for a new vault, create) what the ring's keys open under ``root``.

        Raises WrongKey, NewerVault, Tampered.
        """
        keys = catalogue_keys(ring)
        path = root / CATALOGUE
        catalogue = Catalogue.create(path, keys) if new else Catalogue.open(path, keys)
        return cls(root, ring, catalogue, FolderStore(root / OBJECTS))

    @classmethod
    def from_key(cls, root: Path, handed: bytes) -> Workspace:
        """The same in a worker process, from what ``KeyRing.hand_over`` gave."""
        return cls.from_ring(root, KeyRing.taken_over(handed))

    def close(self) -> None:
        """Let go of the keys and the database."""
        self.catalogue.close()
        self.ring.forget()

    @contextmanager
    def at_work_on(self, *owners: str) -> Iterator[None]:
        """Say that work goes on here that must come to its end even behind a locked screen.

        ``owners`` are the recordings (and uploads) whose keys it needs; see ``leave``.
        """
        with self._turn:
            if self._left is not None:
                raise VaultLocked
            self._works += 1
            self._under_way.update(owners)
        try:
            yield
        finally:
            with self._turn:
                self._works -= 1
                self._under_way.subtract(owners)
            self._close_if_left()

    def leave(self, *then: Callable[[], None]) -> None:
        """Lock: the master key goes now, the rest when the work under way has ended.

        That work keeps the keys of its own recordings and the open catalogue, which it must ask
        whether the family still agrees. ``then`` is called at the very end.
        """
        with self._turn:
            self.ring.narrow(owner for owner, count in self._under_way.items() if count > 0)
            self._left = list(then)
        self._close_if_left()

    def _close_if_left(self) -> None:
        with self._turn:
            if self._left is None or self._works:
                return
            last, self._left = self._left, []
        self.close()
        for act in last:
            act()

    @property
    def jobs(self) -> Jobs:
        """Where long work is asked for; whoever opened the vault has put it there (``employ``)."""
        if self._jobs is None:
            raise RuntimeError("nobody does the jobs of this vault")
        return self._jobs

    def employ(self, jobs: Jobs | None) -> None:
        """Say who does the jobs of this vault; None when they stop."""
        self._jobs = jobs

    # --- the gate

    def allowed(self, recording: Recording, purpose: Purpose) -> bool:
        """Whether the family's newest ruling covers this film for ``purpose`` today."""
        rulings = self.catalogue.rulings(recording.family)
        return permits(rulings, purpose, _today(), recording.filmed_on)

    def check(self, recording_id: str, purpose: Purpose, actor: str) -> Recording:
        """The recording, if ``actor`` may have it and the family agreed to ``purpose``.

        Raises NotAllowed, NoConsent, Unknown.
        """
        recording = self.catalogue.recording(recording_id)
        policy.authorise(self, actor, _seeing(actor), recording=recording_id)
        if recording.state is not RecordingState.READY:
            raise Unknown(kind="film", name=recording_id)
        if not self.allowed(recording, purpose):
            self.catalogue.denied(actor, "open", object=recording_id, purpose=purpose)
            raise NoConsent(purpose=purpose.words)
        return recording

    def still_open(self, recording_id: str, purpose: Purpose, actor: str) -> bool:
        """Whether :meth:`check` would let ``actor`` in at this moment: for a stream under way."""
        try:
            recording = self.catalogue.recording(recording_id)
            return self.allowed(recording, purpose) and policy.may(
                self, actor, _seeing(actor), recording=recording_id
            )
        except VigError:
            return False

    def open(
        self, recording_id: str, purpose: Purpose, kind: str = "film", *, actor: str
    ) -> SealedReader:
        """A seekable reader of the recording's film, browser copy ("copy") or another object.

        Raises NotAllowed, NoConsent, Unknown, Tampered. Close it after use.
        """
        self.check(recording_id, purpose, actor)
        self._note_viewing(recording_id, purpose, actor)
        return self.read(recording_id, kind)

    def _note_viewing(self, recording_id: str, purpose: Purpose, actor: str) -> None:
        key, now = (actor, recording_id, purpose), time.monotonic()
        with self._viewed_lock:
            if now - self._viewed.get(key, -_SEEN_AGAIN) < _SEEN_AGAIN:
                return
            self._viewed[key] = now
        with self.catalogue.act(actor, "open", object=recording_id, purpose=purpose):
            pass

    # --- sealed objects; no gate here, so for the app's own work only

    def object_of(self, recording_id: str, kind: str) -> ObjectRow | None:
        """The newest finished object of this kind, None where there is none."""
        found = [
            row
            for row in self.catalogue.objects(recording_id, kind)
            if row.state is ObjectState.READY
        ]
        return found[-1] if found else None

    def read(self, recording_id: str, kind: str) -> SealedReader:
        """A reader of an object. Raises Unknown where the recording has none of this kind."""
        row = self.object_of(recording_id, kind)
        if row is None or row.wrapped is None:
            raise Unknown(kind="object", name=kind)
        return self.reader_of(row)

    def reader_of(self, row: ObjectRow) -> SealedReader:
        """A reader of exactly this object."""
        if row.wrapped is None:
            raise Tampered(what="its key was destroyed")
        key = self.ring.unwrap(row.wrapped, row.context, owner=row.recording)
        raw = self.store.open(row.id)
        try:
            return unseal(
                raw, key, _bytes(row.recording), _bytes(row.id), size=self.store.size(row.id)
            )
        except BaseException:
            raw.close()
            raise

    def read_all(self, recording_id: str, kind: str) -> bytes:
        """A small object as a whole."""
        with self.read(recording_id, kind) as reader:
            return reader.readall()

    @contextmanager
    def writing(
        self, recording_id: str, kind: str, *, head: int = 0, checked: bool = False
    ) -> Iterator[SealedWriter]:
        """Seal a new object: the key is durable first, then the bytes, then the row says ready.

        An exception leaves nothing. ``checked`` reads everything back from the disk before the
        object counts (for the film itself, whose original may then be deleted). ``head``: how many
        first bytes may be written again before the end. Older objects of this kind are dropped.
        """
        object_id, key = uuid.uuid4().hex, Key(os.urandom(32))
        row = ObjectRow(object_id, recording_id, kind, wrapped=None, key_version=self.ring.version)
        wrapped = self.ring.wrap(key, row.context, owner=recording_id)
        row = replace(row, wrapped=wrapped)
        with self.catalogue.act("system", "object.begin", object=recording_id) as act:
            act.put_object(row)
        try:
            with self.store.create(object_id) as blob:
                writer = seal(
                    cast(BinaryIO, blob), key, _bytes(recording_id), _bytes(object_id), head=head
                )
                yield writer
                writer.finish()
                if checked:
                    self._read_back(blob, key, row, writer.size)
                blob.commit()
        except BaseException:
            self._forget_object(object_id)
            raise
        older = [
            r for r in self.catalogue.objects(recording_id) if r.kind == kind and r.id != object_id
        ]
        with self.catalogue.act("system", "object.ready", object=recording_id) as act:
            act.put_object(replace(row, state=ObjectState.READY, size=writer.size))
            for gone in older:
                act.drop_object(gone.id)
        for gone in older:
            self.store.delete(gone.id)

    def put(self, recording_id: str, kind: str, data: bytes) -> None:
        """Seal a small object."""
        with self.writing(recording_id, kind) as sink:
            sink.write(data)

    def drop(self, recording_id: str, kinds: set[str]) -> None:
        """Forget objects of these kinds: keys first, then ciphertext."""
        rows = [row for row in self.catalogue.objects(recording_id) if row.kind in kinds]
        if not rows:
            return
        with self.catalogue.act("system", "object.drop", object=recording_id) as act:
            for row in rows:
                act.drop_object(row.id)
        for row in rows:
            self.store.delete(row.id)

    def _read_back(self, blob: Any, key: bytes, row: ObjectRow, size: int) -> None:
        with blob.reread() as raw:
            sealed = unseal(raw, key, _bytes(row.recording), _bytes(row.id))
            read, buffer = 0, bytearray(2**20)
            while count := sealed.readinto(buffer):
                read += count
        if read != size:
            raise Tampered(what="the film read back shorter than it was written")

    def _forget_object(self, object_id: str) -> None:
        # The first error is the one to report; what cannot be undone now, the sweep undoes.
        with suppress(VigError), self.catalogue.act("system", "object.undo") as act:
            act.drop_object(object_id)

    # --- order in the house

    def room_for(self, size: int) -> None:
        """Raises DiskFull where a film of ``size`` bytes and its copy would not fit."""
        status = os.statvfs(self.root) if hasattr(os, "statvfs") else None
        if status is not None and status.f_bavail * status.f_frsize < size * 1.05 + SPARE:
            raise DiskFull

    def importing(self, recording_id: str) -> ProcessLock:
        """The lock that says that a living process is bringing this recording in."""
        folder = self.root / IMPORTS
        folder.mkdir(mode=0o700, exist_ok=True)
        return ProcessLock(folder / recording_id)

    def sweep(self, keep: Callable[[], set[str]]) -> int:
        """Undo what a crash left half done, and finish erasures. How many things were put right.

        ``keep()`` names stored objects that no recording owns: slices of films still arriving.
        Raises ErasurePending where a destroyed key still lies in the database file.
        """
        mended = 0
        for recording in self.catalogue.recordings():
            if recording.state is RecordingState.IMPORTING:
                mended += self._undo_import(recording.id)
            elif recording.state is RecordingState.ERASING:
                self.erase_rows(recording.id)
                mended += 1
        # Asked after the folder was read: what another process finished meanwhile is known by then.
        mended += self.store.sweep(lambda: set(self.catalogue.object_ids()) | keep())
        create_ballast(self.root)
        if not self.catalogue.purge():
            raise ErasurePending
        return mended

    def _undo_import(self, recording_id: str) -> int:
        lock = self.importing(recording_id)
        if not lock.take():
            return 0
        try:
            with self.catalogue.act("system", "import.undo") as act:
                act.undo_recording(recording_id)
        finally:
            lock.retire()
        return 1

    def erase_rows(self, recording_id: str) -> None:
        """The second half of an erasure: the keys are gone; now ciphertext and rows."""
        for row in self.catalogue.objects(recording_id):
            self.store.delete(row.id)
        with self.catalogue.act("system", "erase.finish") as act:
            act.drop_recording(recording_id)

    def note(self, family_id: str, ruling: ConsentRuling, actor: str) -> None:
        """Append a ruling of a family."""
        with self.catalogue.act(actor, "consent", object=family_id, purpose=ruling.purpose) as act:
            act.rule(family_id, ruling)


def catalogue_keys(ring: KeyRing) -> CatalogueKeys:
    """The catalogue's three keys out of the vault's root."""
    return CatalogueKeys(
        database=ring.subkey("catalogue database"),
        fields=ring.subkey("catalogue fields"),
        audit=ring.subkey("catalogue audit"),
    )


def copied(source: BinaryIO, sink: SealedWriter, *, each: Any) -> bytes:
    """Copy everything; the SHA-256 of what went through. ``each(bytes so far)`` may stop it."""
    digest, done = hashlib.sha256(), 0
    while block := source.read(2**20):
        digest.update(block)
        sink.write(block)
        done += len(block)
        each(done)
    return digest.digest()


def _bytes(identity: str) -> bytes:
    return uuid.UUID(identity).bytes


def _seeing(actor: str) -> str:
    return "film.watch" if actor == WORKER else "film.see"


def _today() -> Any:
    return datetime.now(UTC).astimezone().date()
