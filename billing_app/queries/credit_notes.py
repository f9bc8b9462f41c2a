"""What of an invoice can be credited, and what has been."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, bindparam
from sqlalchemy import select as select_rows
from sqlmodel import col, select

from billing_app.database.access import inner, job, staff
from billing_app.database.stored_terms import terms_of
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.documents.render import printed_parts
from billing_app.domain.actors import Permission
from billing_app.domain.credit_note import (
    Credit,
    Creditable,
    CreditForm,
    CreditMode,
    EarlierCredit,
    build_document,
    check_creditable,
    compute_credit,
)
from billing_app.domain.document import (
    CreditNoteDocument,
    InvoiceDocument,
    from_json,
)
from billing_app.domain.e_invoice import find_gaps
from billing_app.domain.invoice import InvoiceState, WrongState
from billing_app.domain.portal_invoice import Replacement
from billing_app.domain.totals import compute_totals
from billing_app.domain.trace import PrintedPart
from billing_app.models import CreditNote, Invoice, IssuedDocument, LineItem, Member

SHOWN_MAX = 200

_REPLACEMENT = select(col(Invoice.id), col(Invoice.number)).where(
    col(Invoice.replaces_id) == bindparam("invoice_id", type_=BigInteger),
    col(Invoice.state) == InvoiceState.ISSUED,
    col(Invoice.published_at).is_not(None),
)


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


@dataclass(frozen=True, slots=True)
class CreditPreview:
    """What a form would credit, and what would be printed, without its number."""

    credit: Credit
    document: CreditNoteDocument


@dataclass(frozen=True, slots=True)
class StaffCreditNote:
    """A credit note as staff list it. Amounts in minor units of `currency`.

    Attributes:
        lines: places of the credited lines, where it was made of lines.
        is_e_invoice: there are files for machines; known on the invoice's page.
        credited_minor: the total as it is rounded on the note.
        parts: what that is made of; known on the invoice's page, too.
    """

    id: int
    number: str
    invoice_id: int
    invoice_number: str
    customer_name: str
    issued_on: date
    issued_by: str
    mode: CreditMode
    lines: tuple[int, ...]
    reason: str
    net_minor: int
    tax_minor: int
    total_minor: int
    credited_minor: int
    currency: str
    is_e_invoice: bool = False
    parts: tuple[PrintedPart, ...] = ()


@dataclass(frozen=True, slots=True)
class InvoiceLink:
    """Another invoice, or a draft, which has no number yet."""

    id: int
    number: str


@inner
def list_credit_notes(uow: UnitOfWork, invoice_id: int) -> tuple[StaffCreditNote, ...]:
    """Return the credit notes of an invoice, latest first."""
    statement = _statement(CreditNote.content).where(
        col(CreditNote.invoice_id) == invoice_id
    )
    rows = uow.all(statement.order_by(col(CreditNote.id).desc()).limit(SHOWN_MAX))
    return tuple(_with_content(row) for row in rows)


@inner
def read_these(
    uow: UnitOfWork, credit_note_ids: Sequence[int]
) -> tuple[StaffCreditNote, ...]:
    """Return some credit notes, in the order given."""
    rows = uow.all(_statement().where(col(CreditNote.id).in_(credit_note_ids)))
    by_id = {row.id: _listed(row) for row in rows}
    return tuple(by_id[it] for it in credit_note_ids if it in by_id)


def _with_content(row: Any) -> StaffCreditNote:
    note = from_json(CreditNoteDocument, row.content)
    return replace(
        _listed(row), is_e_invoice=not find_gaps(note), parts=printed_parts(note)
    )


def _statement(*more: Any) -> Any:
    invoice_number: Any = col(Invoice.number)
    issued_by: Any = col(Member.name)
    columns: tuple[Any, ...] = (
        CreditNote.id,
        CreditNote.number,
        CreditNote.invoice_id,
        invoice_number.label("invoice_number"),
        Invoice.customer_name,
        CreditNote.issued_on,
        issued_by.label("issued_by"),
        CreditNote.mode,
        CreditNote.lines,
        CreditNote.reason,
        CreditNote.net_minor,
        CreditNote.tax_minor,
        CreditNote.total_minor,
        CreditNote.rounding_minor,
        CreditNote.currency,
        *more,
    )
    return (
        select_rows(*columns)
        .join(Invoice, col(Invoice.id) == col(CreditNote.invoice_id))
        .outerjoin(Member, col(Member.id) == col(CreditNote.issued_by))
    )


def _listed(row: Any) -> StaffCreditNote:
    return StaffCreditNote(
        id=row.id,
        number=row.number,
        invoice_id=row.invoice_id,
        invoice_number=row.invoice_number,
        customer_name=row.customer_name,
        issued_on=row.issued_on,
        issued_by=row.issued_by or "",
        mode=CreditMode(row.mode),
        lines=tuple(row.lines),
        reason=row.reason,
        net_minor=row.net_minor,
        tax_minor=row.tax_minor,
        total_minor=row.total_minor,
        credited_minor=row.total_minor + row.rounding_minor,
        currency=row.currency,
    )


@inner
def find_follower(uow: UnitOfWork, invoice_id: int) -> InvoiceLink | None:
    """Return the draft or invoice that takes the place of another one."""
    found = uow.first(
        select(col(Invoice.id), col(Invoice.number))
        .where(
            col(Invoice.replaces_id) == invoice_id,
            col(Invoice.deleted_at).is_(None),
            col(Invoice.cancelled_at).is_(None),
            col(Invoice.state) != InvoiceState.VOID,
        )
        .order_by(col(Invoice.id).desc())
    )
    return InvoiceLink(found[0], found[1] or "") if found else None


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
def preview_credit(uow: UnitOfWork, invoice_id: int, form: CreditForm) -> CreditPreview:
    """Return what a form would credit, and what would be printed. Changes nothing.

    Raises:
        NotFound: no such invoice in this workspace.
        InvalidInput: a field can't be used; its name is the error's `field`.
        Conflict: it can't be credited, or nothing is left.
    """
    about = read_creditable(uow, uow.get(Invoice, invoice_id))
    credit = compute_credit(form, about)
    document = build_document(
        about, credit, number="", reason=form.reason, issued_on=uow.today
    )
    return CreditPreview(credit, document)


@job
def find_replacement(uow: UnitOfWork, invoice_id: int) -> Replacement | None:
    """Return the published invoice that takes the place of another one."""
    found = uow.first(_REPLACEMENT, invoice_id=invoice_id)
    return Replacement(found[0], found[1]) if found else None


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
        written_off_minor=invoice.written_off_minor,
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
