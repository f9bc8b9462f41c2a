"""From Pay now to the payment page and back, with the SDK and a stand-in Stripe."""

from dataclasses import replace

import pytest

from billing_app.domain.actors import Proof
from billing_app.domain.errors import (
    Conflict,
    InvalidInput,
    LimitReached,
    NotFound,
    NotPermitted,
)
from billing_app.domain.online_payment import AttemptStatus
from billing_app.domain.payability import NotPayable
from billing_app.domain.portal_settings import PaymentMode
from billing_app.gateways.errors import GatewayUnavailable
from billing_app.models import OutboxMessage
from billing_app.sandbox.stripe_faults import Fault
from billing_app.services import invoices, online_payments, portal_links
from billing_app.services.portal_answers import (
    set_customer_answer,
    set_invoice_answer,
)
from billing_app.services.portal_settings import apply_profile
from billing_app.workflows import pay_online
from tests.support.billing import all_rows, pay, visitor_of
from tests.support.till import session_id


def work_outbox(till):
    """Close the payment pages that commits have promised to close."""
    for message in all_rows(till.world, till.place, OutboxMessage):
        if message.topic == "stripe.expire_checkout":
            attempt_id = message.details["attempt_id"]
            pay_online.expire_checkout(till.runtime, till.system, attempt_id)


class TestStart:
    def test_opens_a_page_for_exactly_that_amount(self, till):
        invoice_id = till.bill("100.00")

        page = till.start(invoice_id, "40.00")

        checkout = till.gateway().read_checkout(session_id(page))
        (attempt,) = till.attempts()
        assert (checkout.amount_minor, checkout.currency) == (4_000, "EUR")
        assert checkout.reference == attempt.idempotency_key
        assert attempt.status == AttemptStatus.OPEN
        assert attempt.checkout_id == checkout.id
        assert till.outstanding(invoice_id) == 10_000

    def test_the_same_amount_again_opens_the_same_page(self, till):
        invoice_id = till.bill()

        pages = {till.start(invoice_id, "100") for _ in range(3)}

        assert len(pages) == 1
        assert len(till.attempts()) == 1

    @pytest.mark.feature("F092")
    def test_another_amount_closes_the_first_page(self, till):
        invoice_id = till.bill()
        first = till.start(invoice_id, "100")

        second = till.start(invoice_id, "60")

        assert till.gateway().read_checkout(session_id(first)).status == "expired"
        assert till.gateway().read_checkout(session_id(second)).status == "open"
        till.press(first, "card")
        till.settle_down()
        assert till.payments() == []

    def test_a_page_that_was_paid_meanwhile_is_booked_and_not_offered_again(self, till):
        invoice_id = till.bill()
        page = till.start(invoice_id, "40")
        till.press(page, "card")

        again = till.start(invoice_id, "40")

        assert again != page
        assert till.outstanding(invoice_id) == 6_000

    @pytest.mark.feature("F090")
    @pytest.mark.parametrize("amount", ["100.01", "0.49", "0", "NaN", "1.005", "", "x"])
    def test_an_amount_that_can_not_be_paid_opens_nothing(self, till, amount):
        invoice_id = till.bill()

        with pytest.raises(InvalidInput) as refusal:
            till.start(invoice_id, amount)

        assert refusal.value.field == "amount"
        assert till.attempts() == []

    @pytest.mark.feature("F098")
    @pytest.mark.parametrize(
        "switches",
        [
            {"payment": PaymentMode.OFF},
            {"payment": PaymentMode.INSTRUCTIONS},
        ],
    )
    def test_switched_off_a_direct_call_opens_nothing(self, till, switches):
        invoice_id = till.bill()
        till.set_portal(**switches)

        with pytest.raises(NotPayable):
            till.start(invoice_id, "100")

        assert till.attempts() == []

    @pytest.mark.feature("C10")
    def test_without_partial_payments_only_the_whole_is_taken(self, till):
        invoice_id = till.bill()
        till.set_portal(allows_partial=False)

        with pytest.raises(InvalidInput, match=r"€100\.00"):
            till.start(invoice_id, "40")

        assert till.start(invoice_id, "100.00")

    def test_a_preview_of_staff_can_not_pay(self, till):
        invoice_id = till.bill()
        visitor = visitor_of(till.world, till.place, invoice_id)

        with pytest.raises(NotPermitted):
            pay_online.start(till.runtime, replace(visitor, is_preview=True), "100")

    def test_a_link_opens_only_its_own_invoice(self, till):
        mine, other = till.bill(), till.bill()
        visitor = visitor_of(till.world, till.place, mine)

        with pytest.raises(NotFound):
            pay_online.start(till.runtime, visitor, "100", other)

    @pytest.mark.feature("F007")
    def test_a_link_revoked_meanwhile_opens_nothing(self, till):
        invoice_id = till.bill()
        visitor = visitor_of(till.world, till.place, invoice_id)
        till.world.run(till.place.accounting, portal_links.revoke_links, invoice_id)

        with pytest.raises(NotFound):
            pay_online.start(till.runtime, visitor, "100")

    def test_a_program_that_tries_on_and_on_is_stopped(self, till, monkeypatch):
        monkeypatch.setattr(online_payments, "ATTEMPTS_PER_HOUR", 3)
        invoice_id = till.bill()
        for amount in ("10", "20", "30"):
            till.start(invoice_id, amount)

        with pytest.raises(LimitReached):
            till.start(invoice_id, "51")

    def test_who_has_the_link_does_not_keep_out_who_is_signed_in(
        self, till, monkeypatch
    ):
        monkeypatch.setattr(online_payments, "ATTEMPTS_PER_HOUR", 1)
        invoice_id = till.bill()
        till.start(invoice_id, "10")
        visitor = visitor_of(till.world, till.place, invoice_id)
        contact = replace(visitor, session_id=7, proof=Proof.SESSION)

        assert pay_online.start(till.runtime, contact, "100")
        with pytest.raises(LimitReached):
            till.start(invoice_id, "51")

    @pytest.mark.feature("F092")
    def test_a_debit_on_its_way_lowers_what_can_be_paid(self, till):
        invoice_id = till.bill()
        till.press(till.start(invoice_id, "70"), "bank")
        till.settle_down()

        with pytest.raises(InvalidInput, match=r"€30\.00 at most"):
            till.start(invoice_id, "100")

        assert till.start(invoice_id, "30")


