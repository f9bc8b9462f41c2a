"""What a customer reads of all their invoices: sums, lists, what lies behind a row.

Every statement walks or adds up one of the indexes made for it, whose first columns
are the workspace, the customer and the phase: `models/invoice.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    Date,
    String,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlmodel import col

from billing_app.database.access import exporting_visitor, inner, job, visitor
from billing_app.database.prefix import begins_as_typed, begins_with
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import PortalVisitor
from billing_app.domain.aging import AGES, AgeBucket, DueSpan, due_span
from billing_app.domain.dates import Moment, fiscal_year_start
from billing_app.domain.document import Branding, DocumentKind, Party
from billing_app.domain.errors import InvalidInput, LimitReached, NotFound
from billing_app.domain.invoice import (
    OPEN_PHASES,
    InvoiceFacts,
    InvoicePhase,
    InvoiceState,
    InvoiceStatus,
    LateRules,
    compute_status,
)
from billing_app.domain.online_payment import AttemptStatus
from billing_app.domain.parsing import clean_text
from billing_app.domain.payment import PaymentStatus
from billing_app.domain.portal_dispute import DisputeFacts
from billing_app.domain.portal_invoice import PdfState
from billing_app.domain.portal_thread import CommentFacts
from billing_app.domain.statement import Span
from billing_app.models import (
    Allocation,
    BillableEvent,
    CreditNote,
    Customer,
    Invoice,
    IssuedDocument,
    Payment,
    PaymentAttempt,
    Reminder,
)
from billing_app.queries.invoices import DateRange, parse_range
from billing_app.queries.letterhead import (
    branding,
    buyer_party,
    language_of,
    read_settings,
    seller_party,
)
from billing_app.queries.paging import (
    COUNT_MAX,
    Count,
    Cursor,
    Key,
    Page,
    Paging,
    Walk,
    make_page,
    make_walk,
)
from billing_app.queries.portal import ReadInvoice, pdf_state, read_invoice
from billing_app.queries.portal_disputes import list_disputes
from billing_app.queries.portal_thread import list_latest

ROWS = 25
TEXT_LENGTH_MAX = 200
DOCUMENTS_MAX = 300
REMINDERS_MAX = 100
DISPUTES_MAX = 50
DEBITS_MAX = 50
# Of all the payments that are shown; one may go to a hundred invoices.
PARTS_MAX = 1_000
_LOOKED_UP_MAX = 500
_REFERENCES_MAX = 500
_ID = col(Invoice.id)

Kind = TypeVar("Kind", bound=StrEnum)


class AccountSort(StrEnum):
    """What a customer's list can be sorted by."""

    ISSUED = "issued"
    DUE = "due"
    STATUS = "status"
    TOTAL = "total"


class AccountTab(StrEnum):
    """Which invoices of the customer."""

    ALL = ""
    OPEN = "open"
    OVERDUE = "overdue"
    DISPUTED = "disputed"
    PAID = "paid"
    CREDITED = "credited"


class Period(StrEnum):
    """By when they were issued, in the business's years."""

    ALL = ""
    THIS_YEAR = "this-year"
    LAST_YEAR = "last-year"


@dataclass(frozen=True, slots=True)
class AccountFilter:
    """Which invoices, in which order.

    Attributes:
        text: beginning of a number, a purchase order, or a reference behind a line.
        bucket: a span of age; only what is asked for within it.
        issued: from a day to a day, where `period` names no year.
    """

    tab: AccountTab = AccountTab.ALL
    text: str = ""
    bucket: AgeBucket | None = None
    currency: str = ""
    period: Period = Period.ALL
    issued: DateRange = field(default_factory=DateRange)
    includes_archived: bool = False
    sort: AccountSort = AccountSort.ISSUED
    is_descending: bool = True
    paging: Paging = field(default_factory=lambda: Paging(limit=ROWS))

    @property
    def is_plain(self) -> bool:
        """Say whether it narrows nothing but by its tab."""
        return not (self.text or self.bucket or self.period or self.currency) and (
            self.issued.is_open
        )


@dataclass(frozen=True, slots=True)
class AccountHead:
    """Whose account it is and who keeps it."""

    customer: str
    language: str
    business: str
    seller: Party
    buyer: Party
    branding: Branding
    fiscal_month: int
    zone: str
    currency: str


@dataclass(frozen=True, slots=True)
class AgeSum:
    """What is outstanding in one span of age; how many invoices it comes from."""

    bucket: AgeBucket
    minor: int
    count: int


