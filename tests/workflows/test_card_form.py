"""Paying by a card form on our own page, with the SDK and a stand-in Stripe."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import httpx
import pytest

from billing_app.database import authentication
from billing_app.database.authentication import Cookies, OpenedLink
from billing_app.domain.errors import InvalidInput, NotFound, NotPermitted
from billing_app.domain.online_payment import AttemptStatus
from billing_app.domain.portal_place import parse_place
from billing_app.domain.portal_settings import CardForm, PaymentMode
from billing_app.gateways.errors import GatewayUnavailable
from billing_app.models import InboundEvent, LedgerEntry, PaymentAttempt
from billing_app.queries.risk import read_risks
from billing_app.queries.timeline import (
    read_customer_timeline,
    read_invoice_timeline,
)
from billing_app.sandbox.stripe_faults import Fault
from billing_app.services import invoices, portal_links
from billing_app.workflows import pay_online, reconcile, stripe_events
from billing_app.workflows.pay_online import CardPayment
from tests.support.billing import all_rows, pay, visitor_of
from tests.support.rows import let_in
from tests.support.till import PUBLISHABLE, Till
from tests.workflows.test_pay_online import work_outbox

DEBIT, PROOF = "pm_bankDebit", "pm_card_authenticationRequiredOnSetup"
DECLINED = "pm_card_chargeDeclined"


@pytest.fixture
def cards(till: Till) -> Till:
    till.set_portal(card_form=CardForm.EMBEDDED)
    return till


def open_link(till: Till, invoice_id: int) -> OpenedLink:
    place = parse_place(f"/p/{till.token(invoice_id)}")
    assert place is not None
    return authentication.open_portal(
        till.runtime.engine, place, Cookies("", False), till.runtime.now()
    )


def begin(till: Till, invoice_id: int, amount: str = "100") -> CardPayment:
    link = open_link(till, invoice_id)
    begun = pay_online.start_as_set(till.runtime, link, amount, "/p/{key}")
    assert isinstance(begun, CardPayment)
    return begun


def confirm(till: Till, card: CardPayment, method: str = "pm_card_visa"):
    """Confirm as Stripe's script does in the customer's browser."""
    url = f"{till.sandbox.public_url}/v1/payment_intents/{card.checkout_id}/confirm"
    known = {"key": card.publishable_key, "client_secret": card.client_secret}
    return httpx.post(url, data={**known, "payment_method": method})


def prove(till: Till, card: CardPayment, answer: str):
    known = {"key": card.publishable_key, "client_secret": card.client_secret}
    url = f"{till.sandbox.public_url}/card/proof"
    return httpx.post(url, data={**known, "answer": answer})


def finish(till: Till, invoice_id: int, card: CardPayment) -> AttemptStatus:
    visitor = visitor_of(till.world, till.place, invoice_id)
    return pay_online.finish(till.runtime, visitor, card.checkout_id)


def only(till: Till) -> PaymentAttempt:
    (attempt,) = till.attempts()
    return attempt


class TestBegin:
    @pytest.mark.feature("C09")
    def test_asks_for_exactly_that_amount(self, cards: Till):
        invoice_id = cards.bill("100.00")

        card = begin(cards, invoice_id, "40.00")

        payment = cards.gateway().read_payment(card.checkout_id)
        attempt = only(cards)
        assert (payment.amount_minor, payment.currency) == (4_000, "EUR")
        assert payment.metadata["tallyport_attempt"] == attempt.idempotency_key
        assert (attempt.intent_id, attempt.checkout_id) == (card.checkout_id, None)
        assert attempt.status == AttemptStatus.OPEN

    def test_gives_the_browser_what_it_needs(self, cards: Till):
        invoice_id = cards.bill("100.00")

        card = begin(cards, invoice_id)

        assert card.publishable_key == PUBLISHABLE[1]
        assert card.client_secret.startswith(f"{card.checkout_id}_secret_")
        assert card.script == f"{cards.sandbox.public_url}/endive/stripe.js"
        page = f"{cards.url}/p/{cards.token(invoice_id)}"
        assert card.return_url == f"{page}/paid"

    def test_keeps_the_browsers_secret_to_itself(self, cards: Till):
        card = begin(cards, cards.bill())

        assert card.client_secret not in repr(card)
        assert card.client_secret not in repr(only(cards))

    def test_the_same_amount_again_is_the_same_payment(self, cards: Till):
        invoice_id = cards.bill()

        begun = {begin(cards, invoice_id).client_secret for _ in range(3)}

        assert len(begun) == 1
        assert only(cards).status == AttemptStatus.OPEN

    def test_another_amount_closes_the_first(self, cards: Till):
        invoice_id = cards.bill()
        first = begin(cards, invoice_id, "100")

        begin(cards, invoice_id, "60")

        assert confirm(cards, first).status_code == 400
        cards.settle_down()
        assert cards.payments() == []

    @pytest.mark.parametrize("amount", ["100.01", "0.49", "0", "NaN", "", "x"])
    def test_an_amount_that_can_not_be_paid_begins_nothing(self, cards: Till, amount):
        invoice_id = cards.bill("100.00")

        with pytest.raises(InvalidInput):
            begin(cards, invoice_id, amount)

        assert cards.attempts() == []

    @pytest.mark.feature("C09")
    @pytest.mark.parametrize(
        "change",
        [
            lambda till: till.set_portal(card_form=CardForm.CHECKOUT),
            lambda till: till.change_account(publishable_key=""),
        ],
        ids=["not chosen", "no key for browsers"],
    )
    def test_otherwise_stripes_own_page_opens(self, cards: Till, change):
        invoice_id = cards.bill()
        change(cards)

        begun = pay_online.start_as_set(
            cards.runtime, open_link(cards, invoice_id), "100", "/p/{key}"
        )

        assert isinstance(begun, str)
        assert "/c/pay/" in begun

    def test_switched_off_nothing_begins(self, cards: Till):
        invoice_id = cards.bill()
        link = open_link(cards, invoice_id)
        cards.set_portal(card_form=CardForm.EMBEDDED, payment=PaymentMode.OFF)

        with pytest.raises(Exception, match="can't be paid online"):
            pay_online.start_as_set(cards.runtime, link, "100", "/p/{key}")

        assert cards.attempts() == []

    def test_a_preview_of_staff_can_not_pay(self, cards: Till):
        link = open_link(cards, cards.bill())
        preview = replace(link, visitor=replace(link.visitor, is_preview=True))

        with pytest.raises(NotPermitted):
            pay_online.start_as_set(cards.runtime, preview, "100", "/p/{key}")


class TestTheCard:
    def test_pays(self, cards: Till):
        invoice_id = cards.bill("100.00")
        confirm(cards, begin(cards, invoice_id))

        cards.settle_down()

        assert cards.outstanding(invoice_id) == 0
        (payment,) = cards.payments()
        assert (payment.method, payment.method_detail) == ("card", "•••• 4242")
        assert only(cards).status == AttemptStatus.SUCCEEDED

    def test_declined_may_be_another(self, cards: Till):
        invoice_id = cards.bill("100.00")
        card = begin(cards, invoice_id)
        assert confirm(cards, card, DECLINED).status_code == 402
        cards.settle_down()
        assert only(cards).status == AttemptStatus.OPEN

        confirm(cards, card)
        cards.settle_down()

        assert cards.outstanding(invoice_id) == 0
        assert len(cards.payments()) == 1

    @pytest.mark.parametrize(
        ("answer", "left"), [("complete", 0), ("fail", 10_000)], ids=str
    )
    def test_that_asks_for_proof(self, cards: Till, answer: str, left: int):
        invoice_id = cards.bill("100.00")
        card = begin(cards, invoice_id)
        assert confirm(cards, card, PROOF).json()["status"] == "requires_action"
        cards.settle_down()
        assert cards.outstanding(invoice_id) == 10_000

        prove(cards, card, answer)
        cards.settle_down()

        assert cards.outstanding(invoice_id) == left
        assert only(cards).status == ("open" if left else "succeeded")

    def test_refunded_in_the_dashboard_opens_the_invoice(self, cards: Till):
        invoice_id = cards.bill("100.00")
        card = begin(cards, invoice_id)
        confirm(cards, card)
        cards.settle_down()

        cards.gateway().refund(card.checkout_id, 3_000, "EUR", idempotency_key="r1")
        cards.settle_down()

        assert cards.outstanding(invoice_id) == 3_000


class TestADeclinedCard:
    """It leaves a trace, though neither the money nor the attempt moves."""

    @pytest.fixture(params=["card form", "Stripe's page"])
    def twice(self, cards: Till, request: pytest.FixtureRequest) -> int:
        """An invoice of 100 of which somebody tried 40 with two declined cards."""
        invoice_id = cards.bill("100.00")
        if request.param == "card form":
            card = begin(cards, invoice_id, "40")
            tries = partial(confirm, cards, card, DECLINED)
        else:
            tries = partial(cards.press, cards.start(invoice_id, "40"), "decline")
        for _ in range(2):
            tries()
            cards.settle_down()
        return invoice_id

    @pytest.mark.feature("F104")
    def test_is_in_the_story_of_the_invoice_and_of_the_customer(
        self, cards: Till, twice: int
    ):
        viewer, customer_id = cards.place.viewer, cards.invoice(twice).customer_id
        reads = (read_invoice_timeline, twice), (read_customer_timeline, customer_id)
        for read, whose in reads:
            found = cards.world.run(viewer, read, whose)
            lines = [x for x in found.entries if x.text == "Card declined"]

            assert len(lines) == 2
            assert {(x.amount_minor, x.currency) for x in lines} == {(4_000, "EUR")}
            assert {x.detail for x in lines} == {"their bank gave no reason"}
            assert {x.invoice_id for x in lines} == {twice}
            assert "0002" not in repr(lines)

    @pytest.mark.feature("F105")
    def test_counts_for_the_risk(self, cards: Till, twice: int):
        customer_id = cards.invoice(twice).customer_id
        viewer, stranger = cards.place.viewer, cards.world.kestrel.viewer

        [ours] = cards.world.run(viewer, read_risks, [customer_id])
        [theirs] = cards.world.run(stranger, read_risks, [customer_id])

        failed = "2 online payments failed in the last 90 days"
        assert failed in ours.risk.reasons
        assert failed not in theirs.risk.reasons

    def test_moves_no_money(self, cards: Till, twice: int):
        ledger = all_rows(cards.world, cards.place, LedgerEntry)

        assert only(cards).status == AttemptStatus.OPEN
        assert cards.outstanding(twice) == 10_000
        assert cards.payments() == []
        assert sum(entry.amount_minor for entry in ledger) == 0
        assert {entry.invoice_id for entry in ledger} == {twice}

    def test_is_one_line_however_often_it_is_told(self, cards: Till, twice: int):
        before = cards.world.run(cards.place.viewer, read_invoice_timeline, twice)
        stripe_events.accept_missed(cards.runtime, cards.system, cards.events())
        cards.work_off()

        after = cards.world.run(cards.place.viewer, read_invoice_timeline, twice)

        assert after.entries == before.entries

    @pytest.mark.parametrize("is_returned", [False, True])
    def test_is_told_late_when_another_card_has_paid(
        self, cards: Till, is_returned: bool
    ):
        invoice_id = cards.bill("100.00")
        cards.arm(Fault.WEBHOOK_LOST, times=50)
        card = begin(cards, invoice_id)
        confirm(cards, card, DECLINED)
        confirm(cards, card)
        if is_returned:
            gateway = cards.gateway()
            gateway.refund(card.checkout_id, 3_000, "EUR", idempotency_key="r1")
        finish(cards, invoice_id, card)

        stripe_events.accept_missed(cards.runtime, cards.system, cards.events())
        cards.work_off()

        found = cards.world.run(cards.place.viewer, read_invoice_timeline, invoice_id)
        assert [x.text for x in found.entries].count("Card declined") == 1
        assert cards.outstanding(invoice_id) == (3_000 if is_returned else 0)


class TestADebit:
    def test_is_on_its_way_until_it_clears(self, cards: Till):
        invoice_id = cards.bill("100.00")
        confirm(cards, begin(cards, invoice_id), DEBIT)
        cards.settle_down()
        assert only(cards).status == AttemptStatus.PROCESSING
        assert cards.invoice(invoice_id).processing_minor == 10_000

        cards.let_pass(days=5)
        cards.settle_down()

        assert cards.outstanding(invoice_id) == 0
        assert cards.payments()[0].method == "bank_transfer"

    def test_counts_for_its_own_invoice_only(self, cards: Till):
        debited, other = cards.bill("100.00"), cards.bill("50.00")
        confirm(cards, begin(cards, debited), DEBIT)
        cards.settle_down()

        pay(cards.world, cards.place, other, "20.00")

        assert cards.invoice(debited).processing_minor == 10_000
        assert cards.invoice(other).processing_minor == 0
        assert cards.outstanding(other) == 3_000

    def test_that_comes_back_opens_the_invoice_and_closes_the_form(self, cards: Till):
        invoice_id = cards.bill("100.00")
        card = begin(cards, invoice_id)
        confirm(cards, card, DEBIT)
        cards.settle_down()
        with cards.sandbox.working() as books:
            for book in books.values():
                if card.checkout_id in book.ledger.intents:
                    book.return_debit(card.checkout_id)

        cards.settle_down()
        work_outbox(cards)

        assert only(cards).status == AttemptStatus.FAILED
        assert cards.invoice(invoice_id).processing_minor == 0
        assert confirm(cards, card).status_code == 400
        found = cards.world.run(cards.place.viewer, read_invoice_timeline, invoice_id)
        told = [x.text for x in found.entries]
        assert told.count("Online payment failed") == 1
        assert "Card declined" not in told


class TestFinish:
    def test_asks_stripe_and_books_without_any_webhook(self, cards: Till):
        cards.arm(Fault.WEBHOOK_LOST, times=50)
        invoice_id = cards.bill("100.00")
        card = begin(cards, invoice_id)
        confirm(cards, card)

        assert finish(cards, invoice_id, card) == AttemptStatus.SUCCEEDED

        assert cards.outstanding(invoice_id) == 0

    def test_the_browser_alone_proves_nothing(self, cards: Till):
        invoice_id = cards.bill("100.00")
        card = begin(cards, invoice_id)

        assert finish(cards, invoice_id, card) == AttemptStatus.OPEN

        assert cards.outstanding(invoice_id) == 10_000

    def test_somebody_elses_payment_is_not_found(self, cards: Till):
        card = begin(cards, cards.bill("100.00"))
        other = visitor_of(cards.world, cards.place, cards.bill("5.00"))

        for act in (pay_online.finish, pay_online.cancel):
            with pytest.raises(NotFound):
                act(cards.runtime, other, card.checkout_id)

    def test_the_way_back_from_a_bank_says_how_it_went(self, cards: Till):
        invoice_id = cards.bill("100.00")
        card = begin(cards, invoice_id)
        confirm(cards, card, PROOF)
        prove(cards, card, "fail")
        asked = {"payment_intent": card.checkout_id, "redirect_status": "failed"}

        answer = httpx.get(card.return_url, params=asked)

        assert answer.headers["location"].endswith("?paid=unproven")
        confirm(cards, card)
        answer = httpx.get(card.return_url, params=asked)
        assert answer.headers["location"].endswith("?paid=yes")


class TestCancel:
    def test_closes_the_payment(self, cards: Till):
        invoice_id = cards.bill("100.00")
        card = begin(cards, invoice_id)
        visitor = visitor_of(cards.world, cards.place, invoice_id)

        status = pay_online.cancel(cards.runtime, visitor, card.checkout_id)

        assert status == AttemptStatus.EXPIRED
        assert confirm(cards, card).status_code == 400

    def test_money_that_was_faster_is_booked(self, cards: Till):
        cards.arm(Fault.WEBHOOK_LOST, times=50)
        invoice_id = cards.bill("100.00")
        card = begin(cards, invoice_id)
        confirm(cards, card)
        visitor = visitor_of(cards.world, cards.place, invoice_id)

        status = pay_online.cancel(cards.runtime, visitor, card.checkout_id)

        assert status == AttemptStatus.SUCCEEDED
        assert cards.outstanding(invoice_id) == 0


class TestFormsAreClosed:
    @pytest.mark.parametrize(
        "change",
        [
            lambda till, it: till.world.run(
                till.place.accounting, invoices.void, it, "Replaced"
            ),
            lambda till, it: pay(till.world, till.place, it, "10"),
            lambda till, it: till.world.run(
                till.place.accounting, portal_links.revoke_links, it
            ),
        ],
        ids=["void", "paid by hand", "link revoked"],
    )
    def test_when_nobody_may_pay_that_any_more(self, cards: Till, change):
        invoice_id = cards.bill("100.00")
        card = begin(cards, invoice_id)
        change(cards, invoice_id)

        work_outbox(cards)

        assert confirm(cards, card).status_code == 400
        assert only(cards).status == AttemptStatus.EXPIRED

    def test_money_that_was_faster_is_booked(self, cards: Till):
        """100 by card and 10 by hand on an invoice of 100: 10 is credit."""
        cards.arm(Fault.WEBHOOK_LOST, times=50)
        invoice_id = cards.bill("100.00")
        confirm(cards, begin(cards, invoice_id))
        pay(cards.world, cards.place, invoice_id, "10")

        work_outbox(cards)

        assert cards.outstanding(invoice_id) == 0
        assert cards.payments()[1].allocated_minor == 9_000

    def test_an_hour_later_by_the_next_round(self, cards: Till):
        """Stripe never closes the payment of a card form by itself."""
        invoice_id = cards.bill("100.00")
        card = begin(cards, invoice_id)
        cards.let_pass(minutes=30)
        reconcile.run_for(cards.runtime, cards.system)
        assert only(cards).status == AttemptStatus.OPEN

        cards.let_pass(minutes=31)
        reconcile.run_for(cards.runtime, cards.system)

        assert only(cards).status == AttemptStatus.EXPIRED
        assert confirm(cards, card).status_code == 400


class TestBesideAPaymentPage:
    def test_the_one_closes_the_other(self, cards: Till):
        invoice_id = cards.bill("100.00")
        card = begin(cards, invoice_id)

        page = cards.start(invoice_id, "100")

        assert confirm(cards, card).status_code == 400
        begin(cards, invoice_id)
        cards.press(page, "card")
        cards.settle_down()
        assert cards.payments() == []

    def test_a_page_and_its_payment_settle_once(self, cards: Till):
        """Both tell of the money: the session, and the payment made on it."""
        invoice_id = cards.bill("100.00")
        cards.press(cards.start(invoice_id, "100"), "card")

        cards.settle_down()
        reconcile.run_for(cards.runtime, cards.system)

        kinds = {event.kind for event in cards.inbox()}
        assert {"checkout.session.completed", "payment_intent.succeeded"} <= kinds
        assert len(cards.payments()) == 1
        assert cards.payments()[0].amount_minor == 10_000


class TestWebhooks:
    @pytest.mark.feature("C09")
    def test_twice_and_late_settle_once(self, cards: Till):
        cards.arm(Fault.WEBHOOK_TWICE, times=2)
        cards.arm(Fault.WEBHOOK_REORDERED, times=2)
        invoice_id = cards.bill("100.00")
        card = begin(cards, invoice_id)
        confirm(cards, card, DECLINED)
        confirm(cards, card)

        finish(cards, invoice_id, card)
        cards.settle_down()
        for event in all_rows(cards.world, cards.place, InboundEvent):
            stripe_events.handle(cards.runtime, cards.system, event.id)

        assert len(cards.payments()) == 1
        assert cards.outstanding(invoice_id) == 0

    @pytest.mark.parametrize(
        "change",
        [
            {"amount_minor": 9_999},
            {"currency": "USD"},
            {"account_id": "acct_other"},
            {"is_livemode": True},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_money_that_does_not_fit_is_held(self, cards: Till, change):
        invoice_id = cards.bill("100.00")
        card = begin(cards, invoice_id)
        # Before the webhook is on its way: it may come at once.
        with cards.world.unit(cards.system) as uow:
            let_in(uow, "payment_attempt_kept", "payment_attempt")
            attempt = uow.get(PaymentAttempt, 1)
            for name, value in change.items():
                setattr(attempt, name, value)

        confirm(cards, card)
        cards.settle_down()

        assert cards.payments()[0].status == "held"
        assert cards.outstanding(invoice_id) == 10_000

    def test_a_payment_that_only_claims_to_be_ours_is_quarantined(self, cards: Till):
        invoice_id = cards.bill("100.00")
        begin(cards, invoice_id)
        request = replace(
            pay_online._request(
                cards.runtime,
                cards.world.run(cards.system, pay_online.attempts.read_attempt, 1),
            ),
            amount_minor=100,
        )
        forged = cards.gateway().create_card_form(request, idempotency_key="other")
        known = CardPayment(
            checkout_id=forged.id,
            client_secret=forged.client_secret,
            publishable_key=PUBLISHABLE[1],
        )
        confirm(cards, known)
        cards.settle_down()

        assert cards.payments() == []
        assert cards.outstanding(invoice_id) == 10_000
        assert "quarantined" in {event.status for event in cards.inbox()}


@pytest.mark.usefixtures("impatient")
class TestWithoutAnAnswer:
    def test_trying_again_uses_the_same_key(self, cards: Till):
        invoice_id = cards.bill("100.00")
        cards.arm(Fault.TIMEOUT, match="payment_intents", seconds=4)
        with pytest.raises(GatewayUnavailable):
            begin(cards, invoice_id)
        assert only(cards).status == AttemptStatus.UNKNOWN

        card = begin(cards, invoice_id)

        with cards.sandbox.working() as books:
            begun = [x for book in books.values() for x in book.ledger.intents]
        assert begun == [card.checkout_id]

    def test_what_nobody_was_shown_is_closed(self, cards: Till):
        invoice_id = cards.bill("100.00")
        cards.arm(Fault.TIMEOUT, match="payment_intents", seconds=4)
        with pytest.raises(GatewayUnavailable):
            begin(cards, invoice_id)

        cards.let_pass(minutes=5)
        reconcile.run_for(cards.runtime, cards.system)

        assert only(cards).status == AttemptStatus.EXPIRED
        assert only(cards).intent_id is not None
