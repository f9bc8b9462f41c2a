"""What the frame around every staff page shows."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import col, func, select

from billing_app.database.access import staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission, StaffActor
from billing_app.models import Invoice, Member


@dataclass(frozen=True, slots=True)
class Shell:
    """Whose desk this is.

    Attributes:
        draft_count: drafts that wait to be issued.
        permissions: what the member may do, for showing buttons; services decide.
    """

    workspace: str = ""
    currency: str = ""
    person: str = ""
    role: str = ""
    draft_count: int = 0
    permissions: tuple[str, ...] = ()


@staff(Permission.VIEW)
def read_shell(uow: UnitOfWork) -> Shell:
    """Return the frame of the signed-in member."""
    assert isinstance(uow.actor, StaffActor)
    person = uow.one(select(Member.name).where(col(Member.id) == uow.actor.member_id))
    drafts = select(func.count()).where(
        col(Invoice.state) == "draft",
        col(Invoice.deleted_at).is_(None),
        col(Invoice.cancelled_at).is_(None),
    )
    return Shell(
        workspace=uow.workspace.name,
        currency=uow.workspace.currency,
        person=person,
        role=uow.actor.role,
        draft_count=uow.one(drafts.select_from(Invoice)),
        permissions=tuple(sorted(x for x in Permission if uow.actor.may(x))),
    )


@staff(Permission.VIEW)
def read_place(uow: UnitOfWork) -> int:
    """Return the id of the member's workspace, which open pages listen for."""
    return uow.actor.workspace_id
