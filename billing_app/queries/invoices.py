"""Invoices as staff list them: searched, filtered, sorted and paged by key.

How a page stays cheap at a million invoices: docs/decisions/0018.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Select,
    String,
    and_,
    cast,
    func,
    literal,
    or_,
    outerjoin,
    select,
    union,
    union_all,
)
from sqlmodel import col

from billing_app.database.access import inner, staff
from billing_app.database.prefix import as_typed, begins_with
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.contact import name_key
from billing_app.domain.currencies import currencies_with, exponents
from billing_app.domain.custom_fields import (
    CustomField,
    FieldPlace,
    FilledField,
    fields_from_json,
    filled_from_json,
)
from billing_app.domain.dates import Moment
from billing_app.domain.errors import InvalidInput
from billing_app.domain.invoice import (
    PHASES_BY_STATUS,
    DueSide,
    InvoiceFacts,
    InvoicePhase,
    InvoiceState,
    InvoiceStatus,
    LateRules,
    compute_status,
    is_overdue,
)
from billing_app.domain.invoice_mode import InvoiceMode
from billing_app.domain.parsing import clean_text, find_amounts, parse_date
from billing_app.domain.payment_reference import read_reference
from billing_app.models import (
    Customer,
    Dispute,
    Invoice,
    NumberSeries,
    WorkspaceSettings,
)
from billing_app.queries.names import holds_name
from billing_app.queries.paging import (
    COUNT_MAX,
    PAGE_SIZE_MAX,
    Count,
    Cursor,
    Key,
    Page,
    Paging,
    Walk,
    make_page,
    make_walk,
)
from billing_app.queries.portal_rules import read_late_rules

TEXT_LENGTH_MAX = 200
# Up to here a filter's matches are gathered and sorted.
GATHERED_MAX = 5_000
# Where more match, they may be met while so many are looked at along the sort's index.
LOOKED_MAX = 1_000
CUSTOMERS_MAX = 1_000
_USUAL_DECIMALS = 2
_LAST_DAY = date.max - timedelta(days=1)

_DISPUTED = "disputed"
_CUSTOMER = "customer_id"
_SENT = "sent"
# A missing instant is after none. SQLite looks no IS NOT NULL up in an index.
_BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)

# A condition, given how it may speak of a column.
_Condition = Callable[[Callable[[Any], Any]], Any]


class InvoiceSort(StrEnum):
    """What a list of invoices can be sorted by."""

    NUMBER = "number"
    CUSTOMER = "customer"
    ISSUED = "issued"
    DUE = "due"
    TOTAL = "total"
    OUTSTANDING = "outstanding"


_SORTS_OF_A_CUSTOMER = {InvoiceSort.ISSUED, InvoiceSort.DUE, InvoiceSort.TOTAL}
_ID = col(Invoice.id)
_SHOWN: tuple[Any, ...] = (
    Invoice.id,
    Invoice.number,
    Invoice.customer_id,
    Invoice.customer_name,
    Invoice.purchase_order,
    Invoice.job,
    Invoice.mode,
    Invoice.state,
    Invoice.currency,
    Invoice.net_minor,
    Invoice.tax_minor,
    Invoice.total_minor,
    Invoice.prepaid_minor,
    Invoice.outstanding_minor,
    Invoice.allocated_minor,
    Invoice.credited_minor,
    Invoice.written_off_minor,
    Invoice.cancelled_at,
    Invoice.processing_minor,
    Invoice.disputed_minor,
    Invoice.issued_on,
    Invoice.due_on,
    Invoice.first_viewed_at,
    Invoice.sent_at,
    Invoice.archived_at,
)
_SORTS: dict[InvoiceSort, tuple[Any, type[Key]]] = {
    InvoiceSort.NUMBER: (Invoice.number_key, str),
    InvoiceSort.CUSTOMER: (Invoice.customer_name_key, str),
    InvoiceSort.ISSUED: (Invoice.issued_key, date),
    InvoiceSort.DUE: (Invoice.due_key, date),
    InvoiceSort.TOTAL: (Invoice.total_minor, int),
    InvoiceSort.OUTSTANDING: (Invoice.outstanding_minor, int),
}


@dataclass(frozen=True, slots=True)
class DateRange:
    """From a day to a day, both included; None is open."""

    first: date | None = None
    last: date | None = None

    @property
    def is_open(self) -> bool:
        return self.first is None and self.last is None

    @property
    def without_missing(self) -> DateRange:
        """The same range, but a missing date, kept as the last day, is outside."""
        if self.first is None or self.last is not None:
            return self
        return DateRange(self.first, _LAST_DAY)

    def __str__(self) -> str:
        ends = (self.first, self.last)
        return "..".join("" if end is None else end.isoformat() for end in ends)


@dataclass(frozen=True, slots=True)
class InvoiceFilter:
    """Which invoices, in which order. What is missing sorts last.

    Attributes:
        text: beginning of a number or an order, a bare counter, the reference of a
            transfer, part of the customer's name, or what the total or the
            outstanding comes to.
        customer_id: theirs, and those of who was merged into them.
        is_disputed: only those with an open dispute.
        is_sent: only those marked as sent, whatever became of them since.
    """

    status: InvoiceStatus | None = None
    text: str = ""
    customer_id: int | None = None
    issued: DateRange = field(default_factory=DateRange)
    due: DateRange = field(default_factory=DateRange)
    includes_archived: bool = False
    is_disputed: bool = False
    is_sent: bool = False
    sort: InvoiceSort = InvoiceSort.ISSUED
    is_descending: bool = True
    paging: Paging = field(default_factory=Paging)


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """One invoice in a list. Amounts in minor units of `currency`.

    Attributes:
        number: empty for a draft.
        is_late: past its due date with money outstanding, whatever the status says.
    """

    id: int
    number: str
    customer_id: int | None
    customer_name: str
    purchase_order: str
    job: str
    mode: InvoiceMode
    status: InvoiceStatus
    currency: str
    net_minor: int
    tax_minor: int
    total_minor: int
    allocated_minor: int
    outstanding_minor: int
    credited_minor: int
    written_off_minor: int
    issued_on: date | None
    due_on: date | None
    is_late: bool
    first_viewed_at: datetime | None
    sent_at: datetime | None
    archived_at: datetime | None
    sort_key: Key
    is_disputed: bool = False


@dataclass(frozen=True, slots=True)
class OwnColumns:
    """The workspace's own fields, and whether any invoice has some filled in."""

    fields: tuple[CustomField, ...]
    are_filled: bool


