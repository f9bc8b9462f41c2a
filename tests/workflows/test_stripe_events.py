"""Webhooks: only Stripe's count, each counts once, in any order, and none is lost."""

import hashlib
import hmac
import itertools
import json
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from billing_app.domain.errors import Conflict, NotFound, NotPermitted
from billing_app.domain.online_payment import AttemptStatus, Report
from billing_app.domain.payment import PaymentMethod
from billing_app.gateways.errors import GatewayUnavailable, WebhookRefused
from billing_app.gateways.stripe import CheckoutRequest
from billing_app.models import (
    AuditEntry,
    InboundEvent,
    Invoice,
    LedgerEntry,
    OutboxMessage,
    Payment,
    PaymentAttempt,
    Refund,
    StripeAccount,
)
from billing_app.sandbox.stripe_faults import Fault
from billing_app.services import online_payments, payments, settlements
from billing_app.workflows import reconcile, stripe_events
from tests.support.billing import all_rows, an_invoice, outstanding, pay
from tests.support.full_disk import full_disk
from tests.support.rows import let_in
from tests.support.till import SECRETS, payload_of

SLUG = "northwind-charter"


STORY = (
    AttemptStatus.OPEN,
    AttemptStatus.PROCESSING,
    AttemptStatus.FAILED,
    AttemptStatus.EXPIRED,
    AttemptStatus.SUCCEEDED,
)


def sign(payload: bytes, secret: str, at: int) -> str:
    signed = f"{at}.".encode() + payload
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def deliver(till, payload, *, secret=SECRETS[1], slug=SLUG, seconds=0):
    """Post a webhook as Stripe would, signed so many seconds from now."""
    at = int(till.world.clock.now.timestamp()) + seconds
    return httpx.post(
        f"{till.url}/webhooks/stripe/{slug}",
        content=payload,
        headers={"Stripe-Signature": sign(payload, secret, at)},
    )


@pytest.fixture
def paid(till):
    """An invoice of 100 paid by card, of which nobody told us yet."""
    invoice_id = till.bill("100.00")
    page = till.start(invoice_id, "100")
    till.arm(Fault.WEBHOOK_LOST, times=50)
    till.press(page, "card")
    return invoice_id


def event_of(till, kind):
    return next(event for event in till.events() if event.type == kind)


def completed(till):
    return event_of(till, "checkout.session.completed")


def handle_payload(till, payload):
    """Store and handle a webhook whose signature has been checked."""
    received = stripe_events.receive(
        till.runtime,
        SLUG,
        payload,
        sign(payload, SECRETS[1], int(till.world.clock.now.timestamp())),
    )
    if received.event_id is not None:
        stripe_events.handle(till.runtime, received.actor, received.event_id)


def only_inbox(till):
    (event,) = till.inbox()
    return event


class TestTheWholeWay:
    @pytest.mark.feature("F094")
    def test_a_card_payment_marks_the_invoice_paid(self, till):
        invoice_id = till.bill("100.00")
        page = till.start(invoice_id, "100")

        till.press(page, "card")
        till.settle_down()

        (payment,) = till.payments()
        assert till.outstanding(invoice_id) == 0
        assert payment.amount_minor == payment.allocated_minor == 10_000
        assert payment.method == PaymentMethod.CARD
        assert payment.method_detail == "•••• 4242"
        assert till.attempts()[0].status == AttemptStatus.SUCCEEDED
        assert {event.status for event in till.inbox()} <= {"handled", "ignored"}

    @pytest.mark.feature("F093")
    def test_a_part_leaves_the_rest(self, till):
        invoice_id = till.bill("100.00")

        till.press(till.start(invoice_id, "40"), "card")
        till.settle_down()

        assert till.outstanding(invoice_id) == 6_000

    def test_receipt_and_mail_are_promised_once(self, till):
        invoice_id = till.bill()
        till.press(till.start(invoice_id, "100"), "card")
        till.settle_down()

        topics = [x.topic for x in all_rows(till.world, till.place, OutboxMessage)]
        assert topics.count("pdf.render_receipt") == 1
        assert topics.count("mail.receipt") == 1

    def test_a_declined_card_leaves_the_page_open_for_another(self, till):
        invoice_id = till.bill()
        page = till.start(invoice_id, "100")

        till.press(page, "decline")
        till.settle_down()
        till.press(page, "card")
        till.settle_down()

        assert till.outstanding(invoice_id) == 0
        assert len(till.payments()) == 1

    def test_a_page_nobody_used_expires(self, till):
        invoice_id = till.bill()
        till.start(invoice_id, "100")

        till.let_pass(hours=2)
        till.settle_down()

        assert till.attempts()[0].status == AttemptStatus.EXPIRED
        assert till.outstanding(invoice_id) == 10_000


