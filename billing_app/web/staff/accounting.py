"""The accounting page: every payment, and where the invoices are."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.web.components.controls import field, link_button, search_field, select
from billing_app.web.components.tables import (
    Column,
    data_table,
    empty_state,
    link_tab,
    link_tabs,
    pager,
    row_link,
    skeleton_table,
)
from billing_app.web.staff.accounting_state import AccountingState, PaymentLine
from billing_app.web.staff.shell import ShellState, staff_page

State = AccountingState

COLUMNS = (
    Column("received", "Received", sortable=True, phone="amount-under"),
    Column("customer", "Customer", wide=True, phone="title"),
    Column("invoices", "Invoices", phone="under"),
    Column("method", "Method"),
    Column("reference", "Reference"),
    Column("status", "Status", phone="status"),
    Column("recorded_by", "Recorded by"),
    Column("amount", "Amount", number=True, sortable=True, phone="amount"),
)
STATUSES = (
    ("", "Any status"),
    ("settled", "Settled"),
    ("held", "Held"),
    ("reversed", "Reversed"),
)


def page() -> rx.Component:
    return staff_page(
        link_tabs(
            "Accounting views",
            link_tab("Payments", "/accounting", current=True),
            link_tab("Invoices", "/invoices"),
        ),
        _toolbar(),
        rx.match(
            State.shape,
            ("loading", skeleton_table(COLUMNS, label="Payments")),
            ("none", _none()),
            rx.fragment(_table(), _pager()),
        ),
        state=State,
        current="Accounting",
        title="Accounting",
        actions=(_export(),),
    )


def _toolbar() -> rx.Component:
    return rx.el.div(
        search_field(
            "Search",
            placeholder="Customer, invoice, reference",
            default_value=State.text,
            on_change=State.search.debounce(250),
            max_length=200,
        ),
        field(
            "Status",
            select(
                "status", STATUSES, value=State.status, on_change=State.filter_status
            ),
            label_hidden=True,
        ),
        rx.el.span(class_name="spacer"),
        rx.el.span("Received: ", State.received, class_name="figures"),
        class_name="toolbar",
    )


def _export() -> rx.Component:
    drawn = link_button(
        "Export",
        State.export_href,
        icon_name="download",
        leaves_app=True,
        download=True,
    )
    return rx.cond(ShellState.may["export"], drawn, rx.fragment())


def _table() -> rx.Component:
    return data_table(
        COLUMNS,
        State.lines,
        _cells,
        label="Payments",
        row_key=lambda it: it.id.to_string(),
        sorted_by=State.sorted_by,
        is_descending=State.is_descending,
        on_sort=State.sort,
    )


def _cells(it: rx.vars.ObjectVar[PaymentLine]) -> list[Any]:
    return [
        it.received,
        row_link(it.customer, it.href),
        it.invoices,
        it.method,
        it.reference,
        it.status,
        it.recorded_by,
        it.amount,
    ]


def _pager() -> rx.Component:
    return pager(
        State.words,
        has_newer=State.newer != "",
        has_older=State.older != "",
        on_newer=State.go_newer,
        on_older=State.go_older,
    )


def _none() -> rx.Component:
    return empty_state(
        "No payments here",
        "Payments appear when a customer pays or somebody records one on an invoice.",
        icon_name="payment",
    )
