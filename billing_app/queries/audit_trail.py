"""The sealed audit trail, for staff to take away."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import col

from billing_app.database.access import staff
from billing_app.database.audit_chain import SEALED, sealed_of
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.audit_chain import START, Sealed
from billing_app.models import AuditSeal

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class TrailSummary:
    """How long the trail is, and its last seal."""

    entry_count: int = 0
    last_seal: str = START


@staff(Permission.EXPORT)
def read_audit_trail(uow: UnitOfWork) -> TrailSummary:
    found = uow.first(_LAST)
    return TrailSummary(*found) if found else TrailSummary()


@staff(Permission.EXPORT)
def export_audit_trail(uow: UnitOfWork, after: int) -> tuple[Sealed, ...]:
    """Return the next places after one, up to a thousand."""
    rows = uow.all(SEALED, after=after, limit=_PAGE)
    return tuple(sealed_of(row) for row in rows)


# Places have no gap, so the last one is how many there are.
_LAST = (
    select(col(AuditSeal.place), col(AuditSeal.seal))
    .order_by(col(AuditSeal.place).desc())
    .limit(1)
)
