"""What happened for a customer: the list, and recording, correcting, removing it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import reflex as rx

from billing_app import runtime
from billing_app.domain.behind import describe_event, explain
from billing_app.domain.billable_event import NewEvent, amount_of
from billing_app.domain.dates import Moment
from billing_app.domain.errors import BillingError, InvalidInput, NotFound
from billing_app.domain.event_form import (
    EventForm,
    read_event_form,
    read_event_rows,
    read_factors,
)
from billing_app.domain.parsing import parse_factor
from billing_app.queries.billable_events import (
    Billed,
    EventFilter,
    EventPage,
    StaffEvent,
    find_event,
    list_events,
    parse_event_filter,
)
from billing_app.queries.invoices import parse_range
from billing_app.services import billable_events
from billing_app.web import formats
from billing_app.web.doors import staff_door, staff_watch
from billing_app.web.staff.addresses import with_query
from billing_app.web.staff.invoices_state import Chip, Tab, range_words
from billing_app.web.staff.live import changes
from billing_app.web.staff.record import RecordState
from billing_app.web.undo import UndoState

PARAMETERS = ("billed", "q", "happened", "after", "before")
FIELDS = tuple(field.name for field in fields(EventForm))
NO_ERRORS = (*FIELDS, "rows", "first", "last")
_TABS = (("Not billed", Billed.NOT_YET), ("Billed", Billed.YES), ("All", Billed.ANY))


@dataclass(frozen=True, slots=True)
class EventLine:
    """One event as the list shows it; without `href` nothing bills it yet."""

    id: int
    happened: str
    name: str
    note: str
    arithmetic: str
    amount: str
    href: str
    invoice: str


class CustomerEventsState(UndoState, RecordState, rx.State):
    """One page of the events of the customer in the address.

    Attributes:
        shape: loading, gone, empty (nothing at all), none (no match) or rows.
        dialog: add, change, paste, dates or none.
        comes_to: what the typed event comes to, or empty while it can't be said.
        drawn: changes when a form has to be drawn anew.
    """

    shape: str = "loading"
    customer: str = ""
    customer_href: str = ""
    invoice_href: str = ""
    lines: list[EventLine] = []  # noqa: RUF012
    tabs: list[Tab] = []  # noqa: RUF012
    chips: list[Chip] = []  # noqa: RUF012
    text: str = ""
    place: int = 0
    range_words: str = ""
    newer: str = ""
    older: str = ""
    live: str = ""
    unbilled: str = ""
    unbilled_words: str = ""
    currency: str = ""
    form_currency: str = ""
    dialog: str = ""
    drawn: int = 0
    form: dict[str, str] = {}  # noqa: RUF012
    errors: dict[str, str] = {}  # noqa: RUF012
    comes_to: str = ""
    rows: str = ""
    dates: dict[str, str] = {}  # noqa: RUF012

    _typed: dict[str, str] = dict.fromkeys(PARAMETERS, "")
    _wanted: EventFilter = EventFilter()
    _customer_id: int = 0
    _zone: str = "UTC"
    _event_id: int = 0
    _weighed: dict[str, str] = {}  # noqa: RUF012

    @staff_door
    async def open(self) -> Any:
        """Show the page that the address names."""
        self._customer_id = self._segment_id(1)
        self._typed = {name: self._query(name) for name in PARAMETERS}
        self.dialog = ""
        try:
            self._wanted = parse_event_filter(self._typed)
            await self._read()
        except InvalidInput as refusal:
            self._notify(refusal.message, is_refusal=True)
            return rx.redirect(self._path, replace=True)
        except BillingError as refusal:
            self.shape = "gone"
            self._show_here()
            if isinstance(refusal, NotFound):
                # The page itself says so.
                return None
            raise
        return None

    @staff_watch
    async def watch(self) -> None:
        async for _ in changes(self, f"customer:{self._segment_id(1)}"):
            async with self:
                if self.shape not in ("loading", "gone"):
                    await self._read()

    @staff_door
    async def search(self, text: str) -> Any:
        # What is typed letter by letter is one step back, not many.
        address = with_query(self._path, self._typed, q=text.strip())
        return rx.redirect(address, replace=True)

    @staff_door
    async def go_newer(self) -> Any:
        return self._go(before=self.newer)

    @staff_door
    async def go_older(self) -> Any:
        return self._go(after=self.older)

    @staff_door
    async def remove_filter(self, name: str) -> Any:
        if name not in PARAMETERS:
            raise InvalidInput("There is no such filter.")
        return self._go(**{name: ""})

    @staff_door
    async def clear_filters(self) -> Any:
        self.place += 1
        return rx.redirect(self._path)

    @staff_door
    async def start_filtering(self) -> None:
        days = self._wanted.happened
        self.dates = {"first": str(days.first or ""), "last": str(days.last or "")}
        self._open_dialog("dates")

    @staff_door
    async def filter_dates(self, form: dict[str, Any]) -> Any:
        first, last = str(form.get("first", "")), str(form.get("last", ""))
        happened = f"{first}..{last}" if first or last else ""
        try:
            parse_range(happened, "happened")
        except InvalidInput as refusal:
            self.errors = {"first": refusal.message}
            return None
        self.dialog = ""
        return self._go(happened=happened)

    # Recording

    @staff_door
    async def start_adding(self) -> None:
        """Open the form; the time is now, by the business's clock."""
        now = formats.local(self._moment().now, self._moment())
        self.form = {**_texts(EventForm()), "happened": f"{now:%Y-%m-%dT%H:%M}"}
        self.form_currency = self.currency
        self._open_dialog("add")

    @staff_door
    async def start_changing(self, event_id: int) -> None:
        event = await self._run(find_event, event_id)
        self._event_id = event.id
        self.form_currency = event.currency
        self.form = _texts(_form_of(event, self._moment()))
        self._open_dialog("change")
        self._weigh()

    @staff_door
    async def start_pasting(self) -> None:
        self.rows, self.form_currency = "", self.currency
        self._open_dialog("paste")

    @staff_door
    async def stop(self) -> None:
        self.dialog = ""

    @staff_door
    async def weigh(self, part: str, text: str) -> None:
        """Say what the event would come to as it is typed."""
        if part in FIELDS and self.form_currency:
            self._weighed = {**self._weighed, part: text[:500]}
            self._weigh()

    @staff_door
    async def save(self, form: dict[str, Any]) -> None:
        """Record the event, or correct the one that was opened."""
        self.errors = {}
        try:
            event = self._event(_read_form(form))
            if self.dialog == "change":
                await self._run(billable_events.change_event, self._event_id, event)
                words = "Saved."
            else:
                is_new = await self._run(billable_events.record_event, event)
                if not is_new:
                    raise InvalidInput(
                        f"{event.kind} {event.reference} is recorded already.",
                        field="reference",
                    )
                words = f"{event.kind} {event.reference} is recorded."
        except BillingError as refusal:
            where = _FIELD_OF.get(refusal.field or "", refusal.field)
            self.errors = {where or "reference": refusal.message}
            return
        self.dialog = ""
        self._notify(words)
        await self._read()

    @staff_door
    async def paste(self, form: dict[str, Any]) -> None:
        """Record every row, or none; what was pasted stays until it can be read."""
        self.rows = str(form.get("rows", ""))
        self.errors = {}
        try:
            events = self._events(self.rows)
            done = await self._run(billable_events.record_events, events)
        except BillingError as refusal:
            self.errors = {"rows": refusal.message}
            return
        self.dialog = ""
        known = f" {done.known:,} were known already." if done.known else ""
        self._notify(f"{formats.count_of(done.added, 'event')} recorded.{known}")
        await self._read()

    @staff_door
    async def remove(self, event_id: int) -> None:
        """Forget an event; the notice offers to take that back."""
        event = await self._run(find_event, event_id)
        await self._run(billable_events.remove_event, event_id)
        words = f"{event.kind} {event.reference} is removed."
        self._offer_undo(words, _new_event(event, self._customer_id))
        await self._read()

    @staff_door
    async def undo(self, key: str) -> None:
        event: NewEvent | None = self._offered(key)
        await self.dismiss_notice(key)
        if event is not None:
            await self._run(billable_events.record_event, event)
            await self._read()

    @property
    def _path(self) -> str:
        return f"/customers/{self._customer_id}/events"

    def _go(self, **parameters: str) -> Any:
        return rx.redirect(with_query(self._path, self._typed, **parameters))

    def _open_dialog(self, name: str) -> None:
        self.errors, self.comes_to = dict.fromkeys(NO_ERRORS, ""), ""
        self._weighed = self.form
        self.drawn += 1
        self.dialog = name

    def _event(self, form: EventForm) -> NewEvent:
        return read_event_form(
            form,
            customer_id=self._customer_id,
            currency=self.form_currency,
            zone=self._zone,
        )

    def _events(self, text: str) -> list[NewEvent]:
        events: list[NewEvent] = []
        for number, form in enumerate(read_event_rows(text), start=1):
            try:
                events.append(self._event(form))
            except InvalidInput as refusal:
                raise InvalidInput(f"Row {number}: {refusal.message}") from None
        return events

    def _weigh(self) -> None:
        typed = _read_form(self._weighed)
        try:
            factors = read_factors(typed.quantity, typed.unit)
            rate = parse_factor(typed.rate, decimals_max=8)
            self.comes_to = explain(factors, rate, self.form_currency)
        except BillingError:
            # The field says so when it is saved.
            self.comes_to = ""

    async def _read(self) -> None:
        self._show(await self._run(list_events, self._customer_id, self._wanted))

    def _show(self, found: EventPage) -> None:
        page, moment = found.page, found.moment
        self._zone = moment.zone
        self.currency = found.currency
        self.customer = found.customer
        self.customer_href = f"/customers/{self._customer_id}"
        self.invoice_href = f"/invoices/new?customer={self._customer_id}"
        self.lines = [_line(row, moment) for row in page.rows]
        self.text = self._wanted.text
        self.newer, self.older = page.newer, page.older
        self.range_words = f"{page.first:,} to {page.last:,} of {found.count}"
        self.live = formats.live_words(moment)
        waiting = found.unbilled
        self.unbilled = formats.join_money(waiting.sums) if waiting.sums else ""
        self.unbilled_words = f"{formats.count_of(waiting.count, 'event')} not billed"
        self.tabs = [
            Tab(
                words,
                with_query(self._path, self._typed, billed=billed.value),
                "",
                self._wanted.billed == billed,
            )
            for words, billed in _TABS
        ]
        self.chips = []
        if not self._wanted.happened.is_open:
            days = range_words(self._wanted.happened, moment)
            self.chips = [Chip("happened", "Happened", days)]
        is_plain = not any(self._typed.values())
        self.shape = "rows" if page.rows else "empty" if is_plain else "none"
        self._show_here()

    def _moment(self) -> Moment:
        return Moment(runtime.current().now(), self._zone)


