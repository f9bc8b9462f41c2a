"""The page with the list of payments, under Accounting."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.queries.accounting import PaymentSort
from billing_app.web.components.badges import status_badge
from billing_app.web.components.controls import button, link, link_button
from billing_app.web.components.tables import Column, empty_state, row_link
from billing_app.web.staff import listing
from billing_app.web.staff.accounting_tabs import accounting_tabs
from billing_app.web.staff.export_link import export_link
from billing_app.web.staff.payments_state import PaymentEntry, PaymentListState
from billing_app.web.staff.shell import ShellState, staff_page

State = PaymentListState

COLUMNS = (
    Column(PaymentSort.RECEIVED, "Received", sortable=True, phone="under"),
    Column("customer", "Customer", wide=True, phone="title"),
    Column("invoices", "Invoices", phone="amount-under"),
    Column("method", "Method", shown_from="laptop"),
    Column("reference", "Reference", shown_from="desktop"),
    Column("by", "Recorded by", shown_from="desktop"),
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
            rx.fragment(listing.views("Payment views", State), _toolbar(), _list()),
        ),
        state=State,
        current="Accounting",
        title="Accounting",
        live=State.live,
        actions=(export_link(State.export_href),),
        extra=(
            listing.dates_dialog(
                State, [("received", "Received")], show="Show payments"
            ),
        ),
    )


def _toolbar() -> rx.Component:
    return rx.el.div(
        listing.search("Name, number, reference, amount", State),
        listing.filters(State),
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
    none = empty_state(
        "No payment found",
        "Nothing matches what you look for.",
        button("Clear filters", on_click=State.clear_filters),
        icon_name="search",
    )
    return listing.rows("Payments", COLUMNS, _cells, State, none=none)


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
