"""The figures of the staff's first page."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from billing_app.domain.comment import Side
from billing_app.models import (
    Comment,
    Dispute,
    InboundEvent,
    OutboxMessage,
    PaymentAttempt,
    PaymentPromise,
    ThreadMark,
)
from billing_app.queries.dashboard import (
    AttentionKind,
    Bucket,
    BucketSum,
    Dashboard,
    Sum,
    read_dashboard,
)
from tests.queries.test_accounting import add_payment
from tests.support.rows import add_customer, add_invoice, let_in
from tests.support.world import World

TODAY = date(2026, 3, 2)


def read(world: World) -> Dashboard:
    return world.run(world.northwind.viewer, read_dashboard)


@pytest.mark.feature("F065")
def test_sorts_what_is_outstanding_by_age(world: World):
    """Due today is not late; 1, 30, 31, 60, 61, 90 and 91 days are the borders."""
    days = (None, -9, 0, 1, 30, 31, 60, 61, 90, 91)
    with world.unit(world.northwind.owner) as uow:
        for power, late in enumerate(days):
            due = None if late is None else TODAY - timedelta(days=late)
            add_invoice(uow, total_minor=10**power, due_on=due)
        add_invoice(uow, total_minor=5, currency="USD", due_on=date(2025, 1, 1))
        add_invoice(uow, total_minor=7, archived_at=uow.now)
        for state in ("draft", "void"):
            add_invoice(uow, state=state)
    with world.unit(world.kestrel.owner) as uow:
        add_invoice(uow, total_minor=999)

    it = read(world)

    assert it.aging == (
        BucketSum(Bucket.NOT_DUE, 118, 4),
        BucketSum(Bucket.TO_30, 11_000, 2),
        BucketSum(Bucket.TO_60, 1_100_000, 2),
        BucketSum(Bucket.TO_90, 110_000_000, 2),
        BucketSum(Bucket.OVER_90, 1_000_000_000, 1),
    )
    assert it.outstanding == (Sum("EUR", 1_111_111_118, 11), Sum("USD", 5, 1))
    assert it.overdue == (Sum("EUR", 1_111_111_000, 7), Sum("USD", 5, 1))
    assert it.oldest_due_on == date(2025, 1, 1)


def test_the_month_turns_at_midnight_in_the_workspace(world: World):
    """New Year in Amsterdam comes an hour before it does in UTC."""
    with world.unit(world.northwind.owner) as uow:
        customer = add_customer(uow)
        bill = add_invoice(uow, customer)
        add_payment(uow, customer, bill, received_on=date(2026, 12, 1))

    world.clock.now = datetime(2026, 12, 31, 22, 59, tzinfo=UTC)
    before = read(world)
    world.clock.now = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
    after = read(world)

    assert before.paid == (Sum("EUR", 100, 1),)
    assert after.paid == (Sum("EUR", 0, 0),)
    assert after.paid_before == (Sum("EUR", 100, 1),)


def test_compares_twelve_months_in_the_workspaces_currency(world: World):
    with world.unit(world.northwind.owner) as uow:
        customer = add_customer(uow)
        for day, currency in (
            (date(2025, 3, 31), "EUR"),
            (date(2025, 4, 1), "EUR"),
            (date(2026, 3, 1), "EUR"),
            (date(2026, 3, 2), "USD"),
        ):
            add_invoice(uow, customer, issued_on=day, currency=currency)
        void = add_invoice(uow, customer, state="void", issued_on=date(2026, 3, 1))
        add_payment(uow, customer, void, received_on=date(2026, 2, 1))
        add_payment(uow, customer, void, received_on=TODAY, status="held")

    months = read(world).months

    assert len(months) == 12
    assert months[0].first_day == date(2025, 4, 1)
    assert [month.invoiced_minor for month in months if month.invoiced_minor] == [
        10_000,
        10_000,
    ]
    assert [month.paid_minor for month in months] == [0] * 10 + [100, 0]


def test_names_what_waits_for_a_person(world: World):
    with world.unit(world.northwind.owner) as uow:
        customer = add_customer(uow)
        bill = add_invoice(uow, customer)
        add_payment(uow, customer, bill, status="held", hold_reason="Wrong amount")
        uow.add(
            OutboxMessage(
                topic="mail.receipt",
                key="x",
                invoice_id=bill.id,
                available_at=uow.now,
                created_at=uow.now,
                failed_at=uow.now,
                last_error="550 no such mailbox",
            )
        )
        uow.add(
            PaymentAttempt(
                customer_id=customer.id,
                invoice_id=bill.id,
                amount_minor=10_000,
                currency="EUR",
                status="failed",
                failure="Card declined",
                idempotency_key="k",
                created_at=uow.now,
                changed_at=uow.now,
                expires_at=uow.now,
            )
        )
        let_in(uow, "dispute_fits", "dispute")
        uow.add(
            Dispute(
                customer_id=customer.id,
                invoice_id=bill.id,
                amount_minor=3_000,
                currency="EUR",
                reason="Only three pallets",
                opened_by="",
                request_key="k",
                opened_at=uow.now,
            )
        )
        uow.add(
            Comment(
                customer_id=customer.id,
                invoice_id=bill.id,
                side=Side.CUSTOMER,
                author_name="Ines",
                body="Is this the February one?",
                request_key="c",
                created_at=uow.now,
            )
        )
        uow.add(
            PaymentPromise(
                customer_id=customer.id,
                invoice_id=bill.id,
                promised_on=TODAY - timedelta(days=1),
                amount_minor=500,
                currency="EUR",
                promised_by="Ines",
                made_at=uow.now - timedelta(days=5),
            )
        )
        uow.add(
            InboundEvent(
                external_id="evt_1",
                kind="charge.refunded",
                payload="{}",
                received_at=uow.now,
            )
        )

    at_once = {item.kind for item in read(world).attention}
    world.clock.advance(minutes=16)
    later = {item.kind: item for item in read(world).attention}

    assert at_once == set(AttentionKind) - {AttentionKind.EVENT_WAITING}
    assert set(later) == set(AttentionKind)
    assert later[AttentionKind.COMMENT_UNREAD].reason == "Is this the February one?"
    assert later[AttentionKind.PROMISE_BROKEN].promised_on == date(2026, 3, 1)
    assert later[AttentionKind.MAIL_FAILED].reason == "550 no such mailbox"
    assert later[AttentionKind.PAYMENT_HELD].minor == 100
    assert later[AttentionKind.ATTEMPT_FAILED].invoice_number == "INV-00001"
    assert world.run(world.kestrel.viewer, read_dashboard).attention == ()


def test_comments_wait_until_somebody_has_read_them(world: World):
    """Two of three are new on one invoice; on the other, all of it is read."""
    with world.unit(world.northwind.owner) as uow:
        customer = add_customer(uow)
        bills = [add_invoice(uow, customer=customer) for _ in range(2)]
        comments = [
            uow.add(
                Comment(
                    customer_id=customer.id,
                    invoice_id=bill.id,
                    side=side,
                    author_name="Ines",
                    body=f"{number}",
                    request_key=f"{number}",
                    created_at=uow.now,
                )
            )
            for number, (bill, side) in enumerate(
                (
                    (bills[0], Side.CUSTOMER),
                    (bills[1], Side.CUSTOMER),
                    (bills[0], Side.CUSTOMER),
                    (bills[0], Side.CUSTOMER),
                    (bills[0], Side.STAFF),
                )
            )
        ]
        uow.flush()
        for bill, read_id in ((bills[0], comments[0].id), (bills[1], comments[1].id)):
            uow.add(ThreadMark(invoice_id=bill.id, side=Side.STAFF, read_id=read_id))

    (it,) = read(world).attention

    assert (it.kind, it.count, it.reason) == (AttentionKind.COMMENT_UNREAD, 2, "3")


@pytest.mark.parametrize(
    ("late", "left_minor"), [(-1, 500), (40, 500), (1, 0)], ids=["due", "old", "paid"]
)
def test_a_promise_is_not_broken(world: World, late: int, left_minor: int):
    """Not before its day is over, not for ever, and not where nothing is owed."""
    with world.unit(world.northwind.owner) as uow:
        customer = add_customer(uow)
        bill = add_invoice(
            uow, customer=customer, total_minor=500, outstanding_minor=left_minor
        )
        uow.add(
            PaymentPromise(
                customer_id=customer.id,
                invoice_id=bill.id,
                promised_on=TODAY - timedelta(days=late),
                amount_minor=500,
                currency="EUR",
                promised_by="Ines",
                made_at=uow.now - timedelta(days=60),
            )
        )

    assert read(world).attention == ()


def test_is_all_zero_on_the_first_day(world: World):
    it = world.run(world.kestrel.viewer, read_dashboard)

    nothing = (Sum("USD", 0, 0),)
    assert (it.outstanding, it.overdue, it.processing, it.paid) == (nothing,) * 4
    assert it.oldest_due_on is None
    assert {month.invoiced_minor + month.paid_minor for month in it.months} == {0}
