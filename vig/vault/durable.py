"""Writing so that a power cut leaves the old or the new, never a half."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vig.errors import DiskFull, StorageError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_BINARY = getattr(os, "O_BINARY", 0)  # Windows would change line ends


@contextmanager
def disk() -> Iterator[None]:
    """Turns what the operating system says into this tool's words."""
    try:
        yield
    except OSError as error:
        raise (DiskFull if error.errno in _FULL else StorageError)() from error


def create_exclusively(path: Path) -> int:
    """A descriptor of a new file that nobody else can read. FileExistsError where it is there."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _BINARY, 0o600)


def sync_folder(folder: Path) -> None:
    """Makes names that were added, changed or removed in a folder survive a power cut."""
    if sys.platform == "win32":
        return  # Windows has no such call and keeps names in its journal
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """A folder that only its owner may look into, and that survives a power cut.

    One that is there already keeps its mode. Raises DiskFull or StorageError.
    """
    if folder.is_dir():
        return
    make_folder(folder.parent)
    with disk():
        folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(folder.parent)


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """All of it: one call writes less where the disk is nearly full."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def replace_file(path: Path, data: bytes) -> None:
    """Puts ``data`` in the place of what is there: after any crash it is the old or the new.

    Raises DiskFull or StorageError, and then the old is still there.
    """
    part = path.with_name(path.name + ".part")
    with disk():
        part.unlink(missing_ok=True)  # of a run that was killed; whoever calls holds the lock
        try:
            descriptor = create_exclusively(part)
            try:
                write_all(descriptor, data)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            part.replace(path)
        except BaseException:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    def lock(descriptor: int, *, wait: bool) -> bool:
        """Takes the one lock of an open file; False where another has it and we do not wait."""
        try:
            msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def lock(descriptor: int, *, wait: bool) -> bool:
        """Takes the one lock of an open file; False where another has it and we do not wait."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Alone among all processes that ask for the same ``path``. The empty file stays."""
    with disk():
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _BINARY, 0o600)
    try:
        if not lock(descriptor, wait=True):
            raise StorageError
        yield
    finally:
        os.close(descriptor)
