"""Open, withdraw and resolve what a customer says is wrong with an invoice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import col, func, select

from billing_app.database.access import acting_visitor, inner, staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain import dispute as rules
from billing_app.domain.actors import Permission, PortalVisitor, StaffActor
from billing_app.domain.comment import check_request_key
from billing_app.domain.dispute import Disputable, DisputeForm, Outcome, ResolveForm
from billing_app.domain.document import InvoiceDocument, from_json
from billing_app.domain.errors import Conflict, LimitReached, NotFound
from billing_app.domain.events import (
    DisputeOpened,
    DisputeResolved,
    DisputeWithdrawn,
    Topic,
)
from billing_app.domain.invoice import REASON_LENGTH_MAX, InvoiceState
from billing_app.domain.money import Money
from billing_app.domain.portal_settings import PortalSettings
from billing_app.domain.speech import later
from billing_app.models import Dispute, Invoice, IssuedDocument, StaffNote
from billing_app.services import credit_notes, invoices
from billing_app.services.outstanding import refresh_disputed

# Far more than a person opens and withdraws in a day.
OPENED_PER_DAY = 20


@dataclass(frozen=True, slots=True)
class ResolvedDispute:
    """How a dispute ended, and what was made of it.

    Attributes:
        credit_note_number: empty where nothing was credited.
        draft_id: of the draft that replaces the invoice, or zero.
    """

    outcome: Outcome
    credit_note_number: str = ""
    draft_id: int = 0


@acting_visitor
def open_dispute(
    uow: UnitOfWork,
    invoice_id: int,
    form: DisputeForm,
    settings: PortalSettings,
    opened_by: str,
) -> int:
    """Note what a customer says is wrong; nobody asks for that part meanwhile.

    `settings` are those that hold for the invoice and `opened_by` the address that
    was confirmed; a workflow reads both, never the browser. The same request twice
    is one dispute.

    Returns:
        The dispute's id.

    Raises:
        NotFound: the invoice is not shown to this visitor.
        NotPermitted, VerificationRequired: disputes are off, or proof is missing.
        Conflict: nothing is left to dispute.
        InvalidInput: a field can't be used, or that is disputed already.
        LimitReached: far too many in a day.
    """
    visitor = uow.actor
    assert isinstance(visitor, PortalVisitor)
    rules.check_may_open(settings, visitor)
    # A payment of the same invoice waits here until the amount is settled.
    invoice = uow.get(Invoice, invoice_id, lock=True)
    key = check_request_key(form.request_key)
    known = _find_by_request(uow, invoice_id, key)
    if known is not None:
        return known
    read = rules.read_dispute(form, _disputable(uow, invoice))
    _check_pace(uow, invoice_id)

    assert invoice.customer_id is not None
    dispute = uow.add(
        Dispute(
            customer_id=invoice.customer_id,
            invoice_id=invoice_id,
            line_position=read.line,
            amount_minor=read.amount_minor,
            currency=invoice.currency,
            reason=read.reason,
            opened_by=opened_by,
            session_id=visitor.session_id,
            request_key=key,
            opened_at=uow.now,
        )
    )
    refresh_disputed(uow, invoice)
    assert dispute.id is not None
    uow.record(
        DisputeOpened(
            invoice_id=invoice_id,
            customer_id=dispute.customer_id,
            dispute_id=dispute.id,
            amount_minor=dispute.amount_minor,
            currency=dispute.currency,
        )
    )
    uow.promise(
        Topic.MAIL_DISPUTE_OPENED,
        f"dispute:{dispute.id}:opened",
        invoice_id,
        dispute_id=dispute.id,
    )
    return dispute.id


@acting_visitor
def withdraw_dispute(
    uow: UnitOfWork, dispute_id: int, settings: PortalSettings
) -> None:
    """Take a dispute back; the amount is asked for again.

    Raises:
        NotFound: no such dispute is shown to this visitor.
        NotPermitted, VerificationRequired: as `open_dispute`.
        Conflict: it is over already.
    """
    visitor = uow.actor
    assert isinstance(visitor, PortalVisitor)
    rules.check_may_open(settings, visitor)
    invoice, dispute = _lock_open(uow, dispute_id)
    dispute.outcome, dispute.resolved_at = Outcome.WITHDRAWN, uow.now
    refresh_disputed(uow, invoice)
    uow.record(
        DisputeWithdrawn(
            invoice_id=invoice.id,
            customer_id=dispute.customer_id,
            dispute_id=dispute_id,
            amount_minor=dispute.amount_minor,
            currency=dispute.currency,
        )
    )


@staff(Permission.RESOLVE_DISPUTE)
def resolve_dispute(
    uow: UnitOfWork, dispute_id: int, form: ResolveForm
) -> ResolvedDispute:
    """End a dispute with an answer for the customer and a note for colleagues.

    Where it stands, the amount is asked for again. Credited issues a credit note for
    what was disputed, or for a part of it, and the rest stands; reissued credits the
    whole invoice and makes the draft that replaces it; void voids it. Each happens in
    this same transaction, and ends every other dispute of an invoice that asks for
    nothing any more. The customer gets one mail, which tells of the credit note too.

    Raises:
        NotFound: no such dispute in this workspace.
        InvalidInput: outcome, answer or note is missing; names the field.
        NotPermitted: the outcome needs a permission of its own.
        Conflict: it is over already, void and money was allocated, or nothing is
            left to credit.
    """
    member = uow.actor
    assert isinstance(member, StaffActor)
    outcome, answer, note = rules.read_resolution(form)
    invoice, dispute = _lock_open(uow, dispute_id)
    part = rules.read_part(form, Money(dispute.amount_minor, dispute.currency))
    dispute.outcome, dispute.answer = outcome, answer
    dispute.resolved_by, dispute.resolved_at = member.member_id, uow.now
    uow.add(
        StaffNote(
            customer_id=dispute.customer_id,
            invoice_id=dispute.invoice_id,
            dispute_id=dispute_id,
            body=note,
            written_by=member.member_id,
            created_at=uow.now,
        )
    )
    refresh_disputed(uow, invoice)
    resolved = _act_on(uow, invoice, dispute, outcome, part)
    uow.record(
        DisputeResolved(
            invoice_id=dispute.invoice_id,
            customer_id=dispute.customer_id,
            dispute_id=dispute_id,
            outcome=outcome,
            amount_minor=dispute.amount_minor,
            currency=dispute.currency,
        )
    )
    uow.promise(
        Topic.MAIL_DISPUTE_RESOLVED,
        f"dispute:{dispute_id}:resolved",
        dispute.invoice_id,
        dispute_id=dispute_id,
    )
    return resolved


@inner
def _act_on(
    uow: UnitOfWork,
    invoice: Invoice,
    dispute: Dispute,
    outcome: Outcome,
    part: int | None,
) -> ResolvedDispute:
    """Do what the outcome says; the customer's answer is the reason on record."""
    reason = dispute.answer[:REASON_LENGTH_MAX]
    if outcome == Outcome.VOID:
        invoices.void(uow, dispute.invoice_id, reason)
    if outcome == Outcome.CREDITED:
        note = credit_notes.credit_dispute(uow, invoice, dispute, reason, part)
        return ResolvedDispute(outcome, credit_note_number=note.number)
    if outcome == Outcome.REISSUED:
        made = credit_notes.reissue_disputed(uow, invoice, dispute, reason)
        number = made.credit_note.number if made.credit_note else ""
        return ResolvedDispute(outcome, number, made.draft.invoice_id)
    return ResolvedDispute(outcome)