class TestBankDebit:
    @pytest.fixture
    def debited(self, till):
        invoice_id = till.bill("100.00")
        till.press(till.start(invoice_id, "100"), "bank")
        till.settle_down()
        return invoice_id

    @pytest.mark.feature("C11", "G06")
    def test_is_on_its_way_and_pays_nothing_yet(self, till, debited):
        invoice = till.invoice(debited)

        assert till.attempts()[0].status == AttemptStatus.PROCESSING
        assert (invoice.outstanding_minor, invoice.processing_minor) == (10_000, 10_000)
        assert till.payments() == []

    @pytest.mark.feature("F088", "G06")
    def test_pays_once_it_clears(self, till, debited):
        till.let_pass(days=4)
        till.settle_down()

        (payment,) = till.payments()
        invoice = till.invoice(debited)
        assert payment.method == PaymentMethod.BANK_TRANSFER
        assert (invoice.outstanding_minor, invoice.processing_minor) == (0, 0)

    def test_opens_the_invoice_again_when_it_fails(self, till, debited):
        intent = till.attempts()[0].provider_payment_id
        control = f"{till.sandbox.public_url}/sandbox/payments/{intent}"
        httpx.post(control, data={"outcome": "return", "action": "return"})
        till.settle_down()

        (attempt,) = till.attempts()
        invoice = till.invoice(debited)
        assert attempt.status == AttemptStatus.FAILED
        assert attempt.failure
        assert (invoice.outstanding_minor, invoice.processing_minor) == (10_000, 0)
        assert till.start(debited, "100")


