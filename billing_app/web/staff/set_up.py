"""The one-time page that makes the first workspace and its owner."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.domain.currencies import currency_codes
from billing_app.domain.dates import zone_names
from billing_app.web.components.controls import button, field, post_form, text_input
from billing_app.web.components.layout import sign_in_page
from billing_app.web.staff.sign_in import refusal
from billing_app.web.staff.sign_in_password import new_password_fields
from billing_app.web.staff.sign_in_state import SignInState


def page() -> rx.Component:
    gone = rx.cond(SignInState.is_set_up, sign_in_page("Page not found"))
    return rx.cond(SignInState.is_open, _form(), gone)


def _form() -> rx.Component:
    return sign_in_page(
        "Set up Tallyport",
        rx.el.p(
            "You are the first one here: this makes you the owner. "
            "The page is gone afterwards.",
            class_name="quiet",
        ),
        refusal("Something typed can't be used."),
        post_form(
            field("Business name", _input("name", auto_complete="organization")),
            field(
                "Currency",
                _input("currency", max_length=3, custom_attrs={"list": "currencies"}),
                hint="Three letters, like EUR.",
            ),
            field(
                "Time zone",
                _input("zone", custom_attrs={"list": "zones"}),
                hint="Decides which day it is, like Europe/Amsterdam.",
            ),
            field("Your name", _input("owner_name", auto_complete="name")),
            field("Email", _input("email", kind="email", auto_complete="username")),
            *new_password_fields(),
            button("Set up and sign in", kind="primary", submit=True),
            _datalist("currencies", currency_codes()),
            _datalist("zones", zone_names()),
        ),
    )


def _input(name: str, **props: Any) -> rx.Component:
    return text_input(
        name,
        default_value=SignInState.typed[name],
        required=True,
        **props,
    )


def _datalist(name: str, values: tuple[str, ...]) -> rx.Component:
    return rx.el.datalist(
        *(rx.el.option(value=value) for value in values), custom_attrs={"id": name}
    )
