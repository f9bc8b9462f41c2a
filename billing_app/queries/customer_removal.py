"""Whether a customer may go, and what of one recorded twice the other gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlmodel import col, select

from billing_app.database.access import inner, staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.errors import Conflict
from billing_app.domain.invoice import InvoiceState
from billing_app.models import (
    BillableEvent,
    Customer,
    CustomerContact,
    Invoice,
    Payment,
    PortalVisit,
    StaffNote,
)

# What the one who is kept takes over where it has nothing.
FILLED_FIELDS = (
    "email",
    "contact_name",
    "phone",
    "vat_id",
    "registration",
    "electronic_address",
    "reference",
)
# These say one thing together.
ADDRESS_FIELDS = ("address", "postal_code", "town", "region", "country")


@dataclass(frozen=True, slots=True)
class MergePreview:
    """What merging one customer into another does.

    Attributes:
        drafts: that go on with the one who is kept; deleted ones too.
        events: not billed yet, which go with them.
        addresses: that the one who is kept gets as contacts.
        fields: of the one who is kept, that are empty and get a value.
        issued, payments: that stay with the one who goes.
    """

    merged_name: str
    kept_id: int
    kept_name: str
    drafts: int
    events: int
    addresses: tuple[str, ...]
    fields: tuple[str, ...]
    issued: int
    payments: int


@inner
def why_customer_stays(uow: UnitOfWork, customer_id: int) -> str:
    """Return what is on record of a customer that has to stay, or nothing."""
    looked = col(PortalVisit.evidence) != "fetched"
    uses: dict[str, tuple[Any, Any]] = {
        "an invoice or a draft": (Invoice, col(Invoice.customer_id)),
        "a payment": (Payment, col(Payment.customer_id)),
        "an event to bill": (BillableEvent, col(BillableEvent.customer_id)),
        "a note of the staff": (StaffNote, col(StaffNote.customer_id)),
        "a visit to the portal": (PortalVisit, col(PortalVisit.customer_id)),
        "another customer merged into it": (Customer, col(Customer.merged_into_id)),
    }
    for words, (table, column) in uses.items():
        found = select(col(table.id)).where(column == customer_id).limit(1)
        if table is PortalVisit:
            found = found.where(looked)
        if uow.first(found) is not None:
            return words
    return ""


@staff(Permission.REMOVE_CUSTOMER)
def preview_merge(uow: UnitOfWork, merged_id: int, kept_id: int) -> MergePreview:
    """Return what a merge would do, changing nothing.

    Raises:
        NotFound: one of them is not in this workspace.
        Conflict: they can't be merged.
    """
    merged, kept = uow.get(Customer, merged_id), uow.get(Customer, kept_id)
    check_mergeable(merged, kept)
    events = select(BillableEvent.id).where(*moving_events(merged_id))
    issued = select(Invoice.id).where(
        col(Invoice.customer_id) == merged_id,
        col(Invoice.state) != InvoiceState.DRAFT,
    )
    payments = select(Payment.id).where(col(Payment.customer_id) == merged_id)
    contacts = list_missing_contacts(uow, merged, kept)
    return MergePreview(
        merged_name=merged.name,
        kept_id=kept_id,
        kept_name=kept.name,
        drafts=uow.count(moving_drafts(merged_id)),
        events=uow.count(events),
        addresses=tuple(each.email for each in contacts),
        fields=tuple(find_missing_fields(merged, kept)),
        issued=uow.count(issued),
        payments=uow.count(payments),
    )


def check_mergeable(merged: Customer, kept: Customer) -> None:
    """Refuse to merge a customer with itself, or one that is gone already.

    Raises:
        Conflict: saying why.
    """
    if merged.id == kept.id:
        raise Conflict("Choose another customer: this is the same one.")
    if merged.merged_into_id is not None:
        raise Conflict(f"{merged.name} was merged already.")
    if kept.archived_at is not None:
        raise Conflict(f"{kept.name} is archived. Restore it first.")


def moving_drafts(merged_id: int) -> Any:
    """Select the drafts that go along; a cancelled one stays as it was."""
    return select(Invoice).where(
        col(Invoice.customer_id) == merged_id,
        col(Invoice.state) == InvoiceState.DRAFT,
        col(Invoice.cancelled_at).is_(None),
    )


def moving_events(merged_id: int) -> tuple[Any, ...]:
    return (
        col(BillableEvent.customer_id) == merged_id,
        col(BillableEvent.billed_at).is_(None),
    )


@inner
def list_missing_contacts(
    uow: UnitOfWork, merged: Customer, kept: Customer
) -> list[CustomerContact]:
    """Return contacts, not kept yet, for the people whom only the other one names.

    The customer's own address becomes one who is mailed nothing. None of them sees
    more of the one who is kept than an invoice they are sent.
    """
    assert merged.id is not None
    assert kept.id is not None
    known = {kept.email_key or (merged.email_key or "")}
    known |= {x.email.lower() for x in _contacts(uow, kept.id)}
    found: list[CustomerContact] = []
    own = CustomerContact(
        customer_id=merged.id,
        name=merged.contact_name,
        email=merged.email,
        kind="none",
    )
    for each in (own, *_contacts(uow, merged.id)):
        if each.email and each.email.lower() not in known:
            known.add(each.email.lower())
            found.append(
                CustomerContact(
                    customer_id=kept.id,
                    name=each.name,
                    email=each.email,
                    kind=each.kind,
                    may_pay=each.may_pay,
                )
            )
    return found


def _contacts(uow: UnitOfWork, customer_id: int) -> list[CustomerContact]:
    statement = (
        select(CustomerContact)
        .where(col(CustomerContact.customer_id) == customer_id)
        .order_by(col(CustomerContact.id))
    )
    return list(uow.all(statement))


def find_missing_fields(merged: Customer, kept: Customer) -> dict[str, Any]:
    """Return what the one who is kept lacks and the other has, by column."""
    found = {
        name: getattr(merged, name)
        for name in FILLED_FIELDS
        if getattr(merged, name) and not getattr(kept, name)
    }
    if not any(getattr(kept, name) for name in ADDRESS_FIELDS):
        address = {name: getattr(merged, name) for name in ADDRESS_FIELDS}
        found |= {name: value for name, value in address.items() if value}
    own = {**merged.custom_fields, **kept.custom_fields}
    if own != kept.custom_fields:
        found["custom_fields"] = own
    return found
