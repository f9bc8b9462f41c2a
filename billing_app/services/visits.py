"""Write down that somebody has looked, by how sure that is."""

from __future__ import annotations

from billing_app.database.access import acting_visitor, inner
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import PortalVisitor
from billing_app.domain.events import InvoiceViewed
from billing_app.domain.portal_settings import ActivityDetail
from billing_app.domain.visit import (
    Evidence,
    VisitKind,
    keeps_fetched,
    once_key,
    seen_evidence,
)
from billing_app.models import Invoice, PortalVisit


@acting_visitor
def note_fetched(uow: UnitOfWork, kind: VisitKind, detail: ActivityDetail) -> None:
    """Write down that a page or file was asked for, once for each link and hour.

    Nothing else changes: whoever asked may have been a program.
    """
    visitor = uow.actor
    assert isinstance(visitor, PortalVisitor)
    if keeps_fetched(visitor, detail) and _add(uow, Evidence.FETCHED, kind):
        _touch(uow, visitor)


@acting_visitor
def note_seen(uow: UnitOfWork, detail: ActivityDetail) -> None:
    """Write down that the page was visible to a person for two seconds.

    Staff's own browsers leave nothing. Only the first visit ever moves the date.
    """
    visitor = uow.actor
    assert isinstance(visitor, PortalVisitor)
    if visitor.is_staff or detail == ActivityDetail.OFF:
        return
    if detail == ActivityDetail.FULL and _add(
        uow, seen_evidence(visitor), VisitKind.PAGE
    ):
        _touch(uow, visitor)
    if visitor.invoice_id is not None:
        _note_first(uow, visitor.invoice_id)


@inner
def _note_first(uow: UnitOfWork, invoice_id: int) -> None:
    """Write the date of the first view on the invoice, once."""
    if uow.get(Invoice, invoice_id).first_viewed_at is not None:
        return
    # Two may look at once; the lock lets one of them be the first.
    invoice = uow.get(Invoice, invoice_id, lock=True)
    if invoice.first_viewed_at is not None:
        return
    invoice.first_viewed_at = uow.now
    uow.flush()
    uow.record(InvoiceViewed(invoice_id=invoice.id, customer_id=invoice.customer_id))


@inner
def _add(uow: UnitOfWork, evidence: Evidence, kind: VisitKind) -> bool:
    """Add a visit; tell whether it is the first of its kind in this hour."""
    visitor = uow.actor
    assert isinstance(visitor, PortalVisitor)
    visit = {
        "link_id": visitor.link_id,
        "session_id": visitor.session_id,
        "customer_id": visitor.customer_id,
        "invoice_id": visitor.invoice_id,
        "evidence": evidence,
        "kind": kind,
        "once_key": once_key(visitor, evidence, kind, uow.now),
        "at": uow.now,
    }
    return uow.add_unless_there(PortalVisit, visit) is not None


@inner
def _touch(uow: UnitOfWork, visitor: PortalVisitor) -> None:
    # The business's own pages listen to these: a customer's page shows no visits.
    uow.touch(f"activity:customer:{visitor.customer_id}")
    uow.touch(f"activity:invoice:{visitor.invoice_id}")
