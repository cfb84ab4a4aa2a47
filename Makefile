PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo schema test lint check bench clean

demo: $(VENV)/.ready ## Let the embedded model rate the demo study, then compare it with its people
	$(BIN)/vlmrate infer --model tiny
	$(BIN)/vlmrate analyze

schema: $(VENV)/.ready-dev ## Write the JSON Schema of analysis.json anew from the records it holds
	$(BIN)/python -m vlmrate.report.jsonschema > src/vlmrate/report/schemas/analysis-4.schema.json

test: $(VENV)/.ready-dev ## Run all tests
	$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.ready-dev ## Check style, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: $(VENV)/.ready ## Hold the embedded model against its baseline in data/baseline
	$(BIN)/vlmrate check

bench: $(VENV)/.ready-dev ## Measure speed and memory
	$(BIN)/python benchmarks/inference.py
	$(BIN)/python benchmarks/stats.py
	$(BIN)/python benchmarks/probe.py

clean: ## Remove the environment and all caches, not the results
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage
	find src tests benchmarks -name __pycache__ -prune -exec rm -rf {} +

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.ready: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP_INSTALL) -e .
	touch $@

$(VENV)/.ready-dev: $(VENV)/.ready
	$(PIP_INSTALL) -e '.[dev]'
	touch $@
