"""Nothing of a family lies in clear: not on the disk, not in the temp folder, not on the wire."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.app.conftest import PASSPHRASE, added
from vig.app import uploads, walk
from vig.app.house import House
from vig.app.workspace import Workspace
from vig.domain.family import Purpose

NAME = "IMG_0042 Annabel Featherstonehaugh.mp4"
WORDS = (
    b"Annabel",
    b"Featherstonehaugh",
    b"A title that nobody may read",
    b"The note about her grandmother",
    b"Mumsielein",
)


def plaintexts(film: bytes) -> list[bytes]:
    """Samples of the film's bytes from all over it (not of its empty parts), and the words."""
    samples = (film[at : at + 32] for at in range(2048, len(film) - 32, len(film) // 80))
    return [*(sample for sample in samples if len(set(sample)) > 20), *WORDS]


def files_with(folders: list[Path], needles: list[bytes]) -> set[Path]:
    return {
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and any(needle in path.read_bytes() for needle in needles)
    }


def test_after_import_analysis_clip_and_playback_no_file_holds_plaintext(
    working: Workspace,
    house: House,
    short_film: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    temp = tmp_path / "temp"
    temp.mkdir()
    monkeypatch.setenv("TMPDIR", str(temp))
    ws = working
    upload = uploads.begin(ws, len(short_film), ws.opened_by)
    uploads.append(ws, upload, 0, short_film)
    recording = uploads.finish(
        ws,
        upload,
        family="F-014",
        name=NAME,
        agreement=walk.Agreement(purposes=frozenset({Purpose.KEEP, Purpose.ANALYSE}), vouched=True),
        actor=ws.opened_by,
        carer_word="Mumsielein",
    )
    ws.jobs.wait(walk.analyse(ws, recording.id, actor=ws.opened_by))
    moment = ws.catalogue.moments(recording.id)[0]
    clip = walk.keep(
        ws, recording.id, moment.id, actor=ws.opened_by, title="A title that nobody may read"
    )
    with ws.catalogue.act(ws.opened_by, "clip.change", object=clip.id) as act:
        act.change_clip(clip.id, version=clip.version, note="The note about her grandmother")
    with ws.open(recording.id, Purpose.KEEP, "copy", actor=ws.opened_by) as reader:
        copied = reader.readall()
    needles = plaintexts(short_film) + plaintexts(copied)[: -len(WORDS)]
    assert len(needles) > 80
    needles.append(moment.reason.encode())

    planted = temp / "planted"
    for needle in needles:  # the search finds each of them where it is
        planted.write_bytes(b"before" + needle + b"after")
        assert files_with([temp], [needle]) == {planted}
    planted.unlink()
    assert files_with([house.root, temp], needles) == set()
    # The database is looked at once more when nobody holds it open.
    house.lock()
    assert files_with([house.root, temp], needles) == set()
    house.unlock(PASSPHRASE)


def test_files_are_for_their_owner_alone(house: House, short_film: bytes) -> None:
    added(house.workspace, short_film)
    loose = {
        path.relative_to(house.root): oct(path.stat().st_mode & 0o777)
        for path in house.root.rglob("*")
        if path.is_file() and path.stat().st_mode & 0o077
    }
    assert not loose


@pytest.mark.tracing
def test_adding_and_watching_a_film_opens_no_internet_socket(
    need: Callable[[str], str], tmp_path: Path, short_film: bytes
) -> None:
    """Traced from outside, every process of it; first the trace is shown to see one."""
    strace = need("strace")
    house = House(tmp_path / "vault")
    house.confirm(house.set_up(PASSPHRASE))
    house.lock()
    (tmp_path / "film.mp4").write_bytes(short_film)
    environment = {**os.environ, "VIG_HOME": str(house.root), "VIG_PASSPHRASE": PASSPHRASE}

    def internet_calls(*words: str) -> tuple[list[str], str]:
        log = tmp_path / "trace"
        done = subprocess.run(
            [strace, "-f", "-qq", "-e", "trace=socket,connect,sendto,bind", "-o", str(log), *words],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        lines = log.read_text().splitlines()
        return [line for line in lines if re.search(r"AF_INET|PF_INET", line)], done.stdout

    looked, _ = internet_calls(
        sys.executable, "-c", "import socket; socket.socket(socket.AF_INET, socket.SOCK_STREAM)"
    )
    assert looked

    vig = (sys.executable, "-m", "vig")
    calls, out = internet_calls(
        *vig, "add", str(tmp_path / "film.mp4"), "--family", "F-014", "--yes", "--json"
    )
    assert not calls
    calls, _ = internet_calls(*vig, "analyse", json.loads(out)["recording"])
    assert not calls


@pytest.mark.tracing
def test_the_packages_stay_quiet_for_a_while_after_they_were_loaded(
    need: Callable[[str], str], tmp_path: Path
) -> None:
    """A package that reports its use does so some seconds later, from a thread of its own."""
    log = tmp_path / "trace"
    code = (
        "import time, dbos, sqlcipher3, keyring, av, streamlit\n"
        "from vig.perception import models, sight, sound\n"
        "time.sleep(20)"
    )
    subprocess.run(
        [
            need("strace"),
            "-f",
            "-qq",
            "-e",
            "trace=socket",
            "-o",
            str(log),
            sys.executable,
            "-c",
            code,
        ],
        check=True,
    )
    assert "AF_INET" not in log.read_text()


def test_no_native_library_knows_a_host_that_collects_usage() -> None:
    """mediapipe from 0.10.35 and onnxruntime from 1.29 on hold such a client; ours must not."""
    hosts = (b"play.googleapis.com", b"events.data.microsoft.com", b"google-analytics.com")
    known = set()
    for package in ("mediapipe", "onnxruntime", "ai_edge_litert", "cv2", "av", "sqlcipher3"):
        found = importlib.util.find_spec(package)
        assert found is not None
        assert found.origin is not None
        folder = Path(found.origin).parent
        libraries = [*folder.rglob("*.so*"), *folder.rglob("*.pyd"), *folder.rglob("*.dll")]
        known |= {
            (path.name, host) for path in libraries for host in hosts if host in path.read_bytes()
        }
    assert not known


def test_the_analysis_runs_in_a_place_without_any_network(
    need: Callable[[str], str], tmp_path: Path, short_film: bytes
) -> None:
    unshare = need("netns")
    house = House(tmp_path / "vault")
    house.confirm(house.set_up(PASSPHRASE))
    recording = added(house.workspace, short_film, Purpose.ANALYSE)
    house.lock()
    subprocess.run(
        [unshare, "-n", sys.executable, "-m", "vig", "analyse", recording.id],
        env={**os.environ, "VIG_HOME": str(house.root), "VIG_PASSPHRASE": PASSPHRASE},
        capture_output=True,
        check=True,
    )
    assert house.unlock(PASSPHRASE).catalogue.moments(recording.id)
    house.lock()


@pytest.mark.tracing
def test_loading_the_models_starts_no_other_program(
    need: Callable[[str], str], tmp_path: Path
) -> None:
    """mediapipe's sound half would start a compiler to look for a library, and litter."""
    log = tmp_path / "trace"
    code = "import vig.perception.sight, vig.perception.sound"
    command = [need("strace"), "-f", "-qq", "-e", "trace=execve", "-o", str(log)]
    subprocess.run([*command, sys.executable, "-c", code], check=True)
    assert log.read_text().count("execve(") == 1
