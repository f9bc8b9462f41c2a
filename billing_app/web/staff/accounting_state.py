"""Accounting: the payments, searched, filtered and paged on the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import reflex as rx

from billing_app.domain.errors import InvalidInput
from billing_app.domain.formats import format_date, format_money
from billing_app.queries import accounting as queries
from billing_app.queries.accounting import PaymentRow, parse_payment_filter
from billing_app.web.doors import StaffState, staff_door
from billing_app.web.staff.addresses import turned, with_query

PATH = "/accounting"
EXPORT = "/api/export/payments.csv"
PARAMETERS = ("status", "method", "q", "received", "sort", "after", "before")


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """One payment as the list shows it."""

    id: int
    received: str
    customer: str
    customer_href: str
    invoices: str
    href: str
    method: str
    reference: str
    status: str
    recorded_by: str
    amount: str


class AccountingState(StaffState, rx.State):
    """One page of payments; the address says which.

    Attributes:
        shape: loading, none or rows.
        received: what came in, by currency, in the days shown.
    """

    shape: str = "loading"
    lines: list[PaymentLine] = []  # noqa: RUF012
    words: str = ""
    received: str = ""
    text: str = ""
    status: str = ""
    sorted_by: str = ""
    is_descending: bool = False
    newer: str = ""
    older: str = ""
    export_href: str = EXPORT

    _typed: dict[str, str] = {}  # noqa: RUF012

    @staff_door
    async def open(self) -> Any:
        """Show the page that the address names."""
        self._typed = {name: self._query(name) for name in PARAMETERS}
        try:
            wanted = parse_payment_filter(self._typed)
            found = await self._run(queries.list_payments, wanted)
        except InvalidInput as refusal:
            self._notify(refusal.message, is_refusal=True)
            return rx.redirect(PATH, replace=True)
        page = found.page
        self.lines = [_line(row) for row in page.rows]
        self.words = f"{page.first}–{page.last} of {found.count}" if page.rows else ""
        sums = [format_money(x.amount_minor, x.currency) for x in found.received]
        self.received = " + ".join(sums) or "nothing yet"
        self.text, self.sorted_by = wanted.text, wanted.sort.value
        self.status = self._typed["status"]
        self.is_descending = wanted.is_descending
        self.newer, self.older = page.newer, page.older
        self.export_href = with_query(EXPORT, self._typed)
        self.shape = "rows" if page.rows else "none"
        return None

    @staff_door
    async def search(self, text: str) -> Any:
        return rx.redirect(with_query(PATH, self._typed, q=text), replace=True)

    @staff_door
    async def filter_status(self, status: str) -> Any:
        return rx.redirect(with_query(PATH, self._typed, status=status))

    @staff_door
    async def sort(self, key: str) -> Any:
        now = self._typed.get("sort", "") or "-received"
        wanted = turned(now, key, frozenset({"received", "amount"}))
        return rx.redirect(with_query(PATH, self._typed, sort=wanted))

    @staff_door
    async def go_newer(self) -> Any:
        return rx.redirect(with_query(PATH, self._typed, before=self.newer))

    @staff_door
    async def go_older(self) -> Any:
        return rx.redirect(with_query(PATH, self._typed, after=self.older))


def _line(row: PaymentRow) -> PaymentLine:
    first = row.invoices[0].id if row.invoices else 0
    method = row.method.replace("_", " ").capitalize()
    return PaymentLine(
        id=row.id,
        received=format_date(row.received_on),
        customer=row.customer_name,
        customer_href=f"/customers/{row.customer_id}",
        invoices=", ".join(x.number for x in row.invoices) or "Not allocated",
        href=f"/invoices/{first}" if first else f"/customers/{row.customer_id}",
        method=" ".join(x for x in (method, row.method_detail) if x),
        reference=row.reference,
        status=row.hold_reason or row.status.value.capitalize(),
        recorded_by=row.recorded_by,
        amount=format_money(row.amount_minor, row.currency),
    )
