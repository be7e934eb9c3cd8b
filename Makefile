# Two commands: `make demo` runs the whole loop on a generated business, `make test` proves it.
# Needs Python 3.11 or later with venv, and make. Everything else is installed below .venv, by uv where it is there.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
TSUGI := $(BIN)/tsugi
DEMO_HOME ?= .tsugi/demo
DEMO_MADE = test -e $(DEMO_HOME)/.tsugi-demo || { echo "no demo was made at $(DEMO_HOME) yet: make demo" >&2; exit 1; }
ROUNDS ?= 3

.PHONY: help env demo serve ui test lint types contracts unit unit-services unit-others format properties reliability bench lock clean

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: $(INSTALLED) ## Make the environment below .venv

$(INSTALLED): requirements/all.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "tsugi needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Installing the locked packages into $(VENV) (about 1.2 GB on disk) ..."
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv --quiet --allow-existing --python "$(PYTHON)" $(VENV) && \
	  uv pip sync --quiet --python $(BIN)/python --require-hashes requirements/all.txt && \
	  uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable . ; \
	else \
	  "$(PYTHON)" -m venv $(VENV) && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/all.txt && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . ; \
	fi
	@touch $(INSTALLED)

demo: $(INSTALLED) ## Run the whole loop on a generated bank: events in, decisions, outcomes, a better model
	$(TSUGI) demo --home $(DEMO_HOME)

serve: $(INSTALLED) ## Serve decisions over HTTP from the demo's home
	@$(DEMO_MADE)
	$(TSUGI) serve --home $(DEMO_HOME) --workspace examples/bank

ui: $(INSTALLED) ## Open MLflow's pages on the demo's home
	@$(DEMO_MADE)
	$(BIN)/mlflow ui --backend-store-uri sqlite:///$(DEMO_HOME)/mlflow.db

test: lint types contracts unit ## Everything that must pass before a commit

lint: $(INSTALLED) ## Ruff: lint and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED) ## Mypy, strict, on the packages
	$(BIN)/mypy

contracts: $(INSTALLED) ## Who may import whom
	$(BIN)/lint-imports --no-cache

# Tests that mostly wait for services, and all others, side by side: half of the time on two cores.
SERVICES := $(addprefix tests/,contracts docs examples pipelines reliability serving)

unit: $(INSTALLED) ## Unit, law, contract, published and loop tests, and doctests: two halves at once
	@$(MAKE) --no-print-directory --jobs=2 unit-services unit-others

unit-services: $(INSTALLED)
	$(BIN)/pytest $(SERVICES)

unit-others: $(INSTALLED)
	$(BIN)/pytest $(addprefix --ignore=,$(SERVICES))

format: $(INSTALLED) ## Put the code into its format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

properties: $(INSTALLED) ## Property tests with examples drawn anew, until ROUNDS of them have passed
	@for round in $$(seq $(ROUNDS)); do $(BIN)/pytest -q -m hypothesis --hypothesis-profile=properties || exit 1; done

reliability: $(INSTALLED) ## The long fault tests
	$(BIN)/pytest -m reliability

bench: $(INSTALLED) ## Every figure of docs/benchmarks.md: JSON below benchmarks/results, and tables
	$(BIN)/python -m benchmarks

lock: ## Lock anew (needs uv): uv.lock and the exported, hashed requirement files; no lock names a package host
	sh requirements/lock.sh

clean: ## Remove the environment and every demo home
	rm -rf $(VENV) .tsugi
