# Everything starts here: a clean clone, a Python of 3.11 or newer with venv, and make.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
SHELL := /bin/sh

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" pyproject.toml
# Of a group alone, without what the distribution itself needs.
LOCK_ALONE := $(subst pyproject.toml,,$(LOCK))
TESTS ?= tests
# PYTHON=/path/to/python3 chooses what .venv is made with; left out, one is looked for.
export PYTHON

# Where the provider of Terraform stands that stands in for those that no registry of packages has.
STAND_IN := tests/terraform/provider

# What is installed is what these stamps say: a second run does nothing.
READY := $(VENV)/.ready
TOOLS := $(VENV)/.tools

$(READY): pyproject.toml requirements/test.txt .ci/venv
	@.ci/venv $(VENV) requirements/test.txt
	@$(PIP) install -qq --no-deps --no-build-isolation --editable .
	@touch $@

$(TOOLS): $(READY) requirements/dev.txt
	@.ci/venv $(VENV) requirements/dev.txt
	@touch $@

.PHONY: help
help: ## list what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(READY) ## make .venv with everything that runs and tests need

.PHONY: demo
demo: $(READY) ## the real job against clouds on loopback
	@$(BIN)/cloudsync demo

.PHONY: test
test: $(READY) ## every test (TESTS=tests/unit for a part)
	@$(BIN)/pytest -n 2 --dist worksteal $(TESTS)

.PHONY: screens
screens: $(READY) ## the pictures of the page in docs/screens, anew
	@$(BIN)/python -m tests.web.screens

.PHONY: bench
bench: $(READY) ## what a sweep, a change and a proof cost, as ratios of one run
	@$(BIN)/python -m bench

.PHONY: check
check: lint types contracts wheel ## exactly what CI runs: everything below, each test once

.PHONY: lint
lint: $(TOOLS) ## ruff: rules and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

.PHONY: types
types: $(TOOLS) ## mypy and pyright, both strict
	$(BIN)/mypy
	PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/pyright --warnings

.PHONY: contracts
contracts: $(TOOLS) ## who may import whom
	$(BIN)/lint-imports --no-logo

# What covers the core to its last branch: its own tests. Tracing the rest would double its time.
COVERING := tests/unit tests/alert/test_letters.py tests/preflight tests/export/test_core.py tests/export/test_formats.py

.PHONY: wheel
wheel: $(TOOLS) ## every test against the built wheel, and the core's coverage
	$(BIN)/python -m tests.wheel -n 2 --dist worksteal --cov --cov-report term $(COVERING)
	$(BIN)/python -m tests.wheel -n 2 --dist worksteal $(addprefix --ignore=,$(COVERING))

.PHONY: pythons
pythons: $(TOOLS) ## every test against the built wheel on each other Python found here
	@failed=0; for python in $$(.ci/pythons); do \
		echo "== $$python"; \
		$(BIN)/python -m tests.wheel --python $$python -n 2 --dist worksteal || failed=1; \
	done; exit $$failed

.PHONY: image
image: ## build the container's image without an engine, and run what it made (as root; minutes)
	@.ci/image

N ?= 20000

.PHONY: fire
fire: $(READY) ## as many simulated schedules as told (N=20000, SEED=…), then 10,000 worlds a cloud
	@$(BIN)/python -m tests.simulator --workers 2 --schedules $(N) $(if $(SEED),--seed $(SEED))
	@FIRE=50 $(BIN)/pytest -q -n 2 tests/providers/*/test_oracle.py
	@FIRE=60 $(BIN)/pytest -q -n 2 tests/contract

.PHONY: terraform
terraform: $(READY) ## what is Terraform's with the real one, the long tests too
	@.ci/terraform
	@TERRAFORM=all $(BIN)/pytest -q tests/terraform tests/deploy/test_terraform.py

.PHONY: endure
endure: $(READY) ## five days of a scheduled worker on a played clock, with faults: memory stays flat
	@$(BIN)/python -m tests.endurance

KILLS ?= 20

.PHONY: shards
shards: $(READY) ## a run of four processes, one of them killed, KILLS=20 times: nothing is lost
	@$(BIN)/python -m tests.shards --kills $(KILLS)

CLOUD ?= azure

.PHONY: live
live: $(READY) ## ask a real cloud what its documents leave open (CLOUD=azure ACCOUNT=… YES=1; docs/live.md)
	@$(BIN)/python -m tests.live $(CLOUD) $(if $(ACCOUNT),--account $(ACCOUNT),--dry-run) \
		$(if $(YES),--yes) $(if $(OUT),--out $(OUT))

.PHONY: bugs
bugs: $(READY) ## plant every known mistake in a copy of the tree, and catch it
	@$(BIN)/python -m tests.bugs

.PHONY: mutants
mutants: $(READY) ## change the core in small ways and see the tests fail (MODULES=vetting.guard for a part)
	@$(BIN)/python -m tests.mutants $(MODULES)

.PHONY: format
format: $(TOOLS) ## put the sources into the one format
	@$(BIN)/ruff check --fix --quiet; $(BIN)/ruff format

.PHONY: lock
lock: $(TOOLS) ## resolve pyproject.toml anew into requirements/
	$(LOCK) --upgrade --extra all --extra sandbox --group dev --output-file requirements/dev.txt
	$(LOCK) --constraint requirements/dev.txt --extra all --extra sandbox --group test \
		--output-file requirements/test.txt
	$(LOCK) --constraint requirements/dev.txt --extra all --output-file requirements/run.txt
	$(LOCK_ALONE) --constraint requirements/dev.txt --group build --output-file requirements/build.txt
	$(subst pyproject.toml,$(STAND_IN)/requirements.in,$(LOCK)) --upgrade \
		--output-file $(STAND_IN)/requirements.txt

.PHONY: clean
clean: ## remove what make made
	rm -rf $(VENV) .wheel dist .coverage .coverage.* .hypothesis .*_cache
