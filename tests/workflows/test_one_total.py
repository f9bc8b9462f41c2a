"""An invoice has one total: wherever it is read, printed, exported or paid."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from lxml import etree
from pypdf import PdfReader
from sqlmodel import select

from billing_app.documents.e_invoice import write_cii, write_ubl
from billing_app.documents.render import render_sheet
from billing_app.domain.draft import DraftForm, LineForm
from billing_app.domain.invoice import LateRules
from billing_app.domain.money import Money
from billing_app.models import Customer, TaxRate, WorkspaceSettings
from billing_app.queries import invoices as staff_list
from billing_app.queries import portal
from billing_app.queries.invoice_detail import read_invoice
from billing_app.queries.invoices import InvoiceFilter
from billing_app.queries.portal_account import AccountFilter, read_account
from billing_app.services import drafts, invoices
from billing_app.workflows import document_files, pay_online
from billing_app.workflows.outbox import PRINTED, deliver_due
from billing_app.workflows.pay_online import Chosen
from tests.support.billing import a_customer, visitor_of
from tests.support.till import Till

# Fine prices and odd discounts, so that every figure is rounded somewhere.
LINES = st.builds(
    LineForm,
    name=st.just("Charter flight"),
    quantity=st.sampled_from(["1", "3", "0.125", "7.5"]),
    unit_price=st.integers(10**5, 10**8).map(lambda n: f"{n // 10**4}.{n % 10**4:04}"),
    discount=st.sampled_from(["", "7.5", "33.3"]),
    tax_id=st.sampled_from(["VAT 21 %", "VAT 9 %"]),
)


@pytest.mark.feature("R01")
@settings(
    max_examples=2,
    phases=(Phase.generate,),
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    lines=st.lists(LINES, min_size=1, max_size=4),
    discount=st.sampled_from(["", "5%", "1.99"]),
    prices_inclusive=st.booleans(),
)
def test_every_reader_of_an_invoice_reads_the_same_total(
    till: Till, lines: list[LineForm], discount: str, prices_inclusive: bool
):
    invoice_id = bill(till, lines, discount, prices_inclusive=prices_inclusive)

    shown = totals_of(till, invoice_id)

    assert set(shown.values()) == {till.invoice(invoice_id).total_minor}, shown


def bill(
    till: Till, lines: list[LineForm], discount: str, *, prices_inclusive: bool
) -> int:
    """Publish an invoice that can be an e-invoice, of a customer of its own."""
    world, place = till.world, till.place
    buyer_id = a_customer(world, place)
    with world.unit(place.system) as uow:
        own = uow.one(select(WorkspaceSettings))
        own.legal_name, own.country = "Northwind Charter B.V.", "NL"
        own.registration, own.vat_id = "KvK 70112233", "NL861234567B01"
        own.prices_inclusive = prices_inclusive
        uow.get(Customer, buyer_id).country = "NL"
        tax_ids = {tax.name: str(tax.id) for tax in uow.all(select(TaxRate))}
    form = DraftForm(
        customer_id=buyer_id,
        discount=discount,
        lines=tuple(replace(line, tax_id=tax_ids[line.tax_id]) for line in lines),
    )
    draft = world.run(place.accounting, drafts.create_draft, form)
    step = invoices.issue_and_publish
    return world.run(place.accounting, step, draft.invoice_id, draft.version).invoice_id


def totals_of(till: Till, invoice_id: int) -> dict[str, int]:
    """Return the total in minor units by who says it; nothing was paid before."""
    world, viewer = till.world, till.place.viewer
    visitor = visitor_of(world, till.place, invoice_id)
    while deliver_due(world.runtime, only=PRINTED):
        pass
    printed = world.run(visitor, portal.find_document)
    pdf = PdfReader(BytesIO(document_files.read_pdf(world.runtime, printed)))
    issued = world.run(visitor, portal.read_issued)
    whole = replace(visitor, invoice_id=None)
    only_theirs = InvoiceFilter(customer_id=visitor.customer_id)
    listed = world.run(viewer, staff_list.list_invoices, only_theirs)
    exporter = till.place.accounting
    exported = world.run(exporter, staff_list.export_invoices, only_theirs)
    account = world.run(whole, read_account, AccountFilter(), "UTC", 1, LateRules())
    facts = world.run(visitor, portal.read_invoice).facts
    pay_online.start_together(world.runtime, whole, Chosen((invoice_id,)))
    return {
        "staff": world.run(viewer, read_invoice, invoice_id).total_minor,
        "staff's list": listed.page.rows[0].total_minor,
        "export": exported.rows[0].total_minor,
        "portal": facts.document.total_minor,
        "still asked for": facts.outstanding_minor,
        "account": account.page.rows[0].total_minor,
        "account's sums": account.sums[0].outstanding_minor,
        "sheet": said_due(re.sub(r"<[^>]+>", " ", render_sheet(issued))),
        "PDF": said_due(" ".join(page.extract_text() for page in pdf.pages)),
        "UBL": in_xml(write_ubl(issued), "TaxInclusiveAmount"),
        "CII": in_xml(write_cii(issued), "GrandTotalAmount"),
        "Stripe": asked_by_stripe(till),
    }


def said_due(text: str) -> int:
    """Read what a document asks for."""
    (said,) = set(re.findall(r"Amount due\s+€([\d,]+\.\d\d)", text))
    return minor_of(said.replace(",", ""))


def in_xml(content: bytes, element: str) -> int:
    (found,) = etree.fromstring(content).iter(f"{{*}}{element}")
    return minor_of(found.text or "")


def asked_by_stripe(till: Till) -> int:
    """Return what the payment page that was opened last would take."""
    return till.gateway().read_checkout(till.attempts()[-1].checkout_id).amount_minor


def minor_of(text: str) -> int:
    return Money.from_decimal(Decimal(text), "EUR").minor
