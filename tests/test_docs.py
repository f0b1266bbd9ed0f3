"""The documents say what is so: commands, settings, errors, hashes, links and requirements."""

from __future__ import annotations

import hashlib
import importlib
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import click
import pytest

from tests.tree import ROOT, pyproject, text, tracked

PAGES = [name for name in tracked() if name.endswith(".md")]
BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.M | re.S)


def lines_that_call(program: str) -> Iterator[tuple[str, str]]:
    """(page, command line) for each line of a block on any page that calls ``program``."""
    for name in PAGES:
        for block in BLOCK.findall(text(name)):
            for line in block.splitlines():
                command = re.sub(r"\s+#.*", "", line).strip().removeprefix("sudo ")
                command = re.sub(r"^(?:VIG_\w+=\S+ )*(?:\.venv\S(?:bin|Scripts)\S)?", "", command)
                if command.split(" ", 1)[0] == program:
                    yield name, command


# ── commands ─────────────────────────────────────────────────────────────────────────────────


def the_command() -> click.Group:
    module = importlib.import_module("vig.cli.main")
    groups = [each for each in vars(module).values() if isinstance(each, click.Group)]
    return next(group for group in groups if group.name in {"vig", "cli", "main"})


@pytest.mark.parametrize(("page", "line"), list(lines_that_call("make")))
def test_every_make_target_in_the_documents_can_be_made(
    page: str, line: str, need: Callable[[str], str]
) -> None:
    dry = [need("make"), "-n", *shlex.split(line)[1:]]
    ended = subprocess.run(dry, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{page}: {line}\n{ended.stderr}"


@pytest.mark.parametrize(("page", "line"), list(lines_that_call("vig")))
def test_every_vig_command_in_the_documents_takes_what_is_shown(page: str, line: str) -> None:
    command: click.Command = the_command()
    words = shlex.split(line)[1:]
    context = click.Context(command, info_name="vig")
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(context, words.pop(0))
        assert found is not None, f"{page}: {line}"
        command = found
    context = click.Context(command, info_name=command.name)
    known = {option for each in command.get_params(context) for option in each.opts}
    known |= {option for each in command.get_params(context) for option in each.secondary_opts}
    shown = {word for word in words if word.startswith("--")}
    assert shown <= known, f"{page}: {line}"


def test_the_readme_names_the_test_command_that_ci_runs() -> None:
    after = text("README.md").split("<!-- tests -->", 1)[1]
    first = BLOCK.search(after)
    assert first
    assert first[1].startswith("make test")
    assert (ROOT / ".ci/run").stat().st_mode & 0o111
    assert "<!-- tests -->" in text(".ci/run")


def test_the_commands_page_is_what_the_commands_say() -> None:
    ended = subprocess.run(
        [sys.executable, "tools/commands_page.py", "--check"], cwd=ROOT, check=False
    )
    assert ended.returncode == 0, "run `make docs`"


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["add", "--help"]])
def test_the_command_answers_for_itself(arguments: list[str]) -> None:
    vig = shutil.which("vig", path=str(Path(sys.executable).parent))
    assert vig, "vig is not installed beside this Python"
    asked = subprocess.run([vig, *arguments], capture_output=True, text=True, check=False)
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.strip()


# ── settings and errors ──────────────────────────────────────────────────────────────────────


def settings() -> set[str]:
    """Every environment setting that the tool reads."""
    ours = [n for n in tracked() if n.endswith(".py") and n.startswith(("vig/", "streamlit_app"))]
    found = set(re.findall(r"VIG_[A-Z][A-Z_]*", " ".join(map(text, ours))))
    return {name for name in found if not name.startswith("VIG_TEST_")}


def test_every_setting_is_on_the_deployment_page_and_no_other() -> None:
    page = text("docs/DEPLOYMENT.md")
    table = page.split("## Settings", 1)[1].split("\n## ", 1)[0]
    assert set(re.findall(r"^\| `(VIG_[A-Z_]+)`", table, re.M)) == settings()


def test_every_error_is_on_the_commands_page() -> None:
    page = text("docs/COMMANDS.md")
    drawn = re.findall(r"(?:├──|└──) (\w+)", text("vig/errors.py").split('"""')[1])
    assert drawn
    assert [name for name in drawn if f"| `{name}` |" not in page] == []


# ── requirements ─────────────────────────────────────────────────────────────────────────────


def requirement_rows() -> dict[int, str]:
    """Number → the cell that says what shows it."""
    rows = re.findall(r"^\| (\d+) \|(?:[^|]*)\|([^|]*)\|$", text("docs/REQUIREMENTS.md"), re.M)
    return {int(number): shown.strip() for number, shown in rows}


def test_all_forty_requirements_are_listed_once_and_in_order() -> None:
    assert list(requirement_rows()) == list(range(1, 41))


@pytest.mark.parametrize("number", range(1, 41))
def test_a_requirement_names_a_test_that_exists_or_the_work_that_will_bring_it(
    number: int,
) -> None:
    shown = requirement_rows()[number]
    tests = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", shown)
    assert tests or re.search(r"Later: \w", shown)
    for file, test in tests:
        assert file in tracked()
        assert not test or re.search(
            rf"^\s*(?:async )?def {test}\(|^class {test}\b", text(file), re.M
        )


