"""Payments as staff list them."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta

import pytest

from billing_app.domain.errors import InvalidInput, NotPermitted
from billing_app.domain.payment import PaymentMethod, PaymentStatus
from billing_app.models import Customer, Invoice, Payment
from billing_app.queries import accounting
from billing_app.queries.accounting import (
    PaymentFilter,
    PaymentPage,
    PaymentRow,
    PaymentSort,
    export_payments,
    list_payments,
    parse_payment_filter,
)
from billing_app.queries.invoices import DateRange
from billing_app.queries.paging import Paging
from billing_app.queries.received import Received
from tests.support.billing import a_customer, an_invoice, pay
from tests.support.rows import add_customer, add_invoice
from tests.support.world import World

TODAY = date(2026, 3, 2)


def listed(world: World, **wanted) -> PaymentPage:
    return world.run(world.northwind.viewer, list_payments, PaymentFilter(**wanted))


def walk(world: World, wanted: PaymentFilter) -> list[PaymentRow]:
    rows: list[PaymentRow] = []
    after = ""
    while True:
        step = replace(wanted, paging=Paging(after=after, limit=7))
        page = world.run(world.northwind.viewer, list_payments, step).page
        rows += page.rows
        after = page.older
        if not after:
            return rows


def add_payment(uow, customer: Customer, invoice: Invoice, **facts) -> Payment:
    usual = {
        "customer_id": customer.id,
        "invoice_id": invoice.id,
        "amount_minor": 100,
        "currency": "EUR",
        "received_on": TODAY,
        "method": "cash",
        "created_at": uow.now,
    }
    return uow.add(Payment(**(usual | facts)))


@pytest.fixture
def crowd(world: World) -> World:
    dice = random.Random(6)
    for place in world.places:
        with world.unit(place.owner) as uow:
            customers = [add_customer(uow, name) for name in ("Halden", "Żabka")]
            bills = [add_invoice(uow, customer) for customer in customers]
            for _ in range(60):
                which = dice.randrange(2)
                add_payment(
                    uow,
                    customers[which],
                    bills[which],
                    amount_minor=dice.choice((1, 100, 100, 2_000)),
                    received_on=TODAY - timedelta(days=dice.randrange(40)),
                    method=dice.choice(("cash", "card")),
                    status=dice.choice(("settled", "settled", "held", "reversed")),
                    currency=dice.choice(("EUR", "EUR", "USD")),
                )
    return world


@pytest.mark.parametrize("is_descending", [False, True])
@pytest.mark.parametrize("sort", list(PaymentSort))
def test_pages_follow_each_other_without_gaps_or_doubles(
    crowd: World, sort: PaymentSort, is_descending: bool
):
    plain = PaymentFilter(sort=sort, is_descending=is_descending)
    for wanted in (
        plain,
        replace(plain, status=PaymentStatus.HELD),
        replace(plain, method=PaymentMethod.CARD),
        replace(plain, text="hald"),
        replace(plain, text="inv-00002"),
        replace(plain, customer_id=1),
        replace(plain, received=DateRange(TODAY - timedelta(days=9), None)),
    ):
        rows = walk(crowd, wanted)

        keys = [(row.sort_key, row.id) for row in rows]
        assert keys == sorted(set(keys), reverse=is_descending)
        whole = replace(wanted, paging=Paging(limit=500))
        at_once = crowd.run(crowd.northwind.viewer, list_payments, whole)
        assert list(at_once.page.rows) == rows
        assert at_once.count.seen == len(rows) > 0


@pytest.mark.feature("G15")
def test_names_the_invoices_a_payment_pays_and_what_is_left(world: World):
    place = world.northwind
    customer_id = a_customer(world, place)
    invoice_id = an_invoice(world, place, "100.00", customer_id=customer_id)
    pay(world, place, invoice_id, "130.00", reference="77A")

    (row,) = listed(world).page.rows

    assert [(x.id, x.number) for x in row.invoices] == [(invoice_id, "INV-00001")]
    assert (row.customer_name, row.recorded_by) == ("Vermeer Optics", "Accounting")
    assert (row.amount_minor, row.credit_minor, row.reference) == (13_000, 3_000, "77A")


@pytest.mark.feature("G15")
def test_adds_up_this_month_by_currency_and_leaves_out_what_is_not_settled(
    world: World,
):
    with world.unit(world.northwind.owner) as uow:
        customer = add_customer(uow)
        bill = add_invoice(uow, customer)
        for facts in (
            {"amount_minor": 5},
            {"amount_minor": 7},
            {"amount_minor": 11, "currency": "USD"},
            {"amount_minor": 13, "status": "held"},
            {"amount_minor": 17, "status": "reversed"},
            {"amount_minor": 19, "received_on": date(2026, 2, 28)},
        ):
            add_payment(uow, customer, bill, **facts)

    page = listed(world)

    assert page.days == DateRange(date(2026, 3, 1), TODAY)
    assert page.received == (Received("EUR", 12, 2), Received("USD", 11, 1))


@pytest.mark.parametrize("role", ["viewer", "operations"])
def test_an_export_is_not_for_everyone(world: World, role: str):
    with pytest.raises(NotPermitted):
        world.run(getattr(world.northwind, role), export_payments, PaymentFilter())


@pytest.mark.parametrize(
    "typed",
    [{"status": "lost"}, {"method": "gold"}, {"sort": "id"}, {"received": "1..2"}],
)
def test_refuses_what_no_page_wrote(typed: dict[str, str]):
    with pytest.raises(InvalidInput):
        parse_payment_filter(typed)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("FPS 7781", ["FPS 7781-A"]),
        ("fps 77", ["FPS 7781-A"]),
        ("12.50", ["by amount"]),
        ("1,250.00", []),
        ("7781", []),
    ],
)
def test_is_found_by_how_the_reference_begins_and_by_the_very_amount(
    world: World, text: str, found: list[str]
):
    for place in (world.northwind, world.kestrel):
        with world.unit(place.owner) as uow:
            customer = add_customer(uow)
            bill = add_invoice(uow, customer)
            add_payment(uow, customer, bill, reference="FPS 7781-A", amount_minor=99)
            add_payment(uow, customer, bill, reference="by amount", amount_minor=1_250)

    page = listed(world, text=text)

    assert [row.reference for row in page.page.rows] == found
    assert page.count.seen == len(found)


def test_many_are_found_as_few_are(world: World, monkeypatch: pytest.MonkeyPatch):
    with world.unit(world.northwind.owner) as uow:
        customer = add_customer(uow)
        bill = add_invoice(uow, customer)
        for number in range(5):
            add_payment(uow, customer, bill, reference=f"FPS {number}")
        add_payment(uow, customer, bill, reference="other")
    wanted = PaymentFilter(text="FPS")
    few = walk(world, wanted)

    monkeypatch.setattr(accounting, "_FOUND_MAX", 2)

    assert len(few) == 5
    assert walk(world, wanted) == few
