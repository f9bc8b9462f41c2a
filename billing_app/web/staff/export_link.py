"""The link to a list's CSV file, for those who may have it."""

from __future__ import annotations

import reflex as rx

from billing_app.web.components.controls import Text, link_button
from billing_app.web.staff.shell import ShellState


def export_link(href: Text) -> rx.Component:
    drawn = link_button(
        "Export CSV",
        href,
        icon_name="download",
        leaves_app=True,
        class_name="not-phone",
        download=True,
    )
    return rx.cond(ShellState.may["export"], drawn, rx.fragment())
