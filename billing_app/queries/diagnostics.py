"""What support looks at when a customer can't open, comment, dispute or pay."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, or_, select
from sqlmodel import col

from billing_app.database.access import inner, staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.diagnostics import (
    CodeState,
    DiagnosticFacts,
    LinkState,
    Question,
    ask_all,
)
from billing_app.domain.portal_proof import SESSION_IDLE, SESSION_LIFETIME
from billing_app.models import (
    Customer,
    CustomerContact,
    Invoice,
    OneTimeCode,
    PortalLink,
    PortalSession,
    PortalVisit,
)
from billing_app.queries.payability import read_payability
from billing_app.queries.portal_rules import read_rules


@staff(Permission.VIEW)
def read_diagnostics(uow: UnitOfWork, invoice_id: int) -> tuple[Question, ...]:
    """Ask every gate of opening, commenting, disputing and paying. Changes nothing.

    Raises:
        NotFound: no such invoice in this workspace.
    """
    invoice = uow.get(Invoice, invoice_id)
    customer_id = invoice.customer_id or 0
    sessions, whole, with_totp, looking = _count_sessions(uow, customer_id, invoice_id)
    return ask_all(
        DiagnosticFacts(
            resolved=read_rules(uow, invoice_id),
            is_published=invoice.published_at is not None,
            is_draft=invoice.state == "draft",
            link=_find_link(uow, invoice_id),
            seen_at=_find_seen(uow, invoice_id),
            code=_find_code(uow, invoice_id),
            sessions=sessions,
            account_sessions=whole,
            totp_sessions=with_totp,
            can_be_mailed=_has_address(uow, customer_id),
            pay_gates=read_payability(uow, invoice_id).gates,
            now=uow.now,
            looking_sessions=looking,
        )
    )


@inner
def _count_sessions(
    uow: UnitOfWork, customer_id: int, invoice_id: int
) -> tuple[int, int, int, int]:
    """Count the live sessions that prove something on this invoice."""
    is_whole = col(PortalSession.invoice_id).is_(None)
    row = uow.one(
        select(
            func.count(),
            func.count().filter(is_whole),
            func.count().filter(col(PortalSession.totp_at).is_not(None)),
            func.count().filter(col(PortalSession.may_pay).is_(False)),
        )
        .select_from(PortalSession)
        .where(
            col(PortalSession.customer_id) == customer_id,
            or_(is_whole, col(PortalSession.invoice_id) == invoice_id),
            col(PortalSession.ended_at).is_(None),
            col(PortalSession.created_at) > uow.now - SESSION_LIFETIME,
            col(PortalSession.seen_at) > uow.now - SESSION_IDLE,
        )
    )
    return row[0], row[1], row[2], row[3]


def _find_link(uow: UnitOfWork, invoice_id: int) -> LinkState | None:
    row = uow.first(
        select(
            col(PortalLink.created_at),
            col(PortalLink.expires_at),
            col(PortalLink.revoked_at),
        )
        .where(col(PortalLink.invoice_id) == invoice_id)
        .order_by(col(PortalLink.id).desc())
        .limit(1)
    )
    return row and LinkState(*row)


def _find_seen(uow: UnitOfWork, invoice_id: int) -> datetime | None:
    return uow.one(
        select(func.max(PortalVisit.at)).where(
            col(PortalVisit.invoice_id) == invoice_id,
            # Mail scanners fetch; people see.
            col(PortalVisit.evidence) != "fetched",
        )
    )[0]


def _find_code(uow: UnitOfWork, invoice_id: int) -> CodeState | None:
    row = uow.first(
        select(
            col(OneTimeCode.created_at),
            col(OneTimeCode.expires_at),
            col(OneTimeCode.used_at),
            col(OneTimeCode.tries),
        )
        .where(
            col(OneTimeCode.place) == f"invoice:{invoice_id}",
            # An address that nobody knows says nothing about this customer.
            col(OneTimeCode.customer_id).is_not(None),
        )
        .order_by(col(OneTimeCode.id).desc())
        .limit(1)
    )
    return row and CodeState(*row)


def _has_address(uow: UnitOfWork, customer_id: int) -> bool:
    own = uow.first(select(col(Customer.email)).where(col(Customer.id) == customer_id))
    contact = select(col(CustomerContact.id)).where(
        col(CustomerContact.customer_id) == customer_id
    )
    return bool(own and own[0]) or uow.first(contact) is not None
