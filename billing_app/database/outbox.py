"""Claim promised work and write down how it went, across all workspaces.

A claim is a short transaction of its own: it pushes `locked_until` into the future,
so a worker that dies gives its message back by itself. Delivery is at least once.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, and_, func, or_, select, update
from sqlmodel import Session, col

from billing_app.database.engine import reading
from billing_app.domain.mail_files import LOOK_AGAIN, WAITS_SINCE
from billing_app.models import OutboxMessage

# Longer than any delivery may take: a PDF is killed after 25 s, a mail after 60 s.
LEASE = timedelta(minutes=2)

# Kill Bill's habit: soon, then patiently. After the last one a person decides.
RETRY_DELAYS = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that is ours for as long as the lease."""

    id: int
    workspace_id: int
    topic: str
    key: str
    invoice_id: int | None
    details: dict[str, Any]
    attempts: int
    created_at: datetime


def claim_due(
    engine: Engine,
    now: datetime,
    limit: int,
    *,
    only: tuple[str, ...] = (),
    without: tuple[str, ...] = (),
    not_of: Collection[int] = (),
) -> list[Claimed]:
    """Take up to `limit` messages that are due, oldest first and printing last.

    After an import there may be hundreds of documents to print before a mail, or
    before the one that somebody waits for, which comes first of them.

    `only` and `without` are topics; `only` none means every one. `not_of` are
    workspaces that have to wait.

    On PostgreSQL several workers skip each other's rows; on SQLite the write lock
    lets one claim at a time.
    """
    due = (
        select(col(OutboxMessage.id))
        .where(
            *_waiting(now),
            *_of(only, without),
            *([col(OutboxMessage.workspace_id).not_in(not_of)] if not_of else []),
        )
        .order_by(
            col(OutboxMessage.topic).like("pdf.%"),
            col(OutboxMessage.is_awaited).desc(),
            col(OutboxMessage.available_at),
            col(OutboxMessage.id),
        )
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    with Session(engine) as session, session.begin():
        ids = session.scalars(due).all()
        if not ids:
            return []
        claimed = session.execute(
            update(OutboxMessage)
            .where(col(OutboxMessage.id).in_(ids))
            .values(
                locked_until=now + LEASE,
                attempts=col(OutboxMessage.attempts) + 1,
            )
            .returning(
                col(OutboxMessage.id),
                col(OutboxMessage.workspace_id),
                col(OutboxMessage.topic),
                col(OutboxMessage.key),
                col(OutboxMessage.invoice_id),
                col(OutboxMessage.details),
                col(OutboxMessage.attempts),
                col(OutboxMessage.created_at),
            ),
            execution_options={"synchronize_session": False},
        ).all()
    messages = {message.id: message for message in (Claimed(*row) for row in claimed)}
    return [messages[one] for one in ids]


def mark_done(engine: Engine, message_id: int, now: datetime) -> None:
    _close(engine, message_id, done_at=now, locked_until=None, last_error="")


def mark_failed(
    engine: Engine, message: Claimed, now: datetime, error: str, *, is_final: bool
) -> bool:
    """Put a message off, or give it up.

    Returns:
        Whether it was given up and now waits for a person.
    """
    tries_left = len(RETRY_DELAYS) - message.attempts
    if is_final or tries_left < 0:
        _close(
            engine, message.id, failed_at=now, locked_until=None, last_error=error[:500]
        )
        return True
    later = now + RETRY_DELAYS[message.attempts - 1]
    _close(
        engine,
        message.id,
        available_at=later,
        locked_until=None,
        last_error=error[:500],
    )
    return False


def put_back(engine: Engine, message: Claimed, now: datetime) -> None:
    """Let a message wait for what is still being made; this was no try."""
    since = message.details.get(WAITS_SINCE, now.isoformat())
    _close(
        engine,
        message.id,
        available_at=now + LOOK_AGAIN,
        locked_until=None,
        attempts=message.attempts - 1,
        details={**message.details, WAITS_SINCE: since},
    )


def give_back(engine: Engine, message: Claimed) -> None:
    """Leave a message that was not tried to whoever claims it next."""
    _close(engine, message.id, locked_until=None, attempts=message.attempts - 1)


def oldest_waiting(engine: Engine, now: datetime) -> datetime | None:
    """Return since when the oldest due message waits, or None."""
    statement = select(func.min(col(OutboxMessage.available_at))).where(*_waiting(now))
    with Session(reading(engine)) as session:
        return session.scalars(statement).one()


def _of(only: tuple[str, ...], without: tuple[str, ...]) -> tuple[Any, ...]:
    topic = col(OutboxMessage.topic)
    wanted = (topic.in_(only),) if only else ()
    return (*wanted, topic.not_in(without)) if without else wanted


def _waiting(now: datetime) -> tuple[Any, ...]:
    return (
        col(OutboxMessage.done_at).is_(None),
        col(OutboxMessage.failed_at).is_(None),
        col(OutboxMessage.available_at) <= now,
        or_(
            col(OutboxMessage.locked_until).is_(None),
            and_(col(OutboxMessage.locked_until) <= now),
        ),
    )


def _close(engine: Engine, message_id: int, **values: Any) -> None:
    with Session(engine) as session, session.begin():
        session.execute(
            update(OutboxMessage)
            .where(col(OutboxMessage.id) == message_id)
            .values(**values)
        )
