#!/bin/sh
# Writes requirements.txt from pyproject.toml for every Python and system that vig runs on.
# uv is not among vig's own requirements: it comes into an environment that is thrown away.
set -eu
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT INT TERM
"${PYTHON:-python3}" -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install --quiet --disable-pip-version-check uv
"$scratch/venv/bin/uv" pip compile --quiet pyproject.toml --extra test --universal --python-version 3.11 \
    --generate-hashes --no-header --no-emit-index-url --no-annotate \
    --output-file requirements.txt "$@"
