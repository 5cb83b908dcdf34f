# make demo      everything from the embedded data to an HTML report
# make test      the fast tests
# make test-all  all tests, ruff and mypy
#
# Each creates .venv on its first call and is quick to start afterwards.

PYTHON ?= python3
EXTRAS ?= test,dev
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

export OMP_WAIT_POLICY ?= PASSIVE
export PIP_DISABLE_PIP_VERSION_CHECK ?= 1

.DEFAULT_GOAL := help
.PHONY: help demo test test-all lint clean

help:
	@sed -n 's/^# \{0,1\}//p;/^$$/q' Makefile

$(READY): pyproject.toml constraints.txt
	@echo "installing into $(VENV); the first time takes some minutes"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[$(EXTRAS)]'
	touch $@

demo: $(READY)
	$(BIN)/mobench reproduce demo
	@echo "open data/reports/demo-k20/report.html"

test: $(READY)
	$(BIN)/python -m pytest -n auto -m "not slow"

test-all: $(READY) lint
	$(BIN)/python -m pytest -n auto -m "not slow"
	$(BIN)/python -m pytest -m slow

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
