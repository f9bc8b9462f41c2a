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
    CustomerRow,
    CustomerSort,
    parse_customer_filter,
)
from billing_app.queries.risk import read_risks
from billing_app.services.customers import create_customer
from billing_app.web import formats
from billing_app.web.doors import staff_door
from billing_app.web.staff.customer_form import NAMES, read_form
from billing_app.web.staff.listing_state import ListState
from billing_app.web.staff.own_fields import OwnField, all_asked
from billing_app.web.staff.risk import RiskLine, risk_line

PATH = "/customers"


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
    is_archived: bool
    risk: RiskLine


class CustomersState(ListState, rx.State):
    """One page of the list, and the form for another customer."""

    _PARAMETERS = ("q", "archived", "sort", "after", "before")
    _SORT = CustomerSort.NAME
    _DESCENDING_FIRST = frozenset({CustomerSort.CREATED})

    lines: list[CustomerLine] = []  # noqa: RUF012
    shows_archived: bool = False
    is_adding: bool = False
    form: dict[str, str] = {}  # noqa: RUF012
    errors: dict[str, str] = {}  # noqa: RUF012
    own_fields: list[OwnField] = []  # noqa: RUF012

    _path: str = PATH
    _wanted: CustomerFilter = CustomerFilter()

    @staff_door
    async def toggle_archived(self) -> Any:
        return self._go(archived="" if self.shows_archived else "1")

    @staff_door
    async def start_adding(self) -> None:
        own_fields = await self._run(queries.list_own_fields)
        self.own_fields = all_asked(own_fields)
        self.form = dict.fromkeys((*NAMES, *(x.input_name for x in own_fields)), "")
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
            self.errors = {
                each.field or "name": each.message for each in refusal.together
            }
            return None
        self.is_adding = False
        return rx.redirect(f"{PATH}/{customer_id}")

    def _read_address(self) -> None:
        self._wanted = parse_customer_filter(self._typed)

    async def _read(self) -> None:
        found = await self._run(queries.list_customers, self._wanted)
        shown = [row.id for row in found.page.rows]
        risks = {x.customer_id: x.risk for x in await self._run(read_risks, shown)}
        self.lines = [_line(row, risks[row.id]) for row in found.page.rows]
        self._show_page(found, self._wanted)
        self.shows_archived = self._wanted.includes_archived


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
        is_archived=row.archived_at is not None,
        risk=risk_line(risk),
    )
