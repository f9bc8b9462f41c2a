"""The page with the list of customers."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.web.components.controls import button, search_field
from billing_app.web.components.tables import (
    Column,
    data_table,
    empty_state,
    pager,
    row_link,
    skeleton_table,
)
from billing_app.web.staff.customers_state import CustomerLine, CustomersState
from billing_app.web.staff.shell import ShellState, staff_page

State = CustomersState

COLUMNS = (
    Column("name", "Customer", wide=True, sortable=True, phone="title"),
    Column("contact", "Contact"),
    Column("email", "E-mail", phone="under"),
    Column("country", "Country"),
    Column("overdue", "Overdue", number=True, phone="amount-under"),
    Column("outstanding", "Outstanding", number=True, phone="amount"),
)


def page() -> rx.Component:
    return staff_page(
        rx.el.div(
            search_field(
                "Search",
                placeholder="Name, contact, e-mail",
                default_value=State.text,
                on_change=State.search.debounce(250),
                max_length=200,
            ),
            class_name="toolbar",
        ),
        rx.match(
            State.shape,
            ("loading", skeleton_table(COLUMNS, label="Customers")),
            ("empty", _nobody_yet()),
            ("none", _no_match()),
            rx.fragment(_table(), _pager()),
        ),
        state=State,
        current="Customers",
        title="Customers",
        actions=(_new_customer(),),
    )


def _new_customer() -> rx.Component:
    drawn = button(
        "New customer",
        kind="primary",
        icon_name="plus",
        on_click=rx.redirect("/customers/new"),
    )
    return rx.cond(ShellState.may["edit_customer"], drawn, rx.fragment())


def _table() -> rx.Component:
    return data_table(
        COLUMNS,
        State.lines,
        _cells,
        label="Customers",
        row_key=lambda it: it.id.to_string(),
        sorted_by=State.sorted_by,
        is_descending=State.is_descending,
        on_sort=State.sort,
    )


def _cells(it: rx.vars.ObjectVar[CustomerLine]) -> list[Any]:
    return [
        row_link(it.name, it.href),
        it.contact,
        it.email,
        it.country,
        rx.el.span(it.overdue, class_name="bad"),
        it.outstanding,
    ]


def _pager() -> rx.Component:
    return pager(
        State.words,
        has_newer=State.newer != "",
        has_older=State.older != "",
        on_newer=State.go_newer,
        on_older=State.go_older,
    )


def _nobody_yet() -> rx.Component:
    return empty_state(
        "No customers yet",
        "Add the first here, or type a name into a new invoice.",
        _new_customer(),
        icon_name="customers",
    )


def _no_match() -> rx.Component:
    return empty_state(
        "No customer matches",
        "Nothing in a name, contact or e-mail address is like that.",
        button("Clear search", on_click=State.clear),
        icon_name="search",
    )
