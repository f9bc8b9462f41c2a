"""A document is printed once, and the sealed audit trail says which file it was."""

import pytest

from billing_app.domain.document import DocumentKind
from billing_app.models import AuditEntry, CreditNote, IssuedDocument
from billing_app.queries.timeline import read_invoice_timeline
from billing_app.services.issued_documents import attach_pdf
from tests.support.billing import all_rows, an_invoice, pay
from tests.support.credit import a_mixed_invoice, credit, some_lines
from tests.support.world import World

FILE, OTHER = "a" * 64, "b" * 64


def printed(world: World) -> list[AuditEntry]:
    entries = all_rows(world, world.northwind, AuditEntry)
    return [x for x in entries if x.event == "document_printed"]


def attach(world: World, document: IssuedDocument | CreditNote, digest: str) -> None:
    is_note = isinstance(document, CreditNote)
    kind = DocumentKind.CREDIT_NOTE if is_note else DocumentKind.INVOICE
    world.run(world.northwind.system, attach_pdf, document.id, digest, kind)


@pytest.mark.feature("N01")
def test_the_first_file_stays_and_is_in_the_trail(world: World):
    place = world.northwind
    invoice_id = an_invoice(world, place)
    (document,) = all_rows(world, place, IssuedDocument)

    attach(world, document, FILE)
    attach(world, document, OTHER)

    (after,) = all_rows(world, place, IssuedDocument)
    (entry,) = printed(world)
    assert after.pdf_digest == FILE
    assert (entry.actor.partition(":")[0], entry.invoice_id) == ("system", invoice_id)
    assert entry.details == {
        "number": document.number,
        "content_digest": document.content_digest,
        "pdf_digest": FILE,
        "payment_id": None,
        "credit_note_id": None,
    }


def test_the_trail_tells_receipts_and_credit_notes_apart(world: World):
    place = world.northwind
    invoice_id = a_mixed_invoice(world, place)
    pay(world, place, invoice_id, "10")
    credit(world, place, invoice_id, some_lines(2))
    (note,) = all_rows(world, place, CreditNote)
    documents = all_rows(world, place, IssuedDocument)

    for document in (*documents, note):
        attach(world, document, FILE)

    said = [x.details for x in printed(world)]
    found = [(x["payment_id"], x["credit_note_id"]) for x in said]
    receipts = [(x.payment_id or None, None) for x in documents]
    assert found == [*receipts, (None, note.id)]


def test_the_timeline_stays_quiet_about_it(world: World):
    place = world.northwind
    invoice_id = an_invoice(world, place)
    before = world.run(place.viewer, read_invoice_timeline, invoice_id)

    attach(world, all_rows(world, place, IssuedDocument)[0], FILE)

    after = world.run(place.viewer, read_invoice_timeline, invoice_id)
    assert after.entries == before.entries
