"""The page for an address that leads nowhere."""

from __future__ import annotations

import reflex as rx

from billing_app.web.components.layout import alone_page


def page() -> rx.Component:
    return alone_page(
        "Page not found",
        rx.el.p("There is nothing at this address. It may be incomplete."),
        rx.el.p(
            "Check the link in your message, or ask whoever sent it for a new one."
        ),
    )
