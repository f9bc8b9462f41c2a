"""Record what happened, bill it on a draft, and let it go again with the draft."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import update
from sqlmodel import col, select

from billing_app.database.access import inner, staff, staff_or_job
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.billable_event import (
    EVENTS_MAX,
    EventFacts,
    Grouping,
    NewEvent,
    check_figures,
    factors_from_json,
    factors_to_json,
    group_events,
    is_event_key,
    line_key,
    make_line,
    read_event,
    with_figures,
)
from billing_app.domain.draft import DraftForm, LineForm, ReadDraft
from billing_app.domain.errors import Conflict, InvalidInput
from billing_app.domain.events import (
    BillableEventChanged,
    BillableEventRemoved,
    BillableEventsRecorded,
)
from billing_app.models import BillableEvent, Customer, Invoice
from billing_app.queries.letterhead import language_of, read_settings


@dataclass(frozen=True, slots=True)
class RecordedEvents:
    """How many were new, and how many were known already."""

    added: int
    known: int


@staff_or_job(Permission.EDIT_DRAFT)
def record_event(uow: UnitOfWork, event: NewEvent) -> bool:
    """Keep one event; False where its kind and reference were known already.

    Raises:
        As `record_events`.
    """
    return record_events(uow, (event,)).added == 1


@staff_or_job(Permission.EDIT_DRAFT)
def record_events(uow: UnitOfWork, events: Sequence[NewEvent]) -> RecordedEvents:
    """Keep what happened, once for each kind and reference: all of it or nothing.

    Raises:
        NotFound: a customer is not in this workspace.
        InvalidInput: an event can't be used, or there are too many at once.
    """
    if len(events) > EVENTS_MAX:
        raise InvalidInput(f"Send at most {EVENTS_MAX:,} events at once.")
    added = 0
    for customer_id in sorted({event.customer_id for event in events}):
        uow.get(Customer, customer_id)
        theirs = [event for event in events if event.customer_id == customer_id]
        count = sum(_add(uow, event) for event in theirs)
        if count:
            uow.record(BillableEventsRecorded(customer_id=customer_id, count=count))
        added += count
    return RecordedEvents(added, len(events) - added)


@staff(Permission.EDIT_DRAFT)
def change_event(uow: UnitOfWork, event_id: int, event: NewEvent) -> None:
    """Correct an event that no line bills yet. Its customer stays.

    Raises:
        NotFound: there is no such event.
        Conflict: a line bills it, or another event has its kind and reference.
        InvalidInput: it can't be used.
    """
    row = _unbilled(uow, event_id)
    values = _values(event)
    same = select(BillableEvent.id).where(
        col(BillableEvent.kind) == values["kind"],
        col(BillableEvent.reference) == values["reference"],
        col(BillableEvent.id) != event_id,
    )
    if uow.first(same) is not None:
        raise Conflict(
            f"{values['kind']} {values['reference']} is recorded already. "
            "Give this one another reference."
        )
    for name, value in values.items():
        setattr(row, name, value)
    uow.flush()
    uow.record(
        BillableEventChanged(customer_id=row.customer_id, reference=row.reference)
    )


@staff(Permission.EDIT_DRAFT)
def remove_event(uow: UnitOfWork, event_id: int) -> None:
    """Forget an event that no line bills.

    Raises:
        NotFound: there is no such event.
        Conflict: a line bills it.
    """
    row = _unbilled(uow, event_id)
    uow.delete(row)
    uow.record(
        BillableEventRemoved(customer_id=row.customer_id, reference=row.reference)
    )


@inner
def take_lines(
    uow: UnitOfWork,
    invoice: Invoice,
    event_ids: Sequence[int],
    grouping: Grouping,
    tax_id: str,
) -> tuple[LineForm, ...]:
    """Take unbilled events for a draft and return lines of them, oldest first.

    Raises:
        Conflict: one of them is not there to be billed any more.
        InvalidInput: more than any invoice holds.
    """
    wanted = set(event_ids)
    if len(wanted) + len(_list_held(uow, invoice)) > EVENTS_MAX:
        raise InvalidInput(f"An invoice bills at most {EVENTS_MAX:,} events.")
    events = _lock_free(uow, invoice, col(BillableEvent.id).in_(wanted))
    if len(events) != len(wanted):
        raise Conflict(
            "Some of these were billed meanwhile, or are not this customer's. "
            "Please choose again."
        )
    facts = [_facts(event) for event in events]
    language = _language(uow, invoice)
    lines: list[LineForm] = []
    for places in group_events(facts, grouping):
        key = line_key(uow.new_code(12))
        for place in places:
            events[place].invoice_id, events[place].line_key = invoice.id, key
        lines.append(
            make_line(
                key,
                [facts[place] for place in places],
                currency=invoice.currency,
                zone=uow.workspace.zone,
                language=language,
                tax_id=tax_id,
            )
        )
    uow.flush()
    return tuple(lines)


@inner
def attach(uow: UnitOfWork, invoice: Invoice, form: DraftForm) -> None:
    """Let a draft bill the events of the lines it has, and no others.

    A line that was removed and came back takes its events back, where nothing else
    bills them by now.

    Raises:
        InvalidInput: an event is of another customer or in another currency.
    """
    keys = {line.key for line in form.counted_lines if is_event_key(line.key)}
    held = _list_held(uow, invoice, is_locked=True)
    for event in held:
        if event.line_key not in keys:
            event.invoice_id = None
        elif (event.customer_id, event.currency) != (
            invoice.customer_id,
            invoice.currency,
        ):
            raise InvalidInput(
                "Lines of this draft charge for what happened for another customer "
                "or in another currency. Remove them first.",
                field="customer",
            )
    missing = keys - {event.line_key for event in held}
    if missing:
        _take_back(uow, invoice, missing)
    uow.flush()


@inner
def detach(uow: UnitOfWork, invoice_id: int) -> None:
    """Let go of every event of a draft that is deleted."""
    uow.execute(
        update(BillableEvent)
        .where(
            col(BillableEvent.invoice_id) == invoice_id,
            col(BillableEvent.billed_at).is_(None),
        )
        .values(invoice_id=None)
    )


@inner
def take_back(uow: UnitOfWork, invoice: Invoice, form: DraftForm) -> DraftForm:
    """Bill again what a restored draft names; what is billed elsewhere is left out."""
    keys = {line.key for line in form.lines if is_event_key(line.key)}
    taken = _by_line(_take_back(uow, invoice, keys))
    uow.flush()
    kept = [
        with_figures(line, taken[line.key], invoice.currency)
        if line.key in taken
        else line
        for line in form.lines
        if line.key in taken or not is_event_key(line.key)
    ]
    return replace(form, lines=tuple(kept))


@inner
def freeze(uow: UnitOfWork, invoice: Invoice, read: ReadDraft) -> None:
    """Mark the events of a draft as billed, each by its line, counted from 1.

    From then on the database keeps them as they are.

    Raises:
        InvalidInput: a line does not come to what its events say.
    """
    held = _list_held(uow, invoice, is_locked=True)
    by_line = _by_line(held)
    places: dict[str, int] = {}
    for place, line in enumerate(read.lines, start=1):
        key = line.form.key
        if is_event_key(key):
            check_figures(place, line, by_line.get(key, ()), invoice.currency)
            places[key] = place
    for event in held:
        if event.line_key not in places:
            # Its line was emptied, and empty lines are left out.
            event.invoice_id = None
            continue
        event.line_position, event.billed_at = places[event.line_key], uow.now
    uow.flush()


@inner
def show(uow: UnitOfWork, invoice_id: int) -> None:
    """Show the customer what is behind the lines of a published invoice."""
    uow.execute(
        update(BillableEvent)
        .where(
            col(BillableEvent.invoice_id) == invoice_id,
            col(BillableEvent.shown_at).is_(None),
        )
        .values(shown_at=uow.now)
    )


def _add(uow: UnitOfWork, event: NewEvent) -> bool:
    values: dict[str, Any] = {
        **_values(event),
        "customer_id": event.customer_id,
        "details": {},
        "line_key": "",
        "created_at": uow.now,
    }
    return uow.add_unless_there(BillableEvent, values) is not None


def _values(event: NewEvent) -> dict[str, Any]:
    read = read_event(event)
    return {
        "kind": read.kind,
        "reference": read.reference,
        "description": read.description,
        "happened_at": event.happened_at,
        "quantity": read.quantity,
        "unit": read.factors[-1].word,
        "rate": read.rate,
        "factors": factors_to_json(read.factors),
        "amount": read.amount,
        "currency": event.currency,
    }


def _facts(event: BillableEvent) -> EventFacts:
    return EventFacts(
        line_position=event.line_position,
        kind=event.kind,
        reference=event.reference,
        description=event.description,
        happened_at=event.happened_at,
        factors=factors_from_json(event.factors),
        rate=event.rate,
    )


def _by_line(events: Iterable[BillableEvent]) -> Mapping[str, list[EventFacts]]:
    lines: dict[str, list[EventFacts]] = {}
    for event in events:
        lines.setdefault(event.line_key, []).append(_facts(event))
    return lines


@inner
def _unbilled(uow: UnitOfWork, event_id: int) -> BillableEvent:
    row = uow.get(BillableEvent, event_id, lock=True)
    if row.billed_at is not None:
        raise Conflict("This is billed, so it stays as it is.")
    if row.invoice_id is not None:
        raise Conflict("A draft bills this already. Remove its line there first.")
    return row


@inner
def _list_held(
    uow: UnitOfWork, invoice: Invoice, *, is_locked: bool = False
) -> Sequence[BillableEvent]:
    statement = (
        select(BillableEvent)
        .where(col(BillableEvent.invoice_id) == invoice.id)
        .order_by(col(BillableEvent.happened_at), col(BillableEvent.id))
    )
    return uow.all(statement.with_for_update() if is_locked else statement)


@inner
def _lock_free(
    uow: UnitOfWork, invoice: Invoice, which: Any
) -> Sequence[BillableEvent]:
    """Lock what the invoice could bill of `which`, oldest first."""
    return uow.all(
        select(BillableEvent)
        .where(
            which,
            col(BillableEvent.invoice_id).is_(None),
            col(BillableEvent.customer_id) == invoice.customer_id,
            col(BillableEvent.currency) == invoice.currency,
        )
        .order_by(col(BillableEvent.happened_at), col(BillableEvent.id))
        .with_for_update()
    )


@inner
def _take_back(
    uow: UnitOfWork, invoice: Invoice, keys: set[str]
) -> Sequence[BillableEvent]:
    events = _lock_free(uow, invoice, col(BillableEvent.line_key).in_(keys))
    for event in events:
        event.invoice_id = invoice.id
    return events


@inner
def _language(uow: UnitOfWork, invoice: Invoice) -> str:
    assert invoice.customer_id is not None, "the customer was checked"
    customer = uow.get(Customer, invoice.customer_id)
    return language_of(read_settings(uow), customer.language)
