"""The names of units that fields offer; people may write any other word."""

from __future__ import annotations

import reflex as rx

from billing_app.domain.units import UNIT_NAMES

UNITS_LIST = "units"


def units_list() -> rx.Component:
    """Draw what fields with `list=UNITS_LIST` offer, once on a page."""
    return rx.el.datalist(
        *(rx.el.option(value=name) for name in UNIT_NAMES), id=UNITS_LIST
    )
