"""Events as typed and pasted: one reading or a clear refusal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal as D

import pytest

from billing_app.domain.billable_event import EVENTS_MAX, Factor
from billing_app.domain.errors import InvalidInput
from billing_app.domain.event_form import (
    EventForm,
    read_event_form,
    read_event_rows,
    read_factors,
    read_moment,
)

GOOD = EventForm(
    kind="Storage day",
    reference="ST-1",
    happened="2026-03-31T14:30",
    quantity="3 pallets × 4 days",
    rate="0.85",
    note="Bay A",
)


def read(form: EventForm):
    return read_event_form(form, customer_id=7, currency="EUR", zone="Europe/Brussels")


def test_reads_an_event():
    event = read(GOOD)

    assert event.happened_at == datetime(2026, 3, 31, 12, 30, tzinfo=UTC)
    assert event.factors == (Factor(D(3), "pallets"), Factor(D(4), "days"))
    assert (event.rate, event.description) == (D("0.85"), "Bay A")


@pytest.mark.parametrize(
    ("text", "unit", "factors"),
    [
        ("12", "", [("12", "")]),
        ("12", "pallets", [("12", "pallets")]),
        ("3 pallets x 4 days", "", [("3", "pallets"), ("4", "days")]),
        ("3x4", "days", [("3", ""), ("4", "days")]),
        ("2 boxes * 1.5 kg", "", [("2", "boxes"), ("1.5", "kg")]),
        ("1 240,5 m2", "", [("1240.5", "m2")]),
        ("2 days", "days", [("2", "days")]),
    ],
)
def test_reads_quantities_as_people_write_them(text, unit, factors):
    assert read_factors(text, unit) == tuple(Factor(D(x), y) for x, y in factors)


@pytest.mark.parametrize(
    "text", ["", "pallets", "3 ×", "× 3", "-2", "1,234 kg", "1×2×3×4×5×6×7", "²"]
)
def test_refuses_quantities_that_are_none(text):
    with pytest.raises(InvalidInput) as refusal:
        read_factors(text)

    assert refusal.value.field == "quantity"


def test_a_unit_said_twice_is_asked_about():
    with pytest.raises(InvalidInput, match="leave the unit empty"):
        read_factors("3 pallets", "days")


@pytest.mark.parametrize(
    "text", ["2026-03-31", "2026-03-31 0:00", "2026-03-31T00:00:00"]
)
def test_a_day_alone_is_its_beginning(text):
    assert read_moment(text, "Europe/Brussels") == datetime(2026, 3, 30, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "today", "31.03.2026", "2026-02-30", "2026-03-31 24:01", "0001-01-01"]
)
def test_refuses_times_that_are_none(text):
    with pytest.raises(InvalidInput) as refusal:
        read_moment(text, "UTC")

    assert refusal.value.field == "happened"


@pytest.mark.parametrize("field", ["kind", "reference", "happened", "quantity", "rate"])
def test_names_the_field_that_is_missing(field):
    with pytest.raises(InvalidInput) as refusal:
        read(replace(GOOD, **{field: " "}))

    assert refusal.value.field == field


ROW = (
    "Storage day",
    "ST-1",
    "2026-03-31T14:30",
    "3 pallets × 4 days",
    "",
    "0.85",
    "Bay A",
)


@pytest.mark.parametrize("mark", ["\t", ";", ","])
def test_reads_rows_in_the_order_of_the_form(mark):
    assert read_event_rows(mark.join(ROW) + "\n\n") == (GOOD,)


def test_reads_rows_by_their_headings():
    text = 'Ref.,Type,Date,Qty,Rate,Note,Weather\nST-1,Stop,2026-03-31,1,9,"A, B",fine'

    assert read_event_rows(text) == (
        EventForm("Stop", "ST-1", "2026-03-31", "1", "", "9", "A, B"),
    )


@pytest.mark.parametrize(
    "text", ["", "\n \n", "Kind,Reference\n", "a,b\n" * (EVENTS_MAX + 1), "x" * 400_001]
)
def test_refuses_nothing_and_too_much(text):
    with pytest.raises(InvalidInput) as refusal:
        read_event_rows(text)

    assert refusal.value.field == "rows"
