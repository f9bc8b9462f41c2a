"""The steps of a customer's signing in: ask for a code, confirm it, choose, sign out.

Each is one transaction of `workflows.portal_sign_in`. Asking takes the same way for
every address; only the worker that mails the code looks whether anybody is there.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import col, func, or_, select

from billing_app.database.access import inner, job, staff
from billing_app.database.secrets import digest
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.contact import check_email
from billing_app.domain.errors import InvalidInput, NotFound
from billing_app.domain.events import (
    CodeSent,
    ContactTotpChanged,
    CustomerChangedAccount,
    CustomerSignedIn,
    CustomerSignedOut,
    Topic,
)
from billing_app.domain.portal_proof import (
    CODE_DIGITS,
    CODE_LIFETIME,
    CODE_SHARED_FOR,
    CODE_TRIES_LEAST,
    CODE_TRIES_MAX,
    CODE_TRIES_OF_PLACE,
    CODE_TRIES_WINDOW,
    CODES_MAILED_FREE,
    CODES_MAILED_WINDOW,
    is_code_live,
    plain_code,
)
from billing_app.domain.portal_settings import may_sign_in
from billing_app.domain.speech import later
from billing_app.domain.totp import accepted_step, provisioning_uri
from billing_app.models import (
    ContactTotp,
    Customer,
    CustomerContact,
    OneTimeCode,
    PortalSession,
    WorkspaceSettings,
)
from billing_app.queries.letterhead import language_of

AGENT_LENGTH_MAX = 200
SECRET_LENGTH = 32
# Nobody keeps the books of more customers of one business.
CHOICES_MAX = 50


@dataclass(frozen=True, slots=True)
class CodePlace:
    """What a code is asked for: one invoice, one customer's account, or whichever.

    Attributes:
        customer_id: None where the address alone says whose account it is.
    """

    customer_id: int | None = None
    invoice_id: int | None = None

    @property
    def key(self) -> str:
        if self.invoice_id is not None:
            return f"invoice:{self.invoice_id}"
        return f"customer:{self.customer_id}" if self.customer_id else "account"


@dataclass(frozen=True, slots=True)
class Right:
    """What an address may do for one customer. `contact_id` None: the customer's own.

    Attributes:
        may_see_all: the whole account, not only an invoice they were sent.
    """

    customer_id: int
    customer_name: str
    contact_id: int | None
    may_pay: bool
    may_see_all: bool


@dataclass(frozen=True, slots=True)
class TotpState:
    """What an authenticator app still needs: a code, or to be set up first.

    Attributes:
        secret: for an app that is being set up; empty for one that is confirmed.
    """

    secret: str = ""
    uri: str = ""


@job
def ask_for_code(uow: UnitOfWork, place: CodePlace, email: str) -> int:
    """Promise a code to an address, known or not; return which one it will be.

    Where very many were mailed, it is the code of the last mail, if that is young. A
    stranger who asks without end fills no mailbox, and the customer can still sign in.

    Raises:
        InvalidInput: it is no email address.
    """
    address = check_email(email, "email")
    until = _shared_until(uow, address.lower(), place)
    asked = uow.add(
        OneTimeCode(
            email_key=address.lower(),
            place=place.key,
            customer_id=place.customer_id,
            created_at=uow.now,
            expires_at=until or uow.now + CODE_LIFETIME,
        )
    )
    assert asked.id is not None
    if until:
        asked.code_digest = _code_digest(uow, asked.id, _code_of(uow, asked))
    else:
        key = f"code:{asked.id}"
        uow.promise(Topic.MAIL_CODE, key, code_id=asked.id, email=address)
    return asked.id


@inner
def _shared_until(uow: UnitOfWork, email_key: str, place: CodePlace) -> datetime | None:
    """Return when the code ends that whoever asks now shares; None for a new one."""
    of_place = (
        col(OneTimeCode.email_key) == email_key,
        col(OneTimeCode.place) == place.key,
    )
    # Those that share a code end with it.
    ends = col(OneTimeCode.expires_at)
    lately = col(OneTimeCode.created_at) > uow.now - CODES_MAILED_WINDOW
    mailed: int = uow.one(select(func.count(ends.distinct())).where(*of_place, lately))
    if mailed < CODES_MAILED_FREE:
        return None
    young = ends.between(
        uow.now + CODE_LIFETIME - CODE_SHARED_FOR, uow.now + CODE_LIFETIME
    )
    last: OneTimeCode | None = uow.first(
        select(OneTimeCode)
        .where(*of_place, young)
        .order_by(ends.desc(), col(OneTimeCode.id))
    )
    return last.expires_at if last and last.used_at is None else None


@dataclass(frozen=True, slots=True)
class MadeCode:
    """A code that only its mail may carry, and the language to send it in."""

    code: str
    language: str


@job
def make_code(uow: UnitOfWork, code_id: int, email: str) -> MadeCode | None:
    """Return the code for a mail, or None where nobody is written to.

    Only its keyed digest is stored.
    """
    asked = uow.get(OneTimeCode, code_id, lock=True)
    place = _place_of(asked)
    rights = list_rights(uow, email, place)
    if not rights or asked.expires_at <= uow.now or asked.used_at is not None:
        return None
    code = _code_of(uow, asked)
    asked.code_digest = _code_digest(uow, code_id, code)
    customer_id = rights[0].customer_id if len(rights) == 1 else None
    uow.record(
        CodeSent(invoice_id=place.invoice_id, customer_id=customer_id, email=email)
    )
    settings = uow.one(select(WorkspaceSettings))
    customer = uow.get(Customer, customer_id) if customer_id else None
    wanted = customer.language if customer else ""
    return MadeCode(code, language_of(settings, wanted))


@job
def take_code(
    uow: UnitOfWork, place: CodePlace, email: str, typed: str, code_id: int
) -> bool:
    """Use up the code that was asked for; say whether it was right.

    A wrong one is counted against that code, whichever browser it came from, so it
    must be committed, too.
    """
    of_this = (
        select(OneTimeCode)
        .where(
            col(OneTimeCode.id) == code_id,
            col(OneTimeCode.email_key) == email.strip().lower(),
            col(OneTimeCode.place) == place.key,
            col(OneTimeCode.code_digest) != "",
        )
        .with_for_update()
    )
    uow.lock_alone("one-time code")
    asked = uow.first(of_this)
    if asked is None or asked.used_at is not None:
        return False
    if not is_code_live(asked.expires_at, uow.now):
        return False
    if asked.tries >= _tries_of(uow, asked):
        return False
    asked.tries += 1
    code = plain_code(typed)
    assert asked.id is not None
    if code is None or _code_digest(uow, asked.id, code) != asked.code_digest:
        return False
    shared = select(OneTimeCode).where(*_ends_with(asked)).with_for_update()
    for each in uow.all(shared.order_by(col(OneTimeCode.id))):
        if _code_digest(uow, each.id or 0, code) == each.code_digest:
            each.used_at = uow.now
    return True


@inner
def _tries_of(uow: UnitOfWork, asked: OneTimeCode) -> int:
    """Return how many tries a code has, after those of the codes before it."""
    wrong: int = uow.one(
        select(func.coalesce(func.sum(OneTimeCode.tries), 0)).where(
            col(OneTimeCode.email_key) == asked.email_key,
            col(OneTimeCode.place) == asked.place,
            col(OneTimeCode.id) != asked.id,
            col(OneTimeCode.used_at).is_(None),
            col(OneTimeCode.created_at) > uow.now - CODE_TRIES_WINDOW,
        )
    )
    return CODE_TRIES_MAX if wrong < CODE_TRIES_OF_PLACE else CODE_TRIES_LEAST


@job
def open_session(uow: UnitOfWork, place: CodePlace, email: str, agent: str) -> str:
    """Open a session for an address that was proven; return its token.

    Where several customers are behind the address, one is still to be chosen. A
    contact who may not see everything gets one for the invoice it was asked on, and
    so does everybody where signing in is switched off.

    Raises:
        NotFound: the address is no contact any more.
    """
    rights = list_rights(uow, email, place)
    if not rights:
        raise NotFound("That address is not known here any more.")
    session, token = _new_session(uow, email, agent[:AGENT_LENGTH_MAX], uow.now)
    if len(rights) == 1:
        _give(uow, session, rights[0], place.invoice_id)
        _note_signed_in(uow, session)
    return token


@job
def choose_customer(uow: UnitOfWork, session_id: int, customer_id: int) -> str:
    """Turn to one of the customers behind the address that a session has proven.

    Whoever had chosen another one goes on in a session of its own, which lasts no
    longer than the first; pages that are open for the other end with it.

    Returns:
        The token of that session; empty where the one at hand goes on.

    Raises:
        NotFound: the address may not see that customer's account, or the session ended.
    """
    session = uow.get(PortalSession, session_id, lock=True)
    rights = list_rights(uow, session.email, CodePlace())
    right = next((it for it in rights if it.customer_id == customer_id), None)
    if right is None or session.ended_at is not None:
        raise NotFound("That account is not yours.")
    if session.customer_id in (None, customer_id):
        if session.customer_id is None or session.invoice_id is not None:
            _give(uow, session, right, None)
            _note_signed_in(uow, session)
        return ""
    _end(uow, session)
    started_at = session.created_at
    session, token = _new_session(uow, session.email, session.agent, started_at)
    _give(uow, session, right, None)
    assert session.id is not None
    uow.record(
        CustomerChangedAccount(
            customer_id=customer_id, session_id=session.id, email=session.email
        )
    )
    return token


@job
def list_choices(uow: UnitOfWork, email: str) -> tuple[Right, ...]:
    """List the customers whose account an address may see, by name."""
    return list_rights(uow, email, CodePlace())


@job
def sign_out(uow: UnitOfWork, session_id: int) -> None:
    """End a session; its open pages hear of it."""
    _end(uow, uow.get(PortalSession, session_id, lock=True))


@staff(Permission.MANAGE_LINKS)
def end_session(uow: UnitOfWork, session_id: int) -> None:
    """End a customer's session from the desk.

    Raises:
        NotFound: no such session in this workspace.
    """
    _end(uow, uow.get(PortalSession, session_id, lock=True))


@job
def read_totp(uow: UnitOfWork, session_id: int) -> TotpState:
    """Return whether the session's contact has an app, or the secret for a new one.

    Each session is offered a secret of its own: whoever has only read the page of a
    contact that sets up an app later knows nothing of that app.
    """
    session = uow.get(PortalSession, session_id)
    app = _app_of(uow, session)
    if app is not None and app.confirmed_at is not None:
        return TotpState()
    secret = _offered_secret(uow, session)
    return TotpState(secret, provisioning_uri(secret, session.email))


@job
def accept_totp(uow: UnitOfWork, session_id: int, typed: str) -> None:
    """Use up a code of the contact's app; the first right one confirms the app.

    Raises:
        InvalidInput: it is wrong, was used before, or is too old.
    """
    session = uow.get(PortalSession, session_id, lock=True)
    assert session.customer_id is not None
    # There is no row to lock before the first app.
    uow.lock_alone("authenticator app")
    app = _app_of(uow, session)
    if app is None:
        app = ContactTotp(
            customer_id=session.customer_id,
            email_key=session.email_key,
            secret_encrypted="",
        )
    is_new = app.confirmed_at is None
    secret = (
        _offered_secret(uow, session)
        if is_new
        else uow.cipher.decrypt(app.secret_encrypted)
    )
    step = accepted_step(secret, typed, app.last_step, uow.now)
    if step is None:
        raise InvalidInput(
            later("That code is wrong or was used before."), field="code"
        )
    app.last_step = step
    session.totp_at = uow.now
    if is_new:
        app.secret_encrypted = uow.cipher.encrypt(secret)
        app.confirmed_at = uow.now
        uow.add(app)
        uow.record(
            ContactTotpChanged(
                customer_id=session.customer_id, email=session.email, change="set up"
            )
        )
    uow.touch(f"session:{session_id}")


@staff(Permission.MANAGE_LINKS)
def reset_totp(uow: UnitOfWork, customer_id: int, email: str) -> None:
    """Forget a contact's authenticator app, so that they can set up another.

    Ends what that app has proven.

    Raises:
        NotFound: there is none.
    """
    email_key = email.strip().lower()
    app = uow.first(
        select(ContactTotp).where(
            col(ContactTotp.customer_id) == customer_id,
            col(ContactTotp.email_key) == email_key,
        )
    )
    if app is None:
        raise NotFound("This contact has no authenticator app.")
    uow.delete(app)
    _end_all(
        uow,
        col(PortalSession.customer_id) == customer_id,
        col(PortalSession.email_key) == email_key,
        col(PortalSession.totp_at).is_not(None),
    )
    uow.record(ContactTotpChanged(customer_id=customer_id, email=email, change="reset"))


@inner
def list_rights(uow: UnitOfWork, email: str, place: CodePlace) -> tuple[Right, ...]:
    """List the customers an address speaks for, with what it may do there.

    Without an invoice only those whose whole account it may see: nobody sees it
    where signing in is switched off.
    """
    email_key = email.strip().lower()
    statement = (
        select(Customer, CustomerContact)
        .outerjoin(
            CustomerContact,
            (col(CustomerContact.customer_id) == col(Customer.id))
            & (col(CustomerContact.email_key) == email_key),
        )
        .where(
            or_(
                col(Customer.email_key) == email_key,
                col(CustomerContact.email_key) == email_key,
            )
        )
        .order_by(col(Customer.name_key), col(Customer.id), col(CustomerContact.id))
        .limit(CHOICES_MAX)
    )
    if place.customer_id is not None:
        statement = statement.where(col(Customer.id) == place.customer_id)
    of_workspace = uow.one(select(WorkspaceSettings)).portal
    rights: dict[int, Right] = {}
    for customer, contact in uow.all(statement):
        is_first = customer.email_key == email_key
        right = Right(
            customer_id=customer.id,
            customer_name=customer.name,
            contact_id=None if is_first else contact.id,
            may_pay=is_first or contact.may_pay,
            may_see_all=(is_first or contact.may_see_all)
            and may_sign_in(of_workspace, customer.portal),
        )
        if right.may_see_all or place.invoice_id is not None:
            rights.setdefault(right.customer_id, right)
    return tuple(rights.values())


@inner
def _offered_secret(uow: UnitOfWork, session: PortalSession) -> str:
    """Return the secret, in base 32, that a session's page shows for a new app.

    It follows from the secret key, so that it is stored only once it is confirmed.
    """
    seed = uow.cipher.keyed_digest("authenticator app", session.token_digest)
    return base64.b32encode(bytes.fromhex(seed)).decode()[:SECRET_LENGTH]


@inner
def end_contact_sessions(uow: UnitOfWork, contact_id: int) -> None:
    """End what a contact has open, because their rights have changed."""
    _end_all(uow, col(PortalSession.contact_id) == contact_id)


@inner
def end_own_sessions(uow: UnitOfWork, customer_id: int, email_key: str) -> None:
    """End what a customer's own address has open: it is not theirs any more."""
    _end_all(
        uow,
        col(PortalSession.customer_id) == customer_id,
        col(PortalSession.contact_id).is_(None),
        col(PortalSession.email_key) == email_key,
    )


