"""Who belongs to a workspace, and as what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from sqlmodel import col, select

from billing_app.database.access import staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission, Role, StaffActor
from billing_app.domain.contact import check_email
from billing_app.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted
from billing_app.domain.events import MemberAdded, MemberRemoved, MemberRoleChanged
from billing_app.domain.parsing import clean_text
from billing_app.domain.sign_in import INITIAL_PASSWORD_LIFETIME
from billing_app.models import Member, Person


@dataclass(frozen=True, slots=True)
class MemberForm:
    """Somebody to let in; all text, nothing checked yet."""

    name: str = ""
    email: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class AddedMember:
    """Who was let in.

    Attributes:
        is_new_person: they sign in with the initial password; otherwise with
            the one they have already.
    """

    member_id: int
    is_new_person: bool


@staff(Permission.MANAGE_MEMBERS)
def add_member(uow: UnitOfWork, form: MemberForm, password_hash: str) -> AddedMember:
    """Let somebody in; the password is only for their first sign-in.

    Raises:
        InvalidInput: a field can't be used; its name is the error's `field`.
        NotPermitted: only an owner makes owners.
        Conflict: they are a member already.
    """
    name = clean_text(form.name, length_max=200, field="name")
    if not name:
        raise InvalidInput("Write the member's name.", field="name")
    email = check_email(form.email, "email").lower()
    role = _role(form.role)
    _check_may_give(uow, role)

    person = uow.first(select(Person).where(col(Person.email) == email))
    is_new = person is None
    person = person or _add_person(uow, name, email, password_hash)
    assert person.id is not None
    member = _join(uow, person.id, name, email, role)
    assert member.id is not None
    uow.record(MemberAdded(member_id=member.id))
    return AddedMember(member.id, is_new)


@staff(Permission.MANAGE_MEMBERS)
def change_role(uow: UnitOfWork, member_id: int, role_name: str) -> None:
    """Make a member something else; it counts at their next click.

    Raises:
        NotFound: no such member in this workspace.
        NotPermitted: only an owner makes owners, or makes them something else.
        Conflict: the workspace would have no owner.
    """
    role = _role(role_name)
    member = _take_member(uow, member_id)
    if member.role == role:
        return
    _check_may_give(uow, role)
    _check_may_touch(uow, member)
    member.role = role
    uow.flush()
    uow.record(MemberRoleChanged(member_id=member_id, role=role))


@staff(Permission.MANAGE_MEMBERS)
def remove_member(uow: UnitOfWork, member_id: int) -> None:
    """Shut somebody out of this workspace, at once. What they did stays theirs.

    Raises:
        NotFound, NotPermitted, Conflict: as `change_role`.
    """
    member = _take_member(uow, member_id)
    _check_may_touch(uow, member)
    member.removed_at = uow.now
    uow.flush()
    uow.record(MemberRemoved(member_id=member_id))


def _role(text: str) -> Role:
    if text not in set(Role):
        raise InvalidInput("Choose a role.", field="role")
    return Role(text)


def _actor_role(uow: UnitOfWork) -> Role:
    return cast(StaffActor, uow.actor).role


def _check_may_give(uow: UnitOfWork, role: Role) -> None:
    if role == Role.OWNER and _actor_role(uow) != Role.OWNER:
        raise NotPermitted("Only an owner can make somebody an owner.", field="role")


def _check_may_touch(uow: UnitOfWork, member: Member) -> None:
    """Owners are changed by owners only, and the last one by nobody."""
    if member.role != Role.OWNER:
        return
    if _actor_role(uow) != Role.OWNER:
        raise NotPermitted("Only an owner can change an owner.")
    # Both of two last owners could leave at once; each locks all of them first.
    owners = uow.all(
        select(Member)
        .where(col(Member.role) == Role.OWNER, col(Member.removed_at).is_(None))
        .order_by(col(Member.id))
        .with_for_update()
    )
    if len(owners) <= 1:
        raise Conflict("A workspace needs an owner. Make somebody else one first.")


def _take_member(uow: UnitOfWork, member_id: int) -> Member:
    member = uow.get(Member, member_id)
    if member.removed_at is not None:
        raise NotFound("That member does not exist.")
    return member


def _add_person(uow: UnitOfWork, name: str, email: str, password_hash: str) -> Person:
    return uow.add(
        Person(
            email=email,
            name=name,
            password_hash=password_hash,
            initial_until=uow.now + INITIAL_PASSWORD_LIFETIME,
            created_at=uow.now,
        )
    )


def _join(uow: UnitOfWork, person_id: int, name: str, email: str, role: Role) -> Member:
    """Add the person's place, or give back one they once had."""
    known = uow.first(select(Member).where(col(Member.person_id) == person_id))
    if known is None:
        return uow.add(
            Member(
                person_id=person_id,
                name=name,
                email=email,
                role=role,
                created_at=uow.now,
            )
        )
    if known.removed_at is None:
        raise Conflict(f"{known.name} is a member already.", field="email")
    known.name, known.role, known.removed_at = name, role, None
    return known
