"""The disputes of one invoice as its customer reads them, column by column."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import BigInteger, ColumnElement, bindparam, func, select
from sqlmodel import col

from billing_app.database.access import inner
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.credit_note import CreditMode
from billing_app.domain.portal_dispute import DisputeFacts
from billing_app.models import CreditNote, Dispute

DISPUTES_MAX = 100


@inner
def list_disputes(uow: UnitOfWork, invoice_id: int) -> Iterator[DisputeFacts]:
    """List what the customer disputes and has disputed, latest first."""
    for row in uow.all(_DISPUTES, invoice_id=invoice_id):
        yield DisputeFacts(*row)


def part_credited() -> ColumnElement[int]:
    """Select what was credited of a dispute where the rest of it stands, or zero.

    Where less than was disputed was left, all that was left is credited.
    """
    part = select(col(CreditNote.total_minor)).where(
        col(CreditNote.invoice_id) == col(Dispute.invoice_id),
        col(CreditNote.dispute_id) == col(Dispute.id),
        col(CreditNote.mode) == CreditMode.AMOUNT,
        col(CreditNote.total_minor) < col(Dispute.amount_minor),
    )
    return func.coalesce(part.correlate(Dispute).scalar_subquery(), 0)


_DISPUTES = (
    select(
        col(Dispute.id),
        col(Dispute.line_position),
        col(Dispute.amount_minor),
        col(Dispute.reason),
        col(Dispute.opened_at),
        col(Dispute.outcome),
        col(Dispute.answer),
        col(Dispute.resolved_at),
        part_credited().label("part_minor"),
    )
    .where(col(Dispute.invoice_id) == bindparam("invoice_id", type_=BigInteger))
    .order_by(col(Dispute.id).desc())
    .limit(DISPUTES_MAX)
)