class TestReceive:
    def test_stores_and_answers_then_works(self, till, paid):
        answer = deliver(till, payload_of(completed(till)))

        till.work_off()
        assert answer.status_code == 200
        assert till.outstanding(paid) == 0
        assert only_inbox(till).status == "handled"

    @pytest.mark.feature("F094")
    def test_ten_deliveries_make_one_payment(self, till, paid):
        payload = payload_of(completed(till))

        answers = [deliver(till, payload).status_code for _ in range(10)]

        till.work_off()
        assert answers == [200] * 10
        assert len(till.inbox()) == 1
        assert len(till.payments()) == 1
        assert till.outstanding(paid) == 0

    @pytest.mark.feature("F094")
    @pytest.mark.parametrize("seconds", [-301, 301, 10**7, -(10**7)])
    def test_an_old_or_a_future_signature_is_refused(self, till, paid, seconds):
        answer = deliver(till, payload_of(completed(till)), seconds=seconds)

        assert answer.status_code == 400
        assert till.inbox() == []

    @pytest.mark.parametrize("seconds", [-300, 0, 300])
    def test_five_minutes_either_way_are_believed(self, till, paid, seconds):
        answer = deliver(till, payload_of(completed(till)), seconds=seconds)

        assert answer.status_code == 200

    def test_the_operator_may_believe_for_less_long(self, till, paid):
        changed = replace(till.runtime.settings, stripe_webhook_tolerance_seconds=60)
        strict = replace(till.runtime, settings=changed)
        payload = payload_of(completed(till))
        at = int(till.world.clock.now.timestamp())

        with pytest.raises(WebhookRefused, match="too old"):
            stripe_events.receive(
                strict, SLUG, payload, sign(payload, SECRETS[1], at - 61)
            )
        stripe_events.receive(strict, SLUG, payload, sign(payload, SECRETS[1], at - 60))

        assert len(till.inbox()) == 1

    @pytest.mark.feature("F094")
    @pytest.mark.parametrize(
        "headers", [{}, {"Stripe-Signature": ""}, {"Stripe-Signature": "t=1,v1=00"}]
    )
    def test_without_a_signature_nothing_is_stored(self, till, paid, headers):
        address = f"{till.url}/webhooks/stripe/{SLUG}"
        payload = payload_of(completed(till))

        answer = httpx.post(address, content=payload, headers=headers)

        assert answer.status_code == 400
        assert till.inbox() == []

    def test_a_full_disk_lets_stripe_come_again(self, till, paid):
        payload = payload_of(completed(till))

        with full_disk():
            refused = deliver(till, payload)

        assert refused.status_code == 507
        assert till.inbox() == []
        assert deliver(till, payload).status_code == 200
        till.work_off()
        assert till.outstanding(paid) == 0

    def test_a_disk_that_fills_up_afterwards_is_no_fault_of_the_webhook(
        self, till, paid
    ):
        payload = payload_of(completed(till))
        received = stripe_events.receive(
            till.runtime,
            SLUG,
            payload,
            sign(payload, SECRETS[1], int(till.world.clock.now.timestamp())),
        )

        with full_disk():
            stripe_events.handle(till.runtime, received.actor, received.event_id)

        assert (only_inbox(till).attempts, only_inbox(till).status) == (0, "waiting")
        till.work_off()
        assert till.outstanding(paid) == 0

    @pytest.mark.parametrize("secret", ["whsec_wrong", SECRETS[2]])
    def test_another_secret_is_refused(self, till, paid, secret):
        answer = deliver(till, payload_of(completed(till)), secret=secret)

        assert answer.status_code == 400
        assert till.inbox() == []

    def test_a_changed_body_is_refused(self, till, paid):
        payload = payload_of(completed(till))
        at = int(till.world.clock.now.timestamp())
        signature = sign(payload, SECRETS[1], at)

        with pytest.raises(WebhookRefused):
            stripe_events.receive(till.runtime, SLUG, payload + b" ", signature)

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b'{"id": 1}'])
    def test_a_body_that_is_no_event_is_refused(self, till, body):
        assert deliver(till, body).status_code == 400

    @pytest.mark.parametrize("slug", ["nobody", "99", "0", "-1", "1%20", "x" * 300])
    def test_an_address_nobody_listens_at_is_not_found(self, till, paid, slug):
        answer = deliver(till, payload_of(completed(till)), slug=slug)

        assert answer.status_code == 404

    def test_without_a_secret_there_is_no_address(self, till, paid):
        till.change_account(webhook_secret_encrypted="")

        assert deliver(till, payload_of(completed(till))).status_code == 404

    def test_the_workspaces_number_works_like_its_name(self, till, paid):
        payload = payload_of(completed(till))

        answer = deliver(till, payload, slug=str(till.place.workspace_id))

        assert answer.status_code == 200

    def test_what_we_do_not_know_is_stored_and_left_alone(self, till, paid):
        payload = payload_of(completed(till), type="customer.created", id="evt_other")

        deliver(till, payload)
        till.work_off()

        assert only_inbox(till).status == "ignored"
        assert till.payments() == []


