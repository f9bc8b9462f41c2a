"""An event as staff type it or paste it from a spreadsheet, read into what is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from billing_app.domain.billable_event import (
    EVENTS_MAX,
    FACTORS_MAX,
    Factor,
    NewEvent,
)
from billing_app.domain.errors import InvalidInput
from billing_app.domain.parsing import parse_factor
from billing_app.domain.pasting import PASTED_LENGTH_MAX, read_cells

# What people write above a column, and the part of an event it holds.
HEADINGS: Mapping[str, str] = {
    "kind": "kind",
    "type": "kind",
    "event": "kind",
    "reference": "reference",
    "ref": "reference",
    "time": "happened",
    "date": "happened",
    "happened": "happened",
    "when": "happened",
    "quantity": "quantity",
    "qty": "quantity",
    "unit": "unit",
    "rate": "rate",
    "price": "rate",
    "unit price": "rate",
    "note": "note",
    "description": "note",
    "details": "note",
}
_QUANTITY_HINT = "Write the quantity like 12, or like 3 pallets × 4 days."
TIME_HINT = "Write the time like 2026-03-31 14:30, or the day alone."
# An x between numbers multiplies; inside a word it is a letter.
_TIMES = re.compile(r"[×*]|(?<![^\W\d_])[xX](?![^\W\d_])")
_COUNTED = re.compile(r"([0-9.,][0-9.,'\u2019 \u00a0\u2009\u202f]*)(.*)", re.DOTALL)
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]+([0-9]{1,2}:[0-9]{2})(?::[0-9]{2})?)?"
)


@dataclass(frozen=True, slots=True)
class EventForm:
    """An event as typed.

    Attributes:
        happened: 2026-03-31T14:30 by the business's clock, or the day alone.
        quantity: a number, or what is multiplied: 3 pallets × 4 days.
        note: the customer reads it too.
    """

    kind: str = ""
    reference: str = ""
    happened: str = ""
    quantity: str = ""
    unit: str = ""
    rate: str = ""
    note: str = ""


def read_event_form(
    form: EventForm, *, customer_id: int, currency: str, zone: str
) -> NewEvent:
    """Return what can be recorded; `services` check the rest.

    Raises:
        InvalidInput: beside the field that can't be read.
    """
    for field in ("kind", "reference"):
        if not getattr(form, field).strip():
            raise InvalidInput(f"Give the event a {field}.", field=field)
    return NewEvent(
        customer_id=customer_id,
        kind=form.kind,
        reference=form.reference,
        happened_at=read_moment(form.happened, zone),
        factors=read_factors(form.quantity, form.unit),
        rate=parse_factor(form.rate, decimals_max=8, field="rate", what="rate"),
        currency=currency,
        description=form.note,
    )


def read_factors(text: str, unit: str = "") -> tuple[Factor, ...]:
    """Read 3 pallets × 4 days; the unit is that of a last number without a word.

    Raises:
        InvalidInput: there is no number, or the unit belongs to none.
    """
    parts = _TIMES.split(text)
    if len(parts) > FACTORS_MAX:
        raise InvalidInput(
            f"At most {FACTORS_MAX} numbers can be multiplied.", field="quantity"
        )
    factors = tuple(_factor(part.strip()) for part in parts)
    unit = unit.strip()
    if not unit:
        return factors
    if factors[-1].word not in ("", unit):
        raise InvalidInput(
            f"The quantity ends in {factors[-1].word}, so leave the unit empty.",
            field="unit",
        )
    return (*factors[:-1], replace(factors[-1], word=unit))


def read_moment(text: str, zone: str) -> datetime:
    """Read an instant by the clock of a zone; a day alone is its beginning.

    Raises:
        InvalidInput: it is none.
    """
    match = _MOMENT.fullmatch(text.strip())
    if match is None or not "1970" <= text.strip()[:4] <= "2199":
        raise InvalidInput(TIME_HINT, field="happened")
    day, clock = match.groups()
    try:
        local = datetime.fromisoformat(f"{day}T{(clock or '00:00').rjust(5, '0')}")
    except ValueError:
        raise InvalidInput(TIME_HINT, field="happened") from None
    return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def read_event_rows(text: str) -> tuple[EventForm, ...]:
    """Read rows of a spreadsheet or a CSV file; a row of headings is not one.

    Without headings the columns are those of `EventForm`, in its order.

    Raises:
        InvalidInput: nothing is there, or more than can be recorded at once.
    """
    if len(text) > PASTED_LENGTH_MAX:
        raise InvalidInput("That is too much text. Paste fewer rows.", field="rows")
    rows = [row for row in read_cells(text, _delimiter(text)) if any(row)]
    columns: Sequence[str] = [field.name for field in fields(EventForm)]
    named = _named_columns(rows[0]) if rows else []
    if named:
        columns, rows = named, rows[1:]
    if not rows:
        raise InvalidInput("Paste at least one row.", field="rows")
    if len(rows) > EVENTS_MAX:
        raise InvalidInput(f"Paste at most {EVENTS_MAX:,} rows at once.", field="rows")
    return tuple(_form(row, columns) for row in rows)


def _form(row: Sequence[str], columns: Sequence[str]) -> EventForm:
    parts = {
        name: cell for name, cell in zip(columns, row, strict=False) if name and cell
    }
    return EventForm(**parts)


def _named_columns(row: Sequence[str]) -> list[str]:
    """Return the part of an event in each column, or nothing if it is no heading."""
    names = [HEADINGS.get(cell.casefold().rstrip(".:"), "") for cell in row]
    return names if sum(map(bool, names)) > 1 else []


def _delimiter(text: str) -> str:
    first = text.strip("\r\n").partition("\n")[0]
    return next((mark for mark in ("\t", ";") if mark in first), ",")


def _factor(part: str) -> Factor:
    match = _COUNTED.fullmatch(part)
    if match is None:
        raise InvalidInput(_QUANTITY_HINT, field="quantity")
    number, word = match.groups()
    value = parse_factor(
        number.strip(), decimals_max=8, field="quantity", what="quantity"
    )
    return Factor(value, word.strip())
