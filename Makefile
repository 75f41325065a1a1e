# The environment lives in .venv; it is made from pyproject.toml and constraints.txt.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PYTEST_ARGS ?=

.PHONY: demo test check format docs constraints clean
.DEFAULT_GOAL := demo

## demo: set up the environment and run the main job on the embedded graph
demo: $(VENV)/.demo
	$(BIN)/tosg demo

## test: set up the environment and run every test
test: $(VENV)/.dev
	$(BIN)/python -m pytest $(PYTEST_ARGS)

## check: style, types, and generated files that have drifted
check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python docs/generate.py --check

## format: put the code in shape
format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

## docs: write the generated files again
docs: $(VENV)/.dev
	$(BIN)/python docs/generate.py

## constraints: pin every dependency anew (needs uv)
constraints:
	uv pip compile --quiet --upgrade pyproject.toml --all-extras --group dev --universal \
	  --python-version 3.11 --no-header --no-annotate --no-emit-index-url --output-file constraints.txt

clean:
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache

# $(1): what to install after the constraints, in the words that uv and pip share.
define install
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed, found $$($(PYTHON) --version); set PYTHON=..." >&2; exit 1; }
	@if uv --version >/dev/null 2>&1; then \
	  uv venv --quiet --allow-existing --python "$$(command -v $(PYTHON))" $(VENV) && \
	  VIRTUAL_ENV=$(VENV) uv pip install --quiet --constraint constraints.txt $(1); \
	else \
	  $(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1' && \
	  $(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt $(1); \
	fi
endef

$(VENV)/.demo: pyproject.toml constraints.txt
	$(call install,--editable '.[pyg]')
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt
	$(call install,--editable '.[all]' --group dev)
	@touch $@ $(VENV)/.demo