class TestStripeDown:
    def test_says_so_and_charges_nothing(self, till):
        invoice_id = till.bill()
        till.arm(Fault.UNAVAILABLE_503)

        with pytest.raises(GatewayUnavailable, match="try again"):
            till.start(invoice_id, "100")

        (attempt,) = till.attempts()
        assert attempt.status == AttemptStatus.UNKNOWN

    def test_trying_again_uses_the_same_key(self, till):
        invoice_id = till.bill()
        till.arm(Fault.UNAVAILABLE_503)
        with pytest.raises(GatewayUnavailable):
            till.start(invoice_id, "100")

        till.start(invoice_id, "100")

        (attempt,) = till.attempts()
        assert attempt.status == AttemptStatus.OPEN

    @pytest.mark.usefixtures("impatient")
    def test_a_page_opened_by_a_call_without_answer_is_found_again(self, till):
        """Stripe does the work and says nothing; no second page may follow."""
        invoice_id = till.bill()
        till.arm(Fault.TIMEOUT, seconds=4)
        with pytest.raises(GatewayUnavailable):
            till.start(invoice_id, "100")

        page = till.start(invoice_id, "100")

        kinds = [event.type for event in till.events()]
        (attempt,) = till.attempts()
        assert attempt.checkout_id == session_id(page)
        assert "checkout.session.expired" not in kinds

    @pytest.mark.usefixtures("impatient")
    def test_another_amount_first_closes_what_may_have_been_opened(self, till):
        invoice_id = till.bill()
        till.arm(Fault.TIMEOUT, seconds=4)
        with pytest.raises(GatewayUnavailable):
            till.start(invoice_id, "100")

        till.start(invoice_id, "60")

        first, second = till.attempts()
        checkout = till.gateway().read_checkout(first.checkout_id)
        assert checkout.status == "expired"
        assert first.status == AttemptStatus.EXPIRED
        assert second.status == AttemptStatus.OPEN

    def test_while_that_is_not_known_nothing_else_is_charged(self, till):
        invoice_id = till.bill()
        till.arm(Fault.UNAVAILABLE_503, times=2)
        with pytest.raises(GatewayUnavailable):
            till.start(invoice_id, "100")

        with pytest.raises(GatewayUnavailable):
            till.start(invoice_id, "60")

        assert len(till.attempts()) == 1

    def test_a_key_that_is_not_accepted_is_not_the_customers_affair(self, till):
        invoice_id = till.bill()
        wrong = till.runtime.cipher.encrypt("sk_test_wrong")
        till.change_account(secret_key_encrypted=wrong)

        with pytest.raises(NotPayable) as refusal:
            till.start(invoice_id, "100")

        assert "key" not in refusal.value.message


