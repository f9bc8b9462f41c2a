"""The list of customers: who, and what each owes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import reflex as rx

from billing_app.domain.errors import InvalidInput
from billing_app.domain.formats import format_money
from billing_app.queries import customers as queries
from billing_app.queries.customers import CustomerRow, parse_customer_filter
from billing_app.web.doors import StaffState, staff_door
from billing_app.web.staff.addresses import turned, with_query

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
    outstanding: str
    overdue: str


class CustomersState(StaffState, rx.State):
    """One page of the list; the address says which.

    Attributes:
        shape: loading, empty (nobody yet), none (no match) or rows.
    """

    shape: str = "loading"
    lines: list[CustomerLine] = []  # noqa: RUF012
    count: str = ""
    words: str = ""
    text: str = ""
    sorted_by: str = ""
    is_descending: bool = False
    newer: str = ""
    older: str = ""

    _typed: dict[str, str] = {}  # noqa: RUF012

    @staff_door
    async def open(self) -> Any:
        """Show the page that the address names."""
        self._typed = {name: self._query(name) for name in PARAMETERS}
        try:
            wanted = parse_customer_filter(self._typed)
            found = await self._run(queries.list_customers, wanted)
        except InvalidInput as refusal:
            self._notify(refusal.message, is_refusal=True)
            return rx.redirect(PATH, replace=True)
        page = found.page
        self.lines = [_line(row) for row in page.rows]
        self.count = str(found.count)
        self.words = f"{page.first}–{page.last} of {found.count}" if page.rows else ""
        self.text, self.sorted_by = wanted.text, wanted.sort.value
        self.is_descending = wanted.is_descending
        self.newer, self.older = page.newer, page.older
        self.shape = "rows" if page.rows else "none" if wanted.text else "empty"
        return None

    @staff_door
    async def search(self, text: str) -> Any:
        return rx.redirect(with_query(PATH, self._typed, q=text), replace=True)

    @staff_door
    async def sort(self, key: str) -> Any:
        now = self._typed.get("sort", "") or "name"
        wanted = turned(now, key, frozenset())
        return rx.redirect(with_query(PATH, self._typed, sort=wanted))

    @staff_door
    async def go_newer(self) -> Any:
        return rx.redirect(with_query(PATH, self._typed, before=self.newer))

    @staff_door
    async def go_older(self) -> Any:
        return rx.redirect(with_query(PATH, self._typed, after=self.older))

    @staff_door
    async def clear(self) -> Any:
        return rx.redirect(PATH)


def _line(row: CustomerRow) -> CustomerLine:
    owed = [(x.outstanding_minor, x.currency) for x in row.owed if x.outstanding_minor]
    late = [(x.overdue_minor, x.currency) for x in row.owed if x.overdue_minor]
    return CustomerLine(
        id=row.id,
        name=row.name,
        href=f"/customers/{row.id}",
        contact=row.contact_name,
        email=row.email,
        country=row.country,
        outstanding=" + ".join(format_money(*x) for x in owed),
        overdue=" + ".join(format_money(*x) for x in late),
    )
