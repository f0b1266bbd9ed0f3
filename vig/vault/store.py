"""Where sealed objects lie: a folder, or memory for tests.

An object is written once under a name that never comes back (names are random ids) and is there
whole or not at all. In a folder that order is::

    create .part (0600, exclusive) → write → fsync → rename → fsync of the folder
"""

from __future__ import annotations

import io
import os
import re
from abc import abstractmethod
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Protocol, TypeAlias, TypeVar, cast

from vig.errors import Conflict, DiskFull, StorageError, Tampered
from vig.vault.durable import create_exclusively, disk, lock, make_folder, sync_folder

Found = TypeVar("Found")
Known: TypeAlias = set[str] | Callable[[], set[str]]

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
_PART = ".part"
_BALLAST = ".ballast"
BALLAST_BYTES = 16 * 2**20
"""Enough for the database's log while it erases (trial: 8 to 32 MiB)."""


class BlobStore(Protocol):
    """Named bytes that are written once, read at random and deleted.

    A name has up to 100 characters of ``a-z 0-9 _ -``. Every call raises DiskFull or StorageError
    where the place fails.
    """

    def create(self, name: str) -> Blob:
        """A new object, not there before its ``commit``. Conflict where the name is taken."""

    def open(self, name: str) -> BinaryIO:
        """Unbuffered and seekable. Tampered where the object is gone."""

    def size(self, name: str) -> int:
        """Bytes of an object. Tampered where it is gone."""

    def delete(self, name: str) -> None:
        """Deletes for good; an object that is not there is no error."""

    def names(self) -> set[str]:
        """All whole objects."""

    def sweep(self, known: Known) -> int:
        """Removes what a crash left: unfinished objects, and whole ones not in ``known``.

        Returns how many. Objects being written just now are left alone. Where others may be
        writing, give a callable: it is asked after the names were read, so that an object whose
        row came first is never taken for a stranger.
        """


class Blob(io.RawIOBase):
    """An object being written: ``with store.create(name) as blob: …; blob.commit()``.

    Leaving the ``with`` without a commit, or any failed write, leaves nothing behind.
    """

    def __enter__(self) -> Blob:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.abort()

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    @abstractmethod
    def commit(self) -> None:
        """Makes it whole and lasting. ValueError a second time or after ``abort``."""

    @abstractmethod
    def abort(self) -> None:
        """Leaves nothing; does nothing after ``commit``."""

    @abstractmethod
    def reread(self) -> BinaryIO:
        """What was written so far, from the disk where there is one: to check before ``commit``."""

    def close(self) -> None:
        if not self.closed:
            self.abort()
        super().close()


