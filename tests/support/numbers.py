"""Number series as an owner sets them, and what is issued by them."""

from __future__ import annotations

from dataclasses import replace

from billing_app.domain.draft import DraftForm, LineForm
from billing_app.models import Customer
from billing_app.queries.settings import read_documents
from billing_app.services import drafts, invoices
from billing_app.services.customers import CustomerForm, create_customer
from billing_app.services.settings import DocumentsForm, change_documents
from tests.support.world import Place, World


def number_by(world: World, place: Place, **changes: str) -> None:
    """Save the settings as they stand, with these fields typed anew."""
    page = world.run(place.owner, read_documents)
    form = DocumentsForm(
        pattern=page.pattern,
        reset=page.reset,
        next_value=str(page.next_value),
        receipt_pattern=page.receipt_pattern,
        receipt_reset=page.receipt_reset,
        credit_note_pattern=page.credit_note_pattern,
        credit_note_reset=page.credit_note_reset,
        net_days=str(page.net_days),
        notes=page.notes,
        terms=page.terms,
    )
    world.run(place.owner, change_documents, page.version, replace(form, **changes))


def a_coded_customer(
    world: World, place: Place, name: str, number_code: str = ""
) -> int:
    form = CustomerForm(name=name, number_code=number_code)
    return world.run(place.accounting, create_customer, form)


def issue_for(world: World, place: Place, customer_id: int, issued_on: str = "") -> str:
    form = DraftForm(
        customer_id,
        issued_on=issued_on,
        lines=(LineForm(name="Charter flight", unit_price="10"),),
    )
    draft = world.run(place.accounting, drafts.create_draft, form)
    return world.run(
        place.accounting, invoices.issue, draft.invoice_id, draft.version
    ).number


def code_of(world: World, place: Place, customer_id: int) -> str | None:
    with world.reading(place.system) as uow:
        return uow.get(Customer, customer_id).number_code
