"""A member's own way in: authenticator app, recovery codes, open sessions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from sqlmodel import col, select, update

from billing_app.database.access import staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission, StaffActor
from billing_app.domain.errors import Conflict, InvalidInput, NotFound
from billing_app.domain.events import MemberSecurityChanged, MemberSignedOut
from billing_app.domain.totp import (
    RECOVERY_CODES,
    accepted_step,
    provisioning_uri,
    shown_recovery_code,
)
from billing_app.models import Member, Person, StaffSession
from billing_app.services.sign_in import end_sessions_of, recovery_digest

SECRET_LENGTH = 32
RECOVERY_LENGTH = 16


@dataclass(frozen=True, slots=True)
class TotpOffer:
    """A secret to put into the authenticator app, shown until it is confirmed.

    Attributes:
        uri: what the QR code says.
    """

    secret: str
    uri: str


@staff(Permission.VIEW)
def offer_totp(uow: UnitOfWork) -> TotpOffer:
    """Make a secret for the member's app. Nothing changes until it is confirmed.

    `workflows.security` checks the password before, as for all that follows here.

    Raises:
        Conflict: codes are on already.
    """
    person = _person(uow)
    if person.totp_enabled_at is not None:
        raise Conflict("Authentication codes are on already.")
    secret = uow.new_code(SECRET_LENGTH).upper()
    person.totp_secret_encrypted = uow.cipher.encrypt(secret)
    return TotpOffer(secret, provisioning_uri(secret, person.email))


@staff(Permission.VIEW)
def confirm_totp(uow: UnitOfWork, typed: str, keep_session: int) -> tuple[str, ...]:
    """Ask for codes from now on, since the app shows the right one.

    Every other session of the person ends.

    Returns:
        The recovery codes, to be shown once: only digests are stored.

    Raises:
        Conflict: there is nothing to confirm.
        InvalidInput: the code is wrong.
    """
    person = _person(uow)
    if person.totp_enabled_at is not None or not person.totp_secret_encrypted:
        raise Conflict("Start again: there is nothing to confirm.")
    secret = uow.cipher.decrypt(person.totp_secret_encrypted)
    step = accepted_step(secret, typed, person.totp_last_step, uow.now)
    if step is None:
        raise InvalidInput(
            "That code is wrong. Check the app's clock and try the next one.",
            field="code",
        )
    person.totp_last_step = step
    person.totp_enabled_at = uow.now
    codes = _new_recovery_codes(uow, person)
    end_sessions_of(uow, cast(int, person.id), keep=keep_session)
    _record(uow, "authentication codes on")
    return codes


@staff(Permission.VIEW)
def renew_recovery_codes(uow: UnitOfWork) -> tuple[str, ...]:
    """Replace all recovery codes.

    Returns:
        The new codes, as `confirm_totp`.
    """
    person = _person(uow)
    if person.totp_enabled_at is None:
        raise Conflict("Authentication codes are off.")
    codes = _new_recovery_codes(uow, person)
    _record(uow, "recovery codes renewed")
    return codes


@staff(Permission.VIEW)
def end_totp(uow: UnitOfWork) -> None:
    """Ask for the password alone again."""
    person = _person(uow)
    person.totp_secret_encrypted = ""
    person.totp_enabled_at = None
    person.recovery_digests = []
    _record(uow, "authentication codes off")


@staff(Permission.VIEW)
def end_one_session(uow: UnitOfWork, session_id: int) -> None:
    """Sign another browser of the same person out, at once.

    Raises:
        NotFound: it is no open session of this person.
    """
    person = _person(uow)
    ended = uow.execute(
        update(StaffSession)
        .where(
            col(StaffSession.id) == session_id,
            col(StaffSession.person_id) == person.id,
            col(StaffSession.ended_at).is_(None),
        )
        .values(ended_at=uow.now)
    )
    if not ended:
        raise NotFound("That browser's session does not exist, or has ended.")
    uow.record(MemberSignedOut(member_id=_actor(uow).member_id, everywhere=False))


def _actor(uow: UnitOfWork) -> StaffActor:
    return cast(StaffActor, uow.actor)


def _person(uow: UnitOfWork) -> Person:
    """Return who the member is, locked; nobody reaches another person from here."""
    person_id = select(Member.person_id).where(col(Member.id) == _actor(uow).member_id)
    statement = select(Person).where(col(Person.id) == uow.one(person_id))
    return uow.one(statement.with_for_update())


def _new_recovery_codes(uow: UnitOfWork, person: Person) -> tuple[str, ...]:
    codes = [uow.new_code(RECOVERY_LENGTH) for _ in range(RECOVERY_CODES)]
    person.recovery_digests = [recovery_digest(uow, person, code) for code in codes]
    return tuple(shown_recovery_code(code) for code in codes)


def _record(uow: UnitOfWork, change: str) -> None:
    uow.flush()
    member_id = _actor(uow).member_id
    uow.record(MemberSecurityChanged(member_id=member_id, change=change))
