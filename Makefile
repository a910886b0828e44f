# `make help` lists what there is. Everything lands in .venv, .venv-webui and .run; `make clean` removes it.

SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
# Tests wait for servers much of the time: one process more than there are cores.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
# With the bytecode that the run before left, wherever Python is told to keep none: tests are read in half the time.
PYTEST := env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest --durations=10
SPREAD := -n $(WORKERS) --dist worksteal
THOROUGH := --hypothesis-profile=thorough $(if $(filter all,$(KILLS)),--every-kill)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup setup-dev setup-bench setup-webui setup-npm up serve proxy test test-all slow-test browser-test screenshots check check-compose format generate bundle lock clean

help: ## what can be done here
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

setup: ## .venv: the Pipelines server and the filter
	@$(PYTHON) -m scripts.install pipelines

setup-dev: setup ## the tools of tests and checks, into .venv too
	@$(PYTHON) -m scripts.install dev

setup-bench: setup-dev ## what only some of bench/ need, PyTorch too (some GB), into .venv too
	$(BIN)/pip install -r requirements/bench.in

setup-webui: ## .venv-webui: Open WebUI
	@$(PYTHON) -m scripts.install webui

up: setup setup-webui ## Open WebUI and the filter, wired together; Ctrl-C stops both
	@$(BIN)/python -m scripts.up

serve: setup ## only the Pipelines server with the filter (PORT, PIPELINES_API_KEY, MEMORY_...; DEMO=1 adds the demo model)
	@exec $(BIN)/python -m scripts.serve

proxy: setup ## the proxy alone, on port 9098 (PORT, PIPELINES_API_KEY, MEMORY_UPSTREAMS, MEMORY_...): docs/proxy.md
	@exec $(BIN)/python -m scripts.proxy

test: setup-dev ## unit tests and some of the real server, in WORKERS processes: some minutes
	$(PYTEST) $(SPREAD) -m "not slow" tests/unit tests/server

setup-npm: # what tests need of npm, with a Node.js of their own, into .run
	@$(PYTHON) -m scripts.install node
	@$(PYTHON) -m scripts.npm

slow-test: setup-dev setup-npm ## the slow tests, and more of what is random (KILLS=all: a kill at every step, not at a sample)
	$(PYTEST) $(SPREAD) $(THOROUGH) -m "slow or hypothesis" tests/unit tests/server

test-all: setup-dev setup-npm ## both in one run
	$(PYTEST) $(SPREAD) $(THOROUGH) tests/unit tests/server

browser-test: setup-dev setup-webui ## the whole house in Chromium (QUICK=1: without its one slow test)
	@scripts/debian-package chromium chromium
	$(PYTEST) $(if $(QUICK),-m "not slow") tests/browser

screenshots: setup-dev setup-webui ## take docs/images/*.png anew
	@scripts/debian-package chromium chromium
	UPDATE_SCREENSHOTS=1 $(PYTEST) tests/browser

check: setup-dev check-compose ## formatting, lint, types, rooms, drift of generated files, compose file, Kubernetes manifests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy -p owui_memory
	PYTHONPATH=pipelines $(BIN)/lint-imports --no-cache
	$(BIN)/python scripts/generate.py --check
	$(BIN)/python -m scripts.manifests

check-compose:
	@scripts/check-compose

format: setup-dev ## format, and fix what ruff can fix
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

generate: setup ## write the generated files anew
	$(BIN)/python scripts/generate.py

bundle: setup ## single_file/memory_filter.py: the filter in one file, for upload (also part of generate)
	$(BIN)/python -m scripts.bundle

lock: ## requirements/*.in -> requirements/*.lock (UPGRADE=1 moves every pin to the newest)
	@$(PYTHON) -m scripts.install uv
	@for name in pipelines dev webui; do \
	  echo "requirements/$$name.lock"; \
	  .run/uv/bin/uv pip compile requirements/$$name.in -o requirements/$$name.lock \
	    --quiet --no-config --universal --fork-strategy fewest --python-version 3.11 --no-annotate \
	    $$(test -f requirements/$$name.excludes && echo --excludes requirements/$$name.excludes) \
	    $$(test -f requirements/$$name.overrides && echo --overrides requirements/$$name.overrides) \
	    --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade) || exit 1; \
	done

clean: ## remove the environments and all that `make up` has stored, memories too
	rm -rf .venv .venv-webui .run .pytest_cache .mypy_cache .ruff_cache .hypothesis
