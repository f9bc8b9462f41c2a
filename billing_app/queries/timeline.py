"""Everything that happened around an invoice or a customer, latest first, for staff.

Two records make one list: the audit trail, and the visits of the portal.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased
from sqlmodel import col

from billing_app.database.access import staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.activity import Happened, describe_happened
from billing_app.domain.actors import Permission
from billing_app.domain.dates import Moment
from billing_app.domain.errors import InvalidInput
from billing_app.domain.events import DocumentPrinted, DraftSaved, ReminderQueued
from billing_app.models import AuditEntry, Customer, Invoice, PortalSession, PortalVisit

PAGE_SIZE = 30
_ID_MAX = 2**62


@dataclass(frozen=True, slots=True)
class Timeline:
    """One page; `older` leads to the next and is empty at the beginning of all."""

    entries: tuple[Happened, ...] = ()
    older: str = ""
    moment: Moment = field(default_factory=Moment)


@staff(Permission.VIEW)
def read_invoice_timeline(
    uow: UnitOfWork, invoice_id: int, older: str = ""
) -> Timeline:
    """Return what happened around an invoice, latest first.

    Raises:
        NotFound: no such invoice in this workspace.
        InvalidInput: no page of ours has such a place.
    """
    uow.get(Invoice, invoice_id)
    return _read(
        uow,
        col(AuditEntry.invoice_id) == invoice_id,
        col(PortalVisit.invoice_id) == invoice_id,
        older,
    )


@staff(Permission.VIEW)
def read_customer_timeline(
    uow: UnitOfWork, customer_id: int, older: str = ""
) -> Timeline:
    """Return what happened around a customer and all their invoices, latest first.

    Raises:
        NotFound: no such customer in this workspace.
        InvalidInput: no page of ours has such a place.
    """
    uow.get(Customer, customer_id)
    return _read(
        uow,
        col(AuditEntry.customer_id) == customer_id,
        col(PortalVisit.customer_id) == customer_id,
        older,
    )


def _read(uow: UnitOfWork, of_audit: Any, of_visits: Any, older: str) -> Timeline:
    """Merge both records in one statement.

    Ids grow with time within each, so a place is a pair of ids, and each record walks
    its own index however long the history is.
    """
    entry_before, visit_before = _place(older)
    entries = (
        select(*_ENTRY)
        .where(of_audit, col(AuditEntry.id) < entry_before, ~_IS_NOISE)
        .order_by(col(AuditEntry.id).desc())
        .limit(PAGE_SIZE + 1)
        .subquery()
    )
    visits = (
        select(*_VISIT)
        .where(of_visits, col(PortalVisit.id) < visit_before)
        .order_by(col(PortalVisit.id).desc())
        .limit(PAGE_SIZE + 1)
        .subquery()
    )
    both = union_all(select(*entries.c), select(*visits.c)).subquery()
    statement = (
        select(*both.c, col(Invoice.number), col(PortalSession.email))
        .outerjoin(Invoice, col(Invoice.id) == both.c.invoice_id)
        .outerjoin(PortalSession, col(PortalSession.id) == both.c.session_id)
        .order_by(both.c.at.desc(), both.c.is_visit.desc(), both.c.id.desc())
        .limit(PAGE_SIZE + 1)
    )
    rows = uow.all(statement)
    shown = rows[:PAGE_SIZE]
    place = ""
    if len(rows) > PAGE_SIZE:
        entry_ids = [row.id for row in shown if not row.is_visit]
        visit_ids = [row.id for row in shown if row.is_visit]
        entry = min(entry_ids, default=entry_before)
        visit = min(visit_ids, default=visit_before)
        place = f"{entry}~{visit}"
    return Timeline(
        entries=tuple(_happened(row) for row in shown),
        older=place,
        moment=Moment(uow.now, uow.workspace.zone),
    )


def _happened(row: Any) -> Happened:
    return describe_happened(
        key=f"{'visit' if row.is_visit else 'entry'}-{row.id}",
        event=row.event,
        details=row.details or {},
        actor=row.actor,
        actor_name=row.actor_name,
        email=row.email or "",
        at=row.at,
        invoice_id=row.invoice_id,
        invoice_number=row.number or "",
    )


def _place(older: str) -> tuple[int, int]:
    if not older:
        return _ID_MAX, _ID_MAX
    entry, _, visit = older.partition("~")
    ids = (entry, visit)
    if not all(x.isascii() and x.isdigit() and int(x) <= _ID_MAX for x in ids):
        raise InvalidInput("That place in the timeline does not exist.")
    return int(entry), int(visit)


# A reminder that queues itself leaves a moment later, and that is said. That a file was
# made is for whoever checks the audit trail.
# A draft saves itself while somebody types: the last time of each of them is enough.
_later = aliased(AuditEntry)
_IS_SAVED_AGAIN = (col(AuditEntry.event) == DraftSaved.name()) & exists(
    select(col(_later.id)).where(
        col(_later.invoice_id) == col(AuditEntry.invoice_id),
        col(_later.id) > col(AuditEntry.id),
        col(_later.event) == DraftSaved.name(),
        col(_later.actor) == col(AuditEntry.actor),
    )
)
_IS_NOISE = or_(
    _IS_SAVED_AGAIN,
    col(AuditEntry.event) == DocumentPrinted.name(),
    (col(AuditEntry.event) == ReminderQueued.name())
    & col(AuditEntry.actor).startswith("system:"),
)
_ENTRY: tuple[Any, ...] = (
    literal(0).label("is_visit"),
    col(AuditEntry.id),
    col(AuditEntry.event),
    col(AuditEntry.actor),
    col(AuditEntry.actor_name),
    col(AuditEntry.details),
    col(AuditEntry.at),
    col(AuditEntry.invoice_id),
    # Whoever has signed in acts as session:<id>.
    cast(
        case(
            (
                col(AuditEntry.actor).startswith("session:"),
                func.substr(col(AuditEntry.actor), 9),
            ),
            else_=None,
        ),
        BigInteger,
    ).label("session_id"),
)
_NO_DETAILS: Any = cast(null(), JSON)
_VISIT: Any = (
    literal(1).label("is_visit"),
    col(PortalVisit.id),
    (literal("visit:") + col(PortalVisit.evidence)).label("event"),
    case((col(PortalVisit.session_id).is_not(None), "session:"), else_="link:").label(
        "actor"
    ),
    col(PortalVisit.kind).label("actor_name"),
    _NO_DETAILS.label("details"),
    col(PortalVisit.at),
    col(PortalVisit.invoice_id),
    col(PortalVisit.session_id),
)
