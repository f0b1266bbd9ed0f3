#!/bin/sh
# Makes .venv in this folder and installs what requirements.txt pins, by hash, then vig itself.
# Runs again only when something it installs from has changed. No root. `make setup` calls it.
set -u
cd "$(dirname "$0")/.." || exit 1
VENV=.venv
STAMP=.setup-stamp

say() { printf '%s\n' "$*"; }
stop() {
    say "" "Set-up stopped: $1" >&2
    shift
    for line in "$@"; do say "  $line" >&2; done
    exit 1
}

# A version manager's stand-in can be on the PATH and still run nothing, so each one is tried.
fits() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1
}
find_python() {
    if [ -n "${PYTHON:-}" ]; then
        fits "$PYTHON" && { printf '%s' "$PYTHON"; return; }
        return 1
    fi
    for candidate in python3 python3.13 python3.12 python3.11 python; do
        fits "$candidate" && { printf '%s' "$candidate"; return; }
    done
    return 1
}

# What is installed follows from these; a folder that was moved needs a new .venv too.
wanted="$(cat requirements.txt pyproject.toml tools/setup.sh | cksum) in $PWD"
had=""
had_python=""
if [ -f "$STAMP" ]; then
    had=$(sed -n 1p "$STAMP")
    had_python=$(sed -n 2p "$STAMP")
fi
same_python=no
if [ "${PYTHON:-$had_python}" = "$had_python" ] && fits "$VENV/bin/python"; then same_python=yes; fi
if [ "$same_python" = yes ] && [ "$had" = "$wanted" ]; then exit 0; fi

# What is right already stays, so that a change of settings needs no network and a broken
# download goes on where it stopped. Until all is done the stamp fits nothing.
new_environment() {
    python=$(find_python) || stop \
        "no Python 3.11, 3.12 or 3.13 was found${PYTHON:+ under the name $PYTHON}." \
        "Install one (Debian and Ubuntu: python3 python3-venv; macOS: the installer from" \
        "python.org), or name one that you have: make setup PYTHON=/path/to/python3.12"
    "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 || stop \
        "this Python cannot make virtual environments." \
        "On Debian and Ubuntu: install python3-venv (as root), then run the same command again."
    kind=$("$python" -c 'import platform as p; print(p.system(), p.machine())')
    case "$kind" in
        "Linux x86_64" | "Darwin arm64") ;;
        Windows*) stop "this is for Linux and macOS." "On Windows follow docs/DEPLOYMENT.md." ;;
        *) stop "there is no mediapipe for $kind." \
            "Its maker publishes Linux (x86-64), Windows (x86-64) and macOS (Apple silicon) only." ;;
    esac
    # A finished .venv takes 1.3 GB (measured on Linux); pip unpacks beside it.
    free=$(df -Pk . | awk 'NR == 2 { print $4 }')
    [ "${free:-9999999}" -ge 2000000 ] || stop "the disk is nearly full." \
        "Setting up needs about 2 GB here, and $((free / 1024)) MB are free."
    version=$("$python" -c 'import platform; print(platform.python_version())')
    say "Setting up with Python $version in $VENV. The first time takes a few minutes."
    "$python" -m venv --clear "$VENV" || stop "the virtual environment could not be made." \
        "The lines above say why; a folder that may be written and some free space are needed."
}
case "$same_python $had" in
    "yes "*" in $PWD") say "Bringing $VENV up to date." ;;
    *) new_environment ;;
esac
printf '%s\n%s\n' "unfinished in $PWD" "${PYTHON:-$had_python}" >"$STAMP"

pip() {
    "$VENV/bin/python" -m pip --disable-pip-version-check --no-input "$@"
}
# Finished wheels only: nothing is compiled here, and no package's own set-up code runs.
pip install --quiet --only-binary :all: --require-hashes -r requirements.txt || stop \
    "what vig needs could not be installed." \
    "The lines above say why. Most often the network was away or the disk filled up:" \
    "run the same command again once that is mended. Everything downloaded is checked against" \
    "requirements.txt; if it speaks of hashes that do not match, do not go on, and tell us." \
    "'No matching distribution' without a network fault: the system is older than those named" \
    "in docs/DEPLOYMENT.md."
pip install --quiet --no-deps --no-build-isolation --editable . || stop \
    "vig itself could not be installed." "The lines above say why."
printf '%s\n%s\n' "$wanted" "${PYTHON:-$had_python}" >"$STAMP"
say "Done: everything is in $VENV, and nothing outside this folder was changed."
