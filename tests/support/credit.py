"""Builders of credits: forms as staff type them, and invoices worth crediting."""

from __future__ import annotations

from typing import Any

from billing_app.domain.credit_note import Creditable, CreditForm, CreditMode
from billing_app.domain.document import Branding, Party
from billing_app.domain.draft import DraftForm, LineForm
from billing_app.domain.drafting import Header, LineTexts, build_document
from billing_app.domain.invoice import InvoiceState
from billing_app.domain.terms import DocumentTerms
from billing_app.domain.totals import compute_totals
from billing_app.models import CreditNote
from billing_app.services import credit_notes, drafts, invoices
from billing_app.services.credit_notes import IssuedCreditNote
from tests.support.billing import a_customer, all_rows
from tests.support.world import START, Place, World

WHY = "The boat was never delivered."


def creditable(terms: DocumentTerms, **facts: Any) -> Creditable:
    """An issued invoice of these terms, of which nothing is paid or credited."""
    totals = compute_totals(terms)
    seller = Party("Northwind Charter")
    header = Header(
        number="INV-00007",
        language="en-GB",
        branding=Branding(),
        seller=seller,
        buyer=seller,
        issued_on=START.date(),
        due_on=None,
    )
    texts = [LineTexts(f"Line {place}") for place, _ in enumerate(terms.lines, 1)]
    usual = {"outstanding_minor": totals.due.minor, "allocated_minor": 0}
    return Creditable(
        state=InvoiceState.ISSUED,
        document=build_document(header, terms, texts, totals),
        terms=terms,
        totals=totals,
        **(usual | facts),
    )


def a_mixed_invoice(
    world: World, place: Place, *, is_published: bool = True, **details: Any
) -> int:
    """Issue 100.00 at 21 %, 50.00 at 9 % and 20.00 without tax: 195.50 in all."""
    form = DraftForm(
        customer_id=details.pop("customer_id", 0) or a_customer(world, place),
        lines=(
            LineForm(name="Charter flight", unit_price="100.00", tax_id="1"),
            LineForm(name="Catering", unit_price="50.00", tax_id="2"),
            LineForm(name="Landing fee", unit_price="20.00"),
        ),
        **details,
    )
    draft = world.run(place.accounting, drafts.create_draft, form)
    step = invoices.issue_and_publish if is_published else invoices.issue
    return world.run(place.accounting, step, draft.invoice_id, draft.version).invoice_id


def whole(**fields: Any) -> CreditForm:
    return CreditForm(CreditMode.WHOLE, **{"reason": WHY, **fields})


def some_lines(*places: int, **fields: Any) -> CreditForm:
    return CreditForm(CreditMode.LINES, lines=places, **{"reason": WHY, **fields})


def an_amount(amount: str, **fields: Any) -> CreditForm:
    return CreditForm(CreditMode.AMOUNT, amount=amount, **{"reason": WHY, **fields})


def credit(
    world: World, place: Place, invoice_id: int, form: CreditForm | None = None
) -> IssuedCreditNote:
    typed = form or whole()
    return world.run(
        place.accounting, credit_notes.issue_credit_note, invoice_id, typed
    )


def notes(world: World, place: Place) -> list[CreditNote]:
    return all_rows(world, place, CreditNote)
