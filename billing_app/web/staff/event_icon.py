"""The glyph of an event in timelines and activity lists."""

from __future__ import annotations

from typing import Any

import reflex as rx

from billing_app.web.components.icons import icon
from billing_app.web.staff.invoice_words import DEFAULT_ICON, ICON_BY_EVENT


def event_icon(name: rx.Var[str], size: int = 14) -> Any:
    """Draw the glyph; only the names of `ICON_BY_EVENT` are known."""
    names = sorted(set(ICON_BY_EVENT.values()))
    return rx.match(
        name,
        *((each, icon(each, size)) for each in names),
        icon(DEFAULT_ICON, size),
    )
