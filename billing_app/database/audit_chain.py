"""The audit trail as it is sealed, and whether the seals still fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from sqlalchemy import Engine, bindparam, func, select
from sqlmodel import Session, col

from billing_app.database.engine import reading
from billing_app.domain.audit_chain import START, Sealed, find_break
from billing_app.models import AuditEntry, AuditSeal, Workspace

_BATCH = 1000

# All that an entry says.
ENTRY_COLUMNS = (
    col(AuditEntry.id),
    col(AuditEntry.workspace_id),
    col(AuditEntry.at),
    col(AuditEntry.event),
    col(AuditEntry.actor),
    col(AuditEntry.actor_name),
    col(AuditEntry.invoice_id),
    col(AuditEntry.customer_id),
    col(AuditEntry.details),
)

# The next places after one, with what was sealed there if it is still there.
SEALED = (
    select(col(AuditSeal.place), col(AuditSeal.seal), *ENTRY_COLUMNS)
    .outerjoin(AuditEntry, col(AuditEntry.id) == col(AuditSeal.entry_id))
    .where(col(AuditSeal.place) > bindparam("after"))
    .order_by(col(AuditSeal.place))
    .limit(bindparam("limit"))
)


@dataclass(frozen=True, slots=True)
class ChainReport:
    """One workspace's audit trail.

    Attributes:
        entry_count: how many are sealed.
        last_seal: what to compare with the one written down earlier.
        unsealed: entries that wait for their seal, of the last minutes at most
            while the program runs.
        break_: the first place that does not hold, as a sentence, or empty.
    """

    workspace: str
    entry_count: int
    last_seal: str
    unsealed: int
    break_: str


def record_of(entry: Any) -> dict[str, Any]:
    """Return an entry as it is sealed, from a row of `ENTRY_COLUMNS`.

    This shape never changes: what is sealed already was sealed with it.
    """
    return {
        "id": entry.id,
        "workspace_id": entry.workspace_id,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "event": entry.event,
        "actor": entry.actor,
        "actor_name": entry.actor_name,
        "invoice_id": entry.invoice_id,
        "customer_id": entry.customer_id,
        "details": entry.details,
    }


def sealed_of(row: Any) -> Sealed:
    """Return a place of the chain, from a row of `SEALED`."""
    record = None if row.id is None else record_of(row)
    return Sealed(row.place, row.seal, record)


def check_chains(engine: Engine) -> list[ChainReport]:
    """Check every workspace's audit trail from its first entry on."""
    with Session(reading(engine)) as session:
        workspaces = session.execute(
            select(col(Workspace.id), col(Workspace.name)).order_by(col(Workspace.id))
        ).all()
        return [
            _check(session, workspace_id, name) for workspace_id, name in workspaces
        ]


def _check(session: Session, workspace_id: int, name: str) -> ChainReport:
    entries = _count(session, AuditEntry, workspace_id)
    seals = _count(session, AuditSeal, workspace_id)
    last_seal = session.scalar(
        select(col(AuditSeal.seal))
        .where(col(AuditSeal.workspace_id) == workspace_id)
        .order_by(col(AuditSeal.place).desc())
        .limit(1)
    )
    found = find_break(_chain(session, workspace_id))
    return ChainReport(name, seals, last_seal or START, max(entries - seals, 0), found)


def _count(
    session: Session, table: type[AuditEntry | AuditSeal], workspace_id: int
) -> int:
    return (
        session.scalar(
            select(func.count()).where(col(table.workspace_id) == workspace_id)
        )
        or 0
    )


def _chain(session: Session, workspace_id: int) -> Iterator[Sealed]:
    place = 0
    while True:
        of_workspace = SEALED.where(col(AuditSeal.workspace_id) == workspace_id)
        rows = session.execute(of_workspace, {"after": place, "limit": _BATCH}).all()
        for row in rows:
            place = row.place
            yield sealed_of(row)
        if not rows:
            return
