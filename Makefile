# Every target sets up what it needs: a fresh machine needs only Python 3.11 (or later), make and git.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
RUN_ARGS ?=

# A .venv that cannot be used, half made or of a Python that is gone, is made again.
ifneq ($(wildcard .venv),)
$(shell .venv/bin/python -c 'import pip' 2>/dev/null || rm -rf .venv)
endif

.PHONY: help setup run test check bench chaos lock clean

help:  ## Say what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

setup: .venv/.run-done  ## Make .venv from the locked requirements

run: .venv/.run-done  ## Run the whole gateway on this machine (make run RUN_ARGS="--port 8081")
	@exec $(BIN)/waspada run $(RUN_ARGS)

test: check browser pooler  ## Format, lint, types, imports, then all tests
	$(BIN)/pytest --numprocesses auto --maxprocesses 8 --dist loadfile $(TEST_ARGS)

check: .venv/.dev-done  ## Format, lint, types, imports, words
	$(BIN)/ruff format --check gateway tests
	$(BIN)/ruff check gateway tests
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest --quiet tests/architecture/test_english.py tests/architecture/test_glossary.py

bench: .venv/.dev-done  ## Measure the USSD path against a bare handler, and how fast the SMS queue drains
	$(BIN)/python -m tests.bench $(BENCH_ARGS)

chaos: .venv/.dev-done  ## Kill, stop and attack a gateway while residents use it, and check every promise (half an hour)
	@$(BIN)/python -m tests.faults.history --seeds 20 $(CHAOS_ARGS)
	@$(BIN)/python -m tests.faults.history.hostile

.PHONY: browser
browser: .venv/.dev-done
	@deploy/setup/browser.sh

.PHONY: pooler
pooler:
	@deploy/setup/pooler.sh

.venv/bin/python:
	@echo "1/3 Python environment: .venv, by $(PYTHON)"
	@deploy/setup/venv.sh $(PYTHON)

.venv/.run-done: requirements.txt pyproject.toml | .venv/bin/python
	@deploy/setup/packages.sh requirements.txt 2/3 "70 MB"
	@echo "3/3 Waspada itself"
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev-done: requirements-dev.txt .venv/.run-done
	@deploy/setup/packages.sh requirements-dev.txt "For the tests." "120 MB in all"
	@touch $@

lock: .venv/bin/python  ## Lock the newest allowed versions, with hashes (needs uv in .venv)
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra embedded --universal --generate-hashes --no-emit-index-url --custom-compile-command "make lock" --upgrade deploy/setup/build.in -o requirements.txt
	$(BIN)/uv pip compile pyproject.toml --extra dev --constraint requirements.txt --universal --generate-hashes --no-emit-index-url --custom-compile-command "make lock" --upgrade -o requirements-dev.txt

clean:  ## Remove the virtual environment and caches (the data in var/ stays)
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
