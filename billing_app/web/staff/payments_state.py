"""The list of payments: what it shows, and what a press on it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import reflex as rx

from billing_app.domain.dates import Moment
from billing_app.domain.errors import InvalidInput
from billing_app.domain.payment import (
    METHOD_NAMES,
    PaymentStatus,
    method_name,
)
from billing_app.queries import accounting as queries
from billing_app.queries.accounting import (
    PaymentFilter,
    PaymentPage,
    PaymentRow,
    PaymentSort,
    parse_payment_filter,
)
from billing_app.queries.invoices import parse_range
from billing_app.services.payments import release_payment
from billing_app.web import formats
from billing_app.web.doors import StaffState, staff_door, staff_watch
from billing_app.web.staff.addresses import turned, with_query
from billing_app.web.staff.invoice_words import PAYMENT_BADGES
from billing_app.web.staff.invoices_state import Chip, Tab, range_words
from billing_app.web.staff.live import changes

PATH = "/accounting/payments"
EXPORT = "/api/export/payments.csv"
PARAMETERS = (
    *("status", "method", "q", "customer", "received", "sort"),
    *("after", "before"),
)
_SORTS = frozenset({PaymentSort.RECEIVED, PaymentSort.AMOUNT})
_STATUS_TABS = (
    ("All", ""),
    ("Settled", PaymentStatus.SETTLED),
    ("Held", PaymentStatus.HELD),
    ("Reversed", PaymentStatus.REVERSED),
)


@dataclass(frozen=True, slots=True)
class PaymentEntry:
    """One payment as the list shows it."""

    id: int
    date: str
    customer: str
    customer_href: str
    invoices: str
    href: str
    method: str
    reference: str
    by: str
    badge: str
    words: str
    detail: str
    amount: str
    credit: str
    is_held: bool
    counts: bool


class PaymentListState(StaffState, rx.State):
    """One page of the list; the address says which.

    Attributes:
        shape: loading, empty (nothing at all), none (no match) or rows.
        received: settled money of `received_words`, by currency.
    """

    shape: str = "loading"
    lines: list[PaymentEntry] = []  # noqa: RUF012
    tabs: list[Tab] = []  # noqa: RUF012
    chips: list[Chip] = []  # noqa: RUF012
    count: str = ""
    text: str = ""
    place: int = 0
    sorted_by: str = ""
    is_descending: bool = False
    range_words: str = ""
    newer: str = ""
    older: str = ""
    live: str = ""
    received: str = ""
    received_words: str = ""
    export_href: str = EXPORT
    dates: dict[str, str] = {}  # noqa: RUF012
    date_errors: dict[str, str] = {}  # noqa: RUF012
    is_filtering: bool = False

    _typed: dict[str, str] = dict.fromkeys(PARAMETERS, "")
    _wanted: PaymentFilter = PaymentFilter()

    @staff_door
    async def open(self) -> Any:
        """Show the page that the address names."""
        self._typed = {name: self._query(name) for name in PARAMETERS}
        try:
            self._wanted = parse_payment_filter(self._typed)
            await self._read()
        except InvalidInput as refusal:
            self._carry_notice(self._notify(refusal.message, is_refusal=True))
            return rx.redirect(PATH, replace=True)
        return None

    @staff_watch
    async def watch(self) -> None:
        async for _ in changes(self):
            async with self:
                if self.shape != "loading":
                    await self._read()

    @staff_door
    async def search(self, text: str) -> Any:
        # What is typed letter by letter is one step back, not many.
        return rx.redirect(with_query(PATH, self._typed, q=text.strip()), replace=True)

    @staff_door
    async def sort(self, key: str) -> Any:
        sort = self._typed["sort"] or f"-{PaymentSort.RECEIVED}"
        return self._go(sort=turned(sort, key, _SORTS))

    @staff_door
    async def go_newer(self) -> Any:
        return self._go(before=self.newer)

    @staff_door
    async def go_older(self) -> Any:
        return self._go(after=self.older)

    @staff_door
    async def remove_filter(self, name: str) -> Any:
        if name not in PARAMETERS:
            raise InvalidInput("There is no such filter.")
        return self._go(**{name: ""})

    @staff_door
    async def clear_filters(self) -> Any:
        self.place += 1
        return rx.redirect(PATH)

    @staff_door
    async def start_filtering(self) -> None:
        days = self._wanted.received
        self.dates = {"first": str(days.first or ""), "last": str(days.last or "")}
        self.date_errors = {}
        self.is_filtering = True

    @staff_door
    async def stop_filtering(self) -> None:
        self.is_filtering = False

    @staff_door
    async def filter_dates(self, form: dict[str, Any]) -> Any:
        first, last = str(form.get("first", "")), str(form.get("last", ""))
        received = f"{first}..{last}" if first or last else ""
        self.date_errors = {}
        try:
            parse_range(received, "received")
        except InvalidInput as refusal:
            self.date_errors = {"first": refusal.message}
            return None
        self.is_filtering = False
        return self._go(received=received)

    @staff_door
    async def release(self, payment_id: int) -> None:
        """Take a held payment as the customer's credit."""
        await self._run(release_payment, payment_id)
        self._notify("The payment counts as the customer's credit now.")
        await self._read()

    async def _read(self) -> None:
        self._show(await self._run(queries.list_payments, self._wanted))

    def _show(self, found: PaymentPage) -> None:
        page, moment = found.page, found.moment
        self.lines = [_entry(row, moment) for row in page.rows]
        self.count = str(found.count)
        self.text = self._wanted.text
        self.sorted_by = self._wanted.sort.value
        self.is_descending = self._wanted.is_descending
        self.newer, self.older = page.newer, page.older
        self.range_words = f"{page.first:,} to {page.last:,} of {found.count}"
        self.live = formats.live_words(moment)
        sums = [(each.currency, each.amount_minor) for each in found.received]
        self.received = formats.join_money(sums) if sums else formats.NOTHING
        self.received_words = f"Settled {range_words(found.days, moment)}"
        self.export_href = with_query(EXPORT, self._typed, after="", before="")
        self.tabs = [self._tab(words, status) for words, status in _STATUS_TABS]
        self.chips = self._chips(moment)
        is_plain = not any(self._typed[name] for name in PARAMETERS if name != "sort")
        self.shape = "rows" if page.rows else "empty" if is_plain else "none"

    def _tab(self, words: str, status: str) -> Tab:
        href = with_query(PATH, self._typed, status=status)
        return Tab(words, href, "", self._typed["status"] == status)

    def _chips(self, moment: Moment) -> list[Chip]:
        wanted = self._wanted
        chips: list[Chip] = []
        if not wanted.received.is_open:
            days = range_words(wanted.received, moment)
            chips.append(Chip("received", "Received", days))
        if wanted.method is not None:
            chips.append(Chip("method", "Method", METHOD_NAMES[wanted.method]))
        if wanted.customer_id is not None:
            chips.append(Chip("customer", "Customer", "one"))
        return chips

    def _go(self, **parameters: str) -> Any:
        return rx.redirect(with_query(PATH, self._typed, **parameters))


def _entry(row: PaymentRow, moment: Moment) -> PaymentEntry:
    badge, words = PAYMENT_BADGES[row.status]
    first = row.invoices[0] if row.invoices else None
    credit = formats.money(row.credit_minor, row.currency) if row.credit_minor else ""
    return PaymentEntry(
        id=row.id,
        date=formats.short_day(row.received_on, moment),
        customer=row.customer_name,
        customer_href=f"/customers/{row.customer_id}",
        invoices=", ".join(invoice.number for invoice in row.invoices)
        or formats.NOTHING,
        href=f"/invoices/{first.id}" if first else f"/customers/{row.customer_id}",
        method=method_name(row.method, row.method_detail),
        reference=row.reference,
        by=row.recorded_by or "Customer",
        badge=badge,
        words=words,
        detail=row.hold_reason,
        amount=formats.money(row.amount_minor, row.currency),
        credit=f"{credit} credit" if credit else "",
        is_held=row.status == PaymentStatus.HELD,
        counts=row.status == PaymentStatus.SETTLED,
    )
