"""What happened around an invoice or a customer, as a panel of a staff page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import reflex as rx

from billing_app.domain.activity import Happened
from billing_app.domain.dates import Moment
from billing_app.domain.events import InvoiceViewed
from billing_app.domain.visit import Evidence
from billing_app.queries.timeline import Timeline
from billing_app.web import formats
from billing_app.web.components.controls import button, link
from billing_app.web.components.layout import panel
from billing_app.web.doors import StaffState, staff_door
from billing_app.web.staff.event_icon import event_icon
from billing_app.web.staff.invoice_words import DEFAULT_ICON, ICON_BY_EVENT

# As many lines as are drawn before somebody asks for more; staff.css hides the others.
SHORT = 8


@dataclass(frozen=True, slots=True)
class HappenedLine:
    """One thing that happened; `number` leads to its invoice on a customer's page."""

    key: str
    icon: str
    text: str
    detail: str
    number: str
    href: str
    at: str
    exactly: str


class TimelineState(StaffState, mixin=True):
    """A page with a timeline: `_timeline_of` reads one page of it.

    Attributes:
        older: the place to go on from, empty at the beginning of all.
        is_short: only the latest few are drawn.
    """

    happened: list[HappenedLine] = []  # noqa: RUF012  (Reflex copies the default)
    older: str = ""
    is_short: bool = True

    @staff_door
    async def show_older(self) -> None:
        """Draw what happened before the last line shown."""
        if self.is_short and len(self.happened) > SHORT:
            self.is_short = False
            return
        if not self.older:
            return
        found = await self._timeline_of(self.older)
        self.happened = [*self.happened, *_lines(found)]
        self.older = found.older

    async def _read_timeline(self, *, anew: bool) -> None:
        """Show the latest, above what was shown already unless it begins anew."""
        found = await self._timeline_of("")
        latest = _lines(found)
        self.is_short = self.is_short or anew
        keys = {line.key for line in latest}
        shown = [line for line in self.happened if line.key not in keys]
        # Whoever has read further down stays there.
        if anew or not shown or len(self.happened) <= len(latest):
            self.happened, self.older = latest, found.older
        else:
            self.happened = [*latest, *shown]

    async def _timeline_of(self, older: str) -> Timeline:
        raise NotImplementedError


def timeline_panel(state: Any, *, shows_numbers: bool = False) -> rx.Component:
    """Draw the panel of a page whose state is a `TimelineState`."""

    def line(it: rx.vars.ObjectVar[HappenedLine]) -> rx.Component:
        number = link(it.number, href=it.href)
        return rx.el.li(
            event_icon(it.icon),
            rx.el.div(
                rx.el.b(it.text),
                rx.cond(it.number != "", rx.fragment(" ", number), rx.fragment())
                if shows_numbers
                else rx.fragment(),
                rx.el.p(it.detail),
            ),
            rx.el.time(it.at, title=it.exactly),
            key=it.key,
        )

    more = rx.el.p(
        button("Show older", kind="quiet", small=True, on_click=state.show_older),
        class_name="panel-body",
    )
    none = rx.el.p("Nothing happened yet.", class_name="panel-body quiet")
    some = rx.el.ol(
        rx.foreach(state.happened, line),
        class_name=rx.cond(state.is_short, "timeline timeline-short", "timeline"),
    )
    return panel(
        "Activity",
        rx.cond(state.happened.length() > 0, some, none),
        rx.cond(
            (state.older != "") | (state.is_short & (state.happened.length() > SHORT)),
            more,
            rx.fragment(),
        ),
        is_printed=False,
    )


def _lines(found: Timeline) -> list[HappenedLine]:
    return [_line(each, found.moment) for each in _told_once(found.entries)]


def _told_once(entries: Sequence[Happened]) -> Iterator[Happened]:
    """Leave out that a page was seen where that is the first look of a customer."""
    first_looks = {
        (each.invoice_id, each.who, each.at.replace(second=0, microsecond=0))
        for each in entries
        if each.event == InvoiceViewed.name()
    }
    for each in entries:
        minute = each.at.replace(second=0, microsecond=0)
        is_told = (each.invoice_id, each.who, minute) in first_looks
        if not (is_told and each.event == f"visit:{Evidence.SEEN}"):
            yield each


def _line(it: Happened, moment: Moment) -> HappenedLine:
    amount = ""
    if it.amount_minor is not None:
        amount = formats.money(it.amount_minor, it.currency)
    said = (amount, it.detail.rstrip("."), f"by {it.who}" if it.who else "", it.channel)
    return HappenedLine(
        key=it.key,
        icon=ICON_BY_EVENT.get(it.event, DEFAULT_ICON),
        text=it.text,
        detail=", ".join(part for part in said if part),
        number=it.invoice_number,
        href=f"/invoices/{it.invoice_id}" if it.invoice_id else "",
        at=formats.instant(it.at, moment),
        exactly=formats.exact_instant(it.at, moment),
    )
