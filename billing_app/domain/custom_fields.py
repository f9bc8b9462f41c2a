"""Fields that a business adds to its invoices: what they ask for, what was filled in.

A field is known by its key: a draft keeps what was typed for it through a new name,
and an issued invoice keeps name and value as they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from billing_app.domain.document import DocumentField
from billing_app.domain.errors import InvalidInput
from billing_app.domain.parsing import clean_text, parse_date, parse_factor

FIELDS_MAX = 8
NAME_LENGTH_MAX = 40
VALUE_LENGTH_MAX = 200
# What a draft may hold beside the fields of today: some that were removed since.
TYPED_MAX = 64
KEY_LENGTH = 8
# Names its inputs, and what is wrong with them.
PREFIX = "own:"


class FieldKind(StrEnum):
    """What can be filled in."""

    TEXT = "text"
    DATE = "date"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class CustomField:
    """A field of the workspace's own, as settings define it.

    Attributes:
        is_staff_only: never printed, and in nothing that a customer gets.
    """

    key: str
    name: str
    kind: str = FieldKind.TEXT
    is_required: bool = False
    is_staff_only: bool = False

    @property
    def input_name(self) -> str:
        return f"{PREFIX}{self.key}"


@dataclass(frozen=True, slots=True)
class FilledField:
    """A field with its value, as it was at issue.

    Attributes:
        value: a text, an ISO date, or a number with a dot.
    """

    key: str
    name: str
    kind: str
    value: str
    is_staff_only: bool = False


def read_value(field: CustomField, typed: str) -> FilledField | None:
    """Read what was typed for a field; None for nothing.

    Raises:
        InvalidInput: it is not what the field asks for.
    """
    text = clean_text(typed, length_max=VALUE_LENGTH_MAX, field=field.input_name)
    if not text:
        return None
    if field.kind == FieldKind.DATE:
        text = parse_date(text, field=field.input_name, what="date").isoformat()
    elif field.kind == FieldKind.NUMBER:
        number = parse_factor(
            text, decimals_max=8, field=field.input_name, may_be_negative=True
        )
        text = format(number, "f")
    return FilledField(field.key, field.name, field.kind, text, field.is_staff_only)


def check_fields(fields: Sequence[CustomField]) -> None:
    """Refuse fields that could not be told apart.

    Raises:
        InvalidInput: also for too many, or a name that is empty or too long.
    """
    if len(fields) > FIELDS_MAX:
        raise InvalidInput(f"At most {FIELDS_MAX} fields fit here.", field="fields")
    for field in fields:
        if not field.name:
            raise InvalidInput("Each field needs a name.", field="fields")
        if field.kind not in set(FieldKind):
            raise InvalidInput("Choose text, date or number.", field="fields")
    names = [field.name.casefold() for field in fields]
    for field, name in zip(fields, names, strict=True):
        if names.count(name) > 1:
            raise InvalidInput(
                f"Two fields are called {field.name}. Give each a name of its own.",
                field="fields",
            )


def printed_fields(filled: Iterable[FilledField]) -> tuple[DocumentField, ...]:
    """Return what a document says of them: never what is for staff alone."""
    return tuple(
        DocumentField(x.name, x.value, x.kind) for x in filled if not x.is_staff_only
    )


def fields_from_json(stored: Sequence[Mapping[str, Any]]) -> tuple[CustomField, ...]:
    return tuple(CustomField(**each) for each in stored)


def filled_from_json(stored: Sequence[Mapping[str, Any]]) -> tuple[FilledField, ...]:
    return tuple(FilledField(**each) for each in stored)


def fields_to_json(
    fields: Iterable[CustomField] | Iterable[FilledField],
) -> list[dict[str, Any]]:
    return [asdict(field) for field in fields]


def plain_value(kind: str, value: str) -> date | Decimal | str:
    """Return a stored value as what it is."""
    if kind == FieldKind.DATE:
        return date.fromisoformat(value)
    return Decimal(value) if kind == FieldKind.NUMBER else value