@dataclass(frozen=True, slots=True)
class InvoicePage:
    """A page of invoices and how many the filter matches in all.

    Attributes:
        is_partial: too many match to sort them all; the page is of the newest of them.
    """

    page: Page[InvoiceRow] = field(default_factory=lambda: Page())
    count: Count = field(default_factory=Count)
    is_partial: bool = False
    moment: Moment = field(default_factory=Moment)


EMPTY_PAGE = InvoicePage()


@dataclass(frozen=True, slots=True)
class StatusCounts:
    """How many invoices each tab holds; archived ones are left out."""

    all: Count = field(default_factory=Count)
    by_status: tuple[tuple[InvoiceStatus, Count], ...] = ()
    disputed: Count = field(default_factory=Count)
    sent: Count = field(default_factory=Count)


def slug(status: InvoiceStatus) -> str:
    """Return the status as it stands in an address: `partially-paid`."""
    return status.value.lower().replace(" ", "-")


STATUS_BY_SLUG = {slug(status): status for status in InvoiceStatus}


def parse_invoice_filter(typed: Mapping[str, str]) -> InvoiceFilter:
    """Read a filter from the parameters of an address.

    `status, q, customer, issued, due, archived, disputed, sent, sort, after, before`;
    ranges are `2026-07-01..2026-11-19`, a sort with a minus before it is descending.

    Raises:
        InvalidInput: a value that no page of ours would have put there.
    """
    status = typed.get("status", "")
    if status and status not in STATUS_BY_SLUG:
        raise InvalidInput(f"There is no status “{status[:40]}”.", field="status")
    wanted = typed.get("sort", "") or f"-{InvoiceSort.ISSUED}"
    sort = wanted.removeprefix("-")
    if sort not in {known.value for known in InvoiceSort}:
        raise InvalidInput(f"The list can't be sorted by “{sort[:40]}”.", field="sort")
    return InvoiceFilter(
        status=STATUS_BY_SLUG.get(status),
        text=clean_text(typed.get("q", ""), length_max=TEXT_LENGTH_MAX, field="q"),
        customer_id=parse_row_id(typed.get("customer", ""), "customer"),
        issued=parse_range(typed.get("issued", ""), "issued"),
        due=parse_range(typed.get("due", ""), "due"),
        includes_archived=parse_switch(typed, "archived"),
        is_disputed=parse_switch(typed, "disputed"),
        is_sent=parse_switch(typed, "sent"),
        sort=InvoiceSort(sort),
        is_descending=wanted.startswith("-"),
        paging=Paging(after=typed.get("after", ""), before=typed.get("before", "")),
    )


