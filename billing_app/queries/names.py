"""Finding people and things by a name as it was typed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement

from billing_app.database.names import unmarked
from billing_app.domain.contact import plain_key


def holds_name(name_key: Any, text: str) -> ColumnElement[bool]:
    """Match names that hold a text, with or without marks: O'Hara finds O’Hara."""
    return unmarked(name_key).contains(plain_key(text), autoescape=True)


def begins_with_name(name_key: Any, text: str) -> ColumnElement[bool]:
    return unmarked(name_key).startswith(plain_key(text), autoescape=True)
