# Everything works from a fresh clone with Python 3.11+, make and git; no environment to activate.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
DATA ?= data
export RATEWRIGHT_DATA_DIR ?= $(abspath $(DATA))
export DAGSTER_HOME := $(RATEWRIGHT_DATA_DIR)/dagster
export DO_NOT_TRACK := 1

.PHONY: help install install-dev run test check lint types sql architecture dependencies definitions dev docs pages levels lock clean bench-forecast bench-spine bench-landing bench-marts bench-rating prove-figures prove-forecast prove-hostile prove-job prove-kills prove-thin prove-truth

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1|/' | column -t -s '|'

$(VENV)/pyvenv.cfg:
	@echo "Making the environment in $(VENV) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Ratewright needs Python 3.11 or newer; say which with make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python cannot make an environment here; on Debian: apt-get install python3-venv"; rm -rf $(VENV); exit 1; }

$(UV): requirements/tools.lock | $(VENV)/pyvenv.cfg
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/tools.lock
	@touch $(UV)

# The test environment holds everything the run environment does, so it serves both. Modules are compiled once, here:
# where Python may not write what it compiles, dbt would compile its own for a second at every start.
$(VENV)/.run: requirements/run.lock pyproject.toml | $(UV)
	@if [ $(VENV)/.dev -nt requirements/dev.lock ] && [ $(VENV)/.dev -nt pyproject.toml ]; then :; else \
	  echo "Installing what a run needs (requirements/run.lock) ..."; \
	  rm -f $(VENV)/.dev; \
	  $(UV) pip sync --compile-bytecode --require-hashes --python $(BIN)/python requirements/run.lock && \
	  $(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable . && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/tools.lock ; fi
	@touch $@

$(VENV)/.dev: requirements/dev.lock pyproject.toml | $(UV)
	@echo "Installing what runs and tests need (requirements/dev.lock) ..."
	@$(UV) pip sync --compile-bytecode --require-hashes --python $(BIN)/python requirements/dev.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/tools.lock
	@touch $@ $(VENV)/.run

install: $(VENV)/.run ## Set up .venv, so that .venv/bin/ratewright works from any shell
	@echo "Installed. Try: $(BIN)/ratewright --help"

install-dev: $(VENV)/.dev

run: $(VENV)/.run ## Run the main job on a small simulated portfolio (2,000 vehicles, three years)
	@$(BIN)/ratewright run

test: $(VENV)/.dev ## Run every test
	@echo "Running the tests (a few minutes on 2 cores) ..."
	@$(BIN)/python -m pytest
	@echo "Tests passed. Next: make check for lint, types, SQL and architecture; make run for a first rate table."

check: lint types sql architecture dependencies definitions ## Lint, types, SQL, architecture, dependencies, definitions
	@echo "All checks hold."

lint: $(VENV)/.dev
	@echo "ruff ..."
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/.dev
	@echo "mypy, strict ..."
	@$(BIN)/mypy pipelines models_ml simulator

# The templater opens the warehouse: it lints against a scratch one.
sql: $(VENV)/.dev
	@echo "sqlfluff ..."
	@$(BIN)/sqlfluff lint --disable-progress-bar dbt_project/models dbt_project/tests

architecture: $(VENV)/.dev
	@echo "import-linter ..."
	@$(BIN)/lint-imports --no-cache

dependencies: $(VENV)/.dev
	@echo "deptry ..."
	@$(BIN)/deptry .

definitions: $(VENV)/.dev
	@echo "dagster definitions validate ..."
	@$(BIN)/python -m pipelines.instance
	@$(BIN)/dagster definitions validate

dev: $(VENV)/.run ## Look at a finished run in Dagster's pages (http://127.0.0.1:3000)
	@$(BIN)/python -m pipelines.instance
	@[ -d $(RATEWRIGHT_DATA_DIR)/serving ] || $(MAKE) --no-print-directory run
	@echo "Dagster: http://127.0.0.1:3000 (Ctrl-C ends it)"
	@PATH="$(abspath $(BIN)):$$PATH" $(BIN)/dagster dev --host 127.0.0.1 --port 3000

docs: $(VENV)/.run ## Build the dbt documentation into dbt_project/target
	@cd dbt_project && ../$(BIN)/dbt docs generate --profiles-dir . --empty-catalog && echo "Open dbt_project/target/index.html"

lock: | $(UV) ## Resolve the lock files anew
	@$(UV) pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11 --group dev --group build pyproject.toml -o requirements/dev.lock
	@$(UV) pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11 --group build -c requirements/dev.lock pyproject.toml -o requirements/run.lock
	@echo 'uv' | $(UV) pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11 - -o requirements/tools.lock

clean: ## Remove the environment and caches; data/ stays
	@rm -rf $(VENV) dbt_project/target dbt_project/logs .pytest_cache .mypy_cache .ruff_cache

pages: $(VENV)/.dev ## Write the pages that are made from code (contracts, marts)
	@$(BIN)/python -m pipelines.landing.contracts.page > docs/reference/contracts.md
	@$(BIN)/python -m pipelines.warehouse.dictionary > docs/reference/marts.md

levels: $(VENV)/.dev ## Hold the simulated portfolio to published levels, with plots (docs/explanation/portfolio.md)
	@$(BIN)/python -m benchmarks.levels

prove-kills: $(VENV)/.dev ## Kill landings, publications and whole jobs at KILLS=20 random moments, and finish them each time
	@RATEWRIGHT_KILLS=$(or $(KILLS),20) $(BIN)/python -m pytest tests/faults

prove-figures: $(VENV)/.dev ## Hold every place that shows a cover's claims and cost to the marts, on pg17 too
	@RATEWRIGHT_PROOFS=1 $(BIN)/python -m pytest tests/pipeline/test_figures_agree.py

prove-hostile: $(VENV)/.dev ## Attack MAPPINGS=20000, FILES=20000 and COMMANDS=2000 with what nobody would send on purpose
	@MAPPINGS=$(MAPPINGS) FILES=$(FILES) COMMANDS=$(COMMANDS) SEED=$(SEED) $(BIN)/python -m benchmarks.hostile

prove-thin: $(VENV)/.dev ## Forecast SIZES=50 x SEEDS=20 books of 50 to 2,000 vehicles, each to a table or named reasons
	@SIZES=$(SIZES) SEEDS=$(SEEDS) $(BIN)/python -m benchmarks.thin_books

bench-landing: $(VENV)/.dev ## Land a simulated brand of VEHICLES=5000 beside a DuckDB COPY of its trips
	@VEHICLES=$(or $(VEHICLES),5000) $(BIN)/python -m benchmarks.landing

bench-marts: $(VENV)/.dev ## Build the marts of VEHICLES=5000 beside one hand-tuned DuckDB script
	@VEHICLES=$(or $(VEHICLES),5000) $(BIN)/python -m benchmarks.marts

prove-job: $(VENV)/.dev ## Run the whole job, dbt's tests included, on simulated brands: VEHICLES=2000 SEEDS=1-20, or all of them
	@VEHICLES=$(VEHICLES) SEEDS=$(SEEDS) REPEATS=$(REPEATS) $(BIN)/python -m benchmarks.job

prove-truth: $(VENV)/.dev ## Hold the marts to the known truth of VEHICLES=20000 simulated cars
	@VEHICLES=$(or $(VEHICLES),20000) $(BIN)/python -m benchmarks.truth

bench-forecast: $(VENV)/.dev ## Hold the forecast to what was published on freMTPL2 (DATA=DIR, LEARN=COLUMN judge another split)
	@DATA=$(if $(filter command line environment,$(origin DATA)),$(DATA)) LEARN=$(LEARN) $(BIN)/python -m benchmarks.forecast

prove-forecast: $(VENV)/.dev ## Hold the forecast of VEHICLES=5000 simulated cars to the known cost of their fourth year
	@VEHICLES=$(or $(VEHICLES),5000) SEED=$(or $(SEED),1) $(BIN)/python -m benchmarks.fourth_year

bench-rating: $(VENV)/.dev ## Rate a million contracts and trace ten thousand; VEHICLES=5000 also judges the prices of a simulated brand
	@$(BIN)/python -m benchmarks.rating

bench-spine: $(VENV)/.dev ## Run the job on real public portfolios (RATEWRIGHT_BENCH_DATA)
	@$(BIN)/python -m benchmarks.spine