@inner
def _lock_open(uow: UnitOfWork, dispute_id: int) -> tuple[Invoice, Dispute]:
    """Lock the invoice, then the dispute: the order everywhere."""
    invoice_id = uow.first(
        select(Dispute.invoice_id).where(col(Dispute.id) == dispute_id)
    )
    if invoice_id is None:
        raise NotFound("Dispute not found.")
    invoice = uow.get(Invoice, invoice_id, lock=True)
    dispute = uow.get(Dispute, dispute_id, lock=True)
    if dispute.resolved_at is not None:
        raise Conflict(later("This dispute is over already. Please look again."))
    return invoice, dispute


def _disputable(uow: UnitOfWork, invoice: Invoice) -> Disputable:
    content = uow.first(
        select(IssuedDocument.content).where(
            col(IssuedDocument.invoice_id) == invoice.id,
            col(IssuedDocument.kind) == "invoice",
        )
    )
    if content is None:
        raise NotFound("Invoice not found.")
    lines = uow.all(
        select(Dispute.line_position).where(
            col(Dispute.invoice_id) == invoice.id, col(Dispute.resolved_at).is_(None)
        )
    )
    return Disputable(
        document=from_json(InvoiceDocument, content),
        is_void=invoice.state == InvoiceState.VOID,
        outstanding_minor=invoice.outstanding_minor,
        processing_minor=invoice.processing_minor,
        disputed_minor=invoice.disputed_minor,
        open_lines=frozenset(lines),
    )


def _find_by_request(uow: UnitOfWork, invoice_id: int, key: str) -> int | None:
    return uow.first(
        select(Dispute.id).where(
            col(Dispute.invoice_id) == invoice_id, col(Dispute.request_key) == key
        )
    )


def _check_pace(uow: UnitOfWork, invoice_id: int) -> None:
    recent = select(func.count()).where(
        col(Dispute.invoice_id) == invoice_id,
        col(Dispute.opened_at) > uow.now - timedelta(days=1),
        col(Dispute.opened_at) <= uow.now + timedelta(days=1),
    )
    if uow.one(recent) >= OPENED_PER_DAY:
        raise LimitReached(
            later(
                "There were very many disputes here today. Please use the contact "
                "details on the invoice."
            )
        )
