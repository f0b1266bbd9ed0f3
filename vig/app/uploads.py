"""Films that arrive in pieces: each slice is sealed as it comes, none lies on the disk in clear.

An upload is a row of settings (sealed) that lists its slices, each a sealed object with a key of
its own. A cut connection, a reload or a restart loses at most the slice under way. Finishing reads
the slices as one film into the walk and then shreds them.
"""

from __future__ import annotations

import bisect
import io
import os
import threading
import uuid
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any, BinaryIO, cast

from vig.app import policy, walk
from vig.app.workspace import Workspace
from vig.domain.recording import Recording
from vig.errors import (
    AlreadyHere,
    BadFilm,
    BadValue,
    Conflict,
    FilmTooLarge,
    SamplesOnly,
    Unknown,
)
from vig.vault.ring import KeyRing
from vig.vault.secrets import Key
from vig.vault.stream import SealedReader, seal, unseal

LARGEST = 16 * 2**30
"""Bytes of one film: four hours of 1080p from a phone, with room to spare."""
SLICE = 16 * 2**20
STALE_DAYS = 7

_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


def begin(ws: Workspace, size: int, actor: str) -> str:
    """Make room for a film of ``size`` bytes; the upload's id. FilmTooLarge, DiskFull."""
    policy.authorise(ws, actor, "upload.begin")
    if size <= 0:
        raise BadValue(what="This file is empty.")
    if size > LARGEST:
        raise FilmTooLarge(what=f"{size / 2**30:.0f} GB")
    ws.room_for(2 * size)  # the slices, and the film that is sealed from them
    upload = uuid.uuid4().hex
    _keep(
        ws, upload, {"size": size, "by": actor, "at": datetime.now(UTC).isoformat(), "slices": []}
    )
    return upload


def claim(ws: Workspace, upload: str, actor: str, *, by: str | None = None) -> None:
    """Asked before each of the others by whoever acts for a person. NotAllowed, Unknown.

    ``by``: who began it, where that is known already: a film being brought in has no row any more.
    """
    policy.authorise(ws, actor, "upload.go-on", by=by or _known(ws, upload)["by"])


def offset(ws: Workspace, upload: str) -> int:
    """How many bytes have arrived for good. Raises Unknown."""
    return sum(piece["size"] for piece in _known(ws, upload)["slices"])


def append(ws: Workspace, upload: str, at: int, chunk: bytes) -> int:
    """Seal the next bytes; the new offset. Conflict where ``at`` is not the offset."""
    with _locks[upload]:
        known = _known(ws, upload)
        have: int = sum(piece["size"] for piece in known["slices"])
        if at != have:
            raise Conflict
        if have + len(chunk) > known["size"]:
            raise BadValue(what="More arrived than was announced; choose the film again.")
        name, key = uuid.uuid4().hex, Key(os.urandom(32))
        # Named before it is there: a sweep in another process must not take it for a leftover.
        known["under_way"] = name
        _keep(ws, upload, known)
        with ws.store.create(name) as blob:
            sink = seal(cast(BinaryIO, blob), key, _id(upload), _id(name))
            sink.write(chunk)
            sink.finish()
            blob.commit()
        wrapped = ws.ring.wrap(key, _context(upload, name), owner=upload)
        known["slices"].append({"id": name, "key": wrapped.hex(), "size": len(chunk)})
        _keep(ws, upload, known)
        return have + len(chunk)


def finish(ws: Workspace, upload: str, **asked: Any) -> Recording:
    """Bring the whole film into the vault (see ``walk.add``), then shred the slices.

    Where the walk refuses the film the slices go too: it would refuse it again. A cancelled
    import keeps them, so that it can be finished later.
    """
    known = _known(ws, upload)
    if offset(ws, upload) != known["size"]:
        raise BadValue(what="The film has not arrived as a whole yet.")
    recording_id = uuid.uuid4().hex
    # Named before it begins: from here on it comes to its end even if the vault is locked.
    with ws.at_work_on(upload, recording_id):
        try:
            with _Slices(ws, upload, known["slices"]) as film:
                made = walk.add(ws, cast(BinaryIO, film), recording_id=recording_id, **asked)
        except (BadFilm, AlreadyHere, SamplesOnly):
            abandon(ws, upload)
            raise
        abandon(ws, upload)
        return made


def abandon(ws: Workspace, upload: str) -> None:
    """Shred what has arrived: keys first."""
    known = _known(ws, upload)
    _keep(ws, upload, None)
    for piece in known["slices"]:
        ws.store.delete(piece["id"])
    _locks.pop(upload, None)


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
                bytes.fromhex(piece["key"]), _context(upload, piece["id"]), owner=upload
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
        act.set(f"upload.{upload}", known)


def _id(name: str) -> bytes:
    return uuid.UUID(name).bytes


def _context(upload: str, name: str) -> bytes:
    return f"vig upload|{upload}|{name}".encode()


class _Slices(io.RawIOBase):
    """The slices of an upload as one seekable film."""

    def __init__(self, ws: Workspace, upload: str, slices: list[dict[str, Any]]) -> None:
        self._ws, self._upload, self._slices = ws, upload, slices
        self._starts = [0]
        for piece in slices:
            self._starts.append(self._starts[-1] + piece["size"])
        self._at = 0
        self._open: tuple[int, SealedReader] | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._starts[-1]}[whence]
        self._at = max(base + offset, 0)
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        """As much as was asked for, across slices; less only at the end of the film."""
        view, done = memoryview(buffer).cast("B"), 0
        while done < len(view) and self._at < self._starts[-1]:
            number = bisect.bisect_right(self._starts, self._at) - 1
            inside = self._at - self._starts[number]
            count = min(len(view) - done, self._slices[number]["size"] - inside)
            view[done : done + count] = self._reader(number).read_at(inside, count)
            self._at += count
            done += count
        return done

    def _reader(self, number: int) -> SealedReader:
        if self._open is None or self._open[0] != number:
            self._let_go()
            piece = self._slices[number]
            wrapped = bytes.fromhex(piece["key"])
            context = _context(self._upload, piece["id"])
            key = self._ws.ring.unwrap(wrapped, context, owner=self._upload)
            raw = self._ws.store.open(piece["id"])
            self._open = (number, unseal(raw, key, _id(self._upload), _id(piece["id"])))
        return self._open[1]

    def _let_go(self) -> None:
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def close(self) -> None:
        self._let_go()
        super().close()
