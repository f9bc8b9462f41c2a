"""What the visitor of a page can do there, in plain words, and what would raise it.

`documents/templates/portal_powers.html` paints the same; change both.
"""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.web.components.controls import link
from billing_app.web.components.icons import icon
from billing_app.web.words import worded


def powers(it: Any) -> rx.Component:
    return rx.el.details(
        rx.el.summary(worded("What this link can do"), icon("chevron-down")),
        rx.el.p(it.way),
        rx.el.ul(rx.foreach(it.powers, _power)),
        rx.cond(
            it.steps.length() > 0,
            rx.el.p(
                rx.foreach(
                    it.steps,
                    lambda step: link(step.words, href=step.href, leaves_app=True),
                ),
                class_name="fold-links",
            ),
        ),
        class_name="section powers",
    )


def _power(it: Any) -> rx.Component:
    refused = rx.el.span(worded("Not:"), " ", class_name="visually-hidden")
    return rx.el.li(
        rx.cond(it.is_given, icon("check", 15), icon("close", 15)),
        rx.el.span(rx.cond(it.is_given, rx.fragment(), refused), it.words),
        class_name=rx.cond(it.is_given, "", "quiet"),
    )
