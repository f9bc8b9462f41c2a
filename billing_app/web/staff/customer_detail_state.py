"""One customer: what they owe, their latest invoices, and changing them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import reflex as rx

from billing_app.domain.aging import AgeBucket
from billing_app.domain.custom_fields import CustomField
from billing_app.domain.errors import BillingError, InvalidInput, NotFound
from billing_app.domain.speech import speaks
from billing_app.domain.trace import PrintedPart, explain_outstanding
from billing_app.domain.vat_id import vat_warning
from billing_app.queries.customers import CustomerDetail, CustomerTwin, read_customer
from billing_app.queries.invoices import InvoiceFilter, list_invoices
from billing_app.queries.paging import Paging
from billing_app.queries.risk import read_risks
from billing_app.queries.timeline import Timeline, read_customer_timeline
from billing_app.services.customers import (
    NO_LATE_FEES,
    CustomerForm,
    archive_customer,
    change_customer,
    restore_customer,
)
from billing_app.web import formats
from billing_app.web.doors import staff_door, staff_watch
from billing_app.web.staff.customer_form import NAMES, read_form
from billing_app.web.staff.customer_removal import CustomerRemovalState
from billing_app.web.staff.invoice_words import Fact
from billing_app.web.staff.invoices_state import InvoiceLine, line_of
from billing_app.web.staff.live import changes
from billing_app.web.staff.own_fields import OwnField, all_asked
from billing_app.web.staff.portal_desk_state import CustomerPortalState
from billing_app.web.staff.record import RecordState
from billing_app.web.staff.risk import RiskLine, risk_line
from billing_app.web.staff.timeline import TimelineState

LATEST = 10
_AGE_WORDS = {
    AgeBucket.CURRENT: "Not due yet",
    AgeBucket.TO_30: "1 to 30 days late",
    AgeBucket.TO_60: "31 to 60 days late",
    AgeBucket.TO_90: "61 to 90 days late",
    AgeBucket.OVER_90: "More than 90 days late",
}


@dataclass(frozen=True, slots=True)
class CustomerCard:
    """The head of the page."""

    id: int = 0
    name: str = ""
    email: str = ""
    owed: str = ""
    owed_words: str = ""
    owed_parts: list[PrintedPart] = field(default_factory=list[PrintedPart])
    credit: str = ""
    invoices_href: str = ""
    new_invoice_href: str = ""
    events_href: str = ""
    invoice_count: str = ""
    is_archived: bool = False
    merged_into: str = ""
    merged_into_href: str = ""


@dataclass(frozen=True, slots=True)
class TwinLine:
    """Another record of the same customer, and what is still open there."""

    name: str
    href: str
    owed: str


class CustomerDetailState(
    RecordState,
    CustomerRemovalState,
    CustomerPortalState,
    TimelineState,
    rx.State,
):
    """The customer that the address names.

    Attributes:
        shape: loading, gone or shown.
        drawn: changes when the form has to be drawn anew.
    """

    shape: str = "loading"
    card: CustomerCard = CustomerCard()
    facts: list[Fact] = []  # noqa: RUF012
    invoices: list[InvoiceLine] = []  # noqa: RUF012
    merged: list[TwinLine] = []  # noqa: RUF012
    risk: RiskLine = RiskLine()
    live: str = ""
    is_editing: bool = False
    drawn: int = 0
    form: dict[str, str] = {}  # noqa: RUF012
    errors: dict[str, str] = {}  # noqa: RUF012
    own_fields: list[OwnField] = []  # noqa: RUF012

    _detail: CustomerDetail | None = None

    @staff_door
    async def open(self) -> None:
        """Show the customer that the address names."""
        self.is_editing = self.is_merging = False
        self.resetting = ""
        try:
            await self._read()
        except BillingError as refusal:
            self._detail = None
            self.shape = "gone"
            self._show_here()
            if isinstance(refusal, NotFound):
                # The page itself says so.
                return
            raise

    @staff_watch
    async def watch(self) -> None:
        customer_id = self._segment_id(1)
        topics = (f"customer:{customer_id}", f"activity:customer:{customer_id}")
        async for _ in changes(self, *topics):
            async with self:
                if self.shape == "shown":
                    await self._read()

    @staff_door
    async def start_editing(self) -> None:
        if self._detail is None:
            raise InvalidInput("Open a customer first.")
        self.form = _form_of(self._detail)
        self.own_fields = all_asked(field for field, _ in self._detail.own)
        self.errors = {}
        self.drawn += 1
        self.is_editing = True

    @staff_door
    async def stop_editing(self) -> None:
        self.is_editing = False

    @staff_door
    async def save(self, form: dict[str, Any]) -> None:
        if self._detail is None:
            raise InvalidInput("Open a customer first.")
        self.errors = {}
        try:
            await self._run(change_customer, self._detail.id, read_form(form))
        except InvalidInput as refusal:
            self.errors = {
                each.field or "name": each.message for each in refusal.together
            }
            return
        self.is_editing = False
        self._notify("Saved. What is already issued keeps what was printed.")
        await self._read()

    @staff_door
    async def archive(self) -> None:
        await self._run(archive_customer, self._segment_id(1))
        self._notify("Archived. Lists and pickers leave this customer out.")
        await self._read()

    @staff_door
    async def restore(self) -> None:
        await self._run(restore_customer, self._segment_id(1))
        self._notify("Back in the lists.")
        await self._read()

    async def _read(self) -> None:
        it = await self._run(read_customer, self._segment_id(1))
        theirs = InvoiceFilter(
            customer_id=it.id, includes_archived=True, paging=Paging(limit=LATEST)
        )
        found = await self._run(list_invoices, theirs)
        is_other = self._detail is None or self._detail.id != it.id
        self._detail = it
        await self._read_timeline(anew=is_other)
        [signal] = await self._run(read_risks, [it.id])
        self.risk = risk_line(signal.risk)
        self.card = _card(it, str(found.count))
        self.facts = [fact for fact in _facts(it) if fact.words]
        self.invoices = [line_of(row, found.moment) for row in found.page.rows]
        self.merged = [_twin(each) for each in it.merged]
        self.live = formats.live_words(it.moment)
        await self._read_portal()
        self.shape = "shown"
        self._show_here()

    async def _timeline_of(self, older: str) -> Timeline:
        if self._detail is None:
            raise InvalidInput("Open a customer first.")
        return await self._run(read_customer_timeline, self._detail.id, older)


def _card(it: CustomerDetail, invoice_count: str) -> CustomerCard:
    owed = [(each.currency, each.outstanding_minor) for each in it.owed]
    late = [(x.currency, x.overdue_minor) for x in it.owed if x.overdue_minor]
    words = f"{formats.join_money(late)} of it overdue" if late else "outstanding"
    return CustomerCard(
        id=it.id,
        name=it.name,
        email=it.email,
        owed=formats.join_money(owed) if owed else "Nothing open",
        owed_words=words if owed else "",
        owed_parts=list(_owed_parts(it)),
        credit=f"Credit {formats.join_money(it.credit)}" if it.credit else "",
        invoices_href=f"/invoices?customer={it.id}&archived=1",
        new_invoice_href=f"/invoices/new?customer={it.id}",
        events_href=f"/customers/{it.id}/events",
        invoice_count=invoice_count,
        is_archived=it.archived_at is not None,
        merged_into=it.merged_into.name if it.merged_into else "",
        merged_into_href=f"/customers/{it.merged_into.id}" if it.merged_into else "",
    )


def _owed_parts(it: CustomerDetail) -> Iterator[PrintedPart]:
    """Say how old what is owed is; each part leads to its invoices, open ones first."""
    for owed in it.owed:
        ages = [age for age in it.ages if age.currency == owed.currency]
        minors = [age.minor for age in ages]
        for part in explain_outstanding(owed.outstanding_minor, minors):
            age = ages[part.place]
            first, last = (day or "" for day in (age.due.first, age.due.last))
            yield PrintedPart(
                _AGE_WORDS[age.bucket],
                formats.count_of(age.invoice_count, "invoice"),
                formats.money(age.minor, age.currency),
                f"/invoices?customer={it.id}&archived=1&due={first}..{last}"
                "&sort=-outstanding",
            )


def _twin(it: CustomerTwin) -> TwinLine:
    owed = [(each.currency, each.outstanding_minor) for each in it.owed]
    sums = formats.join_money(owed)
    words = f"{sums} of what is outstanding" if owed else "nothing open"
    return TwinLine(it.name, f"/customers/{it.id}", words)


def _facts(it: CustomerDetail) -> list[Fact]:
    invoiced = [(each.currency, each.invoiced_minor) for each in it.turnover]
    return [
        Fact("Email", it.email or "No address yet"),
        Fact("Copies to", ", ".join(it.cc)),
        Fact("Contact", it.contact_name),
        Fact("Phone", it.phone),
        Fact("Address", it.written_address),
        Fact("Country", formats.country_name(it.country)),
        Fact("VAT number", it.vat_id, vat_warning(it.vat_id, it.country)),
        Fact("Registration", it.registration),
        Fact("E-invoice address", it.electronic_address),
        Fact("Their reference", it.reference),
        Fact(
            "Language",
            formats.language_name(it.language),
            "" if speaks(it.language) else "Documents are in English instead.",
        ),
        Fact("Currency", it.currency),
        Fact("Days to pay", "" if it.net_days is None else str(it.net_days)),
        Fact("Late fees", "Never charged" if it.is_free_of_late_fees else ""),
        Fact("Number code", it.number_code),
        *(Fact(_own_name(field), value) for field, value in it.own),
        Fact("Invoiced", formats.join_money(invoiced) if invoiced else ""),
        Fact("Since", formats.full_day(formats.local(it.created_at, it.moment).date())),
    ]


def _own_name(own: CustomField) -> str:
    return f"{own.name} (staff only)" if own.is_staff_only else own.name


def _form_of(it: CustomerDetail) -> dict[str, str]:
    form = CustomerForm(
        name=it.name,
        email=it.email,
        contact_name=it.contact_name,
        phone=it.phone,
        address=it.address,
        postal_code=it.postal_code,
        town=it.town,
        region=it.region,
        country=it.country,
        vat_id=it.vat_id,
        registration=it.registration,
        electronic_address=it.electronic_address,
        reference=it.reference,
        language=it.language,
        currency=it.currency,
        net_days="" if it.net_days is None else str(it.net_days),
        cc=", ".join(it.cc),
        number_code=it.number_code,
        late_fees=NO_LATE_FEES if it.is_free_of_late_fees else "",
    )
    typed = {name: getattr(form, name) for name in NAMES}
    return {
        **typed,
        **{field.input_name: value for field, value in it.own},
        "vat_warning": vat_warning(it.vat_id, it.country),
        "proposed_code": it.proposed_code,
        "code_stays": "yes" if it.is_in_numbers else "",
    }
