"""Who belongs to the workspace, and how the reader signs in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from sqlalchemy import select
from sqlmodel import col

from billing_app.database.access import staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission, StaffActor
from billing_app.domain.dates import Moment
from billing_app.domain.sign_in import Owes, is_session_live
from billing_app.models import Member, Person, StaffSession


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One member.

    Attributes:
        waits: has not signed in yet and still has the initial password.
        is_you: the one who reads this.
    """

    member_id: int
    name: str
    email: str
    role: str
    has_totp: bool
    waits: bool
    is_you: bool


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One signed-in browser of the reader."""

    session_id: int
    agent: str
    created_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Security:
    """How the reader signs in.

    Attributes:
        recovery_left: recovery codes that were not used yet.
    """

    email: str = ""
    has_totp: bool = False
    recovery_left: int = 0
    sessions: tuple[SessionRow, ...] = field(default=())
    moment: Moment = field(default_factory=Moment)


@staff(Permission.MANAGE_MEMBERS)
def list_members(uow: UnitOfWork) -> tuple[MemberRow, ...]:
    """Return the members by name."""
    statement = (
        select(
            col(Member.id),
            col(Member.name),
            col(Member.email),
            col(Member.role),
            col(Person.totp_enabled_at).is_not(None),
            col(Person.initial_until).is_not(None),
        )
        .join(Person, col(Person.id) == col(Member.person_id))
        .where(col(Member.removed_at).is_(None))
        .order_by(col(Member.name), col(Member.id))
        .limit(500)
    )
    own_id = cast(StaffActor, uow.actor).member_id
    return tuple(MemberRow(*row, is_you=row[0] == own_id) for row in uow.all(statement))


@staff(Permission.VIEW)
def read_security(uow: UnitOfWork) -> Security:
    """Return the reader's own codes and open sessions, newest first."""
    person_id = _own_person_id(uow)
    email, enabled_at, digests = uow.all(
        select(
            col(Person.email), col(Person.totp_enabled_at), col(Person.recovery_digests)
        ).where(col(Person.id) == person_id)
    )[0]
    sessions = uow.all(
        select(
            col(StaffSession.id),
            col(StaffSession.agent),
            col(StaffSession.created_at),
            col(StaffSession.seen_at),
        )
        .where(
            col(StaffSession.person_id) == person_id,
            col(StaffSession.ended_at).is_(None),
            col(StaffSession.owes) == Owes.NOTHING,
        )
        .order_by(col(StaffSession.id).desc())
        .limit(100)
    )
    rows = (SessionRow(*row) for row in sessions)
    return Security(
        email=email,
        has_totp=enabled_at is not None,
        recovery_left=len(digests) if enabled_at else 0,
        sessions=tuple(
            row
            for row in rows
            if is_session_live(Owes.NOTHING, row.created_at, row.seen_at, uow.now)
        ),
        moment=Moment(uow.now, uow.workspace.zone),
    )


def _own_person_id(uow: UnitOfWork) -> int:
    own_id = cast(StaffActor, uow.actor).member_id
    return uow.one(select(col(Member.person_id)).where(col(Member.id) == own_id))[0]
