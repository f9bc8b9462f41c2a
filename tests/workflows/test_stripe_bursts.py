"""Webhooks that come together are worked on together, and none is lost."""

from threading import Event, Thread

import pytest
from sqlmodel import select

from billing_app.domain.document import ReceiptDocument, from_json
from billing_app.domain.online_payment import AttemptStatus, Report
from billing_app.models import InboundEvent, Invoice, IssuedDocument, PaymentAttempt
from billing_app.sandbox.stripe_faults import Fault
from billing_app.services import online_payments
from billing_app.workflows import stripe_events
from billing_app.workflows.stripe_bursts import AT_ONCE, Bursts
from tests.support.rows import let_in


@pytest.fixture
def told(till):
    """Three invoices paid by card, whose webhooks are stored and not worked on."""
    invoice_ids = [till.bill("100.00") for _ in range(3)]
    pages = [till.start(invoice_id, "100") for invoice_id in invoice_ids]
    till.arm(Fault.WEBHOOK_LOST, times=50)
    for page in pages:
        till.press(page, "card")
    events = tuple(x for x in till.events() if x.type == "checkout.session.completed")
    return stripe_events.accept_missed(till.runtime, till.system, events)


def statuses(till):
    with till.world.reading(till.system) as uow:
        rows = uow.all(select(InboundEvent).order_by(InboundEvent.id))
    return [row.status for row in rows]


def report_of(attempt, checkout_id, payment_id, read_at):
    """All that was asked for has come."""
    return Report(
        checkout_id=checkout_id,
        status=AttemptStatus.SUCCEEDED,
        amount_minor=attempt.amount_minor,
        currency=attempt.currency,
        account_id=attempt.account_id,
        is_live=attempt.is_livemode,
        read_at=read_at,
        payment_id=payment_id,
    )


class TestHandleAll:
    def test_books_all_in_one_instant(self, till, told):
        stripe_events.handle_all(till.runtime, till.system, told)

        assert statuses(till) == ["handled"] * 3
        assert [x.allocated_minor for x in till.payments()] == [10_000] * 3

    def test_twice_books_once(self, till, told):
        for _ in range(2):
            stripe_events.handle_all(till.runtime, till.system, [*told, *told])

        assert len(till.payments()) == 3

    def test_of_two_payments_of_one_invoice_the_second_is_credit(self, till):
        """Two pages of the same 100, both paid: one invoice, 200 came."""
        till.start(till.bill("100.00"), "100")
        with till.world.unit(till.system) as uow:
            first = uow.get(PaymentAttempt, 1)
            again = {"id": None, "checkout_id": "cs_2", "idempotency_key": "again"}
            uow.add(PaymentAttempt(**{**first.model_dump(), **again}))
            reports = [
                (attempt_id, report_of(first, checkout_id, f"pi_{attempt_id}", uow.now))
                for attempt_id, checkout_id in ((1, first.checkout_id), (2, "cs_2"))
            ]

        with till.world.unit(till.system) as uow:
            online_payments.apply_all(uow, reports)

        assert [x.allocated_minor for x in till.payments()] == [10_000, 0]
        with till.world.reading(till.system) as uow:
            receipts = uow.all(
                select(IssuedDocument.content, IssuedDocument.number)
                .where(IssuedDocument.kind == "receipt")
                .order_by(IssuedDocument.id)
            )
            assert uow.get(Invoice, first.invoice_id).outstanding_minor == 0
        printed = [
            (from_json(ReceiptDocument, text), number) for text, number in receipts
        ]
        assert [x.credit_minor for x, _ in printed] == [0, 10_000]
        assert [x.number for x, _ in printed] == [number for _, number in printed]
        assert len({number for _, number in printed}) == 2

    def test_one_that_can_not_be_booked_does_not_stop_the_others(self, till, told):
        """Its page is not the one that its attempt is known by."""
        with till.world.unit(till.system) as uow:
            let_in(uow, "payment_attempt_kept", "payment_attempt")
            attempt = uow.get(PaymentAttempt, 2)
            attempt.intent_id, attempt.checkout_id = attempt.checkout_id, "another"

        stripe_events.handle_all(till.runtime, till.system, told)

        assert statuses(till) == ["handled", "waiting", "handled"]
        assert [x.attempt_id for x in till.payments()] == [1, 3]

    def test_one_that_stripe_does_not_know_does_not_stop_the_others(self, till, told):
        with till.world.unit(till.system) as uow:
            event = uow.get(InboundEvent, told[1])
            event.object_id = "cs_test_unheard_of"

        stripe_events.handle_all(till.runtime, till.system, told)

        assert statuses(till) == ["handled", "quarantined", "handled"]


class Toil:
    """Notes what it is given; holds on until it may go on."""

    def __init__(self):
        self.batches, self.started, self.may_go_on = [], Event(), Event()

    def __call__(self, _runtime, _actor, event_ids):
        self.batches.append(list(event_ids))
        self.started.set()
        assert self.may_go_on.wait(10)


class TestBursts:
    def test_what_comes_meanwhile_is_worked_on_together(self, till):
        toil = Toil()
        bursts = Bursts(toil)
        first = Thread(target=bursts.handle, args=(till.runtime, till.system, 1))
        first.start()
        assert toil.started.wait(10)

        for event_id in range(2, AT_ONCE + 4):
            bursts.handle(till.runtime, till.system, event_id)
        toil.may_go_on.set()
        first.join(10)

        assert toil.batches == [
            [1],
            [*range(2, AT_ONCE + 2)],
            [AT_ONCE + 2, AT_ONCE + 3],
        ]

    def test_what_came_during_a_crash_is_worked_on_all_the_same(self, till):
        """The database is away for one moment, and two webhooks come in it."""
        toil = Toil()

        def work(*given):
            toil(*given)
            if len(toil.batches) == 1:
                raise ConnectionError

        bursts = Bursts(work)
        first = Thread(target=bursts.handle, args=(till.runtime, till.system, 1))
        first.start()
        assert toil.started.wait(10)
        for event_id in (2, 3):
            bursts.handle(till.runtime, till.system, event_id)
        toil.may_go_on.set()
        first.join(10)
        bursts.handle(till.runtime, till.system, 4)

        assert toil.batches == [[1], [2, 3], [4]]
