"""Two people pay overlapping sets of invoices: nothing is paid twice, nothing waits."""

from __future__ import annotations

import pytest

from billing_app.database.verify import find_broken
from billing_app.domain.online_payment import AttemptStatus, Origin
from billing_app.models import (
    Allocation,
    IssuedDocument,
    Payment,
    PaymentAttempt,
    PaymentAttemptPart,
    StripeAccount,
)
from billing_app.services import invoices, online_payments
from tests.scale.test_races import at_once, refused
from tests.support.billing import a_customer, all_rows, an_invoice, outstanding, pay
from tests.support.story import a_report
from tests.workflows.test_pay_together import open_pages, start

ORIGIN = Origin(None, None, "/c/{key}")


@pytest.fixture
def world(anywhere):
    yield anywhere
    assert find_broken(anywhere.runtime.engine, anywhere.clock.now) == []


@pytest.fixture
def place(world):
    """A place that can charge."""
    account = StripeAccount(
        secret_key_encrypted="x", webhook_secret_encrypted="y", charges_enabled=True
    )
    with world.unit(world.northwind.system) as uow:
        uow.add(account)
    return world.northwind


@pytest.fixture
def ids(world, place):
    """Four invoices of 100 of one customer."""
    customer_id = a_customer(world, place)
    return [an_invoice(world, place, "100", customer_id=customer_id) for _ in range(4)]


def an_attempt_for(world, place, ids):
    """Store a try to pay 100 of each, as if no other were open."""
    with world.unit(place.system) as uow:
        customer_id = 1
        attempt = uow.add(
            PaymentAttempt(
                customer_id=customer_id,
                invoice_id=ids[0],
                amount_minor=10_000 * len(ids),
                currency="EUR",
                idempotency_key=f"pay:{ids}:{uow.new_token()}",
                account_id="acct",
                created_at=uow.now,
                changed_at=uow.now,
                expires_at=uow.now,
            )
        )
        for invoice_id in ids:
            part = PaymentAttemptPart(
                customer_id=customer_id,
                attempt_id=attempt.id,
                invoice_id=invoice_id,
                amount_minor=10_000,
            )
            uow.add(part)
        return attempt.id


def settle(world, place, attempt_id, minor):
    told = a_report(world, attempt_id, AttemptStatus.SUCCEEDED, minor)
    return world.run(place.system, online_payments.apply_report, attempt_id, told)


@pytest.mark.feature("F092")
def test_overlapping_payments_at_once_pay_each_invoice_once(world, place, ids):
    """Two pages for three invoices each, in opposite orders, two of them the same.

    600 came, the four invoices take 400, and 200 stay the customer's credit.
    """
    sets = [[ids[0], ids[1], ids[2]], [ids[3], ids[2], ids[1]]]
    attempts = [an_attempt_for(world, place, chosen) for chosen in sets]

    results = at_once(
        [
            lambda attempt_id=x: settle(world, place, attempt_id, 30_000)
            for x in attempts
        ]
        * 2
    )

    assert set(results) == {AttemptStatus.SUCCEEDED}
    rows = all_rows(world, place, Payment)
    assert [x.amount_minor for x in rows] == [30_000, 30_000]
    assert sum(x.allocated_minor for x in rows) == 40_000
    assert [outstanding(world, place, x) for x in ids] == [0] * 4
    receipts = [
        x for x in all_rows(world, place, IssuedDocument) if x.kind == "receipt"
    ]
    assert len(receipts) == 6


def test_of_two_who_start_at_once_one_is_in_the_others_way(world, place, ids):
    chosen = [ids[:3], ids[:0:-1], [ids[2]], ids]

    results = at_once(
        [
            lambda wanted=wanted: world.run(
                place.system, online_payments.prepare_together, wanted, ORIGIN, ""
            )
            for wanted in chosen
        ]
    )

    assert refused(results) == 0
    assert sum(x.attempt is not None for x in results) == 1
    assert len(all_rows(world, place, PaymentAttempt)) == 1


def test_the_same_choice_from_many_hands_is_one_attempt(world, place, ids):
    results = at_once(
        [
            lambda: world.run(
                place.system, online_payments.prepare_together, ids, ORIGIN, ""
            )
        ]
        * 6
    )

    assert {x.attempt.id for x in results} == {1}
    assert len(all_rows(world, place, PaymentAttemptPart)) == 4


def test_a_payment_a_void_and_a_page_at_once_lose_nothing(world, place, ids):
    """400 by card for four; one is paid by hand, another made void meanwhile."""
    attempt_id = an_attempt_for(world, place, ids)

    at_once(
        [
            lambda: settle(world, place, attempt_id, 40_000),
            lambda: pay(world, place, ids[3], "100"),
            lambda: world.run(place.accounting, invoices.void, ids[1], "Typed twice"),
            lambda: settle(world, place, attempt_id, 40_000),
        ]
    )

    online = next(x for x in all_rows(world, place, Payment) if x.provider)
    assert online.amount_minor == 40_000
    assert outstanding(world, place, ids[0]) == outstanding(world, place, ids[3]) == 0
    given = sum(x.amount_minor for x in all_rows(world, place, Allocation))
    came = sum(x.amount_minor for x in all_rows(world, place, Payment))
    assert came == 50_000
    assert given in (30_000, 40_000)


class TestPages:
    def test_at_most_one_page_asks_for_an_invoice(self, till):
        customer_id = a_customer(till.world, till.place)
        ids = [till.bill("100", customer_id=customer_id) for _ in range(4)]

        results = at_once(
            [
                lambda: start(till, customer_id, ids[:3]),
                lambda: start(till, customer_id, ids[1:]),
                lambda: till.start(ids[2], "100"),
            ]
        )

        # Each of them is for the third invoice.
        assert len(open_pages(till)) <= 1
        assert refused(results) < len(results)
        wanted = {x.id: x for x in till.attempts() if x.status == "open"}
        parts = all_rows(till.world, till.place, PaymentAttemptPart)
        asked = [x.invoice_id for x in parts if x.attempt_id in wanted]
        single = [
            x.invoice_id
            for x in wanted.values()
            if x.id not in {part.attempt_id for part in parts}
        ]
        assert len(asked + single) == len(set(asked + single))
