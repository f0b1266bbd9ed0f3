"""A large film through the real server: lines are cut, the server is started anew, and it arrives.

The film is a sample with a box of noise behind it that players skip, so it is as large as wanted and
a film all the same. Memory is that of the server's own process; decoders are children that come and go.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from vig.app.house import House
from vig.app.slices import END

ROOT = Path(__file__).parents[2]
PASSPHRASE = "apple river cloud seven"
MIB = 2**20
SLICE = 8 * MIB
GROWTH = 50 * 10**6
AGREED = {
    "family": "F-014",
    "name": "holiday.mp4",
    "agreement": {"agreed_by": "mother", "agreed_on": "2026-11-12", "purposes": ["keep"]},
}


class Film:
    """A sample and ``noise`` MiB of noise behind it; made piece by piece, never whole."""

    def __init__(self, noise: int) -> None:
        self._head = (ROOT / "sample_clips" / "main.mp4").read_bytes()
        self._head += (1).to_bytes(4, "big") + b"free" + (noise * MIB + 16).to_bytes(8, "big")
        self.size = len(self._head) + noise * MIB

    def read(self, start: int, length: int) -> bytes:
        end = min(start + length, self.size)
        if start < len(self._head):
            part = self._head[start:end]
            return part + (self.read(start + len(part), end - start - len(part)) if part else b"")
        first, last = ((at - len(self._head)) // MIB for at in (start, end - 1))
        noise = b"".join(self.block(number) for number in range(first, last + 1))
        skip = start - len(self._head) - first * MIB
        return noise[skip : skip + end - start]

    def block(self, number: int) -> bytes:
        return random.Random(number).randbytes(MIB)

    def sha256(self) -> str:
        digest = hashlib.sha256()
        for start in range(0, self.size, SLICE):
            digest.update(self.read(start, SLICE))
        return digest.hexdigest()

    def mark(self) -> str:
        ends = self.read(0, END) + self.read(self.size - END, END)
        return hashlib.sha256(ends).hexdigest()

    def needles(self) -> list[bytes]:
        """Samples from all over it, none of which may lie on the disk."""
        step = self.size // 24
        return [self.read(at, 32) for at in range(step, self.size - 32, step)]


@dataclass
class Server:
    """The whole app in a process of its own, and somebody signed in."""

    process: subprocess.Popen[bytes]
    port: int
    cookie: str = ""
    before: int = 0
    most: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    def ask(self, method: str, path: str, body: bytes = b"", **more: str) -> tuple[int, Any, bytes]:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        line.request(method, path, body, self.headers(**more))
        answer = line.getresponse()
        said = answer.read()
        line.close()
        return answer.status, answer.headers, said

    def json(self, method: str, path: str, note: object = None) -> Any:
        body = b"" if note is None else json.dumps(note).encode()
        status, _, said = self.ask(method, path, body)
        assert status < 300, (status, said)
        return json.loads(said) if said else None

    def headers(self, **more: str) -> dict[str, str]:
        here = f"localhost:{self.port}"
        ours = {"host": here, "origin": f"http://{here}", "x-vig-request": "1"}
        return {**ours, "cookie": self.cookie, **{k.replace("_", "-"): v for k, v in more.items()}}

    def sign_in(self) -> None:
        body = urllib.parse.urlencode({"secret": PASSPHRASE}).encode()
        kind = "application/x-www-form-urlencoded"
        status, headers, _ = self.ask("POST", "/account/sign-in", body, content_type=kind)
        assert status == 303
        self.cookie = headers["set-cookie"].split(";")[0]

    def warm(self) -> None:
        """One small upload, so that what is loaded once counts as what was there before."""
        made = self.json("POST", "/api/uploads", {"size": MIB})
        path = f"/api/uploads/{made['id']}"
        assert self.ask("PATCH", path, b"x" * MIB, upload_offset="0")[0] == 204
        assert self.ask("DELETE", path)[0] == 204
        own = psutil.Process(self.process.pid)
        self.before = own.memory_info().rss

        def watch() -> None:
            with suppress(psutil.Error):
                while not self.ended.wait(0.05):
                    self.most = max(self.most, own.memory_info().rss)

        threading.Thread(target=watch, daemon=True).start()

    def torn(self, path: str, at: int, slice_: bytes) -> None:
        """A slice whose line is cut in the middle."""
        line = socket.create_connection(("127.0.0.1", self.port))
        words = self.headers(upload_offset=str(at), content_length=str(len(slice_)))
        head = "".join(f"{name}: {value}\r\n" for name, value in words.items())
        line.sendall(f"PATCH {path} HTTP/1.1\r\n{head}\r\n".encode() + slice_[: len(slice_) // 2])
        line.close()

    def offset(self, path: str) -> int:
        status, headers, _ = self.ask("HEAD", path)
        assert status == 200
        return int(headers["upload-offset"])


@contextmanager
def served(root: Path) -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py"]
    process = subprocess.Popen(
        [*command, "--server.port", str(port)],
        cwd=ROOT,
        env={**os.environ, "VIG_HOME": str(root)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    server = Server(process, port)
    try:
        until = time.monotonic() + 120
        while True:
            try:
                assert server.ask("GET", "/healthz")[0] == 200
                break
            except OSError:
                assert time.monotonic() < until
                time.sleep(0.2)
        server.sign_in()
        server.warm()
        yield server
    finally:
        server.ended.set()
        process.terminate()
        process.wait(60)


def send(server: Server, film: Film, path: str, until: int, cuts: set[int]) -> None:
    """Slices up to the byte ``until``; the slice at each of ``cuts`` is torn once, then sent again."""
    at = server.offset(path)
    while at < until:
        data = film.read(at, SLICE)
        if at // SLICE in cuts:
            cuts.discard(at // SLICE)
            server.torn(path, at, data)
            assert server.offset(path) in (at, at + len(data) // 2)
        status, headers, _ = server.ask("PATCH", path, data, upload_offset=str(at))
        assert status in (204, 409)
        at = int(headers["upload-offset"])


@pytest.mark.parametrize(
    "noise",
    [
        pytest.param(64, id="64 MiB", marks=pytest.mark.timeout(600)),
        pytest.param(2048, id="2 GiB", marks=[pytest.mark.soak, pytest.mark.timeout(3600)]),
    ],
)
def test_three_cut_lines_and_a_restart_and_the_film_is_the_same_to_the_byte(
    tmp_path: Path, noise: int
) -> None:
    root, film = tmp_path / "vault", Film(noise)
    house = House(root)
    house.confirm(house.set_up(PASSPHRASE))
    house.lock()
    slices = film.size // SLICE
    cuts = {slices // 5, slices // 2, 4 * slices // 5}
    assert len(cuts) == 3
    begun = {"size": film.size, "mark": film.mark(), "film": AGREED}
    needles = film.needles()

    with served(root) as first:
        path = f"/api/uploads/{first.json('POST', '/api/uploads', begun)['id']}"
        send(first, film, path, film.size * 2 // 3, cuts)
        assert not holding(root, needles)
    with served(root) as second:
        (waiting,) = second.json("GET", "/api/uploads")["waiting"]
        share = 100 * waiting["arrived"] // film.size
        assert 66 <= share < 100
        assert waiting["words"].startswith(f"F-014's film: {share} % has arrived, choose the file")
        again = second.json("POST", "/api/uploads", begun)
        assert path.endswith(again["id"])
        assert again["offset"] >= film.size * 2 // 3
        send(second, film, path, film.size, cuts)
        assert not cuts
        second.json("POST", f"{path}/finish", {})
        while (state := second.json("GET", path))["running"]:
            time.sleep(0.2)
        assert state["recording"], state["error"]

    grown = {s.port: s.most - s.before for s in (first, second)}
    print(f"{film.size / 1e6:.0f} MB came in, memory grew by {grown}")  # noqa: T201  (a soak tells)
    assert max(grown.values()) < GROWTH
    house.unlock(PASSPHRASE)
    digest = hashlib.sha256()
    with house.workspace.read(state["recording"], "film") as kept:
        while block := kept.read(MIB):
            digest.update(block)
    house.lock()
    assert digest.hexdigest() == film.sha256()
    assert not holding(root, needles)
    (root / "planted").write_bytes(b"x" * 5000 + needles[7])  # the search finds what is there
    assert holding(root, needles) == {root / "planted"}


def holding(root: Path, needles: list[bytes]) -> set[Path]:
    """Files under ``root`` in which one of the needles lies."""
    found = set()
    for path in root.rglob("*"):
        with suppress(OSError):  # the server's files come and go
            if path.is_file() and any_in(path, needles):
                found.add(path)
    return found


def any_in(path: Path, needles: list[bytes]) -> bool:
    tail = b""
    with path.open("rb") as file:
        while block := file.read(16 * MIB):
            if any(needle in tail + block for needle in needles):
                return True
            tail = block[-32:]
    return False
