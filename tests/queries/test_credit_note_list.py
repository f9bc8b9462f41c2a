"""Credit notes as staff list them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from billing_app.domain.errors import InvalidInput, NotPermitted
from billing_app.queries.credit_note_list import (
    CreditNoteFilter,
    CreditNoteSort,
    export_credit_notes,
    list_issued_credit_notes,
    parse_credit_note_filter,
)
from billing_app.queries.invoices import DateRange
from billing_app.queries.paging import Paging
from tests.support.credit import a_mixed_invoice, an_amount, credit
from tests.support.world import World

pytestmark = pytest.mark.feature("G10")


@pytest.fixture
def shelf(world: World) -> World:
    """Three of 195.50, 10.00 and 20.00 on invoices of their own, a day apart."""
    place = world.northwind
    for form in ((), (an_amount("10.00"),), (an_amount("20.00"),)):
        credit(world, place, a_mixed_invoice(world, place), *form)
        world.clock.advance(days=1)
    return world


def numbers(world: World, **wanted: Any) -> list[str]:
    found = world.run(
        world.northwind.viewer, list_issued_credit_notes, CreditNoteFilter(**wanted)
    )
    assert found.count.seen == len(found.page.rows)
    return [row.number for row in found.page.rows]


def test_the_latest_come_first(shelf: World):
    found = shelf.run(
        shelf.northwind.viewer, list_issued_credit_notes, CreditNoteFilter()
    )

    assert numbers(shelf) == ["CN-00003", "CN-00002", "CN-00001"]
    first = found.page.rows[0]
    assert (first.invoice_number, first.total_minor) == ("INV-00003", 2_000)


def test_by_amount(shelf: World):
    wanted = {"sort": CreditNoteSort.AMOUNT, "is_descending": False}

    assert numbers(shelf, **wanted) == ["CN-00002", "CN-00003", "CN-00001"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("cn-00002", ["CN-00002"]),
        ("INV-00001", ["CN-00001"]),
        ("VERMEER", ["CN-00003", "CN-00002", "CN-00001"]),
        ("100%", []),
    ],
)
def test_finds(shelf: World, text: str, found: list[str]):
    assert numbers(shelf, text=text) == found


def test_of_some_days(shelf: World):
    assert numbers(shelf, issued=DateRange(date(2026, 3, 3))) == [
        "CN-00003",
        "CN-00002",
    ]
    assert numbers(shelf, issued=DateRange(None, date(2026, 3, 2))) == ["CN-00001"]


def test_pages_follow_each_other(shelf: World):
    place, seen, after = shelf.northwind, [], ""
    while True:
        wanted = CreditNoteFilter(paging=Paging(after=after, limit=1))
        page = shelf.run(place.accounting, export_credit_notes, wanted)
        seen += [row.number for row in page.rows]
        if not (after := page.older):
            break

    assert seen == ["CN-00003", "CN-00002", "CN-00001"]


def test_are_the_workspaces_own_and_exported_by_those_who_may(shelf: World):
    found = shelf.run(
        shelf.kestrel.viewer, list_issued_credit_notes, CreditNoteFilter()
    )

    assert found.page.rows == ()
    with pytest.raises(NotPermitted):
        shelf.run(shelf.northwind.viewer, export_credit_notes, CreditNoteFilter())


@pytest.mark.parametrize(
    "typed", [{"sort": "reason"}, {"issued": "yesterday"}, {"sort": "--issued"}]
)
def test_refuses_an_address_that_no_page_made(typed: dict[str, str]):
    with pytest.raises(InvalidInput):
        parse_credit_note_filter(typed)