class TestOnlyTheRightMoney:
    def test_a_cheap_page_can_not_pay_a_dear_invoice(self, till):
        """A page for 1.00 that says it is the other invoice's changes nothing."""
        cheap, dear = till.bill("1.00"), till.bill("5000.00")
        page = till.start(cheap, "1.00")
        till.start(dear, "5000")
        till.arm(Fault.WEBHOOK_LOST, times=50)
        till.press(page, "card")
        event = completed(till)
        about = json.loads(event.payload)["data"]["object"]
        _, other = till.attempts()
        forged = {
            **about,
            "amount_total": 500_000,
            "client_reference_id": other.idempotency_key,
            "metadata": {"tallyport_attempt": other.idempotency_key},
        }

        handle_payload(till, payload_of(event, data={"object": forged}))

        assert till.outstanding(dear) == 500_000
        assert till.outstanding(cheap) == 0
        assert till.payments()[0].amount_minor == 100

    def test_money_of_another_amount_is_held(self, till, paid):
        with till.world.unit(till.system) as uow:
            let_in(uow, "payment_attempt_kept", "payment_attempt")
            uow.get(PaymentAttempt, 1).amount_minor = 9_999

        handle_payload(till, payload_of(completed(till)))

        (payment,) = till.payments()
        assert payment.status == "held"
        assert "amount" in payment.hold_reason
        assert till.attempts()[0].status == AttemptStatus.HELD
        assert till.outstanding(paid) == 10_000

    def test_money_in_another_currency_is_held(self, till, paid):
        with till.world.unit(till.system) as uow:
            let_in(uow, "payment_attempt_kept", "payment_attempt")
            uow.get(PaymentAttempt, 1).currency = "USD"

        handle_payload(till, payload_of(completed(till)))

        (payment,) = till.payments()
        assert (payment.status, payment.currency) == ("held", "EUR")
        assert till.outstanding(paid) == 10_000

    def test_money_in_another_account_is_held(self, till, paid):
        till.change_account(account_id="acct_other")

        handle_payload(till, payload_of(completed(till)))

        assert till.payments()[0].status == "held"
        assert till.outstanding(paid) == 10_000

    def test_another_accounts_event_is_quarantined(self, till, paid):
        handle_payload(till, payload_of(completed(till), account="acct_other"))

        assert only_inbox(till).status == "quarantined"
        assert "account" in only_inbox(till).last_error
        assert till.payments() == []

    def test_a_person_tries_a_quarantined_one_again(self, till, paid):
        till.change_account(account_id="acct_other")
        handle_payload(till, payload_of(completed(till), account="acct_mine"))
        event, accounting = only_inbox(till), till.place.accounting

        reason = stripe_events.try_again(till.runtime, accounting, event.id)
        till.change_account(account_id="acct_mine")
        mended = stripe_events.try_again(till.runtime, accounting, event.id)

        assert "account" in reason
        assert mended == ""
        assert only_inbox(till).status == "handled"
        assert len(till.payments()) == 1
        with pytest.raises(Conflict):
            stripe_events.try_again(till.runtime, accounting, event.id)

    def test_only_who_records_payments_tries_again(self, till, paid):
        handle_payload(till, payload_of(completed(till), account="acct_other"))
        event_id = only_inbox(till).id

        for actor, refusal in (
            (till.place.operations, NotPermitted),
            (till.world.kestrel.owner, NotFound),
        ):
            with pytest.raises(refusal):
                stripe_events.try_again(till.runtime, actor, event_id)

    def test_another_modes_event_is_quarantined(self, till, paid):
        handle_payload(till, payload_of(completed(till), livemode=True))

        assert only_inbox(till).status == "quarantined"
        assert till.payments() == []

    def test_a_page_that_others_opened_is_left_alone(self, till):
        checkout = till.gateway().create_checkout(
            _foreign_request(till, {}), idempotency_key="other-shop"
        )
        till.press(f"{till.sandbox.public_url}/c/pay/{checkout.id}", "card")
        till.settle_down()

        assert till.payments() == []
        assert {event.status for event in till.inbox()} == {"ignored"}

    def test_a_page_that_only_claims_to_be_ours_is_quarantined(self, till):
        invoice_id = till.bill("100.00")
        till.start(invoice_id, "100")
        claims = {"tallyport_attempt": till.attempts()[0].idempotency_key}
        checkout = till.gateway().create_checkout(
            _foreign_request(till, claims), idempotency_key="other-shop"
        )
        till.press(f"{till.sandbox.public_url}/c/pay/{checkout.id}", "card")
        till.settle_down()

        assert till.payments() == []
        assert till.outstanding(invoice_id) == 10_000
        assert "quarantined" in {event.status for event in till.inbox()}

    def test_an_event_of_another_workspace_finds_nothing(self, till, paid):
        """Kestrel's own signed webhook about Northwind's page."""
        deliver(till, payload_of(completed(till)), secret=SECRETS[2], slug="2")
        theirs = all_rows(till.world, till.world.kestrel, InboundEvent)
        for event in theirs:
            stripe_events.handle(till.runtime, till.world.kestrel.system, event.id)

        (event,) = all_rows(till.world, till.world.kestrel, InboundEvent)
        assert event.status == "quarantined"
        assert till.outstanding(paid) == 10_000

    def test_held_money_becomes_credit_once_a_person_accepts_it(self, till, paid):
        with till.world.unit(till.system) as uow:
            let_in(uow, "payment_attempt_kept", "payment_attempt")
            uow.get(PaymentAttempt, 1).amount_minor = 9_999
        handle_payload(till, payload_of(completed(till)))
        (held,) = till.payments()
        biller = till.place.accounting

        till.world.run(biller, settlements.release_payment, held.id)
        till.world.run(biller, payments.allocate_credit, paid, "100", 10_000)

        assert till.outstanding(paid) == 0


