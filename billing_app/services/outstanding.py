"""Keep what an invoice still asks for beside the facts it follows from."""

from __future__ import annotations

from sqlalchemy import BigInteger, bindparam, func
from sqlmodel import col, select

from billing_app.database.access import inner
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.events import Topic
from billing_app.domain.online_payment import LIVE, AttemptStatus
from billing_app.domain.payment import compute_outstanding
from billing_app.domain.portal_settings import LinkExpiry, link_expires_at
from billing_app.models import (
    Allocation,
    CreditNote,
    Dispute,
    Invoice,
    PaymentAttempt,
    PaymentAttemptPart,
    PortalLink,
)
from billing_app.queries.attempts import SHARE_MINOR, concerns, part_for
from billing_app.queries.portal_rules import read_choices


@inner
def refresh(uow: UnitOfWork, invoice: Invoice) -> None:
    """Bring the four derived amounts of a locked invoice up to its facts.

    Their only writer. Whatever changes them also closes the payment pages that
    still ask for the old amount.
    """
    assert invoice.id is not None
    uow.flush()
    before = _amounts(invoice)
    allocated, credited, processing, live_attempts = uow.one(
        _FACTS, invoice_id=invoice.id
    )
    invoice.allocated_minor, invoice.credited_minor = int(allocated), int(credited)
    invoice.processing_minor = int(processing)
    invoice.outstanding_minor = compute_outstanding(
        invoice.state,
        invoice.due_minor,
        invoice.allocated_minor,
        invoice.credited_minor,
    )
    uow.flush()
    if (before[0] <= 0) != (invoice.outstanding_minor <= 0):
        _time_links(uow, invoice)
    if _amounts(invoice) != before:
        if live_attempts:
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


def _promise_to_close(uow: UnitOfWork, attempt_id: int, invoice_id: int) -> None:
    uow.promise(
        Topic.EXPIRE_CHECKOUT,
        f"attempt:{attempt_id}",
        invoice_id,
        attempt_id=attempt_id,
    )


def _time_links(uow: UnitOfWork, invoice: Invoice) -> None:
    """Let links end some days after full payment, where that was chosen.

    Taking the payment back gives them their life again.
    """
    assert invoice.id is not None
    settings = read_choices(uow, invoice.id)
    if settings.link_expiry != LinkExpiry.AFTER_PAID:
        return
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


def _amounts(invoice: Invoice) -> tuple[int, int, int, int]:
    return (
        invoice.outstanding_minor,
        invoice.allocated_minor,
        invoice.credited_minor,
        invoice.processing_minor,
    )


_INVOICE_ID = bindparam("invoice_id", type_=BigInteger)
_ALLOCATED = (
    select(func.coalesce(func.sum(Allocation.amount_minor), 0))
    .where(col(Allocation.invoice_id) == _INVOICE_ID)
    .scalar_subquery()
)
_PROCESSING = (
    select(func.coalesce(func.sum(SHARE_MINOR), 0))
    .select_from(PaymentAttempt)
    .outerjoin(PaymentAttemptPart, part_for(_INVOICE_ID))
    .where(
        concerns(_INVOICE_ID),
        col(PaymentAttempt.status) == AttemptStatus.PROCESSING,
    )
    .scalar_subquery()
)
_CREDITED = (
    select(func.coalesce(func.sum(CreditNote.amount_minor), 0))
    .where(col(CreditNote.invoice_id) == _INVOICE_ID)
    .scalar_subquery()
)
_DISPUTED = select(func.coalesce(func.sum(Dispute.amount_minor), 0)).where(
    col(Dispute.invoice_id) == _INVOICE_ID, col(Dispute.resolved_at).is_(None)
)
_IS_LIVE = (concerns(_INVOICE_ID), col(PaymentAttempt.status).in_(LIVE))
_LIVE_ATTEMPTS = select(PaymentAttempt.id).where(*_IS_LIVE)
_LIVE_COUNT = select(func.count(col(PaymentAttempt.id))).where(*_IS_LIVE)
# What is allocated to an invoice, credited, on its way, and who may still pay it.
_FACTS = select(_ALLOCATED, _CREDITED, _PROCESSING, _LIVE_COUNT.scalar_subquery())
