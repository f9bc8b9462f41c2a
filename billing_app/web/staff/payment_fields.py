"""The fields of a payment that staff write down, wherever they do."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.domain.payment import METHOD_NAMES, PaymentMethod
from billing_app.web.components.controls import (
    date_input,
    field,
    money_input,
    segmented,
    text_area,
    text_input,
)

PAYMENT_FIELDS = ("amount", "received_on", "method", "reference", "note")
METHODS = [(method.value, METHOD_NAMES[method]) for method in PaymentMethod]


def payment_fields(
    form: Any,
    errors: Any,
    currency: rx.Var[str],
    **amount_props: Any,
) -> tuple[rx.Component, ...]:
    """Draw them with the texts that `form` begins with, and `errors` beside each."""
    return (
        rx.el.div(
            field(
                "Amount",
                money_input(
                    "amount", currency, default_value=form["amount"], **amount_props
                ),
                error=errors["amount"],
            ),
            field(
                "Date",
                date_input("received_on", default_value=form["received_on"]),
                error=errors["received_on"],
            ),
            class_name="field-pair",
        ),
        segmented("method", "Method", METHODS, value="bank_transfer", wide=True),
        field(
            "Reference",
            text_input("reference", max_length=140),
            aside="customer sees this",
            error=errors["reference"],
        ),
        field(
            "Note",
            text_area("note", placeholder="Why, who called, what was agreed"),
            aside="staff only",
            aside_icon="lock",
            error=errors["note"],
        ),
    )