def _foreign_request(till, metadata):
    return CheckoutRequest(
        amount_minor=100,
        currency="EUR",
        title="A mug",
        reference="mug-1",
        metadata=metadata,
        success_url="https://shop.example/thanks",
        cancel_url="https://shop.example/",
        expires_at=till.world.clock.now + timedelta(hours=1),
        locale="en",
    )


class TestMoneyBack:
    @pytest.fixture
    def settled(self, till):
        invoice_id = till.bill("100.00")
        till.press(till.start(invoice_id, "100"), "card")
        till.settle_down()
        return invoice_id

    def refund(self, till, minor, key):
        intent = till.payments()[0].provider_payment_id
        till.gateway().refund(intent, minor, "EUR", idempotency_key=key)
        till.settle_down()

    def test_a_refund_opens_the_invoice_by_its_amount(self, till, settled):
        self.refund(till, 3_000, "refund-1")

        (payment,) = till.payments()
        (refund,) = all_rows(till.world, till.place, Refund)
        assert refund.amount_minor == payment.refunded_minor == 3_000
        assert till.outstanding(settled) == 3_000
        assert balanced(till)

    def test_two_refunds_add_up(self, till, settled):
        self.refund(till, 3_000, "refund-1")
        self.refund(till, 7_000, "refund-2")

        assert till.payments()[0].refunded_minor == 10_000
        assert till.outstanding(settled) == 10_000

    def test_credit_is_returned_before_the_invoice_is_opened(self, till):
        """Paid 100 by card on an invoice with 10 left: 90 is credit."""
        invoice_id = till.bill("100.00")
        page = till.start(invoice_id, "100")
        pay(till.world, till.place, invoice_id, "90")
        till.press(page, "card")
        till.settle_down()
        by_card = till.payments()[1]

        till.gateway().refund(
            by_card.provider_payment_id, 9_000, "EUR", idempotency_key="refund-1"
        )
        till.settle_down()

        assert till.outstanding(invoice_id) == 0
        assert balanced(till)

    def test_an_answer_older_than_one_applied_changes_nothing(self, till, settled):
        self.refund(till, 3_000, "refund-1")
        attempt = till.attempts()[0]
        old = _report(till, attempt, refunded_minor=0, seconds=-60)

        till.world.run(till.system, online_payments.follow_up, attempt.id, old)

        assert till.payments()[0].refunded_minor == 3_000

    def test_a_dispute_is_noted_once(self, till, settled):
        attempt = till.attempts()[0]
        told = _report(till, attempt, is_disputed=True)
        for _ in range(2):
            till.world.run(till.system, online_payments.follow_up, attempt.id, told)

        entries = all_rows(till.world, till.place, AuditEntry)
        assert [x.event for x in entries].count("payment_disputed") == 1
        assert till.payments()[0].disputed_at is not None