def parse_switch(typed: Mapping[str, str], field: str) -> bool:
    """Read whether an address switches something on: with a 1, or by nothing at all."""
    text = typed.get(field, "")
    if text not in ("", "1"):
        raise InvalidInput(
            f"The list can't be narrowed by {field} “{text[:40]}”.", field=field
        )
    return text == "1"


def parse_row_id(text: str, field: str) -> int | None:
    """Read an id from an address, or None when there is none."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise InvalidInput(f"There is no {field} “{text[:40]}”.", field=field)
    return int(text)


def parse_range(text: str, field: str) -> DateRange:
    """Read two days with two dots between; either may be left out."""
    if not text:
        return DateRange()
    first, dots, last = text.partition("..")
    if not dots:
        raise InvalidInput("Write the days like 2026-07-01..2026-07-31.", field=field)
    return DateRange(
        parse_date(first, field=field) if first else None,
        parse_date(last, field=field) if last else None,
    )


@staff(Permission.VIEW)
def list_invoices(uow: UnitOfWork, wanted: InvoiceFilter) -> InvoicePage:
    """Return one page of invoices and their capped count.

    The work is bounded: a filter that more than `GATHERED_MAX` match, under a sort
    that meets its matches late, gives a page of the newest matches only.

    Raises:
        InvalidInput: the place to go on from was not made by this list.
    """
    asked = _ask(uow, wanted)
    found = _find(uow, asked)
    return InvoicePage(
        _page(uow, asked, found.ids),
        found.count,
        found.is_partial,
        Moment(uow.now, uow.workspace.zone),
    )


@staff(Permission.VIEW)
def list_these(
    uow: UnitOfWork, invoice_ids: Sequence[int], sort: InvoiceSort
) -> tuple[InvoiceRow, ...]:
    """Return some invoices as they are now, in the order given.

    Those that are gone, or belong to somebody else, are left out.
    """
    key, _ = _SORTS[sort]
    return tuple(_rows(uow, invoice_ids[:PAGE_SIZE_MAX], key))


@staff(Permission.EXPORT)
def export_invoices(uow: UnitOfWork, wanted: InvoiceFilter) -> Page[InvoiceRow]:
    """Return one page for an export; `older` leads to the next.

    Every match is in it: what one page looks at in vain, the next need not.
    """
    asked = _ask(uow, wanted)
    return _page(uow, asked, _walk_on(uow, asked))


@staff(Permission.EXPORT)
def read_own_columns(uow: UnitOfWork) -> OwnColumns:
    """Return the workspace's own fields, as an export has columns for them."""
    stored = uow.one(select(col(WorkspaceSettings.custom_fields)))[0]
    is_filled = cast(col(Invoice.custom_fields), String) != "[]"
    filled = uow.first(select(col(Invoice.id)).where(is_filled).limit(1))
    columns = (x for x in fields_from_json(stored) if x.place != FieldPlace.LINE)
    return OwnColumns(tuple(columns), filled is not None)