@inner
def end_customer_sessions(uow: UnitOfWork, customer_id: int) -> None:
    """End all that people of a customer have open: their portal was switched off."""
    _end_all(uow, col(PortalSession.customer_id) == customer_id)


@inner
def end_account_sessions(uow: UnitOfWork, customer_id: int | None = None) -> None:
    """End what opens more than one invoice: signing in was switched off.

    Of one customer, or of all without one.
    """
    which: list[ColumnElement[bool]] = [col(PortalSession.invoice_id).is_(None)]
    if customer_id is not None:
        which.append(col(PortalSession.customer_id) == customer_id)
    _end_all(uow, *which)


@inner
def end_all_sessions(uow: UnitOfWork) -> None:
    """End every customer's session: the portal was switched off."""
    _end_all(uow)


def _new_session(
    uow: UnitOfWork, email: str, agent: str, started_at: datetime
) -> tuple[PortalSession, str]:
    """Return a session of nobody yet, and its token; it lasts from `started_at`.

    An app proves nothing in it: each customer's is one of its own.
    """
    token = uow.new_token()
    session = PortalSession(
        token_digest=digest(token),
        email=email.strip(),
        email_key=email.strip().lower(),
        agent=agent,
        created_at=started_at,
        seen_at=uow.now,
    )
    return uow.add(session), token


