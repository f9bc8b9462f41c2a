"""What stands where proof is missing: what is asked for, and the way to it.

The way is a link to a plain page. Where scripts run, `verifying` opens the same forms
in a dialog, whichever of these links is pressed.
"""

from __future__ import annotations

import reflex as rx

from billing_app.web import theme
from billing_app.web.components.controls import Text, link
from billing_app.web.components.icons import icon
from billing_app.web.portal.browser import Verifying
from billing_app.web.words import worded


def verifying() -> rx.Component:
    """Open the page behind a link to a proof in a dialog."""
    return Verifying.create(sheet=theme.stylesheet_address(theme.VERIFY))


def verify_panel(words: Text, href: Text, *, title: Text | None = None) -> rx.Component:
    """Name the proof that is missing; the link leads to where it can be given."""
    return rx.el.div(
        icon("lock", 18),
        rx.el.span(
            rx.el.b(worded("Confirm to post") if title is None else title),
            words,
            " ",
            worded("What you wrote stays here."),
            " ",
            link(worded("Confirm who you are"), href=href, leaves_app=True),
        ),
        class_name="gate",
    )
