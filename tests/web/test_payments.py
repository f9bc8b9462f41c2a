"""The list of payments, through the whole pipeline but the browser."""

from __future__ import annotations

import pytest

from billing_app.models import Payment
from billing_app.web.staff.payments_state import PaymentListState as State
from tests.support.billing import an_invoice, pay
from tests.support.rows import add_customer, add_invoice
from tests.support.world import World
from tests.web.conftest import Browse

PATH = "/accounting/payments"


async def test_lists_payments_and_what_came_in(world: World, browse: Browse):
    invoice_id = an_invoice(world, world.northwind, "100.00")
    pay(world, world.northwind, invoice_id, "40.00", reference="77A")
    theirs = an_invoice(world, world.kestrel, "9.00")
    pay(world, world.kestrel, theirs, "9.00")
    async with browse(world.northwind.viewer, PATH) as driver:
        await driver.press(State.open)

    (line,) = driver.shown(State, "lines")
    assert (line.amount, line.method, line.reference) == (
        *("€40.00", "Bank transfer", "77A"),
    )
    assert (line.invoices, line.href) == ("INV-00001", f"/invoices/{invoice_id}")
    assert driver.shown(State, "received") == "€40.00"
    assert driver.shown(State, "received_words") == "Received 1 Mar to 2 Mar"


async def test_a_held_payment_is_taken_as_credit(world: World, browse: Browse):
    with world.unit(world.northwind.owner) as uow:
        customer = add_customer(uow)
        bill = add_invoice(uow, customer)
        uow.add(
            Payment(
                customer_id=customer.id,
                invoice_id=bill.id,
                amount_minor=500,
                currency="EUR",
                received_on=uow.today,
                method="card",
                status="held",
                hold_reason="Wrong amount",
                created_at=uow.now,
            )
        )
    async with browse(world.northwind.accounting, f"{PATH}?status=held") as driver:
        await driver.press(State.open)
        assert driver.shown(State, "lines")[0].detail == "Wrong amount"
        await driver.press(State.release, payment_id=1)

    assert driver.shown(State, "shape") == "none"
    with world.reading(world.northwind.system) as uow:
        assert uow.get(Payment, 1).status == "settled"


@pytest.mark.parametrize("query", ["status=x", "sort=id", "after=1", "received=now"])
async def test_an_address_of_nobodys_making_leads_back_to_the_list(
    world: World, browse: Browse, query: str
):
    async with browse(world.northwind.viewer, f"{PATH}?{query}") as driver:
        await driver.press(State.open)

    assert driver.redirects == [PATH]
