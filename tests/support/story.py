"""A workspace in which everything has happened once, for tests of a whole database."""

from __future__ import annotations

from dataclasses import replace

from billing_app.domain.online_payment import AttemptStatus, Report
from billing_app.models import InboundEvent, Invoice, PaymentAttempt
from billing_app.queries.reminders import DueReminder
from billing_app.services import (
    credit_notes,
    drafts,
    invoices,
    online_payments,
    payments,
    reminders,
    write_offs,
)
from billing_app.services.billable_events import record_event
from billing_app.services.issued_documents import note_copy
from billing_app.services.taxes import TaxForm, add_tax, change_tax
from tests.support.billing import (
    a_customer,
    an_event,
    an_invoice,
    an_invoice_of_events,
    pay,
)
from tests.support.credit import a_mixed_invoice, an_amount, credit, some_lines
from tests.support.late import charge_late, fees
from tests.support.world import Place, World


def tell_a_story(world: World, place: Place) -> None:
    """Draft, issue, publish, pay, overpay, reverse, refund, hold, void, credit.

    And bill what happened: two stays on one line, and one that waits.
    """
    biller = place.accounting
    customer_id = a_customer(world, place)
    world.run(biller, drafts.create_draft, drafts.DraftForm(customer_id=customer_id))

    partly = an_invoice(world, place, "100.00", customer_id=customer_id)
    pay(world, place, partly, "40", note="by hand")
    world.clock.advance(hours=1)
    overpaid = an_invoice(world, place, "250.50", customer_id=customer_id)
    pay(world, place, overpaid, "300", request_key="form-1")
    world.run(biller, payments.allocate_credit, partly, "10", 6_000)
    bounced = an_invoice(world, place, "75.00", is_published=False)
    payment_id = pay(world, place, bounced, "75").payment_id
    world.run(biller, payments.reverse_payment, payment_id, "The check bounced")
    world.clock.advance(days=1)
    void = an_invoice(world, place, "19.99")
    world.run(biller, invoices.void, void, "Typed twice")

    credited = a_mixed_invoice(world, place, customer_id=customer_id)
    pay(world, place, credited, "100")
    credit(world, place, credited, some_lines(2))
    credit(world, place, credited, an_amount("60.00"))
    replaced = an_invoice(world, place, "80.00")
    world.run(biller, credit_notes.reissue, replaced, "The wrong rate")

    stays = [an_event(customer_id, x, world.clock.now) for x in ("W1", "W2")]
    an_invoice_of_events(world, place, *stays)
    waiting = an_event(customer_id, "W3", world.clock.now)
    world.run(place.operations, record_event, waiting)

    online = an_invoice(world, place, "60.00")
    settled = an_attempt(world, place, online, 6_000)
    report(world, place, settled, AttemptStatus.SUCCEEDED)
    told = a_report(world, settled, AttemptStatus.SUCCEEDED, 6_000, refunded_minor=900)
    world.run(place.system, online_payments.follow_up, settled, told)
    by_bank = an_attempt(world, place, partly, 2_000)
    report(world, place, by_bank, AttemptStatus.PROCESSING, 2_000)
    odd = an_attempt(world, place, partly, 1_000)
    report(world, place, odd, AttemptStatus.SUCCEEDED, 999)
    a_webhook(world, place, "handled")


def tell_of_taxes(world: World, place: Place) -> int:
    """Bill 100.00 with GST and QST on top of it; return the invoice.

    The tax that the other comes with is the later one, as after a change.
    """
    admin = place.admin
    qst = TaxForm("QST", "S", "9.5")
    qst_id = world.run(admin, add_tax, qst)
    gst_id = world.run(admin, add_tax, TaxForm("GST", "S", "5"))
    upon = replace(qst, with_tax_id=str(gst_id), is_compound=True)
    world.run(admin, change_tax, qst_id, upon)
    line = drafts.LineForm(name="Tower", unit_price="100.00", tax_id=str(qst_id))
    form = drafts.DraftForm(customer_id=a_customer(world, place), lines=(line,))
    draft = world.run(place.accounting, drafts.create_draft, form)
    return world.run(
        place.accounting, invoices.issue, draft.invoice_id, draft.version
    ).invoice_id


def tell_of_a_copy(world: World, place: Place) -> None:
    """Hand out a copy of an invoice with its payments."""
    invoice_id = an_invoice(world, place, "31.00")
    world.run(place.system, note_copy, invoice_id, "c0" * 32, world.clock.now.date())


def tell_of_losses(world: World, place: Place) -> None:
    """Write off a rest and a whole invoice, undo the second, and cancel a draft."""
    biller, customer_id = place.accounting, a_customer(world, place, "Halden")
    lost = an_invoice(world, place, "90.00", customer_id=customer_id)
    pay(world, place, lost, "30")
    world.run(biller, write_offs.write_off, lost, "They closed for good", 6_000)
    found = an_invoice(world, place, "12.00", customer_id=customer_id)
    world.run(biller, write_offs.write_off, found, "They closed for good", 1_200)
    world.run(biller, write_offs.undo_write_off, found, "They came back")
    ended = world.run(biller, drafts.duplicate, found)
    world.run(biller, drafts.cancel_draft, ended.invoice_id, 1, "Nobody wants it")


def tell_of_late_fees(world: World, place: Place) -> None:
    """Charge two late fees for an invoice and waive one; nothing is issued after that.

    The clock stands as before, so a later number would be of an earlier instant.
    """
    before = world.clock.now
    late = an_invoice(world, place, "250.00")
    charge_late(world, place)
    for days in (37, 7):
        world.clock.advance(days=days)
        due = [DueReminder(late, {37: 7, 7: 14}[days], may_charge=True)]
        world.run(place.system, reminders.queue_due, due)
    waived = fees(world, place)[0].fee_id
    world.run(place.accounting, invoices.void, waived, "Goodwill")
    world.clock.now = before


def an_attempt(world: World, place: Place, invoice_id: int, minor: int) -> int:
    """Store a try to pay that Stripe has not reported on yet."""
    with world.unit(place.system) as uow:
        invoice = uow.get(Invoice, invoice_id)
        assert invoice.customer_id is not None
        attempt = uow.add(
            PaymentAttempt(
                customer_id=invoice.customer_id,
                invoice_id=invoice_id,
                amount_minor=minor,
                currency=invoice.currency,
                idempotency_key=f"pay:{invoice_id}:{uow.new_token()}",
                account_id="acct",
                created_at=uow.now,
                changed_at=uow.now,
                expires_at=uow.now,
            )
        )
        assert attempt.id is not None
        return attempt.id


def a_report(
    world: World,
    attempt_id: int,
    status: AttemptStatus,
    minor: int,
    *,
    refunded_minor: int = 0,
) -> Report:
    return Report(
        checkout_id=f"cs_{attempt_id}",
        status=status,
        amount_minor=minor,
        currency="EUR",
        account_id="acct",
        is_live=False,
        read_at=world.clock.now,
        payment_id=f"pi_{attempt_id}",
        refunded_minor=refunded_minor,
    )


def report(
    world: World,
    place: Place,
    attempt_id: int,
    status: AttemptStatus,
    minor: int = 6_000,
) -> None:
    told = a_report(world, attempt_id, status, minor)
    world.run(place.system, online_payments.apply_report, attempt_id, told)


def a_webhook(world: World, place: Place, status: str) -> None:
    with world.unit(place.system) as uow:
        uow.add(
            InboundEvent(
                external_id=f"evt_{uow.new_token()}",
                kind="checkout.session.completed",
                object_id="cs_1",
                payload="{}",
                status=status,
                received_at=uow.now,
            )
        )
