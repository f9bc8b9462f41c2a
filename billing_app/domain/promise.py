"""A date by which a customer says they will pay: kept, open or broken.

What became of a promise is never stored. It follows from the payments and the day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from billing_app.domain.errors import Conflict, InvalidInput
from billing_app.domain.invoice import InvoiceState
from billing_app.domain.speech import later

# Longer than the longest credit anybody asks for in a portal; past it, one should talk.
PROMISE_DAYS_MAX = 90
# Changing one's mind is fine; a program that does nothing else is not.
PROMISES_A_DAY_MAX = 5


class PromiseState(StrEnum):
    """What became of a promise."""

    OPEN = "open"
    KEPT = "kept"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class PromiseFacts:
    """A promise and what came of it, in minor units of the invoice's currency.

    Attributes:
        in_time_minor: received since it was made, by the end of the promised day.
        received_minor: received since it was made, whenever.
        processing_minor: a debit on its way, which a bank takes days for.
        outstanding_minor: of the invoice, now.
        is_written_off: the business has given up the rest, which keeps no promise.
    """

    promised_on: date
    amount_minor: int
    in_time_minor: int
    received_minor: int
    processing_minor: int
    outstanding_minor: int
    is_written_off: bool = False


def compute_promise_state(facts: PromiseFacts, today: date) -> PromiseState:
    """Say what became of a promise, as seen on a day in the business's zone.

    Where nothing is asked for any more, what came had to come in time; the rest was
    credited or void. A debit that is on its way keeps a promise open.
    """
    asked = facts.amount_minor
    if facts.outstanding_minor <= 0 and not facts.is_written_off:
        asked = min(asked, facts.received_minor)
    if facts.in_time_minor >= asked:
        return PromiseState.KEPT
    if today <= facts.promised_on:
        return PromiseState.OPEN
    if facts.outstanding_minor > 0 and (
        facts.in_time_minor + facts.processing_minor >= asked
    ):
        return PromiseState.OPEN
    return PromiseState.BROKEN


def latest_promise_day(today: date) -> date:
    return today + timedelta(days=PROMISE_DAYS_MAX)


def parse_promised_on(text: str, today: date) -> date:
    """Read the date of a promise, like 2026-03-09.

    Raises:
        InvalidInput: no date, in the past, or further away than anybody waits.
    """
    try:
        promised_on = date.fromisoformat(text.strip()[:20])
    except ValueError:
        raise InvalidInput(
            later("Choose the date by which you will pay."), field="promised_on"
        ) from None
    if promised_on < today:
        raise InvalidInput(later("That date is in the past."), field="promised_on")
    if promised_on > latest_promise_day(today):
        raise InvalidInput(
            later("Choose a date within the next {days} days."),
            field="promised_on",
            days=PROMISE_DAYS_MAX,
        )
    return promised_on


def check_promisable(state: InvoiceState, asked_minor: int) -> None:
    """Refuse a promise for what nobody asks for."""
    if state != InvoiceState.ISSUED:
        raise Conflict(later("This invoice asks for no payment."))
    if asked_minor <= 0:
        raise Conflict(later("There is nothing left to pay on this invoice."))
