"""The last step of a first sign-in: a password of one's own."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.domain.sign_in import PASSWORD_LENGTH_MIN
from billing_app.web.components.controls import button, field, post_form, text_input
from billing_app.web.components.layout import sign_in_page
from billing_app.web.staff.sign_in import refusal
from billing_app.web.staff.sign_in_state import SignInState


def page() -> rx.Component:
    return sign_in_page(
        "Choose your password",
        rx.el.p(
            "The one you were given was for the first sign-in only.",
            class_name="quiet",
        ),
        refusal("That password can't be used. Choose a longer one, typed twice."),
        post_form(
            *new_password_fields(SignInState.beside),
            button("Save and sign in", kind="primary", submit=True),
        ),
    )


def new_password_fields(errors: Any) -> list[rx.Component]:
    """Draw the two fields of a new password; a short sentence is welcome."""
    return [
        field(
            "New password",
            text_input(
                "password", kind="password", auto_complete="new-password", required=True
            ),
            hint=f"At least {PASSWORD_LENGTH_MIN} characters; a sentence is fine.",
            error=errors["password"],
        ),
        field(
            "New password again",
            text_input(
                "repeated", kind="password", auto_complete="new-password", required=True
            ),
            error=errors["repeated"],
        ),
    ]