@staff(Permission.EXPORT)
def with_filled_fields(
    uow: UnitOfWork, rows: tuple[InvoiceRow, ...]
) -> tuple[tuple[InvoiceRow, tuple[FilledField, ...]], ...]:
    """Return each row with what was filled in for the workspace's own fields."""
    statement = select(col(Invoice.id), col(Invoice.custom_fields)).where(
        col(Invoice.id).in_([row.id for row in rows])
    )
    stored: dict[int, list[Any]] = dict(uow.all(statement))
    return tuple((row, filled_from_json(stored[row.id])) for row in rows)


@staff(Permission.VIEW)
def count_by_status(uow: UnitOfWork) -> StatusCounts:
    """Count each tab of the list, no further than a thousand."""
    tabs = {status.value: InvoiceFilter(status=status) for status in InvoiceStatus}
    leaders = dict.fromkeys(tabs, str(InvoiceSort.DUE))
    tabs[_DISPUTED] = InvoiceFilter(is_disputed=True)
    tabs[_SENT] = InvoiceFilter(is_sent=True)
    subqueries: list[Select[str, int]] = []
    for name, tab in tabs.items():
        tests = _tests(uow, tab)
        known = tests[name].source if name in tests else None
        if known is None:
            conditions = _led_by(leaders.get(name, name), tests)
            ids = _few(_by_phase(tab, conditions), COUNT_MAX + 1).subquery()
            subqueries.append(select(literal(name), func.count()).select_from(ids))
        else:
            joined = _these(tab, known.limit(COUNT_MAX + 1))
            subqueries.append(
                select(literal(name), func.count(_ID)).select_from(joined)
            )
    seen: dict[str, int] = dict(uow.all(union_all(*subqueries)))
    return StatusCounts(
        all=Count(sum(seen[status.value] for status in InvoiceStatus)),
        by_status=tuple(
            (status, Count(seen[status.value])) for status in InvoiceStatus
        ),
        disputed=Count(seen[_DISPUTED]),
        sent=Count(seen[_SENT]),
    )


@dataclass(frozen=True, slots=True)
class _Way:
    """How an invoice can pass a filter.

    Attributes:
        newest: the column whose index has those that pass, the newest last.
    """

    passes: _Condition
    newest: Any = None


@dataclass(frozen=True, slots=True)
class _Test:
    """One filter: an invoice passes in any of these ways.

    Attributes:
        source: selects the ids of all that pass from a table of few rows.
    """

    ways: list[_Way]
    source: Select[Any] | None = None

    def condition(self, of: Callable[[Any], Any]) -> Any:
        return or_(*(way.passes(of) for way in self.ways))


