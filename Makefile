# ClimbUp. `make run` serves the product with demo data, `make test` proves it; both set up what they need.
SHELL := /bin/sh
PORT ?= 5000
# The first Python that runs and is new enough: the plain one if it is, else a numbered one.
PYTHON ?= $(shell for p in python3 python3.12 python3.11 python3.13 python3.14; do \
  "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)
BIN := .venv/bin

.PHONY: help run test check fmt bench lock texts setup setup-dev clean
.DEFAULT_GOAL := help

help: ## This list
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | awk -F'\t' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: ## Make .venv with what running and testing need (run and test do it by themselves)
	@test -n "$(PYTHON)" || { echo "setup: Python 3.11 or newer is needed; none was found on PATH"; exit 1; }
	@"$(PYTHON)" ops/dev/setup.py run

setup-dev: setup ## The same with the checkers (check and fmt do it by themselves)
	@"$(PYTHON)" ops/dev/setup.py dev

run: setup ## Serve the product with demo data on http://127.0.0.1:5000 (PORT=…)
	@PORT="$(PORT)" $(BIN)/python -m backend.cli.serve

test: setup ## Run the whole test suite, in parallel, with branch coverage
	@$(BIN)/python -m pytest -n 2 --dist worksteal --cov=backend --cov-report=term --cov-fail-under=90 tests/

check: setup-dev ## Style, types, architecture, rule files, deployment files
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh ops/dev/check.sh

fmt: setup-dev ## Format and fix what can be fixed
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format --quiet .

bench: setup-dev ## Measure: rule engine, quotes and listing over HTTP (see bench/README.md)
	@$(BIN)/python -m bench

lock: setup-dev ## Pin requirements*.in again, with hashes, for Python 3.11 to 3.14
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh ops/dev/lock.sh

texts: setup ## Put new texts of mails into the catalogues, to be translated (see docs/mails.md)
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh ops/dev/texts.sh

clean: ## Remove .venv, caches and the embedded stores' data
	@rm -rf .venv var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