class TestPagesAreClosed:
    @pytest.fixture
    def open_page(self, till):
        invoice_id = till.bill()
        return invoice_id, till.start(invoice_id, "100")

    def is_open(self, till, page):
        return till.gateway().read_checkout(session_id(page)).status == "open"

    def test_when_the_invoice_is_void(self, till, open_page):
        invoice_id, page = open_page
        till.world.run(till.place.accounting, invoices.void, invoice_id, "Replaced")

        work_outbox(till)

        assert not self.is_open(till, page)

    def test_when_staff_record_a_payment(self, till, open_page):
        invoice_id, page = open_page
        pay(till.world, till.place, invoice_id, "10")

        work_outbox(till)

        assert not self.is_open(till, page)
        assert till.attempts()[0].status == AttemptStatus.EXPIRED

    @pytest.mark.feature("F007")
    def test_when_the_link_is_revoked(self, till, open_page):
        invoice_id, page = open_page
        till.world.run(till.place.accounting, portal_links.revoke_links, invoice_id)

        work_outbox(till)

        assert not self.is_open(till, page)

    @pytest.mark.feature("C01", "F015", "F016")
    @pytest.mark.parametrize(
        "shut",
        [
            lambda place, invoice: (
                (place.accounting, set_invoice_answer),
                (invoice.id, "payment", "instructions"),
            ),
            lambda place, invoice: (
                (place.operations, set_customer_answer),
                (invoice.customer_id, "payment", "off"),
            ),
            lambda place, invoice: (
                (place.operations, set_customer_answer),
                (invoice.customer_id, "is_on", "off"),
            ),
            lambda place, _: ((place.admin, apply_profile), (1, "closed_billing")),
        ],
        ids=["invoice", "customer", "customer's portal", "workspace"],
    )
    def test_when_paying_is_switched_off(self, till, open_page, shut):
        invoice_id, page = open_page
        (actor, service), arguments = shut(till.place, till.invoice(invoice_id))
        till.world.run(actor, service, *arguments)

        work_outbox(till)

        assert not self.is_open(till, page)
        assert till.outstanding(invoice_id) == 10_000

    def test_and_stay_open_otherwise(self, till, open_page):
        invoice_id, page = open_page
        other = till.bill()
        for key, typed in (("payment", "off"), ("comments", "off")):
            wanted = other if key == "payment" else invoice_id
            till.world.run(
                till.place.accounting, set_invoice_answer, wanted, key, typed
            )

        work_outbox(till)

        assert self.is_open(till, page)

    def test_as_far_as_they_can_be_reached(self, till, open_page):
        """With the keys removed, the page is left to close by itself."""
        invoice_id, _ = open_page
        till.world.run(till.place.accounting, invoices.void, invoice_id, "Replaced")
        till.change_account(secret_key_encrypted="")

        work_outbox(till)

        assert till.attempts()[0].status == AttemptStatus.FAILED

    def test_money_that_was_faster_is_booked(self, till, open_page):
        """100 by card and 10 by hand on an invoice of 100: 10 is credit."""
        invoice_id, page = open_page
        till.press(page, "card")
        pay(till.world, till.place, invoice_id, "10")

        work_outbox(till)

        assert till.outstanding(invoice_id) == 0
        by_card = till.payments()[1]
        assert (by_card.amount_minor, by_card.allocated_minor) == (10_000, 9_000)

    def test_a_void_invoice_takes_none_of_the_money(self, till, open_page):
        invoice_id, page = open_page
        till.press(page, "card")
        till.world.run(till.place.accounting, invoices.void, invoice_id, "Replaced")

        work_outbox(till)

        (payment,) = till.payments()
        assert (payment.status, payment.allocated_minor) == ("settled", 0)
        assert till.outstanding(invoice_id) == 0


