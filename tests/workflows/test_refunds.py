"""Returning credit: through Stripe where it came from there, once however often."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from billing_app.database.verify import find_broken
from billing_app.domain.errors import BillingError, Conflict, InvalidInput
from billing_app.gateways.errors import GatewayUnavailable
from billing_app.models import Payment, Refund
from billing_app.sandbox.stripe_faults import Fault
from billing_app.workflows import refunds
from tests.support.billing import all_rows, an_invoice, pay, read_payment
from tests.support.credit import an_amount, credit

pytestmark = pytest.mark.feature("G10")


@pytest.fixture
def paid(till):
    """An invoice of 100.00 paid by card, of which 40.00 was credited afterwards."""
    invoice_id = till.bill("100.00")
    till.press(till.start(invoice_id, "100"), "card")
    till.settle_down()
    credit(till.world, till.place, invoice_id, an_amount("40"))
    yield till.payments()[0].id
    assert not find_broken(till.runtime.engine, till.world.clock.now)


def give_back(till, payment_id, amount="40"):
    refunds.refund(till.runtime, till.place.accounting, payment_id, amount)


def test_stripe_returns_what_was_credited(till, paid):
    give_back(till, paid)
    till.settle_down()

    payment = till.payments()[0]
    assert (payment.allocated_minor, payment.refunded_minor) == (6_000, 4_000)
    assert [x.amount_minor for x in all_rows(till.world, till.place, Refund)] == [4_000]
    intent = till.gateway().read_payment(payment.provider_payment_id)
    assert intent.refunded_minor == 4_000
    assert till.outstanding(payment.invoice_id) == 0


def test_pressed_twice_at_once_is_one_refund(till, paid):
    def press(_):
        try:
            give_back(till, paid)
        except BillingError as refusal:
            return refusal

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(press, range(2)))
    till.settle_down()

    assert till.payments()[0].refunded_minor == 4_000


@pytest.mark.usefixtures("impatient")
def test_a_refund_whose_answer_got_lost_is_made_once(till, paid):
    till.arm(Fault.TIMEOUT, match="/v1/refunds")
    with pytest.raises(GatewayUnavailable):
        give_back(till, paid)

    # The webhook may have told of it before the next press.
    with contextlib.suppress(InvalidInput):
        give_back(till, paid)
    till.settle_down()

    assert till.payments()[0].refunded_minor == 4_000


def test_no_more_than_the_credit(till, paid):
    with pytest.raises(InvalidInput) as refusal:
        give_back(till, paid, "40.01")

    assert refusal.value.field == "amount"


def test_what_came_by_hand_is_written_down(world):
    place, invoice_id = world.northwind, an_invoice(world, world.northwind, "100.00")
    payment_id = pay(world, place, invoice_id, "100").payment_id
    credit(world, place, invoice_id)

    refunds.refund(world.runtime, place.accounting, payment_id, "60")

    payment = read_payment(world, place, payment_id)
    assert (payment.allocated_minor, payment.refunded_minor) == (0, 6_000)
    with pytest.raises(InvalidInput):
        refunds.refund(world.runtime, place.accounting, payment_id, "40.01")
    assert not find_broken(world.runtime.engine, world.clock.now)


def test_money_that_does_not_count_is_not_returned(world):
    place, invoice_id = world.northwind, an_invoice(world, world.northwind, "100.00")
    payment_id = pay(world, place, invoice_id, "120").payment_id
    with world.unit(place.system) as uow:
        uow.get(Payment, payment_id).disputed_at = uow.now

    with pytest.raises(Conflict):
        refunds.refund(world.runtime, place.accounting, payment_id, "20")
