"""Customers as staff list, pick and read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import case, func, or_, select
from sqlmodel import col

from billing_app.database.access import inner, staff, staff_or_job
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.aging import AGES, AgeBucket, DueSpan, due_span
from billing_app.domain.contact import name_key
from billing_app.domain.custom_fields import (
    CustomField,
    FieldPlace,
    fields_from_json,
    of_place,
)
from billing_app.domain.dates import Moment
from billing_app.domain.errors import InvalidInput
from billing_app.domain.invoice import OPEN_PHASES, InvoiceState
from billing_app.domain.numbering import codes_counters
from billing_app.domain.parsing import clean_text
from billing_app.models import (
    Customer,
    CustomerContact,
    Invoice,
    NumberSeries,
    Payment,
    WorkspaceSettings,
)
from billing_app.queries.invoices import list_same, parse_switch
from billing_app.queries.letterhead import buyer_party, stored_address
from billing_app.queries.names import begins_with_name, holds_name
from billing_app.queries.paging import (
    COUNT_MAX,
    Count,
    Cursor,
    Key,
    Page,
    Paging,
    make_page,
    make_walk,
)
from billing_app.queries.portal_rules import read_late_rules

CHOICES_MAX = 20
TEXT_LENGTH_MAX = 200
# Archived invoices are owed, too.
_OWED = (*OPEN_PHASES, *(phase.archived for phase in OPEN_PHASES))
MERGED_MAX = 50


class CustomerSort(StrEnum):
    """What a list of customers can be sorted by."""

    NAME = "name"
    CREATED = "created"


SORTS: dict[CustomerSort, tuple[Any, type[Key]]] = {
    CustomerSort.NAME: (Customer.name_key, str),
    CustomerSort.CREATED: (Customer.created_at, datetime),
}


@dataclass(frozen=True, slots=True)
class CustomerFilter:
    """Which customers, in which order; `text` is part of a name or an email."""

    text: str = ""
    includes_archived: bool = False
    sort: CustomerSort = CustomerSort.NAME
    is_descending: bool = False
    paging: Paging = field(default_factory=Paging)


@dataclass(frozen=True, slots=True)
class Owed:
    """What is open in one currency, in minor units."""

    currency: str
    outstanding_minor: int
    overdue_minor: int
    invoice_count: int


@dataclass(frozen=True, slots=True)
class OwedAge:
    """What of it has one age, and the due dates that it has."""

    currency: str
    minor: int
    invoice_count: int
    bucket: AgeBucket
    due: DueSpan


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """One customer in a list; `owed` names each currency, largest count first."""

    id: int
    name: str
    contact_name: str
    email: str
    country: str
    owed: tuple[Owed, ...]
    archived_at: datetime | None
    sort_key: Key


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """A page of customers and how many the filter matches in all."""

    page: Page[CustomerRow] = field(default_factory=lambda: Page())
    count: Count = field(default_factory=Count)
    moment: Moment = field(default_factory=Moment)


@dataclass(frozen=True, slots=True)
class Turnover:
    """All that was invoiced and received in one currency, in minor units."""

    currency: str
    invoiced_minor: int
    invoice_count: int


@dataclass(frozen=True, slots=True)
class Named:
    """A customer by name."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class CustomerTwin:
    """Somebody who was recorded twice, and what is still billed under that name."""

    id: int
    name: str
    owed: tuple[Owed, ...]


@dataclass(frozen=True, slots=True)
class CustomerDetail:
    """One customer.

    Attributes:
        address: the street, or all of it where its parts aren't known.
        written_address: as it is printed.
        number_code: what stands for them in numbers, or empty.
        proposed_code: what they get with their first such number otherwise.
        is_in_numbers: a number has the code, so it stays.
        owed, ages, turnover: with those that were merged into this one; the
            youngest age first.
        credit: money received and not allocated, by currency; it pays no invoice of
            another record.
        own: the workspace's own fields of customers, each with what it holds.
        merged_into: who is kept, where this one was recorded twice.
        merged: those that were merged into this one.
    """

    id: int
    name: str
    email: str
    contact_name: str
    phone: str
    address: str
    postal_code: str
    town: str
    region: str
    written_address: str
    country: str
    vat_id: str
    registration: str
    electronic_address: str
    reference: str
    language: str
    currency: str
    net_days: int | None
    is_free_of_late_fees: bool
    number_code: str
    proposed_code: str
    is_in_numbers: bool
    cc: tuple[str, ...]
    merged_into: Named | None
    merged: tuple[CustomerTwin, ...]
    archived_at: datetime | None
    created_at: datetime
    owed: tuple[Owed, ...]
    ages: tuple[OwedAge, ...]
    turnover: tuple[Turnover, ...]
    credit: tuple[tuple[str, int], ...]
    own: tuple[tuple[CustomField, str], ...]
    moment: Moment


