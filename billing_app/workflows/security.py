"""Change how a signed-in member signs in, once they have shown that it is them.

A session alone changes nothing here: it may be a stolen one, or an unlocked screen.
"""

from __future__ import annotations

from billing_app.database import authentication
from billing_app.database.authentication import KnownPerson, SignedIn
from billing_app.database.passwords import hash_password, is_password
from billing_app.domain.actors import Actor, SystemActor
from billing_app.domain.errors import Conflict, InvalidInput, LimitReached, NotFound
from billing_app.domain.sign_in import (
    FREE_OF_CODE,
    PASSWORD_LENGTH_MAX,
    check_new_password,
)
from billing_app.runtime import Runtime
from billing_app.services import security
from billing_app.services import sign_in as steps
from billing_app.services.security import TotpOffer
from billing_app.services.sign_in import Counted, Place

_NOBODY = SystemActor(workspace_id=0, job="sign-in")
_WRONG = (
    "That is not your password. After several tries, the next has to wait, "
    "up to half an hour."
)


def change_password(
    runtime: Runtime, actor: Actor, token: str, current: str, new: str, repeated: str
) -> None:
    """Replace the member's own password and end their other sessions.

    Raises:
        InvalidInput: a password is wrong, weak or typed in two ways.
    """
    signed_in = _signed_in(runtime, token)
    person = _check_password(runtime, signed_in, current)
    check_new_password(new, repeated, person.email)

    place = Place(signed_in.person_id, signed_in.actor.member_id)
    runtime.run(
        SystemActor(actor.workspace_id, "sign-in"),
        steps.set_password,
        place,
        hash_password(new),
        keep_session=signed_in.session_id,
    )


def find_locked_out(runtime: Runtime, email: str) -> KnownPerson:
    """Return who signs in with that email, for whoever runs the server.

    Raises:
        NotFound: nobody does.
    """
    person = authentication.find_person(runtime.engine, email.strip().lower())
    if person is None:
        raise NotFound(f"Nobody signs in with {email.strip()}.")
    return person


def replace_password(
    runtime: Runtime, person: KnownPerson, new: str, repeated: str
) -> None:
    """Set a password without the old one, and end all sessions of the person.

    Raises:
        Conflict: they were removed from every workspace.
        InvalidInput: the password is weak or typed in two ways.
    """
    check_new_password(new, repeated, person.email)
    places = authentication.list_memberships(runtime.engine, person.person_id)
    if not places:
        raise Conflict(f"{person.email} is no longer a member of any workspace.")
    runtime.run(
        SystemActor(places[0].workspace_id, "set-password"),
        steps.set_password,
        Place(person.person_id, places[0].member_id),
        hash_password(new),
        change="password set on the server",
    )


def offer_totp(runtime: Runtime, actor: Actor, token: str, password: str) -> TotpOffer:
    """Offer codes to whoever knows the password; otherwise as the service.

    Nobody else sees the secret, so nobody else can confirm it, and lock out whom
    the session belongs to.

    Raises:
        InvalidInput: the password is wrong.
    """
    _check_password(runtime, _signed_in(runtime, token), password)
    return runtime.run(actor, security.offer_totp)


def confirm_totp(
    runtime: Runtime, actor: Actor, token: str, typed: str
) -> tuple[str, ...]:
    """Turn codes on; returns and raises as `services.security.confirm_totp`."""
    signed_in = _signed_in(runtime, token)
    return runtime.run(actor, security.confirm_totp, typed, signed_in.session_id)


def end_totp(
    runtime: Runtime, actor: Actor, token: str, password: str, code: str
) -> None:
    """Turn codes off, for whoever knows the password and has a code.

    Args:
        code: of the app, or a recovery code; it is used up.

    Raises:
        InvalidInput: the password or the code is wrong.
        Conflict: codes are off already.
    """
    _check_password_and_code(runtime, _signed_in(runtime, token), password, code)
    runtime.run(actor, security.end_totp)


def renew_recovery_codes(
    runtime: Runtime, actor: Actor, token: str, password: str, code: str
) -> tuple[str, ...]:
    """Replace the recovery codes; asks for and raises the same as `end_totp`."""
    _check_password_and_code(runtime, _signed_in(runtime, token), password, code)
    return runtime.run(actor, security.renew_recovery_codes)


def _signed_in(runtime: Runtime, token: str) -> SignedIn:
    return authentication.staff_from_session(runtime.engine, token, runtime.now())


def _check_password(
    runtime: Runtime, signed_in: SignedIn, password: str
) -> KnownPerson:
    """Refuse a wrong password; tries are counted, as for the sign-in."""
    counted = _take_try(runtime, signed_in)
    person = _compare(runtime, signed_in, password)
    runtime.run(_NOBODY, steps.give_back_try, counted)
    return person


def _check_password_and_code(
    runtime: Runtime, signed_in: SignedIn, password: str, code: str
) -> None:
    """Refuse a wrong password, and a wrong code as much: one count for the two."""
    counted = _take_try(runtime, signed_in)
    person = _compare(runtime, signed_in, password)
    if not person.has_totp:
        raise Conflict("Authentication codes are off.")
    place = Place(signed_in.person_id, signed_in.actor.member_id)
    job = SystemActor(signed_in.actor.workspace_id, "sign-in")
    runtime.run(job, steps.accept_code, place, code)
    runtime.run(_NOBODY, steps.give_back_try, counted)


def _take_try(runtime: Runtime, signed_in: SignedIn) -> tuple[Counted, ...]:
    key = runtime.cipher.keyed_digest("sign-in", "own", str(signed_in.person_id))
    counted = (Counted(key, FREE_OF_CODE),)
    try:
        runtime.run(_NOBODY, steps.take_try, counted)
    except LimitReached:
        raise InvalidInput(_WRONG, field="current") from None
    return counted


def _compare(runtime: Runtime, signed_in: SignedIn, password: str) -> KnownPerson:
    person = authentication.get_person(runtime.engine, signed_in.person_id)
    if not is_password(password[: PASSWORD_LENGTH_MAX + 1], person.password_hash):
        raise InvalidInput(_WRONG, field="current")
    return person