@dataclass(frozen=True, slots=True)
class CurrencySums:
    """The account in one currency, in its minor units.

    Attributes:
        ages: every span, and what is disputed; together `outstanding_minor`.
        paid_minor: received since the business year began, less what went back.
        filed_overdue, filed_disputed: how many of those counted are archived.
    """

    currency: str
    outstanding_minor: int = 0
    open_count: int = 0
    overdue_count: int = 0
    disputed_minor: int = 0
    disputed_count: int = 0
    paid_minor: int = 0
    paid_count: int = 0
    filed_overdue: int = 0
    filed_disputed: int = 0
    ages: tuple[AgeSum, ...] = ()


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One invoice of the list. Amounts in minor units of `currency`."""

    id: int
    number: str
    purchase_order: str
    status: InvoiceStatus
    is_archived: bool
    currency: str
    issued_on: date
    due_on: date | None
    total_minor: int
    outstanding_minor: int
    processing_minor: int
    disputed_minor: int
    sort_key: Key


@dataclass(frozen=True, slots=True)
class Account:
    """One page of the list, and the sums above it.

    Attributes:
        tabs: how many invoices each tab holds.
        count: how many match, counted no further than a thousand where a search or
            a period narrows them.
        hides_all: the page is empty, and there are archived invoices it leaves out.
    """

    sums: tuple[CurrencySums, ...]
    tabs: Mapping[AccountTab, int]
    page: Page[AccountRow]
    count: Count
    moment: Moment
    year_start: date
    hides_all: bool = False


@dataclass(frozen=True, slots=True)
class ReminderFacts:
    sent_at: datetime
    email: str


@dataclass(frozen=True, slots=True)
class Unfolded:
    """What lies behind one row of the list.

    Attributes:
        disputes: oldest first.
        comments: the newest of the invoice and of its disputes, oldest first.
    """

    invoice: ReadInvoice
    reminders: tuple[ReminderFacts, ...]
    disputes: tuple[DisputeFacts, ...]
    comments: tuple[CommentFacts, ...]


@dataclass(frozen=True, slots=True)
class PaidPart:
    """What one invoice has of a payment; `receipt` is the number of its receipt."""

    invoice_id: int
    number: str
    minor: int
    receipt: str = ""


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """A payment of the account, in minor units of its currency.

    Attributes:
        credit_minor: what belongs to no invoice and was not returned.
    """

    id: int
    received_on: date
    method: str
    method_detail: str
    reference: str
    status: str
    currency: str
    amount_minor: int
    refunded_minor: int
    credit_minor: int
    parts: tuple[PaidPart, ...] = ()


@dataclass(frozen=True, slots=True)
class DebitFacts:
    """Money that is on its way, in minor units of its currency."""

    id: int
    started_at: datetime
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class History:
    """The payments of an account, latest first; `has_more` than were asked for."""

    payments: tuple[PaymentFacts, ...] = ()
    debits: tuple[DebitFacts, ...] = ()
    has_more: bool = False


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """One document of the account; no `pdf_digest` while it is not printed."""

    id: int
    invoice_id: int
    kind: DocumentKind
    number: str
    issued_at: datetime
    pdf_digest: str
    pdf: PdfState


def parse_account_filter(typed: Mapping[str, str]) -> AccountFilter:
    """Read a filter from the parameters of an address.

    `status, q, age, currency, period, from, to, archived, sort, after, before`. What
    no page of ours would have written is left out, since customers edit no addresses.
    """
    wanted = typed.get("sort", "")
    period = _known(Period, typed.get("period", ""), Period.ALL)
    days = _range(typed.get("from", ""), typed.get("to", ""))
    sort = _known(AccountSort, wanted.removeprefix("-"), AccountSort.ISSUED)
    is_sorted = wanted.removeprefix("-") == sort.value
    return AccountFilter(
        tab=_known(AccountTab, typed.get("status", ""), AccountTab.ALL),
        text=_text(typed.get("q", "")),
        bucket=_known(AgeBucket, typed.get("age", ""), None),
        currency=_currency(typed.get("currency", "")),
        period=period,
        issued=DateRange() if period else days,
        includes_archived=typed.get("archived", "") == "1",
        sort=sort,
        is_descending=wanted.startswith("-") if is_sorted else True,
        paging=Paging(typed.get("after", ""), typed.get("before", ""), ROWS),
    )


@job
def read_head(uow: UnitOfWork, customer_id: int) -> AccountHead:
    """Return whose account it is, for a workflow that has opened its page."""
    settings = read_settings(uow)
    customer = uow.get(Customer, customer_id)
    return AccountHead(
        customer=customer.name,
        language=language_of(settings, customer.language),
        business=settings.legal_name or uow.workspace.name,
        seller=seller_party(settings),
        buyer=replace(buyer_party(customer), contact_name="", email="", phone=""),
        branding=branding(settings, settings.look),
        fiscal_month=settings.fiscal_month,
        zone=uow.workspace.zone,
        currency=customer.currency or uow.workspace.currency,
    )


@visitor
def read_account(
    uow: UnitOfWork,
    wanted: AccountFilter,
    zone: str,
    fiscal_month: int,
    rules: LateRules,
) -> Account:
    """Return one page of the customer's invoices and the sums above it.

    A place in the list that was not made by it is its beginning.

    Raises:
        NotFound: the link opens one invoice and no account.
    """
    _check_whole(uow)
    moment = Moment(uow.now, zone)
    year_start = fiscal_year_start(moment.today, fiscal_month)
    late = _Late(moment.today, rules)
    sums = _sums(uow, late, year_start)
    tabs = _count_tabs(uow, wanted, sums)
    dated = _dated(wanted, year_start)
    try:
        page = _page(uow, wanted, dated, late)
    except InvalidInput:
        page = _page(uow, _from_start(wanted), dated, late)
    count = Count(tabs[wanted.tab])
    if not wanted.is_plain:
        count = _count(uow, wanted, dated, late)
    hides_all = not (page.rows or wanted.includes_archived) and _has_archived(uow)
    return Account(sums, tabs, page, count, moment, year_start, hides_all)


@visitor
def unfold(
    uow: UnitOfWork, invoice_id: int, *, shows_reminders: bool, shows_disputes: bool
) -> Unfolded:
    """Return what lies behind a row of the account's list.

    Raises:
        NotFound: it is not shown to this visitor.
    """
    invoice = read_invoice(uow, invoice_id)
    return Unfolded(
        invoice=invoice,
        reminders=tuple(_list_reminders(uow, invoice_id)) if shows_reminders else (),
        disputes=tuple(list_disputes(uow, invoice_id))[::-1] if shows_disputes else (),
        comments=list_latest(uow, invoice_id),
    )


@exporting_visitor
def list_documents(uow: UnitOfWork, span: Span) -> tuple[DocumentFacts, ...]:
    """Return the documents of a period: invoices, their receipts, credit notes.

    Oldest invoice first, each before its receipts, and what was credited last.

    Raises:
        NotFound: the link opens one invoice and no account.
        LimitReached: too many for one file.
    """
    _check_whole(uow)
    found = (*_list_issued(uow, span), *_list_credit_notes(uow, span))
    if len(found) > DOCUMENTS_MAX:
        raise LimitReached(
            f"More than {DOCUMENTS_MAX} documents lie in this period. "
            "Choose a shorter one."
        )
    return found


@inner
def _list_issued(uow: UnitOfWork, span: Span) -> Iterator[DocumentFacts]:
    """List invoices issued in a period and their receipts, whenever these came."""
    statement = (
        select(*_file_columns(IssuedDocument), col(IssuedDocument.kind))
        .join(Invoice, col(IssuedDocument.invoice_id) == _ID)
        .where(col(Invoice.issued_on).between(span.first, span.last))
        .order_by(col(Invoice.issued_on), _ID, col(IssuedDocument.id))
        .limit(DOCUMENTS_MAX + 1)
    )
    for row in uow.all(statement):
        yield _document_facts(row, DocumentKind(row.kind))


@inner
def _list_credit_notes(uow: UnitOfWork, span: Span) -> Iterator[DocumentFacts]:
    """List credit notes issued in a period, also those of older invoices."""
    statement = (
        select(*_file_columns(CreditNote))
        .where(col(CreditNote.issued_on).between(span.first, span.last))
        .order_by(col(CreditNote.issued_on), col(CreditNote.id))
        .limit(DOCUMENTS_MAX + 1)
    )
    for row in uow.all(statement):
        yield _document_facts(row, DocumentKind.CREDIT_NOTE)


def _file_columns(table: type[IssuedDocument] | type[CreditNote]) -> tuple[Any, ...]:
    return (
        col(table.id),
        col(table.invoice_id),
        col(table.number),
        col(table.issued_at),
        col(table.pdf_digest),
        col(table.pdf_error),
    )


def _document_facts(row: Any, kind: DocumentKind) -> DocumentFacts:
    return DocumentFacts(
        id=row.id,
        invoice_id=row.invoice_id,
        kind=kind,
        number=row.number,
        issued_at=row.issued_at,
        pdf_digest=row.pdf_digest,
        pdf=pdf_state(row.pdf_digest, row.pdf_error),
    )


@visitor
def list_payments(uow: UnitOfWork, most: int) -> History:
    """Return what the customer has paid, and what of it is on its way.

    Raises:
        NotFound: the link opens one invoice and no account.
    """
    _check_whole(uow)
    found = uow.all(_PAYMENTS, most=most + 1)
    shown = found[:most]
    parts = _list_parts(uow, [row.id for row in shown])
    payments = (
        PaymentFacts(
            id=row.id,
            received_on=row.received_on,
            method=row.method,
            method_detail=row.method_detail,
            reference=row.reference,
            status=row.status,
            currency=row.currency,
            amount_minor=row.amount_minor,
            refunded_minor=row.refunded_minor,
            credit_minor=row.amount_minor - row.allocated_minor - row.refunded_minor,
            parts=parts.get(row.id, ()),
        )
        for row in shown
    )
    debits = (DebitFacts(*row) for row in uow.all(_DEBITS))
    return History(tuple(payments), tuple(debits), has_more=len(found) > most)


@inner
def _list_parts(
    uow: UnitOfWork, payment_ids: Sequence[int]
) -> dict[int, tuple[PaidPart, ...]]:
    """Return which invoices each payment went to, and the receipts it has there."""
    if not payment_ids:
        return {}
    found: dict[int, dict[int, PaidPart]] = {}
    for row in uow.all(_ALLOCATED, payments=payment_ids):
        part = PaidPart(row.invoice_id, row.number, row.minor)
        found.setdefault(row.payment_id, {})[row.invoice_id] = part
    receipts = uow.all(_RECEIPTS, payments=payment_ids)
    for payment_id, invoice_id, receipt, number in receipts:
        parts = found.setdefault(payment_id, {})
        part = parts.get(invoice_id, PaidPart(invoice_id, number, 0))
        parts[invoice_id] = replace(part, receipt=receipt)
    return {
        payment_id: tuple(parts[key] for key in sorted(parts))
        for payment_id, parts in found.items()
    }


@visitor
def has_paid_since(uow: UnitOfWork, day: date) -> bool:
    """Say whether money of the customer has arrived on a day or after it."""
    _check_whole(uow)
    statement = (
        select(col(Payment.id))
        .where(
            col(Payment.received_on) >= day,
            col(Payment.status) == PaymentStatus.SETTLED,
        )
        .limit(1)
    )
    return uow.first(statement) is not None


@visitor
def has_debit(uow: UnitOfWork) -> bool:
    """Say whether money of the customer is on its way."""
    _check_whole(uow)
    return uow.first(_DEBITS) is not None


# Sums


@dataclass(frozen=True, slots=True)
class _Late:
    """What day it is, and when this business calls money late."""

    today: date
    rules: LateRules

    def due_span(self, bucket: AgeBucket) -> DueSpan:
        return due_span(bucket, self.today, self.rules.grace_days)

    @property
    def first_in_time(self) -> date:
        return self.rules.late_before(self.today)

    @property
    def last_late(self) -> date:
        return self.first_in_time - timedelta(days=1)


def _sums(uow: UnitOfWork, late: _Late, year_start: date) -> tuple[CurrencySums, ...]:
    """Add up each currency, the one with the most open invoices first."""
    received = uow.all(_PAID, year_start=year_start, today=late.today)
    paid = {row.currency: row for row in received}
    owed = uow.all(
        _outstanding(),
        first_in_time=late.first_in_time,
        ever=date.min,
        **_ends_of_ages(late),
    )
    open_rows = {row.currency: row for row in owed}
    found = [
        _sum(currency, open_rows.get(currency), paid.get(currency))
        for currency in open_rows.keys() | paid.keys()
    ]
    return tuple(sorted(found, key=lambda it: (-it.open_count, it.currency)))


def _sum(currency: str, owed: Any, paid: Any) -> CurrencySums:
    received = (paid.minor, paid.count) if paid is not None else (0, 0)
    if owed is None:
        return CurrencySums(currency, paid_minor=received[0], paid_count=received[1])
    values = owed._mapping
    ages = [
        AgeSum(bucket, values[f"minor_{place}"], values[f"count_{place}"])
        for place, bucket in enumerate(AGES)
    ]
    ages.append(AgeSum(AgeBucket.DISPUTED, owed.disputed, owed.disputed_count))
    return CurrencySums(
        currency=currency,
        outstanding_minor=owed.outstanding,
        open_count=owed.open_count,
        overdue_count=owed.overdue_count,
        disputed_minor=owed.disputed,
        disputed_count=owed.disputed_count,
        paid_minor=received[0],
        paid_count=received[1],
        filed_overdue=owed.filed_overdue,
        filed_disputed=owed.filed_disputed,
        ages=tuple(ages),
    )


@cache
def _outstanding() -> Any:
    """Add up what is owed by age; takes `first_in_time` and `_ends_of_ages`."""
    outstanding = col(Invoice.outstanding_minor)
    asked = outstanding - _disputed()
    is_late = and_(
        col(Invoice.due_key) < _FIRST_IN_TIME,
        col(Invoice.phase).in_(_late_phases()),
    )
    filed = col(Invoice.phase).in_([phase.archived for phase in OPEN_PHASES])
    columns: list[Any] = []
    for place, bucket in enumerate(AGES):
        within = and_(_due_within(_named_span(place, bucket)), asked > 0)
        columns += [
            _total(case((within, asked), else_=0)).label(f"minor_{place}"),
            _total(case((within, 1), else_=0)).label(f"count_{place}"),
        ]
    return (
        select(
            col(Invoice.currency),
            _total(outstanding).label("outstanding"),
            func.count().label("open_count"),
            _total(case((is_late, 1), else_=0)).label("overdue_count"),
            _total(_disputed()).label("disputed"),
            _total(case((_disputed() > 0, 1), else_=0)).label("disputed_count"),
            _total(case((and_(filed, is_late), 1), else_=0)).label("filed_overdue"),
            _total(case((and_(filed, _disputed() > 0), 1), else_=0)).label(
                "filed_disputed"
            ),
            *columns,
        )
        .where(col(Invoice.phase).in_(_phase_names(OPEN_PHASES)), _DUE_EVER)
        .group_by(col(Invoice.currency))
    )


def _ends_of_ages(late: _Late) -> dict[str, date]:
    """Name the first and the last due date of each age, where it has one."""
    ends = {
        f"{end}_{place}": getattr(late.due_span(bucket), end)
        for place, bucket in enumerate(AGES)
        for end in ("first", "last")
    }
    return {name: day for name, day in ends.items() if day is not None}


def _named_span(place: int, bucket: AgeBucket) -> DueSpan:
    """Return a span whose ends are the names of `_ends_of_ages`."""
    ends = (f"{end}_{place}" for end in ("first", "last"))
    known = _ends_of_ages(_Late(date(2000, 1, 1), LateRules()))
    first, last = (_day(name) if name in known else None for name in ends)
    return DueSpan(first, last)


def _disputed() -> Any:
    """What is disputed of an invoice; never more than it still asks for."""
    outstanding, disputed = col(Invoice.outstanding_minor), col(Invoice.disputed_minor)
    return case((disputed > outstanding, outstanding), else_=disputed)


def _total(expression: Any) -> Any:
    # PostgreSQL adds bigints up to numerics.
    return cast(func.coalesce(func.sum(expression), 0), BigInteger)


def _day(name: str) -> Any:
    """Name a date that a kept statement is run with."""
    return bindparam(name, type_=Date)


_TODAY = _day("today")
# Every day is after the first one: it leads SQLite to an index that holds all that
# is asked for, where it would look up each row.
_DUE_EVER = col(Invoice.due_key) >= _day("ever")
_FIRST_IN_TIME, _LAST_LATE = _day("first_in_time"), _day("last_late")
_KEPT = col(Payment.amount_minor) - col(Payment.refunded_minor)
_PAID = (
    select(
        col(Payment.currency),
        _total(_KEPT).label("minor"),
        func.count().label("count"),
    )
    .where(
        col(Payment.received_on) >= _day("year_start"),
        col(Payment.received_on) <= _TODAY,
        col(Payment.status) == PaymentStatus.SETTLED,
    )
    .group_by(col(Payment.currency))
)


_PAYMENTS = (
    select(
        col(Payment.id),
        col(Payment.received_on),
        col(Payment.method),
        col(Payment.method_detail),
        col(Payment.reference),
        col(Payment.status),
        col(Payment.currency),
        col(Payment.amount_minor),
        col(Payment.allocated_minor),
        col(Payment.refunded_minor),
    )
    .order_by(col(Payment.received_on).desc(), col(Payment.id).desc())
    .limit(bindparam("most", type_=BigInteger))
)
_PAYMENT_IDS = bindparam("payments", type_=BigInteger, expanding=True)
_ALLOCATED = (
    select(
        col(Allocation.payment_id),
        col(Allocation.invoice_id),
        col(Invoice.number),
        func.sum(col(Allocation.amount_minor)).label("minor"),
    )
    .join(Invoice, col(Allocation.invoice_id) == _ID)
    .where(col(Allocation.payment_id).in_(_PAYMENT_IDS))
    .group_by(
        col(Allocation.payment_id), col(Allocation.invoice_id), col(Invoice.number)
    )
    .order_by(col(Allocation.payment_id), col(Allocation.invoice_id))
    .limit(PARTS_MAX)
)
_RECEIPTS = (
    select(
        col(IssuedDocument.payment_id),
        col(IssuedDocument.invoice_id),
        col(IssuedDocument.number),
        col(Invoice.number),
    )
    .join(Invoice, col(IssuedDocument.invoice_id) == _ID)
    .where(
        col(IssuedDocument.payment_id).in_(_PAYMENT_IDS),
        col(IssuedDocument.kind) == DocumentKind.RECEIPT,
    )
    .order_by(col(IssuedDocument.id))
    .limit(PARTS_MAX)
)
_DEBITS = (
    select(
        col(PaymentAttempt.id),
        col(PaymentAttempt.created_at),
        col(PaymentAttempt.amount_minor),
        col(PaymentAttempt.currency),
    )
    .where(col(PaymentAttempt.status) == AttemptStatus.PROCESSING)
    .order_by(col(PaymentAttempt.id).desc())
    .limit(DEBITS_MAX)
)


# Lists


def _page(
    uow: UnitOfWork, wanted: AccountFilter, dated: DateRange, late: _Late
) -> Page[AccountRow]:
    key, key_type = _KEYS[wanted.sort]
    walk = make_walk(key, _ID, key_type, wanted.is_descending, wanted.paging)
    if wanted.is_plain and walk.cursor is None:
        plain = _first_page(replace(wanted, paging=Paging(limit=wanted.paging.limit)))
        days = {"first_in_time": late.first_in_time, "last_late": late.last_late}
        found = uow.all(plain, **days)
    else:
        conditions = _conditions(uow, wanted, dated, leader=wanted.sort)
        found = uow.all(_shown(_branches(wanted, late), conditions, walk, wanted))
    return make_page(
        [_row(row, late) for row in found],
        wanted.paging,
        walk,
        lambda row: Cursor(row.sort_key, row.id),
    )


@dataclass(frozen=True, slots=True)
class _Branch:
    """Invoices of one phase, due within some days; `rank` orders statuses."""

    phase: str
    due: DueSpan
    rank: int


@cache
def _first_page(wanted: AccountFilter) -> Any:
    """Select the first page of what is narrowed by a tab only, for any day."""
    key, key_type = _KEYS[wanted.sort]
    walk = make_walk(key, _ID, key_type, wanted.is_descending, wanted.paging)
    conditions = [_disputed() > 0] if wanted.tab == AccountTab.DISPUTED else []
    sides = {_LATE: DueSpan(last=_LAST_LATE), _IN_TIME: DueSpan(first=_FIRST_IN_TIME)}
    return _shown(_branches_of(wanted, sides), conditions, walk, wanted)


def _branches(wanted: AccountFilter, late: _Late) -> list[_Branch]:
    """Split the list so that each part walks one index."""
    if wanted.bucket is not None:
        asked = late.due_span(wanted.bucket)
        return [
            _Branch(name, asked, 0)
            for name in _phase_names(OPEN_PHASES, with_archived=True)
        ]
    sides = {
        _LATE: DueSpan(last=late.last_late),
        _IN_TIME: DueSpan(first=late.first_in_time),
    }
    return _branches_of(wanted, sides)


def _branches_of(wanted: AccountFilter, sides: Mapping[str, DueSpan]) -> list[_Branch]:
    parts = _PARTS[wanted.tab]
    # Nothing else tells what is late from what has time, and each branch costs.
    is_split = wanted.sort == AccountSort.STATUS or wanted.tab == AccountTab.OVERDUE
    return [
        _Branch(name, sides[side] if side and is_split else DueSpan(), rank)
        for rank, (phase, side) in enumerate(_STATUS_ORDER)
        if (phase, side) in parts and (is_split or side != _LATE)
        for name in _phase_names((phase,), with_archived=wanted.includes_archived)
    ]


def _shown(
    branches: Sequence[_Branch],
    conditions: Sequence[Any],
    walk: Walk,
    wanted: AccountFilter,
) -> Any:
    """Select a page in walking order, merged from the first of every branch.

    Rows are looked up from their ids in the same statement: asked for a list of
    ids, SQLite would rather read all of the customer's.
    """
    by_status = wanted.sort == AccountSort.STATUS
    parts: list[Any] = []
    for branch in branches:
        beyond = walk.beyond()
        key, order = walk.key, walk.order()
        if by_status:
            place = _beyond_rank(branch.rank, walk)
            if place is None:
                continue
            key, beyond = literal(branch.rank), place
            order = [_ID.desc() if walk.is_descending else _ID.asc()]
        is_open = branch.due.first is None and branch.due.last is None
        span = [] if is_open else [_due_within(branch.due)]
        parts.append(
            select(_ID, key.label("key"))
            .where(col(Invoice.phase) == branch.phase, *span, *conditions, *beyond)
            .order_by(*order)
            .limit(wanted.paging.rows_wanted)
            .subquery()
        )
    if not parts:
        return select(*_SHOWN, literal(0).label("key")).where(literal(False))
    merged = union_all(*(select(each.c.id, each.c.key) for each in parts)).subquery()
    order = [
        column.desc() if walk.is_descending else column.asc()
        for column in (merged.c.key, merged.c.id)
    ]
    return (
        select(*_SHOWN, merged.c.key)
        .join_from(merged, Invoice, merged.c.id == _ID)
        .order_by(*order)
        .limit(wanted.paging.rows_wanted)
    )


def _beyond_rank(rank: int, walk: Walk) -> list[Any] | None:
    """Return what is beyond the place within a status; None where nothing is."""
    if walk.cursor is None:
        return []
    here = walk.cursor.key
    assert isinstance(here, int)
    if rank == here:
        row_id, last = walk.row_id, walk.cursor.row_id
        return [row_id < last if walk.is_descending else row_id > last]
    is_past = rank < here if walk.is_descending else rank > here
    return [] if is_past else None


def _conditions(
    uow: UnitOfWork, wanted: AccountFilter, dated: DateRange, *, leader: AccountSort
) -> list[Any]:
    conditions: list[Any] = []
    issued = col(Invoice.issued_key)
    if leader != AccountSort.ISSUED:
        # A range would lead the plan away from the index of the sort.
        issued = func.coalesce(issued, issued)
    if dated.first is not None:
        conditions.append(issued >= dated.first)
    if dated.last is not None:
        conditions.append(issued <= dated.last)
    if wanted.currency:
        conditions.append(col(Invoice.currency) == wanted.currency)
    if wanted.tab == AccountTab.DISPUTED or wanted.bucket == AgeBucket.DISPUTED:
        conditions.append(_disputed() > 0)
    elif wanted.bucket is not None:
        conditions.append(col(Invoice.outstanding_minor) > _disputed())
    if wanted.text:
        conditions.append(_matches(uow, wanted.text))
    return conditions


def _matches(uow: UnitOfWork, text: str) -> Any:
    """Match the beginning of a number or an order, or what a line is about.

    What finds few is looked up; what finds many is soon met on the way.
    """
    found = _look_up(uow, text)
    if not found:
        return false()
    if len(found) <= _LOOKED_UP_MAX:
        return _ID.in_(sorted(found))
    number, order = (
        func.coalesce(col(column), "")
        for column in (Invoice.number, Invoice.purchase_order)
    )
    return or_(
        *begins_as_typed(number, text),
        *begins_as_typed(order, text),
        _ID.in_(sorted(_look_behind(uow, text))),
    )


def _look_up(uow: UnitOfWork, text: str) -> set[int]:
    """Return the invoices that match, or more than `_LOOKED_UP_MAX` of them."""
    limit = _LOOKED_UP_MAX + 1
    looks = [
        select(_ID).where(begins).limit(limit).subquery()
        for column in (Invoice.number, Invoice.purchase_order)
        for begins in begins_as_typed(col(column), text)
    ]
    found = uow.all(union_all(*(select(look.c.id) for look in looks)))
    return {row.id for row in found} | _look_behind(uow, text)


def _look_behind(uow: UnitOfWork, text: str) -> set[int]:
    """Return invoices with a line whose reference begins like that."""
    behind = (
        select(col(BillableEvent.invoice_id))
        .where(begins_with(col(BillableEvent.reference), text))
        .limit(_REFERENCES_MAX)
    )
    return {row.invoice_id for row in uow.all(behind)}


def _due_within(span: DueSpan) -> Any:
    due = col(Invoice.due_key)
    first = [due >= span.first] if span.first is not None else []
    last = [due <= span.last] if span.last is not None else []
    return and_(True, *first, *last)


def _count(
    uow: UnitOfWork, wanted: AccountFilter, dated: DateRange, late: _Late
) -> Count:
    conditions = _conditions(uow, wanted, dated, leader=AccountSort.ISSUED)
    found = [
        select(_ID)
        .where(col(Invoice.phase) == branch.phase, _due_within(branch.due), *conditions)
        .order_by(col(Invoice.issued_key).desc())
        .limit(COUNT_MAX + 1)
        .subquery()
        for branch in _branches(wanted, late)
    ]
    together = union_all(*(select(each.c.id) for each in found)).subquery()
    return Count(uow.count(select(together.c.id).limit(COUNT_MAX + 1)))


def _count_tabs(
    uow: UnitOfWork, wanted: AccountFilter, sums: Sequence[CurrencySums]
) -> dict[AccountTab, int]:
    """Count what each tab holds; what is late or disputed was counted with the sums."""
    phases = _phase_names(InvoicePhase, with_archived=wanted.includes_archived)
    counted = dict.fromkeys(AccountTab, 0)
    for phase, count in uow.all(_COUNTED, phases=phases, ever=date.min):
        counted[AccountTab.ALL] += count
        plain = phase.removeprefix("archived_")
        if plain in OPEN_PHASES:
            counted[AccountTab.OPEN] += count
        if plain == InvoicePhase.PAID:
            counted[AccountTab.PAID] += count
        if plain in (InvoicePhase.CREDITED, InvoicePhase.IN_CREDIT):
            counted[AccountTab.CREDITED] += count
    for it in sums:
        filed = not wanted.includes_archived
        counted[AccountTab.OVERDUE] += it.overdue_count - filed * it.filed_overdue
        counted[AccountTab.DISPUTED] += it.disputed_count - filed * it.filed_disputed
    return counted


def _has_archived(uow: UnitOfWork) -> bool:
    phases = [phase.archived for phase in InvoicePhase]
    return bool(uow.all(_COUNTED, phases=phases, ever=date.min))


_PHASES = bindparam("phases", type_=String, expanding=True)
_COUNTED = (
    select(col(Invoice.phase), func.count())
    .where(col(Invoice.phase).in_(_PHASES), _DUE_EVER)
    .group_by(col(Invoice.phase))
)


def _late_phases() -> list[str]:
    """What is on its way is not late any more."""
    return _phase_names((InvoicePhase.UNPAID, InvoicePhase.PARTIALLY_PAID))


def _row(row: Any, late: _Late) -> AccountRow:
    facts = InvoiceFacts(
        InvoiceState(row.state),
        row.prepaid_minor,
        row.outstanding_minor,
        row.processing_minor,
        row.due_on,
        late.rules,
        credited_minor=row.credited_minor,
        allocated_minor=row.allocated_minor,
        written_off_minor=row.written_off_minor,
    )
    return AccountRow(
        id=row.id,
        number=row.number,
        purchase_order=row.purchase_order,
        status=compute_status(facts, late.today),
        is_archived=row.phase.startswith("archived_"),
        currency=row.currency,
        issued_on=row.issued_on,
        due_on=row.due_on,
        total_minor=row.total_minor,
        outstanding_minor=row.outstanding_minor,
        processing_minor=row.processing_minor,
        disputed_minor=min(row.disputed_minor, max(0, row.outstanding_minor)),
        # SQLite forgets that a key out of a union is a date.
        sort_key=row.key,
    )


# Behind a row


def _list_reminders(uow: UnitOfWork, invoice_id: int) -> Iterator[ReminderFacts]:
    statement = (
        select(col(Reminder.sent_at), col(Reminder.email))
        .where(col(Reminder.invoice_id) == invoice_id)
        .order_by(col(Reminder.sent_at), col(Reminder.id))
        .limit(REMINDERS_MAX)
    )
    for sent_at, email in uow.all(statement):
        yield ReminderFacts(sent_at, email)


@inner
def _check_whole(uow: UnitOfWork) -> None:
    """Refuse whoever may see one invoice only: sums would tell of the others."""
    assert isinstance(uow.actor, PortalVisitor)
    if uow.actor.invoice_id is not None:
        raise NotFound("Invoice not found.")


# Small parts

# What the two halves of a phase are called: what is late and what still has time.
_LATE, _IN_TIME, _EITHER = "late", "in_time", ""
# How urgent, most urgent last, so that a descending sort shows it first.
_STATUS_ORDER = (
    (InvoicePhase.VOID, _EITHER),
    (InvoicePhase.WRITTEN_OFF, _EITHER),
    (InvoicePhase.IN_CREDIT, _EITHER),
    (InvoicePhase.CREDITED, _EITHER),
    (InvoicePhase.PAID, _EITHER),
    (InvoicePhase.PROCESSING, _EITHER),
    (InvoicePhase.UNPAID, _IN_TIME),
    (InvoicePhase.PARTIALLY_PAID, _IN_TIME),
    (InvoicePhase.UNPAID, _LATE),
    (InvoicePhase.PARTIALLY_PAID, _LATE),
)
_OPEN_PARTS = tuple(part for part in _STATUS_ORDER if part[0] in OPEN_PHASES)
_PARTS = {
    AccountTab.ALL: _STATUS_ORDER,
    AccountTab.OPEN: _OPEN_PARTS,
    AccountTab.DISPUTED: _OPEN_PARTS,
    AccountTab.OVERDUE: tuple(part for part in _STATUS_ORDER if part[1] == _LATE),
    AccountTab.PAID: ((InvoicePhase.PAID, _EITHER),),
    AccountTab.CREDITED: (
        (InvoicePhase.IN_CREDIT, _EITHER),
        (InvoicePhase.CREDITED, _EITHER),
    ),
}
_KEYS: dict[AccountSort, tuple[Any, type[Key]]] = {
    AccountSort.ISSUED: (col(Invoice.issued_key), date),
    AccountSort.DUE: (col(Invoice.due_key), date),
    AccountSort.TOTAL: (col(Invoice.total_minor), int),
    AccountSort.STATUS: (literal(0), int),
}
_SHOWN = (
    _ID,
    col(Invoice.number),
    col(Invoice.purchase_order),
    col(Invoice.state),
    col(Invoice.phase),
    col(Invoice.currency),
    col(Invoice.issued_on),
    col(Invoice.due_on),
    col(Invoice.total_minor),
    col(Invoice.prepaid_minor),
    col(Invoice.outstanding_minor),
    col(Invoice.allocated_minor),
    col(Invoice.credited_minor),
    col(Invoice.written_off_minor),
    col(Invoice.processing_minor),
    col(Invoice.disputed_minor),
)


def _phase_names(
    phases: Iterable[InvoicePhase], *, with_archived: bool = True
) -> list[str]:
    kept = [phase.value for phase in phases]
    return kept + [f"archived_{name}" for name in kept] if with_archived else kept


def _dated(wanted: AccountFilter, year_start: date) -> DateRange:
    """Return the days of issue that the filter's period stands for."""
    if wanted.period == Period.THIS_YEAR:
        return DateRange(year_start)
    if wanted.period == Period.LAST_YEAR:
        first = year_start.replace(year=year_start.year - 1)
        return DateRange(first, year_start - timedelta(days=1))
    return wanted.issued


def _from_start(wanted: AccountFilter) -> AccountFilter:
    return replace(wanted, paging=Paging(limit=ROWS))


def _known(kind: type[Kind], text: str, otherwise: Kind | None) -> Any:
    return kind(text) if text in {known.value for known in kind} else otherwise


def _text(text: str) -> str:
    try:
        return clean_text(text, length_max=TEXT_LENGTH_MAX, field="q").strip()
    except InvalidInput:
        return ""


def _range(first: str, last: str) -> DateRange:
    try:
        return parse_range(f"{first}..{last}", "period")
    except InvalidInput:
        return DateRange()


def _currency(text: str) -> str:
    return text if len(text) == 3 and text.isascii() and text.isupper() else ""
