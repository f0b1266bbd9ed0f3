# The two commands are `make run` and `make test`; both set everything up first.
# Choose the Python with PYTHON=python3.12. On Windows see docs/DEPLOYMENT.md.

VENV := .venv
PY := $(VENV)/bin/python
PORT ?=
ARGS ?=
# Two processes: the suite is made for two cores. A file stays in one process, for its fixtures,
# and files go in their order, for the slow ones come first.
PYTEST ?= -n 2 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help setup run test check soak accuracy bench docs lock clean

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## .venv in this folder, with everything pinned and checked by hash
	@PYTHON='$(PYTHON)' sh tools/setup.sh

run: setup ## the app on the sample films (PORT=8601, ARGS=... are handed on)
	@$(VENV)/bin/vig demo $(if $(PORT),--port $(PORT)) $(ARGS)

test: setup ## all tests, and at the end what this machine could not run (ARGS=tests/domain)
	@$(PY) -m pytest $(PYTEST) $(ARGS)

check: setup ## format, lint, types, import contracts
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports

soak: setup ## the long runs: kill at random moments, an hour of film
	@$(PY) -m pytest -m soak --timeout 7200 $(ARGS)

accuracy: setup ## on rendered films only: what is seen, heard and suggested, beside the truth
	$(PY) -m benchmarks.perception
	$(PY) benchmarks/voices.py
	$(PY) benchmarks/suggestions.py

bench: setup ## what sealing, decoding from the vault and the whole walk cost
	$(PY) -m benchmarks.vault
	$(PY) benchmarks/decode.py sample_clips/main.mp4
	$(PY) -m benchmarks.walk

docs: setup ## write docs/COMMANDS.md and docs/POLICY.md anew from the commands and rights themselves
	@$(PY) tools/commands_page.py
	@$(PY) tools/policy_page.py

lock: ## requirements.txt anew from pyproject.toml (uv, from a throw-away environment)
	@PYTHON='$(PYTHON)' sh tools/lock.sh

clean: ## remove .venv and caches; never touches storage/
	rm -rf $(VENV) .setup-stamp .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build
