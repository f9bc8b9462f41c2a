"""Make, copy, share and revoke the secret URLs of the portal."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import col, select

from billing_app.database.access import inner, staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission, StaffActor
from billing_app.domain.errors import Conflict, NotFound
from billing_app.domain.events import (
    LinkCreated,
    LinkRevoked,
    LinkShared,
    PortalPreviewed,
    Topic,
)
from billing_app.domain.portal_place import preview_path
from billing_app.domain.portal_settings import LinkExpiry, link_expires_at
from billing_app.domain.short_link import short_code
from billing_app.models import (
    Customer,
    Invoice,
    PortalLink,
)
from billing_app.queries.portal_rules import read_choices, rules_of_customer
from billing_app.services.outstanding import close_checkouts, close_checkouts_of_link


@staff(Permission.MANAGE_LINKS)
def new_link(uow: UnitOfWork, invoice_id: int) -> str:
    """Make a new link to an invoice; every older one stops working at once.

    Returns:
        The token, which is shown in no log and stored as digest and ciphertext.

    Raises:
        Conflict: a draft, which nobody outside may see.
    """
    invoice = uow.get(Invoice, invoice_id, lock=True)
    _revoke_all(uow, invoice)
    return make_link(uow, invoice)


@staff(Permission.MANAGE_LINKS)
def copy_link(uow: UnitOfWork, invoice_id: int) -> str:
    """Return the live link's token, making one where none is live."""
    invoice = uow.get(Invoice, invoice_id, lock=True)
    link = find_live_link(uow, invoice_id)
    return make_link(uow, invoice) if link is None else _copied(uow, link)


@staff(Permission.VIEW)
def preview_invoice(uow: UnitOfWork, invoice_id: int) -> str:
    """Return the path to look at as the customer does, and write down who looks.

    It carries no link, so that whoever may only read gets nothing to act with, and
    access that was revoked stays so. The look itself leaves no visit.

    Raises:
        Conflict: the customer does not see it.
    """
    invoice = uow.get(Invoice, invoice_id)
    if invoice.published_at is None:
        raise Conflict("There is nothing to preview: it is not in the portal.")
    uow.record(PortalPreviewed(invoice_id=invoice_id, customer_id=invoice.customer_id))
    return f"/account/{uow.workspace.slug}/{invoice_id}?preview=1"


@staff(Permission.VIEW)
def preview_account(uow: UnitOfWork, customer_id: int) -> str:
    """Return the path to look at a customer's account, and write down who looks.

    As with one invoice it carries no link, and the look itself leaves no visit.
    """
    uow.get(Customer, customer_id)
    uow.record(PortalPreviewed(customer_id=customer_id))
    return preview_path(uow.workspace.slug, customer_id)


@staff(Permission.MANAGE_LINKS)
def revoke_links(uow: UnitOfWork, invoice_id: int) -> int:
    """Disable every link to an invoice; the invoice itself stays as it is.

    Returns:
        How many links worked until now.
    """
    return _revoke_all(uow, uow.get(Invoice, invoice_id, lock=True))


@staff(Permission.MANAGE_LINKS)
def share_by_mail(uow: UnitOfWork, invoice_id: int, email: str) -> None:
    """Mail the live link to one address.

    Raises:
        Conflict: the invoice is not in the portal, so the link would open nothing.
    """
    invoice = uow.get(Invoice, invoice_id, lock=True)
    if invoice.published_at is None:
        raise Conflict(
            "The link opens nothing yet: the customer does not see the invoice."
        )
    link = find_live_link(uow, invoice_id)
    if link is None:
        make_link(uow, invoice)
        link = find_live_link(uow, invoice_id)
    assert link is not None
    assert link.id is not None

    key = f"link:{link.id}:{email}:{uow.now.isoformat(timespec='minutes')}"
    uow.promise(Topic.MAIL_LINK, key, invoice_id, email=email, link_id=link.id)
    uow.record(
        LinkShared(
            invoice_id=invoice_id,
            customer_id=invoice.customer_id,
            link_id=link.id,
            channel="mail",
        )
    )


@staff(Permission.MANAGE_LINKS)
def new_customer_link(uow: UnitOfWork, customer_id: int) -> str:
    """Make a new link to a customer's account; older ones stop working at once.

    Returns and stores the token as `new_link`.
    """
    customer = uow.get(Customer, customer_id, lock=True)
    _revoke_of_customer(uow, customer_id)
    return _make_customer_link(uow, customer)


@staff(Permission.MANAGE_LINKS)
def copy_customer_link(uow: UnitOfWork, customer_id: int) -> str:
    """Return the live customer link's token, making one where none is live."""
    customer = uow.get(Customer, customer_id, lock=True)
    live = [x for x in _links_of_customer(uow, customer_id) if _is_live(uow, x)]
    if not live:
        return _make_customer_link(uow, customer)
    return _copied(uow, live[-1])


