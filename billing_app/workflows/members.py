"""Let somebody into a workspace with a password for their first sign-in."""

from __future__ import annotations

from dataclasses import dataclass

from billing_app.database.passwords import hash_password
from billing_app.domain.actors import Actor, Permission, StaffActor
from billing_app.domain.errors import NotPermitted
from billing_app.domain.totp import shown_recovery_code
from billing_app.runtime import Runtime
from billing_app.services import members
from billing_app.services.members import MemberForm

# 80 bits, in four groups of four that can be read out on the phone.
_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Welcome:
    """What to tell a new member.

    Attributes:
        password: for the first sign-in, shown once; empty for somebody who signs
            in here already and keeps the password they have.
    """

    member_id: int
    password: str


def add_member(runtime: Runtime, actor: Actor, form: MemberForm) -> Welcome:
    """Let somebody in; raises as `services.members.add_member`."""
    if not isinstance(actor, StaffActor) or not actor.may(Permission.MANAGE_MEMBERS):
        raise NotPermitted("Your role doesn't allow this.")
    password = shown_recovery_code(runtime.chance.new_code(_LENGTH))
    added = runtime.run(actor, members.add_member, form, hash_password(password))
    return Welcome(added.member_id, password if added.is_new_person else "")
