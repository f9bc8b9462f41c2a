"""What staff read of disputes, and what mails about them need."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import col

from billing_app.database.access import job, staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.dispute import Outcome
from billing_app.domain.document import CreditNoteDocument, from_json
from billing_app.models import CreditNote, Dispute, Member, StaffNote
from billing_app.queries.portal_disputes import part_credited

SHOWN_MAX = 200


@dataclass(frozen=True, slots=True)
class StaffDispute:
    """A dispute with all that staff may know of it. Minor units of `currency`.

    Attributes:
        line_position: counted from 1; None for the whole invoice.
        opened_by: the address that was confirmed, empty where a link was enough.
        outcome: None while it is open.
        note: what staff wrote down for themselves when it ended.
        part_minor: what was credited of it where the rest stands, or zero.
    """

    id: int
    line_position: int | None
    amount_minor: int
    currency: str
    reason: str
    opened_by: str
    opened_at: datetime
    outcome: Outcome | None
    answer: str
    resolved_by: str
    resolved_at: datetime | None
    note: str
    part_minor: int

    @property
    def is_open(self) -> bool:
        return self.outcome is None


@dataclass(frozen=True, slots=True)
class MailedDispute:
    """What a mail about a dispute says; nothing of it is for staff only.

    Attributes:
        part_minor: what was credited of it where the rest stands, or zero.
        credit_note: what was made of it, with its id, or zero.
    """

    amount_minor: int
    line_position: int | None
    reason: str
    outcome: Outcome | None
    answer: str
    opened_by: str
    part_minor: int
    credit_note: CreditNoteDocument | None
    credit_note_id: int


@staff(Permission.VIEW)
def list_disputes(uow: UnitOfWork, invoice_id: int) -> tuple[StaffDispute, ...]:
    """Return the disputes of an invoice, the open ones first, then latest first."""
    rows = uow.all(
        select(*_COLUMNS)
        .outerjoin(Member, col(Member.id) == col(Dispute.resolved_by))
        .where(col(Dispute.invoice_id) == invoice_id)
        .order_by(col(Dispute.resolved_at).is_not(None), col(Dispute.id).desc())
        .limit(SHOWN_MAX)
    )
    notes = _notes(uow, [row.id for row in rows])
    return tuple(
        StaffDispute(
            id=row.id,
            line_position=row.line_position,
            amount_minor=row.amount_minor,
            currency=row.currency,
            reason=row.reason,
            opened_by=row.opened_by,
            opened_at=row.opened_at,
            outcome=_outcome(row.outcome),
            answer=row.answer,
            resolved_by=row.name or "",
            resolved_at=row.resolved_at,
            note=notes.get(row.id, ""),
            part_minor=row.part_minor,
        )
        for row in rows
    )


@staff(Permission.VIEW)
def count_open(uow: UnitOfWork) -> int:
    """Return how many disputes wait for an answer."""
    return uow.one(
        select(func.count())
        .select_from(Dispute)
        .where(col(Dispute.resolved_at).is_(None))
    )[0]


@job
def read_mailed(uow: UnitOfWork, dispute_id: int) -> MailedDispute:
    """Return a dispute as it is now.

    Raises:
        NotFound: no such dispute.
    """
    it = uow.get(Dispute, dispute_id)
    part = uow.one(select(part_credited()).where(col(Dispute.id) == dispute_id))[0]
    note = uow.first(
        select(col(CreditNote.id), col(CreditNote.content)).where(
            col(CreditNote.invoice_id) == it.invoice_id,
            col(CreditNote.dispute_id) == dispute_id,
        )
    )
    return MailedDispute(
        amount_minor=it.amount_minor,
        line_position=it.line_position,
        reason=it.reason,
        outcome=_outcome(it.outcome),
        answer=it.answer,
        opened_by=it.opened_by,
        part_minor=part,
        credit_note=from_json(CreditNoteDocument, note.content) if note else None,
        credit_note_id=note.id if note else 0,
    )


def _notes(uow: UnitOfWork, dispute_ids: list[int]) -> dict[int, str]:
    rows = uow.all(
        select(col(StaffNote.dispute_id), col(StaffNote.body))
        .where(col(StaffNote.dispute_id).in_(dispute_ids))
        .order_by(col(StaffNote.id))
    )
    return dict(rows)


def _outcome(stored: str) -> Outcome | None:
    return Outcome(stored) if stored else None


_COLUMNS: tuple[Any, ...] = (
    Dispute.id,
    Dispute.line_position,
    Dispute.amount_minor,
    Dispute.currency,
    Dispute.reason,
    Dispute.opened_by,
    Dispute.opened_at,
    Dispute.outcome,
    Dispute.answer,
    Dispute.resolved_at,
    Member.name,
    part_credited().label("part_minor"),
)
