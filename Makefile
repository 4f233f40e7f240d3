# The whole life of this repository, one verb each. Continuous integration and pre-commit call the same verbs.
# `make PYTHON=/path/to/python3.12 setup` chooses an interpreter; without it the first of Python 3.11 or newer is taken.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WORKERS ?= 2
IS_NEW_ENOUGH := -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
FIND_PYTHON := for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	  $$python $(IS_NEW_ENOUGH) && { command -v $$python; break; }; done
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)

.PHONY: help setup run demo-outage test check e2e faults bench proto proto-baseline lock format clean

help:  ## Show these verbs.
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY)  ## Create .venv with everything locked and hashed; does nothing when it is ready.

# The stamp is as old as what it was made from: a changed lock or pyproject.toml makes it again.
$(READY): requirements/bootstrap.lock requirements/dev.lock pyproject.toml
	@$(BIN)/python $(IS_NEW_ENOUGH) || { \
	  python="$(PYTHON)"; test -n "$$python" || python="$$($(FIND_PYTHON))"; \
	  "$${python:-none}" $(IS_NEW_ENOUGH) \
	    || { echo "Tillstream needs Python 3.11 or newer: install one, or name it with 'make setup PYTHON=/path/to/python'." >&2; exit 1; }; \
	  rm -rf $(VENV); "$$python" -m venv $(VENV) \
	    || { rm -rf $(VENV); echo "$$python cannot make an environment: on Debian and Ubuntu install python3-venv first." >&2; exit 1; }; }
	@echo "Installing the locked parts into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.lock
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes requirements/dev.lock
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
	@echo "Ready: $(BIN)/edge-agent and $(BIN)/core-service."

run: setup  ## Start a core, a store's agent, a warehouse and demo tills; Ctrl-C stops all.
	@$(BIN)/python -m demo run $(ARGS)

demo-outage: setup  ## Cut the network between agent and core, tell what happens, and mend it.
	@$(BIN)/python -m demo outage $(ARGS)

test: setup  ## Run all tests but the fault injections and the soak.
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not faults and not soak" $(ARGS)

check: setup  ## Run every static check: contracts, types, lint, imports, smells, locks.
	@$(BIN)/python -m checks $(ARGS)

e2e: setup  ## Run the stories with real processes only.
	@$(BIN)/python -m pytest tests/end_to_end -m "not soak" $(ARGS)

faults: setup  ## Run the fault injections (Linux, root, strace, network namespaces).
	@$(BIN)/python -m pytest tests -m faults $(ARGS)

bench: setup  ## Measure this machine: accept latency, drain rate, memory, start-up.
	@$(BIN)/python -m bench $(ARGS)

proto: setup  ## Generate the Python stubs from the .proto files.
	@$(BIN)/python -m checks.stubs --write

proto-baseline: setup  ## At a release: what is on the wire now may never break again.
	@$(BIN)/buf build proto --exclude-source-info --output proto/baseline.binpb

lock: setup  ## Pin what pyproject.toml asks for, keeping present pins; UPGRADE=1 takes the newest.
	@$(COMPILE) --extra edge --extra core --extra dev pyproject.toml --output-file requirements/dev.lock
	@$(COMPILE) --extra edge --constraint requirements/dev.lock pyproject.toml --output-file requirements/edge.lock
	@$(COMPILE) --extra core --constraint requirements/dev.lock pyproject.toml --output-file requirements/core.lock
	@$(COMPILE) --constraint requirements/dev.lock requirements/bootstrap.in --output-file requirements/bootstrap.lock
	@$(BIN)/python -m checks.locks && echo "Locks are in step with pyproject.toml."

format: setup  ## Format the code and mend what the linter can mend.
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .

clean:  ## Remove .venv, caches and the demonstration's data.
	@rm -rf $(VENV) var dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
