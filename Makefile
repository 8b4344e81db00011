# `make run` and `make test` are all the set-up there is: each makes .venv when it is missing or stale.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: run test check bench docs examples lock clean

run: $(STAMP)  ## measure both families on bundled data and print the leaderboard
	$(BIN)/bench run quick --jobs auto

test: $(STAMP)  ## every test but the timing ratios
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -p no:benchmark --ignore=tests/benchmarks

check: $(STAMP)  ## formatting, lint, types, floors of the house
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP)  ## the timing ratios of tests/benchmarks
	$(BIN)/python -m pytest tests/benchmarks

docs: $(STAMP)  ## these pages as HTML, without a warning: docs/_build/html/index.html
	$(BIN)/python -m sphinx -b html -W --keep-going -q docs docs/_build/html

examples: $(STAMP)  ## install, check and run the plugins of examples/
	examples/run

lock:  ## pin the newest versions of everything (needs uv)
	uv pip compile pyproject.toml --extra jax --extra duckdb --extra report --extra images --group dev --universal \
	  --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-annotate --no-header --quiet --upgrade -o constraints.txt

clean:
	rm -rf $(VENV)

# Entry points are written when bench itself is installed: seconds. All else is as constraints.txt says.
$(STAMP): pyproject.toml $(VENV)/.locked
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.locked: constraints.txt
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	touch $@
