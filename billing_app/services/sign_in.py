"""The steps of signing in: count the try, open a session, pay what it owes, end it.

Each is one transaction of `workflows.sign_in`, which checks the password between
two of them, when no lock is held.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import col, delete, select, update

from billing_app.database.access import inner, job
from billing_app.database.secrets import digest
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.errors import InvalidInput, LimitReached, NotSignedIn
from billing_app.domain.events import (
    MemberSecurityChanged,
    MemberSignedIn,
    MemberSignedOut,
)
from billing_app.domain.sign_in import FAILURE_MEMORY, Owes, is_locked, locked_until
from billing_app.domain.totp import accepted_step, plain_recovery_code
from billing_app.models import Person, SignInFailure, StaffSession

AGENT_LENGTH_MAX = 200


@dataclass(frozen=True, slots=True)
class Counted:
    """Something whose failed tries are counted.

    Attributes:
        key: keyed digest of what it is, such as an email address.
        free: how many tries may fail before the next has to wait.
        of_newcomer: whoever has made fewer tries, by the first of the keys that are
            counted together, does not wait for this one.
    """

    key: str
    free: int
    of_newcomer: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """Whose session it is, and in which workspace's name."""

    person_id: int
    member_id: int
    agent: str = ""


@job
def take_try(uow: UnitOfWork, counted: tuple[Counted, ...]) -> int:
    """Count a try as failed before it is made, so that many at once gain nothing.

    Returns how many the first key had before.

    Raises:
        LimitReached: too many failed; nothing is counted and the lock is as it was.
    """
    uow.lock_alone("sign-in")
    uow.execute(
        delete(SignInFailure).where(
            col(SignInFailure.failed_at) < uow.now - FAILURE_MEMORY
        )
    )
    keys = [x.key for x in counted]
    found: dict[str, SignInFailure] = {
        row.key_digest: row
        for row in uow.all(
            select(SignInFailure).where(col(SignInFailure.key_digest).in_(keys))
        )
    }
    first = found.get(keys[0])
    tried = first.failed_count if first else 0
    waits_for = [
        found[x.key] for x in counted if x.key in found and tried >= x.of_newcomer
    ]
    if any(is_locked(x.locked_until, uow.now) for x in waits_for):
        raise LimitReached(
            "Too many tries. Wait a while, at most half an hour, and try again."
        )

    for each in counted:
        row = found.get(each.key) or uow.add(
            SignInFailure(key_digest=each.key, failed_at=uow.now)
        )
        row.failed_count += 1
        row.failed_at = uow.now
        row.locked_until = locked_until(row.failed_count, each.free, uow.now)
    return tried


@job
def give_back_try(uow: UnitOfWork, counted: tuple[Counted, ...]) -> None:
    """Take a try off the count, since it did not fail; the first one starts anew."""
    first, *others = (x.key for x in counted)
    uow.execute(delete(SignInFailure).where(col(SignInFailure.key_digest) == first))
    uow.execute(
        update(SignInFailure)
        .where(
            col(SignInFailure.key_digest).in_(others),
            col(SignInFailure.failed_count) > 0,
        )
        .values(failed_count=SignInFailure.failed_count - 1, locked_until=None)
    )


@job
def open_session(uow: UnitOfWork, place: Place, owes: Owes) -> str:
    """Open a session and return its token, which is stored as a digest only."""
    token = uow.new_token()
    uow.add(
        StaffSession(
            person_id=place.person_id,
            member_id=place.member_id,
            token_digest=digest(token),
            owes=owes,
            agent=place.agent[:AGENT_LENGTH_MAX],
            created_at=uow.now,
            seen_at=uow.now,
        )
    )
    if not owes:
        uow.record(MemberSignedIn(member_id=place.member_id))
    return token


@job
def replace_session(uow: UnitOfWork, session_id: int, place: Place, owes: Owes) -> str:
    """Open a session in place of another, whose token is worth nothing from now on.

    Raises:
        NotSignedIn: that one has ended meanwhile, as all do on signing out
            everywhere.
    """
    _take_over(uow, session_id)
    return open_session(uow, place, owes)


@job
def move_session(uow: UnitOfWork, session_id: int, place: Place) -> str:
    """Take a session to another workspace; it ends when it would have ended.

    It gets a new token, so that a page still showing the old workspace can't act
    in the new one.

    Raises:
        NotSignedIn: it has ended meanwhile.
    """
    _take_over(uow, session_id)
    old = uow.one(select(StaffSession).where(col(StaffSession.id) == session_id))
    token = open_session(uow, place, Owes.NOTHING)
    uow.execute(
        update(StaffSession)
        .where(col(StaffSession.token_digest) == digest(token))
        .values(created_at=old.created_at, agent=old.agent)
    )
    return token


