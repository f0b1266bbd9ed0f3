"""One contract for every blob store, and what only a folder on a disk can get wrong."""

from __future__ import annotations

import errno
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vig.errors import Conflict, DiskFull, StorageError, Tampered
from vig.vault import store as store_module
from vig.vault.store import (
    BlobStore,
    FolderStore,
    MemoryStore,
    create_ballast,
    spend_ballast,
)

NOT_NAMES = ["", ".", "..", "a/b", "../a", "a.part", ".hidden", "Ä", "A", "a\0", "x" * 101, "a\n"]


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    return FolderStore(tmp_path / "objects") if request.param == "folder" else MemoryStore()


def put(store: BlobStore, name: str, data: bytes) -> None:
    with store.create(name) as blob:
        blob.write(data)
        blob.commit()


def content(store: BlobStore, name: str) -> bytes:
    with store.open(name) as file:
        return file.read()


# ── the contract ─────────────────────────────────────────────────────────────────────────────


def test_what_was_committed_is_there(store: BlobStore) -> None:
    put(store, "one", b"1" * 1000)
    put(store, "two", b"")
    assert store.names() == {"one", "two"}
    assert (store.size("one"), store.size("two")) == (1000, 0)
    assert (content(store, "one"), content(store, "two")) == (b"1" * 1000, b"")


def test_nothing_is_there_before_the_commit(store: BlobStore) -> None:
    with store.create("one") as blob:
        blob.write(b"1")
        assert store.names() == set()
        with pytest.raises(Tampered):
            store.open("one")
        blob.commit()
        assert store.names() == {"one"}


def test_leaving_without_a_commit_leaves_nothing(store: BlobStore) -> None:
    with store.create("one") as blob:
        blob.write(b"1")
    assert store.names() == set()
    assert store.sweep(set()) == 0
    put(store, "one", b"again")


def test_an_error_on_the_way_leaves_nothing(store: BlobStore) -> None:
    def fail() -> None:
        with store.create("one") as blob:
            blob.write(b"1")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert store.names() == set()
    assert store.sweep(set()) == 0


def test_closing_is_giving_up(store: BlobStore) -> None:
    blob = store.create("one")
    blob.write(b"1")
    blob.close()
    blob.close()
    assert store.names() == set()
    assert store.sweep(set()) == 0


def test_a_commit_is_final(store: BlobStore) -> None:
    blob = store.create("one")
    blob.write(b"1")
    blob.commit()
    for act in (blob.commit, lambda: blob.write(b"2"), lambda: blob.seek(0), blob.reread):
        with pytest.raises(ValueError, match="committed"):
            act()
    blob.abort()
    blob.close()
    assert content(store, "one") == b"1"


def test_a_name_is_used_once(store: BlobStore) -> None:
    put(store, "one", b"1")
    with pytest.raises(Conflict):
        store.create("one")
    with store.create("two"), pytest.raises(Conflict):
        store.create("two")
    assert content(store, "one") == b"1"


def test_an_object_can_be_written_out_of_order(store: BlobStore) -> None:
    with store.create("one") as blob:
        assert blob.seekable()
        blob.seek(4)
        blob.write(b"tail")
        assert blob.tell() == 8
        blob.seek(0)
        blob.write(b"head")
        blob.seek(0, os.SEEK_END)
        blob.write(b"!")
        blob.commit()
    assert content(store, "one") == b"headtail!"


def test_an_object_is_read_at_random(store: BlobStore) -> None:
    put(store, "one", bytes(range(200)))
    with store.open("one") as file:
        assert file.seek(-10, os.SEEK_END) == 190
        assert file.read(3) == bytes([190, 191, 192])
        buffer = bytearray(4)
        assert file.readinto(buffer) == 4  # type: ignore[attr-defined]
        assert buffer == bytes([193, 194, 195, 196])


def test_what_was_written_can_be_read_back_before_the_commit(store: BlobStore) -> None:
    with store.create("one") as blob:
        blob.write(b"12")
        with blob.reread() as back:
            assert back.read() == b"12"
        blob.write(b"34")
        with blob.reread() as back:
            assert back.read() == b"1234"
        blob.commit()
    assert content(store, "one") == b"1234"