# By the name of the sort that a filter can share an index with.
_Tests = dict[str, _Test]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a page is asked for, as the database understands it."""

    wanted: InvoiceFilter
    walk: Walk
    tests: _Tests


@dataclass(frozen=True, slots=True)
class _Found:
    """Ids in walking order, one longer than the page when there is more."""

    ids: Sequence[int]
    count: Count
    is_partial: bool = False


def _ask(uow: UnitOfWork, wanted: InvoiceFilter) -> _Asked:
    if wanted.customer_id is not None and wanted.sort == InvoiceSort.CUSTOMER:
        # One name sorts nothing, and its index has all others before it.
        wanted = replace(wanted, sort=InvoiceSort.ISSUED)
    key, key_type = _SORTS[wanted.sort]
    walk = make_walk(col(key), _ID, key_type, wanted.is_descending, wanted.paging)
    return _Asked(wanted, walk, _tests(uow, wanted))


def _page(uow: UnitOfWork, asked: _Asked, ids: Sequence[int]) -> Page[InvoiceRow]:
    paging = asked.wanted.paging
    found = _rows(uow, ids[: paging.rows_wanted], asked.walk.key)
    return make_page(
        found, paging, asked.walk, lambda row: Cursor(row.sort_key, row.id)
    )


def _find(uow: UnitOfWork, asked: _Asked) -> _Found:
    fewest = _fewest(uow, asked)
    if fewest is None:
        conditions = _led_by(asked.wanted.sort, asked.tests)
        every = _few(_by_phase(asked.wanted, conditions), COUNT_MAX + 1)
        return _Found(_walk_on(uow, asked), Count(uow.count(every)))

    if fewest.is_few:
        matches = _gather(uow, asked, fewest.ids)
        ids = [row_id for key, row_id in matches if asked.walk.is_beyond(key, row_id)]
        return _Found(ids, Count(min(len(matches), COUNT_MAX + 1)))

    ids = _look_ahead(uow, asked)
    if ids is not None:
        seen = max(
            _count_among(uow, asked, fewest.newest),
            _met(asked.wanted.paging, asked.walk, ids),
        )
        return _Found(ids, Count(min(seen, COUNT_MAX + 1), is_least=True))
    matches = _gather(uow, asked, fewest.newest)
    ids = [row_id for key, row_id in matches if asked.walk.is_beyond(key, row_id)]
    return _Found(
        ids, Count(min(len(matches), COUNT_MAX + 1), is_least=True), is_partial=True
    )


def _met(paging: Paging, walk: Walk, ids: Sequence[int]) -> int:
    """Return how many matches there are at least, as the pages so far have met them."""
    before = walk.cursor.position if walk.cursor else 0
    return before if paging.is_backwards else before + len(ids)


def _tests(uow: UnitOfWork, wanted: InvoiceFilter) -> _Tests:
    tests: _Tests = {}
    issued, due = (
        wanted.issued.without_missing,
        _due_range(wanted, _late_before(uow, wanted)),
    )
    if not issued.is_open:
        tests[InvoiceSort.ISSUED] = _Test([_between(Invoice.issued_key, issued)])
    if not due.is_open:
        tests[InvoiceSort.DUE] = _Test([_between(Invoice.due_key, due)])
    if wanted.customer_id is not None:
        same = list_same(uow, wanted.customer_id)
        tests[_CUSTOMER] = _Test([_billed_to(it) for it in same])
    if wanted.is_disputed:
        # Disputes know their invoices; few invoices have any.
        ids: list[Any] = [col(Dispute.invoice_id).label("id")]
        disputed: Any = (
            select(*ids).where(col(Dispute.resolved_at).is_(None)).distinct()
        )
        argued = _Way(lambda of: of(Invoice.id).in_(disputed))
        tests[_DISPUTED] = _Test([argued], disputed)
    if wanted.is_sent:
        sent = _Way(lambda of: of(Invoice.sent_at) > _BEFORE_ALL, Invoice.sent_at)
        tests[_SENT] = _Test([sent])
    if wanted.text:
        tests["text"] = _Test(_text_ways(uow, wanted.text))
    return tests


@inner
def list_same(uow: UnitOfWork, customer_id: int) -> list[int]:
    """Return a customer's id, and those of who was merged into them."""
    merged = (
        select(col(Customer.id))
        .where(col(Customer.merged_into_id) == customer_id)
        .limit(CUSTOMERS_MAX)
    )
    return [customer_id, *(row.id for row in uow.all(merged))]


def _billed_to(customer_id: int) -> _Way:
    return _Way(lambda of: of(Invoice.customer_id) == customer_id, Invoice.issued_key)


def _off_index(column: Any) -> Any:
    """Keep a column's index out of the plan: the walk goes by the sort's.

    A database that keeps no statistics would take any range for a narrow one.
    """
    return func.coalesce(column, column)


def _walk_on(uow: UnitOfWork, asked: _Asked) -> list[int]:
    """Return the ids of a page, however many must be looked at to find them."""
    conditions = _led_by(asked.wanted.sort, asked.tests)
    first = _first(asked, conditions, asked.wanted.paging.rows_wanted)
    return [row.id for row in uow.all(first)]


def _look_ahead(uow: UnitOfWork, asked: _Asked) -> list[int] | None:
    """Return the ids of a page if it is found along the sort's index before long."""
    on_index = _names_on_index(asked.wanted.sort, asked.tests)
    shared = [
        test.condition(col) for name, test in asked.tests.items() if name in on_index
    ]
    ahead = _first(asked, shared, LOOKED_MAX)
    wanted = asked.wanted.paging.rows_wanted
    ids = [row_id for _, row_id in _gather(uow, asked, ahead, wanted)]
    is_found = len(ids) == wanted or uow.count(ahead) < LOOKED_MAX
    return ids if is_found else None


