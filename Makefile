# `make playground` tries it, `make test` runs all that CI runs. Both install what they need into .venv.
.DEFAULT_GOAL := help
.PHONY: help setup playground test check quick fix bench docs lock
PYTHON ?= python3
ARGS ?=
bin := .venv/bin
pip := $(bin)/pip --disable-pip-version-check --quiet

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/patchbay  ## only .venv, with `patchbay` in it

.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Patchbay needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/patchbay: .venv/python deploy/requirements.txt pyproject.toml
	@echo "Installing Patchbay into .venv, once (about a minute) …"
	@$(pip) install --require-hashes -r deploy/requirements.txt
	@$(pip) install --no-deps --no-build-isolation -e .
	@touch $@

.venv/tests: .venv/patchbay tests/requirements.txt
	@$(pip) install --require-hashes -r tests/requirements.txt
	@touch $@

playground: .venv/patchbay  ## the whole bot against a pretend Slack and cluster; ARGS="--no-browser --port 8080"
	@exec $(bin)/patchbay playground $(ARGS)

test: .venv/tests  ## everything that CI runs
	@$(MAKE) --no-print-directory quick
	$(bin)/python -m pytest -n 2 --dist loadfile -q $(ARGS)

check: test  ## the same, by the name that habit has

quick:
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/mypy
	$(bin)/lint-imports

fix: .venv/tests  ## format, and mend what ruff can mend
	$(bin)/ruff check --fix .
	$(bin)/ruff format .

bench: .venv/tests  ## ratios against a baseline in the same run
	$(bin)/python -m tests.bench $(ARGS)

docs: .venv/tests  ## write docs/commands.md from the commands, and the table of docs/ingress-to-gateway.md
	$(bin)/python -m tests.commands_page
	$(bin)/python -m tests.annotations_page

lock := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	--no-annotate --no-header --quiet

lock:  ## write the lock files anew (needs uv)
	$(lock) --group build pyproject.toml -o deploy/requirements.txt
	$(lock) --group build --group dev -c deploy/requirements.txt pyproject.toml -o tests/requirements.txt
