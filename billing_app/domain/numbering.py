"""Document numbers: a pattern and a counter."""

from __future__ import annotations

import re
from datetime import date

from billing_app.domain.errors import InvalidInput

_FIELD = re.compile(r"\{(year|month|counter)(?::(\d{1,2}))?\}")
_LITERAL = re.compile(r"[A-Za-z0-9/._ -]*")
PADDING_MAX = 12


def check_pattern(pattern: str) -> None:
    """Refuse a pattern that could not name each document differently."""
    if "{counter" not in pattern:
        raise InvalidInput(
            "The pattern needs {counter}, like INV-{counter:5}.", field="pattern"
        )
    if not _LITERAL.fullmatch(_FIELD.sub("", pattern)) or len(pattern) > 60:
        raise InvalidInput(
            "Use letters, digits, - / . _ and {year}, {month}, {counter:5}.",
            field="pattern",
        )


def format_number(pattern: str, value: int, issued_on: date) -> str:
    """Write out a document number; `{counter:5}` pads the counter to five digits."""

    def fill(match: re.Match[str]) -> str:
        field, width = match.group(1), int(match.group(2) or 0)
        parts = {"year": issued_on.year, "month": issued_on.month, "counter": value}
        width = max(width, 2 if field == "month" else 0)
        return str(parts[field]).zfill(min(width, PADDING_MAX))

    return _FIELD.sub(fill, pattern)


def read_counter(pattern: str, number: str) -> int | None:
    """Return the counter of a number that has this form, whatever its day."""
    expression = "".join(
        _read_as(part) if part.startswith("{") else re.escape(part)
        for part in re.split(r"(\{[^}]*\})", pattern)
    )
    match = re.fullmatch(expression, number, re.ASCII)
    return int(match.group("counter")) if match else None


def _read_as(field: str) -> str:
    known = _FIELD.fullmatch(field)
    if known is None or known.group(1) != "counter":
        return "[0-9]+"
    width = min(max(int(known.group(2) or 0), 1), PADDING_MAX)
    return f"(?P<counter>[0-9]{{{width},18}})"
