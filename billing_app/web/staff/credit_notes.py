"""The list of credit notes, under Accounting."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.queries.credit_notes import read_latest
from billing_app.web.components.controls import link, link_button
from billing_app.web.components.tables import (
    Column,
    data_table,
    empty_state,
    row_link,
    skeleton_table,
)
from billing_app.web.doors import StaffState, staff_door, staff_watch
from billing_app.web.staff.accounting_tabs import accounting_tabs
from billing_app.web.staff.credit_state import CreditNoteLine, credit_note_line
from billing_app.web.staff.export_link import export_link
from billing_app.web.staff.live import changes
from billing_app.web.staff.shell import staff_page

EXPORT = "/api/export/credit-notes.csv"
COLUMNS = (
    Column("number", "Number", phone="title"),
    Column("date", "Issued", phone="under"),
    Column("customer", "Customer", wide=True, phone="amount-under"),
    Column("invoice", "Invoice", phone="status"),
    Column("reason", "Reason", phone="hidden"),
    Column("file", "File", label_hidden=True, phone="status-end"),
    Column("amount", "Amount", number=True, phone="amount"),
)


class CreditNoteListState(StaffState, rx.State):
    """The latest credit notes of the workspace; the export has all of them.

    Attributes:
        shape: loading, empty or rows.
    """

    shape: str = "loading"
    lines: list[CreditNoteLine] = []  # noqa: RUF012  (Reflex copies the default)

    @staff_door
    async def open(self) -> None:
        """Show the list."""
        await self._read()

    @staff_watch
    async def watch(self) -> None:
        async for _ in changes(self):
            async with self:
                await self._read()

    async def _read(self) -> None:
        found = await self._run(read_latest)
        self.lines = [credit_note_line(it) for it in found]
        self.shape = "rows" if found else "empty"


State = CreditNoteListState


def page() -> rx.Component:
    table = data_table(
        COLUMNS,
        State.lines,
        _cells,
        row_key=lambda it: it.id.to_string(),
        label="Credit notes",
    )
    return staff_page(
        accounting_tabs("Credit notes"),
        rx.match(
            State.shape,
            ("loading", skeleton_table(COLUMNS, label="Credit notes")),
            ("empty", _nothing_yet()),
            table,
        ),
        state=State,
        current="Accounting",
        title="Accounting",
        actions=(export_link(EXPORT),),
    )


def _cells(it: rx.vars.ObjectVar[CreditNoteLine]) -> list[Any]:
    return [
        row_link(it.number, it.invoice_href),
        rx.el.span(it.date, class_name="figures"),
        rx.el.span(it.customer, class_name="truncate"),
        link(it.invoice, href=it.invoice_href),
        rx.el.span(it.reason, title=it.reason, class_name="secondary truncate"),
        link("PDF", href=it.href, leaves_app=True),
        rx.el.span(it.amount, class_name="medium"),
    ]


def _nothing_yet() -> rx.Component:
    return empty_state(
        "No credit notes yet",
        "Credit an invoice on its own page, and the credit note stands here.",
        link_button("Open invoices", "/invoices"),
        icon_name="credited",
    )
