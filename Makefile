# What a person needs to build, try and check HydraX. `make help` lists it.
PYTHON ?= python3
VENV := .venv
FUZZ := .fuzz
SCHEMATHESIS := .schemathesis
AXE := 4.14.1
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SOURCES := $(shell find hydractl daemon -name '*.py' -o -name '*.tcss' -o -name '*.hxtk' -o -name '*.service' -o -path '*/hud/static/*' -type f -o -name '*.conf' 2>/dev/null) $(wildcard man/*.[1-9]) pyproject.toml constraints.txt
SEEDS ?= 200
SECONDS ?= 60
WORKERS ?= 2
T ?= tests
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo run test quick check sim fuzz golden-link man bench bench-setup conformance conformance-short browser-setup shots wheel clean codes api-tools

help:            ## this list
	@sed -n 's/^\([a-z-]*\): *[^#]*## */\1\t/p' $(MAKEFILE_LIST) | awk -F'\t' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(STAMP)  ## a virtual environment in .venv with the wheel and the tools

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("HydraX needs Python 3.11 or newer, not " + sys.version.split()[0]) if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.tools: $(VENV)/bin/python constraints.txt pyproject.toml
	$(BIN)/pip install -q --upgrade 'pip>=25.1' -c constraints.txt
	$(BIN)/pip install -q -c constraints.txt --group dev hatchling apscheduler apsw msgspec numpy prometheus-client python-telegram-bot pyzmq rich segno starlette textual tomli-w typer tzdata uvicorn
	touch $@

$(STAMP): $(VENV)/.tools $(SOURCES)
	$(BIN)/pip install -q --no-deps --no-build-isolation --force-reinstall .
	touch $@

demo: setup      ## the whole pipeline on a recorded day: ticks, missions, fires, fills, closes
	@$(BIN)/hydractl demo

run: setup       ## the daemon of your home, in the foreground
	$(BIN)/hydrad run

test: setup      ## all tests, against the installed wheel
	$(BIN)/pytest -q -n $(WORKERS) --dist loadgroup

quick:           ## tests from the tree: make quick T=tests/toc
	PYTHONPATH=$(CURDIR):$(CURDIR)/daemon $(BIN)/pytest -q $(T) --deselect tests/packaging

check: setup     ## lint, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=$(CURDIR):$(CURDIR)/daemon $(BIN)/lint-imports

sim: setup       ## the seeded simulator: SEEDS=300
	$(BIN)/hydrad drill --ring R1 --seeds $(SEEDS)
	$(BIN)/hydrad drill --ring R3 --seeds $$(($(SEEDS) * 5))

man:             ## the manual pages, from their templates and the tables of the code
	PYTHONPATH=$(CURDIR):$(CURDIR)/daemon $(BIN)/python man/make.py

bench: setup     ## figures, each beside its peer or limit, in one run
	for name in journal fire status verbs memory scale hud alert tui; do $(BIN)/python bench/$$name.py || exit 1; done

bench-setup:     ## peers of the benches, in an environment of their own
	$(PYTHON) -m venv bench/.peers
	bench/.peers/bin/pip install -q 'setuptools<81' supervisor aiohttp sse-starlette uvicorn
	! command -v apt-get >/dev/null || (cd bench/.peers && apt-get download -qq btop htop libnl-3-200 libnl-genl-3-200 && \
		for package in *.deb; do dpkg -x $$package .; done)

browser-setup:   ## what the tests of the HUD's pages need beside chromium: axe-core, from npm
	npm install --prefix . --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --silent axe-core@$(AXE)

shots: setup     ## pictures in docs/shots: the HUD's pages on a phone and on a desktop, the TUI's screens in two sizes
	$(BIN)/python tests/hud/browser/shots.py docs/shots
	$(BIN)/python tests/tui/shots.py docs/shots

conformance: setup ## the MetaTrader5 module: the official wheel's tables, and public clients run unchanged (needs PyPI)
	$(BIN)/python tests/conformance/official_wheel.py "$$($(BIN)/hydra-terminal sim --path)"
	$(BIN)/python tests/conformance/run.py $(BIN)/hydra-terminal $(C)

conformance-short: # what the gate runs of it: the wheel's tables and one client
	$(MAKE) conformance C=mt5py

bench-%: setup
	$(BIN)/python bench/$*.py

fuzz: setup      ## every protocol's both ends under atheris: SECONDS=600
	test -x $(FUZZ)/bin/python || $(PYTHON) -m venv $(FUZZ)
	$(FUZZ)/bin/pip install -q -c constraints.txt atheris
	PYTHONPATH=$(CURDIR):$(CURDIR)/daemon:$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))') \
		$(FUZZ)/bin/python tests/fuzz/run.py --seconds $(SECONDS)

api-tools:       ## schemathesis, for the test of the HUD's API, in an environment of its own
	test -x $(SCHEMATHESIS)/bin/python || $(PYTHON) -m venv $(SCHEMATHESIS)
	$(SCHEMATHESIS)/bin/pip install -q 'schemathesis>=4.32,<5'

golden-link: setup ## the link's golden frames and their place on docs/link.md, after a frame has grown
	HYDRA_GOLDEN=write PYTHONPATH=$(CURDIR):$(CURDIR)/daemon $(BIN)/pytest -q -n 0 tests/link

codes: setup     ## docs/codes.md, from the code
	$(BIN)/hydrad codes > docs/codes.md

wheel: setup     ## the wheel, in dist/
	$(BIN)/pip wheel -q --no-deps --no-build-isolation -w dist .

clean:           ## remove what was built
	rm -rf $(VENV) $(FUZZ) $(SCHEMATHESIS) .conformance dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
