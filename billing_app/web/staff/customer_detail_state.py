"""One customer: what is known, what is owed, and the form to change it."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import reflex as rx

from billing_app.domain.errors import InvalidInput
from billing_app.domain.formats import format_money
from billing_app.queries import customers as queries
from billing_app.queries.customers import CustomerDetail
from billing_app.services import customers
from billing_app.services.customers import CustomerForm
from billing_app.web.doors import StaffState, staff_door

FIELDS = tuple(x.name for x in fields(CustomerForm))


class CustomerDetailState(StaffState, rx.State):
    """A customer on the desk, or a form for a new one.

    Attributes:
        customer_id: zero for a new one.
        turn: changes when the fields have to be drawn anew.
    """

    customer_id: int = 0
    turn: int = 0
    name: str = ""
    form: dict[str, str] = {}  # noqa: RUF012
    errors: dict[str, str] = {}  # noqa: RUF012
    outstanding: str = ""
    overdue: str = ""
    invoiced: str = ""
    credit: str = ""

    @staff_door
    async def open(self) -> None:
        """Load the customer named in the address; `new` opens an empty form."""
        self.errors = dict.fromkeys(FIELDS, "")
        self.turn += 1
        if self._segment(1) == "new":
            self.customer_id, self.name = 0, "New customer"
            self.form = dict.fromkeys(FIELDS, "")
            self.outstanding = self.overdue = self.invoiced = self.credit = ""
            return
        self._show(await self._run(queries.read_customer, self._segment_id(1)))

    @staff_door
    async def save(self, form_data: dict) -> Any:  # type: ignore[type-arg]
        """Create or change the customer; a refusal stands beside its field."""
        typed = {x: form_data[x] for x in FIELDS if type(form_data.get(x)) is str}
        self.errors = dict.fromkeys(FIELDS, "")
        try:
            if not self.customer_id:
                made = await self._run(customers.create_customer, CustomerForm(**typed))
                return rx.redirect(f"/customers/{made}")
            await self._run(
                customers.change_customer, self.customer_id, CustomerForm(**typed)
            )
        except InvalidInput as refusal:
            self.errors = {**self.errors, refusal.field or "name": refusal.message}
            return None
        self._show(await self._run(queries.read_customer, self.customer_id))
        self._notify("Saved. What is already issued keeps what was printed.")
        return None

    def _show(self, customer: CustomerDetail) -> None:
        self.customer_id, self.name = customer.id, customer.name
        net_days = customer.net_days
        self.form = {
            "name": customer.name,
            "email": customer.email,
            "contact_name": customer.contact_name,
            "phone": customer.phone,
            "address": customer.address,
            "country": customer.country,
            "vat_id": customer.vat_id,
            "language": customer.language,
            "currency": customer.currency,
            "net_days": "" if net_days is None else str(net_days),
            "cc": ", ".join(customer.cc),
        }
        owed = customer.owed
        self.outstanding = _sum([(x.outstanding_minor, x.currency) for x in owed])
        self.overdue = _sum([(x.overdue_minor, x.currency) for x in owed])
        turnover = customer.turnover
        self.invoiced = _sum([(x.invoiced_minor, x.currency) for x in turnover])
        self.credit = _sum([(minor, currency) for currency, minor in customer.credit])


def _sum(parts: list[tuple[int, str]]) -> str:
    shown = [format_money(minor, currency) for minor, currency in parts if minor]
    return " + ".join(shown) or "–"
