"""What happened and is not billed yet, and what is behind each line, for staff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, func, literal, or_, select
from sqlmodel import col

from billing_app.database.access import inner, staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.billable_event import (
    EVENTS_MAX,
    EventFacts,
    Factor,
    amount_of,
    factors_from_json,
    sum_of,
)
from billing_app.domain.dates import Moment
from billing_app.domain.draft import form_from_json
from billing_app.domain.errors import InvalidInput, NotFound
from billing_app.domain.parsing import clean_text
from billing_app.models import BillableEvent, Customer, Invoice, LineItem
from billing_app.queries.invoices import DateRange, parse_range
from billing_app.queries.paging import (
    COUNT_MAX,
    Count,
    Cursor,
    Page,
    Paging,
    make_page,
    make_walk,
)

SHOWN_MAX = 100
WAITING_MAX = 20
TEXT_LENGTH_MAX = 120


@dataclass(frozen=True, slots=True)
class WaitingCustomer:
    """A customer with events that no line charges for yet."""

    id: int
    name: str
    count: int


class Billed(StrEnum):
    """Whether a line charges for it."""

    NOT_YET = ""
    YES = "billed"
    ANY = "all"


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events of a customer.

    Attributes:
        text: part of a kind, a reference or a note.
        currency: empty for any.
        happened: days in the business's zone.
    """

    text: str = ""
    currency: str = ""
    billed: Billed = Billed.NOT_YET
    happened: DateRange = field(default_factory=DateRange)
    paging: Paging = field(default_factory=Paging)


@dataclass(frozen=True, slots=True)
class StaffEvent:
    """One event, and the invoice or draft that bills it, if any."""

    id: int
    kind: str
    reference: str
    description: str
    happened_at: datetime
    factors: tuple[Factor, ...]
    rate: Decimal
    currency: str
    is_billed: bool
    line_position: int | None
    invoice_id: int | None
    invoice_number: str

    @property
    def facts(self) -> EventFacts:
        return EventFacts(
            line_position=self.line_position,
            kind=self.kind,
            reference=self.reference,
            description=self.description,
            happened_at=self.happened_at,
            factors=self.factors,
            rate=self.rate,
        )


@dataclass(frozen=True, slots=True)
class EventChoices:
    """What a draft can bill: the oldest to look at, and what each comes to.

    Attributes:
        minor_by_id: of all that match, as many as an invoice bills; minor units.
        count: of all that match.
    """

    events: tuple[StaffEvent, ...]
    minor_by_id: Mapping[int, int]
    count: int
    moment: Moment


@dataclass(frozen=True, slots=True)
class LineEvents:
    """One line and what it charges for; of no events it was entered by hand.

    Attributes:
        amount_minor: of the line, after its own discount.
        sum_minor: of its events.
    """

    name: str
    amount_minor: int
    sum_minor: int
    currency: str
    zone: str
    events: tuple[EventFacts, ...]


@dataclass(frozen=True, slots=True)
class Unbilled:
    """What of a customer waits to be billed, in minor units by currency."""

    count: int
    sums: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class EventPage:
    """One page of a customer's events, latest first."""

    customer: str
    currency: str
    page: Page[StaffEvent]
    count: Count
    unbilled: Unbilled
    moment: Moment


def parse_event_filter(typed: Mapping[str, str]) -> EventFilter:
    """Read a filter from the parameters of an address: `q, billed, happened`.

    Raises:
        InvalidInput: one of them can't be used.
    """
    billed = typed.get("billed", "")
    if billed not in list(Billed):
        raise InvalidInput("There is no such filter.", field="billed")
    return EventFilter(
        text=clean_text(typed.get("q", ""), length_max=TEXT_LENGTH_MAX, field="q"),
        billed=Billed(billed),
        happened=parse_range(typed.get("happened", ""), "happened"),
        paging=Paging(typed.get("after", ""), typed.get("before", "")),
    )


@staff(Permission.VIEW)
def list_choices(
    uow: UnitOfWork, customer_id: int, wanted: EventFilter
) -> EventChoices:
    """Return what a draft of a customer, in a currency, can bill."""
    criteria = _criteria(uow, customer_id, wanted)
    order = (col(BillableEvent.happened_at), col(BillableEvent.id))
    found = uow.all(
        select(
            col(BillableEvent.id),
            col(BillableEvent.factors),
            col(BillableEvent.rate),
            col(BillableEvent.currency),
        )
        .where(*criteria)
        .order_by(*order)
        .limit(EVENTS_MAX)
    )
    shown = uow.all(_shown(*criteria).order_by(*order).limit(SHOWN_MAX))
    return EventChoices(
        events=tuple(_event(row) for row in shown),
        minor_by_id={
            row.id: _minor(row.factors, row.rate, row.currency) for row in found
        },
        count=len(found) if len(found) < EVENTS_MAX else _count(uow, criteria),
        moment=Moment(uow.now, uow.workspace.zone),
    )


