"""The command line, from an empty folder to an erased film, as a person and as a script use it."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.app.conftest import short_film  # noqa: F401  (a fixture)
from vig.app.house import House
from vig.cli.asking import BY_NAME
from vig.cli.main import vig
from vig.domain.clock import SECOND
from vig.media import video

PASSPHRASE = "seven quiet herons by the water"
WHY = ("--reason", "the family asked for it")


def run(*words: str, input: str | None = None) -> Result:
    return CliRunner().invoke(vig, list(words), input=input)


def good(*words: str) -> str:
    result = run(*words)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def refused(code: int, *words: str) -> str:
    result = run(*words)
    assert result.exit_code == code, (result.exit_code, result.stdout, result.stderr)
    assert "Traceback" not in result.stderr
    return result.stderr


def why_it_left(home: Path) -> list[str | None]:
    house = House(home)
    try:
        rows = house.unlock(PASSPHRASE).catalogue.audit_rows()
        return [row.reason for row in rows if row.action.startswith("export.")]
    finally:
        house.lock()


@pytest.fixture
def vault(vig_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VIG_PASSPHRASE", PASSPHRASE)
    good("init", "--yes", "--recovery-out", str(tmp_path / "code.txt"))
    return vig_home


@pytest.fixture
def film(tmp_path: Path, short_film: bytes) -> Path:  # noqa: F811
    path = tmp_path / "IMG_0042 Anna.mp4"
    path.write_bytes(short_film)
    return path


class TestSettingUp:
    def test_there_is_no_default_passphrase(self, vig_home: Path, tmp_path: Path) -> None:
        said = refused(2, "init", "--yes", "--recovery-out", str(tmp_path / "code.txt"))
        assert "no default passphrase" in said
        assert not vig_home.exists()
        assert not (tmp_path / "code.txt").exists()

    def test_the_recovery_code_needs_a_place(
        self, vig_home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("VIG_PASSPHRASE", PASSPHRASE)
        assert "--recovery-out" in refused(2, "init", "--yes")
        refused(2, "init", "--yes", "--recovery-out", "/no/such/folder/code")
        assert not (vig_home / "vault.json").exists()

    def test_the_first_run_says_that_real_films_must_wait(
        self, vig_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("VIG_PASSPHRASE", PASSPHRASE)
        result = run("init", "--yes", "--recovery-out", str(tmp_path / "code.txt"))
        assert (
            "Sample films only until your service has signed its data-protection assessment."
            in result.stderr
        )
        code = (tmp_path / "code.txt").read_text().strip()
        assert len(code) == 69
        assert (tmp_path / "code.txt").stat().st_mode & 0o077 == 0
        assert code not in result.output
        monkeypatch.setenv("VIG_PASSPHRASE", code)
        good("list")

    def test_a_vault_is_never_set_up_twice(self, vault: Path, tmp_path: Path) -> None:
        before = (vault / "vault.json").read_bytes()
        refused(4, "init", "--yes", "--recovery-out", str(tmp_path / "other.txt"))
        assert (vault / "vault.json").read_bytes() == before

    def test_no_vault_a_wrong_passphrase_and_nobody_to_ask(
        self, vig_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("VIG_PASSPHRASE", PASSPHRASE)
        assert "no vault" in refused(4, "list")
        good("init", "--yes", "--recovery-out", str(tmp_path / "code.txt"))
        monkeypatch.setenv("VIG_PASSPHRASE", "something else altogether")
        assert "does not open this vault" in refused(4, "list")
        monkeypatch.delenv("VIG_PASSPHRASE")
        assert "locked" in refused(4, "list")


class TestTheWalk:
    def test_from_a_phone_film_to_a_clip_and_to_nothing(
        self, vault: Path, film: Path, tmp_path: Path
    ) -> None:
        added = json.loads(
            good("add", str(film), "--family", "F-014", "--age-weeks", "60", "--yes", "--json")
        )
        recording = added["recording"]
        assert json.loads(good("moments", recording, "--json")) == {
            "recording": recording,
            "moments": [],
        }
        assert "not watched" in refused(2, "moments", recording)

        good("analyse", recording)
        answer = json.loads(good("moments", recording, "--json"))
        assert answer["recording"] == recording
        assert len(answer["moments"]) == 1
        moment = answer["moments"][0]
        assert 0 <= moment["start_us"] < moment["end_us"] <= added["duration_us"]
        assert moment["reason"].endswith(".")
        assert moment["evidence"]
        assert moment["reason"] in good("moments", recording)
        listed = json.loads(good("list", "--json"))["recordings"]
        assert [(r["recording"], r["suggestions"]) for r in listed] == [(recording, 1)]

        self.the_table_has_a_row_for_each_tick_and_person(recording, added["duration_us"])

        out = tmp_path / "clip.mp4"
        cut = json.loads(
            good("clip", recording, "1000000", "2500000", "--out", str(out), *WHY, "--json")
        )
        assert cut["start_us"] <= 1_000_000 < 2_500_000 <= cut["end_us"]
        with out.open("rb") as written:
            assert video.probe(written).duration == pytest.approx(1.5 * SECOND, abs=80_000)
        # A program that gives no reason is not asked; the record says how it came.
        good("still", recording, "1000000", "--out", str(tmp_path / "still.png"))
        assert why_it_left(vault) == [WHY[1], BY_NAME]
        assert (tmp_path / "still.png").read_bytes().startswith(b"\x89PNG")
        assert "png" in refused(
            2, "still", recording, "0", "--out", str(tmp_path / "still.gif"), *WHY
        )
        refused(2, "clip", recording, "5000000", "99000000", "--out", str(out), *WHY)
        refused(2, "clip", recording, "2000000", "1000000", "--out", str(out))
        assert "publicity" in refused(
            3, "clip", recording, "0", "1000000", "--out", str(out), *WHY, "--for", "publicity"
        )

        good("rotate")
        good("backup", str(tmp_path / "stick"))
        assert "all sound" in good("verify")
        assert json.loads(good("erase", recording, "--yes", "--json")) == {
            "recording": recording,
            "state": "erased",
        }
        assert (
            "no recording called"
            in refused(2, "clip", recording, "0", "1", "--out", str(out)).lower()
        )
        assert json.loads(good("list", "--json")) == {"recordings": []}

    def the_table_has_a_row_for_each_tick_and_person(self, recording: str, duration: int) -> None:
        result = run("observations", recording, "--csv", "-")
        assert result.exit_code == 0
        assert "not a measure of any person" in result.stderr
        rows = list(csv.DictReader(io.StringIO(result.stdout)))
        assert list(rows[0]) == [
            "at_us", "track", "role", "left", "top", "right", "bottom",
            "head_yaw", "head_pitch", "head_roll", "gaze_yaw", "gaze_pitch", "gaze_tier",
            "looks_at", "smile", "baby_voice", "parent_voice", "cry",
        ]  # fmt: skip
        assert {int(row["at_us"]) for row in rows} == set(range(0, duration, 100_000))
        seen = [row for row in rows if row["track"]]
        assert {row["role"] for row in seen} >= {"baby", "parent"}
        assert {row["looks_at"] for row in seen} <= {"partner", "object", "elsewhere", "unknown"}
        assert {row["gaze_tier"] for row in seen} <= {"eyes", "head", "none"}
        for row in seen:
            assert 0 <= float(row["left"]) < float(row["right"]) <= 1.001

    def test_without_yes_and_without_a_person_the_agreement_is_asked_for_and_missed(
        self, vault: Path, film: Path
    ) -> None:
        refused(2, "add", str(film), "--family", "F-014")
        assert json.loads(good("list", "--json")) == {"recordings": []}

    def test_an_agreement_can_be_given_in_full(self, vault: Path, film: Path) -> None:
        good(
            "add", str(film), "--family", "F-014", "--agreed-by", "mother",
            "--agreed-on", "2026-11-20", "--agrees-to", "keep", "--json",
        )  # fmt: skip
        recording = json.loads(good("list", "--json"))["recordings"][0]["recording"]
        assert "computer" in refused(3, "analyse", recording)
        assert json.loads(good("agreement", "F-014", "--json"))["agreed"]["analyse"] is False
        good("agreement", "F-014", "--allow", "analyse", "--withdraw", "keep")
        holds = json.loads(good("agreement", "f-014", "--json"))["agreed"]
        assert (holds["analyse"], holds["keep"], holds["publicity"]) == (True, False, False)
        assert "keep the film" in refused(3, "still", recording, "0", "--out", "never.png", *WHY)
        assert "no family called" in refused(2, "agreement", "F-999")

    def test_what_is_no_film_gets_one_sentence(self, vault: Path, tmp_path: Path) -> None:
        (tmp_path / "letter.mp4").write_text("Dear Anna")
        said = refused(2, "add", str(tmp_path / "letter.mp4"), "--family", "F-014", "--yes")
        assert "film" in said
        refused(2, "add", str(tmp_path / "missing.mp4"), "--family", "F-014", "--yes")
        assert json.loads(good("list", "--json")) == {"recordings": []}


class TestWaysIn:
    def test_a_key_file_is_added_tried_and_taken_away(self, vault: Path, tmp_path: Path) -> None:
        good("add-way", "--key-file", str(tmp_path / "key"))
        ways = good("ways").splitlines()
        assert len(ways) == 3
        assert not any("not tried" in way for way in ways)
        slot = next(way.split()[0] for way in ways if "key-file" in way)
        good("remove-way", slot, "--yes")
        assert len(good("ways").splitlines()) == 2
        ways = {line.split()[1]: line.split()[0] for line in good("ways").splitlines()}
        assert "two ways" in refused(4, "remove-way", ways["recovery"], "--yes")
        assert "Disable their account" in refused(2, "remove-way", ways["passphrase"], "--yes")

    def test_an_existing_file_is_never_overwritten_by_a_key(
        self, vault: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "key").write_text("precious")
        refused(2, "add-way", "--key-file", str(tmp_path / "key"))
        assert (tmp_path / "key").read_text() == "precious"


class TestAsAProgram:
    def test_it_starts_without_the_heavy_packages(self) -> None:
        code = (
            "import sys, vig.cli.main\n"
            "heavy = {'streamlit', 'av', 'mediapipe', 'cv2', 'sqlalchemy'} & set(sys.modules)\n"
            "assert not heavy, heavy"
        )
        subprocess.run([sys.executable, "-c", code], check=True)

    def test_python_dash_m_vig_is_the_same_program(self) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "vig", "--version"], capture_output=True, text=True, check=True
        )
        assert done.stdout.startswith("vig, version")

    def test_every_command_has_a_help_page_a_person_can_read(self) -> None:
        for name, command in vig.commands.items():
            page = good(name, "--help")
            assert command.help, name
            assert "Usage: " in page

    def test_nothing_but_the_answer_goes_to_standard_output(self, vault: Path, film: Path) -> None:
        environment: dict[str, Any] = {**os.environ, "VIG_PASSPHRASE": PASSPHRASE}
        add = [
            sys.executable,
            "-m",
            "vig",
            "add",
            str(film),
            "--family",
            "F-014",
            "--yes",
            "--json",
        ]
        done = subprocess.run(add, capture_output=True, text=True, check=True, env=environment)
        recording = json.loads(done.stdout)["recording"]
        watch = [sys.executable, "-m", "vig", "analyse", recording, "--json"]
        done = subprocess.run(watch, capture_output=True, text=True, check=True, env=environment)
        assert json.loads(done.stdout)["recording"] == recording
        assert "WARNING" not in done.stderr
        assert "INFO" not in done.stderr


class TestPeople:
    def test_somebody_is_added_begins_anew_and_is_disabled(self, vault: Path) -> None:
        (mine,) = good("account", "list").splitlines()
        assert "guider  admin, guider" in mine
        said = good("account", "add", "Ann Example", "--office", "trainee")
        assert re.search(r"Start passphrase: (\w{5}-){3}\w{5}\n", said)
        assert "Ann Example  trainee guider  not yet begun" in good("account", "list")
        assert "Somebody else" in refused(2, "account", "add", "ann  example", "--office", "guider")
        assert good("account", "restart", "Ann Example", "--yes") != said
        good("account", "disable", "Ann Example", "--yes")
        assert "disabled" in good("account", "list")
        assert "At least one" in refused(2, "account", "disable", "guider", "--yes")
        assert "no account" in refused(2, "account", "disable", "nobody", "--yes").lower()