@dataclass(frozen=True, slots=True)
class CustomerChoice:
    """One line of the picker in the builder."""

    id: int
    name: str
    email: str
    currency: str
    net_days: int | None


def parse_customer_filter(typed: Mapping[str, str]) -> CustomerFilter:
    """Read a filter from the parameters of an address: `q, archived, sort, …`.

    Raises:
        InvalidInput: a value that no page of ours would have put there.
    """
    wanted = typed.get("sort", "") or CustomerSort.NAME.value
    sort = wanted.removeprefix("-")
    if sort not in {known.value for known in CustomerSort}:
        raise InvalidInput(f"The list can't be sorted by “{sort[:40]}”.", field="sort")
    return CustomerFilter(
        text=clean_text(typed.get("q", ""), length_max=TEXT_LENGTH_MAX, field="q"),
        includes_archived=parse_switch(typed, "archived"),
        sort=CustomerSort(sort),
        is_descending=wanted.startswith("-"),
        paging=Paging(after=typed.get("after", ""), before=typed.get("before", "")),
    )


@staff(Permission.VIEW)
def list_customers(uow: UnitOfWork, wanted: CustomerFilter) -> CustomerPage:
    """Return one page of customers, what each owes, and their capped count.

    Raises:
        InvalidInput: the place to go on from was not made by this list.
    """
    key, key_type = SORTS[wanted.sort]
    row_id = col(Customer.id)
    walk = make_walk(col(key), row_id, key_type, wanted.is_descending, wanted.paging)
    columns: tuple[Any, ...] = (
        Customer.id,
        Customer.name,
        Customer.contact_name,
        Customer.email,
        Customer.country,
        Customer.archived_at,
    )
    statement = (
        select(*columns, col(key).label("sort_key"))
        .where(*customer_conditions(wanted), *walk.beyond())
        .order_by(*walk.order())
        .limit(wanted.paging.rows_wanted)
    )
    rows = uow.all(statement)
    owed = _owed(uow, [row.id for row in rows])
    found = [
        CustomerRow(
            id=row.id,
            name=row.name,
            contact_name=row.contact_name,
            email=row.email,
            country=row.country,
            owed=owed.get(row.id, ()),
            archived_at=row.archived_at,
            sort_key=row.sort_key,
        )
        for row in rows
    ]
    every = select(row_id).where(*customer_conditions(wanted)).limit(COUNT_MAX + 1)
    page = make_page(
        found, wanted.paging, walk, lambda row: Cursor(row.sort_key, row.id)
    )
    moment = Moment(uow.now, uow.workspace.zone)
    return CustomerPage(page, Count(uow.count(every)), moment)


@staff(Permission.VIEW)
def list_choices(uow: UnitOfWork, text: str) -> tuple[CustomerChoice, ...]:
    """Return up to twenty customers whose name or email holds the text.

    Names that begin with it come first.
    """
    part = name_key(text.strip())[:TEXT_LENGTH_MAX]
    columns: tuple[Any, ...] = (
        Customer.id,
        Customer.name,
        Customer.email,
        Customer.currency,
        Customer.net_days,
    )
    begins = begins_with_name(Customer.name_key, part)
    statement = (
        select(*columns)
        .where(*customer_conditions(CustomerFilter(text=part)))
        .order_by(case((begins, 0), else_=1), col(Customer.name_key), col(Customer.id))
        .limit(CHOICES_MAX)
    )
    return tuple(CustomerChoice(*row) for row in uow.all(statement))


