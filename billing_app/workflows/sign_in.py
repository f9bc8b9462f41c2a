"""Sign staff in and out: the slow check of a password stands between transactions."""

from __future__ import annotations

import hmac
import logging
from dataclasses import dataclass

from billing_app.database import authentication
from billing_app.database.authentication import KnownPerson, Membership, SignedIn
from billing_app.database.passwords import hash_password, is_outdated, is_password
from billing_app.domain.actors import Actor, StaffActor, SystemActor
from billing_app.domain.errors import InvalidInput, LimitReached, NotFound, NotSignedIn
from billing_app.domain.sign_in import (
    FREE_OF_ADDRESS,
    FREE_OF_CODE,
    FREE_OF_DEVICE,
    FREE_OF_NETWORK,
    FREE_OF_PAIR,
    PASSWORD_LENGTH_MAX,
    TRIES_OF_NEWCOMER,
    Owes,
    check_new_password,
)
from billing_app.runtime import Runtime
from billing_app.services import sign_in as steps
from billing_app.services.sign_in import Counted, Place

log = logging.getLogger("tallyport.sign_in")

_NOBODY = SystemActor(workspace_id=0, job="sign-in")
# One answer for a wrong password, an unknown address and a lock: nobody learns
# from it who has a sign-in here.
REFUSAL = (
    "That email and password don't go together. After several tries, "
    "the next has to wait, up to half an hour."
)
CODE_REFUSAL = (
    "That code is wrong or was used before. After several tries, "
    "the next has to wait, up to half an hour."
)


class SignInRefused(InvalidInput):
    """The email and the password, or the code, do not open a session."""

    code = "sign_in_refused"


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a request comes from.

    Attributes:
        network: the address, as `endpoints.guard.client_network` gives it.
        agent: what the browser calls itself.
        device: what it was given when somebody signed in there; see `OpenedSession`.
    """

    network: str
    agent: str
    device: str = ""


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session's token for the cookie, and what is still missing.

    Attributes:
        device: what tells later that the address has signed in here before; empty
            until nothing is missing.
    """

    token: str
    owes: Owes
    device: str = ""


def sign_in(
    runtime: Runtime, email: str, password: str, browser: Browser
) -> OpenedSession:
    """Open a session for whoever the email and password belong to.

    An address that nobody has takes exactly the same way, and the same time.

    Raises:
        SignInRefused: they don't go together, or too many tries failed.
    """
    email = email.strip().lower()
    counted = _count_for_password(runtime, email, browser)
    _take_try(runtime, counted, REFUSAL)

    person = authentication.find_person(runtime.engine, email)
    known_hash = person.password_hash if person else None
    # A longer one is nobody's: cut, it still is too long to be right.
    is_right = is_password(password[: PASSWORD_LENGTH_MAX + 1], known_hash)
    member = _find_member(runtime, person) if person and is_right else None
    if person is None or member is None:
        log.warning("sign_in.refused network=%s", browser.network)
        raise SignInRefused(REFUSAL)

    runtime.run(_NOBODY, steps.give_back_try, counted)
    if is_outdated(person.password_hash):
        _renew_hash(runtime, person, password)
    owes = Owes.CODE if person.has_totp else _owes_after_code(person)
    place = Place(person.person_id, member.member_id, browser.agent)
    token = runtime.run(_job_in(member.workspace_id), steps.open_session, place, owes)
    return _opened(runtime, token, owes, email, browser)


def confirm_code(
    runtime: Runtime, token: str, typed: str, browser: Browser
) -> OpenedSession:
    """Take the authentication code, or a recovery code, that a session owes.

    Raises:
        NotSignedIn: the session waited too long, or owes none.
        SignInRefused: the code is wrong or used, or too many tries failed.
    """
    signed_in = _waiting_for(runtime, token, Owes.CODE)
    person_id = signed_in.person_id
    key = runtime.cipher.keyed_digest("sign-in", "code", str(person_id))
    counted = (Counted(key, FREE_OF_CODE),)
    _take_try(runtime, counted, CODE_REFUSAL)

    actor = _job_in(signed_in.actor.workspace_id)
    place = Place(person_id, signed_in.actor.member_id, browser.agent)
    try:
        runtime.run(actor, steps.accept_code, place, typed)
    except InvalidInput:
        log.warning("sign_in.code_refused network=%s", browser.network)
        raise SignInRefused(CODE_REFUSAL, field="code") from None

    runtime.run(_NOBODY, steps.give_back_try, counted)
    person = authentication.get_person(runtime.engine, person_id)
    owes = _owes_after_code(person)
    opened = runtime.run(
        actor, steps.replace_session, signed_in.session_id, place, owes
    )
    return _opened(runtime, opened, owes, person.email, browser)


def replace_initial_password(
    runtime: Runtime, token: str, password: str, repeated: str, browser: Browser
) -> OpenedSession:
    """Set one's own password in place of the one that somebody else chose.

    Raises:
        NotSignedIn: the session waited too long, or owes none.
        InvalidInput: the new password can't be used.
    """
    signed_in = _waiting_for(runtime, token, Owes.PASSWORD)
    person = authentication.get_person(runtime.engine, signed_in.person_id)
    check_new_password(password, repeated, person.email)
    if is_password(password, person.password_hash):
        raise InvalidInput("Choose another one than you were given.", field="password")

    actor = _job_in(signed_in.actor.workspace_id)
    place = Place(signed_in.person_id, signed_in.actor.member_id, browser.agent)
    password_hash = hash_password(password)
    opened = runtime.run(actor, steps.start_with_password, place, password_hash)
    return _opened(runtime, opened, Owes.NOTHING, person.email, browser)


