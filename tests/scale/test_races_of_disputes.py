"""Disputes, credit notes, payments and codes at once, by real threads."""

from __future__ import annotations

import re

import pytest

from billing_app.database.verify import find_broken
from billing_app.domain.asked import asked_minor
from billing_app.domain.online_payment import Origin
from billing_app.models import (
    OutboxMessage,
    Payment,
    PaymentAttempt,
    PortalSession,
    StripeAccount,
)
from billing_app.services import disputes, online_payments
from billing_app.services.portal_sessions import CodePlace
from billing_app.workflows.outbox import deliver_due
from billing_app.workflows.portal_sign_in import confirm_code, request_code
from billing_app.workflows.sign_in import Browser
from tests.scale.test_races import at_once, refused
from tests.support.billing import (
    all_rows,
    an_invoice,
    pay,
    read_invoice,
    visitor_of,
)
from tests.support.credit import a_mixed_invoice, an_amount, credit, notes, whole
from tests.support.quarrel import OPEN, decided, dispute, resolve, stored

ROUNDS = 4


@pytest.fixture
def world(anywhere):
    yield anywhere
    assert find_broken(anywhere.runtime.engine, anywhere.clock.now) == []


@pytest.fixture
def place(world):
    return world.northwind


def asked(world, place, invoice_id):
    it = read_invoice(world, place, invoice_id)
    return asked_minor(it.outstanding_minor, it.processing_minor, it.disputed_minor)


def credit_left(world, place):
    """Return what is the customers' credit of all that came."""
    rows = all_rows(world, place, Payment)
    return sum(x.amount_minor - x.allocated_minor for x in rows)


@pytest.mark.feature("G10", "C02")
def test_a_dispute_a_credit_and_payments_at_once_leave_whole_sums(world, place):
    """Of 195.50, 45.50 is credited and 160.00 comes: 10.00 is too much, always."""
    for done in range(1, ROUNDS + 1):
        invoice_id = a_mixed_invoice(world, place)

        at_once(
            [
                lambda x=invoice_id: dispute(world, place, x, "30.00"),
                lambda x=invoice_id: credit(world, place, x, an_amount("45.50")),
                lambda x=invoice_id: pay(world, place, x, "100"),
                lambda x=invoice_id: pay(world, place, x, "60"),
            ]
        )

        invoice = read_invoice(world, place, invoice_id)
        assert (invoice.allocated_minor, invoice.credited_minor) == (15_000, 4_550)
        assert invoice.outstanding_minor == 0
        assert asked(world, place, invoice_id) == 0
        assert credit_left(world, place) == done * 1_000


@pytest.mark.feature("G10")
def test_what_is_disputed_is_credited_once(world, place):
    """Staff answer it with a credit, and credit the whole from another window."""
    for done in range(1, ROUNDS + 1):
        invoice_id = an_invoice(world, place, "100.00")
        opened = dispute(world, place, invoice_id, "30.00")

        at_once(
            [
                lambda x=opened: resolve(world, place, x, "credited"),
                lambda x=invoice_id: credit(world, place, x, whole()),
                lambda x=invoice_id: pay(world, place, x, "100"),
            ]
        )

        invoice = read_invoice(world, place, invoice_id)
        assert (invoice.credited_minor, invoice.allocated_minor) == (10_000, 0)
        assert (invoice.disputed_minor, asked(world, place, invoice_id)) == (0, 0)
        assert credit_left(world, place) == done * 10_000
        assert stored(world, place)[-1].outcome == "credited"


def test_a_dispute_ends_in_one_way(world, place):
    """Credited, let stand, withdrawn and void at once: one of them happens."""
    for _ in range(ROUNDS):
        invoice_id = an_invoice(world, place, "100.00")
        opened = dispute(world, place, invoice_id, "30.00")
        visitor = visitor_of(world, place, invoice_id)
        before = len(notes(world, place))

        results = at_once(
            [
                *(
                    lambda x=opened, y=outcome: world.run(
                        place.owner, disputes.resolve_dispute, x, decided(y)
                    )
                    for outcome in ("credited", "stands", "void")
                ),
                lambda x=opened, y=visitor: world.run(
                    y, disputes.withdraw_dispute, x, OPEN
                ),
            ]
        )

        assert refused(results) == 3
        outcome = stored(world, place)[-1].outcome
        invoice = read_invoice(world, place, invoice_id)
        assert invoice.disputed_minor == 0
        left = {"credited": 7_000, "void": 0}.get(outcome, 10_000)
        assert asked(world, place, invoice_id) == left
        assert len(notes(world, place)) - before == (outcome == "credited")


def test_no_page_asks_for_what_is_disputed_or_credited_meanwhile(world, place):
    account = StripeAccount(
        secret_key_encrypted="x", webhook_secret_encrypted="y", charges_enabled=True
    )
    with world.unit(place.system) as uow:
        uow.add(account)
    for _ in range(ROUNDS):
        invoice_id = an_invoice(world, place, "100.00")
        origin = Origin(visitor_of(world, place, invoice_id).link_id, None, "/p/{key}")

        at_once(
            [
                lambda x=invoice_id, y=origin: world.run(
                    place.system, online_payments.prepare, x, y, "100.00"
                ),
                lambda x=invoice_id: dispute(world, place, x, "30.00"),
                lambda x=invoice_id: credit(world, place, x, an_amount("20")),
            ]
        )

        assert asked(world, place, invoice_id) == 5_000

    closing = {
        x.details.get("attempt_id")
        for x in all_rows(world, place, OutboxMessage)
        if x.topic == "stripe.expire_checkout"
    }
    assert {x.id for x in all_rows(world, place, PaymentAttempt)} <= closing


@pytest.mark.feature("G14")
def test_fifty_right_codes_at_once_open_one_session(world, place):
    """Each from a network of its own, so that no limit decides it."""
    invoice_id = an_invoice(world, place)
    customer_id = read_invoice(world, place, invoice_id).customer_id
    asks, email = CodePlace(customer_id, invoice_id), "ap@vermeer.example"
    browsers = [Browser(f"203.0.113.{number}", "Firefox") for number in range(50)]
    asked = request_code(world.runtime, place.workspace_id, asks, email, browsers[0])
    while deliver_due(world.runtime):
        pass
    mails = (world.runtime.settings.data_dir / "mailbox").rglob("*.eml")
    found = (re.search(r"Subject: (\d{6}) is", x.read_text()) for x in mails)
    (code,) = [x[1] for x in found if x]

    results = at_once(
        [
            lambda x=browser: confirm_code(
                world.runtime, place.workspace_id, asks, email, code, asked, x
            )
            for browser in browsers
        ]
    )

    assert refused(results) == 49
    assert len(all_rows(world, place, PortalSession)) == 1
