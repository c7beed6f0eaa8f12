# Everything a person types. State lies under .segue (or where SEGUE_HOME says); a second run
# skips what is done, and a run that was cut off continues.

STATE := $(if $(SEGUE_HOME),$(SEGUE_HOME),.segue)
BIN := $(STATE)/venv/bin
PYTHON := "$(BIN)/python"
SEGUE := $(PYTHON) -m orchestration.cli.main
SET_UP := "$$(command -v python3.11 || command -v python3 || echo python3)" -m orchestration.local.bootstrap
# Where tests find the real Label Studio.
FOR_TESTS := SEGUE_LABEL_STUDIO_VENV="$$(cd "$(STATE)" && pwd)/label-studio-venv"
SOURCES := services labeling_bridge orchestration models tests
# make test PYTEST_ARGS="-k timebase"
PYTEST_ARGS ?=
MARKS ?= not benchmark and not marathon

.DEFAULT_GOAL := help
.PHONY: help demo up test marathon lint bench clean set-up set-up-dev set-up-oracles

help: ## show this
	@echo "make demo [CLIPS=folder]  the whole path on real parts, with simulated people; DEMO_ONCE=1 stops at the end"
	@echo "make up                   start everything and keep it up until Ctrl-C"
	@echo "make test                 every test; PYTEST_ARGS='-k word' for some of them"
	@echo "make marathon             the long days on the whole stack that make test leaves out"
	@echo "make lint                 style, types, import rules, spelling"
	@echo "make bench                measure, and print the figures"
	@echo "make clean                remove what can be made again; DATA=1 also databases, videos and keys"

set-up:
	@$(SET_UP)

set-up-dev:
	@$(SET_UP) --dev

# sed_eval brings matplotlib, numba and more; only the benchmarks measure against it.
set-up-oracles: set-up-dev
	@$(PYTHON) -m pip show --quiet sed_eval 2>/dev/null || \
		$(PYTHON) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[oracles]'

demo: set-up
	@$(SEGUE) demo $(if $(CLIPS),--clips "$(CLIPS)") $(if $(filter-out 0 no false,$(DEMO_ONCE)),--once)

up: set-up
	@$(SEGUE) up

test: set-up-dev
	$(FOR_TESTS) $(PYTHON) -m pytest -m "$(MARKS)" $(PYTEST_ARGS)

marathon: set-up-dev
	$(FOR_TESTS) $(PYTHON) -m pytest -m marathon tests/e2e $(PYTEST_ARGS)

lint: set-up-dev
	"$(BIN)/ruff" check .
	"$(BIN)/ruff" format --check .
	$(PYTHON) -m mypy
	"$(BIN)/lint-imports"
	"$(BIN)/deptry" .
	"$(BIN)/codespell" $(SOURCES) README.md docs Makefile pyproject.toml

bench: set-up-oracles
	$(FOR_TESTS) $(PYTHON) -m pytest -m benchmark tests/benchmarks -s $(PYTEST_ARGS)

clean:
	@"$$(command -v python3.11 || command -v python3 || echo python3)" -m orchestration.local.setup.clean $(if $(filter-out 0 no false,$(DATA)),--data)
