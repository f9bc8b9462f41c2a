"""The page for an address that leads nowhere."""

from __future__ import annotations

import reflex as rx

from billing_app.web.components.layout import alone_page
from billing_app.web.words import worded


def page() -> rx.Component:
    return alone_page(
        worded("Page not found"),
        rx.el.p(worded("There is nothing at this address. It may be incomplete.")),
        rx.el.p(
            worded(
                "Check the link in your message, or ask whoever sent it for a new one."
            )
        ),
    )
