"""The stored file of a document, and what becomes of one that is not there."""

import pytest
from sqlmodel import select

from billing_app.models import Invoice, IssuedDocument, OutboxMessage
from billing_app.queries import portal
from billing_app.services import issued_documents
from billing_app.workflows import document_files
from billing_app.workflows.document_files import NotPrinted
from billing_app.workflows.outbox import deliver_due
from billing_app.workflows.seed import seed
from tests.support.billing import all_rows, visitor_of
from tests.support.world import World


@pytest.fixture
def seeded(world: World) -> World:
    seed(world.runtime, world.northwind.system, customers=3, invoices=20, start=1)
    return world


def ask(world: World, invoice_id: int, payment_id: int = 0) -> bytes:
    visitor = visitor_of(world, world.northwind, invoice_id)
    document = world.run(visitor, portal.find_document, payment_id)
    return document_files.read_pdf(world.runtime, document)


def a_published(world: World) -> Invoice:
    rows = all_rows(world, world.northwind, Invoice)
    return next(x for x in rows if x.published_at)


class TestUnprinted:
    def test_is_printed_once_somebody_asks(self, seeded: World):
        invoice = a_published(seeded)

        for _ in range(2):
            with pytest.raises(NotPrinted) as refusal:
                ask(seeded, invoice.id or 0)
            assert refusal.value.is_coming
        messages = all_rows(seeded, seeded.northwind, OutboxMessage)
        assert [x.topic for x in messages] == ["pdf.render_invoice"]

        assert deliver_due(seeded.runtime) == 1
        assert ask(seeded, invoice.id or 0).startswith(b"%PDF")

    def test_so_is_a_receipt(self, seeded: World):
        receipts = [
            x
            for x in all_rows(seeded, seeded.northwind, IssuedDocument)
            if x.kind == "receipt" and x.shown_at
        ]
        receipt = receipts[0]

        with pytest.raises(NotPrinted):
            ask(seeded, receipt.invoice_id, receipt.payment_id)

        assert deliver_due(seeded.runtime) == 1
        pdf = ask(seeded, receipt.invoice_id, receipt.payment_id)
        assert pdf.startswith(b"%PDF")

    def test_is_not_promised_again_after_it_failed(self, seeded: World):
        invoice = a_published(seeded)
        with seeded.reading(seeded.northwind.system) as uow:
            document_id = uow.first(
                select(IssuedDocument.id).where(IssuedDocument.invoice_id == invoice.id)
            )
        seeded.run(
            seeded.northwind.system,
            issued_documents.note_pdf_error,
            document_id,
            "Too long",
        )

        with pytest.raises(NotPrinted) as refusal:
            ask(seeded, invoice.id or 0)

        assert not refusal.value.is_coming
        assert all_rows(seeded, seeded.northwind, OutboxMessage) == []
