"""What a figure is made of, unfolded by the browser itself.

`documents/templates/why.html` paints the same before JavaScript; change both.
"""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.web.components.controls import Text, link


def why(parts: Any, words: Text, *, leaves_app: bool = True) -> rx.Component:
    """Draw a list of `PrintedPart`, folded up under the words; nothing for none."""

    def part(it: Any) -> rx.Component:
        return _part(it, leaves_app=leaves_app)

    return rx.cond(
        parts.length() > 0,
        rx.el.details(
            rx.el.summary(words),
            rx.el.div(rx.foreach(parts, part), role="list"),
            class_name="why",
        ),
        rx.fragment(),
    )


def _part(part: Any, *, leaves_app: bool) -> rx.Component:
    return rx.el.div(
        rx.el.span(
            rx.cond(
                part.href,
                link(part.label, href=part.href, leaves_app=leaves_app),
                part.label,
            ),
            rx.cond(part.arithmetic, rx.el.small(part.arithmetic)),
        ),
        rx.el.span(part.amount, class_name="number"),
        role="listitem",
        class_name="why-part",
    )
