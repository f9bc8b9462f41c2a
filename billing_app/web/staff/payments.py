"""The page with the list of payments, under Accounting."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.queries.accounting import PaymentSort
from billing_app.web.components.badges import status_badge
from billing_app.web.components.controls import (
    button,
    date_input,
    field,
    link,
    link_button,
    search_field,
)
from billing_app.web.components.dialogs import dialog
from billing_app.web.components.tables import (
    Column,
    add_filter,
    data_table,
    empty_state,
    filter_chip,
    link_tab,
    link_tabs,
    pager,
    row_link,
    skeleton_table,
)
from billing_app.web.staff.accounting_tabs import accounting_tabs
from billing_app.web.staff.export_link import export_link
from billing_app.web.staff.invoices_state import Chip, Tab
from billing_app.web.staff.payments_state import PaymentEntry, PaymentListState
from billing_app.web.staff.shell import ShellState, staff_page

State = PaymentListState

COLUMNS = (
    Column(PaymentSort.RECEIVED, "Received", sortable=True, phone="under"),
    Column("customer", "Customer", wide=True, phone="title"),
    Column("invoices", "Invoices", phone="amount-under"),
    Column("method", "Method"),
    Column("reference", "Reference"),
    Column("by", "Recorded by"),
    Column("status", "Status", phone="status"),
    Column("act", "Actions", label_hidden=True, phone="status-end"),
    Column(PaymentSort.AMOUNT, "Amount", number=True, sortable=True, phone="amount"),
)


def page() -> rx.Component:
    return staff_page(
        accounting_tabs("Payments"),
        rx.match(
            State.shape,
            ("empty", _nothing_yet()),
            rx.fragment(_views(), _toolbar(), _list()),
        ),
        state=State,
        current="Accounting",
        title="Accounting",
        live=State.live,
        actions=(export_link(State.export_href),),
        extra=(_dates_dialog(),),
    )


def _views() -> rx.Component:
    def tab(it: rx.vars.ObjectVar[Tab]) -> rx.Component:
        return link_tab(it.words, it.href, count=it.count, current=it.is_current)

    return link_tabs("Payment views", rx.foreach(State.tabs, tab))


def _toolbar() -> rx.Component:
    def chip(it: rx.vars.ObjectVar[Chip]) -> rx.Component:
        return filter_chip(it.field, it.words, on_remove=State.remove_filter(it.name))

    return rx.el.div(
        search_field(
            "Search",
            placeholder="Customer or invoice number",
            shortcut="/",
            default_value=State.text,
            key=State.place.to_string(),
            on_change=State.search.debounce(250),
            max_length=200,
        ),
        rx.el.div(
            rx.foreach(State.chips, chip),
            add_filter("Dates", on_click=State.start_filtering),
            class_name="chips",
        ),
        rx.el.span(class_name="spacer"),
        rx.el.p(
            State.received_words,
            " ",
            rx.el.b(State.received, class_name="number"),
            class_name="secondary",
        ),
        class_name="toolbar",
    )


def _list() -> rx.Component:
    table = data_table(
        COLUMNS,
        State.lines,
        _cells,
        row_key=lambda it: it.id.to_string(),
        label="Payments",
        sorted_by=State.sorted_by,
        is_descending=State.is_descending,
        on_sort=State.sort,
    )
    pages = pager(
        State.range_words,
        has_newer=State.newer != "",
        has_older=State.older != "",
        on_newer=State.go_newer,
        on_older=State.go_older,
    )
    none = empty_state(
        "No payment found",
        "Nothing matches what you look for.",
        button("Clear filters", on_click=State.clear_filters),
        icon_name="search",
    )
    loading = skeleton_table(COLUMNS, label="Payments")
    return rx.fragment(
        rx.match(
            State.shape,
            ("loading", loading),
            ("none", none),
            rx.fragment(table, pages),
        )
    )


def _cells(it: rx.vars.ObjectVar[PaymentEntry]) -> list[Any]:
    release = button("Accept as credit", small=True, on_click=State.release(it.id))
    may_release = it.is_held & ShellState.may["record_payment"].to(bool)
    return [
        rx.el.span(it.date, class_name="figures"),
        link(it.customer, href=it.customer_href, class_name="truncate"),
        row_link(it.invoices, it.href),
        rx.el.span(it.method, class_name="secondary"),
        rx.el.span(it.reference, title=it.reference, class_name="secondary truncate"),
        rx.el.span(it.by, class_name="secondary"),
        rx.el.span(status_badge(it.badge, it.words), title=it.detail),
        rx.cond(may_release, release, rx.el.span(it.credit, class_name="quiet")),
        rx.el.span(it.amount, class_name=rx.cond(it.counts, "medium", "quiet")),
    ]


def _nothing_yet() -> rx.Component:
    return empty_state(
        "No payments yet",
        "Payments stand here once you record one or a customer pays online.",
        link_button("Open invoices", "/invoices?status=due"),
        icon_name="payment",
    )


def _dates_dialog() -> rx.Component:
    def day(name: str, label: str) -> rx.Component:
        return field(
            label,
            date_input(name, default_value=State.dates[name]),
            error=State.date_errors[name],
        )

    return dialog(
        "Filter by dates",
        rx.el.div(
            day("first", "Received from"),
            day("last", "Received until"),
            class_name="field-pair",
        ),
        dialog_id="dates",
        lead="Leave a day empty for no limit.",
        actions=[
            button("Cancel", closes=True),
            button("Show payments", kind="primary", submit=True),
        ],
        on_submit=State.filter_dates,
        open=State.is_filtering,
        on_close=State.stop_filtering,
    )
