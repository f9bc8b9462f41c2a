"""The sign-in page of the staff."""

from __future__ import annotations

import reflex as rx


def page() -> rx.Component:
    return rx.el.main(rx.el.h1("Sign in"))
