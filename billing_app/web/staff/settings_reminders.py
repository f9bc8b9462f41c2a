"""The settings' page for reminders that leave by themselves, and for late fees."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.domain.reminders import FROM_HOUR, LATE_DAYS_MAX
from billing_app.web.components.controls import checkbox, field, select, text_input
from billing_app.web.staff.settings_frame import form_panel, settings_page
from billing_app.web.staff.settings_reminders_state import RemindersState as State

# Long enough to type on, short enough to look live.
_TYPING_MS = 200


def page() -> rx.Component:
    return settings_page(
        _reminders(),
        _late_fees(),
        state=State,
        here="Reminders",
        lead="A friendly mail before and after the due date, and what paying late "
        "costs.",
        is_loaded=State.version > 0,
    )


def _reminders() -> rx.Component:
    return form_panel(
        "When they leave",
        rx.el.div(
            checkbox(
                "is_on",
                "Remind customers of unpaid invoices automatically",
                default_checked=State.page.is_on,
            ),
            class_name="span-12",
        ),
        _when_on(
            field(
                "Days from the due date",
                text_input("steps", default_value=State.page.steps),
                hint="Like -3, 0, 7: three days before, on the day, a week after.",
                error=State.errors["steps"],
                class_name="span-8",
            ),
        ),
        rx.el.p(
            f"They leave from {FROM_HOUR} in the morning by your clock, each once "
            f"and never more than {LATE_DAYS_MAX} days late. None goes out for "
            "what is paid, void or fully disputed, or while a promised date is "
            "still to come.",
            class_name="field-hint span-12",
        ),
        on_submit=State.save,
    )


def _late_fees() -> rx.Component:
    fees = State.fees
    return form_panel(
        "Late fees",
        rx.el.div(
            checkbox(
                "is_on",
                "Charge a late fee with reminders",
                default_checked=fees.is_on,
            ),
            class_name="span-12",
        ),
        _when_on(*_fee_fields()),
        rx.el.p(
            "Each fee is an invoice of its own, which the reminder tells of. None is "
            "charged within the days of grace, while a promised date is still to come, "
            "or on a late fee. A customer can be left out, on their page.",
            class_name="field-hint span-12",
        ),
        on_submit=State.save_fees,
    )


def _when_on(*fields: rx.Component) -> rx.Component:
    """Show fields only while the switch of their form is on; they keep their text."""
    return rx.el.div(*fields, class_name="form-grid span-12 when-on")


def _fee_fields() -> tuple[rx.Component, ...]:
    fees = State.fees
    return (
        field(
            "From the reminder",
            _typed("from_step", fees.from_step),
            aside="days after the due date",
            hint="This one charges, and each later one again.",
            error=State.errors["from_step"],
            class_name="span-6",
        ),
        field(
            "Share of what is overdue",
            _typed("percent", fees.percent),
            aside="%",
            hint="Neither what is disputed nor what is on its way.",
            error=State.errors["percent"],
            class_name="span-6",
        ),
        rx.foreach(fees.currencies, _currency_row),
        field(
            "Tax on the fee",
            select("tax_id", fees.taxes, default_value=fees.tax_id),
            hint="In most countries a late fee carries none.",
            class_name="span-12",
        ),
        rx.el.div(
            checkbox(
                "is_on_documents",
                "Say on new invoices what paying late costs",
                default_checked=fees.is_on_documents,
            ),
            class_name="span-12",
        ),
        rx.el.p(
            State.example,
            class_name="quiet span-12",
            custom_attrs={"aria-live": "polite", "id": "late-fee-example"},
        ),
    )


def _currency_row(currency: Any) -> rx.Component:
    return rx.fragment(
        field(
            f"Fixed amount in {currency}",
            _typed(f"amount-{currency}", State.fees.amounts[currency]),
            error=State.errors[f"amount-{currency}"],
            field_id=f"late-fee-amount-{currency}",
            class_name="span-6",
        ),
        field(
            f"At most, in {currency}",
            _typed(f"cap-{currency}", State.fees.caps[currency]),
            aside="for each fee",
            error=State.errors[f"cap-{currency}"],
            field_id=f"late-fee-cap-{currency}",
            class_name="span-6",
        ),
        key=currency,
    )


def _typed(name: str, value: Any) -> rx.Component:
    return text_input(
        name,
        numeric=True,
        default_value=value,
        on_change=State.foresee(name).debounce(_TYPING_MS),
    )
