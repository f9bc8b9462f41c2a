"""The figures of an issued invoice, as its frozen document says them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import col, select

from billing_app.database.access import staff_or_job
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.document import InvoiceDocument, from_json
from billing_app.domain.money import Money
from billing_app.models import IssuedDocument


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
