"""The figures of an issued invoice, as its frozen document says them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlmodel import col, select

from billing_app.database.access import staff_or_job
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.contact import name_key
from billing_app.domain.document import InvoiceDocument, from_json
from billing_app.domain.money import Money
from billing_app.models import Customer, Invoice, IssuedDocument


@dataclass(frozen=True, slots=True)
class InvoiceFigures:
    """What an invoice comes to, as issued.

    Attributes:
        line_sum: sum of the lines without tax.
        due: total less prepaid, rounded to cash.
    """

    number: str
    line_sum: Money
    net_total: Money
    tax_total: Money
    total: Money
    due: Money


@staff_or_job(Permission.VIEW)
def read_figures(uow: UnitOfWork, invoice_id: int) -> InvoiceFigures:
    """Read an issued invoice's figures from what was printed."""
    content = uow.one(
        select(IssuedDocument.content).where(
            col(IssuedDocument.invoice_id) == invoice_id,
            col(IssuedDocument.kind) == "invoice",
        )
    )
    document = from_json(InvoiceDocument, content)

    def money(minor: int) -> Money:
        return Money(minor, document.currency)

    return InvoiceFigures(
        number=document.number,
        line_sum=money(sum(line.net_minor for line in document.lines)),
        net_total=money(document.net_minor),
        tax_total=money(document.tax_minor),
        total=money(document.total_minor),
        due=money(document.due_minor),
    )


@staff_or_job(Permission.VIEW)
def find_imported(
    uow: UnitOfWork, customer_name: str, issued_on: date, heading: str
) -> int | None:
    """Find the invoice of that day whose notes begin with this line of its own."""
    rows = uow.all(
        select(col(Invoice.id), col(Invoice.notes))
        .join(Customer, col(Customer.id) == col(Invoice.customer_id))
        .where(
            col(Customer.name_key) == name_key(customer_name),
            col(Invoice.issued_on) == issued_on,
            col(Invoice.notes).startswith(heading, autoescape=True),
        )
        .order_by(col(Invoice.id))
    )
    return next((it for it, notes in rows if notes.split("\n")[0] == heading), None)
