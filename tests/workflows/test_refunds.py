"""Returning credit: through Stripe where it came from there, once however often."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing_app.database.verify import find_broken
from billing_app.domain.errors import (
    BillingError,
    Conflict,
    DoneMeanwhile,
    InvalidInput,
)
from billing_app.gateways.errors import GatewayRefused, GatewayUnavailable
from billing_app.models import AuditEntry, Payment, Refund
from billing_app.queries.accounting import PaymentFilter, list_payments
from billing_app.queries.dashboard import read_dashboard
from billing_app.queries.invoice_detail import read_invoice
from billing_app.sandbox.stripe_faults import Fault
from billing_app.services import online_payments, settlements
from billing_app.services.payments import allocate_credit
from billing_app.web.staff.invoice_words import card_of, payment_lines
from billing_app.workflows import refunds
from billing_app.workflows.stripe_accounts import connect, read_report
from tests.support.billing import all_rows, an_invoice, pay, read_payment
from tests.support.credit import an_amount, credit
from tests.support.outgoing import deliver, empty_mailbox, sent
from tests.support.rows import add_customer
from tests.support.till import KEYS

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


def test_everybody_reads_of_a_refund(till, paid):
    """The invoice's page, the list, the sums, the story and the customer's mail."""
    place, run = till.place, till.world.run
    deliver(till.world)
    empty_mailbox(till.world)
    give_back(till, paid)
    till.settle_down()

    invoice = run(place.viewer, read_invoice, till.payments()[0].invoice_id)
    (line,) = payment_lines(invoice)
    assert line.words == "€40.00 of €100.00 refunded"
    card = card_of(invoice, till.runtime.settings.fonts_dir, "")
    assert card.received == "€60.00 of €60.00 received, €40.00 refunded"
    assert card.left == "left, €60.00 of €60.00 paid, after €40.00 was credited"
    (received,) = run(place.viewer, list_payments, PaymentFilter()).received
    assert (received.amount_minor, received.kept_minor) == (10_000, 6_000)
    dashboard = run(place.viewer, read_dashboard)
    assert dashboard.paid[0].minor == dashboard.months[-1].paid_minor == 6_000

    story = {x.event: x for x in all_rows(till.world, place, AuditEntry)}
    assert story["refund_requested"].actor_name == "Accounting"
    assert story["payment_refunded"].details["amount_minor"] == 4_000
    deliver(till.world)
    till.settle_down()
    deliver(till.world)
    (text,) = [text for _, text in sent(till.world) if "refund" in text.lower()]
    assert "€40.00" in text


def test_all_of_it_refunded(till, paid):
    invoice_id = till.payments()[0].invoice_id
    credit(till.world, till.place, invoice_id)
    give_back(till, paid, "100")
    till.settle_down()

    invoice = till.world.run(till.place.viewer, read_invoice, invoice_id)
    (line,) = payment_lines(invoice)
    assert (line.words, line.counts) == ("Refunded", False)
    card = card_of(invoice, till.runtime.settings.fonts_dir, "")
    assert card.received == "All of it was credited, €100.00 refunded"


DAYS = st.dates(date(2026, 1, 1), date(2026, 3, 2))


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.tuples(
            DAYS,
            st.integers(1, 10**9),
            st.sampled_from(("settled", "reversed")),
            st.lists(st.tuples(DAYS, st.integers(1, 100)), max_size=3),
        ),
        max_size=6,
    )
)
def test_what_is_kept_of_a_month_is_its_payments_less_its_refunds(world, payments):
    kept = world.run(world.northwind.viewer, read_dashboard).paid[0].minor
    first, last = date(2026, 3, 1), date(2026, 3, 2)
    with world.unit(world.northwind.owner) as uow:
        customer = add_customer(uow)
        for received_on, minor, status, refunds_of_it in payments:
            back = sum(each for _, each in refunds_of_it)
            payment = uow.add(
                Payment(
                    customer_id=customer.id,
                    amount_minor=minor + back,
                    refunded_minor=back,
                    currency="EUR",
                    received_on=received_on,
                    method="cash",
                    created_at=uow.now,
                )
            )
            for refunded_on, each in refunds_of_it:
                uow.add(
                    Refund(
                        customer_id=customer.id,
                        payment_id=payment.id,
                        amount_minor=each,
                        refunded_on=refunded_on,
                        created_at=uow.now,
                    )
                )
                kept -= each * (first <= refunded_on <= last and status == "settled")
            uow.flush()
            payment.status = status
            kept += (minor + back) * (
                first <= received_on <= last and status == "settled"
            )

    dashboard = world.run(world.northwind.viewer, read_dashboard)
    listed = world.run(world.northwind.viewer, list_payments, PaymentFilter())

    assert dashboard.paid[0].minor == dashboard.months[-1].paid_minor == kept
    assert sum(each.kept_minor for each in listed.received) == kept


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


def test_a_refund_that_failed_can_be_asked_for_again(till, paid):
    """Stripe answers a key that it knows as it did before: with what failed."""

    def ask():
        return till.world.run(
            till.place.accounting, settlements.start_refund, paid, "40"
        ).idempotency_key

    first = ask()
    assert ask() == first
    # It was on its way, and came back: the customer's account is closed.
    for refunded_minor in (4_000, 0):
        with till.world.unit(till.system) as uow:
            settlements.follow_refunds(uow, paid, refunded_minor)

    assert ask() != first


def test_two_amounts_at_once_are_never_more_than_the_credit(till, paid):
    """35.00 and 30.00 of a credit of 40.00: each is possible, but not both."""

    def press(amount):
        try:
            give_back(till, paid, amount)
        except BillingError as refusal:
            return refusal.code
        return ""

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(press, ("35", "30")))
    till.settle_down()

    payment = till.payments()[0]
    assert payment.refunded_minor in (3_000, 3_500)
    assert payment.allocated_minor == 6_000
    assert till.outstanding(payment.invoice_id) == 0


@pytest.mark.usefixtures("impatient")
def test_while_an_answer_is_missing_only_the_same_is_asked_for(till, paid):
    """Stripe may have returned 30.00 already, of which nothing has been heard."""
    till.arm(Fault.TIMEOUT, match="/v1/refunds")
    till.arm(Fault.WEBHOOK_LOST, times=9)
    with pytest.raises(GatewayUnavailable):
        give_back(till, paid, "30")

    with pytest.raises(Conflict) as refusal:
        give_back(till, paid, "35")
    with pytest.raises(InvalidInput):
        till.world.run(till.place.accounting, allocate_credit, *another(till, "20"))
    give_back(till, paid, "30")

    assert "€30.00" in refusal.value.message
    assert till.payments()[0].refunded_minor == 3_000
    give_back(till, paid, "10")
    assert till.payments()[0].refunded_minor == 4_000


def another(till, amount):
    """Return how to pay a part of another invoice of the customer from credit."""
    with till.world.reading(till.system) as uow:
        customer_id = uow.get(Payment, till.payments()[0].id).customer_id
    invoice_id = till.bill(amount, customer_id=customer_id)
    return invoice_id, amount, till.outstanding(invoice_id)


def test_a_refund_that_failed_later_can_be_made_again(till, paid):
    """Under the key of the one before, Stripe would only repeat that it was made."""
    give_back(till, paid)
    till.settle_down()
    with the_charge(till) as charge:
        charge["amount_refunded"] = 0
    attempt = till.attempts()[0]
    connection = connect(till.runtime, till.system)
    failed = read_report(till.runtime, connection, attempt.checkout_id)
    till.world.run(till.system, online_payments.follow_up, attempt.id, failed)
    assert till.payments()[0].refunded_minor == 0

    give_back(till, paid)

    assert till.payments()[0].refunded_minor == 4_000


def test_a_refund_that_was_refused_can_be_made_again(till, paid):
    """Stripe repeats a refusal for a day to whoever asks with the same key."""
    with the_charge(till) as charge:
        charge["amount_captured"] = 0
    with pytest.raises(GatewayRefused):
        give_back(till, paid)
    with the_charge(till) as charge:
        charge["amount_captured"] = 10_000

    give_back(till, paid)

    assert till.payments()[0].refunded_minor == 4_000


@contextlib.contextmanager
def the_charge(till):
    """Yield the only charge at Stripe, to change it there."""
    with till.sandbox.working() as books:
        (charge,) = books[KEYS[1]].ledger.charges.values()
        yield charge


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


def test_of_two_who_enter_the_same_refund_one_is_asked(world):
    """Both saw that nothing was refunded; whoever comes second says it once more."""
    place, invoice_id = world.northwind, an_invoice(world, world.northwind, "100.00")
    payment_id = pay(world, place, invoice_id, "150").payment_id
    start, asked = threading.Barrier(2), []

    def enter(actor):
        start.wait()
        try:
            refunds.refund(world.runtime, actor, payment_id, "20", 0)
        except DoneMeanwhile as refusal:
            asked.append(refusal.field)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(enter, (place.accounting, place.owner)))

    assert asked == ["amount"]
    assert read_payment(world, place, payment_id).refunded_minor == 2_000
    refunds.refund(world.runtime, place.owner, payment_id, "20", 2_000)
    assert read_payment(world, place, payment_id).refunded_minor == 4_000
    assert not find_broken(world.runtime.engine, world.clock.now)
