"""One data folder in this process: set up, unlock, lock, back up, restore, verify, rotate.

::

    none ──set_up──▶ unfinished ──confirm──▶ open ◀──unlock── locked
                     (recovery code not            ──lock──▶
                      typed back yet)
"""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vig.app import accounts, analysis, copies, passphrases, policy, rotation, uploads
from vig.app.demo import NOTE as DEMO_NOTE
from vig.app.erased import erased_again
from vig.app.jobs import Bench, open_desk
from vig.app.worker import WorkerHandle, start_worker
from vig.app.workspace import CATALOGUE, OBJECTS, SLOTS, Workspace
from vig.catalogue.values import ObjectState
from vig.domain.progress import Progress, unheard
from vig.errors import (
    BadValue,
    ErasurePending,
    NoVault,
    SlotsMissing,
    Tampered,
    VaultExists,
    VaultLocked,
    VigError,
    WrongKey,
    WrongSignIn,
)
from vig.vault.keys import (
    KeyFile,
    OsKeyring,
    Passphrase,
    RecoveryCode,
    Secret,
    SlotInfo,
    SlotKind,
    Slots,
    recovery_code,
)
from vig.vault.ring import KeyRing

OPENER = "vig.app.analysis:bench"

State = Literal["none", "unfinished", "locked", "open"]

CHECKPOINTS = "audit-checkpoints.txt"
"""Signed ends of the audit log, one more each hour and each lock; outside the database."""


@dataclass(frozen=True, slots=True)
class Check:
    """What a verification found: ``bad`` is empty when all is well."""

    objects: int
    bytes: int
    bad: tuple[str, ...]


class _Desk:
    """Where this process asks for jobs, and the database behind it."""

    def __init__(self, bench: Bench) -> None:
        self.jobs = open_desk(bench)
        self._engine = bench.engine

    def close(self) -> None:
        """Let go of both, so that no pool keeps the key."""
        self.jobs.close()
        self._engine.dispose()


