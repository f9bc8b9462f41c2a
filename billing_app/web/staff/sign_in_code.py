"""The second step of signing in: the code of the authenticator app."""

from __future__ import annotations

import reflex as rx

from billing_app.web.components.controls import button, field, post_form, text_input
from billing_app.web.components.layout import sign_in_page
from billing_app.web.staff.sign_in import refusal


def page() -> rx.Component:
    return sign_in_page(
        "Enter your code",
        rx.el.p("Open your authenticator app.", class_name="quiet"),
        refusal("That code is wrong or was used before."),
        post_form(
            field(
                "Authentication code",
                text_input(
                    "code",
                    auto_complete="one-time-code",
                    max_length=40,
                    required=True,
                    auto_focus=True,
                ),
                hint="Six digits. A recovery code works here, too, once.",
            ),
            button("Sign in", kind="primary", submit=True),
        ),
        post_form(
            button("Start over", kind="quiet", submit=True),
            action="/session/end",
        ),
    )
