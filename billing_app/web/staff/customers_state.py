"""The list of customers: what it shows, and adding one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import reflex as rx

from billing_app.domain.errors import InvalidInput
from billing_app.domain.risk import Risk
from billing_app.queries import customers as queries
from billing_app.queries.customers import (
    CustomerFilter,
    CustomerPage,
    CustomerRow,
    CustomerSort,
    parse_customer_filter,
)
from billing_app.queries.risk import read_risks
from billing_app.services.customers import create_customer
from billing_app.web import formats
from billing_app.web.doors import StaffState, staff_door, staff_watch
from billing_app.web.staff.addresses import turned, with_query
from billing_app.web.staff.customer_form import NAMES, read_form
from billing_app.web.staff.live import changes
from billing_app.web.staff.risk import RiskLine, risk_line

PATH = "/customers"
PARAMETERS = ("q", "archived", "sort", "after", "before")


@dataclass(frozen=True, slots=True)
class CustomerLine:
    """One customer as the list shows it."""

    id: int
    name: str
    href: str
    contact: str
    email: str
    country: str
    open_count: str
    overdue: str
    outstanding: str
    also: str
    is_settled: bool
    risk: RiskLine


class CustomersState(StaffState, rx.State):
    """One page of the list; the address says which.

    Attributes:
        shape: loading, empty (nothing at all), none (no match) or rows.
    """

    shape: str = "loading"
    lines: list[CustomerLine] = []  # noqa: RUF012
    count: str = ""
    text: str = ""
    place: int = 0
    sorted_by: str = ""
    is_descending: bool = False
    range_words: str = ""
    newer: str = ""
    older: str = ""
    live: str = ""
    is_adding: bool = False
    form: dict[str, str] = {}  # noqa: RUF012
    errors: dict[str, str] = {}  # noqa: RUF012

    _typed: dict[str, str] = dict.fromkeys(PARAMETERS, "")
    _wanted: CustomerFilter = CustomerFilter()

    @staff_door
    async def open(self) -> Any:
        """Show the page that the address names."""
        self._typed = {name: self._query(name) for name in PARAMETERS}
        try:
            self._wanted = parse_customer_filter(self._typed)
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
        sort = self._typed["sort"] or CustomerSort.NAME
        return self._go(sort=turned(sort, key, frozenset({CustomerSort.CREATED})))

    @staff_door
    async def go_newer(self) -> Any:
        return self._go(before=self.newer)

    @staff_door
    async def go_older(self) -> Any:
        return self._go(after=self.older)

    @staff_door
    async def clear_filters(self) -> Any:
        self.place += 1
        return rx.redirect(PATH)

    @staff_door
    async def start_adding(self) -> None:
        self.form = dict.fromkeys(NAMES, "")
        self.errors = {}
        self.is_adding = True

    @staff_door
    async def stop_adding(self) -> None:
        self.is_adding = False

    @staff_door
    async def add(self, form: dict[str, Any]) -> Any:
        self.errors = {}
        try:
            customer_id = await self._run(create_customer, read_form(form))
        except InvalidInput as refusal:
            self.errors = {refusal.field or "name": refusal.message}
            return None
        self.is_adding = False
        return rx.redirect(f"{PATH}/{customer_id}")

    async def _read(self) -> None:
        found = await self._run(queries.list_customers, self._wanted)
        shown = [row.id for row in found.page.rows]
        risks = {x.customer_id: x.risk for x in await self._run(read_risks, shown)}
        self._show(found, risks)

    def _show(self, found: CustomerPage, risks: dict[int, Risk]) -> None:
        page = found.page
        self.lines = [_line(row, risks[row.id]) for row in page.rows]
        self.count = str(found.count)
        self.text = self._wanted.text
        self.sorted_by = self._wanted.sort.value
        self.is_descending = self._wanted.is_descending
        self.newer, self.older = page.newer, page.older
        self.range_words = f"{page.first:,} to {page.last:,} of {found.count}"
        self.live = formats.live_words(found.moment)
        is_plain = not self._wanted.text
        self.shape = "rows" if page.rows else "empty" if is_plain else "none"

    def _go(self, **parameters: str) -> Any:
        return rx.redirect(with_query(PATH, self._typed, **parameters))


def _line(row: CustomerRow, risk: Risk) -> CustomerLine:
    first = row.owed[0] if row.owed else None
    late = [(x.currency, x.overdue_minor) for x in row.owed if x.overdue_minor]
    others = [(x.currency, x.outstanding_minor) for x in row.owed[1:]]
    return CustomerLine(
        id=row.id,
        name=row.name,
        href=f"{PATH}/{row.id}",
        contact=row.contact_name,
        email=row.email,
        country=row.country,
        open_count=str(sum(x.invoice_count for x in row.owed) or ""),
        overdue=formats.join_money(late) if late else "",
        outstanding=formats.money(first.outstanding_minor, first.currency)
        if first
        else formats.NOTHING,
        also=f"and {formats.join_money(others)}" if others else "",
        is_settled=first is None,
        risk=risk_line(risk),
    )
