"""Seal the audit trail, so that a later change of it shows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlmodel import col

from billing_app.database.access import job
from billing_app.database.audit_chain import ENTRY_COLUMNS, record_of
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.audit_chain import START, seal_of
from billing_app.models import AuditEntry, AuditSeal

# One transaction's worth: a small database has one writer at a time.
BATCH = 500

# On PostgreSQL an entry with a lower id may be committed after one with a higher.
# Looking back so many ids finds what a transaction held back for hours.
_LATE_MAX = 10_000

_LAST_SEAL = (
    select(col(AuditSeal.seal), col(AuditSeal.place), col(AuditSeal.entry_id))
    .order_by(col(AuditSeal.place).desc())
    .limit(1)
)


@job
def seal_entries(uow: UnitOfWork) -> int:
    """Seal the oldest entries that have no seal yet.

    Returns:
        How many; fewer than `BATCH` means that none is left.
    """
    uow.lock_alone(f"audit:{uow.actor.workspace_id}")
    last = uow.first(_LAST_SEAL)
    seal, place, newest_id = last or (START, 0, 0)
    waiting = uow.all(
        select(*ENTRY_COLUMNS)
        .outerjoin(AuditSeal, col(AuditSeal.entry_id) == col(AuditEntry.id))
        .where(col(AuditSeal.id).is_(None), col(AuditEntry.id) > newest_id - _LATE_MAX)
        .order_by(col(AuditEntry.id))
        .limit(BATCH)
    )
    sealed: list[dict[str, Any]] = []
    for entry in waiting:
        place += 1
        seal = seal_of(seal, record_of(entry))
        sealed.append({"entry_id": entry.id, "place": place, "seal": seal})
    uow.append(AuditSeal, sealed)
    return len(sealed)