# ── links ────────────────────────────────────────────────────────────────────────────────────


def anchors(page: str) -> set[str]:
    """The anchors that a forge makes of a page's headings."""
    heads = re.findall(r"^#+ +(.+?) *$", BLOCK.sub("", page), re.M)
    plain = (re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", head)).lower() for head in heads)
    return {head.replace(" ", "-") for head in plain}


@pytest.mark.parametrize("name", PAGES)
def test_every_link_inside_the_documents_leads_somewhere(name: str) -> None:
    page = BLOCK.sub("", text(name))
    lost = []
    for target in re.findall(r"\]\(([^)\s]+)\)", page):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (ROOT / name).parent / path if path else ROOT / name
        if not found.exists() or (
            anchor and anchor not in anchors(found.read_text(encoding="utf-8"))
        ):
            lost.append(target)
    assert not lost


def test_pictures_in_the_documents_are_kept_with_them() -> None:
    shown = {
        (PurePosixPath(name).parent / target).as_posix()
        for name in PAGES
        for target in re.findall(r"!\[[^\]]*\]\(([^)\s]+)\)", text(name))
    }
    assert shown <= set(tracked())
    assert "README.md" in {name for name in PAGES if "![" in text(name)}


# ── what others made ─────────────────────────────────────────────────────────────────────────

CARRIED = (".tflite", ".onnx", ".task", ".woff2", ".ttf", ".mp4", ".min.js", ".whl")


def test_everything_that_others_made_is_listed_with_its_hash() -> None:
    rows = re.findall(r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", text("THIRD-PARTY.md"), re.M)
    carried = [name for name in tracked() if name.endswith(CARRIED)]
    actual = {name: hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in carried}
    assert dict(rows) == actual


def test_every_library_is_listed_with_a_licence() -> None:
    page = text("THIRD-PARTY.md")
    for pin in pyproject()["project"]["dependencies"]:
        name, version = pin.split("==")
        assert re.search(rf"^\| {re.escape(name)} {re.escape(version)} \| \S", page, re.M), pin
    for pin in pyproject()["project"]["optional-dependencies"]["test"]:
        assert f"{pin.split('==')[0]} (" in page, pin


def test_the_licence_texts_are_here() -> None:
    assert "Apache License" in text("LICENSE")
    assert pyproject()["project"]["license"] == "Apache-2.0"
    for name, words in {
        "licences/CC0-1.0.txt": "CC0 1.0 Universal",
        "licences/MIT-yunet.txt": "Permission is hereby granted",
        "licences/MIT-silero-vad.txt": "Permission is hereby granted",
    }.items():
        assert words in text(name)
    fonts = {name.rpartition("/")[0] for name in tracked() if name.endswith(".woff2")}
    for folder in fonts:
        assert list((ROOT / folder).glob("*OFL*.txt")), folder


def test_the_model_files_say_the_same_everywhere() -> None:
    listed = tomllib.loads(text("vig/perception/weights/weights.toml"))["weights"]
    page = text("THIRD-PARTY.md")
    for model in listed:
        assert model["sha256"] in page
        assert model["licence"] in page


def test_the_sample_films_and_their_truth_are_as_listed() -> None:
    sums = re.findall(r"^([0-9a-f]{64})  (\S+)$", text("sample_clips/README.md"), re.M)
    here = {
        PurePosixPath(name).name
        for name in tracked()
        if name.startswith("sample_clips/") and not name.endswith(".md")
    }
    assert {name for _, name in sums} == here
    for wanted, name in sums:
        assert hashlib.sha256((ROOT / "sample_clips" / name).read_bytes()).hexdigest() == wanted


# ── voice ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", PAGES)
def test_a_page_with_figures_from_the_sample_films_says_what_they_are_worth(name: str) -> None:
    page = " ".join(text(name).split()).replace("**", "")
    if re.search(r"sample film|sample_clips|`practice`", page) and re.search(r"\d ?%", page):
        assert re.search(r"\b(?:nothing|no figure)\b[^.]{0,60} real babies", page, re.I)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_written_in_british_spelling(name: str) -> None:
    page = re.sub(r"`[^`]*`", "", BLOCK.sub("", text(name)))
    american = r"\b(?:analyz\w+|colors?|behaviors?|favorites?|gray|centers?|labeled|canceled)\b"
    assert re.findall(american, page, re.I) == []


def test_every_decision_is_in_the_index_and_has_its_three_parts() -> None:
    index = text("docs/adr/README.md")
    decisions = [n for n in tracked() if re.match(r"docs/adr/\d{4}-[\w-]+\.md$", n)]
    assert decisions
    for name in decisions:
        assert Path(name).name in index
        heads = re.findall(r"^## (\w+)", text(name), re.M)
        assert heads == ["Context", "Decision", "Consequences"], name
        assert text(name).count("\n") < 90, name


def test_the_changes_page_knows_this_version() -> None:
    assert f"## {pyproject()['project']['version']}" in text("CHANGELOG.md")
