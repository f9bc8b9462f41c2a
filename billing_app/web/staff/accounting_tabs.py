"""The lists of Accounting."""

from __future__ import annotations

import reflex as rx

from billing_app.web.components.tables import link_tab, link_tabs

_TABS = (
    ("Aging", "/accounting/aging"),
    ("Invoices", "/accounting"),
    ("Payments", "/accounting/payments"),
    ("Credit notes", "/accounting/credit-notes"),
)


def accounting_tabs(current: str) -> rx.Component:
    return link_tabs(
        "Accounting",
        *(link_tab(words, href, current=words == current) for words, href in _TABS),
    )
