"""The child has nothing worth taking, and whatever it does becomes one error."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.media import making
from tests.media.evil import taken_over
from vig.domain.clock import Grid
from vig.errors import DecoderFailed, DecoderTimedOut, FilmTooLarge, Tampered, VigError
from vig.media import sandbox, video
from vig.media.sandbox import Child

LINUX = sys.platform == "linux"


@pytest.fixture(scope="module")
def film() -> bytes:
    return making.film(making.Recipe(frames=60))


@pytest.fixture(autouse=True)
def _no_child_is_left() -> Iterator[None]:
    before = psutil.Process().children()  # of tests in other rooms
    yield
    assert [each for each in psutil.Process().children() if each not in before] == []


def _says(monkeypatch: pytest.MonkeyPatch, deed: str) -> object:
    """What the taken over child answers under "said"."""
    taken_over(monkeypatch, deed)
    with Child("probe", io.BytesIO(b"not a film")) as child:
        return next(child.answers()).header["said"]


@pytest.mark.skipif(not LINUX, reason="the measures of other systems are weaker by design")
def test_every_measure_holds_here() -> None:
    assert {
        "no network",
        "no files",
        "no file written",
        "no core dump",
        "no new privileges",
        "not dumpable",
        "bounded memory",
        "bounded time",
        "few open files",
    } <= set(sandbox.measures())


def test_the_child_knows_nothing_of_its_parents_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VIG_PASSPHRASE", "correct horse")
    said = _says(monkeypatch, "import os; pipe.answer({'said': sorted(os.environ)})")
    assert "VIG_PASSPHRASE" not in said
    assert set(said) <= {
        "LC_CTYPE",
        "LD_LIBRARY_PATH",
        "DYLD_LIBRARY_PATH",
        "SYSTEMROOT",
        "OPENBLAS_NUM_THREADS",
        "OMP_NUM_THREADS",
        "MALLOC_ARENA_MAX",
    }


@pytest.mark.skipif(not LINUX, reason="only there can a process keep to some processors")
def test_the_child_keeps_to_a_few_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    said = _says(monkeypatch, "import os; pipe.answer({'said': len(os.sched_getaffinity(0))})")
    assert said == min(4, len(os.sched_getaffinity(0)))


def test_the_child_holds_no_file_of_its_parent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("key")
    with secret.open() as held:
        os.set_inheritable(held.fileno(), True)
        said = _says(
            monkeypatch,
            """
            import os, stat
            kinds = []
            for fd in range(3, 1024):
                try:
                    kinds.append(stat.S_IFMT(os.fstat(fd).st_mode))
                except OSError:
                    pass
            pipe.answer({'said': [k == stat.S_IFIFO or k == stat.S_IFCHR for k in kinds]})
            """,
        )
    assert said
    assert all(said)


@pytest.mark.skipif(not LINUX, reason="other systems keep the child from nothing by file name")
@pytest.mark.parametrize(
    ("deed", "refused_with"),
    [
        ("open('/etc/hostname').read()", "PermissionError"),
        ("open('/tmp/left-behind', 'w')", "PermissionError"),
        ("__import__('os').listdir('/')", "PermissionError"),
        ("__import__('os').execv('/bin/true', ['true'])", "PermissionError"),
        ("__import__('socket').create_connection(('127.0.0.1', 9), 1)", "OSError"),
        ("__import__('socket').create_connection(('192.0.2.1', 80), 1)", "OSError"),
    ],
)
def test_the_child_can_reach_nothing(
    monkeypatch: pytest.MonkeyPatch, deed: str, refused_with: str
) -> None:
    said = _says(
        monkeypatch,
        f"""
        import socket
        try:
            {deed}
            pipe.answer({{'said': 'done'}})
        except OSError as no:
            pipe.answer({{'said': [k.__name__ for k in type(no).__mro__]}})
        """,
    )
    assert refused_with in said


@pytest.mark.parametrize(
    "deed",
    [
        "import ctypes; ctypes.string_at(0)",
        "import os, signal; os.kill(os.getpid(), signal.SIGABRT)",
        "import os; os._exit(0)",
        "raise RuntimeError('Mrs Brown of 3 Mill Lane')",
        "pipe.answer({'duration': 5})",
        "pipe.answer({'duration': 'long', 'width': -1})",
        "pipe.say(b'A', [1, 2])",
        "pipe.say(b'?', {})",
        "pipe.say(b'D', {})",
        "pipe._give(b'A' + bytes(12) * 3)",
        "pipe._give(b'A' + b'\\xff' * 12)",
        "pipe._give(b'A\\0\\0\\0\\x04' + bytes(8) + b'}}}}')",
        "pipe.say(b'B', {'why': 'Mrs Brown', 'figures': []})",
        "pipe.say(b'B', {'why': 'pixels', 'figures': []})",
        "pipe.say(b'B', {'why': 'pixels', 'figures': ['Mrs', 'Brown']})",
        "pipe.say(b'B', {'why': ['pixels'], 'figures': 3})",
    ],
)
def test_a_child_that_crashes_or_lies_is_one_error(
    monkeypatch: pytest.MonkeyPatch, film: bytes, deed: str
) -> None:
    taken_over(monkeypatch, deed)
    with pytest.raises(DecoderFailed) as error:
        video.probe(io.BytesIO(film))
    assert "Brown" not in str(error.value)


@pytest.mark.parametrize(
    "deed",
    [
        "pipe.answer({'tick': 0, 'after': 99, 'at': 0, 'width': 1, 'height': 1}, bytes(3))",
        "pipe.answer({'tick': -1, 'after': 1, 'at': 0, 'width': 1, 'height': 1}, bytes(3))",
        "pipe.answer({'tick': 0, 'after': 1, 'at': 0, 'width': 9, 'height': 9}, bytes(3))",
        "pipe.answer({'tick': 0, 'after': 1, 'at': True, 'width': 1, 'height': 1}, bytes(3))",
    ],
)
def test_a_picture_that_cannot_be_true_is_one_error(
    monkeypatch: pytest.MonkeyPatch, film: bytes, deed: str
) -> None:
    taken_over(monkeypatch, deed)
    with pytest.raises(DecoderFailed):
        list(video.sample(io.BytesIO(film), Grid(100_000, 5)))


@pytest.mark.parametrize(
    "deed",
    [
        "import time; time.sleep(60)",
        "while True: pass",
        "while True: pipe.range(0, 1 << 20)",
        "pipe._give(b'A\\0\\0\\0\\x09' + bytes(8)); import time; time.sleep(60)",
    ],
)
def test_a_child_that_gets_nowhere_is_stopped(
    monkeypatch: pytest.MonkeyPatch, film: bytes, deed: str
) -> None:
    taken_over(monkeypatch, deed)
    monkeypatch.setattr(sandbox, "PATIENCE", 1.0)
    monkeypatch.setattr(sandbox, "REREAD", 1 << 20)
    began = time.monotonic()
    with pytest.raises(DecoderTimedOut):
        video.probe(io.BytesIO(film))
    assert time.monotonic() - began < 20


@pytest.mark.skipif(not LINUX, reason="processor time is not bounded there")
def test_a_child_that_only_burns_time_is_stopped_without_its_parent(
    monkeypatch: pytest.MonkeyPatch, film: bytes
) -> None:
    taken_over(monkeypatch, "confine.grant_time(1)\nwhile True: pass")
    with pytest.raises(DecoderTimedOut):
        video.probe(io.BytesIO(film))


@pytest.mark.skipif(not LINUX, reason="memory is not bounded there")
def test_a_child_that_wants_all_memory_is_refused_it(
    monkeypatch: pytest.MonkeyPatch, film: bytes
) -> None:
    taken_over(monkeypatch, "held = [bytearray(1 << 28) for _ in range(64)]")
    with pytest.raises(FilmTooLarge):
        video.probe(io.BytesIO(film))


def test_a_machine_that_cannot_start_a_child_is_one_error(
    monkeypatch: pytest.MonkeyPatch, film: bytes
) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(DecoderFailed):
        video.probe(io.BytesIO(film))


def test_what_the_source_raises_reaches_the_caller(film: bytes) -> None:
    class Altered(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise Tampered(what="a segment")

    with pytest.raises(Tampered):
        video.probe(Altered(film))


def test_a_sampling_that_is_given_up_ends_its_child(film: bytes) -> None:
    before = len(psutil.Process().children())
    frames = video.sample(io.BytesIO(film), Grid(100_000, 20))
    next(frames)
    assert len(psutil.Process().children()) == before + 1
    frames.close()


def test_films_are_decoded_from_many_threads_at_once(film: bytes) -> None:
    got: list[int] = []
    threads = [
        threading.Thread(target=lambda: got.append(len(video.frame_times(io.BytesIO(film)))))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [60] * 4


_PARENT = """
import io, sys, time
from vig.domain.clock import Grid
from vig.media import video
with open(sys.argv[1], "rb") as film:
    frames = video.sample(film, Grid(100_000, 20))
    next(frames)
    print("decoding", flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_child_does_not_outlive_its_parent(film: bytes, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(film)
    command = [sys.executable, "-c", _PARENT, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"decoding\n"
        (child,) = psutil.Process(parent.pid).children()
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
    child.wait(timeout=10)
    assert not child.is_running()


_TRIES = """
import os
from vig.media.inside.tried import survives
print(survives(lambda: None), survives(os.abort), survives(lambda: 1 // 0), survives(lambda: 0))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be copied there")
def test_what_would_crash_the_child_is_tried_in_a_copy_of_it() -> None:
    tried = subprocess.run(
        [sys.executable, "-c", _TRIES], capture_output=True, text=True, check=True
    )
    assert tried.stdout.split() == ["True", "False", "True", "True"]


def test_every_refusal_is_one_sentence_with_advice_that_holds() -> None:
    from vig.media.sayings import SAYINGS, refusal

    for why in SAYINGS:
        error = refusal(why, [4, 4])
        assert isinstance(error, VigError)
        assert str(error).endswith(".")
        assert "{" not in str(error)
