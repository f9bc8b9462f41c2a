"""Choosing what happened and is not billed yet, to become lines of the draft."""

from __future__ import annotations

from dataclasses import dataclass, replace

import reflex as rx

from billing_app.domain.behind import describe_event
from billing_app.domain.billable_event import Grouping
from billing_app.domain.errors import BillingError, InvalidInput
from billing_app.queries.billable_events import (
    EventChoices,
    EventFilter,
    StaffEvent,
    list_choices,
    parse_event_filter,
)
from billing_app.web import formats
from billing_app.web.doors import StaffState, staff_door
from billing_app.web.staff.invoice_editor_state import InvoiceEditorState


@dataclass(frozen=True, slots=True)
class ChoiceLine:
    """One event that can be chosen."""

    id: int
    name: str
    aside: str
    arithmetic: str
    amount: str


class EventChoiceState(StaffState, rx.State):
    """What is there to be billed, and what of it is chosen.

    Attributes:
        chosen: ids; those that a search hides stay chosen.
        is_bare: the customer has nothing unbilled at all.
        drawn: changes when the fields have to be drawn anew.
    """

    is_open: bool = False
    is_bare: bool = False
    drawn: int = 0
    lines: list[ChoiceLine] = []  # noqa: RUF012
    chosen: list[int] = []  # noqa: RUF012
    has_all: bool = False
    all_words: str = ""
    hidden_words: str = ""
    chosen_words: str = ""
    add_words: str = ""
    grouping: str = Grouping.KIND
    problem: str = ""
    record_href: str = ""

    _customer_id: int = 0
    _currency: str = ""
    _typed: dict[str, str] = {}  # noqa: RUF012
    _found: dict[int, int] = {}  # noqa: RUF012
    _minor: dict[int, int] = {}  # noqa: RUF012

    @staff_door
    async def start(self) -> None:
        """Open with everything of the draft's customer that is not billed."""
        editor = await self.get_state(InvoiceEditorState)
        self._customer_id, self._currency = editor._bills()
        self._typed, self._minor, self.chosen = {}, {}, []
        self.problem = ""
        self.drawn += 1
        self.record_href = f"/customers/{self._customer_id}/events"
        await self._read()
        self.is_bare = not self._found
        self.is_open = True

    @staff_door
    async def stop(self) -> None:
        self.is_open = False

    @staff_door
    async def search(self, text: str) -> None:
        await self._narrow(q=text)

    @staff_door
    async def begin_at(self, day: str) -> None:
        _, _, last = self._typed.get("happened", "").partition("..")
        await self._narrow(happened=_days(day, last))

    @staff_door
    async def end_at(self, day: str) -> None:
        first, _, _ = self._typed.get("happened", "").partition("..")
        await self._narrow(happened=_days(first, day))

    @staff_door
    async def choose(self, event_id: int) -> None:
        """Choose an event, or leave it out again."""
        self._check_started()
        if event_id in self._minor:
            self._minor = {k: v for k, v in self._minor.items() if k != event_id}
        elif event_id in self._found:
            self._minor = {**self._minor, event_id: self._found[event_id]}
        self._count()

    @staff_door
    async def choose_all(self) -> None:
        """Choose all that match, or none of them where all are chosen."""
        self._check_started()
        if self.has_all:
            self._minor = {k: v for k, v in self._minor.items() if k not in self._found}
        else:
            self._minor = {**self._minor, **self._found}
        self._count()

    @staff_door
    async def group(self, grouping: str) -> None:
        self.grouping = Grouping.EACH if grouping == Grouping.EACH else Grouping.KIND

    @staff_door
    async def add(self) -> None:
        """Make lines of what is chosen. What can't be added stays chosen."""
        self._check_started()
        editor = await self.get_state(InvoiceEditorState)
        try:
            await editor._bill(list(self._minor), Grouping(self.grouping))
        except BillingError as refusal:
            self.problem = refusal.message
            await self._read()
            return
        self.is_open = False

    def _check_started(self) -> None:
        """Refuse where there is nothing to choose from: no customer was opened."""
        if not self._currency:
            raise InvalidInput("Choose a customer first.")

    async def _narrow(self, **typed: str) -> None:
        self._check_started()
        self._typed = {**self._typed, **typed}
        self.problem = ""
        try:
            await self._read()
        except InvalidInput as refusal:
            self.problem = refusal.message

    async def _read(self) -> None:
        wanted: EventFilter = parse_event_filter(self._typed)
        wanted = replace(wanted, currency=self._currency)
        found: EventChoices = await self._run(list_choices, self._customer_id, wanted)
        zone = found.moment.zone
        self._found = dict(found.minor_by_id)
        self.lines = [_line(it, zone) for it in found.events]
        hidden = found.count - len(found.events)
        self.hidden_words = (
            f"and {hidden:,} more. Search, or select all." if hidden else ""
        )
        self._count()

    def _count(self) -> None:
        self.chosen = list(self._minor)
        self.has_all = bool(self._found) and self._found.keys() <= self._minor.keys()
        self.all_words = f"Select all {len(self._found):,}"
        count = len(self._minor)
        whole = formats.money(sum(self._minor.values()), self._currency)
        self.chosen_words = f"{count:,} chosen, {whole}" if count else "None chosen"
        self.add_words = f"Add {formats.count_of(count, 'event')}" if count else "Add"


def _days(first: str, last: str) -> str:
    return f"{first}..{last}" if first or last else ""


def _line(it: StaffEvent, zone: str) -> ChoiceLine:
    words = describe_event(it.facts, currency=it.currency, zone=zone)
    return ChoiceLine(
        id=it.id,
        name=f"{words.kind} {words.reference}",
        aside=", ".join(filter(None, (words.description, words.happened))),
        arithmetic=words.arithmetic,
        amount=words.amount,
    )
