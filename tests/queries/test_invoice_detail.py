"""One invoice with everything around it."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from sqlmodel import col, select

from billing_app.domain.draft import DraftForm
from billing_app.domain.errors import NotFound
from billing_app.domain.invoice import InvoiceStatus
from billing_app.models import OutboxMessage
from billing_app.queries.invoice_detail import InvoiceDetail, read_invoice
from billing_app.services import drafts, invoices, portal_links
from tests.support.billing import an_invoice, pay
from tests.support.world import World


def read(world: World, invoice_id: int) -> InvoiceDetail:
    return world.run(world.northwind.viewer, read_invoice, invoice_id)


def test_shows_payments_with_the_notes_of_staff(world: World):
    invoice_id = an_invoice(world, world.northwind, "100.00")
    pay(world, world.northwind, invoice_id, "40.00", reference="20261028-77A")
    pay(world, world.northwind, invoice_id, "90.00", note="They called twice")

    it = read(world, invoice_id)

    first, second = it.payments
    assert (it.status, it.outstanding_minor) == (InvoiceStatus.PAID, 0)
    assert (first.reference, first.allocated_minor, first.notes) == (
        "20261028-77A",
        4_000,
        (),
    )
    assert (second.amount_minor, second.allocated_minor) == (9_000, 6_000)
    assert second.notes == ("They called twice",)
    assert second.recorded_by == "Accounting"


@pytest.mark.feature("F106")
def test_says_that_a_mail_failed_and_why(world: World):
    invoice_id = an_invoice(world, world.northwind)
    with world.unit(world.northwind.system) as uow:
        mail = uow.one(
            select(OutboxMessage).where(
                col(OutboxMessage.topic) == "mail.invoice_available"
            )
        )
        mail.failed_at, mail.attempts = uow.now, 3
        mail.last_error = "550 no such mailbox"

    (failed,) = read(world, invoice_id).mails

    assert (failed.state, failed.error) == ("failed", "550 no such mailbox")
    world.run(world.northwind.accounting, invoices.retry_mail, failed.id)
    assert [mail.state for mail in read(world, invoice_id).mails] == ["waiting"]


def test_knows_the_live_link_but_not_its_secret(world: World):
    invoice_id = an_invoice(world, world.northwind)
    token = world.run(world.northwind.accounting, portal_links.copy_link, invoice_id)

    before = read(world, invoice_id)
    world.run(world.northwind.accounting, portal_links.revoke_links, invoice_id)

    assert before.link is not None
    assert token not in repr(asdict(before))
    assert read(world, invoice_id).link is None


def test_a_draft_has_no_document_yet(world: World):
    draft = world.run(world.northwind.accounting, drafts.create_draft, DraftForm())

    it = read(world, draft.invoice_id)

    assert (it.status, it.document, it.number) == (InvoiceStatus.DRAFT, None, "")


def test_another_workspaces_does_not_exist(world: World):
    invoice_id = an_invoice(world, world.northwind)

    with pytest.raises(NotFound):
        world.run(world.kestrel.owner, read_invoice, invoice_id)