@staff(Permission.VIEW)
def list_events(uow: UnitOfWork, customer_id: int, wanted: EventFilter) -> EventPage:
    """Return one page of a customer's events.

    Raises:
        NotFound: no such customer in this workspace.
    """
    customer = uow.get(Customer, customer_id)
    criteria = _criteria(uow, customer_id, wanted)
    paging = wanted.paging
    walk = make_walk(
        col(BillableEvent.happened_at),
        col(BillableEvent.id),
        datetime,
        is_descending=True,
        paging=paging,
    )
    statement = _shown(*criteria, *walk.beyond())
    rows = uow.all(statement.order_by(*walk.order()).limit(paging.rows_wanted))
    counted = select(col(BillableEvent.id)).where(*criteria).limit(COUNT_MAX + 1)
    return EventPage(
        customer=customer.name,
        currency=customer.currency or uow.workspace.currency,
        page=make_page(
            [_event(row) for row in rows],
            paging,
            walk,
            lambda row: Cursor(row.happened_at, row.id),
        ),
        count=Count(uow.count(counted)),
        unbilled=sum_unbilled(uow, customer_id),
        moment=Moment(uow.now, uow.workspace.zone),
    )


@staff(Permission.VIEW)
def sum_unbilled(uow: UnitOfWork, customer_id: int) -> Unbilled:
    """Add up what a customer was not billed for yet, of the oldest two thousand."""
    found = uow.all(
        select(
            col(BillableEvent.currency),
            col(BillableEvent.factors),
            col(BillableEvent.rate),
        )
        .where(*_criteria(uow, customer_id, EventFilter()))
        .order_by(col(BillableEvent.happened_at), col(BillableEvent.id))
        .limit(EVENTS_MAX)
    )
    sums: dict[str, int] = {}
    for currency, factors, rate in found:
        sums[currency] = sums.get(currency, 0) + _minor(factors, rate, currency)
    return Unbilled(len(found), tuple(sorted(sums.items())))


@staff(Permission.VIEW)
def list_waiting(uow: UnitOfWork) -> tuple[WaitingCustomer, ...]:
    """Return whose events wait to be billed, and how many, most first."""
    counted = func.count(col(BillableEvent.id))
    found = uow.all(
        select(col(Customer.id), col(Customer.name), counted)
        .join(BillableEvent, col(BillableEvent.customer_id) == col(Customer.id))
        .where(col(BillableEvent.invoice_id).is_(None))
        .group_by(col(Customer.id), col(Customer.name))
        .order_by(counted.desc(), col(Customer.name), col(Customer.id))
        .limit(WAITING_MAX)
    )
    return tuple(WaitingCustomer(*row) for row in found)


@staff(Permission.VIEW)
def find_event(uow: UnitOfWork, event_id: int) -> StaffEvent:
    """Return one event.

    Raises:
        NotFound: there is none of this id in this workspace.
    """
    uow.get(BillableEvent, event_id)
    return _event(uow.one(_shown(col(BillableEvent.id) == event_id)))


@staff(Permission.VIEW)
def list_on_draft(uow: UnitOfWork, invoice_id: int) -> Mapping[str, int]:
    """Return how many events each line of a draft bills, by line key."""
    counts = (
        select(col(BillableEvent.line_key), func.count(col(BillableEvent.id)))
        .where(col(BillableEvent.invoice_id) == invoice_id)
        .group_by(col(BillableEvent.line_key))
    )
    return {row[0]: row[1] for row in uow.all(counts)}


@staff(Permission.VIEW)
def read_draft_line(uow: UnitOfWork, invoice_id: int, line_key: str) -> LineEvents:
    """Return a line of a draft as it was saved last, and its events.

    Raises:
        NotFound: there is no such draft, or no such line.
    """
    invoice = uow.get(Invoice, invoice_id)
    form = form_from_json(invoice.draft or {})
    line = next((x for x in form.lines if x.key == line_key), None)
    if line is None:
        raise NotFound("That line is not in the draft any more.")
    events = _list_behind(uow, invoice_id, col(BillableEvent.line_key) == line_key)
    whole = sum_of(events, invoice.currency).minor
    return LineEvents(
        name=line.name,
        amount_minor=whole,
        sum_minor=whole,
        currency=invoice.currency,
        zone=uow.workspace.zone,
        events=events,
    )


