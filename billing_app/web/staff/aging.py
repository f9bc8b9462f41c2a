"""The aging list, under Accounting: a line for each customer, a column for each age."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.queries.customers import CustomerSort
from billing_app.web.components.charts import slice_of_age
from billing_app.web.components.controls import button, link_button
from billing_app.web.components.tables import Column, empty_state, row_link, table_row
from billing_app.web.staff import listing
from billing_app.web.staff.accounting_tabs import accounting_tabs
from billing_app.web.staff.aging_state import AgingLine, AgingState
from billing_app.web.staff.shell import staff_page

State = AgingState

COLUMNS = (
    Column(CustomerSort.NAME, "Customer", wide=True, sortable=True, phone="title"),
    Column("not_due", "Not due", number=True, phone="hidden"),
    Column("to_30", "1 to 30 days", number=True, phone="hidden"),
    Column("to_60", "31 to 60", number=True, phone="hidden"),
    Column("to_90", "61 to 90", number=True, phone="hidden"),
    Column("over_90", "Over 90", number=True, phone="hidden"),
    # Only cards show it, and a table's last cell keeps the gutter: so not the last.
    Column("ages", "By age", phone="under", shown_from="card"),
    Column("total", "Total", number=True, phone="amount"),
)


def page() -> rx.Component:
    return staff_page(
        accounting_tabs("Aging"),
        rx.match(
            State.shape,
            ("empty", _nothing_owed()),
            rx.fragment(_toolbar(), _list()),
        ),
        state=State,
        current="Accounting",
        title="Accounting",
        live=State.live,
    )


def _toolbar() -> rx.Component:
    return rx.el.div(
        listing.search("Name or email", State),
        rx.el.span(class_name="spacer"),
        rx.cond(
            State.currency != "",
            rx.el.span(f"In {State.currency}, by due date", class_name="quiet small"),
            rx.fragment(),
        ),
        class_name="toolbar",
    )


def _list() -> rx.Component:
    none = empty_state(
        "No customer found",
        "Nobody of that name owes anything.",
        button("Clear filters", on_click=State.clear_filters),
        icon_name="search",
    )
    return listing.rows(
        "Aging",
        COLUMNS,
        _cells,
        State,
        none=none,
        foot=(_sums(State.sums),),
    )


def _cells(it: rx.vars.ObjectVar[AgingLine]) -> list[Any]:
    return [
        rx.el.span(row_link(it.name, it.href), title=it.name, class_name="truncate"),
        *_figures(it),
        _ages(it.parts),
        rx.el.span(it.total, class_name="medium"),
    ]


def _ages(parts: Any) -> rx.Component:
    """Draw the ages as a card does: a thin bar, and the same in words."""
    return rx.fragment(
        rx.el.div(
            rx.foreach(parts, slice_of_age),
            class_name="aging-bar",
            custom_attrs={"aria-hidden": "true"},
        ),
        rx.el.ul(
            rx.foreach(
                parts,
                lambda it: rx.el.li(
                    rx.el.i(class_name=f"swatch aging-{it.tone}"), it.words
                ),
            ),
            class_name="ages",
        ),
    )


def _figures(it: Any) -> list[rx.Component]:
    late = rx.el.span(it.over_90, class_name=rx.cond(it.over_90 != "–", "late", "zero"))
    drawn = [
        rx.el.span(words, class_name=rx.cond(words == "–", "zero", ""))
        for words in (it.not_due, it.to_30, it.to_60, it.to_90)
    ]
    return [*drawn, late]


def _sums(it: Any) -> rx.Component:
    cells = (
        "Total",
        it.not_due,
        it.to_30,
        it.to_60,
        it.to_90,
        it.over_90,
        _ages(it.parts),
        it.total,
    )
    return table_row(COLUMNS, *cells)


def _nothing_owed() -> rx.Component:
    return empty_state(
        "Nobody owes anything",
        "What is issued and not yet paid stands here, by how old it is.",
        link_button("Open invoices", "/invoices"),
        icon_name="paid",
    )