def _first(asked: _Asked, conditions: list[Any], limit: int) -> Any:
    """Select ids in walking order: the first of each phase, merged."""
    walk = asked.walk
    branches = [
        statement.where(*walk.beyond()).order_by(*walk.order())
        for statement in _by_phase(asked.wanted, conditions)
    ]
    return _merged(branches, walk.key, limit, is_descending=walk.is_descending)


def _merged(
    branches: list[Select[Any]], key: Any, limit: int, *, is_descending: bool
) -> Select[Any]:
    """Select the first ids by a key from statements that are each in its order."""
    first = [
        it.add_columns(key.label("key")).limit(limit).subquery() for it in branches
    ]
    merged = union_all(*(select(each.c.id, each.c.key) for each in first)).subquery()
    order = [
        column.desc() if is_descending else column.asc()
        for column in (merged.c.key, merged.c.id)
    ]
    return select(merged.c.id).order_by(*order).limit(limit)


def _led_by(leader: str, tests: _Tests) -> list[Any]:
    """Return the conditions, those on the index that is to be walked first."""
    on_index = _names_on_index(leader, tests)
    return [
        test.condition(col if name in on_index else _off_index)
        for name, test in tests.items()
    ]


def _names_on_index(leader: str, tests: _Tests) -> set[str]:
    """A customer's invoices have indexes of their own for most sorts.

    Who was recorded twice has two stretches of such an index, in no order together.
    """
    is_one = _CUSTOMER in tests and len(tests[_CUSTOMER].ways) == 1
    return (
        {leader, _CUSTOMER} if is_one and leader in _SORTS_OF_A_CUSTOMER else {leader}
    )


def _by_phase(wanted: InvoiceFilter, conditions: list[Any]) -> list[Select[Any]]:
    """Select the ids that match, one statement for each phase."""
    return [
        select(_ID).where(col(Invoice.phase) == phase, *conditions)
        for phase in _phases(wanted)
    ]


def _phases(wanted: InvoiceFilter) -> list[str]:
    phases: Sequence[InvoicePhase] = tuple(InvoicePhase)
    if wanted.status is not None:
        phases, _ = PHASES_BY_STATUS[wanted.status]
    kept = [phase.value for phase in phases]
    archived = [phase.archived for phase in phases] if wanted.includes_archived else []
    return kept + archived


def _late_before(uow: UnitOfWork, wanted: InvoiceFilter) -> date:
    """Return the first due date that is not late; only some statuses need to ask."""
    if wanted.status is None or PHASES_BY_STATUS[wanted.status][1] == DueSide.EITHER:
        return uow.today
    return read_late_rules(uow).late_before(uow.today)


def _due_range(wanted: InvoiceFilter, late_before: date) -> DateRange:
    """Narrow the asked range by what the status says about the due date."""
    side = DueSide.EITHER
    if wanted.status is not None:
        _, side = PHASES_BY_STATUS[wanted.status]
    asked = wanted.due.without_missing
    first, last = asked.first, asked.last
    if side == DueSide.LATE:
        latest = late_before - timedelta(days=1)
        last = latest if last is None else min(last, latest)
    if side == DueSide.STILL_TIME:
        first = late_before if first is None else max(first, late_before)
    return DateRange(first, last)


def _between(column: Any, days: DateRange) -> _Way:
    """Compare with a key column, where a missing date is the last there is."""

    def condition(of: Callable[[Any], Any]) -> Any:
        first = [of(column) >= days.first] if days.first is not None else []
        last = [of(column) <= days.last] if days.last is not None else []
        return and_(*first, *last)

    return _Way(condition, column)


def _text_ways(uow: UnitOfWork, text: str) -> list[_Way]:
    """Return the ways an invoice can match a text, each with an index of its own."""
    ways: list[_Way] = [
        _of_customers_named(uow, text),
        *(
            _begins_with(column, prefix)
            for column in (Invoice.number, Invoice.purchase_order)
            for prefix in as_typed(text)
        ),
        _begins_with(Invoice.job_key, name_key(text)),
    ]
    if text.isascii() and text.isdigit() and len(text) <= 18:
        codes, counter = select(col(NumberSeries.code)), int(text)
        ways.append(
            _Way(
                lambda of: (
                    of(Invoice.series_code).in_(codes)
                    & (of(Invoice.series_value) == counter)
                )
            )
        )
    if reference := read_reference(text):
        ways.append(_Way(lambda of: of(Invoice.payment_reference) == reference))
    amounts = find_amounts(text)
    if amounts:
        ways += [_comes_to(Invoice.total_minor, amounts)]
        ways += [_comes_to(Invoice.outstanding_minor, amounts)]
    return ways


