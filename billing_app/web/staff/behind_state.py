"""The drawer of one line: what it charges for, of an invoice or a draft."""

from __future__ import annotations

import reflex as rx

from billing_app.domain.behind import BehindEvent, describe_line
from billing_app.queries.billable_events import (
    LineEvents,
    read_draft_line,
    read_line,
)
from billing_app.web import formats
from billing_app.web.doors import staff_door
from billing_app.web.staff.record import RecordState


class BehindState(RecordState, rx.State):
    """What is behind the line that was opened, of the invoice in the address.

    Attributes:
        more, more_amount: of events beyond those shown; empty where there are none.
        discount: taken off the line itself; empty for none.
    """

    is_open: bool = False
    name: str = ""
    events: list[BehindEvent] = []  # noqa: RUF012
    count_words: str = ""
    sum: str = ""
    more: str = ""
    more_amount: str = ""
    discount: str = ""
    amount: str = ""

    @staff_door
    async def open_line(self, position: int) -> None:
        """Open a line of an issued invoice, counted from 1."""
        self._show(await self._run(read_line, self._segment_id(1), position))

    @staff_door
    async def open_draft_line(self, key: str) -> None:
        """Open a line of a draft as it was saved last."""
        self._show(await self._run(read_draft_line, self._segment_id(1), key))

    @staff_door
    async def close(self) -> None:
        self.is_open = False

    def _show(self, it: LineEvents) -> None:
        behind = describe_line(it.events, currency=it.currency, zone=it.zone)
        self.name = it.name
        self.events = list(behind.events)
        self.count_words = formats.count_of(behind.count, "event")
        self.sum = formats.money(it.sum_minor, it.currency)
        self.more = f"{behind.more_count:,} more" if behind.more_count else ""
        self.more_amount = behind.more_amount
        off = it.sum_minor - it.amount_minor
        has_discount = bool(it.events) and off != 0
        self.discount = formats.money(-off, it.currency) if has_discount else ""
        self.amount = formats.money(it.amount_minor, it.currency)
        self.is_open = True
        self._show_here()