class TestFinish:
    @pytest.mark.feature("F095")
    def test_asks_stripe_and_books_without_any_webhook(self, till):
        invoice_id = till.bill()
        page = till.start(invoice_id, "100")
        till.arm(Fault.WEBHOOK_LOST, times=20)
        till.press(page, "card")
        visitor = visitor_of(till.world, till.place, invoice_id)

        status = pay_online.finish(till.runtime, visitor, session_id(page))

        assert status == AttemptStatus.SUCCEEDED
        assert till.outstanding(invoice_id) == 0

    def test_the_way_back_alone_proves_nothing(self, till):
        invoice_id = till.bill()
        page = till.start(invoice_id, "100")
        visitor = visitor_of(till.world, till.place, invoice_id)

        status = pay_online.finish(till.runtime, visitor, session_id(page))

        assert status == AttemptStatus.OPEN
        assert till.payments() == []

    def test_with_stripe_down_shows_what_is_known(self, till):
        invoice_id = till.bill()
        page = till.start(invoice_id, "100")
        till.arm(Fault.UNAVAILABLE_503)
        visitor = visitor_of(till.world, till.place, invoice_id)

        status = pay_online.finish(till.runtime, visitor, session_id(page))

        assert status == AttemptStatus.OPEN

    def test_somebody_elses_payment_is_not_found(self, till):
        mine, other = till.bill(), till.bill()
        page = till.start(other, "100")
        visitor = visitor_of(till.world, till.place, mine)

        with pytest.raises(NotFound):
            pay_online.finish(till.runtime, visitor, session_id(page))


class TestOffer:
    def test_tells_a_visitor_what_can_be_paid(self, till):
        visitor = visitor_of(till.world, till.place, till.bill())

        offer = pay_online.read_offer(till.runtime, visitor)

        assert offer.limits is not None
        assert offer.limits.maximum_minor == 10_000
        assert offer.connection == "Active"

    def test_says_why_not(self, till):
        visitor = visitor_of(till.world, till.place, till.bill())
        till.set_portal(payment=PaymentMode.INSTRUCTIONS)

        offer = pay_online.read_offer(till.runtime, visitor)

        assert offer.limits is None
        assert offer.mode == PaymentMode.INSTRUCTIONS
        assert "as agreed" in offer.reason


@pytest.mark.feature("F092")
def test_two_pages_at_once_are_never_both_left_open(till):
    invoice_id = till.bill()
    visitor = visitor_of(till.world, till.place, invoice_id)
    amounts = ["100", "99", "98", "97"]

    for amount in amounts:
        try:
            pay_online.start(till.runtime, visitor, amount)
        except Conflict:
            continue

    ids = [attempt.checkout_id for attempt in till.attempts()]
    statuses = [till.gateway().read_checkout(x).status for x in ids]
    assert statuses.count("open") == 1
