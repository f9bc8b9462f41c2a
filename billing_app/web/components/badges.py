"""The status of an invoice as an icon and a word, never as a colour alone."""

from __future__ import annotations

from typing import Any

import reflex as rx
from markupsafe import Markup

from billing_app.documents.icons import icon_svg
from billing_app.web.components.icons import ICONS, icon, icon_path

# The word people read -> the name of its icon and of its class in the stylesheet.
STATUSES: dict[str, str] = {
    "Draft": "draft",
    "Due": "due",
    "Partially paid": "partially-paid",
    "Processing": "processing",
    "Paid": "paid",
    "Credited": "credited",
    "In credit": "in-credit",
    "Written off": "written-off",
    "Closed": "closed",
    "Overdue": "overdue",
    "Disputed": "disputed",
    "Void": "void",
    "Cancelled": "cancelled",
    "Archived": "archived",
}


def status_badge(
    status: str | rx.Var[str],
    words: str | rx.Var[str] = "",
    *,
    large: bool = False,
    live: bool = False,
) -> rx.Component:
    """Draw a status; `words` replace the word, such as "Overdue 12 days".

    `live` makes it a live region: on a page about one invoice, where the status
    changes while somebody reads.
    """
    size = " badge-large" if large else ""
    return rx.el.span(
        icon_path(_choose(status, ICONS), size=14),
        words if isinstance(words, rx.Var) or words else status,
        class_name=_choose(status, {n: f"badge badge-{n}{size}" for n in ICONS}),
        role="status" if live else None,
    )


def status_badge_html(status: str, words: str = "") -> Markup:
    """Return the same badge for pages painted on the server."""
    name = STATUSES[status]
    badge = Markup('<span class="badge badge-{}" role="status">{}{}</span>')
    return badge.format(name, icon_svg(name, 14), words or status)


def viewed_mark(viewed_on: str | rx.Var[str]) -> rx.Component:
    """Say that the customer has opened it; the date shows on hover.

    Not a status: it stands in its own column, empty while nobody has looked.
    """
    mark = rx.el.span(icon("eye", 14), "Viewed", class_name="viewed", title=viewed_on)
    return rx.cond(viewed_on, mark, rx.fragment())


def sent_mark(sent_on: str | rx.Var[str]) -> rx.Component:
    """Say that it was marked as sent; the date shows on hover."""
    mark = rx.el.span(icon("send", 14), "Sent", class_name="viewed", title=sent_on)
    return rx.cond(sent_on, mark, rx.fragment())


def _choose(status: str | rx.Var[str], by_name: dict[str, str]) -> Any:
    """Pick per status, here or in the browser; an unknown one looks like a draft."""
    if isinstance(status, str):
        return by_name[STATUSES[status]]
    cases = [(word, by_name[name]) for word, name in STATUSES.items()]
    return rx.match(status, *cases, by_name["draft"])