def end_session(runtime: Runtime, token: str) -> None:
    """Sign this browser out; without a session there is nothing to do."""
    signed_in = _find_session(runtime, token)
    if signed_in is None:
        return
    actor = signed_in.actor
    runtime.run(
        _job_in(actor.workspace_id),
        steps.end_session,
        signed_in.session_id,
        actor.member_id,
    )


def end_everywhere(runtime: Runtime, token: str) -> None:
    """Sign the person out of every browser, this one included."""
    signed_in = _find_session(runtime, token)
    if signed_in is None:
        return
    actor = signed_in.actor
    runtime.run(
        _job_in(actor.workspace_id),
        steps.end_everywhere,
        signed_in.person_id,
        actor.member_id,
    )


def list_places(runtime: Runtime, actor: Actor) -> tuple[Membership, ...]:
    """Return the workspaces that a member may switch between; none to choose from
    for somebody with one, or who owns none."""
    if not isinstance(actor, StaffActor):
        raise NotSignedIn("Please sign in.")
    return authentication.list_own_places(runtime.engine, actor)


def switch_workspace(
    runtime: Runtime, token: str, workspace_id: int, browser: Browser
) -> OpenedSession:
    """Take the session to another workspace of the same person.

    It gets a new token, so a page that still shows the old workspace is signed
    out rather than acting in the new one.

    Raises:
        NotSignedIn: there is no session that is fully signed in.
        NotFound: the person is no member there.
    """
    authentication.staff_actor(runtime.engine, token, runtime.now())
    signed_in = authentication.staff_from_session(runtime.engine, token, runtime.now())
    places = authentication.list_memberships(runtime.engine, signed_in.person_id)
    found = next((x for x in places if x.workspace_id == workspace_id), None)
    if found is None:
        raise NotFound("That workspace does not exist.")

    place = Place(signed_in.person_id, found.member_id, browser.agent)
    opened = runtime.run(
        _job_in(workspace_id), steps.move_session, signed_in.session_id, place
    )
    return OpenedSession(opened, Owes.NOTHING)


def _count_for_password(
    runtime: Runtime, email: str, browser: Browser
) -> tuple[Counted, ...]:
    """Return what a try counts for: only for the browser where it is a known one.

    See docs/decisions/0061-strangers-lock-nobody-out.md.
    """
    digest = runtime.cipher.keyed_digest
    if device := _known_device(runtime, email, browser):
        return (Counted(digest("sign-in", "device", email, device), FREE_OF_DEVICE),)
    return (
        Counted(digest("sign-in", "pair", email, browser.network), FREE_OF_PAIR),
        Counted(
            digest("sign-in", "address", email), FREE_OF_ADDRESS, TRIES_OF_NEWCOMER
        ),
        Counted(digest("sign-in", "network", browser.network), FREE_OF_NETWORK),
    )


def _opened(
    runtime: Runtime, token: str, owes: Owes, email: str, browser: Browser
) -> OpenedSession:
    if owes:
        return OpenedSession(token, owes)
    known = _known_device(runtime, email, browser) or runtime.chance.new_token()
    return OpenedSession(token, owes, f"{known}.{_proof(runtime, email, known)}")


def _known_device(runtime: Runtime, email: str, browser: Browser) -> str:
    """Return which browser it is, if the address has signed in there before."""
    device, _, proof = browser.device.partition(".")
    expected = _proof(runtime, email, device)
    return device if hmac.compare_digest(proof.encode(), expected.encode()) else ""


def _proof(runtime: Runtime, email: str, device: str) -> str:
    return runtime.cipher.keyed_digest("sign-in", "known device", email, device)


def _take_try(runtime: Runtime, counted: tuple[Counted, ...], refusal: str) -> None:
    try:
        runtime.run(_NOBODY, steps.take_try, counted)
    except LimitReached:
        log.warning("sign_in.locked")
        raise SignInRefused(refusal) from None


def _find_member(runtime: Runtime, person: KnownPerson) -> Membership | None:
    """Return where the person goes, unless nowhere, or their time has run out."""
    if person.initial_until is not None and person.initial_until < runtime.now():
        return None
    places = authentication.list_memberships(runtime.engine, person.person_id)
    return next(iter(places), None)


def _owes_after_code(person: KnownPerson) -> Owes:
    return Owes.NOTHING if person.initial_until is None else Owes.PASSWORD


def _renew_hash(runtime: Runtime, person: KnownPerson, password: str) -> None:
    renewed = hash_password(password)
    runtime.run(
        _NOBODY, steps.renew_hash, person.person_id, person.password_hash, renewed
    )


def _waiting_for(runtime: Runtime, token: str, owes: Owes) -> SignedIn:
    signed_in = authentication.staff_from_session(runtime.engine, token, runtime.now())
    if signed_in.owes != owes:
        raise NotSignedIn("Please sign in.")
    return signed_in


def _find_session(runtime: Runtime, token: str) -> SignedIn | None:
    try:
        return authentication.staff_from_session(runtime.engine, token, runtime.now())
    except NotSignedIn:
        return None


def _job_in(workspace_id: int) -> SystemActor:
    return SystemActor(workspace_id, "sign-in")
