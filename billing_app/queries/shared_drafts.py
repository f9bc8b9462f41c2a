"""Drafts that are shown to their customers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from billing_app.database.access import job, staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.document import InvoiceDocument, from_json
from billing_app.domain.errors import NotFound
from billing_app.domain.invoice import InvoiceState
from billing_app.models import Invoice, SharedDraft
from billing_app.queries.portal_rules import rules_of_customer


@dataclass(frozen=True, slots=True)
class ShownDraft:
    """What its customer sees of a draft."""

    document: InvoiceDocument
    shared_at: datetime
    zone: str


@job
def read_shown_draft(uow: UnitOfWork, shared_id: int) -> ShownDraft:
    """Return a draft as it was shared.

    Raises:
        NotFound: it is shared no more, is a draft no more, or the portal is off.
    """
    shared = uow.get(SharedDraft, shared_id)
    draft = uow.get(Invoice, shared.invoice_id)
    settings = rules_of_customer(uow, shared.customer_id).settings
    is_open = (
        shared.revoked_at is None
        and draft.state == InvoiceState.DRAFT
        and draft.deleted_at is None
        and draft.cancelled_at is None
        and draft.customer_id == shared.customer_id
        and settings.is_on
        and settings.shows_invoices
        and settings.shares_drafts
    )
    if not is_open:
        raise NotFound("Page not found.")
    return ShownDraft(
        from_json(InvoiceDocument, shared.content),
        shared.shared_at,
        uow.workspace.zone,
    )


@staff(Permission.VIEW)
def find_share(uow: UnitOfWork, invoice_id: int) -> datetime | None:
    """Return when a draft was last shared, or None while its link opens nothing."""
    return uow.first(
        select(SharedDraft.shared_at).where(
            col(SharedDraft.invoice_id) == invoice_id,
            col(SharedDraft.revoked_at).is_(None),
        )
    )
