"""How a column begins, asked so that both databases answer it by its index."""

from __future__ import annotations

from typing import Any

# Sorts after every character that a number, an order or a reference can hold.
_LAST_CHARACTER = "\U0010ffff"


def begins_with(column: Any, prefix: str) -> Any:
    """Match what begins exactly like this; LIKE would look at every row."""
    return (column >= prefix) & (column < prefix + _LAST_CHARACTER)


def begins_as_typed(column: Any, text: str) -> list[Any]:
    """Return the ways a column begins with a text: as typed, or in capitals."""
    return [begins_with(column, each) for each in as_typed(text)]


def as_typed(text: str) -> list[str]:
    """Return a text as typed and in capitals, as most numbers are; once if equal."""
    return list(dict.fromkeys((text, text.upper())))
