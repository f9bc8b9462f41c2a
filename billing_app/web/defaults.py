"""Let all visitors begin with the same views.

Reflex copies each default that is no plain value for every visitor: some 200 lists,
dicts and views for each open page, of which most are never looked at.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import reflex as rx


def share_defaults() -> None:
    """Share views that nobody can change, and make empty lists without a copy."""
    for state in _states(rx.State):
        for field in state.get_fields().values():
            if field.default_factory is None:
                continue
            value = field.default_value()
            if is_frozen(value):
                field.set_default(default_factory=lambda value=value: value)
            elif value in ([], {}):
                field.set_default(default_factory=type(value))


def is_frozen(value: Any) -> bool:
    """Tell whether a value is a view: states replace them, and never change one."""
    if isinstance(value, type) or not dataclasses.is_dataclass(value):
        return False
    return value.__dataclass_params__.frozen  # type: ignore[attr-defined]


def _states(state: type[rx.State]) -> Iterator[type[rx.State]]:
    yield state
    for child in state.get_substates():
        yield from _states(child)
