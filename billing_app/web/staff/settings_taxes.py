"""The settings' page for the taxes a line can carry."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.domain.taxes import TAX_KINDS
from billing_app.web.components.controls import (
    button,
    checkbox,
    field,
    select,
    text_input,
)
from billing_app.web.components.tables import Column, data_table
from billing_app.web.staff.settings_frame import (
    entry_actions,
    entry_dialog,
    settings_page,
)
from billing_app.web.staff.settings_taxes_state import TaxesState as State

_COLUMNS = (
    Column("name", "Name", wide=True, phone="title"),
    Column("kind", "Kind", phone="under"),
    Column("rate", "Rate", number=True, phone="amount"),
    Column("state", "State", phone="status"),
    Column("actions", "Actions", label_hidden=True, phone="status-end"),
)


def page() -> rx.Component:
    return settings_page(
        rx.el.section(
            rx.el.div(
                rx.el.h3("Taxes"),
                rx.el.span(class_name="spacer"),
                button("Add tax", icon_name="plus", small=True, on_click=State.add),
                class_name="panel-head",
            ),
            data_table(
                _COLUMNS,
                State.taxes,
                _cells,
                label="Taxes",
                row_key=lambda it: it.tax_id,
            ),
            class_name="panel",
            aria_label="Taxes",
        ),
        state=State,
        here="Taxes",
        lead="A change reaches drafts; issued invoices keep what was printed.",
        is_loaded=State.version > 0,
        on_undo=State.undo,
        extra=(_dialog(),),
    )


def _cells(tax: Any) -> list[rx.Component]:
    return [
        rx.el.span(tax.name, class_name="truncate"),
        rx.el.span(
            rx.cond(
                tax.with_tax_id,
                rx.fragment(
                    rx.cond(tax.is_compound, "On top of ", "With "),
                    State.names[tax.with_tax_id],
                ),
                State.categories[tax.category],
            ),
            class_name="quiet",
        ),
        rx.el.span(f"{tax.percent}%"),
        rx.cond(
            tax.is_archived,
            rx.el.span("Archived", class_name="quiet"),
            rx.cond(tax.is_default, rx.el.span("Default"), rx.fragment()),
        ),
        entry_actions(tax, tax.tax_id, state=State, may_archive=~tax.is_default),
    ]


def _dialog() -> rx.Component:
    is_new = State.editing.tax_id == 0
    return entry_dialog("tax", _fields(), state=State, is_new=is_new)


def _fields() -> rx.Component:
    tax = State.editing
    return rx.el.div(
        field(
            "Name",
            text_input("name", default_value=tax.name),
            hint="As customers read it, like VAT 21%.",
            error=State.errors["name"],
            class_name="span-8",
        ),
        field(
            "Rate",
            text_input("percent", numeric=True, default_value=tax.percent),
            aside="%",
            error=State.errors["percent"],
            class_name="span-4",
        ),
        field(
            "Kind",
            select(
                "category",
                tuple(TAX_KINDS.items()),
                default_value=tax.category,
            ),
            error=State.errors["category"],
        ),
        field(
            "Reason",
            text_input("exemption_reason", default_value=tax.exemption_reason),
            hint="Printed where no tax is charged. Empty says what the law asks for "
            "with this kind.",
            error=State.errors["exemption_reason"],
        ),
        field(
            "Charged together with",
            select("with_tax_id", State.others, default_value=tax.with_tax_id),
            hint="A line with this tax is charged that one as well.",
            error=State.errors["with_tax_id"],
        ),
        checkbox(
            "is_compound",
            "Charged on the price plus those other taxes",
            default_checked=tax.is_compound,
        ),
        rx.cond(
            State.errors["is_compound"],
            rx.el.p(State.errors["is_compound"], class_name="field-error"),
        ),
        rx.el.p(
            "At most one tax of a line is on top of the others. An e-invoice holds "
            "one tax a line: with more, the invoice is a plain PDF, and says so.",
            class_name="field-hint",
        ),
        checkbox(
            "is_default",
            "New lines start with this tax",
            default_checked=tax.is_default,
        ),
        rx.cond(
            State.errors["is_default"],
            rx.el.p(State.errors["is_default"], class_name="field-error"),
        ),
        class_name="form-grid",
        key=tax.tax_id,
    )