@job
def accept_code(uow: UnitOfWork, place: Place, typed: str) -> None:
    """Use up an authentication code or a recovery code.

    Raises:
        InvalidInput: it is wrong, was used before, or is too old.
    """
    person = _person(uow, place.person_id)
    secret = uow.cipher.decrypt(person.totp_secret_encrypted)
    step = accepted_step(secret, typed, person.totp_last_step, uow.now)
    if step is not None and _take_step(uow, place.person_id, step):
        return
    recovery = plain_recovery_code(typed)
    if recovery is None or not _take_recovery_code(uow, person, recovery):
        raise InvalidInput("That code is wrong or was used before.", field="code")
    uow.record(
        MemberSecurityChanged(member_id=place.member_id, change="recovery code used")
    )


@job
def set_password(
    uow: UnitOfWork,
    place: Place,
    password_hash: str,
    *,
    keep_session: int | None = None,
    change: str = "password changed",
) -> None:
    """Set a person's own password and end their sessions but one."""
    person = _person(uow, place.person_id)
    person.password_hash, person.initial_until = password_hash, None
    end_sessions_of(uow, place.person_id, keep=keep_session)
    uow.record(MemberSecurityChanged(member_id=place.member_id, change=change))


@job
def start_with_password(uow: UnitOfWork, place: Place, password_hash: str) -> str:
    """Replace the password somebody else chose, and open a session with the new one.

    Returns:
        The session's token. Every other session of the person has ended.
    """
    set_password(uow, place, password_hash)
    return open_session(uow, place, Owes.NOTHING)


@job
def renew_hash(uow: UnitOfWork, person_id: int, old: str, new: str) -> None:
    """Store the same password under today's parameters, unless it changed."""
    uow.execute(
        update(Person)
        .where(col(Person.id) == person_id, col(Person.password_hash) == old)
        .values(password_hash=new)
    )


@job
def end_session(uow: UnitOfWork, session_id: int, member_id: int) -> None:
    """Sign one browser out."""
    _end(uow, session_id)
    uow.record(MemberSignedOut(member_id=member_id, everywhere=False))


@job
def end_everywhere(uow: UnitOfWork, person_id: int, member_id: int) -> None:
    """Sign a person out of every browser, at once."""
    end_sessions_of(uow, person_id)
    uow.record(MemberSignedOut(member_id=member_id, everywhere=True))


@inner
def end_sessions_of(uow: UnitOfWork, person_id: int, *, keep: int | None = None) -> int:
    """End a person's sessions but one; return how many were open."""
    statement = update(StaffSession).where(
        col(StaffSession.person_id) == person_id,
        col(StaffSession.ended_at).is_(None),
    )
    if keep is not None:
        statement = statement.where(col(StaffSession.id) != keep)
    return uow.execute(statement.values(ended_at=uow.now))


def _take_over(uow: UnitOfWork, session_id: int) -> None:
    """End a session that another follows; of two who want to, one may."""
    if not _end(uow, session_id):
        raise NotSignedIn("Please sign in.")


def _end(uow: UnitOfWork, session_id: int) -> bool:
    """End a session; tell whether it was open."""
    ended = uow.execute(
        update(StaffSession)
        .where(col(StaffSession.id) == session_id, col(StaffSession.ended_at).is_(None))
        .values(ended_at=uow.now)
    )
    return ended == 1


def _person(uow: UnitOfWork, person_id: int) -> Person:
    statement = select(Person).where(col(Person.id) == person_id).with_for_update()
    return uow.one(statement)


def _take_step(uow: UnitOfWork, person_id: int, step: int) -> bool:
    """Remember the step unless it, or a later one, was accepted meanwhile."""
    taken = uow.execute(
        update(Person)
        .where(col(Person.id) == person_id, col(Person.totp_last_step) < step)
        .values(totp_last_step=step)
    )
    return taken == 1


def _take_recovery_code(uow: UnitOfWork, person: Person, code: str) -> bool:
    used = recovery_digest(uow, person, code)
    if used not in person.recovery_digests:
        return False
    person.recovery_digests = [x for x in person.recovery_digests if x != used]
    return True


@inner
def recovery_digest(uow: UnitOfWork, person: Person, code: str) -> str:
    return uow.cipher.keyed_digest("recovery", str(person.id), code)