# Services name what is stored; the form says it in fewer fields.
_FIELD_OF = {"factors": "quantity", "description": "note"}


def _read_form(form: dict[str, Any]) -> EventForm:
    return EventForm(**{name: str(form.get(name, ""))[:500] for name in FIELDS})


def _texts(form: EventForm) -> dict[str, str]:
    return {name: getattr(form, name) for name in FIELDS}


def _form_of(event: StaffEvent, moment: Moment) -> EventForm:
    at = formats.local(event.happened_at, moment)
    parts = [f"{x.value:f} {x.word}".strip() for x in event.factors]
    is_one = len(event.factors) == 1
    return EventForm(
        kind=event.kind,
        reference=event.reference,
        happened=f"{at:%Y-%m-%dT%H:%M}",
        quantity=f"{event.factors[0].value:f}" if is_one else " × ".join(parts),
        unit=event.factors[0].word if is_one else "",
        rate=f"{event.rate:f}",
        note=event.description,
    )


def _new_event(event: StaffEvent, customer_id: int) -> NewEvent:
    return NewEvent(
        customer_id=customer_id,
        kind=event.kind,
        reference=event.reference,
        happened_at=event.happened_at,
        factors=event.factors,
        rate=event.rate,
        currency=event.currency,
        description=event.description,
    )


def _line(it: StaffEvent, moment: Moment) -> EventLine:
    words = describe_event(it.facts, currency=it.currency, zone=moment.zone)
    amount = amount_of(it.factors, it.rate, it.currency)
    return EventLine(
        id=it.id,
        happened=words.happened,
        name=f"{words.kind} {words.reference}",
        note=words.description,
        arithmetic=words.arithmetic,
        amount=formats.money(amount.minor, it.currency),
        href=f"/invoices/{it.invoice_id}" if it.invoice_id else "",
        invoice=it.invoice_number or "Draft",
    )
