"""The settings' page for what the business sells."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.domain.currencies import currency_names
from billing_app.web.components.controls import (
    button,
    checkbox,
    field,
    search_field,
    select,
    text_area,
    text_input,
)
from billing_app.web.components.tables import Column, data_table
from billing_app.web.staff.settings_frame import (
    entry_actions,
    entry_dialog,
    settings_page,
)
from billing_app.web.staff.settings_products_state import ProductsState as State
from billing_app.web.staff.units import UNITS_LIST, units_list

# Long enough to type on, short enough to look live.
_TYPING_MS = 200

_COLUMNS = (
    Column("name", "Name", wide=True, phone="title"),
    Column("unit", "Unit", phone="under"),
    Column("tax", "Tax", phone="status"),
    Column("price", "Price", number=True, phone="amount"),
    Column("actions", "Actions", label_hidden=True, phone="status-end"),
)


def page() -> rx.Component:
    return settings_page(
        rx.el.section(
            rx.el.div(
                rx.el.h3("Catalogue"),
                rx.el.span(class_name="spacer"),
                button("Add product", icon_name="plus", small=True, on_click=State.add),
                class_name="panel-head",
            ),
            _tools(),
            rx.cond(
                State.products.length() > 0,
                data_table(
                    _COLUMNS,
                    State.products,
                    _cells,
                    label="Products and services",
                    row_key=lambda it: it.product_id,
                ),
                rx.el.p(
                    rx.cond(
                        State.typed,
                        "Nothing of that name.",
                        "Nothing here yet. What you add is offered while you write "
                        "the lines of an invoice.",
                    ),
                    class_name="panel-body quiet",
                    role="status",
                ),
            ),
            rx.cond(
                State.more_words,
                rx.el.p(State.more_words, class_name="panel-body quiet"),
            ),
            class_name="panel",
            aria_label="Catalogue",
        ),
        units_list(),
        state=State,
        here="Products and services",
        lead="Offered in the lines of an invoice. A line keeps its copy: no change "
        "here reaches an invoice.",
        is_loaded=State.version > 0,
        on_undo=State.undo,
        extra=(_dialog(),),
    )


def _tools() -> rx.Component:
    return rx.el.div(
        search_field("Search by name", on_change=State.search.debounce(_TYPING_MS)),
        checkbox(
            "archived",
            "Show archived",
            checked=State.archived,
            on_change=State.show_archived,
        ),
        class_name="toolbar panel-tools",
    )


def _cells(product: Any) -> list[rx.Component]:
    return [
        rx.el.span(
            product.name,
            rx.cond(product.is_archived, rx.el.span(" (archived)", class_name="quiet")),
            class_name="truncate",
        ),
        rx.el.span(product.unit, class_name="quiet"),
        rx.el.span(product.tax, class_name="quiet"),
        rx.cond(
            product.unit_price,
            rx.el.span(product.unit_price, " ", product.currency),
            rx.el.span("–", class_name="quiet"),
        ),
        entry_actions(product, product.product_id, state=State),
    ]


def _dialog() -> rx.Component:
    is_new = State.editing.product_id == 0
    return entry_dialog("product", _fields(), state=State, is_new=is_new)


def _fields() -> rx.Component:
    product = State.editing
    currencies = [(code, f"{code}  {name}") for code, name in currency_names().items()]
    return rx.el.div(
        field(
            "Name",
            text_input("name", default_value=product.name, max_length=200),
            hint="As customers read it.",
            error=State.errors["name"],
            class_name="span-8",
        ),
        field(
            "Unit",
            text_input(
                "unit", default_value=product.unit, max_length=20, list=UNITS_LIST
            ),
            hint="Like hour or kg.",
            error=State.errors["unit"],
            class_name="span-4",
        ),
        field(
            "Description",
            text_area("description", rows=3, default_value=product.description),
            aside="optional",
            error=State.errors["description"],
        ),
        field(
            "Unit price",
            text_input("unit_price", numeric=True, default_value=product.unit_price),
            hint="Empty where it is agreed each time.",
            error=State.errors["unit_price"],
            class_name="span-6",
        ),
        field(
            "Currency",
            select(
                "currency",
                currencies,
                default_value=rx.cond(
                    product.currency, product.currency, State.currency
                ),
            ),
            error=State.errors["currency"],
            class_name="span-6",
        ),
        field(
            "Tax",
            select("tax_id", State.taxes, default_value=product.tax_id),
            error=State.errors["tax_id"],
            class_name="span-6",
        ),
        class_name="form-grid",
        key=product.product_id,
    )
