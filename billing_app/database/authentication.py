"""Turn a credential into an actor. The only place where actors are made.

Sessions and links belong to no actor yet when they are looked up, so these reads
run on a session without limits and name their columns.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, func, or_, select, update
from sqlmodel import Session, col

from billing_app.database.engine import reading
from billing_app.database.secrets import digest
from billing_app.domain.actors import PortalVisitor, Role, StaffActor, SystemActor
from billing_app.domain.errors import BillingError, NotFound, NotSignedIn
from billing_app.domain.payability import StripeConnection, stripe_connection
from billing_app.domain.portal_settings import PortalSettings, PortalSetup
from billing_app.domain.sign_in import SESSION_SEEN_STEP, Owes, is_session_live
from billing_app.models import (
    Member,
    Person,
    PortalLink,
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
class OpenedLink:
    """A live portal link: who holds it, and what the business shows there."""

    visitor: PortalVisitor
    setup: PortalSetup


def staff_from_session(engine: Engine, token: str, now: datetime) -> SignedIn:
    """Return who a session cookie stands for.

    Raises:
        NotSignedIn: no such session, or it ended, idled out or lost its member.
    """
    if not token or len(token) > _TOKEN_LENGTH_MAX:
        raise NotSignedIn("Please sign in.")
    statement = (
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
            col(StaffSession.token_digest) == digest(token),
            col(StaffSession.ended_at).is_(None),
            col(Member.removed_at).is_(None),
        )
    )
    with Session(reading(engine)) as session:
        found = session.execute(statement).one_or_none()
    if found is None:
        raise NotSignedIn("Please sign in.")
    session_id, person_id, owes, created_at, seen_at, member_id, *place = found
    if not is_session_live(Owes(owes), created_at, seen_at, now):
        raise NotSignedIn("You were signed out after a while without use.")
    if now - seen_at > SESSION_SEEN_STEP:
        _note_seen(engine, session_id, now)
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


def is_set_up(engine: Engine) -> bool:
    """Say whether anybody can sign in yet."""
    with Session(reading(engine)) as session:
        return session.scalar(select(col(Person.id)).limit(1)) is not None


def visitor_from_link(engine: Engine, token: str, now: datetime) -> PortalVisitor:
    """Return the visitor a portal link stands for.

    Raises:
        NotFound, PortalNotAvailable: as `open_link`.
    """
    return open_link(engine, token, now).visitor


def open_link(engine: Engine, token: str, now: datetime) -> OpenedLink:
    """Return the visitor a portal link stands for, and what the portal offers.

    Raises:
        NotFound: unknown, revoked or expired: one answer and one query for all.
        PortalNotAvailable: the link is good but the portal is switched off.
    """
    # Over-long tokens take the same way, so that they take the same time.
    statement = (
        select(
            col(PortalLink.id),
            col(PortalLink.workspace_id),
            col(PortalLink.customer_id),
            col(PortalLink.invoice_id),
            col(Workspace.zone),
            col(Workspace.currency),
            col(WorkspaceSettings.portal),
            col(StripeAccount.secret_key_encrypted),
            col(StripeAccount.webhook_secret_encrypted),
            col(StripeAccount.charges_enabled),
        )
        .join(Workspace, col(Workspace.id) == col(PortalLink.workspace_id))
        .join(WorkspaceSettings, col(WorkspaceSettings.workspace_id) == Workspace.id)
        .outerjoin(StripeAccount, col(StripeAccount.workspace_id) == Workspace.id)
        .where(
            col(PortalLink.token_digest) == digest(token[:_TOKEN_LENGTH_MAX]),
            col(PortalLink.revoked_at).is_(None),
            or_(col(PortalLink.expires_at).is_(None), col(PortalLink.expires_at) > now),
        )
    )
    with Session(reading(engine)) as session:
        found = session.execute(statement).one_or_none()
    if found is None:
        raise NotFound("Invoice not found.")
    link_id, workspace_id, customer_id, invoice_id, *chosen = found
    setup = _portal_setup(*chosen)
    if not setup.settings.is_on or not setup.settings.shows_invoices:
        raise PortalNotAvailable("This portal is not available at the moment.")
    visitor = PortalVisitor(workspace_id, customer_id, link_id, invoice_id)
    return OpenedLink(visitor, setup)


def open_page(
    engine: Engine,
    token: str,
    session_token: str,
    now: datetime,
    *,
    wants_preview: bool,
) -> OpenedLink:
    """Open a link for a page, its visitor marked when the browser is staff's own.

    Staff who open a customer's link leave no visit, and a preview cannot act.

    Raises:
        NotFound, PortalNotAvailable: as `open_link`.
    """
    link = open_link(engine, token, now)
    if not session_token:
        return link
    try:
        member = staff_actor(engine, session_token, now)
    except NotSignedIn:
        return link
    if member.workspace_id != link.visitor.workspace_id:
        return link
    staff = replace(link.visitor, is_staff=True, is_preview=wants_preview)
    return replace(link, visitor=staff)


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
    named = col(Workspace.slug) == workspace
    statement = (
        select(
            col(StripeAccount.workspace_id), col(StripeAccount.webhook_secret_encrypted)
        )
        .join(Workspace, col(Workspace.id) == col(StripeAccount.workspace_id))
        .where(col(Workspace.id) == int(workspace) if is_id else named)
    )
    with Session(reading(engine)) as session:
        found = session.execute(statement).one_or_none()
    if found is None or not found.webhook_secret_encrypted:
        return None
    actor = SystemActor(found.workspace_id, "stripe_webhook")
    return WebhookReceiver(actor, found.webhook_secret_encrypted)


def list_system_actors(engine: Engine, job: str) -> list[SystemActor]:
    """Return one actor for each workspace, for work that concerns them all."""
    with Session(reading(engine)) as session:
        ids = session.scalars(
            select(col(Workspace.id)).order_by(col(Workspace.id))
        ).all()
    return [SystemActor(workspace_id, job) for workspace_id in ids if workspace_id]


def _portal_setup(
    zone: str,
    currency: str,
    stored: dict[str, Any],
    secret_key: str | None,
    webhook_secret: str | None,
    charges_enabled: bool | None,
) -> PortalSetup:
    connection = stripe_connection(
        has_key=bool(secret_key),
        has_webhook_secret=bool(webhook_secret),
        charges_enabled=bool(charges_enabled),
    )
    is_connected = connection != StripeConnection.NOT_CONNECTED
    return PortalSetup(
        settings=PortalSettings.from_stored(stored),
        zone=zone,
        home_currency=currency,
        is_connected=is_connected,
        can_charge=is_connected and bool(charges_enabled),
    )


def _note_seen(engine: Engine, session_id: int, now: datetime) -> None:
    with Session(engine) as session, session.begin():
        session.execute(
            update(StaffSession)
            .where(col(StaffSession.id) == session_id)
            .values(seen_at=now)
        )


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
