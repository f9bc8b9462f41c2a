"""Credit issued invoices, and replace them by new ones. Nothing issued changes."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import col, select

from billing_app.database.access import inner, staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission, StaffActor
from billing_app.domain.credit_note import (
    Credit,
    Creditable,
    CreditForm,
    CreditMode,
    build_document,
    compute_credit,
    credit_of_amount,
    read_credit,
)
from billing_app.domain.dispute import Outcome, gross_minor
from billing_app.domain.document import (
    CreditNoteDocument,
    content_digest,
    from_json,
    to_json,
)
from billing_app.domain.errors import Conflict
from billing_app.domain.events import CreditNoteIssued, InvoiceReissued, Topic
from billing_app.domain.invoice import REASON_LENGTH_MAX, check_reason
from billing_app.domain.ledger import postings_for_credit_note
from billing_app.domain.parsing import clean_text
from billing_app.models import CreditNote, Dispute, Invoice
from billing_app.queries.credit_notes import read_creditable
from billing_app.services import drafts, ledger
from billing_app.services.allocations import release
from billing_app.services.drafts import SavedDraft
from billing_app.services.invoices import end_disputes
from billing_app.services.outstanding import refresh

SERIES = "credit_note"
_REQUEST_KEY_LENGTH_MAX = 64


@dataclass(frozen=True, slots=True)
class IssuedCreditNote:
    """What crediting gave, in minor units.

    Attributes:
        credit_minor: what had been paid already; now the customer's credit.
    """

    credit_note_id: int
    number: str
    total_minor: int
    credit_minor: int


@dataclass(frozen=True, slots=True)
class Reissued:
    """The draft that replaces an invoice, and the credit note of what was left.

    Attributes:
        credit_note: None where the invoice had been credited in full before.
    """

    draft: SavedDraft
    credit_note: IssuedCreditNote | None


@staff(Permission.ISSUE_CREDIT_NOTE)
def issue_credit_note(
    uow: UnitOfWork, invoice_id: int, form: CreditForm
) -> IssuedCreditNote:
    """Credit all, some lines or an amount of an issued invoice.

    What was paid of it becomes the customer's credit. Pressed twice, the same form
    credits once.

    Raises:
        NotFound: no such invoice in this workspace.
        InvalidInput: a field can't be used; its name is the error's `field`.
        DoneMeanwhile: less is left than the form had shown.
        Conflict: it can't be credited, or nothing is left.
    """
    invoice = uow.get(Invoice, invoice_id, lock=True)
    request_key = form.request_key.strip()[:_REQUEST_KEY_LENGTH_MAX] or None
    known = _find_by_request(uow, invoice_id, request_key)
    if known is not None:
        return _issued(known)
    about = read_creditable(uow, invoice)
    credit, reason = read_credit(form, about)
    note = _issue(uow, invoice, about, credit, reason, request_key=request_key)
    _settle_disputes(uow, invoice, Outcome.CREDITED, reason)
    return _issued(note)


@staff(Permission.ISSUE_CREDIT_NOTE)
def reissue(uow: UnitOfWork, invoice_id: int, reason: str) -> Reissued:
    """Credit what is left of an invoice and copy it into a draft that replaces it.

    Raises:
        NotFound: no such invoice in this workspace.
        InvalidInput: no reason.
        Conflict: it can't be credited, or is replaced already.
    """
    invoice = uow.get(Invoice, invoice_id, lock=True)
    return _reissue(uow, invoice, reason)


@staff(Permission.ISSUE_CREDIT_NOTE)
def reissue_disputed(
    uow: UnitOfWork, invoice: Invoice, dispute: Dispute, reason: str
) -> Reissued:
    """Do as `reissue` for a dispute, whose answer tells of the credit note."""
    return _reissue(uow, invoice, reason, dispute.id)


@inner
def _reissue(
    uow: UnitOfWork, invoice: Invoice, reason: str, dispute_id: int | None = None
) -> Reissued:
    assert invoice.id is not None
    reason = check_reason(clean_text(reason, length_max=2_000, field="reason"))
    _check_not_replaced(uow, invoice.id)
    about = read_creditable(uow, invoice)
    note = None
    if not (about.earlier and about.left_minor <= 0):
        credit = compute_credit(CreditForm(CreditMode.WHOLE), about)
        made = _issue(uow, invoice, about, credit, reason, dispute_id=dispute_id)
        note = _issued(made)
    _settle_disputes(uow, invoice, Outcome.REISSUED, reason)
    draft = drafts.replace_by_draft(uow, invoice)
    uow.record(
        InvoiceReissued(
            invoice_id=invoice.id,
            customer_id=invoice.customer_id,
            draft_id=draft.invoice_id,
        )
    )
    return Reissued(draft, note)


@staff(Permission.ISSUE_CREDIT_NOTE)
def credit_dispute(
    uow: UnitOfWork, invoice: Invoice, dispute: Dispute, reason: str, part: int | None
) -> IssuedCreditNote:
    """Credit what a customer has disputed, as far as it is left: a line, or an amount.

    Or `part` of it, in minor units: the rest stands. The invoice is locked, and the
    answer to the dispute tells of the credit note. Raises as `issue_credit_note`.
    """
    about = read_creditable(uow, invoice)
    credit = (
        _credit_of(about, dispute) if part is None else credit_of_amount(about, part)
    )
    reason = check_reason(reason[:REASON_LENGTH_MAX])
    note = _issue(uow, invoice, about, credit, reason, dispute_id=dispute.id)
    _settle_disputes(uow, invoice, Outcome.CREDITED, reason)
    return _issued(note)


def _credit_of(about: Creditable, dispute: Dispute) -> Credit:
    place, document = dispute.line_position, about.document
    if place is not None and place not in about.credited_lines:
        line = document.lines[place - 1]
        is_whole = gross_minor(line, document.prices_inclusive) == dispute.amount_minor
        if is_whole:
            return compute_credit(CreditForm(CreditMode.LINES, (place,)), about)
    minor = min(dispute.amount_minor, about.most_minor)
    if minor <= 0 or about.left_minor < dispute.amount_minor:
        return compute_credit(CreditForm(CreditMode.WHOLE), about)
    return credit_of_amount(about, minor)


@inner
def _issue(
    uow: UnitOfWork,
    invoice: Invoice,
    about: Creditable,
    credit: Credit,
    reason: str,
    *,
    dispute_id: int | None = None,
    request_key: str | None = None,
) -> CreditNote:
    """Number, document, ledger and audit of one credit note, in this transaction."""
    assert invoice.id is not None
    assert invoice.customer_id is not None
    assert isinstance(uow.actor, StaffActor)
    # Payments are locked before the number series, which is the order everywhere.
    if credit.released_minor:
        release(uow, invoice, credit.released_minor)
    taken = uow.take_number(SERIES, uow.today, invoice.customer_id)
    document = build_document(
        about, credit, number=taken.number, reason=reason, issued_on=uow.today
    )
    content = to_json(document)
    note = uow.add(
        CreditNote(
            customer_id=invoice.customer_id,
            invoice_id=invoice.id,
            dispute_id=dispute_id,
            number=taken.number,
            series_code=taken.series_code,
            series_value=taken.series_value,
            mode=credit.mode,
            currency=invoice.currency,
            issued_on=uow.today,
            reason=reason,
            net_minor=credit.net_minor,
            tax_minor=credit.tax_minor,
            total_minor=credit.total_minor,
            prepaid_minor=credit.prepaid_minor,
            rounding_minor=credit.rounding_minor,
            amount_minor=credit.amount_minor,
            lines=list(credit.places),
            shares=[list(share) for share in credit.shares],
            content=content,
            content_digest=content_digest(content),
            issued_at=uow.now,
            shown_at=uow.now if invoice.published_at else None,
            request_key=request_key,
            issued_by=uow.actor.member_id,
        )
    )
    ledger.post(
        uow,
        f"credit_note:{note.id}",
        postings_for_credit_note(
            net_minor=credit.net_minor,
            tax_minor=credit.tax_minor,
            prepaid_minor=credit.prepaid_minor,
            rounding_minor=credit.rounding_minor,
        ),
        invoice.currency,
        invoice_id=invoice.id,
        customer_id=invoice.customer_id,
    )
    refresh(uow, invoice)
    assert note.id is not None
    uow.record(
        CreditNoteIssued(
            invoice_id=invoice.id,
            customer_id=invoice.customer_id,
            credit_note_id=note.id,
            number=taken.number,
            total_minor=credit.total_minor,
            credit_minor=credit.released_minor,
            currency=invoice.currency,
            reason=reason,
        ),
        told=(Topic.MAIL_CREDIT_NOTE,) if dispute_id else (),
    )
    return note


@inner
def _settle_disputes(
    uow: UnitOfWork, invoice: Invoice, outcome: Outcome, reason: str
) -> None:
    """End what is disputed of an invoice of which nothing is left to ask for."""
    if invoice.credited_minor > 0 and invoice.outstanding_minor <= 0:
        end_disputes(uow, invoice, outcome, reason)


@inner
def _check_not_replaced(uow: UnitOfWork, invoice_id: int) -> None:
    follower = uow.first(
        select(col(Invoice.number), col(Invoice.state)).where(
            col(Invoice.replaces_id) == invoice_id,
            col(Invoice.deleted_at).is_(None),
            col(Invoice.cancelled_at).is_(None),
            col(Invoice.state) != "void",
        )
    )
    if follower is not None:
        by = f"by {follower.number}" if follower.number else "by a draft"
        raise Conflict(f"This invoice is replaced {by} already.")


def _find_by_request(
    uow: UnitOfWork, invoice_id: int, request_key: str | None
) -> CreditNote | None:
    if request_key is None:
        return None
    return uow.first(
        select(CreditNote).where(
            col(CreditNote.invoice_id) == invoice_id,
            col(CreditNote.request_key) == request_key,
        )
    )


def _issued(note: CreditNote) -> IssuedCreditNote:
    assert note.id is not None
    printed = from_json(CreditNoteDocument, note.content)
    return IssuedCreditNote(
        note.id, note.number, note.total_minor, printed.credit_minor
    )