@staff(Permission.VIEW)
def read_choice(uow: UnitOfWork, customer_id: int) -> CustomerChoice:
    """Return one customer as the picker shows it.

    Raises:
        NotFound: no such customer in this workspace.
    """
    it = uow.get(Customer, customer_id)
    return CustomerChoice(customer_id, it.name, it.email, it.currency, it.net_days)


@staff(Permission.VIEW)
def read_customer(uow: UnitOfWork, customer_id: int) -> CustomerDetail:
    """Return one customer with what they owe and were ever invoiced.

    Raises:
        NotFound: no such customer in this workspace.
    """
    it = uow.get(Customer, customer_id)
    same = list_same(uow, customer_id)
    contacts = (
        select(col(CustomerContact.email))
        .where(
            col(CustomerContact.customer_id) == customer_id,
            col(CustomerContact.kind) == "cc",
        )
        .order_by(col(CustomerContact.id))
    )
    code = it.number_code or ""
    address = stored_address(it)
    return CustomerDetail(
        id=customer_id,
        name=it.name,
        email=it.email,
        contact_name=it.contact_name,
        phone=it.phone,
        address="\n".join(address.street),
        postal_code=address.postal_code,
        town=address.town,
        region=address.region,
        written_address="\n".join(buyer_party(it).address),
        country=it.country,
        vat_id=it.vat_id,
        registration=it.registration,
        electronic_address=it.electronic_address,
        reference=it.reference,
        language=it.language,
        currency=it.currency,
        net_days=it.net_days,
        is_free_of_late_fees=it.is_free_of_late_fees,
        number_code=code,
        proposed_code=code or uow.propose_number_code(customer_id, it.name),
        is_in_numbers=bool(code) and is_in_numbers(uow, code),
        cc=tuple(row.email for row in uow.all(contacts)),
        merged_into=_named(uow, it.merged_into_id),
        merged=_merged(uow, customer_id),
        archived_at=it.archived_at,
        created_at=it.created_at,
        owed=_owed(uow, [customer_id]).get(customer_id, ()),
        ages=_ages(uow, same),
        turnover=_turnover(uow, same),
        credit=list_credit(uow, customer_id),
        own=tuple(
            (field, it.custom_fields.get(field.key, ""))
            for field in list_own_fields(uow)
        ),
        moment=Moment(uow.now, uow.workspace.zone),
    )


def _named(uow: UnitOfWork, customer_id: int | None) -> Named | None:
    found = None if customer_id is None else uow.find(Customer, customer_id)
    return None if found is None or found.id is None else Named(found.id, found.name)


def _merged(uow: UnitOfWork, customer_id: int) -> tuple[CustomerTwin, ...]:
    statement = (
        select(col(Customer.id), col(Customer.name))
        .where(col(Customer.merged_into_id) == customer_id)
        .order_by(col(Customer.id))
        .limit(MERGED_MAX)
    )
    rows = uow.all(statement)
    owed = _owed(uow, [row.id for row in rows])
    return tuple(CustomerTwin(x.id, x.name, owed.get(x.id, ())) for x in rows)


@staff_or_job(Permission.VIEW)
def list_own_fields(uow: UnitOfWork) -> tuple[CustomField, ...]:
    """Return the workspace's own fields of customers."""
    stored = uow.one(select(col(WorkspaceSettings.custom_fields)))[0]
    return of_place(fields_from_json(stored), FieldPlace.CUSTOMER)


@inner
def is_in_numbers(uow: UnitOfWork, number_code: str) -> bool:
    """Say whether a number was counted by this code, so that it stays."""
    code = col(NumberSeries.code)
    named = (
        or_(code == counter, code.startswith(f"{counter}:", autoescape=True))
        for counter in codes_counters(number_code)
    )
    counters = select(col(NumberSeries.id)).where(or_(*named)).limit(1)
    return uow.first(counters) is not None


def customer_conditions(wanted: CustomerFilter) -> list[Any]:
    conditions: list[Any] = []
    if not wanted.includes_archived:
        conditions.append(col(Customer.archived_at).is_(None))
    if wanted.text:
        part = name_key(wanted.text)
        conditions.append(
            or_(
                holds_name(Customer.name_key, wanted.text),
                func.lower(Customer.email).contains(part, autoescape=True),
            )
        )
    return conditions


