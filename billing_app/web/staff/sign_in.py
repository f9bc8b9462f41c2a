"""The sign-in page of the staff: email and password, also without scripts."""

from __future__ import annotations

import reflex as rx

from billing_app.domain.guest_invoice import PATH
from billing_app.web.components.controls import (
    button,
    field,
    link,
    post_form,
    text_input,
)
from billing_app.web.components.layout import message, sign_in_page
from billing_app.web.staff.sign_in_state import SignInState


def page() -> rx.Component:
    return sign_in_page(
        "Sign in",
        rx.el.p("to the billing desk of your team", class_name="quiet"),
        refusal("That email and password don't go together."),
        post_form(
            field(
                "Email",
                text_input(
                    "email",
                    kind="email",
                    auto_complete="username",
                    default_value=SignInState.typed["email"],
                    required=True,
                    auto_focus=True,
                ),
            ),
            field(
                "Password",
                text_input(
                    "password",
                    kind="password",
                    auto_complete="current-password",
                    required=True,
                ),
            ),
            button("Sign in", kind="primary", submit=True),
        ),
        rx.el.p(
            "Forgot your password? Ask whoever runs this server for a new one.",
            class_name="quiet sign-in-forgot",
        ),
        rx.el.details(
            rx.el.summary("You run it yourself?"),
            rx.el.p(rx.el.code("tallyport set-password"), " sets a new one."),
            class_name="quiet sign-in-command",
        ),
        rx.cond(
            SignInState.welcomes_guests,
            rx.el.p(
                "Only one invoice to write? ",
                link("Make one without an account", href=PATH, leaves_app=True),
                class_name="quiet sign-in-guest",
            ),
            rx.fragment(),
        ),
    )


def refusal(words: str) -> rx.Component:
    """Say why the last try was refused; without scripts, in general words."""
    return rx.fragment(
        rx.cond(
            SignInState.problem,
            message(SignInState.problem, tone="bad", icon_name="alert"),
        ),
        rx.el.noscript(
            rx.el.p(words, class_name="refused", custom_attrs={"id": "refused"})
        ),
    )
