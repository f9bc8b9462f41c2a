"""The page with the list of customers."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.queries.customers import CustomerSort
from billing_app.web.components.controls import button
from billing_app.web.components.dialogs import dialog
from billing_app.web.components.icons import icon
from billing_app.web.components.tables import (
    Column,
    empty_state,
    row_link,
)
from billing_app.web.staff import listing
from billing_app.web.staff.customer_form import customer_fields
from billing_app.web.staff.customers_state import CustomerLine, CustomersState
from billing_app.web.staff.risk import risk_signal
from billing_app.web.staff.shell import ShellState, staff_page

State = CustomersState

COLUMNS = (
    Column(CustomerSort.NAME, "Name", wide=True, sortable=True, phone="title"),
    Column("contact", "Contact", shown_from="desktop"),
    Column("email", "Email", phone="under", shown_from="laptop"),
    Column("open", "Open invoices", number=True, shown_from="laptop"),
    Column("risk", "Risk", phone="status"),
    Column("overdue", "Overdue", number=True, phone="amount-under"),
    Column("outstanding", "Outstanding", number=True, phone="amount"),
)


def page() -> rx.Component:
    return staff_page(
        rx.match(
            State.shape,
            ("empty", _nothing_yet()),
            rx.fragment(
                _toolbar(),
                _list(),
            ),
        ),
        state=State,
        current="Customers",
        title="Customers",
        count=State.count,
        live=State.live,
        actions=(_add_button("C"),),
        extra=(_add_dialog(),),
    )


def _add_button(shortcut: str = "") -> rx.Component:
    drawn = button(
        "New customer",
        kind="primary",
        icon_name="plus",
        shortcut=shortcut,
        on_click=State.start_adding,
    )
    return rx.cond(ShellState.may["edit_customer"], drawn, rx.fragment())


def _toolbar() -> rx.Component:
    archived = button(
        rx.cond(State.shows_archived, "Hide archived", "Show archived"),
        kind="quiet",
        icon_name="archived",
        small=True,
        on_click=State.toggle_archived,
    )
    return rx.el.div(
        listing.search("Name or email", State),
        rx.el.span(class_name="spacer"),
        archived,
        class_name="toolbar",
    )


def _list() -> rx.Component:
    none = empty_state(
        "No customer found",
        f"“{State.text}” matches no name and no email.",
        button("Clear filters", on_click=State.clear_filters),
        icon_name="search",
    )
    return listing.rows("Customers", COLUMNS, _cells, State, none=none)


def _cells(it: rx.vars.ObjectVar[CustomerLine]) -> list[Any]:
    return [
        rx.fragment(
            rx.el.span(
                row_link(it.name, it.href), title=it.name, class_name="truncate"
            ),
            rx.cond(
                it.is_archived,
                rx.el.span(icon("archived", 14), class_name="quiet", title="Archived"),
                rx.fragment(),
            ),
        ),
        rx.el.span(it.contact, class_name="secondary"),
        rx.el.span(it.email, class_name="secondary"),
        rx.el.span(it.open_count, class_name="secondary"),
        risk_signal(it.risk),
        rx.el.span(
            it.overdue,
            rx.cond(
                it.overdue != "",
                rx.el.span("\u00a0overdue", class_name="only-card"),
                rx.fragment(),
            ),
            class_name="late",
        ),
        rx.el.span(
            it.outstanding,
            rx.cond(
                it.also != "",
                rx.el.span(" ", it.also, class_name="quiet"),
                rx.fragment(),
            ),
            class_name=rx.cond(it.is_settled, "zero", "medium"),
        ),
    ]


def _nothing_yet() -> rx.Component:
    return empty_state(
        "No customers yet",
        "Add who you bill. Name and email are enough to begin with.",
        _add_button(),
        icon_name="customers",
    )


def _add_dialog() -> rx.Component:
    return dialog(
        "New customer",
        customer_fields(State.form, State.errors, State.own_fields),
        dialog_id="new-customer",
        actions=[
            button("Cancel", closes=True),
            button("Add customer", kind="primary", submit=True),
        ],
        on_submit=State.add,
        no_validate=True,
        open=State.is_adding,
        on_close=State.stop_adding,
        width="560px",
    )
