# Thin by rule: a line or two each; the work is in the commands.
.PHONY: check format
check:
	uv run ruff format --check .
	uv run ruff check .
	uv run pyright --level error
	uv run pytest tests/architecture
format:
	uv run ruff format .
	uv run ruff check --fix .
