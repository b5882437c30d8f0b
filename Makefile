# What one does with a checkout. It needs Python 3.11 or later with its venv module, git and make; everything else goes into .venv.

# The libraries send usage figures home unless they are told not to.
export GX_ANALYTICS_ENABLED := false
export DO_NOT_TRACK := 1
export PREFECT_SERVER_ANALYTICS_ENABLED := false

# uv takes the interpreter of .venv and no other, whatever environment the shell stands in.
export UV_PYTHON_DOWNLOADS := never
export UV_PROJECT_ENVIRONMENT := .venv
unexport VIRTUAL_ENV PYTHONHOME PYTHONPATH

# The newest Python that will do; `make setup PYTHON=/path/to/python3` takes a particular one.
SUITS := import sys; sys.version_info >= (3, 11) or sys.exit(1); import ensurepip, venv
PYTHON ?= $(firstword $(foreach python,python3.14 python3.13 python3.12 python3.11 python3,\
	$(shell $(python) -c '$(SUITS)' 2>/dev/null && echo $(python))))
UV := $(shell sed -n 's/^ *"\(uv==[^"]*\)".*/\1/p' pyproject.toml)

.PHONY: help setup demo serve test soak soak-files soak-kills soak-settings bench bench-protect check wheelhouse clean
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

help:
	@echo 'make demo    make a sample of invented staff, run it through, say where the results lie'
	@echo 'make serve   run by itself: a Prefect server and worker on this machine, with the deployments of prefect.yaml'
	@echo 'make test    run the tests'
	@echo 'make soak    all three of these, from a new SEED: two hours or more'
	@echo 'make soak-files     fuzz with FILES=30000 damaged files'
	@echo 'make soak-kills     kill at every point, and at KILLS=300 random moments'
	@echo 'make soak-settings  run under every setting of a machine'
	@echo 'make bench   time validation beside a bare pass of the database, on 1.5 million rows: some minutes'
	@echo 'make bench-protect   round the cells of 10, 30, 100 and 220 organisations and attack them: some minutes'
	@echo 'make check   run the linters and the type checker: ruff, mypy, sqlfluff'
	@echo 'make wheelhouse   pack offline bundles for PLATFORMS="linux windows" and PYTHONS="3.11 …" into dist: some minutes'
	@echo 'make setup   make or renew .venv; the others do it where it is needed'
	@echo 'make clean   remove .venv and the caches; the data folder stays as it is'

setup: .venv/.ready

.venv/.ready: uv.lock pyproject.toml
	@'$(PYTHON)' -c '$(SUITS)' 2>/dev/null || { \
	  echo 'Workforce EDI needs Python 3.11 or later with its venv module; $(or $(PYTHON),no python3 found here) is not that.'; \
	  echo 'Debian 12 or later, Ubuntu 24.04 or later: sudo apt-get install python3-venv. Elsewhere: make setup PYTHON=/path/to/python3'; \
	  exit 1; } >&2
	@echo "Setting up .venv with $$('$(PYTHON)' -V) and the packages of uv.lock; the first time takes a minute or more."
	@rm -f $@
	@.venv/bin/python -c 'import pip' 2>/dev/null || '$(PYTHON)' -m venv --clear .venv
	@.venv/bin/python -m pip install -qq --disable-pip-version-check '$(UV)'
	@.venv/bin/uv sync --quiet --locked --compile-bytecode
	@touch $@

demo: .venv/.ready
	@.venv/bin/edi demo

# Ctrl-C stops it. docs/operations.md tells how it runs as a service, and without make.
serve: .venv/.ready
	@.venv/bin/edi serve

# On every core. One test at a time, which a debugger wants: .venv/bin/pytest
test: .venv/.ready
	@.venv/bin/pytest -n auto --dist worksteal

# A failure names what it took by its number, and `make soak SEED=...` takes the same again. A part of it: `make soak-kills`.
FILES ?= 30000
KILLS ?= 300
soak: soak-files soak-kills soak-settings
soak-files soak-kills: SEED := $(or $(SEED),$(shell od -An -N4 -tu4 /dev/urandom | tr -d ' '))
soak-files: .venv/.ready
	@EDI_FUZZ_FILES=$(FILES) EDI_FUZZ_SEED=$(SEED) .venv/bin/pytest -m "" tests/properties/test_fuzz.py
soak-kills: .venv/.ready
	@EDI_KILLS=$(KILLS) EDI_KILLS_SEED=$(SEED) .venv/bin/pytest -n auto --dist worksteal -m "" tests/faults
soak-settings: .venv/.ready
	@EDI_SOAK=1 .venv/bin/pytest -n auto --dist worksteal -m "" tests/properties/test_determinism.py

bench: .venv/.ready
	@.venv/bin/python -m tests.bench.validate

bench-protect: .venv/.ready
	@.venv/bin/python -m tests.bench.protect

check: .venv/.ready
	@.venv/bin/ruff check --quiet --output-format concise .
	@.venv/bin/ruff format --quiet --check --output-format concise .
	@.venv/bin/mypy --no-error-summary
	@.venv/bin/sqlfluff lint --quiet --processes 0 sql

# PYTHONS: the Python versions of the machines that it goes to, otherwise the one of .venv.
PLATFORMS ?= linux windows
wheelhouse: .venv/.ready
	@.venv/bin/python .ci/wheelhouse.py --platforms $(PLATFORMS) $(if $(PYTHONS),--pythons $(PYTHONS))

clean:
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find pipelines tests -name __pycache__ -type d -prune -exec rm -rf {} +