def _named(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError("a name in the store has up to 100 characters of a-z 0-9 _ -")
    return name


# ── a folder ─────────────────────────────────────────────────────────────────────────────────


class FolderStore:
    """Objects as files of one folder (0700). What else lies in the folder is left alone."""

    def __init__(self, root: Path) -> None:
        self._root = root
        make_folder(root)

    def create(self, name: str) -> Blob:
        final = self._root / _named(name)
        part = self._root / f".{name}{_PART}"
        with disk():
            if final.exists():
                raise Conflict
            try:
                descriptor = create_exclusively(part)
            except FileExistsError:
                raise Conflict from None
        return _FolderBlob(part, final, descriptor)

    def open(self, name: str) -> BinaryIO:
        return self._existing(name, lambda path: path.open("rb", buffering=0))

    def size(self, name: str) -> int:
        return self._existing(name, lambda path: path.stat().st_size)

    def delete(self, name: str) -> None:
        with disk():
            (self._root / _named(name)).unlink(missing_ok=True)
            sync_folder(self._root)

    def names(self) -> set[str]:
        with disk(), os.scandir(self._root) as entries:
            return {e.name for e in entries if _NAME.fullmatch(e.name) and e.is_file()}

    def sweep(self, known: Known) -> int:
        removed, present = 0, self.names()
        strangers = present - (known() if callable(known) else known)
        with disk():
            for part in self._root.glob(f".*{_PART}"):
                if _NAME.fullmatch(part.name[1 : -len(_PART)]):
                    removed += _remove_unless_in_use(part)
            for name in strangers:
                (self._root / name).unlink(missing_ok=True)
                removed += 1
            sync_folder(self._root)
        return removed

    def _existing(self, name: str, act: Callable[[Path], Found]) -> Found:
        with disk():
            try:
                return act(self._root / _named(name))
            except FileNotFoundError:
                raise Tampered(what="a sealed file is gone") from None


def _remove_unless_in_use(part: Path) -> bool:
    """Removes what a dead writer left; a living one holds the lock (on Windows: the open file)."""
    try:
        descriptor = os.open(part, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        if not lock(descriptor, wait=False):
            return False
        if os.name != "nt":
            part.unlink(missing_ok=True)
            return True
    finally:
        os.close(descriptor)
    with suppress(PermissionError):  # pragma: no cover  (Windows: still open somewhere)
        part.unlink(missing_ok=True)
        return True
    return False  # pragma: no cover


class _FolderBlob(Blob):
    def __init__(self, part: Path, final: Path, descriptor: int) -> None:
        super().__init__()
        self._part, self._final = part, final
        self._file: io.FileIO | None = io.FileIO(descriptor, "r+b")
        if os.name != "nt":
            lock(descriptor, wait=True)

    def write(self, data: Any, /) -> int:
        file = self._usable()
        view = memoryview(data).cast("B")
        written = 0
        try:
            while written < len(view):  # a nearly full disk takes only a part
                written += file.write(view[written:])
        except BaseException as error:
            self.abort()
            if isinstance(error, OSError):
                with disk():
                    raise
            raise
        return written

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._usable().seek(offset, whence)

    def tell(self) -> int:
        return self._usable().tell()

    def reread(self) -> BinaryIO:
        file = self._usable()
        with disk():
            os.fsync(file.fileno())
            if hasattr(os, "posix_fadvise"):  # so that the disk is asked, not the memory
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            return cast(BinaryIO, self._part.open("rb", buffering=0))

    def commit(self) -> None:
        file = self._usable()
        try:
            with disk():
                os.fsync(file.fileno())
                if self._final.exists():
                    raise Conflict
                if os.name == "nt":  # pragma: no cover  (an open file cannot be renamed there)
                    file.close()
                self._part.rename(self._final)
                self._file = None
                file.close()
                sync_folder(self._final.parent)
        except BaseException:
            self.abort()
            raise

    def abort(self) -> None:
        if self._file is None:
            return
        file, self._file = self._file, None
        with suppress(OSError):
            file.close()
        with suppress(OSError):
            self._part.unlink(missing_ok=True)

    def _usable(self) -> io.FileIO:
        if self._file is None:
            raise ValueError("this object is committed or was given up")
        return self._file


# ── memory ───────────────────────────────────────────────────────────────────────────────────


class MemoryStore:
    """The same in memory, for tests. ``room``: bytes before it says DiskFull; None for no end."""

    def __init__(self, room: int | None = None) -> None:
        self.objects: dict[str, bytes] = {}
        self.room = room
        self._writing: dict[str, _MemoryBlob] = {}

    def create(self, name: str) -> Blob:
        if _named(name) in self.objects or name in self._writing:
            raise Conflict
        self._writing[name] = blob = _MemoryBlob(self, name)
        return blob

    def open(self, name: str) -> BinaryIO:
        return io.BytesIO(self._existing(name))

    def size(self, name: str) -> int:
        return len(self._existing(name))

    def delete(self, name: str) -> None:
        self.objects.pop(_named(name), None)

    def names(self) -> set[str]:
        return set(self.objects)

    def sweep(self, known: Known) -> int:
        present = self.names()
        unknown = present - (known() if callable(known) else known)
        for name in unknown:
            del self.objects[name]
        return len(unknown)

    def _existing(self, name: str) -> bytes:
        try:
            return self.objects[_named(name)]
        except KeyError:
            raise Tampered(what="a sealed file is gone") from None

    def _used(self) -> int:
        written = sum(len(blob.bytes) for blob in self._writing.values())
        return written + sum(len(data) for data in self.objects.values())


class _MemoryBlob(Blob):
    def __init__(self, store: MemoryStore, name: str) -> None:
        super().__init__()
        self._store, self._name = store, name
        self._file: io.BytesIO | None = io.BytesIO()

    @property
    def bytes(self) -> memoryview:
        return self._usable().getbuffer()

    def write(self, data: Any, /) -> int:
        file = self._usable()
        written = file.write(data)
        if self._store.room is not None and self._store._used() > self._store.room:
            self.abort()
            raise DiskFull
        return written

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._usable().seek(offset, whence)

    def tell(self) -> int:
        return self._usable().tell()

    def reread(self) -> BinaryIO:
        return io.BytesIO(self._usable().getvalue())

    def commit(self) -> None:
        self._store.objects[self._name] = self._usable().getvalue()
        self.abort()

    def abort(self) -> None:
        if self._file is not None:
            self._file = None
            del self._store._writing[self._name]

    def _usable(self) -> io.BytesIO:
        if self._file is None:
            raise ValueError("this object is committed or was given up")
        return self._file


# ── ballast ──────────────────────────────────────────────────────────────────────────────────


def create_ballast(folder: Path, size: int = BALLAST_BYTES) -> bool:
    """Sets ``size`` bytes of the disk aside; True where they are there afterwards.

    A database cannot erase on a full disk, because it first writes what it is about to do: spend
    the ballast then, and create it again later. Random bytes, so that no file system stores less.
    """
    ballast, part = folder / _BALLAST, folder / (_BALLAST + _PART)
    if ballast.exists():
        return True
    try:
        with disk():
            part.unlink(missing_ok=True)
            with io.FileIO(create_exclusively(part), "wb") as file:
                for start in range(0, size, 2**20):
                    data = memoryview(os.urandom(min(2**20, size - start)))
                    while data:
                        data = data[file.write(data) or 0 :]
                os.fsync(file.fileno())
            part.replace(ballast)
            sync_folder(folder)
    except StorageError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        return False
    return True


def spend_ballast(folder: Path) -> bool:
    """Gives the bytes back to the disk; True where there were any."""
    ballast = folder / _BALLAST
    with disk():
        found = ballast.exists()
        ballast.unlink(missing_ok=True)
        sync_folder(folder)
    return found
