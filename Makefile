# SPDX-License-Identifier: AGPL-3.0-or-later
# Everything is done through these targets; `make help` lists them.

VENV := .venv
PYTHON := $(VENV)/bin/python
STAMP := $(VENV)/.installed
JOBS ?= auto

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-optimized lint bench verifier vectors samples clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

setup: $(STAMP) ## install everything into .venv (with uv where it is installed, otherwise venv and pip)

$(STAMP): pyproject.toml
	@if command -v uv >/dev/null 2>&1; then uv venv --allow-existing -q $(VENV) && uv pip install -q -p $(VENV) -e '.[test]'; \
	else python3 -m venv $(VENV) && $(VENV)/bin/pip install -q --disable-pip-version-check -e '.[test]'; fi
	@touch $(STAMP)

demo: $(STAMP) ## run a whole election and verify it (DEMO='--voters 500 --out DIR' for more)
	$(VENV)/bin/veche demo $(DEMO)

test: $(STAMP) ## run all tests, then those of the verifier under python -O
	$(PYTHON) -m pytest -q -n $(JOBS) --dist loadgroup
	$(PYTHON) -O -m pytest -q -n $(JOBS) --dist loadgroup tests/verifier tests/tampering

lint: $(STAMP) ## style, types, import contracts
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

bench: $(STAMP) ## measure speed, size and memory as ratios; writes bench-results.json
	$(PYTHON) -m tests.bench

verifier: $(STAMP) ## build dist/veche-verify.pyz, byte for byte the same each time
	$(PYTHON) -m verifier.build_pyz dist/veche-verify.pyz

vectors: $(STAMP) ## make specs/vectors/*.json anew from their public seed
	$(PYTHON) -m tests.generate

samples: $(STAMP) ## make the sample records of specs/vectors/records anew
	$(PYTHON) -m tests.generate.records

clean: ## remove what was built
	rm -rf $(VENV) build dist veche-demo bench-results.json
