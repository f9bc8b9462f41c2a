"""Fields that a business adds to invoices, their lines and its customers.

A field is known by its key: a draft and a customer keep what was typed for it through
a new name, and an issued invoice keeps name and value as they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from billing_app.domain.document import DocumentField
from billing_app.domain.errors import InvalidInput
from billing_app.domain.parsing import clean_text, parse_date, parse_factor

# In each place.
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


class FieldPlace(StrEnum):
    """What has the field."""

    INVOICE = "invoice"
    LINE = "line"
    CUSTOMER = "customer"


@dataclass(frozen=True, slots=True)
class CustomField:
    """A field of the workspace's own, as settings define it.

    Attributes:
        is_staff_only: never printed, and in nothing that a customer gets.
        place: a `FieldPlace`. What a customer has is on each of their invoices.
    """

    key: str
    name: str
    kind: str = FieldKind.TEXT
    is_required: bool = False
    is_staff_only: bool = False
    place: str = FieldPlace.INVOICE

    @property
    def input_name(self) -> str:
        return f"{PREFIX}{self.key}"


@dataclass(frozen=True, slots=True)
class FilledField:
    """A field with its value, as it was at issue.

    Attributes:
        value: a text, an ISO date, or a number with a dot.
        place: as of the `CustomField`.
    """

    key: str
    name: str
    kind: str
    value: str
    is_staff_only: bool = False
    place: str = FieldPlace.INVOICE


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
    return FilledField(
        field.key, field.name, field.kind, text, field.is_staff_only, field.place
    )


def own_key(input_name: str) -> str:
    """Return the key of the field that an input is of, or an empty text."""
    kind, _, key = input_name.partition(PREFIX)
    return key if not kind and len(key) <= KEY_LENGTH else ""


def of_place(
    fields: Iterable[CustomField], place: FieldPlace
) -> tuple[CustomField, ...]:
    return tuple(field for field in fields if field.place == place)


def read_kept(
    fields: Iterable[CustomField], kept: Mapping[str, str]
) -> tuple[FilledField, ...]:
    """Return what a customer has for the fields of today, by key.

    What can't be read any more, since the field asks for something else now, is left
    out; `check_kept` names it.
    """
    filled: list[FilledField] = []
    for field in fields:
        with suppress(InvalidInput):
            read = read_value(field, kept.get(field.key, ""))
            filled += [read] if read else []
    return tuple(filled)


def check_kept(fields: Iterable[CustomField], kept: Mapping[str, str]) -> None:
    """Refuse to bill a customer who lacks a field.

    Raises:
        InvalidInput: one that is required is empty, or one can't be read any more.
    """
    for field in fields:
        try:
            read = read_value(field, kept.get(field.key, ""))
        except InvalidInput as refusal:
            raise InvalidInput(
                f"{field.name} of the customer: {refusal.message}", field="customer"
            ) from None
        if field.is_required and read is None:
            raise InvalidInput(
                f"Fill in {field.name} of the customer.", field="customer"
            )


def check_fields(fields: Sequence[CustomField]) -> None:
    """Refuse fields that could not be told apart.

    Raises:
        InvalidInput: also for too many, or a name that is empty or too long.
    """
    for place in FieldPlace:
        if len(of_place(fields, place)) > FIELDS_MAX:
            raise InvalidInput(
                f"At most {FIELDS_MAX} fields fit on each {place}.", field="fields"
            )
    for field in fields:
        if not field.name:
            raise InvalidInput("Each field needs a name.", field="fields")
        if field.kind not in set(FieldKind):
            raise InvalidInput("Choose text, date or number.", field="fields")
        if field.place not in set(FieldPlace):
            raise InvalidInput("Choose invoice, line or customer.", field="fields")
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
