"""Who at a customer may do what: contacts and their rights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlmodel import col, select

from billing_app.database.access import staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.contact import check_email
from billing_app.domain.errors import InvalidInput, NotFound
from billing_app.domain.events import (
    ContactAdded,
    ContactChanged,
    ContactRemoved,
)
from billing_app.domain.parsing import clean_text
from billing_app.models import Customer, CustomerContact
from billing_app.services.portal_sessions import end_contact_sessions
from billing_app.services.settings import set_values

CONTACTS_MAX = 50
KINDS = ("to", "cc", "none")


@dataclass(frozen=True, slots=True)
class ContactForm:
    """A further person at a customer, as typed.

    Attributes:
        kind: to gets the mail, cc a copy of it, none nothing.
        may_pay: may pay in the portal; may_see_all: may sign in to the account.
    """

    name: str = ""
    email: str = ""
    kind: str = ""
    may_pay: bool = False
    may_see_all: bool = False


@staff(Permission.EDIT_CUSTOMER)
def add_contact(uow: UnitOfWork, customer_id: int, form: ContactForm) -> int:
    """Add a person to a customer.

    Returns:
        The contact's id.

    Raises:
        NotFound: no such customer in this workspace.
        InvalidInput: a field can't be used, or the address is there already.
    """
    customer = uow.get(Customer, customer_id, lock=True)
    values = _read(form)
    others = _contacts(uow, customer_id)
    if len(others) >= CONTACTS_MAX:
        raise InvalidInput(f"A customer has at most {CONTACTS_MAX} contacts.")
    _check_is_new(str(values["email"]), customer, others)
    contact = uow.add(CustomerContact(customer_id=customer_id, **values))
    assert contact.id is not None
    uow.record(ContactAdded(customer_id=customer_id, contact_id=contact.id))
    return contact.id


@staff(Permission.EDIT_CUSTOMER)
def change_contact(
    uow: UnitOfWork, customer_id: int, contact_id: int, form: ContactForm
) -> None:
    """Change a person's address or rights. Fewer rights end that person's sessions.

    Raises:
        NotFound: no such contact of this customer.
        InvalidInput: as `add_contact`.
    """
    customer = uow.get(Customer, customer_id, lock=True)
    contact = _contact(uow, customer_id, contact_id)
    values = _read(form)
    others = [x for x in _contacts(uow, customer_id) if x.id != contact_id]
    _check_is_new(str(values["email"]), customer, others)
    changed = set_values(contact, **values)
    if not changed:
        return
    uow.flush()
    if {"email", "may_pay", "may_see_all"} & set(changed):
        end_contact_sessions(uow, contact_id)
    uow.record(
        ContactChanged(customer_id=customer_id, contact_id=contact_id, fields=changed)
    )


@staff(Permission.EDIT_CUSTOMER)
def remove_contact(uow: UnitOfWork, customer_id: int, contact_id: int) -> None:
    """Take a person away; their sessions end at once.

    Raises:
        NotFound: no such contact of this customer.
    """
    contact = _contact(uow, customer_id, contact_id)
    end_contact_sessions(uow, contact_id)
    uow.delete(contact)
    uow.flush()
    uow.record(ContactRemoved(customer_id=customer_id, contact_id=contact_id))


def _read(form: ContactForm) -> dict[str, Any]:
    if form.kind not in KINDS:
        raise InvalidInput("Choose which mail this person gets.", field="kind")
    return {
        "name": clean_text(form.name, length_max=200, field="name"),
        "email": check_email(form.email, "email"),
        "kind": form.kind,
        "may_pay": form.may_pay,
        "may_see_all": form.may_see_all,
    }


def _check_is_new(
    email: str, customer: Customer, others: list[CustomerContact]
) -> None:
    known = {customer.email.lower(), *(other.email.lower() for other in others)}
    if email.lower() in known:
        raise InvalidInput("This address is there already.", field="email")


def _contacts(uow: UnitOfWork, customer_id: int) -> list[CustomerContact]:
    return list(
        uow.all(
            select(CustomerContact).where(
                col(CustomerContact.customer_id) == customer_id
            )
        )
    )


def _contact(uow: UnitOfWork, customer_id: int, contact_id: int) -> CustomerContact:
    contact = uow.get(CustomerContact, contact_id, lock=True)
    if contact.customer_id != customer_id:
        raise NotFound("Contact not found.")
    return contact