def _give(
    uow: UnitOfWork, session: PortalSession, right: Right, invoice_id: int | None
) -> None:
    session.customer_id = right.customer_id
    session.contact_id = right.contact_id
    session.may_pay = right.may_pay
    session.invoice_id = None if right.may_see_all else invoice_id
    uow.flush()
    uow.touch(f"session:{session.id}")


def _note_signed_in(uow: UnitOfWork, session: PortalSession) -> None:
    assert session.id is not None
    uow.record(
        CustomerSignedIn(
            invoice_id=session.invoice_id,
            customer_id=session.customer_id,
            session_id=session.id,
            email=session.email,
        )
    )


def _end_all(uow: UnitOfWork, *which: ColumnElement[bool]) -> None:
    for session in uow.all(
        select(PortalSession)
        .where(col(PortalSession.ended_at).is_(None), *which)
        .order_by(col(PortalSession.id))
        .with_for_update()
    ):
        _end(uow, session)


def _end(uow: UnitOfWork, session: PortalSession) -> None:
    if session.ended_at is not None:
        return
    session.ended_at = uow.now
    uow.flush()
    assert session.id is not None
    uow.record(
        CustomerSignedOut(customer_id=session.customer_id, session_id=session.id)
    )
    uow.touch(f"session:{session.id}")


def _app_of(uow: UnitOfWork, session: PortalSession) -> ContactTotp | None:
    statement = (
        select(ContactTotp)
        .where(
            col(ContactTotp.customer_id) == session.customer_id,
            col(ContactTotp.email_key) == session.email_key,
        )
        .with_for_update()
    )
    return uow.first(statement)


def _place_of(asked: OneTimeCode) -> CodePlace:
    kind, _, number = asked.place.partition(":")
    return CodePlace(asked.customer_id, int(number) if kind == "invoice" else None)


def _ends_with(asked: OneTimeCode) -> tuple[ColumnElement[bool], ...]:
    """Match a code and those that may share it."""
    return (
        col(OneTimeCode.email_key) == asked.email_key,
        col(OneTimeCode.place) == asked.place,
        col(OneTimeCode.expires_at) == asked.expires_at,
    )


@inner
def _code_of(uow: UnitOfWork, asked: OneTimeCode) -> str:
    """Return the code that was asked for, by the first of those who share it.

    It follows from the secret key, so that it need not rest anywhere to be shared.
    """
    first: int = uow.one(select(func.min(OneTimeCode.id)).where(*_ends_with(asked)))
    parts = ("code to mail", str(asked.workspace_id), str(first))
    number = int(uow.cipher.keyed_digest(*parts), 16) % 10**CODE_DIGITS
    return f"{number:0{CODE_DIGITS}}"


def _code_digest(uow: UnitOfWork, code_id: int, code: str) -> str:
    return uow.cipher.keyed_digest("one-time code", str(code_id), code)