@staff(Permission.MANAGE_LINKS)
def revoke_customer_links(uow: UnitOfWork, customer_id: int) -> int:
    """Disable every link to a customer's account; links to invoices stay.

    Returns:
        How many links worked until now.
    """
    uow.get(Customer, customer_id, lock=True)
    return _revoke_of_customer(uow, customer_id)


@inner
def make_link(uow: UnitOfWork, invoice: Invoice) -> str:
    """Add a link to an issued invoice and return its token."""
    if invoice.state == "draft":
        raise Conflict("A draft has no link. Issue it first.")
    assert invoice.customer_id is not None
    assert invoice.id is not None
    member_id = uow.actor.member_id if isinstance(uow.actor, StaffActor) else None
    token = uow.new_token()
    link = uow.add(
        PortalLink(
            customer_id=invoice.customer_id,
            invoice_id=invoice.id,
            **uow.cipher.stored_link(token),
            created_by=member_id,
            created_at=uow.now,
            expires_at=link_expires_at(
                read_choices(uow, invoice.id),
                uow.now,
                invoice.due_on,
                is_paid=invoice.outstanding_minor <= 0,
            ),
        )
    )
    assert link.id is not None
    uow.record(
        LinkCreated(
            invoice_id=invoice.id, customer_id=invoice.customer_id, link_id=link.id
        )
    )
    return token


@inner
def find_live_link(uow: UnitOfWork, invoice_id: int) -> PortalLink | None:
    """Return the newest link that opens the invoice now, or None."""
    links = uow.all(
        select(PortalLink)
        .where(
            col(PortalLink.invoice_id) == invoice_id,
            col(PortalLink.revoked_at).is_(None),
        )
        .order_by(col(PortalLink.id).desc())
    )
    return next((x for x in links if _is_live(uow, x)), None)


@inner
def live_token(uow: UnitOfWork, invoice_id: int) -> str:
    """Return the token of the live link.

    Raises:
        NotFound: no link is live.
    """
    link = find_live_link(uow, invoice_id)
    if link is None:
        raise NotFound("This invoice has no live link.")
    return _token_of(uow, link)


def _revoke_all(uow: UnitOfWork, invoice: Invoice) -> int:
    links = uow.all(
        select(PortalLink).where(
            col(PortalLink.invoice_id) == invoice.id,
            col(PortalLink.revoked_at).is_(None),
        )
    )
    for link in links:
        link.revoked_at = uow.now
        uow.flush()
        uow.record(
            LinkRevoked(
                invoice_id=invoice.id, customer_id=invoice.customer_id, link_id=link.id
            )
        )
        uow.touch(f"link:{link.id}")
    assert invoice.id is not None
    # A payment page leads back to the link it was opened from.
    close_checkouts(uow, invoice.id)
    return len(links)


def _make_customer_link(uow: UnitOfWork, customer: Customer) -> str:
    assert customer.id is not None
    settings = rules_of_customer(uow, customer.id).settings
    # An account has no due date and is never paid off.
    expires_at = None
    if settings.link_expiry == LinkExpiry.AFTER_DAYS:
        expires_at = link_expires_at(settings, uow.now, None)
    token = uow.new_token()
    assert isinstance(uow.actor, StaffActor)
    link = uow.add(
        PortalLink(
            customer_id=customer.id,
            **uow.cipher.stored_link(token),
            created_by=uow.actor.member_id,
            created_at=uow.now,
            expires_at=expires_at,
        )
    )
    assert link.id is not None
    uow.record(LinkCreated(customer_id=customer.id, link_id=link.id))
    return token


def _links_of_customer(uow: UnitOfWork, customer_id: int) -> Sequence[PortalLink]:
    return uow.all(
        select(PortalLink)
        .where(
            col(PortalLink.customer_id) == customer_id,
            col(PortalLink.invoice_id).is_(None),
            col(PortalLink.revoked_at).is_(None),
        )
        .order_by(col(PortalLink.id))
    )


def _revoke_of_customer(uow: UnitOfWork, customer_id: int) -> int:
    links = _links_of_customer(uow, customer_id)
    for link in links:
        link.revoked_at = uow.now
        uow.flush()
        assert link.id is not None
        uow.record(LinkRevoked(customer_id=customer_id, link_id=link.id))
        uow.touch(f"link:{link.id}")
        close_checkouts_of_link(uow, link.id)
    return len(links)


def _is_live(uow: UnitOfWork, link: PortalLink) -> bool:
    return link.expires_at is None or link.expires_at > uow.now


def _copied(uow: UnitOfWork, link: PortalLink) -> str:
    """Return the token; its short address leads somewhere from now on."""
    token = _token_of(uow, link)
    if link.short_digest is None:
        link.short_digest = uow.cipher.short_digest(short_code(token))
    return token


def _token_of(uow: UnitOfWork, link: PortalLink) -> str:
    return uow.cipher.decrypt(link.token_encrypted)