def _report(till, attempt, seconds=0, **changes) -> Report:
    report = Report(
        checkout_id=attempt.checkout_id,
        status=AttemptStatus.SUCCEEDED,
        amount_minor=attempt.amount_minor,
        currency=attempt.currency,
        account_id=attempt.account_id,
        is_live=False,
        read_at=till.world.clock.now + timedelta(seconds=seconds),
        payment_id=attempt.provider_payment_id or "",
    )
    return replace(report, **changes)


def balanced(till) -> bool:
    """Each account of the ledger agrees with the rows it was made from."""
    entries = all_rows(till.world, till.place, LedgerEntry)
    by_account = {
        account: sum(x.amount_minor for x in group)
        for account, group in itertools.groupby(
            sorted(entries, key=lambda x: x.account), key=lambda x: x.account
        )
    }
    kept = sum(x.amount_minor - x.refunded_minor for x in till.payments())
    allocated = sum(x.allocated_minor for x in till.payments())
    return (
        sum(by_account.values()) == 0
        and by_account["cash"] == kept
        and -by_account.get("customer_credit", 0) == kept - allocated
    )


class TestAnyOrder:
    """Whatever comes, however often and in whichever order, ends the same."""

    def test_of_every_event_of_a_story(self, till):
        invoice_id = till.bill("100.00")
        page = till.start(invoice_id, "60")
        till.arm(Fault.WEBHOOK_LOST, times=100)
        till.press(page, "decline")
        till.press(page, "card")
        second = till.start(invoice_id, "40")
        till.press(second, "bank")
        till.let_pass(days=4)
        intent = next(x for x in till.attempts() if x.amount_minor == 6_000)
        handle_payload(till, payload_of(completed(till)))
        till.gateway().refund(
            till.payments()[0].provider_payment_id, 1_500, "EUR", idempotency_key="r"
        )
        told = till.events()
        assert intent.id is not None

        for order in (told, told[::-1], told[1::2] + told[::2], told * 2):
            for number, event in enumerate(order):
                name = f"{event.id}-{number}-{id(order)}"
                handle_payload(till, payload_of(event, id=name))

        assert till.outstanding(invoice_id) == 1_500
        assert sorted(x.amount_minor for x in till.payments()) == [4_000, 6_000]
        assert len(all_rows(till.world, till.place, Refund)) == 1
        assert balanced(till)

    @settings(
        max_examples=25,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(data=st.data())
    def test_of_reports_with_repetition(self, world, data):
        """Any permutation with repetition of a story that ends with money."""
        place = world.northwind
        invoice_id = an_invoice(world, place, "100.00")
        attempt_id = a_stored_attempt(world, invoice_id)
        told = [
            Report(
                checkout_id=f"cs_{attempt_id}",
                status=status,
                amount_minor=6_000,
                currency="EUR",
                account_id="acct",
                is_live=False,
                read_at=world.clock.now,
                payment_id=f"pi_{attempt_id}",
            )
            for status in STORY
        ]
        more = data.draw(st.lists(st.sampled_from(told), max_size=5))
        order = data.draw(st.permutations(told + more))

        for report in order:
            world.run(place.system, online_payments.apply_report, attempt_id, report)

        with world.reading(place.system) as uow:
            status = uow.get(PaymentAttempt, attempt_id).status
            paid = uow.all(select(Payment).where(col(Payment.invoice_id) == invoice_id))
        assert status == AttemptStatus.SUCCEEDED
        assert [(x.amount_minor, x.allocated_minor) for x in paid] == [(6_000, 6_000)]
        assert outstanding(world, place, invoice_id) == 4_000


def a_stored_attempt(world, invoice_id) -> int:
    """An attempt over 60.00 that Stripe has not reported on yet."""
    with world.unit(world.northwind.system) as uow:
        invoice = uow.get(Invoice, invoice_id)
        attempt = uow.add(
            PaymentAttempt(
                customer_id=invoice.customer_id,
                invoice_id=invoice_id,
                amount_minor=6_000,
                currency="EUR",
                idempotency_key=f"pay:{invoice_id}:x",
                account_id="acct",
                created_at=uow.now,
                changed_at=uow.now,
                expires_at=uow.now,
            )
        )
        return attempt.id


def leave_behind(till):
    """Take a webhook in and work no further on it, like a process that ends."""
    payload = payload_of(completed(till))
    at = int(till.world.clock.now.timestamp())
    stripe_events.receive(till.runtime, SLUG, payload, sign(payload, SECRETS[1], at))


class TestReconcile:
    def test_books_what_no_webhook_brought(self, till, paid):
        till.let_pass(minutes=15)

        done = reconcile.run(till.runtime)

        assert done.failures == 0
        assert till.outstanding(paid) == 0
        assert len(till.payments()) == 1

    def test_again_changes_nothing(self, till, paid):
        till.let_pass(minutes=15)
        reconcile.run(till.runtime)
        before = len(all_rows(till.world, till.place, LedgerEntry))

        till.let_pass(minutes=15)
        reconcile.run(till.runtime)

        assert len(all_rows(till.world, till.place, LedgerEntry)) == before

    def test_takes_up_webhooks_that_nobody_finished(self, till, paid):
        leave_behind(till)
        assert only_inbox(till).status == "waiting"
        till.let_pass(minutes=2)

        reconcile.run(till.runtime)

        assert {event.status for event in till.inbox()} <= {"handled", "ignored"}
        assert till.outstanding(paid) == 0

    @pytest.mark.feature("R06")
    def test_soon_takes_up_what_a_process_left_that_ended(self, till, paid):
        leave_behind(till)
        reconcile.take_up(till.runtime)
        # Whoever took it in may still be at work on it.
        assert only_inbox(till).status == "waiting"
        till.let_pass(minutes=1)

        reconcile.take_up(till.runtime)

        assert only_inbox(till).status == "handled"
        assert till.outstanding(paid) == 0

    def test_tries_what_failed_no_more_often_for_that(self, till, paid):
        leave_behind(till)
        till.let_pass(minutes=1)
        till.arm(Fault.UNAVAILABLE_503, times=10)

        for _ in range(3):
            reconcile.take_up(till.runtime)

        assert (only_inbox(till).status, only_inbox(till).attempts) == ("waiting", 1)

    def test_finds_refunds_made_in_stripes_dashboard(self, till, paid):
        handle_payload(till, payload_of(completed(till)))
        till.gateway().refund(
            till.payments()[0].provider_payment_id, 4_000, "EUR", idempotency_key="r"
        )
        till.let_pass(minutes=15)

        reconcile.run(till.runtime)

        assert till.outstanding(paid) == 4_000

    def test_one_workspace_without_stripe_does_not_stop_the_other(self, till, paid):
        wrong = till.runtime.cipher.encrypt("sk_test_wrong")
        with till.world.unit(till.world.kestrel.system) as uow:
            uow.one(select(StripeAccount)).secret_key_encrypted = wrong
        till.let_pass(minutes=15)

        done = reconcile.run(till.runtime)

        assert done.failures == 1
        assert till.outstanding(paid) == 0

    def test_with_stripe_down_everything_waits(self, till, paid):
        till.arm(Fault.UNAVAILABLE_503, times=10)
        till.let_pass(minutes=15)

        done = reconcile.run(till.runtime)

        assert done.failures > 0
        assert till.attempts()[0].status == AttemptStatus.OPEN
        till.sandbox.faults.clear()
        reconcile.run(till.runtime)
        assert till.outstanding(paid) == 0

    @pytest.mark.usefixtures("impatient")
    def test_closes_pages_that_were_opened_without_an_answer(self, till):
        invoice_id = till.bill()
        till.arm(Fault.TIMEOUT, seconds=4)
        with pytest.raises(GatewayUnavailable):
            till.start(invoice_id, "100")
        till.let_pass(minutes=15)

        reconcile.run(till.runtime)

        (attempt,) = till.attempts()
        assert attempt.status == AttemptStatus.EXPIRED


def test_an_unknown_workspace_is_not_told_from_one_without_a_secret(till):
    with pytest.raises(NotFound):
        stripe_events.receive(till.runtime, "nobody", b"{}", "")
