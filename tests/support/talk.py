"""Builders of conversations: who writes, with which proof, and what is said."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any

from sqlmodel import col, select

from billing_app.domain.actors import PortalVisitor, Proof
from billing_app.domain.comment import CommentForm, Reserved, Side
from billing_app.domain.portal_settings import PortalSettings, WriteAuth
from billing_app.models import Comment, Invoice, PortalSession, WorkspaceSettings
from billing_app.services import conversations, portal_sessions
from billing_app.services.conversations import PostingRules
from billing_app.services.portal_sessions import CodePlace
from tests.support.billing import visitor_of
from tests.support.world import Place, World

OPEN = PortalSettings(write_auth=WriteAuth.LINK)

_keys = count(1)


def typed(body: str = "When was this?", **fields: str) -> CommentForm:
    """A comment as a customer would type it, with a request key of its own."""
    named = {
        "name": "Ines Vermeer",
        "email": "ines@vermeer.example",
        "request_key": f"request-{next(_keys):06}",
    }
    return CommentForm(**{**named, "body": body, **fields})


def allowing(
    settings: PortalSettings = OPEN, *reserved: str, proven_email: str = ""
) -> PostingRules:
    return PostingRules(settings, Reserved(reserved), proven_email)


def say(
    world: World, place: Place, invoice_id: int, body: str = "Hello", **fields: str
) -> int:
    """Post as whoever holds the invoice's link."""
    visitor = visitor_of(world, place, invoice_id)
    form = typed(body, **fields)
    return world.run(visitor, conversations.post_comment, invoice_id, form, allowing())


def answer(
    world: World, place: Place, invoice_id: int, body: str = "Hello", **fields: str
) -> int:
    form = typed(body, **fields)
    return world.run(place.accounting, conversations.post_reply, invoice_id, form)


def proven(
    world: World,
    place: Place,
    visitor: PortalVisitor,
    proof: Proof = Proof.CODE,
    *,
    email: str = "ap@vermeer.example",
    token_digest: str = "",
    has_totp: bool = False,
) -> PortalVisitor:
    """Give a visitor a customer session."""
    with world.unit(place.system) as uow:
        session = uow.add(
            PortalSession(
                token_digest=token_digest or uow.new_token(),
                email=email,
                email_key=email,
                customer_id=visitor.customer_id,
                invoice_id=visitor.invoice_id if proof == Proof.CODE else None,
                totp_at=uow.now if has_totp else None,
                created_at=uow.now,
                seen_at=uow.now,
            )
        )
    return replace(visitor, proof=proof, session_id=session.id, has_totp=has_totp)


def open_a_session(world: World, place: Place, customer_id: int) -> int:
    """Let the customer confirm their address for the whole account; return its id."""
    for_account = CodePlace(customer_id=customer_id)
    open_session = portal_sessions.open_session
    world.run(place.system, open_session, for_account, "ap@vermeer.example", "Firefox")
    with world.reading(place.system) as uow:
        latest = select(PortalSession.id).order_by(col(PortalSession.id).desc())
        return uow.first(latest.limit(1)) or 0


def open_sessions(world: World, place: Place, customer_id: int = 0) -> int:
    """Count the sessions that have not ended, of one customer or of all."""
    statement = select(PortalSession.customer_id).where(
        col(PortalSession.ended_at).is_(None)
    )
    with world.reading(place.system) as uow:
        found = list(uow.all(statement))
    return found.count(customer_id) if customer_id else len(found)


def choose(world: World, place: Place, **portal: Any) -> None:
    """Set the workspace's portal settings."""
    with world.unit(place.system) as uow:
        settings = uow.one(select(WorkspaceSettings))
        settings.portal = PortalSettings(**portal).to_stored()


def fill_thread(
    world: World,
    place: Place,
    invoice_id: int,
    many: int,
    dispute_id: int | None = None,
) -> None:
    """Store many comments at once, as if they had come over years."""
    with world.unit(place.system) as uow:
        customer_id = uow.get(Invoice, invoice_id).customer_id
        assert customer_id is not None
        uow.add_all(
            [
                Comment(
                    customer_id=customer_id,
                    invoice_id=invoice_id,
                    dispute_id=dispute_id,
                    side=Side.CUSTOMER,
                    author_name="Ines Vermeer",
                    author_email="ines@vermeer.example",
                    body=f"Comment {number}",
                    request_key=f"old-{number}",
                    created_at=uow.now,
                )
                for number in range(1, many + 1)
            ]
        )


def bodies(world: World, place: Place, invoice_id: int) -> list[str]:
    statement = (
        select(Comment.body)
        .where(col(Comment.invoice_id) == invoice_id)
        .order_by(col(Comment.id))
    )
    with world.reading(place.system) as uow:
        return list(uow.all(statement))
