"""Films that arrive in pieces: each slice is sealed as it comes, none lies on the disk in clear.

An upload is a row of settings (sealed) that lists its slices, each a sealed object with a key of
its own, and holds what was recorded about the film before it came. A cut connection, a reload or a
restart loses at most the slice under way: whoever chooses the same file again, told by its size and
its ``mark`` (see ``slices.py``), goes on where it stopped. Finishing reads the slices as one film into the walk and then
shreds them.
"""

from __future__ import annotations

import os
import re
import threading
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO, cast

from vig.app import policy, walk
from vig.app.slices import Slices, context_of, id_of, mark_of
from vig.app.workspace import Workspace
from vig.domain.recording import Recording
from vig.errors import (
    AlreadyHere,
    BadFilm,
    BadValue,
    Conflict,
    FilmTooLarge,
    QuotaReached,
    SamplesOnly,
    Unknown,
)
from vig.vault.ring import KeyRing
from vig.vault.secrets import Key
from vig.vault.stream import seal

LARGEST = 16 * 2**30
"""Bytes of one film: four hours of 1080p from a phone, with room to spare."""
SLICE = 16 * 2**20
STALE_DAYS = 7
LIMITS = "limits"
"""The setting that holds what the house set."""

_MARK = re.compile(r"[0-9a-f]{64}")
_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may come in, in bytes."""

    film: int = LARGEST
    """One film."""
    vault: int | None = None
    """Everything the vault holds, uploads under way counted whole; None where only the disk ends it."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A film of which a part has arrived."""

    id: str
    family: str
    """The pseudonym it was begun for; empty where nothing was said."""
    size: int
    arrived: int
    mark: str
    """See ``slices.mark_of``; empty where none was given."""
    by: str
    """The account that began it."""
    at: datetime
    """When something last arrived."""

    @property
    def words(self) -> str:
        """What to say of it, and what to do."""
        whose = f"{self.family}'s film" if self.family else "A film"
        if self.arrived >= self.size:
            return f"{whose}: all of it has arrived; it has only to be brought in."
        share = 100 * self.arrived // self.size
        return f"{whose}: {share} % has arrived, choose the file again to go on."


def limits(ws: Workspace) -> Limits:
    """What the house allows; without a word from it, what this tool does."""
    held = ws.catalogue.setting(LIMITS) or {}
    return Limits(held.get("film", LARGEST), held.get("vault"))


def set_limits(ws: Workspace, wanted: Limits, actor: str) -> None:
    """Set how much may come in from now on. NotAllowed, BadValue."""
    policy.authorise(ws, actor, "house.settings")
    if not 0 < wanted.film <= LARGEST or (wanted.vault is not None and wanted.vault <= 0):
        raise BadValue(what=f"A film may have up to {said(LARGEST)}, and a limit is more than 0.")
    with ws.catalogue.act(actor, "limits") as act:
        act.set(LIMITS, {"film": wanted.film, "vault": wanted.vault})


def held(ws: Workspace) -> int:
    """Bytes that the vault holds or has promised room for."""
    promised: list[int] = [known["size"] - _arrived(known) for known in pending(ws).values()]
    return sum(ws.store.size(name) for name in ws.store.names()) + sum(promised)


def begin(
    ws: Workspace,
    size: int,
    actor: str,
    *,
    mark: str = "",
    note: dict[str, Any] | None = None,
) -> str:
    """Make room for a film of ``size`` bytes; the upload's id.

    Where the same person has a part of the same file here already (by size and ``mark``), that
    upload is gone on with. ``note`` is what was recorded about the film, kept until it is whole; a
    newer one takes the older one's place. Raises NotAllowed, BadValue, FilmTooLarge, QuotaReached,
    DiskFull.
    """
    policy.authorise(ws, actor, "upload.begin")
    if size <= 0:
        raise BadValue(what="This file is empty.")
    if mark and not _MARK.fullmatch(mark):
        raise BadValue(what="The page sent something that cannot be read.")
    for upload, known in pending(ws).items():
        same = (known["size"], known.get("mark"), known["by"]) == (size, mark, policy.plain(actor))
        if mark and same:
            with _locks[upload]:
                newest = _known(ws, upload)
                _keep(ws, upload, {**newest, "note": note or newest.get("note")})
            return upload
    allowed = limits(ws)
    if size > allowed.film:
        raise FilmTooLarge(what=f"{said(size)}; here it may have {said(allowed.film)}")
    if allowed.vault is not None and (left := max(allowed.vault - held(ws), 0)) < size:
        raise QuotaReached(size=said(size), limit=said(allowed.vault), left=said(left))
    ws.room_for(2 * size)  # the slices, and the film that is sealed from them
    upload = uuid.uuid4().hex
    known = {"size": size, "by": policy.plain(actor), "at": _now(), "slices": []}
    _keep(ws, upload, {**known, "mark": mark, "note": note})
    return upload


def waiting(ws: Workspace, actor: str) -> tuple[Waiting, ...]:
    """The films under way that ``actor`` may go on with, the oldest first."""
    found = [
        Waiting(
            id=upload,
            family=str((known.get("note") or {}).get("family", "")),
            size=known["size"],
            arrived=_arrived(known),
            mark=known.get("mark") or "",
            by=known["by"],
            at=datetime.fromisoformat(known["at"]),
        )
        for upload, known in pending(ws).items()
        if policy.may(ws, actor, "upload.go-on", by=known["by"])
    ]
    return tuple(sorted(found, key=lambda one: one.at))


def note_of(ws: Workspace, upload: str) -> dict[str, Any] | None:
    """What was recorded about the film when it was begun. Raises Unknown."""
    note: dict[str, Any] | None = _known(ws, upload).get("note")
    return note