def _comes_to(column: Any, amounts: Mapping[int, int]) -> _Way:
    """Match an amount, in minor units by the decimals of a currency.

    The phases are all there are: the index of an amount begins with them.
    """
    phases = [it for phase in InvoicePhase for it in (phase.value, phase.archived)]

    def condition(of: Callable[[Any], Any]) -> Any:
        exactly = (
            (col(column) == minor) & has_decimals(col(Invoice.currency), decimals)
            for decimals, minor in amounts.items()
        )
        is_near = of(column).in_(sorted(set(amounts.values())))
        return of(Invoice.phase).in_(phases) & is_near & or_(*exactly)

    return _Way(condition)


def has_decimals(currency: Any, decimals: int) -> Any:
    """Match the currencies of so many decimals; of most, by what they are not."""
    if decimals == _USUAL_DECIMALS:
        others = (it for it in exponents() if it != _USUAL_DECIMALS)
        return currency.not_in(currencies_with(*others))
    return currency.in_(currencies_with(decimals))


def _of_customers_named(uow: UnitOfWork, text: str) -> _Way:
    """Match the customers' names of today; so many that any row may, its own name."""
    named = (
        select(col(Customer.id))
        .where(holds_name(Customer.name_key, text))
        .limit(CUSTOMERS_MAX + 1)
    )
    ids = [row.id for row in uow.all(named)]
    if len(ids) > CUSTOMERS_MAX:
        return _Way(lambda of: holds_name(of(Invoice.customer_name_key), text))
    return _Way(lambda of: of(Invoice.customer_id).in_(ids))


def _begins_with(column: Any, prefix: str) -> _Way:
    return _Way(lambda of: begins_with(of(column), prefix), column)


@dataclass(frozen=True, slots=True)
class _Fewest:
    """The filter with the fewest matches.

    Attributes:
        ids: selects its matches, one more than are gathered at most.
        is_few: that is all of them.
        newest: selects `LOOKED_MAX` of them, the newest where an index knows.
    """

    ids: Select[Any]
    is_few: bool
    newest: Select[Any]


def _fewest(uow: UnitOfWork, asked: _Asked) -> _Fewest | None:
    """Count the matches of each filter but the sort's, a little past the few."""
    wanted = asked.wanted
    offered = [test for name, test in asked.tests.items() if name != wanted.sort]
    if not offered:
        return None
    every = [_matches_alone(wanted, test) for test in offered]
    counts = [
        select(func.count()).select_from(ids.subquery()).scalar_subquery()
        for ids in every
    ]
    seen = uow.one(select(*counts))
    least = min(range(len(offered)), key=lambda at: seen[at])
    return _Fewest(
        every[least],
        seen[least] <= GATHERED_MAX,
        _newest_alone(wanted, offered[least]),
    )


def _matches_alone(wanted: InvoiceFilter, test: _Test) -> Select[Any]:
    if test.source is not None:
        return test.source.limit(GATHERED_MAX + 1)
    if len(test.ways) == 1:
        return _few(_by_phase(wanted, [test.condition(col)]))
    # Each way has its own index, and none of them knows phases.
    return _any_of(_few([select(_ID).where(way.passes(col))]) for way in test.ways)


def _newest_alone(wanted: InvoiceFilter, test: _Test) -> Select[Any]:
    if test.source is not None:
        return test.source.limit(LOOKED_MAX)
    if len(test.ways) == 1:
        newest = col(test.ways[0].newest)
        every = _by_phase(wanted, [test.condition(col)])
        branches = [it.order_by(newest.desc(), _ID.desc()) for it in every]
        return _merged(branches, newest, LOOKED_MAX, is_descending=True)
    ways = (_newest_of(way).limit(LOOKED_MAX) for way in test.ways)
    together = _any_of(ways)
    return together.order_by(together.selected_columns.id.desc()).limit(LOOKED_MAX)


