# Every target sets up what it needs; the first run in a fresh clone takes longer.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
READY := .venv/.ready
JOBS ?= 2
RESOURCE_SCHEMA := provider/recoverable_secrets/cloudformation.json
SOAKED := tests/races tests/model tests/interruptions tests/fuzz tests/cli/test_killed_commands.py \
	tests/cli/test_killed_alarm.py tests/cli/test_scale_pending.py tests/protocol/test_many_events.py \
	tests/stacks/test_killed_functions.py tests/e2e/test_after_a_crash.py \
	tests/e2e/test_killed_on_the_engine.py tests/e2e/test_scale.py

.PHONY: help demo test soak mutants check audit format schema pictures lambda live-aws bench clean

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with venv is needed: install one, or say PYTHON=..."; exit 1; }
	@echo "Setting up .venv with $(PYTHON), about a minute, once ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@

demo: $(READY) ## Tell the story on an embedded emulator: create, destroy, restore
	@$(BIN)/python -m tools.demo

test: $(READY) ## Run all tests, the real Pulumi engine's included
	@$(BIN)/python -m tools.pulumi_cli >/dev/null
	@$(BIN)/python -m tools.ministack >/dev/null
	@PYTHONPATH=tests $(BIN)/python -m e2e.pythons
	@rm -f .coverage .coverage.*
	@$(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal --cov --cov-report= $(ARGS)
	@$(BIN)/python -m tools.coverage_gate

soak: $(READY) ## Try for hours to break the promises: all races, faults, kills, inputs (SOAK=40)
	@RECOVERABLE_SECRETS_SOAK=$(or $(SOAK),40) $(BIN)/python -m pytest -q -n $(JOBS) \
		--dist worksteal --timeout 7200 $(or $(ONLY),$(SOAKED))

mutants: $(READY) ## Change the core and the engine in thousands of ways; tell what no test notices
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt mutmut==3.8.1
	@$(BIN)/python -m tools.mutation run --children $(JOBS) --only '$(ONLY)'

check: $(READY) ## Run all checks that need no engine: lint, types, contracts, drift
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/interrogate -q provider lambda_handler
	@$(BIN)/python -m recoverable_secrets.schema pulumi | cmp - schema.json
	@$(BIN)/python -m recoverable_secrets.schema reference | cmp - docs/reference.md
	@$(BIN)/python -m recoverable_secrets.schema cloudformation | cmp - $(RESOURCE_SCHEMA)
	@$(BIN)/python -m recoverable_secrets.cli.reports | cmp - docs/cli.schema.json
	@$(BIN)/python -m recoverable_secrets.cli.page | cmp - docs/commands.md

audit: $(READY) ## Ask for known weaknesses of all that is pinned (needs the advisories' service)
	@$(PYTHON) -m venv .venv/audit
	@.venv/audit/bin/python -m pip install -q --disable-pip-version-check pip-audit
	@.venv/audit/bin/pip-audit --strict --no-deps --disable-pip -r constraints.txt

format: $(READY) ## Format the code and mend what can be mended
	@$(BIN)/ruff check --fix-only -q .
	@$(BIN)/ruff format -q .

schema: $(READY) ## Generate the schemas and docs/reference.md from the model
	@$(BIN)/python -m recoverable_secrets.schema pulumi > schema.json
	@$(BIN)/python -m recoverable_secrets.schema reference > docs/reference.md
	@$(BIN)/python -m recoverable_secrets.schema cloudformation > $(RESOURCE_SCHEMA)
	@$(BIN)/python -m recoverable_secrets.cli.reports > docs/cli.schema.json
	@$(BIN)/python -m recoverable_secrets.cli.page > docs/commands.md

pictures: $(READY) ## Make the pictures of docs/pictures, of real runs of the command
	@$(BIN)/python -m tools.pictures

lambda: $(READY) ## Build the zip files for Lambda in dist/, the same bytes each time
	@$(BIN)/python -m tools.bundle

live-aws: $(READY) ## Check the emulator's rows against real AWS (costs cents; asks first)
	@$(BIN)/python -m tools.live_aws

bench: $(READY) ## Count the calls of each operation; measure the function, cold and warm
	@$(BIN)/python bench/calls.py
	@$(BIN)/python bench/cold_start.py
	@$(BIN)/python bench/warm.py

clean: ## Remove what the targets made in this folder
	@rm -rf .venv .coverage .coverage.* build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
