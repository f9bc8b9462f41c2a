"""The one-time page that makes the first workspace and its owner."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.domain.currencies import currency_names, usual_currencies
from billing_app.domain.dates import zones_by_region
from billing_app.domain.profiles import PROFILES
from billing_app.domain.sign_in import ALREADY_SET_UP
from billing_app.web.components.controls import (
    button,
    field,
    link_button,
    post_form,
    text_input,
)
from billing_app.web.components.layout import sign_in_page
from billing_app.web.scripts import script_beside
from billing_app.web.staff.sign_in import refusal
from billing_app.web.staff.sign_in_password import new_password_fields
from billing_app.web.staff.sign_in_state import SignInState


class BrowserGuess(rx.Component):
    """Chooses the currency and the zone that the browser has, until somebody does."""

    library = script_beside(__name__, "browser_guess.jsx")
    tag = "BrowserGuess"

    zone: rx.Var[str]
    currency: rx.Var[str]
    currencies: rx.Var[dict[str, str]]


def page() -> rx.Component:
    title, words = ALREADY_SET_UP
    gone = sign_in_page(
        title,
        rx.el.p(words, class_name="quiet"),
        link_button("Sign in", "/sign-in", kind="primary"),
    )
    return rx.cond(SignInState.is_open, _form(), rx.cond(SignInState.is_set_up, gone))


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
            _field("Business name", _input("name", auto_complete="organization")),
            _field(
                "Currency",
                _list("currency", *_currencies()),
                hint="Your figures add up in it, so it stays. "
                "An invoice may be in another.",
            ),
            _field(
                "Time zone", _list("zone", *_zones()), hint="Decides which day it is."
            ),
            _field("Your name", _input("owner_name", auto_complete="name")),
            _field("Email", _input("email", kind="email", auto_complete="username")),
            *new_password_fields(SignInState.beside),
            _profiles(),
            button("Set up and sign in", kind="primary", submit=True),
            BrowserGuess.create(
                zone="zone", currency="currency", currencies=dict(usual_currencies())
            ),
            # What was typed may come after the form is drawn, and lists and choices
            # start with it only once.
            key=SignInState.typed.to_string(),
        ),
    )


def _field(label: str, control: Any, **options: Any) -> rx.Component:
    return field(label, control, error=SignInState.beside[control.name], **options)


def _profiles() -> rx.Component:
    """Ask for a profile by what one is for; none of them is as good an answer."""
    chosen = SignInState.typed["profile"]
    none = _profile(
        "",
        "Not sure yet",
        "Everything at its usual answer. Settings, Portal has the profiles, too.",
        rx.cond(chosen, False, True),
    )
    return rx.el.fieldset(
        rx.el.legend("How customers use your portal", class_name="field-label"),
        rx.el.div(
            *(_profile(x.key, x.name, x.for_whom, chosen == x.key) for x in PROFILES),
            none,
            class_name="profiles",
        ),
    )


def _profile(
    key: str, name: str, for_whom: str, is_chosen: rx.Var[bool]
) -> rx.Component:
    return rx.el.label(
        rx.el.b(
            rx.el.input(
                type="radio",
                name="profile",
                value=key,
                default_checked=is_chosen,
                class_name="radio",
            ),
            name,
        ),
        rx.el.span(for_whom),
    )


def _list(name: str, *options: rx.Component) -> rx.Component:
    return rx.el.select(
        rx.el.option("Choose…", value=""),
        *options,
        name=name,
        default_value=SignInState.typed[name],
        required=True,
        class_name="input",
    )


def _currencies() -> list[rx.Component]:
    names = currency_names().items()
    return [rx.el.option(f"{code} {name}", value=code) for code, name in names]


def _zones() -> list[rx.Component]:
    """Draw the zones by their part of the world, so that typing Lon finds London."""
    return [
        rx.el.optgroup(
            *(rx.el.option(place, value=name) for name, place in places),
            label=region,
        )
        for region, places in zones_by_region().items()
    ]


def _input(name: str, **props: Any) -> rx.Component:
    return text_input(
        name,
        default_value=SignInState.typed[name],
        required=True,
        **props,
    )
