# Everything a person needs: `make demo`, `make test`; and for those who change the code: `make check`, `make format`, `make bench`; and
# `make messages` after a sentence of a digest has changed: it updates the catalogs of the languages.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
USE := $(VENV)/.installed
STAMP := $(VENV)/.installed-dev

# What opens a store, apart from tests/store, which runs on both anyhow.
ON_POSTGRESQL := tests/cli tests/web tests/year tests/test_*.py

.PHONY: demo test test-postgresql check bench bench-cluster torture torture-cluster format messages lock clean year

$(USE): pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $(USE)

$(STAMP): $(USE)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(STAMP)

demo: $(USE)
	@$(BIN)/digest demo --output demo

test: $(STAMP)
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto --dist worksteal

# The same on a PostgreSQL of their own, or on the one that DIGEST_TEST_POSTGRES=postgresql://... names.
test-postgresql: $(STAMP)
	@PYTHONDONTWRITEBYTECODE= DIGEST_TEST_STORE=postgresql $(BIN)/python -m pytest -n auto --dist worksteal $(ON_POSTGRESQL)

check: $(STAMP)
	@$(BIN)/ruff format --check --quiet . || { echo 'run `make format`'; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto --dist worksteal

format: $(STAMP)
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix .

bench: $(STAMP)
	@$(BIN)/python -m benchmarks

# Workers on PostgreSQL: SUBSCRIBERS=10000,100000 WORKERS=1,2,4 SECONDS=3600 ..., see benchmarks/cluster.py.
bench-cluster: $(STAMP)
	@JSON=$${JSON:-benchmarks/results/cluster.json} $(BIN)/python -m benchmarks.cluster

# Ten minutes of kill -9; SEED, KILLS, READERS and SECONDS can be set.
torture: $(STAMP)
	@$(BIN)/python -m tests.torture

# The same of three `digest worker` on PostgreSQL, which is restarted and cut off from one of them meanwhile.
torture-cluster: $(STAMP)
	@$(BIN)/python -m tests.torture cluster

# A year of an invented world: do the books balance? A few minutes; the tests run a fortnight of it.
year: $(STAMP)
	@$(BIN)/python -m tests.year

LOCALE := digest/locale

messages: $(STAMP)
	@$(BIN)/pybabel -q extract -F $(LOCALE)/babel.cfg --project=digest --add-comments=Translators: --strip-comments --add-location=file --sort-by-file --width=100 --output=$(LOCALE)/digest.pot .
	@$(BIN)/pybabel -q update --domain=digest --input-file=$(LOCALE)/digest.pot --output-dir=$(LOCALE) --ignore-pot-creation-date --no-fuzzy-matching --ignore-obsolete --width=100
	@rm $(LOCALE)/digest.pot

lock: $(STAMP)
	@$(BIN)/pip-compile --quiet --generate-hashes --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header --output-file requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
