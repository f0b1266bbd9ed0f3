"""The house stands as it is drawn: rooms, seams, sizes, names and pins."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path, PurePosixPath

import pytest

from tests.tree import ROOT, pyproject, text, texts, tracked

OURS = [
    name
    for name in tracked()
    if name.endswith(".py") and name.startswith(("vig/", "benchmarks/", "tools/", "streamlit_app"))
]
HOUSE = [name for name in OURS if name.startswith("vig/")]


def parsed(name: str) -> ast.Module:
    return ast.parse(text(name), filename=name)


def imports(name: str) -> set[str]:
    """The full names that a module imports, wherever in it they stand."""
    found: set[str] = set()
    for node in ast.walk(parsed(name)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(str(node.module))
    return found


def importing(*modules: str, below: str = "vig/") -> list[str]:
    """Our files that import one of ``modules`` or anything inside it."""
    return [
        name
        for name in OURS
        if name.startswith(below)
        and any(f"{each}.".startswith(f"{module}.") for each in imports(name) for module in modules)
    ]


# ── rooms ────────────────────────────────────────────────────────────────────────────────────


def test_the_import_contracts_hold() -> None:
    linter = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    assert linter, "lint-imports is not installed beside this Python"
    ended = subprocess.run(
        [linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert " 0 broken" in ended.stdout


def layers() -> list[set[str]]:
    """The rooms in the first contract, layer by layer from the top."""
    contract = pyproject()["tool"]["importlinter"]["contracts"][0]
    assert contract["type"] == "layers"
    assert contract["exhaustive"]
    return [set(re.findall(r"\w+", layer)) for layer in contract["layers"]]


def rooms() -> set[str]:
    """The rooms that stand: packages and modules right under ``vig``."""
    ignored = set(pyproject()["tool"]["importlinter"]["contracts"][0]["exhaustive_ignores"])
    inside = {PurePosixPath(name).parts[1] for name in HOUSE if name.count("/") >= 1}
    return {name.removesuffix(".py") for name in inside} - ignored - {"__init__"}


def test_every_room_has_its_place_in_the_layers() -> None:
    assert rooms() <= set().union(*layers())


def test_the_drawing_in_the_architecture_page_has_the_rooms_of_the_contract() -> None:
    page = text("docs/ARCHITECTURE.md")
    drawing = page.split("```", 2)[1]
    known = set().union(*layers())
    drawn = [set(re.findall(r"[a-z]+", line)) & known for line in drawing.splitlines()]
    assert [line for line in drawn if line] == layers()


def test_the_architecture_page_says_what_each_room_holds() -> None:
    rows = set(re.findall(r"^\| `vig/(\w+)(?:/|\.py)`", text("docs/ARCHITECTURE.md"), re.M))
    assert rows == rooms()


def test_the_domain_knows_the_standard_library_and_numpy_only() -> None:
    allowed = sys.stdlib_module_names | {"numpy"}
    strangers = {
        (name, each)
        for name in HOUSE
        if name.startswith("vig/domain/") or name == "vig/errors.py"
        for each in imports(name)
        if each.partition(".")[0] not in allowed and not each.startswith("vig.domain")
    }
    assert not strangers


def test_only_the_media_room_imports_pyav() -> None:
    assert {PurePosixPath(name).parts[1] for name in importing("av")} <= {"media"}


def test_only_the_jobs_know_the_job_engine() -> None:
    knowing = importing("dbos")
    assert all(name.startswith(("vig/app/jobs.py", "vig/app/jobs/")) for name in knowing)


def test_nothing_is_ever_unpickled() -> None:
    assert importing("pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib") == []


def test_nothing_speaks_to_the_internet() -> None:
    clients = ("requests", "urllib.request", "urllib3", "httpx", "aiohttp", "http.client")
    # `vig serve` asks its own server on this machine whether it is up yet; the sign-in service of an
    # organisation is asked where somebody set one up (VIG_OIDC), and never otherwise.
    allowed = {"vig/cli/serving.py", "vig/app/outside.py"}
    assert set(importing(*clients, "ftplib", "smtplib", "telnetlib")) <= allowed


def test_no_film_is_ever_handed_to_a_streamlit_widget_that_keeps_or_spools_it() -> None:
    # st.video and its like serve bytes to anybody who has the address, and file_uploader writes
    # the plain film to a temporary file (both measured on Streamlit 1.67).
    leaks = {
        "file_uploader",
        "video",
        "image",
        "audio",
        "download_button",
        "camera_input",
        "audio_input",
        "pyplot",
    }
    used = {
        (name, node.func.attr)
        for name in OURS
        if name.startswith(("vig/ui/", "vig/web/", "streamlit_app"))
        for node in ast.walk(parsed(name))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in leaks
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in {"st", "streamlit"}
    }
    assert not used


def test_the_decoders_own_log_is_left_alone() -> None:
    # PyAV's Python log callback and threaded decoding hung on 5 of 25 damaged files.
    assert [name for name in HOUSE if re.search(r"logging\.set_level\(", text(name))] == []


HEAVY = ("streamlit", "av", "mediapipe", "cv2", "onnxruntime", "dbos", "sqlalchemy")


def test_the_command_line_starts_without_the_heavy_libraries() -> None:
    code = (
        "import sys, vig.cli.main; "
        f"print(*sorted(set({HEAVY!r}) & {{name.partition('.')[0] for name in sys.modules}}))"
    )
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert asked.stdout.split() == []


# ── sizes and names ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", OURS)
def test_no_module_is_longer_than_400_lines(name: str) -> None:
    assert text(name).count("\n") <= 400


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from the ``def`` to the end, less the docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function, clean=False) is not None:
        said = function.body[0]
        lines -= (said.end_lineno or said.lineno) - said.lineno + 1
    return lines


@pytest.mark.parametrize("name", OURS)
def test_a_function_of_more_than_40_lines_says_why_it_is_long(name: str) -> None:
    source = text(name).splitlines()
    unexplained = []
    for node in ast.walk(parsed(name)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and code_lines(node) > 40:
            own = source[max(node.lineno - 2, 0) : node.end_lineno]
            if not any(re.search(r"# long because \w", line) for line in own):
                unexplained.append(f"{node.name} ({code_lines(node)} lines)")
    assert not unexplained


def test_no_file_is_named_after_nothing() -> None:
    empty = {"util", "utils", "helper", "helpers", "common", "manager", "misc", "base", "stuff"}
    assert [name for name in tracked() if PurePosixPath(name).stem in empty] == []


def test_no_class_is_named_after_nothing() -> None:
    empty = re.compile(r"(Manager|Helper|Utils?|Handler)$")
    found = {
        (name, node.name)
        for name in HOUSE
        for node in ast.walk(parsed(name))
        if isinstance(node, ast.ClassDef)
        and empty.search(node.name)
        and not any("Handler" in ast.unparse(base) for base in node.bases)
    }
    assert not found


@pytest.mark.parametrize("name", HOUSE)
def test_a_module_says_what_it_is_and_so_does_everything_public_of_some_size(name: str) -> None:
    tree = parsed(name)
    silent = [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and (node.end_lineno or node.lineno) - node.lineno >= 12
        and not ast.get_docstring(node)
    ]
    assert ast.get_docstring(tree), "the module itself"
    assert not silent


# ── what must not stand in the repository ────────────────────────────────────────────────────

# Written so that this file does not hold what it looks for.
BANNED = {
    "a package registry's host": r"files[.]pythonhosted|pypi[.]org/simple|registry[.]npmjs|deb[.]debian",
    "a path of one machine": r"/wor[k]/\w|/ro[o]t/|/ho[m]e/[a-z]|/Use[r]s/[a-z]|/fa[r]m/|bash_jo[b]s",
    "something outside the repository": r"[.][.]/share[d]\b",
    "a promise of work": r"\b(?:TO[D]O|FIX[M]E|XX[X])\b",
}


@pytest.mark.parametrize("what", BANNED)
def test_no_file_holds(what: str) -> None:
    pattern = re.compile(BANNED[what])
    found = [
        f"{name}:{number}"
        for name, whole in texts().items()
        if pattern.search(whole)
        for number, line in enumerate(whole.splitlines(), 1)
        if pattern.search(line)
    ]
    assert not found


def test_the_data_folder_holds_nothing_but_its_readme() -> None:
    assert [name for name in tracked() if name.startswith("storage/")] == ["storage/README.md"]


def test_no_key_and_no_database_is_in_the_repository() -> None:
    kinds = (".db", ".sqlite", ".sqlite3", ".pem", ".key", ".env", ".pkl", ".pickle", ".npy")
    kept = [name for name in tracked() if name.endswith(kinds)]
    # What is frozen is made-up data under keys that stand in the tests; every release opens it.
    frozen = ("tests/vault/frozen/", "tests/catalogue/frozen/")
    assert [name for name in kept if not name.startswith(frozen)] == []


def test_an_installed_copy_has_every_file_that_the_house_needs() -> None:
    kinds = {pattern.removeprefix("**/") for pattern in package_data()}
    files = [PurePosixPath(name) for name in tracked() if name.startswith("vig/")]
    assert [str(f) for f in files if f.suffix != ".py" and not any(map(f.match, kinds))] == []


def package_data() -> list[str]:
    return list(pyproject()["tool"]["setuptools"]["package-data"]["vig"])


# ── pins ─────────────────────────────────────────────────────────────────────────────────────


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked() -> dict[str, tuple[str, int]]:
    """Name → (version, how many hashes) as in requirements.txt."""
    found = {}
    for entry in text("requirements.txt").replace("\\\n", " ").splitlines():
        pinned = re.match(r"([A-Za-z0-9._-]+)(?:\[[\w,-]+\])?==([^\s;]+)", entry)
        assert pinned, f"not a pin: {entry[:60]}"
        found[normal(pinned[1])] = (pinned[2], entry.count("--hash=sha256:"))
    return found


def asked_for() -> dict[str, str]:
    project = pyproject()["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    return {normal(name): version for name, version in (each.split("==") for each in asked)}


def test_every_requirement_is_pinned_with_hashes() -> None:
    assert [name for name, (_, hashes) in locked().items() if not hashes] == []


def test_requirements_and_pyproject_pin_the_same_versions() -> None:
    held = locked()
    assert {name: held.get(name, ("missing", 0))[0] for name in asked_for()} == asked_for()


def test_what_is_installed_is_what_is_pinned() -> None:
    assert {name: metadata.version(name) for name in asked_for()} == asked_for()


def test_mediapipe_is_the_last_version_that_sends_nothing_home() -> None:
    assert locked()["mediapipe"][0] == "0.10.31"
    package = Path(str(metadata.distribution("mediapipe").locate_file("mediapipe")))
    libraries = [f for f in package.rglob("*") if f.suffix in {".so", ".dylib", ".pyd", ".dll"}]
    assert libraries
    for library in libraries:
        raw = library.read_bytes()
        assert b"play.googleapis" not in raw
        assert b"curl_easy_perform" not in raw


def test_the_headless_build_of_opencv_is_the_only_one() -> None:
    assert {name for name in locked() if "opencv" in name} == {"opencv-python-headless"}
