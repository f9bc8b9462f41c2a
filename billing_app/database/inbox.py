"""Webhooks, stored once before anybody works on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from typing import Any

from sqlalchemy import bindparam, func
from sqlalchemy import select as columns
from sqlmodel import col, select, update

from billing_app.database.unit_of_work import UnitOfWork
from billing_app.models import InboundEvent

_ERROR_LENGTH_MAX = 300


class InboundStatus(StrEnum):
    """What became of a webhook. Quarantined waits for a person."""

    WAITING = "waiting"
    HANDLED = "handled"
    IGNORED = "ignored"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A webhook whose sender is known."""

    external_id: str
    kind: str
    object_id: str
    is_live: bool
    payload: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A stored webhook that nobody has finished yet."""

    id: int
    kind: str
    object_id: str
    is_live: bool
    payload: str
    attempts: int


def accept(uow: UnitOfWork, arrival: Arrival) -> int | None:
    """Store a webhook; return its id, or None when it came before."""
    return accept_all(uow, [arrival])[0]


def accept_all(uow: UnitOfWork, arrivals: Sequence[Arrival]) -> list[int | None]:
    """Store webhooks; return the id of each, or None where it came before."""
    rows = [
        {
            "source": "stripe",
            "external_id": arrival.external_id,
            "kind": arrival.kind,
            "object_id": arrival.object_id,
            "is_livemode": arrival.is_live,
            "payload": arrival.payload,
            "status": InboundStatus.WAITING,
            "attempts": 0,
            "last_error": "",
            "received_at": uow.now,
        }
        # In one order, so that no two processes wait for each other.
        for arrival in sorted(arrivals, key=attrgetter("external_id"))
    ]
    new = uow.add_all_unless_there(InboundEvent, rows, "external_id")
    return [new.pop(arrival.external_id, None) for arrival in arrivals]


def read_waiting(uow: UnitOfWork, event_ids: Sequence[int]) -> list[Waiting]:
    """Return those webhooks that nobody has finished, in the order they came."""
    return [Waiting(*found) for found in uow.all(_WAITING, event_ids=event_ids)]


_WAITING = (
    columns(
        col(InboundEvent.id),
        col(InboundEvent.kind),
        col(InboundEvent.object_id),
        col(InboundEvent.is_livemode),
        col(InboundEvent.payload),
        col(InboundEvent.attempts),
    )
    .where(
        col(InboundEvent.id).in_(bindparam("event_ids", expanding=True)),
        col(InboundEvent.status) == InboundStatus.WAITING,
    )
    .order_by(col(InboundEvent.id))
)


def reopen(uow: UnitOfWork, event_id: int) -> bool:
    """Let a webhook that was set aside wait again; tell whether it does."""
    event = uow.get(InboundEvent, event_id, lock=True)
    if event.status not in (InboundStatus.QUARANTINED, InboundStatus.WAITING):
        return False
    event.status, event.attempts, event.handled_at = InboundStatus.WAITING, 0, None
    uow.flush()
    return True


def find_reason(uow: UnitOfWork, event_id: int) -> str:
    """Return why a webhook is not handled; empty when nothing is left to do."""
    event = uow.get(InboundEvent, event_id)
    is_done = event.status in (InboundStatus.HANDLED, InboundStatus.IGNORED)
    return "" if is_done else event.last_error or "It waits for another webhook."


def list_waiting(uow: UnitOfWork, waiting_for: timedelta, limit: int) -> list[int]:
    """Return webhooks nobody has finished for a while, oldest first."""
    statement = _left_for(uow, waiting_for).limit(limit)
    return [found for found in uow.all(statement) if found is not None]


def list_untried(uow: UnitOfWork, waiting_for: timedelta, limit: int) -> list[int]:
    """Return those that nobody has even tried: who took them in is gone."""
    statement = _left_for(uow, waiting_for).where(col(InboundEvent.attempts) == 0)
    return [found for found in uow.all(statement.limit(limit)) if found is not None]


def _left_for(uow: UnitOfWork, waiting_for: timedelta) -> Any:
    return (
        select(InboundEvent.id)
        .where(
            col(InboundEvent.status) == InboundStatus.WAITING,
            col(InboundEvent.received_at) <= uow.now - waiting_for,
        )
        .order_by(col(InboundEvent.received_at), col(InboundEvent.id))
    )


def find_newest(uow: UnitOfWork) -> datetime | None:
    """Return when the last webhook came."""
    return uow.one(select(func.max(InboundEvent.received_at)))


def finish(
    uow: UnitOfWork, event_id: int, status: InboundStatus, why: str = ""
) -> bool:
    """Say what became of a webhook, as `finish_all`; tell whether it was first."""
    return event_id in finish_all(uow, [event_id], status, why)


def finish_all(
    uow: UnitOfWork, event_ids: Sequence[int], status: InboundStatus, why: str = ""
) -> frozenset[int]:
    """Say what became of webhooks. The first answer stays.

    Returns:
        Those whose first answer this is; nobody else gives one until commit.
    """
    finished = uow.all(
        _FINISH,
        event_ids=event_ids,
        outcome=status,
        why=why[:_ERROR_LENGTH_MAX],
        now=uow.now,
    )
    return frozenset(event_id for (event_id,) in finished)


_FINISH = (
    update(InboundEvent)
    .where(
        col(InboundEvent.id).in_(bindparam("event_ids", expanding=True)),
        col(InboundEvent.status) == InboundStatus.WAITING,
    )
    .values(
        status=bindparam("outcome"),
        last_error=bindparam("why"),
        handled_at=bindparam("now"),
    )
    .returning(col(InboundEvent.id))
    .execution_options(synchronize_session=False)
)


def note_failure(uow: UnitOfWork, event_id: int, why: str) -> None:
    """Leave a webhook for another try, and say what went wrong."""
    uow.execute(
        update(InboundEvent)
        .where(col(InboundEvent.id) == event_id)
        .values(attempts=InboundEvent.attempts + 1, last_error=why[:_ERROR_LENGTH_MAX])
    )