def _newest_of(way: _Way) -> Select[Any]:
    every = select(_ID).where(way.passes(col))
    return every if way.newest is None else every.order_by(col(way.newest).desc())


def _any_of(ways: Iterable[Select[Any]]) -> Select[Any]:
    any_way = union(*(select(way.subquery().c.id) for way in ways)).subquery()
    return select(any_way.c.id).limit(GATHERED_MAX + 1)


def _gather(
    uow: UnitOfWork, asked: _Asked, ids: Select[Any], limit: int | None = None
) -> list[tuple[Key, int]]:
    """Return the key and id of every match among a few, in walking order."""
    joined = _these(asked.wanted, ids, *_beside(asked))
    statement = select(asked.walk.key, _ID).select_from(joined).where(_ID.is_not(None))
    found = uow.all(statement.order_by(*asked.walk.order()).limit(limit))
    return [(key, row_id) for key, row_id in found]


def _count_among(uow: UnitOfWork, asked: _Asked, ids: Select[Any]) -> int:
    """Count the matches among a few, no further than `COUNT_MAX`."""
    joined = _these(asked.wanted, ids, *_beside(asked))
    count = uow.one(select(func.count(_ID)).select_from(joined))[0]
    return min(count, COUNT_MAX + 1)


def _beside(asked: _Asked) -> list[Any]:
    return [test.condition(_off_index) for test in asked.tests.values()]


def _these(wanted: InvoiceFilter, ids: Select[Any], *conditions: Any) -> Any:
    """Join a few ids with those of their invoices that a filter shows.

    The outer join fixes the order of work: first the few, then each by its id.
    """
    few = ids.subquery()
    is_shown = _off_index(Invoice.phase).in_(_phases(wanted))
    return outerjoin(few, Invoice, and_(few.c.id == _ID, is_shown, *conditions))


def _few(branches: list[Select[Any]], limit: int = GATHERED_MAX + 1) -> Select[Any]:
    """Select no more than a few ids of several statements together."""
    few = [branch.limit(limit).subquery() for branch in branches]
    together = union_all(*(select(each.c.id) for each in few)).subquery()
    return select(together.c.id).limit(limit)


def _rows(uow: UnitOfWork, ids: Sequence[int], key: Any) -> list[InvoiceRow]:
    """Read the shown columns, in the order of the ids."""
    shown = select(*_SHOWN, col(key).label("sort_key")).where(_ID.in_(ids))
    rules = read_late_rules(uow)
    by_id = {row.id: _row(row, uow.today, rules) for row in uow.all(shown)}
    return [by_id[row_id] for row_id in ids if row_id in by_id]


def _row(row: Any, today: date, rules: LateRules) -> InvoiceRow:
    facts = InvoiceFacts(
        InvoiceState(row.state),
        row.prepaid_minor,
        row.outstanding_minor,
        row.processing_minor,
        row.due_on,
        rules,
        row.credited_minor,
        row.allocated_minor,
        row.written_off_minor,
        row.cancelled_at is not None,
    )
    return InvoiceRow(
        id=row.id,
        number=row.number or "",
        customer_id=row.customer_id,
        customer_name=row.customer_name,
        purchase_order=row.purchase_order,
        job=row.job,
        mode=InvoiceMode(row.mode),
        status=compute_status(facts, today),
        currency=row.currency,
        net_minor=row.net_minor,
        tax_minor=row.tax_minor,
        total_minor=row.total_minor,
        allocated_minor=row.allocated_minor,
        outstanding_minor=row.outstanding_minor,
        credited_minor=row.credited_minor,
        written_off_minor=row.written_off_minor,
        issued_on=row.issued_on,
        due_on=row.due_on,
        is_late=is_overdue(facts, today),
        is_disputed=row.disputed_minor > 0,
        first_viewed_at=row.first_viewed_at,
        sent_at=row.sent_at,
        archived_at=row.archived_at,
        sort_key=row.sort_key,
    )
