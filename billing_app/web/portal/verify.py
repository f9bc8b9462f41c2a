"""What stands where proof is missing: what is asked for, and the way to it."""

from __future__ import annotations

import reflex as rx

from billing_app.web.components.controls import Text, link
from billing_app.web.components.icons import icon


def verify_panel(
    words: Text, href: Text, *, title: str = "Verify to post"
) -> rx.Component:
    """Name the proof that is missing; the link leads to where it can be given."""
    return rx.el.div(
        icon("lock", 18),
        rx.el.span(
            rx.el.b(title),
            words,
            " What you wrote stays here. ",
            link("Verify", href=href, leaves_app=True),
        ),
        class_name="gate",
    )
