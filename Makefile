# What a new machine needs: Python >= 3.11, git, make. `make` lists the targets.

VERSIONS := python3.14 python3.13 python3.12 python3.11 python3 python
SUITABLE := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
ifndef PYTHON
PYTHON   := $(firstword $(foreach name,$(VERSIONS),$(shell $(name) -c '$(SUITABLE)' 2>/dev/null && echo $(name))))
endif

DEMO     := .venv
TEST     := .venv-test
INPUTS   := pyproject.toml hatch_build.py
BIN       = $(TEST)/bin
PYTEST    = $(BIN)/python -m pytest
# One more than cores: a test waits for processes, servers and disks a quarter of its time.
WORKERS  ?= $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) + 1 )))

.DEFAULT_GOAL := help
.PHONY: help demo test lint matrix examples docs bench python clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(DEMO)/.installed ## create a project from the shipped sample in demo/, run it, show what came out
	@$(DEMO)/bin/python scripts/demo.py demo

test: lint ## everything that CI asks for: lint, types, fast tests, then the slow ones and the package
	$(PYTEST) -n $(WORKERS) -m "not package and not matrix and not slow"
	$(PYTEST) -n $(WORKERS) --dist loadgroup -m "(slow or package) and not matrix"

lint: $(TEST)/.installed ## ruff, black, mypy
	$(BIN)/ruff check .
	$(BIN)/black --check --quiet .
	$(BIN)/mypy

matrix: $(TEST)/.installed ## render and prove the combinations three-wise; prints counts and failures
	$(PYTEST) -n $(WORKERS) --dist loadgroup -m matrix

examples: $(TEST)/.installed ## render examples/ again
	$(BIN)/python scripts/render_examples.py

docs: $(TEST)/.installed ## build the documentation site in build/docs/site; a dead link fails
	$(BIN)/python -m scripts.docs.build

bench: $(TEST)/.installed ## measure against peers; prints ratios
	$(BIN)/python benchmarks/run.py

$(DEMO)/.installed: $(INPUTS) | python
	$(PYTHON) -m venv $(DEMO)
	$(DEMO)/bin/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(TEST)/.installed: $(INPUTS) | python
	$(PYTHON) -m venv $(TEST)
	$(TEST)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

python:
	@test -n "$(PYTHON)" || { echo "scaffold needs Python 3.11 or newer with venv, and none of these is one: $(VERSIONS)."; \
	  echo "Install one, or name it: make PYTHON=/path/to/python3.12 ..."; exit 3; }
	@$(PYTHON) -c '$(SUITABLE)' || { echo "$(PYTHON) is older than Python 3.11, or has no venv."; exit 3; }

clean: ## remove the environments, demo/ and caches
	rm -rf $(DEMO) $(TEST) demo dist build .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis
