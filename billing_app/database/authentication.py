"""Turn a credential into an actor. The only place where actors are made.

Sessions and links belong to no actor yet when they are looked up, so these reads
run on a session without limits and name their columns.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Engine,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlmodel import Session, col

from billing_app.database.engine import asking, reading
from billing_app.database.secrets import Cipher, digest
from billing_app.domain import portal_proof
from billing_app.domain.actors import (
    ROLE_PERMISSIONS,
    Permission,
    PortalVisitor,
    Proof,
    Role,
    StaffActor,
    SystemActor,
)
from billing_app.domain.cookies import portal_cookie, read_cookie, session_cookie
from billing_app.domain.document import DocumentKind
from billing_app.domain.errors import BillingError, DiskFull, NotFound, NotSignedIn
from billing_app.domain.payability import StripeConnection, stripe_connection
from billing_app.domain.portal_place import Door, PortalPlace
from billing_app.domain.portal_proof import VerificationRequired
from billing_app.domain.portal_settings import (
    PaymentMode,
    PortalSettings,
    PortalSetup,
    WriteAuth,
    may_sign_in,
    resolve,
)
from billing_app.domain.sign_in import SESSION_SEEN_STEP, Owes, is_session_live
from billing_app.models import (
    CreditNote,
    Customer,
    Invoice,
    IssuedDocument,
    Member,
    Person,
    PortalLink,
    PortalSession,
    Printed,
    PrintedCopy,
    SharedDraft,
    StaffSession,
    StripeAccount,
    Workspace,
    WorkspaceSettings,
)

# A token is 43 characters; anything much longer is not worth a digest.
_TOKEN_LENGTH_MAX = 200


class PortalNotAvailable(BillingError):
    """The business has switched its portal off."""

    code = "portal_not_available"


class SignInNotOffered(PortalNotAvailable):
    """The portal is on, and opens by its links alone."""

    code = "sign_in_not_offered"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A live staff session and whose it is.

    Attributes:
        owes: what it still lacks; until then it opens nothing.
    """

    actor: StaffActor
    session_id: int
    person_id: int
    owes: Owes


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """What a sign-in is compared with. Never leaves the workflow that reads it."""

    person_id: int
    email: str
    password_hash: str
    has_totp: bool
    initial_until: datetime | None


@dataclass(frozen=True, slots=True)
class Membership:
    """A person's place in one workspace."""

    member_id: int
    workspace_id: int
    workspace_name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Cookies:
    """The sessions a browser shows, read from its Cookie header."""

    header: str
    is_https: bool

    @property
    def staff(self) -> str:
        return read_cookie(self.header, session_cookie(self.is_https))

    def portal(self, workspace_id: int) -> str:
        return read_cookie(self.header, portal_cookie(self.is_https, workspace_id))


@dataclass(frozen=True, slots=True)
class CheckedPlace:
    """A document that somebody wants to have checked, and who looks at it for them.

    Attributes:
        is_open: the business answers; not while its portal is switched off.
    """

    actor: SystemActor
    kind: DocumentKind
    document_id: int
    is_open: bool


NO_COOKIES = Cookies("", is_https=False)


@dataclass(frozen=True, slots=True)
class OpenedLink:
    """A page of the portal that opened: for whom, and what the business shows there.

    Attributes:
        email: of whoever has signed in; empty for the mere holder of a link.
    """

    visitor: PortalVisitor
    setup: PortalSetup
    email: str = ""


def staff_from_session(engine: Engine, token: str, now: datetime) -> SignedIn:
    """Return who a session cookie stands for.

    Raises:
        NotSignedIn: no such session, or it ended, idled out or lost its member.
    """
    if not token or len(token) > _TOKEN_LENGTH_MAX:
        raise NotSignedIn("Please sign in.")
    found = _find(engine, _STAFF_SESSION, token_digest=digest(token))
    if found is None:
        raise NotSignedIn("Please sign in.")
    session_id, person_id, owes, created_at, seen_at, member_id, *place = found
    if not is_session_live(Owes(owes), created_at, seen_at, now):
        raise NotSignedIn("You were signed out after a while without use.")
    if now - seen_at > SESSION_SEEN_STEP:
        _note_seen(engine, StaffSession, session_id, now)
    workspace_id, role = place
    actor = StaffActor(workspace_id, member_id, Role(role))
    return SignedIn(actor, session_id, person_id, Owes(owes))


def staff_actor(engine: Engine, token: str, now: datetime) -> StaffActor:
    """Return the actor of a session that is fully signed in.

    Raises:
        NotSignedIn: there is none, or it still owes a code or a new password.
    """
    signed_in = staff_from_session(engine, token, now)
    if signed_in.owes:
        raise NotSignedIn("Finish signing in first.")
    return signed_in.actor


def find_person(engine: Engine, email: str) -> KnownPerson | None:
    """Return who signs in with an address, written in small letters."""
    return _find_person(engine, col(Person.email) == email)


def get_person(engine: Engine, person_id: int) -> KnownPerson:
    """Return the person of a session, which always has one."""
    person = _find_person(engine, col(Person.id) == person_id)
    assert person is not None
    return person


def list_memberships(engine: Engine, person_id: int) -> tuple[Membership, ...]:
    """Return where a person is a member, the workspace used last first."""
    last_used = (
        select(func.max(col(StaffSession.id)))
        .where(col(StaffSession.member_id) == col(Member.id))
        .scalar_subquery()
    )
    statement = (
        select(col(Member.id), col(Workspace.id), col(Workspace.name), col(Member.role))
        .join(Workspace, col(Workspace.id) == col(Member.workspace_id))
        .where(col(Member.person_id) == person_id, col(Member.removed_at).is_(None))
        .order_by(func.coalesce(last_used, 0).desc(), col(Member.id))
    )
    with Session(reading(engine)) as session:
        found = session.execute(statement).all()
    return tuple(
        Membership(member_id, workspace_id, name, Role(role))
        for member_id, workspace_id, name, role in found
    )


def list_own_places(engine: Engine, actor: StaffActor) -> tuple[Membership, ...]:
    """Return where a member can go on working, this workspace included.

    Nowhere else for people who own none of their workspaces.
    """
    with Session(reading(engine)) as session:
        person_id = session.scalar(
            select(col(Member.person_id)).where(
                col(Member.workspace_id) == actor.workspace_id,
                col(Member.id) == actor.member_id,
            )
        )
    places = list_memberships(engine, person_id) if person_id else ()
    owns_any = any(place.role == Role.OWNER for place in places)
    return places if owns_any and len(places) > 1 else ()


def is_set_up(engine: Engine) -> bool:
    """Say whether anybody can sign in yet."""
    with Session(reading(engine)) as session:
        return session.scalar(select(col(Person.id)).limit(1)) is not None


def visitor_from_link(engine: Engine, token: str, now: datetime) -> PortalVisitor:
    """Return the visitor an invoice's link stands for, when nothing else is shown.

    Raises:
        NotFound, PortalNotAvailable: as `open_portal`.
    """
    place = PortalPlace(Door.INVOICE_LINK, token, is_account=False)
    return open_portal(engine, place, NO_COOKIES, now).visitor


def open_portal(
    engine: Engine,
    place: PortalPlace,
    cookies: Cookies,
    now: datetime,
    *,
    wants_preview: bool = False,
) -> OpenedLink:
    """Return who stands before a page of the portal, and what it offers them.

    A link reads its scope; a customer session in the same browser adds its proof.
    Staff who open a customer's page leave no visit, and a preview cannot act.

    Raises:
        NotFound: unknown, revoked or expired: one answer and one query for all.
        PortalNotAvailable: the link is good but the portal is switched off.
        NotSignedIn: the page is for people who have signed in.
        VerificationRequired: the link alone does not open the account.
    """
    if place.door == Door.SIGNED_IN:
        opened = _open_signed_in(
            engine, place, cookies, now, wants_preview=wants_preview
        )
    else:
        opened = _open_by_link(engine, place, cookies, now)
    settings = opened.setup.settings
    if not settings.is_on or not settings.shows_invoices:
        raise PortalNotAvailable("This portal is not available at the moment.")
    role = _role_of(engine, cookies, opened.visitor.workspace_id, now)
    if role is None:
        return opened
    is_preview = wants_preview or opened.visitor.is_preview
    visitor = replace(
        opened.visitor,
        is_staff=True,
        is_preview=is_preview,
        may_export=not is_preview or Permission.EXPORT in ROLE_PERMISSIONS[role],
    )
    return replace(opened, visitor=visitor)


def _role_of(
    engine: Engine, cookies: Cookies, workspace_id: int, now: datetime
) -> Role | None:
    """Return what the browser's person is here, wherever they are working now.

    None for who is no member.
    """
    if not cookies.staff:
        return None
    try:
        signed_in = staff_from_session(engine, cookies.staff, now)
    except NotSignedIn:
        return None
    if signed_in.owes:
        return None
    if signed_in.actor.workspace_id == workspace_id:
        return signed_in.actor.role
    found = _find(
        engine,
        _MEMBERSHIP,
        person_id=signed_in.person_id,
        workspace_id=workspace_id,
    )
    return Role(found.role) if found else None


def _open_by_link(
    engine: Engine, place: PortalPlace, cookies: Cookies, now: datetime
) -> OpenedLink:
    found = _find(
        engine,
        _BY_CUSTOMER_LINK if place.door == Door.CUSTOMER_LINK else _BY_INVOICE_LINK,
        # Over-long tokens take the same way, so that they take the same time.
        token_digest=digest(place.key[:_TOKEN_LENGTH_MAX]),
        named_id=(place.invoice_id or None) if place.is_account else None,
        now=now,
    )
    if found is None:
        raise NotFound("Invoice not found.")
    link_id, invoice_id, *chosen = found
    setup, workspace_id, customer_id = _portal_setup(*chosen)
    if place.is_account:
        # Naming an invoice narrows the visitor to it, whoever's it is, before any
        # proof is added: a code for one invoice proves nothing on another.
        invoice_id = place.invoice_id
    visitor = PortalVisitor(workspace_id, customer_id, link_id, invoice_id)
    proven, email = _with_session(engine, visitor, cookies, now)
    by_invoice = place.door == Door.INVOICE_LINK and place.is_account
    setup = _as_may_pay(setup, proven)
    may_widen = setup.settings.link_opens_account or proven.proof >= Proof.SESSION
    settings = setup.settings
    is_on = settings.is_on and settings.shows_invoices
    if by_invoice and is_on and not may_widen and not settings.allows_sign_in:
        raise SignInNotOffered("Signing in is not offered here.")
    if by_invoice and not may_widen:
        raise VerificationRequired("Sign in to see your account.", WriteAuth.SESSION)
    return OpenedLink(proven, setup, email)


def _open_signed_in(
    engine: Engine,
    place: PortalPlace,
    cookies: Cookies,
    now: datetime,
    *,
    wants_preview: bool,
) -> OpenedLink:
    desk = _find(engine, _DESK, slug=place.slug[:60])
    if desk is None:
        raise NotFound("Page not found.")
    workspace_id = desk.id
    if place.previewed_id is not None:
        if preview := _preview(engine, place, cookies, workspace_id, now):
            return preview
        raise NotFound("Page not found.")
    if wants_preview and (preview := _preview(engine, place, cookies, desk.id, now)):
        return preview
    signed_in = customer_session(engine, cookies, workspace_id, now)
    if signed_in is None or signed_in.customer_id is None or signed_in.invoice_id:
        # The files of a page that staff preview.
        if preview := _preview(engine, place, cookies, workspace_id, now):
            return preview
        raise NotSignedIn("Sign in to see your account.")
    found = _find(
        engine,
        _OF_CUSTOMER,
        workspace_id=workspace_id,
        customer_id=signed_in.customer_id,
        named_id=place.invoice_id or 0,
    )
    assert found is not None, "a session's customer is there"
    setup, _, customer_id = _portal_setup(*found)
    visitor = PortalVisitor(
        workspace_id,
        customer_id,
        link_id=None,
        invoice_id=place.invoice_id,
        proof=Proof.SESSION,
        session_id=signed_in.session_id,
        has_totp=signed_in.has_totp,
        may_pay=signed_in.may_pay,
    )
    return OpenedLink(visitor, _as_may_pay(setup, visitor), signed_in.email)


def _preview(
    engine: Engine,
    place: PortalPlace,
    cookies: Cookies,
    workspace_id: int,
    now: datetime,
) -> OpenedLink | None:
    """Open a page for the business's own staff as its customer would see it.

    It takes no link, so it gives nobody anything to act with. None for anybody else,
    and for an address that names neither an invoice nor a customer.
    """
    customer_id = place.previewed_id
    if customer_id is None and place.invoice_id is None:
        return None
    if _role_of(engine, cookies, workspace_id, now) is None:
        return None
    if customer_id is None:
        previewed = _find(
            engine, _PREVIEWED, workspace_id=workspace_id, named_id=place.invoice_id
        )
        if previewed is None:
            return None
        customer_id = previewed.customer_id
    found = _find(
        engine,
        _OF_CUSTOMER,
        workspace_id=workspace_id,
        customer_id=customer_id,
        named_id=place.invoice_id or 0,
    )
    if found is None:
        return None
    setup, _, customer_id = _portal_setup(*found)
    visitor = PortalVisitor(
        workspace_id,
        customer_id,
        link_id=None,
        invoice_id=place.invoice_id,
        is_preview=True,
        is_staff=True,
    )
    return OpenedLink(visitor, setup)


def _as_may_pay(setup: PortalSetup, visitor: PortalVisitor) -> PortalSetup:
    """Offer no online payment to a contact who may only look."""
    if visitor.may_pay or setup.settings.payment != PaymentMode.ONLINE:
        return setup
    looking = replace(setup.settings, payment=PaymentMode.INSTRUCTIONS)
    return replace(setup, settings=looking, is_pay_refused=True)


@dataclass(frozen=True, slots=True)
class SignInDesk:
    """Where the customers of one business sign in without a link."""

    workspace_id: int
    settings: PortalSettings
    language: str


def find_sign_in_desk(engine: Engine, slug: str) -> SignInDesk:
    """Return where a business's customers sign in.

    Raises:
        NotFound: no such business.
        PortalNotAvailable: its portal is off, or signing in is.
    """
    found = _find(engine, _DESK, slug=slug[:60])
    if found is None:
        raise NotFound("Page not found.")
    settings = PortalSettings.from_stored(found.portal)
    if not (settings.is_on and settings.shows_invoices):
        raise PortalNotAvailable("This portal is not available at the moment.")
    if not settings.allows_sign_in:
        raise SignInNotOffered("Signing in is not offered here.")
    return SignInDesk(found.id, settings, found.language)


@dataclass(frozen=True, slots=True)
class CustomerSession:
    """A live customer session. It opens what its customer's contact may see.

    Attributes:
        customer_id: None while one of several is still to be chosen.
        invoice_id: set where the contact may write on this invoice only.
    """

    session_id: int
    workspace_id: int
    email: str
    customer_id: int | None
    invoice_id: int | None
    may_pay: bool
    has_totp: bool


def customer_session(
    engine: Engine, cookies: Cookies, workspace_id: int, now: datetime
) -> CustomerSession | None:
    """Return the live customer session of a browser at one business, or None.

    One that opens a whole account is none while its customer may not sign in.
    """
    token = cookies.portal(workspace_id)
    if not token or len(token) > _TOKEN_LENGTH_MAX:
        return None
    found = _find(
        engine, _PORTAL_SESSION, token_digest=digest(token), workspace_id=workspace_id
    )
    if found is None:
        return None
    if not portal_proof.is_session_live(found.created_at, found.seen_at, now):
        return None
    opens_all = found.invoice_id is None
    if opens_all and not may_sign_in(found.of_workspace, found.of_customer or {}):
        return None
    if now - found.seen_at > portal_proof.SESSION_SEEN_STEP:
        _note_seen(engine, PortalSession, found.id, now)
    return CustomerSession(
        session_id=found.id,
        workspace_id=workspace_id,
        email=found.email,
        customer_id=found.customer_id,
        invoice_id=found.invoice_id,
        may_pay=found.may_pay,
        has_totp=found.totp_at is not None,
    )


def _with_session(
    engine: Engine, visitor: PortalVisitor, cookies: Cookies, now: datetime
) -> tuple[PortalVisitor, str]:
    """Add the proof of a customer session of the same customer, and its address."""
    found = customer_session(engine, cookies, visitor.workspace_id, now)
    if found is None or found.customer_id != visitor.customer_id:
        return visitor, ""
    if found.invoice_id is not None and found.invoice_id != visitor.invoice_id:
        return visitor, ""
    proven = replace(
        visitor,
        proof=Proof.SESSION if found.invoice_id is None else Proof.CODE,
        session_id=found.session_id,
        has_totp=found.has_totp,
        may_pay=found.may_pay,
    )
    return proven, found.email


@dataclass(frozen=True, slots=True)
class WebhookReceiver:
    """A workspace that listens to Stripe, and the secret Stripe signs with."""

    actor: SystemActor
    secret_encrypted: str


def find_webhook_receiver(engine: Engine, workspace: str) -> WebhookReceiver | None:
    """Return who a webhook address belongs to, by slug or id.

    None where nothing listens: no such workspace, or no secret to check with.
    """
    is_id = workspace.isascii() and workspace.isdigit() and len(workspace) < 19
    found = (
        _find(engine, _RECEIVER_BY_ID, workspace_id=int(workspace))
        if is_id
        else _find(engine, _RECEIVER_BY_SLUG, slug=workspace)
    )
    if found is None or not found.webhook_secret_encrypted:
        return None
    actor = SystemActor(found.workspace_id, "stripe_webhook")
    return WebhookReceiver(actor, found.webhook_secret_encrypted)


def find_checked(engine: Engine, start: str, file: str) -> CheckedPlace | None:
    """Return the document whose code or file somebody holds, or None.

    `start` are the first hex digits of a content's digest, `file` the SHA-256 of
    a file; the first that is not empty counts.
    """
    if not (start or file):
        return None
    statements = _BY_CONTENT if start else _BY_FILE
    # The digits after the start are any: g is behind f.
    values = {"low": start, "high": f"{start}g"} if start else {"file": file}
    rows = (_find(engine, statement, **values) for statement in statements)
    found = next((row for row in rows if row is not None), None)
    if found is None:
        return None
    return CheckedPlace(
        SystemActor(found.workspace_id, "check"),
        DocumentKind(found.kind),
        found.id,
        is_open=resolve(found.portal, {}, {}).settings.is_on,
    )


@dataclass(frozen=True, slots=True)
class SharedDraftPlace:
    """A draft that a link leads to, and who may read it."""

    actor: SystemActor
    shared_id: int


def find_shared_draft(engine: Engine, token_digest: str) -> SharedDraftPlace:
    """Return the draft of a link; whether it is still shown is asked elsewhere.

    Raises:
        NotFound: no such link.
    """
    found = _find(engine, _SHARED_DRAFT, digest=token_digest)
    if found is None:
        raise NotFound("Page not found.")
    return SharedDraftPlace(SystemActor(found.workspace_id, "draft"), found.id)


def find_short_link(engine: Engine, cipher: Cipher, code: str, now: datetime) -> str:
    """Return the path that a short address leads to.

    Raises:
        NotFound: no live link has this code.
    """
    found = _find(
        engine, _SHORT_LINK, short_digest=cipher.short_digest(code.lower()), now=now
    )
    if found is None:
        raise NotFound("Invoice not found.")
    door = Door.CUSTOMER_LINK if found.invoice_id is None else Door.INVOICE_LINK
    return f"/{door}/{cipher.decrypt(found.token_encrypted)}"


def list_system_actors(engine: Engine, job: str) -> list[SystemActor]:
    """Return one actor for each workspace, for work that concerns them all."""
    with Session(reading(engine)) as session:
        ids = session.scalars(
            select(col(Workspace.id)).order_by(col(Workspace.id))
        ).all()
    return [SystemActor(workspace_id, job) for workspace_id in ids if workspace_id]


def _portal_setup(
    workspace_id: int,
    customer_id: int,
    slug: str,
    zone: str,
    currency: str,
    of_workspace: dict[str, Any],
    of_customer: dict[str, Any],
    of_invoice: dict[str, Any] | None,
    secret_key: str | None,
    webhook_secret: str | None,
    charges_enabled: bool | None,
    publishable_key: str | None,
    of_customer_language: str,
    of_workspace_language: str,
) -> tuple[PortalSetup, int, int]:
    connection = stripe_connection(
        has_key=bool(secret_key),
        has_webhook_secret=bool(webhook_secret),
        charges_enabled=bool(charges_enabled),
    )
    is_connected = connection != StripeConnection.NOT_CONNECTED
    setup = PortalSetup(
        settings=resolve(of_workspace, of_customer, of_invoice or {}).settings,
        zone=zone,
        home_currency=currency,
        is_connected=is_connected,
        can_charge=is_connected and bool(charges_enabled),
        slug=slug,
        has_publishable_key=bool(publishable_key),
        language=of_customer_language or of_workspace_language,
    )
    return setup, workspace_id, customer_id


def _note_seen(
    engine: Engine,
    table: type[StaffSession] | type[PortalSession],
    session_id: int,
    now: datetime,
) -> None:
    statement = update(table).where(col(table.id) == session_id).values(seen_at=now)
    # Reading goes on when nothing can be written.
    with suppress(DiskFull), Session(engine) as session, session.begin():
        session.execute(statement)


def _find_person(engine: Engine, criterion: ColumnElement[bool]) -> KnownPerson | None:
    statement = select(
        col(Person.id),
        col(Person.email),
        col(Person.password_hash),
        col(Person.totp_enabled_at).is_not(None),
        col(Person.initial_until),
    ).where(criterion)
    with Session(reading(engine)) as session:
        found = session.execute(statement).one_or_none()
    return None if found is None else KnownPerson(*found)


def _find(engine: Engine, statement: Any, **values: Any) -> Any:
    """Return the one row of a statement that names its columns, or None."""
    with asking(engine).connect() as connection:
        return connection.execute(statement, values).one_or_none()


# Every request asks some of these, so they are written once: putting one together
# costs more than its answer.
_STAFF_SESSION = (
    select(
        col(StaffSession.id),
        col(StaffSession.person_id),
        col(StaffSession.owes),
        col(StaffSession.created_at),
        col(StaffSession.seen_at),
        col(Member.id),
        col(Member.workspace_id),
        col(Member.role),
    )
    .join(Member, col(Member.id) == col(StaffSession.member_id))
    .where(
        col(StaffSession.token_digest) == bindparam("token_digest"),
        col(StaffSession.ended_at).is_(None),
        col(Member.removed_at).is_(None),
    )
)

_MEMBERSHIP = select(col(Member.role)).where(
    col(Member.person_id) == bindparam("person_id"),
    col(Member.workspace_id) == bindparam("workspace_id"),
    col(Member.removed_at).is_(None),
)

_PORTAL_SESSION = (
    select(
        col(PortalSession.id),
        col(PortalSession.email),
        col(PortalSession.customer_id),
        col(PortalSession.invoice_id),
        col(PortalSession.may_pay),
        col(PortalSession.totp_at),
        col(PortalSession.created_at),
        col(PortalSession.seen_at),
        col(WorkspaceSettings.portal).label("of_workspace"),
        # None while one of several customers is still to be chosen.
        col(Customer.portal).label("of_customer"),
    )
    .join(
        WorkspaceSettings,
        col(WorkspaceSettings.workspace_id) == col(PortalSession.workspace_id),
    )
    .outerjoin(
        Customer,
        and_(
            col(Customer.workspace_id) == col(PortalSession.workspace_id),
            col(Customer.id) == col(PortalSession.customer_id),
        ),
    )
    .where(
        col(PortalSession.token_digest) == bindparam("token_digest"),
        col(PortalSession.workspace_id) == bindparam("workspace_id"),
        col(PortalSession.ended_at).is_(None),
    )
)

_DESK = (
    select(
        col(Workspace.id),
        col(WorkspaceSettings.portal),
        col(WorkspaceSettings.language),
    )
    .join(WorkspaceSettings, col(WorkspaceSettings.workspace_id) == Workspace.id)
    .where(col(Workspace.slug) == bindparam("slug"))
)

_RECEIVER = select(
    col(StripeAccount.workspace_id), col(StripeAccount.webhook_secret_encrypted)
).join(Workspace, col(Workspace.id) == col(StripeAccount.workspace_id))
_RECEIVER_BY_ID = _RECEIVER.where(col(Workspace.id) == bindparam("workspace_id"))
_RECEIVER_BY_SLUG = _RECEIVER.where(col(Workspace.slug) == bindparam("slug"))

_PRINTED = (
    select(
        col(IssuedDocument.workspace_id),
        col(IssuedDocument.id),
        col(IssuedDocument.kind),
        col(WorkspaceSettings.portal),
    )
    .join(
        WorkspaceSettings,
        col(WorkspaceSettings.workspace_id) == col(IssuedDocument.workspace_id),
    )
    .order_by(col(IssuedDocument.id))
    .limit(1)
)
_CREDIT_NOTE = (
    select(
        col(CreditNote.workspace_id),
        col(CreditNote.id),
        literal(DocumentKind.CREDIT_NOTE.value).label("kind"),
        col(WorkspaceSettings.portal),
    )
    .join(
        WorkspaceSettings,
        col(WorkspaceSettings.workspace_id) == col(CreditNote.workspace_id),
    )
    .order_by(col(CreditNote.id))
    .limit(1)
)


def _begins(table: type[Printed]) -> ColumnElement[bool]:
    digest = col(table.content_digest)
    return and_(digest >= bindparam("low"), digest < bindparam("high"))


_BY_CONTENT = (
    _PRINTED.where(_begins(IssuedDocument)),
    _CREDIT_NOTE.where(_begins(CreditNote)),
)
_BY_FILE = (
    _PRINTED.where(col(IssuedDocument.pdf_digest) == bindparam("file")),
    _CREDIT_NOTE.where(col(CreditNote.pdf_digest) == bindparam("file")),
    _PRINTED.join(
        PrintedCopy,
        and_(
            col(PrintedCopy.workspace_id) == col(IssuedDocument.workspace_id),
            col(PrintedCopy.invoice_id) == col(IssuedDocument.invoice_id),
            col(IssuedDocument.payment_id) == 0,
        ),
    ).where(col(PrintedCopy.file_digest) == bindparam("file")),
)

_SHARED_DRAFT = select(col(SharedDraft.workspace_id), col(SharedDraft.id)).where(
    col(SharedDraft.token_digest) == bindparam("digest")
)

_IS_LIVE_LINK = (
    col(PortalLink.revoked_at).is_(None),
    or_(
        col(PortalLink.expires_at).is_(None),
        col(PortalLink.expires_at) > bindparam("now"),
    ),
)

_SHORT_LINK = select(col(PortalLink.invoice_id), col(PortalLink.token_encrypted)).where(
    col(PortalLink.short_digest) == bindparam("short_digest"), *_IS_LIVE_LINK
)

_SETUP_COLUMNS = (
    col(Customer.workspace_id),
    col(Customer.id),
    col(Workspace.slug),
    col(Workspace.zone),
    col(Workspace.currency),
    col(WorkspaceSettings.portal),
    col(Customer.portal),
    col(Invoice.portal),
    col(StripeAccount.secret_key_encrypted),
    col(StripeAccount.webhook_secret_encrypted),
    col(StripeAccount.charges_enabled),
    col(StripeAccount.publishable_key),
    col(Customer.language),
    col(WorkspaceSettings.language),
)

_PREVIEWED = select(col(Invoice.customer_id)).where(
    col(Invoice.workspace_id) == bindparam("workspace_id"),
    col(Invoice.id) == bindparam("named_id"),
    col(Invoice.published_at).is_not(None),
    col(Invoice.customer_id).is_not(None),
)

_OF_CUSTOMER = (
    select(*_SETUP_COLUMNS)
    .select_from(Customer)
    .join(Workspace, col(Workspace.id) == col(Customer.workspace_id))
    .join(WorkspaceSettings, col(WorkspaceSettings.workspace_id) == Workspace.id)
    .outerjoin(StripeAccount, col(StripeAccount.workspace_id) == Workspace.id)
    .outerjoin(
        Invoice,
        and_(
            col(Invoice.workspace_id) == col(Customer.workspace_id),
            col(Invoice.customer_id) == col(Customer.id),
            col(Invoice.id) == bindparam("named_id"),
        ),
    )
    .where(
        col(Customer.workspace_id) == bindparam("workspace_id"),
        col(Customer.id) == bindparam("customer_id"),
    )
)

_BY_LINK = (
    select(col(PortalLink.id), col(PortalLink.invoice_id), *_SETUP_COLUMNS)
    .select_from(PortalLink)
    .join(Customer, col(Customer.id) == col(PortalLink.customer_id))
    .join(Workspace, col(Workspace.id) == col(PortalLink.workspace_id))
    .join(WorkspaceSettings, col(WorkspaceSettings.workspace_id) == Workspace.id)
    .outerjoin(StripeAccount, col(StripeAccount.workspace_id) == Workspace.id)
    .outerjoin(
        Invoice,
        and_(
            col(Invoice.workspace_id) == col(PortalLink.workspace_id),
            col(Invoice.customer_id) == col(PortalLink.customer_id),
            # Whose own settings count: the one that is named, or else the link's.
            col(Invoice.id)
            == func.coalesce(
                bindparam("named_id", type_=BigInteger), col(PortalLink.invoice_id)
            ),
        ),
    )
    .where(col(PortalLink.token_digest) == bindparam("token_digest"), *_IS_LIVE_LINK)
)
# A customer link never opens the page of an invoice link, nor the other way.
_BY_CUSTOMER_LINK = _BY_LINK.where(col(PortalLink.invoice_id).is_(None))
_BY_INVOICE_LINK = _BY_LINK.where(col(PortalLink.invoice_id).is_not(None))