@staff(Permission.VIEW)
def read_line(uow: UnitOfWork, invoice_id: int, position: int) -> LineEvents:
    """Return a line of an issued invoice, counted from 1, and its events.

    Raises:
        NotFound: there is no such invoice, or no such line.
    """
    invoice = uow.get(Invoice, invoice_id)
    line = uow.first(
        select(col(LineItem.name), col(LineItem.amount_minor)).where(
            col(LineItem.invoice_id) == invoice_id,
            # Stored lines are counted from zero. PostgreSQL would not even look for
            # a number that is larger than any it keeps.
            col(LineItem.position) == literal(position - 1, BigInteger),
        )
    )
    if line is None:
        raise NotFound("There is no such line.")
    events = _list_behind(uow, invoice_id, col(BillableEvent.line_position) == position)
    return LineEvents(
        name=line.name,
        amount_minor=line.amount_minor,
        sum_minor=sum_of(events, invoice.currency).minor,
        currency=invoice.currency,
        zone=uow.workspace.zone,
        events=events,
    )


@staff(Permission.VIEW)
def list_behind(uow: UnitOfWork, invoice_id: int) -> tuple[EventFacts, ...]:
    """Return what an issued invoice charges for, in the order of its lines."""
    return _list_behind(uow, invoice_id, col(BillableEvent.line_position).is_not(None))


@inner
def _list_behind(
    uow: UnitOfWork, invoice_id: int, which: Any
) -> tuple[EventFacts, ...]:
    rows = uow.all(
        _shown(col(BillableEvent.invoice_id) == invoice_id, which)
        .order_by(
            col(BillableEvent.line_position),
            col(BillableEvent.happened_at),
            col(BillableEvent.id),
        )
        .limit(EVENTS_MAX)
    )
    return tuple(_event(row).facts for row in rows)


@inner
def _criteria(uow: UnitOfWork, customer_id: int, wanted: EventFilter) -> list[Any]:
    criteria: list[Any] = [col(BillableEvent.customer_id) == customer_id]
    if wanted.billed == Billed.NOT_YET:
        criteria.append(col(BillableEvent.invoice_id).is_(None))
    elif wanted.billed == Billed.YES:
        criteria.append(col(BillableEvent.invoice_id).is_not(None))
    if wanted.currency:
        criteria.append(col(BillableEvent.currency) == wanted.currency)
    if wanted.text:
        text = wanted.text.lower()
        columns: tuple[Any, ...] = (
            BillableEvent.kind,
            BillableEvent.reference,
            BillableEvent.description,
        )
        criteria.append(
            or_(*(func.lower(x).contains(text, autoescape=True) for x in columns))
        )
    zone = ZoneInfo(uow.workspace.zone)
    first, last = wanted.happened.first, wanted.happened.last
    if first is not None:
        start = datetime.combine(first, time.min, zone)
        criteria.append(col(BillableEvent.happened_at) >= start)
    if last is not None:
        end = datetime.combine(last + timedelta(days=1), time.min, zone)
        criteria.append(col(BillableEvent.happened_at) < end)
    return criteria


@inner
def _count(uow: UnitOfWork, criteria: Sequence[Any]) -> int:
    return uow.count(select(col(BillableEvent.id)).where(*criteria))


def _minor(factors: Any, rate: Decimal, currency: str) -> int:
    return amount_of(factors_from_json(factors), rate, currency).minor


def _shown(*criteria: Any) -> Any:
    return (
        select(*_SHOWN)
        .outerjoin(Invoice, col(Invoice.id) == col(BillableEvent.invoice_id))
        .where(*criteria)
    )


def _event(row: Any) -> StaffEvent:
    return StaffEvent(
        id=row.id,
        kind=row.kind,
        reference=row.reference,
        description=row.description,
        happened_at=row.happened_at,
        factors=factors_from_json(row.factors),
        rate=row.rate,
        currency=row.currency,
        is_billed=row.billed_at is not None,
        line_position=row.line_position,
        invoice_id=row.invoice_id,
        invoice_number=row.number or "",
    )


_SHOWN: tuple[Any, ...] = (
    BillableEvent.id,
    BillableEvent.kind,
    BillableEvent.reference,
    BillableEvent.description,
    BillableEvent.happened_at,
    BillableEvent.factors,
    BillableEvent.rate,
    BillableEvent.currency,
    BillableEvent.billed_at,
    BillableEvent.line_position,
    BillableEvent.invoice_id,
    Invoice.number,
)
