"""The page of one customer."""

from __future__ import annotations

import reflex as rx

from billing_app.web.components.controls import (
    button,
    field,
    link_button,
    text_area,
    text_input,
)
from billing_app.web.components.layout import panel
from billing_app.web.staff.customer_detail_state import CustomerDetailState
from billing_app.web.staff.shell import ShellState, staff_page

State = CustomerDetailState


def page() -> rx.Component:
    return staff_page(
        rx.el.div(
            rx.cond(State.customer_id > 0, _figures(), rx.fragment()),
            panel("Details", _form()),
            class_name="page stack",
        ),
        state=State,
        current="Customers",
        title=State.name,
        parent=("Customers", "/customers"),
        actions=(rx.cond(State.customer_id > 0, _verbs(), rx.fragment()),),
    )


def _verbs() -> rx.Component:
    customer_id = State.customer_id.to_string()
    return rx.fragment(
        link_button(
            "Invoices", "/invoices?customer=" + customer_id, icon_name="invoice"
        ),
        rx.cond(
            ShellState.may["edit_draft"],
            link_button(
                "New invoice",
                "/invoices/new?customer=" + customer_id,
                kind="primary",
                icon_name="plus",
            ),
            rx.fragment(),
        ),
    )


def _figures() -> rx.Component:
    return rx.el.dl(
        _figure("Outstanding", State.outstanding),
        _figure("Overdue", State.overdue, "bad"),
        _figure("Invoiced in all", State.invoiced),
        _figure("Credit", State.credit),
        class_name="figures-strip",
    )


def _figure(label: str, amount: rx.Var[str], tone: str = "") -> rx.Component:
    return rx.el.div(
        rx.el.dt(label, class_name="eyebrow"),
        rx.el.dd(amount, class_name=f"figure-amount {tone}".strip()),
        class_name="figure",
    )


def _form() -> rx.Component:
    return rx.el.form(
        rx.el.div(
            _text("Name", "name", "span-8"),
            _text("VAT id", "vat_id", "span-4"),
            _text("E-mail", "email", "span-6", hint="Invoices go here"),
            _text("Copies to", "cc", "span-6", hint="Separate addresses by commas"),
            _text("Contact", "contact_name", "span-6"),
            _text("Phone", "phone", "span-6"),
            rx.el.div(
                field(
                    "Address",
                    text_area(
                        "address",
                        rows=3,
                        default_value=State.form["address"],
                        key="address" + State.turn.to_string(),
                    ),
                    error=State.errors["address"],
                ),
                class_name="span-12",
            ),
            _text("Country", "country", "span-3", hint="Two letters, like NL"),
            _text("Language", "language", "span-3", hint="Like nl; empty for yours"),
            _text("Currency", "currency", "span-3", hint="Empty for yours"),
            _text("Net days", "net_days", "span-3", hint="Empty for your usual terms"),
            class_name="form-grid",
        ),
        rx.cond(
            ShellState.may["edit_customer"],
            rx.el.div(
                button("Save customer", kind="primary", submit=True),
                class_name="actions",
            ),
            rx.fragment(),
        ),
        on_submit=State.save,
        class_name="panel-body stack",
    )


def _text(label: str, name: str, span: str, hint: str = "") -> rx.Component:
    return rx.el.div(
        field(
            label,
            text_input(
                name,
                default_value=State.form[name],
                key=name + State.turn.to_string(),
                auto_complete="off",
            ),
            hint=hint,
            error=State.errors[name],
        ),
        class_name=span,
    )
