"""What of an invoice can be credited, and what has been."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import col, select

from billing_app.database.access import inner, staff
from billing_app.database.stored_terms import terms_of
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.credit_note import (
    Credit,
    Creditable,
    CreditForm,
    CreditMode,
    EarlierCredit,
    check_creditable,
    compute_credit,
)
from billing_app.domain.document import InvoiceDocument, from_json
from billing_app.domain.invoice import InvoiceState, WrongState
from billing_app.domain.totals import compute_totals
from billing_app.models import CreditNote, Invoice, IssuedDocument, LineItem


@dataclass(frozen=True, slots=True)
class CreditableLine:
    """A line that may be chosen, and what it comes to in the prices as agreed."""

    place: int
    name: str
    tax: str
    amount_minor: int
    is_credited: bool


@dataclass(frozen=True, slots=True)
class CreditOffer:
    """What the form for a credit note starts with.

    Attributes:
        left_minor: of the total, with tax; `most_minor` is the largest amount.
    """

    number: str
    currency: str
    left_minor: int
    most_minor: int
    outstanding_minor: int
    lines: tuple[CreditableLine, ...]


@staff(Permission.ISSUE_CREDIT_NOTE)
def read_offer(uow: UnitOfWork, invoice_id: int) -> CreditOffer:
    """Return what of an invoice can be credited now.

    Raises:
        NotFound: no such invoice in this workspace.
        Conflict: it can't be credited, or nothing is left.
    """
    about = read_creditable(uow, uow.get(Invoice, invoice_id))
    check_creditable(about)
    return CreditOffer(
        number=about.document.number,
        currency=about.document.currency,
        left_minor=about.left_minor,
        most_minor=about.most_minor,
        outstanding_minor=about.outstanding_minor,
        lines=tuple(
            CreditableLine(
                place=place,
                name=line.name,
                tax=line.tax,
                amount_minor=line.amount_minor,
                is_credited=place in about.credited_lines,
            )
            for place, line in enumerate(about.document.lines, 1)
        ),
    )


@staff(Permission.ISSUE_CREDIT_NOTE)
def preview_credit(uow: UnitOfWork, invoice_id: int, form: CreditForm) -> Credit:
    """Return what a form would credit. Nothing is changed.

    Raises:
        NotFound: no such invoice in this workspace.
        InvalidInput: a field can't be used; its name is the error's `field`.
        Conflict: it can't be credited, or nothing is left.
    """
    return compute_credit(form, read_creditable(uow, uow.get(Invoice, invoice_id)))


@inner
def read_creditable(uow: UnitOfWork, invoice: Invoice) -> Creditable:
    """Read everything that decides what of an invoice can be credited.

    Raises:
        WrongState: it is still a draft.
    """
    assert invoice.id is not None
    content = uow.first(
        select(IssuedDocument.content).where(
            col(IssuedDocument.invoice_id) == invoice.id,
            col(IssuedDocument.kind) == "invoice",
        )
    )
    if content is None:
        raise WrongState("This is still a draft. Change it instead of crediting it.")
    lines = uow.all(
        select(LineItem)
        .where(col(LineItem.invoice_id) == invoice.id)
        .order_by(col(LineItem.position))
    )
    terms = terms_of(invoice, lines)
    earlier = uow.all(
        select(CreditNote)
        .where(col(CreditNote.invoice_id) == invoice.id)
        .order_by(col(CreditNote.id))
    )
    return Creditable(
        state=InvoiceState(invoice.state),
        document=from_json(InvoiceDocument, content),
        terms=terms,
        totals=compute_totals(terms),
        outstanding_minor=invoice.outstanding_minor,
        allocated_minor=invoice.allocated_minor,
        earlier=tuple(_earlier(note) for note in earlier),
    )


def _earlier(note: CreditNote) -> EarlierCredit:
    return EarlierCredit(
        mode=CreditMode(note.mode),
        total_minor=note.total_minor,
        amount_minor=note.amount_minor,
        shares=tuple(tuple(share) for share in note.shares),
        lines=tuple(note.lines),
    )
