# Everything runs in an environment of its own, made at the first call and kept: a second run is quick.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Dozens of processes are started; each would compile every library anew where this is set.
export PYTHONDONTWRITEBYTECODE :=
# Every commit of a store waits for the disk. The tests' stores live in memory where there is room for them.
FREE := $(lastword $(shell df --output=avail /dev/shm 2>/dev/null))
export PYTEST_DEBUG_TEMPROOT := $(shell [ "$(FREE)" -gt 4000000 ] 2>/dev/null && echo /dev/shm)

.PHONY: demo test lint bench truth campaign picture clean

demo: $(READY)
	$(BIN)/cherrylane demo

test: lint
	$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder --cov --cov-report=term:skip-covered
	@echo "All checks passed."

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)
	$(BIN)/python -m tests.bench

# half an hour: sixty times three weeks, whose small frames want no second thread
truth: $(READY)
	POLARS_MAX_THREADS=1 $(BIN)/python -m tests.bench truth

campaign: $(READY)
	$(BIN)/python -m pytest -m campaign -s

# of a demo that runs: the README shows it
picture: $(READY)
	$(BIN)/python -m tests.browser.picture

clean:
	rm -rf $(VENV) var

# uv reads the lock far quicker than pip; pip alone would do as well.
$(READY): requirements.lock pyproject.toml
	test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV) || .ci/venv $(PYTHON) $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --compile-bytecode --requirement requirements.lock
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps --editable .
	touch $(READY)
