"""The list of payments: what it shows, and what a press on it does."""

from __future__ import annotations

from dataclasses import dataclass

import reflex as rx

from billing_app.domain.combined_payment import some_numbers
from billing_app.domain.dates import Moment
from billing_app.domain.payment import (
    METHOD_NAMES,
    PaymentStatus,
    method_name,
)
from billing_app.queries import accounting as queries
from billing_app.queries.accounting import (
    PaymentFilter,
    PaymentRow,
    PaymentSort,
    parse_payment_filter,
)
from billing_app.services.settlements import release_payment
from billing_app.web import formats
from billing_app.web.doors import staff_door
from billing_app.web.staff.addresses import with_query
from billing_app.web.staff.invoice_words import payment_badge
from billing_app.web.staff.listing_state import (
    Chip,
    FilteredListState,
    Tab,
    range_words,
)

_STATUS_TABS = (
    ("All", ""),
    ("Settled", PaymentStatus.SETTLED),
    ("Held for review", PaymentStatus.HELD),
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


class PaymentListState(FilteredListState, rx.State):
    """One page of the list.

    Attributes:
        received: settled money of `received_words` less refunds, by currency.
    """

    _PARAMETERS = (
        *("status", "method", "q", "customer", "received", "sort"),
        *("after", "before"),
    )
    _SORT = f"-{PaymentSort.RECEIVED}"
    _DESCENDING_FIRST = frozenset({PaymentSort.RECEIVED, PaymentSort.AMOUNT})
    _EXPORT = "/api/export/payments.csv"
    _RANGES = ("received",)

    lines: list[PaymentEntry] = []  # noqa: RUF012
    received: str = ""
    received_words: str = ""

    _path: str = "/accounting/payments"
    _wanted: PaymentFilter = PaymentFilter()

    @staff_door
    async def release(self, payment_id: int) -> None:
        """Take a held payment as the customer's credit."""
        await self._run(release_payment, payment_id)
        self._notify("The payment counts as the customer's credit now.")
        await self._read()

    def _read_address(self) -> None:
        self._wanted = parse_payment_filter(self._typed)

    async def _read(self) -> None:
        found = await self._run(queries.list_payments, self._wanted)
        self._show_page(found, self._wanted)
        self.lines = [_entry(row, found.moment) for row in found.page.rows]
        sums = [(each.currency, each.kept_minor) for each in found.received]
        self.received = formats.join_money(sums) if sums else formats.NOTHING
        self.received_words = f"Received {range_words(found.days, found.moment)}"
        if any(each.refunded_minor for each in found.received):
            self.received_words += ", less refunds"
        self.tabs = [self._tab(words, status) for words, status in _STATUS_TABS]
        self.chips = self._chips(found.moment)

    def _tab(self, words: str, status: str) -> Tab:
        href = with_query(self._path, self._typed, status=status)
        return Tab(words, href, "", self._typed.get("status", "") == status)

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


def _entry(row: PaymentRow, moment: Moment) -> PaymentEntry:
    badge, words = payment_badge(
        row.status, row.amount_minor, row.refunded_minor, row.currency
    )
    first = row.invoices[0] if row.invoices else None
    credit = formats.money(row.credit_minor, row.currency) if row.credit_minor else ""
    return PaymentEntry(
        id=row.id,
        date=formats.short_day(row.received_on, moment),
        customer=row.customer_name,
        customer_href=f"/customers/{row.customer_id}",
        invoices=some_numbers([invoice.number for invoice in row.invoices])
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
        counts=row.status == PaymentStatus.SETTLED
        and row.refunded_minor < row.amount_minor,
    )
