# Two commands do all the set-up: `make scan DIR=~/Pictures` and `make test`.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
DIR    ?=

.PHONY: scan test lint check clean help

help:
	@echo "make scan DIR=~/Pictures   score the photos of a folder and show what albumclean would propose (moves nothing)"
	@echo "make test                  run the tests"
	@echo "make lint                  lint, types and import rules"
	@echo "make check                 test and lint, as .ci/run does"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "albumclean needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "On Debian and Ubuntu: sudo apt install python3-venv"; rm -rf $(VENV); exit 1; }

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	@echo "Setting up albumclean in $(VENV) (once; PyTorch is a large download)…"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(BIN)/python
	@echo "Setting up albumclean and its test tools in $(VENV) (once; PyTorch is a large download)…"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/.installed

scan: $(VENV)/.installed
	@test -n "$(DIR)" || { echo "Say which folder: make scan DIR=~/Pictures"; exit 2; }
	@$(BIN)/albumclean scan "$(DIR)" || test $$? -eq 1 # 1: some photos could not be read, and were named
	@$(BIN)/albumclean propose "$(DIR)"

test: $(VENV)/.installed-dev
	@.ci/test-tools $(BIN)/python
	@$(BIN)/python -m pytest -n logical --dist loadfile # one process per core; a file's tests share what they made

lint: $(VENV)/.installed-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

check: test lint

clean:
	rm -rf $(VENV)
