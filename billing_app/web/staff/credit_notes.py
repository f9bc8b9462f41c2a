"""The list of credit notes, under Accounting."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.queries.credit_note_list import CreditNoteSort
from billing_app.web.components.controls import button, link, link_button
from billing_app.web.components.tables import Column, empty_state, row_link
from billing_app.web.staff import listing
from billing_app.web.staff.accounting_tabs import accounting_tabs
from billing_app.web.staff.credit_notes_state import CreditNoteListState
from billing_app.web.staff.credit_state import CreditNoteLine
from billing_app.web.staff.export_link import export_link
from billing_app.web.staff.shell import staff_page

COLUMNS = (
    Column("number", "Number", phone="title"),
    Column(CreditNoteSort.ISSUED, "Issued", sortable=True, phone="under"),
    Column("customer", "Customer", wide=True, phone="amount-under"),
    Column("invoice", "Invoice", phone="status"),
    Column("reason", "Reason", shown_from="laptop"),
    Column("file", "File", label_hidden=True, phone="status-end"),
    Column(CreditNoteSort.AMOUNT, "Amount", number=True, sortable=True, phone="amount"),
)


State = CreditNoteListState


def page() -> rx.Component:
    return staff_page(
        accounting_tabs("Credit notes"),
        rx.match(
            State.shape,
            ("empty", _nothing_yet()),
            rx.fragment(_toolbar(), _list()),
        ),
        state=State,
        current="Accounting",
        title="Accounting",
        live=State.live,
        actions=(export_link(State.export_href),),
        extra=(
            listing.dates_dialog(
                State, [("issued", "Issued")], show="Show credit notes"
            ),
        ),
    )


def _toolbar() -> rx.Component:
    return rx.el.div(
        listing.search("Number, invoice, customer", State),
        listing.filters(State),
        class_name="toolbar",
    )


def _list() -> rx.Component:
    none = empty_state(
        "No credit note found",
        "Nothing matches what you look for.",
        button("Clear filters", on_click=State.clear_filters),
        icon_name="search",
    )
    return listing.rows("Credit notes", COLUMNS, _cells, State, none=none)


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