class House:
    """The vault in ``root``, whatever state it is in. Safe to use from several threads.

    With ``worker`` a process of its own does the jobs for as long as the vault is open here.
    """

    def __init__(self, root: Path, *, worker: bool = False) -> None:
        self.root = root
        self._with_worker = worker
        self._worker: WorkerHandle | None = None
        self._desk: _Desk | None = None
        self._workspace: Workspace | None = None
        self._ring: KeyRing | None = None  # between set_up and confirm only
        self._first = ""  # the first account's name, likewise
        self._turn = threading.RLock()

    @property
    def state(self) -> State:
        if self._workspace is not None:
            return "open"
        if not (self.root / SLOTS).exists():
            return "none"
        return "locked" if (self.root / CATALOGUE).exists() else "unfinished"

    @property
    def opener(self) -> str:
        """The id of the account whose way in opened this house. NoVault, VaultLocked."""
        return self.workspace.opened_by

    @property
    def asks_name(self) -> bool:
        """Whether a name is asked for beside the passphrase: where several people sign in."""
        if self._workspace is not None:
            return len(accounts.active(self._workspace)) > 1
        slots = self.ways_in() if self.state == "locked" else ()
        return sum(slot.kind is SlotKind.PASSPHRASE for slot in slots) > 1

    @property
    def demo(self) -> bool:
        """Whether this is the demonstration vault, whose passphrase everybody may see."""
        return (self.root / DEMO_NOTE).exists()

    @property
    def workspace(self) -> Workspace:
        """The open vault. Raises NoVault, VaultLocked."""
        if self._workspace is None:
            raise NoVault if self.state == "none" else VaultLocked
        return self._workspace

    # --- setting up

    def set_up(self, passphrase: str, name: str = "") -> str:
        """Begin a vault; the recovery code, to be printed and typed back. VaultExists.

        ``name`` is what its first account is called ("guider" where nobody says).
        """
        fine, words = passphrases.strength(passphrase)
        if not fine:
            raise BadValue(what=words)
        code = recovery_code()
        with self._turn:
            slots, ring = Slots.create(self.root, Passphrase(passphrase))
            slots.add(ring, RecoveryCode(code))
            self._ring, self._first = ring, name
        return code

    def confirm(self, code: str) -> None:
        """Type the recovery code back: only now the vault exists. MistypedCode, WrongKey."""
        with self._turn:
            if self._holds_films():
                raise Tampered(what="the catalogue is missing")
            slots = Slots.load(self.root)
            secret = RecoveryCode(code)
            ring = self._ring or slots.unlock(secret)
            tried = slots.confirm(secret)
            if not slots.complete:
                raise SlotsMissing
            self._ring = None
            ws = Workspace.from_ring(self.root, ring, new=True)
            ws.opened_by = accounts.settled(ws, tried.id, first=self._first)
            self._enter(ws)

    def start_over(self) -> None:
        """Throw away a vault whose recovery code was never typed back; it holds nothing yet."""
        with self._turn:
            if self.state != "unfinished" or self._holds_films():
                raise VaultExists
            self._ring = None
            (self.root / SLOTS).unlink(missing_ok=True)

    def _holds_films(self) -> bool:
        """Whether sealed objects lie here: then a missing catalogue is a fault, no fresh start."""
        return any((self.root / OBJECTS).glob("*"))

    # --- opening and closing

    def unlock(self, secret_text: str) -> Workspace:
        """Open the vault with a passphrase or the recovery code. NoVault, WrongKey."""
        return self.unlock_with(passphrases.secret_from(secret_text))

    def unlock_with(self, secret: Secret, name: str | None = None) -> Workspace:
        """Open it with any kind of secret, and put right what a crash left.

        ``name`` is the account that it must belong to, where somebody said one: WrongSignIn.
        """
        with self._turn:
            if self.state == "none":
                raise NoVault
            slot, ring = Slots.load(self.root).enter(secret)
            if self._workspace is not None:  # an open door is no reason to believe anybody
                accounts.settled(self._workspace, slot, name=name)
                return self._workspace
            if self.state == "unfinished":
                raise SlotsMissing
            return self._enter(self._opened(ring, slot, name))

    def sign_in(self, name: str | None, secret_text: str) -> str:
        """The id of the account of this name and secret; opens a locked house. WrongSignIn.

        Where the house is locked its names are sealed, so each passphrase slot is tried, and then
        the name is compared; where it is open, only the slot of that name.
        """
        secret = passphrases.secret_from(secret_text)
        with self._turn:
            if self.asks_name and not (name or "").strip() and isinstance(secret, Passphrase):
                raise WrongSignIn
            try:
                if self._workspace is not None:
                    return accounts.prove(self._workspace, name, secret).id
                return self.unlock_with(secret, name).opened_by
            except WrongKey:
                # One sentence for a wrong name and a wrong passphrase; of no name if none is asked.
                raise (WrongSignIn if self.asks_name else WrongKey) from None

    def lock(self) -> None:
        """Let go of the master key, here and in the worker.

        A film being brought in or watched comes to its end with the keys of its own recording;
        whoever does that work ends with it.
        """
        with self._turn:
            ws, desk = self._workspace, self._desk
            try:
                self.sign_log()
                if self._worker is not None:
                    self._worker.lock()
            finally:  # whatever went wrong must not keep the keys in memory
                self._workspace = self._desk = None
                if ws is not None:
                    ws.leave(*(() if desk is None else (desk.close,)))

    def sign_log(self) -> None:
        """Sign the end of the audit log outside the database, where the vault is open."""
        if self._workspace is not None:
            with suppress(VigError, OSError):  # a full disk is no reason to stay open
                self._workspace.catalogue.checkpoint(self.root / CHECKPOINTS)

    def close(self) -> None:
        """Lock, and let no work go on: the process is about to end."""
        with self._turn:
            self._dismiss()
            self.lock()

    def _enter(self, ws: Workspace) -> Workspace:
        try:
            self._engage(ws)
        except BaseException:
            if self._worker is not None:
                self._worker.lock()
            ws.close()
            raise
        self._workspace = ws
        return ws

    def _engage(self, ws: Workspace) -> None:
        """Start the worker, if this house has one, and a desk to ask it at."""
        if not self._with_worker:
            return
        if self._worker is None:
            self._worker = start_worker(self.root, ws.ring.hand_over(), opener=OPENER)
        else:
            self._worker.unlock(ws.ring.hand_over())
        self._desk = _Desk(analysis.bench_of(ws))
        ws.employ(self._desk.jobs)

    def _dismiss(self) -> None:
        """Stop the worker and let go of the jobs database."""
        if self._worker is not None:
            self._worker.stop()
            self._worker = None
        if self._desk is not None:
            self.workspace.employ(None)
            self._desk.close()
            self._desk = None

    def _opened(self, ring: KeyRing, slot: str, name: str | None) -> Workspace:
        ws = Workspace.from_ring(self.root, ring)
        try:
            ws.opened_by = accounts.settled(ws, slot, name=name)
            accounts.sweep(ws)
            for recording_id in erased_again(ws):
                with ws.catalogue.act("system", "erase", object=recording_id) as act:
                    act.drop_keys(recording_id)
            uploads.sweep(ws)
            with suppress(ErasurePending):
                ws.sweep(lambda: uploads.objects(ws))
            with ws.catalogue.act(ws.opened_by, "unlock", object="vault"):
                pass
        except BaseException:
            ws.close()
            raise
        return ws

    # --- ways in

    def ways_in(self) -> tuple[SlotInfo, ...]:
        return Slots.load(self.root).info()

    def add_way_in(self, secret: Secret, *, actor: str) -> SlotInfo:
        """A further key slot; it counts once it was tried (``confirm_way_in``). NotAllowed."""
        policy.authorise(self.workspace, actor, "house.ways")
        slots = Slots.load(self.root)
        made = slots.add(self.workspace.ring, secret)
        with self.workspace.catalogue.act(actor, "slot.add", object=made.id):
            pass
        return made

    def confirm_way_in(self, secret: Secret) -> SlotInfo:
        return Slots.load(self.root).confirm(secret)

    def remove_way_in(self, slot_id: str, *, actor: str) -> None:
        """Take a key slot away. SlotsMissing where too few would be left, NotAllowed.

        An account's passphrase goes with the account: BadValue.
        """
        ws = self.workspace
        policy.authorise(ws, actor, "house.ways")
        if slot_id in {account.slot for account in accounts.active(ws)}:
            raise BadValue(what="This is somebody's passphrase. Disable their account instead.")
        with ws.catalogue.act(actor, "slot.remove", object=slot_id):
            Slots.load(self.root).remove(ws.ring, slot_id)

    def rotate(self, *, actor: str) -> int:
        """A new master key (see ``rotation``); how many data keys were wrapped anew. NotAllowed,
        VaultBusy. Our own worker stops for it and goes on with the new one.
        """
        with self._turn:
            ws = self.workspace
            policy.authorise(ws, actor, "house.ways")
            self._dismiss()
            try:
                return rotation.rotate(ws, actor=actor)
            finally:
                self._engage(ws)

    # --- copies of the whole, and whether they are sound

    def verify(self, progress: Progress = unheard, *, share: float = 1.0) -> Check:
        """Read every sealed object (or a ``share`` of them) and check database and audit chain."""
        ws = self.workspace
        rows = [
            row
            for recording in ws.catalogue.recordings()
            for row in ws.catalogue.objects(recording.id)
            if row.state is ObjectState.READY
        ]
        if share < 1.0:
            rows = [row for row in rows if int(row.id[:8], 16) < share * 2**32]
        bad = [str(finding.what) for finding in ws.catalogue.integrity_check()]
        bad += [str(finding.what) for finding in ws.catalogue.verify(self.root / CHECKPOINTS)]
        total, buffer = 0, bytearray(2**20)
        for number, row in enumerate(rows):
            progress(number / max(len(rows), 1))
            try:
                with ws.reader_of(row) as reader:
                    while count := reader.readinto(buffer):
                        total += count
            except VigError as error:
                bad.append(f"{row.kind} of film {row.recording}: {error}")
        progress(1.0)
        return Check(len(rows), total, tuple(bad))

    def backup_to(self, folder: Path, progress: Progress = unheard, *, actor: str) -> int:
        """Copy the vault to another folder (see ``copies.backup``); how many objects were new."""
        return copies.backup(self.workspace, folder, progress, actor=actor)

    def restore_from(self, folder: Path, progress: Progress = unheard) -> None:
        """Bring a backup into this empty data folder; it is locked afterwards. VaultExists."""
        if self.state != "none":
            raise VaultExists
        copies.restore(self.root, folder, progress)


def secret_of_kind(kind: str, value: str) -> Secret:
    """A secret as the command line names it: passphrase, recovery, keyfile or keyring."""
    if kind == "keyfile":
        return KeyFile(Path(value).read_bytes())
    if kind == "recovery":
        return RecoveryCode(value)
    if kind == "keyring":
        return OsKeyring()
    return Passphrase(value)
