"""The settings' first page: who sends the invoices."""

from __future__ import annotations

import calendar
from typing import Any

import reflex as rx

from billing_app.domain.currencies import currency_names
from billing_app.domain.dates import zone_names
from billing_app.web.components.controls import (
    Text,
    field,
    select,
    text_area,
    text_input,
)
from billing_app.web.staff.choices import COUNTRIES, country_choices
from billing_app.web.staff.settings_business_state import BusinessState as State
from billing_app.web.staff.settings_frame import form_panel, settings_page

NAMES = currency_names()
MONTHS = tuple(enumerate(calendar.month_name))[1:]


def page() -> rx.Component:
    return settings_page(
        form_panel(
            "Letterhead",
            _text("name", "Workspace name", "span-6", hint="What your team sees."),
            _text("legal_name", "Legal name", "span-6", hint="Printed on invoices."),
            field(
                "Street and number",
                text_area("address", rows=2, default_value=State.page.address),
                error=State.errors["address"],
                class_name="span-12",
            ),
            _text("postal_code", "Postal code", "span-4"),
            _text("town", "Town", "span-8"),
            _text("region", "Region", "span-6", aside="where it is written"),
            _text(
                "country",
                "Country",
                "span-6",
                hint="Its name, or two letters.",
                custom_attrs=COUNTRIES,
            ),
            _text("email", "Email", "span-6", aside="customers see this"),
            _text("phone", "Phone", "span-6"),
            _text("website", "Website", "span-6"),
            _text("vat_id", "VAT number", "span-6", warning=State.page.vat_warning),
            _text(
                "registration",
                "Registration",
                "span-6",
                hint="Register and number, like KvK 70112233.",
            ),
            _text(
                "electronic_address",
                "E-invoice address",
                "span-6",
                hint="Empty: found by your registration or VAT number.",
            ),
            _text(
                "zone",
                "Time zone",
                "span-6",
                hint="Decides which day it is.",
                custom_attrs={"list": "zones"},
            ),
            field(
                "Business year begins in",
                select(
                    "fiscal_month",
                    [(str(number), name) for number, name in MONTHS],
                    default_value=State.page.fiscal_month,
                ),
                hint="What “this year” means in the portal.",
                error=State.errors["fiscal_month"],
                class_name="span-6",
            ),
            field(
                "Currency",
                select(
                    "currency",
                    [(code, f"{code}  {name}") for code, name in NAMES.items()],
                    default_value=State.page.currency,
                    disabled=State.page.currency_stays != "",
                ),
                hint=rx.cond(
                    State.page.currency_stays,
                    State.page.currency_stays,
                    "What you count in. Drafts there are keep the one they have.",
                ),
                error=State.errors["currency"],
                class_name="span-12",
            ),
            country_choices(),
            rx.el.datalist(
                *(rx.el.option(value=name) for name in zone_names()),
                custom_attrs={"id": "zones"},
            ),
            on_submit=State.save,
        ),
        state=State,
        here="Business",
        lead="Who your invoices are from. What is issued keeps what was printed.",
        is_loaded=State.version > 0,
    )


def _text(
    name: str,
    label: str,
    span: str,
    *,
    hint: Text = "",
    warning: Text = "",
    aside: Text = "",
    **props: Any,
) -> rx.Component:
    return field(
        label,
        text_input(name, default_value=getattr(State.page, name), **props),
        hint=hint,
        warning=warning,
        aside=aside,
        error=State.errors[name],
        class_name=span,
    )