def _owed(uow: UnitOfWork, customer_ids: list[int]) -> dict[int, tuple[Owed, ...]]:
    """Sum up the open invoices of some customers, archived ones too.

    Those of who was merged into one of them count there as well.
    """
    merged = select(col(Customer.id), col(Customer.merged_into_id)).where(
        col(Customer.merged_into_id).in_(customer_ids)
    )
    kept: dict[int, int] = dict(uow.all(merged))
    outstanding = col(Invoice.outstanding_minor)
    rules = read_late_rules(uow)
    still_asked: Any = outstanding
    if rules.debit_counts:
        still_asked = outstanding - col(Invoice.processing_minor)
    is_late = col(Invoice.due_key) < rules.late_before(uow.today)
    late = case((is_late, still_asked), else_=0)
    statement = (
        select(
            col(Invoice.customer_id),
            col(Invoice.currency),
            func.sum(outstanding).label("outstanding"),
            func.sum(late).label("overdue"),
            func.count().label("invoice_count"),
        )
        .where(
            col(Invoice.customer_id).in_([*customer_ids, *kept]),
            col(Invoice.phase).in_(_OWED),
        )
        .group_by(col(Invoice.customer_id), col(Invoice.currency))
    )
    owed: dict[int, dict[str, Owed]] = {}
    for row in uow.all(statement):
        owners: set[Any] = {row.customer_id, kept.get(row.customer_id, row.customer_id)}
        for owner in owners:
            theirs = owed.setdefault(owner, {})
            so_far = theirs.get(row.currency, Owed(row.currency, 0, 0, 0))
            theirs[row.currency] = Owed(
                row.currency,
                so_far.outstanding_minor + int(row.outstanding),
                so_far.overdue_minor + int(row.overdue),
                so_far.invoice_count + row.invoice_count,
            )
    return {
        owner: tuple(
            sorted(theirs.values(), key=lambda it: (-it.invoice_count, it.currency))
        )
        for owner, theirs in owed.items()
    }


def _ages(uow: UnitOfWork, customer_ids: list[int]) -> tuple[OwedAge, ...]:
    grace = read_late_rules(uow).grace_days
    spans = {bucket: due_span(bucket, uow.today, grace) for bucket in AGES}
    due = col(Invoice.due_key)
    bucket = case(
        *((due >= it.first, name.value) for name, it in spans.items() if it.first),
        else_=AgeBucket.OVER_90.value,
    )
    owed = func.sum(Invoice.outstanding_minor)
    columns: list[Any] = [col(Invoice.currency), bucket, owed, func.count()]
    rows = uow.all(
        select(*columns)
        .where(
            col(Invoice.customer_id).in_(customer_ids), col(Invoice.phase).in_(_OWED)
        )
        .group_by(col(Invoice.currency), bucket)
    )
    ages = [
        OwedAge(row[0], int(row[2]), row[3], age, spans[age])
        for row in rows
        if (age := AgeBucket(row[1]))
    ]
    return tuple(sorted(ages, key=lambda it: AGES.index(it.bucket)))


def _turnover(uow: UnitOfWork, customer_ids: list[int]) -> tuple[Turnover, ...]:
    statement = (
        select(col(Invoice.currency), func.sum(Invoice.total_minor), func.count())
        .where(
            col(Invoice.customer_id).in_(customer_ids),
            col(Invoice.state) == InvoiceState.ISSUED.value,
        )
        .group_by(col(Invoice.currency))
        .order_by(func.count().desc(), col(Invoice.currency))
    )
    return tuple(Turnover(row[0], int(row[1]), row[2]) for row in uow.all(statement))


@inner
def list_credit(uow: UnitOfWork, customer_id: int) -> tuple[tuple[str, int], ...]:
    """Return the customer's credit in each currency, in minor units."""
    spent = col(Payment.allocated_minor) + col(Payment.refunded_minor)
    left = func.sum(col(Payment.amount_minor) - spent)
    statement = (
        select(col(Payment.currency), left)
        .where(
            col(Payment.customer_id) == customer_id, col(Payment.status) == "settled"
        )
        .group_by(col(Payment.currency))
        .having(left > 0)
        .order_by(col(Payment.currency))
    )
    return tuple((row[0], int(row[1])) for row in uow.all(statement))
