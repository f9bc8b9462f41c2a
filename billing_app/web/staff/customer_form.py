"""The fields of a customer, for adding one and for changing one."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import reflex as rx

from billing_app.domain.address import PLACE_LENGTH_MAX, POSTAL_CODE_LENGTH_MAX
from billing_app.domain.custom_fields import own_key
from billing_app.domain.numbering import NUMBER_CODE_LENGTH_MAX
from billing_app.domain.party_ids import (
    ELECTRONIC_ADDRESS_LENGTH_MAX,
    REFERENCE_LENGTH_MAX,
    REGISTRATION_LENGTH_MAX,
)
from billing_app.services.customers import NO_LATE_FEES, CustomerForm
from billing_app.web.components.controls import field, select, text_area, text_input
from billing_app.web.staff.choices import (
    COUNTRIES,
    CURRENCIES,
    LANGUAGES,
    country_choices,
    currency_choices,
    language_choices,
)
from billing_app.web.staff.own_fields import own_input
from billing_app.web.staff.shell import ShellState

NAMES = tuple(each.name for each in fields(CustomerForm) if each.name != "own")


def read_form(form: dict[str, Any]) -> CustomerForm:
    """Take what the browser sent; anything but text counts as nothing."""
    texts = {name: text for name, text in form.items() if isinstance(text, str)}
    own = [(key, text) for name, text in texts.items() if (key := own_key(name))]
    typed = {name: texts.get(name, "") for name in NAMES}
    return CustomerForm(**typed, own=tuple(own))


def customer_fields(values: Any, errors: Any, own_fields: Any) -> rx.Component:
    """Draw the fields; `values` and `errors` are vars by field name, `own_fields` one
    of the workspace's own.

    Of a customer that exists, `values` may hold a warning as `vat_warning`, the code
    they would get as `proposed_code`, and yes as `code_stays`.
    """

    def one(name: str, label: str, aside: str = "", **props: Any) -> rx.Component:
        notes = {key: props.pop(key, "") for key in ("hint", "warning")}
        control = text_input(name, default_value=values[name], **props)
        return field(label, control, aside=aside, error=errors[name], **notes)

    def pair(*two: rx.Component) -> rx.Component:
        return rx.el.div(*two, class_name="field-pair")

    stays = values["code_stays"] == "yes"
    return rx.fragment(
        one("name", "Name", max_length=200, auto_complete="off"),
        pair(
            one("email", "Email", "gets the invoices", kind="email", max_length=254),
            one("cc", "Copies to", "separated by commas"),
        ),
        pair(
            one("contact_name", "Contact", max_length=200),
            one("phone", "Phone", kind="tel", max_length=60),
        ),
        field(
            "Street and number",
            text_area("address", rows=2, default_value=values["address"]),
            error=errors["address"],
        ),
        pair(
            one("postal_code", "Postal code", max_length=POSTAL_CODE_LENGTH_MAX),
            one("town", "Town", max_length=PLACE_LENGTH_MAX),
        ),
        pair(
            one(
                "region",
                "Region",
                hint="Only if addresses there name it",
                max_length=PLACE_LENGTH_MAX,
            ),
            one(
                "country", "Country", hint="Name or two letters", custom_attrs=COUNTRIES
            ),
        ),
        pair(
            one("vat_id", "VAT number", warning=values["vat_warning"], max_length=40),
            one(
                "registration",
                "Registration",
                "like KvK 70112233",
                max_length=REGISTRATION_LENGTH_MAX,
            ),
        ),
        pair(
            one(
                "electronic_address",
                "E-invoice address",
                hint="Leave empty to use the numbers above",
                max_length=ELECTRONIC_ADDRESS_LENGTH_MAX,
            ),
            one(
                "reference",
                "Their reference",
                "or Leitweg-ID",
                max_length=REFERENCE_LENGTH_MAX,
            ),
        ),
        pair(
            one(
                "currency",
                "Currency",
                hint=f"Leave empty for {ShellState.currency}",
                max_length=40,
                custom_attrs=CURRENCIES,
            ),
            one(
                "net_days",
                "Days to pay",
                hint="Leave empty for your usual days",
                input_mode="numeric",
            ),
        ),
        pair(
            one(
                "language",
                "Language of documents",
                hint="Leave empty for your own language",
                max_length=10,
                custom_attrs=LANGUAGES,
            ),
            one(
                "number_code",
                "Number code",
                hint=rx.cond(
                    stays,
                    "Used in invoice numbers, so it stays",
                    "For invoice numbers that name the customer",
                ),
                max_length=NUMBER_CODE_LENGTH_MAX,
                read_only=stays,
                placeholder=values["proposed_code"],
                auto_complete="off",
                auto_capitalize="characters",
            ),
        ),
        field(
            "Late fees",
            select(
                "late_fees",
                (("", "As your settings say"), (NO_LATE_FEES, "Never charged")),
                default_value=values["late_fees"],
            ),
            aside="where reminders charge them",
            error=errors["late_fees"],
        ),
        rx.foreach(
            own_fields,
            lambda own: field(
                own.label,
                own_input(own, class_name="input", default_value=values[own.name]),
                field_id=f"field-{own.name}",
                aside=own.aside,
                error=errors[own.name],
            ),
        ),
        country_choices(),
        currency_choices(),
        language_choices(),
    )