def claim(ws: Workspace, upload: str, actor: str, *, by: str | None = None) -> None:
    """Asked before each of the others by whoever acts for a person. NotAllowed, Unknown.

    ``by``: who began it, where that is known already: a film being brought in has no row any more.
    """
    policy.authorise(ws, actor, "upload.go-on", by=by or _known(ws, upload)["by"])


def offset(ws: Workspace, upload: str) -> int:
    """How many bytes have arrived for good. Raises Unknown."""
    return _arrived(_known(ws, upload))


def append(ws: Workspace, upload: str, at: int, chunk: bytes) -> int:
    """Seal the next bytes; the new offset. Conflict where ``at`` is not the offset."""
    with _locks[upload]:
        known = _known(ws, upload)
        have = _arrived(known)
        if at != have:
            raise Conflict
        if have + len(chunk) > known["size"]:
            raise BadValue(what="More arrived than was announced; choose the film again.")
        name, key = uuid.uuid4().hex, Key(os.urandom(32))
        # Named before it is there: a sweep in another process must not take it for a leftover.
        known["under_way"] = name
        _keep(ws, upload, known)
        with ws.store.create(name) as blob:
            sink = seal(cast(BinaryIO, blob), key, id_of(upload), id_of(name))
            sink.write(chunk)
            sink.finish()
            blob.commit()
        wrapped = ws.ring.wrap(key, context_of(upload, name), owner=upload)
        known["slices"].append({"id": name, "key": wrapped.hex(), "size": len(chunk)})
        _keep(ws, upload, {**known, "at": _now()})
        return have + len(chunk)


def finish(ws: Workspace, upload: str, **asked: Any) -> Recording:
    """Bring the whole film into the vault (see ``walk.add``), then shred the slices.

    Where the walk refuses the film the slices go too: it would refuse it again. A cancelled
    import keeps them, so that it can be finished later. Raises what the walk raises; BadValue
    where not all has arrived, or where the parts are of two different files.
    """
    known = _known(ws, upload)
    if offset(ws, upload) != known["size"]:
        raise BadValue(what="The film has not arrived as a whole yet.")
    recording_id = uuid.uuid4().hex
    # Named before it begins: from here on it comes to its end even if the vault is locked.
    with ws.at_work_on(upload, recording_id):
        try:
            with Slices(ws, upload, known["slices"]) as slices:
                film = cast(BinaryIO, slices)
                if known.get("mark") and mark_of(film, known["size"]) != known["mark"]:
                    abandon(ws, upload)
                    raise BadValue(what="Parts of two different files arrived; add the film again.")
                made = walk.add(ws, film, recording_id=recording_id, **asked)
        except (BadFilm, AlreadyHere, SamplesOnly):
            abandon(ws, upload)
            raise
        abandon(ws, upload)
        return made


def abandon(ws: Workspace, upload: str) -> None:
    """Shred what has arrived: keys first."""
    with _locks[upload]:  # a slice under way would bring the upload back
        known = _known(ws, upload)
        _keep(ws, upload, None)
        for piece in known["slices"]:
            ws.store.delete(piece["id"])
    _locks.pop(upload, None)


@contextmanager
def paused(ws: Workspace) -> Iterator[None]:
    """No slice comes in meanwhile (in this process; the catalogue refuses those of another)."""
    with ExitStack() as locks:
        for upload in sorted(pending(ws)):
            locks.enter_context(_locks[upload])
        yield


def pending(ws: Workspace) -> dict[str, dict[str, Any]]:
    """All uploads under way, by id."""
    listed: dict[str, dict[str, Any]] = ws.catalogue.settings("upload.")
    return {key.removeprefix("upload."): value for key, value in listed.items()}


def objects(ws: Workspace) -> set[str]:
    """Names of all slices, which a sweep must leave alone."""
    found: set[str] = set()
    for known in pending(ws).values():
        found |= {piece["id"] for piece in known["slices"]} | {known.get("under_way", "")}
    return found


def sweep(ws: Workspace) -> int:
    """Shred uploads that nobody went on with for a week."""
    stale = [
        upload
        for upload, known in pending(ws).items()
        if (datetime.now(UTC) - datetime.fromisoformat(known["at"])).days >= STALE_DAYS
    ]
    for upload in stale:
        abandon(ws, upload)
    return len(stale)


def rewrapped(ring: KeyRing, upload: str, known: dict[str, Any]) -> dict[str, Any]:
    """The same upload with its slices' keys under the ring's current master key."""
    slices = [
        {
            **piece,
            "key": ring.rewrap(
                bytes.fromhex(piece["key"]), context_of(upload, piece["id"]), owner=upload
            ).hex(),
        }
        for piece in known["slices"]
    ]
    return {**known, "slices": slices}


def _known(ws: Workspace, upload: str) -> dict[str, Any]:
    known: dict[str, Any] | None = ws.catalogue.setting(f"upload.{upload}")
    if known is None:
        raise Unknown(kind="upload", name=upload)
    return known


def _keep(ws: Workspace, upload: str, known: dict[str, Any] | None) -> None:
    with ws.catalogue.act("system", "upload", object=upload) as act:
        if known is not None:
            act.check_master(ws.ring.version)
        act.set(f"upload.{upload}", known)


def _arrived(known: dict[str, Any]) -> int:
    sizes: list[int] = [piece["size"] for piece in known["slices"]]
    return sum(sizes)


def _now() -> str:
    return datetime.now(UTC).isoformat()


def said(size: int) -> str:
    """Bytes as a person reads them."""
    for unit, word in ((10**9, "GB"), (10**6, "MB")):
        if size >= unit:
            return f"{size / unit:.1f} {word}".replace(".0 ", " ")
    return f"{size / 1000:.0f} kB"
