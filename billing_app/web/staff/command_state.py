"""The command menu's search: invoices, credit notes and customers."""

from __future__ import annotations

import reflex as rx

from billing_app.domain.invoice import InvoiceStatus
from billing_app.queries.credit_note_list import find_credit_notes
from billing_app.queries.credit_notes import StaffCreditNote
from billing_app.queries.customers import CustomerFilter, CustomerRow, list_customers
from billing_app.queries.invoices import InvoiceFilter, InvoiceRow, list_invoices, slug
from billing_app.queries.paging import Paging
from billing_app.web import formats
from billing_app.web.components.command_menu import PAGES, Command
from billing_app.web.doors import StaffState, staff_door
from billing_app.web.staff.addresses import SETTINGS_PAGES, invoice_address

FOUND_MAX = 5
TEXT_LENGTH_MAX = 100
ACTIONS = (
    *PAGES,
    Command("payments", "Go to", "Payments", "payment", href="/accounting/payments"),
    Command("overdue", "Go to", "Overdue", "overdue", href="/invoices?status=overdue"),
    Command(
        "new", "Actions", "New invoice", "plus", href="/invoices/new", shortcut="N"
    ),
    *(
        Command(href, "Settings", name, "settings", href=href, is_rare=True)
        for name, href in SETTINGS_PAGES
    ),
)


class CommandState(StaffState, rx.State):
    """What the menu has found, and for which words."""

    found: list[Command] = []  # noqa: RUF012
    asked: str = ""

    @staff_door
    async def find(self, text: str) -> None:
        """Look for a few of each; archived ones too, credit notes by their number."""
        text = text.strip()[:TEXT_LENGTH_MAX]
        if not text or text.startswith(">"):
            self.found, self.asked = [], text
            return
        few = Paging(limit=FOUND_MAX)
        invoices = await self._run(
            list_invoices, InvoiceFilter(text=text, includes_archived=True, paging=few)
        )
        notes = await self._run(find_credit_notes, text, FOUND_MAX)
        customers = await self._run(
            list_customers, CustomerFilter(text=text, paging=few)
        )
        self.asked = text
        self.found = [
            *(_invoice(row) for row in invoices.page.rows),
            *(_credit_note(note) for note in notes),
            *(_customer(row) for row in customers.page.rows),
        ]

    @staff_door
    async def act(self, key: str) -> None:
        """Every line leads to a page; there is nothing else to do yet."""


def _invoice(row: InvoiceRow) -> Command:
    words = f"{row.number or 'Draft'} · {formats.isolated(row.customer_name)}"
    is_draft = row.status == InvoiceStatus.DRAFT
    minor = row.total_minor if is_draft else row.outstanding_minor
    amount = formats.money(minor, row.currency)
    return Command(
        key=f"invoice-{row.id}",
        group="Invoices",
        words=words,
        icon=slug(row.status),
        detail=f"{amount}, {row.status.value.lower()}",
        href=invoice_address(row.id, is_draft),
    )


def _credit_note(note: StaffCreditNote) -> Command:
    return Command(
        key=f"credit-note-{note.id}",
        group="Credit notes",
        words=f"{note.number} · {formats.isolated(note.customer_name)}",
        icon=slug(InvoiceStatus.CREDITED),
        detail=f"{formats.money(note.credited_minor, note.currency)}, for "
        f"{note.invoice_number}",
        href=invoice_address(note.invoice_id),
    )


def _customer(row: CustomerRow) -> Command:
    owed = [(each.currency, each.outstanding_minor) for each in row.owed]
    count = sum(each.invoice_count for each in row.owed)
    return Command(
        key=f"customer-{row.id}",
        group="Customers",
        words=row.name,
        icon="company",
        detail=f"{count} open, {formats.join_money(owed)}" if owed else "nothing open",
        href=f"/customers/{row.id}",
    )
