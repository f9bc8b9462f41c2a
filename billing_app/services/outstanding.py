"""Keep what an invoice still asks for beside the facts it follows from."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BigInteger, bindparam, func
from sqlalchemy import select as columns
from sqlmodel import col, select

from billing_app.database.access import inner
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.events import Topic
from billing_app.domain.online_payment import LIVE, AttemptStatus
from billing_app.domain.payment import compute_outstanding
from billing_app.domain.portal_settings import (
    LinkExpiry,
    PortalSettings,
    link_expires_at,
)
from billing_app.models import (
    Allocation,
    CreditNote,
    Dispute,
    Invoice,
    PaymentAttempt,
    PaymentAttemptPart,
    PortalLink,
    WriteOff,
)
from billing_app.queries.attempts import SHARE_MINOR, concerns, part_for
from billing_app.queries.portal_rules import read_choices_of


@inner
def refresh(uow: UnitOfWork, invoice: Invoice) -> None:
    """Do `refresh_all` for one invoice."""
    refresh_all(uow, [invoice])


@inner
def refresh_all(uow: UnitOfWork, invoices: Sequence[Invoice]) -> None:
    """Bring the five derived amounts of locked invoices up to their facts.

    Their only writer. Whatever changes them also closes the payment pages that
    still ask for the old amount.
    """
    before = {invoice.id: _amounts(invoice) for invoice in invoices}
    live_by_id: dict[int, int] = {}
    known = {invoice.id: invoice for invoice in invoices}
    for invoice_id, allocated, credited, written_off, processing, live in uow.all(
        _FACTS, invoice_ids=list(known)
    ):
        invoice = known[invoice_id]
        invoice.written_off_minor = int(written_off)
        invoice.allocated_minor, invoice.credited_minor = int(allocated), int(credited)
        invoice.processing_minor = int(processing)
        invoice.outstanding_minor = compute_outstanding(
            invoice.state,
            invoice.due_minor,
            invoice.allocated_minor,
            invoice.credited_minor,
            invoice.written_off_minor,
        )
        live_by_id[invoice_id] = live

    _time_links(uow, [x for x in invoices if _has_turned(before[x.id][0], x)])
    for invoice in invoices:
        assert invoice.id is not None
        if _amounts(invoice) == before[invoice.id]:
            continue
        if live_by_id[invoice.id]:
            close_checkouts(uow, invoice.id)
        uow.touch(f"invoice:{invoice.id}")


@inner
def refresh_disputed(uow: UnitOfWork, invoice: Invoice) -> None:
    """Bring what is disputed of a locked invoice up to its open disputes.

    Its only writer. It reads nothing that a customer may not see, since they open
    disputes themselves.
    """
    assert invoice.id is not None
    uow.flush()
    disputed = int(uow.one(_DISPUTED, invoice_id=invoice.id))
    if disputed != invoice.disputed_minor:
        invoice.disputed_minor = disputed
        uow.flush()
        close_checkouts(uow, invoice.id)
        uow.touch(f"invoice:{invoice.id}")


@inner
def close_checkouts(uow: UnitOfWork, invoice_id: int) -> None:
    """Promise to close every payment page that an invoice may still be paid on.

    That includes pages on which it is paid together with others.
    """
    for attempt_id in uow.all(_LIVE_ATTEMPTS, invoice_id=invoice_id):
        _promise_to_close(uow, attempt_id, invoice_id)


@inner
def close_checkouts_of_link(uow: UnitOfWork, link_id: int) -> None:
    """Promise to close every payment page that was opened from a link.

    A payment page leads back to where it was opened from.
    """
    live = select(PaymentAttempt).where(
        col(PaymentAttempt.link_id) == link_id, col(PaymentAttempt.status).in_(LIVE)
    )
    for attempt in uow.all(live):
        assert attempt.id is not None
        _promise_to_close(uow, attempt.id, attempt.invoice_id)


@inner
def close_refused_checkouts(uow: UnitOfWork) -> None:
    """Promise to close every payment page of what may not be paid online any more.

    For when the rules of the portal have changed, for whomever: money that comes
    against them would come silently.
    """
    uow.flush()
    live = uow.all(_LIVE_FOR)
    settings = read_choices_of(uow, {invoice_id for _, invoice_id in live})
    for attempt_id, invoice_id in live:
        if not settings[invoice_id].takes_money:
            _promise_to_close(uow, attempt_id, invoice_id)


def _promise_to_close(uow: UnitOfWork, attempt_id: int, invoice_id: int) -> None:
    uow.promise(
        Topic.EXPIRE_CHECKOUT,
        f"attempt:{attempt_id}",
        invoice_id,
        attempt_id=attempt_id,
    )


def _has_turned(outstanding_before: int, invoice: Invoice) -> bool:
    """Tell whether it is paid and was not, or the reverse."""
    return (outstanding_before <= 0) != (invoice.outstanding_minor <= 0)


def _time_links(uow: UnitOfWork, invoices: Sequence[Invoice]) -> None:
    """Let links end some days after full payment, where that was chosen.

    Taking the payment back gives them their life again.
    """
    by_id = {invoice.id: invoice for invoice in invoices if invoice.id is not None}
    for invoice_id, settings in read_choices_of(uow, list(by_id)).items():
        if settings.link_expiry == LinkExpiry.AFTER_PAID:
            _time_links_of(uow, by_id[invoice_id], settings)


def _time_links_of(uow: UnitOfWork, invoice: Invoice, settings: PortalSettings) -> None:
    is_paid = invoice.outstanding_minor <= 0
    ends_at = link_expires_at(settings, uow.now, invoice.due_on, is_paid=is_paid)
    for link in uow.all(
        select(PortalLink).where(
            col(PortalLink.invoice_id) == invoice.id,
            col(PortalLink.revoked_at).is_(None),
        )
    ):
        link.expires_at = ends_at
    uow.flush()


def _amounts(invoice: Invoice) -> tuple[int, ...]:
    return (
        invoice.outstanding_minor,
        invoice.allocated_minor,
        invoice.credited_minor,
        invoice.written_off_minor,
        invoice.processing_minor,
    )


_ALLOCATED = (
    select(func.coalesce(func.sum(Allocation.amount_minor), 0))
    .where(col(Allocation.invoice_id) == col(Invoice.id))
    .correlate(Invoice)
    .scalar_subquery()
)
_PROCESSING = (
    select(func.coalesce(func.sum(SHARE_MINOR), 0))
    .select_from(PaymentAttempt)
    .outerjoin(PaymentAttemptPart, part_for(col(Invoice.id)))
    .where(
        concerns(col(Invoice.id)),
        col(PaymentAttempt.status) == AttemptStatus.PROCESSING,
    )
    .correlate(Invoice)
    .scalar_subquery()
)
_CREDITED = (
    select(func.coalesce(func.sum(CreditNote.amount_minor), 0))
    .where(col(CreditNote.invoice_id) == col(Invoice.id))
    .correlate(Invoice)
    .scalar_subquery()
)
_WRITTEN_OFF = (
    select(func.coalesce(func.sum(WriteOff.amount_minor), 0))
    .where(col(WriteOff.invoice_id) == col(Invoice.id))
    .correlate(Invoice)
    .scalar_subquery()
)
_LIVE_COUNT = (
    select(func.count(col(PaymentAttempt.id)))
    .where(concerns(col(Invoice.id)), col(PaymentAttempt.status).in_(LIVE))
    .correlate(Invoice)
    .scalar_subquery()
)
# What is allocated to an invoice, credited, given up, on its way, and who may still
# pay it.
_FACTS = columns(
    col(Invoice.id), _ALLOCATED, _CREDITED, _WRITTEN_OFF, _PROCESSING, _LIVE_COUNT
).where(col(Invoice.id).in_(bindparam("invoice_ids", type_=BigInteger, expanding=True)))
_INVOICE_ID = bindparam("invoice_id", type_=BigInteger)
_DISPUTED = select(func.coalesce(func.sum(Dispute.amount_minor), 0)).where(
    col(Dispute.invoice_id) == _INVOICE_ID, col(Dispute.resolved_at).is_(None)
)
# Each payment page that is open, with each invoice that it is for.
_LIVE_FOR = (
    columns(
        col(PaymentAttempt.id),
        func.coalesce(
            col(PaymentAttemptPart.invoice_id), col(PaymentAttempt.invoice_id)
        ),
    )
    .outerjoin(
        PaymentAttemptPart,
        col(PaymentAttemptPart.attempt_id) == col(PaymentAttempt.id),
    )
    .where(col(PaymentAttempt.status).in_(LIVE))
    .order_by(col(PaymentAttempt.id), col(PaymentAttemptPart.id))
)
_LIVE_ATTEMPTS = select(PaymentAttempt.id).where(
    concerns(_INVOICE_ID), col(PaymentAttempt.status).in_(LIVE)
)