def test_deleting_is_done_once_and_asked_as_often_as_one_likes(store: BlobStore) -> None:
    put(store, "one", b"1")
    store.delete("one")
    store.delete("one")
    assert store.names() == set()


def test_an_object_that_is_gone_is_named_as_damage(store: BlobStore) -> None:
    for ask in (store.open, store.size):
        with pytest.raises(Tampered, match="gone"):
            ask("never")


def test_a_sweep_removes_what_nobody_knows_and_nothing_else(store: BlobStore) -> None:
    for name in ("known", "unknown", "stranger"):
        put(store, name, name.encode())
    assert store.sweep({"known", "not-yet-there"}) == 2
    assert store.names() == {"known"}
    assert content(store, "known") == b"known"


def test_a_sweep_spares_what_is_being_written(store: BlobStore) -> None:
    with store.create("one") as blob:
        blob.write(b"1")
        assert store.sweep(set()) == 0
        blob.commit()
    assert content(store, "one") == b"1"


def test_an_object_that_comes_to_be_during_a_sweep_is_no_stranger(store: BlobStore) -> None:
    put(store, "known", b"1")
    put(store, "stranger", b"2")

    def rows() -> set[str]:
        put(store, "new", b"3")  # another process, whose row was not there a moment ago
        return {"known"}

    assert store.sweep(rows) == 1
    assert store.names() == {"known", "new"}


@pytest.mark.parametrize("name", NOT_NAMES)
def test_a_name_that_could_lead_elsewhere_is_a_mistake(store: BlobStore, name: str) -> None:
    for act in (store.create, store.open, store.size, store.delete):
        with pytest.raises(ValueError, match="name in the store"):
            act(name)


def test_any_buffer_is_taken_whole(store: BlobStore) -> None:
    with store.create("one") as blob:
        assert blob.write(memoryview(b"12345678").cast("I")) == 8
        assert blob.write(bytearray(b"9")) == 1
        blob.commit()
    assert content(store, "one") == b"123456789"


def test_memory_can_be_as_full_as_a_disk() -> None:
    store = MemoryStore(room=10)
    put(store, "one", b"12345")
    with store.create("two") as blob, pytest.raises(DiskFull):
        blob.write(b"123456")
    assert store.names() == {"one"}
    put(store, "three", b"12345")


# ── a folder ─────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def folder(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "objects")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_nobody_else_may_look_into_the_folder_or_its_files(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        store = FolderStore(tmp_path / "objects")
        with store.create("one") as blob:
            (part,) = (tmp_path / "objects").iterdir()
            assert stat.S_IMODE(part.stat().st_mode) == 0o600
            blob.commit()
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "objects").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "objects" / "one").stat().st_mode) == 0o600


