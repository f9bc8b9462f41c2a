"""Delete a customer who was never billed, and merge one who was recorded twice.

What happens to links, sign-ins and issued invoices of the one who goes:
docs/decisions/0047.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import delete, update
from sqlmodel import col, select

from billing_app.database.access import staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.draft import form_from_json, form_to_json
from billing_app.domain.errors import Conflict
from billing_app.domain.events import (
    CustomerDeleted,
    CustomerMerged,
    CustomerMergedAway,
    DraftSaved,
)
from billing_app.models import (
    BillableEvent,
    ContactTotp,
    Customer,
    CustomerContact,
    Invoice,
    MailRefusal,
    OneTimeCode,
    PortalLink,
    PortalSession,
    PortalVisit,
    SharedDraft,
)
from billing_app.queries.customer_removal import (
    check_mergeable,
    find_missing_fields,
    list_missing_contacts,
    moving_drafts,
    moving_events,
    why_customer_stays,
)

# What belongs to a customer alone, each before what it names.
_OWN: tuple[Any, ...] = (
    PortalVisit,
    PortalSession,
    OneTimeCode,
    ContactTotp,
    PortalLink,
    MailRefusal,
    CustomerContact,
)


@staff(Permission.REMOVE_CUSTOMER)
def delete_customer(uow: UnitOfWork, customer_id: int) -> None:
    """Delete a customer nothing is on record of; the trail keeps the name.

    Raises:
        NotFound: no such customer in this workspace.
        Conflict: something was recorded of them, so they can only be archived.
    """
    customer = uow.get(Customer, customer_id, lock=True)
    if reason := why_customer_stays(uow, customer_id):
        raise Conflict(f"There is {reason} on record. Archive this customer instead.")
    for table in _OWN:
        uow.execute(delete(table).where(col(table.customer_id) == customer_id))
    name = customer.name
    uow.delete(customer)
    uow.record(CustomerDeleted(customer_id=customer_id, customer_name=name))


@staff(Permission.REMOVE_CUSTOMER)
def merge_customers(uow: UnitOfWork, merged_id: int, kept_id: int) -> None:
    """Let one customer stand for both from now on. It can't be undone.

    Drafts and what waits to be billed go along, people become contacts, and what the
    one who is kept lacks is filled in. What was issued or paid stays where it is, with
    its links; the one who goes is archived.

    Raises:
        NotFound: one of them is not in this workspace.
        Conflict: they can't be merged.
    """
    both = {x: uow.get(Customer, x, lock=True) for x in sorted({merged_id, kept_id})}
    merged, kept = both[merged_id], both[kept_id]
    check_mergeable(merged, kept)

    contacts = list_missing_contacts(uow, merged, kept)
    uow.add_all(contacts)
    _copy_refusals(uow, merged_id, kept_id)
    missing = find_missing_fields(merged, kept)
    for name, value in missing.items():
        setattr(kept, name, value)
    events = uow.execute(
        update(BillableEvent)
        .where(*moving_events(merged_id))
        .values(customer_id=kept_id)
    )
    drafts = _move_drafts(uow, merged_id, kept)
    uow.execute(
        update(Customer)
        .where(col(Customer.merged_into_id) == merged_id)
        .values(merged_into_id=kept_id)
    )
    merged.merged_into_id = kept_id
    merged.archived_at = merged.archived_at or uow.now
    uow.flush()
    uow.record(
        CustomerMerged(
            customer_id=kept_id,
            merged_id=merged_id,
            drafts=drafts,
            events=events,
            contacts=len(contacts),
            fields=tuple(missing),
        )
    )
    uow.record(CustomerMergedAway(customer_id=merged_id, merged_into_id=kept_id))


def _copy_refusals(uow: UnitOfWork, merged_id: int, kept_id: int) -> None:
    """Let what people chose not to be mailed hold for both."""
    found = {
        (x.customer_id, x.email_key, x.kind): x
        for x in uow.all(
            select(MailRefusal).where(
                col(MailRefusal.customer_id).in_((merged_id, kept_id))
            )
        )
    }
    for (customer_id, email_key, kind), refusal in found.items():
        if customer_id == merged_id and (kept_id, email_key, kind) not in found:
            uow.add(
                MailRefusal(
                    customer_id=kept_id,
                    email_key=email_key,
                    kind=kind,
                    refused_at=refusal.refused_at,
                )
            )


def _move_drafts(uow: UnitOfWork, merged_id: int, kept: Customer) -> int:
    """Bill the one who is kept, in the currency and by the day that was drafted."""
    assert kept.id is not None
    found = uow.all(
        moving_drafts(merged_id).order_by(col(Invoice.id)).with_for_update()
    )
    for draft in found:
        form = form_from_json(draft.draft or {})
        currency = form.currency or draft.currency
        moved = replace(form, customer_id=kept.id, currency=currency)
        draft.draft = form_to_json(moved)
        draft.customer_id = kept.id
        draft.customer_name, draft.customer_name_key = kept.name, kept.name_key
        draft.changed_at = uow.now
        draft.version += 1
        for table in (SharedDraft, PortalLink):
            named: Any = table
            uow.execute(
                update(named)
                .where(col(named.invoice_id) == draft.id)
                .values(customer_id=kept.id)
            )
        uow.flush()
        uow.record(
            DraftSaved(invoice_id=draft.id, customer_id=kept.id, version=draft.version)
        )
    return len(found)
