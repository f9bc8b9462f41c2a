"""Create and change who is billed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlmodel import col, func, select

from billing_app.database.access import staff, staff_or_job
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.address import PLACE_LENGTH_MAX, POSTAL_CODE_LENGTH_MAX
from billing_app.domain.contact import (
    check_email,
    name_key,
    parse_country,
    parse_emails,
    parse_language,
    parse_net_days,
)
from billing_app.domain.currencies import read_currency
from billing_app.domain.custom_fields import CustomField, read_value
from billing_app.domain.errors import Conflict, InvalidInput
from billing_app.domain.events import (
    CustomerArchived,
    CustomerChanged,
    CustomerCreated,
    CustomerRestored,
)
from billing_app.domain.numbering import parse_number_code
from billing_app.domain.parsing import Reading, clean_text
from billing_app.domain.party_ids import (
    REFERENCE_LENGTH_MAX,
    REGISTRATION_LENGTH_MAX,
    parse_electronic_address,
)
from billing_app.models import Customer, CustomerContact
from billing_app.queries.customers import is_in_numbers, list_own_fields
from billing_app.services.portal_sessions import (
    end_contact_sessions,
    end_own_sessions,
)

NO_LATE_FEES = "none"


@dataclass(frozen=True, slots=True)
class CustomerForm:
    """What staff typed about a customer; all text, nothing checked yet.

    Attributes:
        address: the street, or all of it where its parts are empty.
        electronic_address: where e-invoices reach them; its scheme may be missing
            where the number alone says whose it is.
        reference: what the customer wants on each invoice.
        net_days: whole days, or empty for the workspace's usual terms.
        cc: further addresses, separated by commas or line breaks.
        number_code: stands for the customer in numbers; where it is empty the first
            such number chooses one, and what a number has stays.
        late_fees: "none" for a customer who is charged none; empty for as usual.
        own: key and text of the workspace's own fields; of others they keep what
            they have.
    """

    name: str = ""
    email: str = ""
    contact_name: str = ""
    phone: str = ""
    address: str = ""
    postal_code: str = ""
    town: str = ""
    region: str = ""
    country: str = ""
    vat_id: str = ""
    registration: str = ""
    electronic_address: str = ""
    reference: str = ""
    language: str = ""
    currency: str = ""
    net_days: str = ""
    cc: str = ""
    number_code: str = ""
    late_fees: str = ""
    own: tuple[tuple[str, str], ...] = ()


@staff_or_job(Permission.EDIT_CUSTOMER)
def create_customer(uow: UnitOfWork, form: CustomerForm) -> int:
    """Add a customer.

    Returns:
        The new customer's id.

    Raises:
        InvalidInput: a field can't be used; its name is the error's `field`.
    """
    customer = Customer(name="", name_key="", created_at=uow.now)
    _set_number_code(uow, customer, form)
    _fill(uow, customer, form)
    uow.add(customer)
    assert customer.id is not None
    _replace_contacts(uow, customer.id, form.cc)

    uow.record(CustomerCreated(customer_id=customer.id))
    return customer.id


@staff_or_job(Permission.EDIT_CUSTOMER)
def customer_named(uow: UnitOfWork, form: CustomerForm) -> int:
    """Return the id of the customer of exactly this name, adding one if need be.

    One that exists stays as it is.

    Raises:
        InvalidInput: a field can't be used.
    """
    known = uow.first(
        select(func.coalesce(col(Customer.merged_into_id), col(Customer.id)))
        .where(
            col(Customer.name_key) == name_key(form.name),
            col(Customer.name) == form.name,
        )
        .order_by(col(Customer.id))
        .limit(1)
    )
    return known or create_customer(uow, form)


@staff(Permission.EDIT_CUSTOMER)
def change_customer(uow: UnitOfWork, customer_id: int, form: CustomerForm) -> None:
    """Change a customer. What is already issued keeps what was printed.

    Raises:
        NotFound: no such customer in this workspace.
        InvalidInput: a field can't be used.
    """
    customer = uow.get(Customer, customer_id, lock=True)
    names = ("custom_fields", *(field.name for field in fields(form)))
    before = {name: getattr(customer, name, None) for name in names}
    own_key = customer.email_key or ""
    _set_number_code(uow, customer, form)
    _fill(uow, customer, form)
    _replace_contacts(uow, customer_id, form.cc)
    uow.flush()
    if own_key and customer.email_key != own_key:
        end_own_sessions(uow, customer_id, own_key)

    changed = tuple(k for k, v in before.items() if getattr(customer, k, v) != v)
    uow.record(CustomerChanged(customer_id=customer_id, fields=changed))


@staff(Permission.EDIT_CUSTOMER)
def archive_customer(uow: UnitOfWork, customer_id: int) -> None:
    """Take a customer out of lists and pickers; their invoices and links stay.

    Raises:
        NotFound: no such customer in this workspace.
    """
    customer = uow.get(Customer, customer_id, lock=True)
    if customer.archived_at is None:
        customer.archived_at = uow.now
        uow.flush()
        uow.record(CustomerArchived(customer_id=customer_id))


@staff(Permission.EDIT_CUSTOMER)
def restore_customer(uow: UnitOfWork, customer_id: int) -> None:
    """Bring an archived customer back into lists and pickers.

    Raises:
        NotFound: no such customer in this workspace.
        Conflict: they were merged into another one.
    """
    customer = uow.get(Customer, customer_id, lock=True)
    if customer.merged_into_id is not None:
        kept = uow.get(Customer, customer.merged_into_id)
        raise Conflict(f"This is {kept.name} recorded twice. Bill that one.")
    if customer.archived_at is not None:
        customer.archived_at = None
        uow.flush()
        uow.record(CustomerRestored(customer_id=customer_id))


def read_form(
    form: CustomerForm, own_fields: Sequence[CustomField] = ()
) -> dict[str, Any]:
    """Return the columns of a customer as they were typed; of the workspace's own
    fields, those that were typed.

    Raises:
        InvalidInput: a field can't be used; the others of it that can't come along.
    """
    reading, typed = Reading(), dict(form.own)
    name = reading.of(_name, form.name)
    read = {
        field.key: reading.of(read_value, field, typed[field.key])
        for field in own_fields
        if field.key in typed
    }
    country = reading.of(parse_country, form.country)
    columns = {
        "name": name,
        "name_key": name_key(name or ""),
        "email": reading.of(_email, form.email),
        "contact_name": reading.of(
            clean_text, form.contact_name, length_max=200, field="contact_name"
        ),
        "phone": reading.of(clean_text, form.phone, length_max=60, field="phone"),
        "address": reading.of(
            clean_text, form.address, length_max=1000, multiline=True, field="address"
        ),
        "postal_code": reading.of(
            clean_text,
            form.postal_code,
            length_max=POSTAL_CODE_LENGTH_MAX,
            field="postal_code",
        ),
        "town": reading.of(
            clean_text, form.town, length_max=PLACE_LENGTH_MAX, field="town"
        ),
        "region": reading.of(
            clean_text, form.region, length_max=PLACE_LENGTH_MAX, field="region"
        ),
        "country": country,
        "vat_id": reading.of(clean_text, form.vat_id, length_max=40, field="vat_id"),
        "registration": reading.of(
            clean_text,
            form.registration,
            length_max=REGISTRATION_LENGTH_MAX,
            field="registration",
        ),
        "electronic_address": reading.of(
            parse_electronic_address,
            form.electronic_address,
            country or "",
            "electronic_address",
        ),
        "reference": reading.of(
            clean_text,
            form.reference,
            length_max=REFERENCE_LENGTH_MAX,
            field="reference",
        ),
        "language": reading.of(parse_language, form.language),
        "currency": reading.of(read_currency, form.currency),
        "net_days": reading.of(parse_net_days, form.net_days),
        "is_free_of_late_fees": form.late_fees == NO_LATE_FEES,
        "custom_fields": {key: x.value if x else "" for key, x in read.items()},
    }
    reading.of(parse_emails, form.cc, "cc")
    reading.check()
    return columns


def _name(text: str) -> str:
    name = clean_text(text, length_max=200, field="name")
    if not name:
        raise InvalidInput("Write the customer's name.", field="name")
    return name


def _email(text: str) -> str:
    return check_email(text, "email") if text.strip() else ""


def _fill(uow: UnitOfWork, customer: Customer, form: CustomerForm) -> None:
    columns = read_form(form, list_own_fields(uow) if form.own else ())
    own = {**customer.custom_fields, **columns["custom_fields"]}
    columns["custom_fields"] = {key: value for key, value in own.items() if value}
    for name, value in columns.items():
        setattr(customer, name, value)


def _set_number_code(uow: UnitOfWork, customer: Customer, form: CustomerForm) -> None:
    """Give a customer the code that was typed, as long as no number has the old one."""
    code, known = parse_number_code(form.number_code), customer.number_code
    if code == known:
        return
    if known and is_in_numbers(uow, known):
        # A page that was opened before the first number knows of no code.
        if code is None:
            return
        raise InvalidInput(
            f"Numbers were given with {known}, so it stays.", field="number_code"
        )
    if code:
        uow.lock_number_codes()
        statement = select(Customer.name).where(col(Customer.number_code) == code)
        whose = uow.first(statement)
        if whose is not None:
            raise InvalidInput(f"{whose} has {code} already.", field="number_code")
    customer.number_code = code


def _replace_contacts(uow: UnitOfWork, customer_id: int, cc: str) -> None:
    wanted = parse_emails(cc, "cc")
    kept = uow.all(
        select(CustomerContact).where(col(CustomerContact.customer_id) == customer_id)
    )
    for contact in kept:
        if contact.kind == "cc" and contact.email not in wanted:
            assert contact.id is not None
            end_contact_sessions(uow, contact.id)
            uow.delete(contact)
    known = {contact.email for contact in kept}
    for email in dict.fromkeys(wanted):
        if email not in known:
            uow.add(CustomerContact(customer_id=customer_id, email=email, kind="cc"))