def test_a_sweep_removes_the_unfinished_of_a_killed_writer(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "objects")
    script = (
        "import os, pathlib, sys\n"
        "from vig.vault.store import FolderStore\n"
        "blob = FolderStore(pathlib.Path(sys.argv[1])).create('one')\n"
        "blob.write(b'1')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    ended = subprocess.run([sys.executable, "-c", script, str(tmp_path / "objects")], check=False)
    assert ended.returncode == -9
    assert [path.name for path in (tmp_path / "objects").iterdir()] == [".one.part"]
    assert store.names() == set()
    assert store.sweep(set()) == 1
    assert list((tmp_path / "objects").iterdir()) == []


def test_a_sweep_leaves_alone_what_is_not_ours(tmp_path: Path, folder: FolderStore) -> None:
    root = tmp_path / "objects"
    for name in (".DS_Store", "Thumbs.db", "NOTE.txt", ".ballast"):
        (root / name).write_bytes(b"")
    (root / "lost+found").mkdir()
    (root / "a-folder").mkdir()
    before = sorted(root.iterdir())
    assert folder.names() == set()
    assert folder.sweep(set()) == 0
    assert sorted(root.iterdir()) == before


FAILING = ["open", "write", "fsync", "rename", "sync_folder"]


def failing(monkeypatch: pytest.MonkeyPatch, call: str, code: int) -> None:
    """From now on one call of the operating system fails with `code`."""

    def fail(*_: Any, **__: Any) -> Any:
        raise OSError(code, os.strerror(code))

    class Failing(store_module.io.FileIO):
        write = fail

    match call:
        case "open":
            monkeypatch.setattr(store_module, "create_exclusively", fail)
        case "write":
            monkeypatch.setattr(store_module.io, "FileIO", Failing)
        case "fsync":
            monkeypatch.setattr(store_module.os, "fsync", fail)
        case "rename":
            monkeypatch.setattr(Path, "rename", fail)
        case "sync_folder":
            monkeypatch.setattr(store_module, "sync_folder", fail)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
@pytest.mark.parametrize("call", FAILING)
def test_a_call_that_fails_leaves_nothing_half_done(
    tmp_path: Path, folder: FolderStore, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    put(folder, "before", b"0")
    expected = StorageError if code == errno.EIO else DiskFull
    with monkeypatch.context() as patch:
        failing(patch, call, code)
        with pytest.raises(StorageError) as caught:
            put(folder, "one", b"1")
    assert type(caught.value) is expected
    assert folder.names() - {"one"} == {"before"}
    assert not list((tmp_path / "objects").glob(".*"))
    if call != "sync_folder":  # there the file is whole and renamed; only its name may be lost
        assert "one" not in folder.names()
        put(folder, "one", b"1")
    assert content(folder, "before") == b"0"


def test_a_nearly_full_disk_that_takes_a_little_gets_everything(
    folder: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Takes7(store_module.io.FileIO):
        def write(self, data: Any, /) -> int:
            return super().write(memoryview(data)[:7])

    monkeypatch.setattr(store_module.io, "FileIO", Takes7)
    put(folder, "one", bytes(range(100)))
    assert content(folder, "one") == bytes(range(100))


def test_an_object_that_appeared_under_the_same_name_is_not_replaced(
    tmp_path: Path, folder: FolderStore
) -> None:
    with folder.create("one") as blob:
        blob.write(b"ours")
        (tmp_path / "objects" / "one").write_bytes(b"theirs")
        with pytest.raises(Conflict):
            blob.commit()
    assert content(folder, "one") == b"theirs"
    assert folder.sweep({"one"}) == 0


def test_a_sentence_about_the_disk_names_no_file(
    folder: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, "rename", errno.ENOSPC)
    with pytest.raises(DiskFull) as caught:
        put(folder, "one", b"1")
    assert "one" not in str(caught.value)
    assert "objects" not in str(caught.value)


def test_a_read_back_is_a_file_of_its_own(folder: FolderStore) -> None:
    with folder.create("one") as blob:
        blob.write(b"12")
        with blob.reread() as back:
            back.seek(1)
            assert blob.tell() == 2
            with pytest.raises(OSError, match="not open for writing"):
                back.write(b"x")


def test_a_folder_that_cannot_be_made_is_said_in_our_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError):
        FolderStore(tmp_path / "file" / "objects")


# ── the order of the calls, and a disk that is really full ───────────────────────────────────


@pytest.mark.tracing
def test_the_order_is_write_fsync_rename_fsync_of_the_folder(
    tmp_path: Path, need: Callable[[str], str]
) -> None:
    root, log = tmp_path / "objects", tmp_path / "calls"
    script = (
        "import pathlib, sys\n"
        "from vig.vault.store import FolderStore\n"
        "from vig.vault.stream import seal\n"
        "store = FolderStore(pathlib.Path(sys.argv[1]))\n"
        "with store.create('film') as blob:\n"
        "    writer = seal(blob, b'k' * 32, b'o' * 16, b'i' * 16, head=1000)\n"
        "    writer.write(bytes(700_000))\n"
        "    writer.finish()\n"
        "    blob.commit()\n"
        "store.delete('film')\n"
    )
    calls = "trace=openat,write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat"
    watch = [need("strace"), "-f", "-y", "-qq", "-e", calls, "-o", str(log)]
    subprocess.run([*watch, sys.executable, "-c", script, str(root)], check=True)
    lines = [line for line in log.read_text().splitlines() if str(root) in line]

    def places(pattern: str) -> list[int]:
        return [i for i, line in enumerate(lines) if re.search(pattern, line)]

    (created,) = places(r"openat\(.*\.film\.part.*O_CREAT\|O_EXCL.*0600")
    writes = places(r"\bp?write(64)?\(\d+<.*\.film\.part>")
    synced = places(r"fsync\(\d+<.*\.film\.part>")
    (renamed,) = places(r"rename\w*\(.*\.film\.part.*film")
    folders = places(rf"fsync\(\d+<{re.escape(str(root))}>")
    (unlinked,) = places(r"unlink\w*\(.*film")
    assert len(writes) >= 4
    assert created < writes[0] < writes[-1] < synced[-1] < renamed < folders[0] < unlinked
    assert unlinked < folders[-1]
    assert not [i for i in places(r"O_CREAT") if i != created]


ON_A_SMALL_DISK = """
import os, pathlib, sys
from vig.errors import DiskFull
from vig.vault.store import FolderStore, create_ballast, spend_ballast
from vig.vault.stream import seal, unseal

disk = pathlib.Path(sys.argv[1])
store = FolderStore(disk / "objects")
key, owner, thing = os.urandom(32), os.urandom(16), os.urandom(16)

def film(name, size):
    with store.create(name) as blob:
        writer = seal(blob, key, owner, thing)
        writer.write(bytes(size))
        writer.finish()
        blob.commit()

def free():
    return os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize

assert create_ballast(disk, 2**19)
before = free()
try:
    film("large", 8 * 2**20)
    raise SystemExit("eight megabytes went into three")
except DiskFull:
    pass
assert os.listdir(disk / "objects") == [], os.listdir(disk / "objects")
assert free() == before, (free(), before)
film("small", 2**20)
assert unseal(store.open("small"), key, owner, thing).readall() == bytes(2**20)
try:
    while True:
        film("fill-" + os.urandom(4).hex(), 2**17)
except DiskFull:
    pass
try:
    while True:
        (disk / os.urandom(4).hex()).write_bytes(bytes(4096))
except OSError:
    pass
assert not create_ballast(disk / "objects", 2**19)
assert not [n for n in os.listdir(disk / "objects") if n.startswith(".")]
assert free() < 2**13
assert spend_ballast(disk)
assert free() >= 2**19
assert not spend_ballast(disk)
assert unseal(store.open("small"), key, owner, thing).readall() == bytes(2**20)
store.delete("small")
assert create_ballast(disk, 2**19)
"""


def test_a_full_disk_leaves_nothing_and_the_ballast_gives_room(
    tmp_path: Path, need: Callable[[str], str]
) -> None:
    script = tmp_path / "script.py"
    script.write_text(ON_A_SMALL_DISK)
    disk = tmp_path / "disk"
    disk.mkdir()
    steps = (
        f"mount -t tmpfs -o size=3m none '{disk}' && exec '{sys.executable}' '{script}' '{disk}'"
    )
    root = Path(store_module.__file__).parents[2]
    ended = subprocess.run(
        [need("tmpfs"), "-m", "sh", "-c", steps],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


# ── ballast ──────────────────────────────────────────────────────────────────────────────────


def test_ballast_is_really_there_until_it_is_spent(tmp_path: Path) -> None:
    assert create_ballast(tmp_path, 3 * 2**20 + 5)
    (ballast,) = tmp_path.iterdir()
    assert ballast.stat().st_size == 3 * 2**20 + 5
    assert len(set(ballast.read_bytes()[:4096])) > 200  # nothing that a file system could shrink
    made = ballast.stat().st_ino
    assert create_ballast(tmp_path, 3 * 2**20 + 5)
    assert ballast.stat().st_ino == made
    assert spend_ballast(tmp_path)
    assert not spend_ballast(tmp_path)
    assert list(tmp_path.iterdir()) == []
