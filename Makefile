# Thin by rule: a line or two each; the work is in the commands.
PYTHON ?= python3
BIN = .venv/bin
export PYTHONUNBUFFERED = 1

.PHONY: demo test check bench format pictures setup setup-tests

demo: setup
	@exec $(BIN)/tallyport demo $(DEMO)

test: setup-tests
	@$(BIN)/python scripts/run_tests.py

check: setup-tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright --level error
	$(BIN)/pytest tests/architecture

bench: setup-tests
	@$(BIN)/python -m bench $(BENCH)

format: setup-tests
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

pictures: setup-tests
	$(BIN)/python scripts/take_pictures.py

setup:
	@$(PYTHON) scripts/setup.py

setup-tests:
	@$(PYTHON) scripts/setup.py --tests
