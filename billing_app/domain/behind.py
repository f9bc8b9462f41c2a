"""What is behind the lines of an invoice, in words: the same for staff and customer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from typing import ClassVar
from zoneinfo import ZoneInfo

from billing_app.domain.billable_event import (
    EventFacts,
    Factor,
    amount_of,
    sum_of,
)
from billing_app.domain.formats import (
    format_amount,
    format_price,
    format_quantity,
    format_short_date,
)
from billing_app.domain.speech import speech_for
from billing_app.domain.units import unit_words

# A line of more events than anybody reads says how many more there are.
SHOWN_MAX = 100


@dataclass(frozen=True, slots=True)
class BehindEvent:
    """An event in words.

    Attributes:
        happened: day and time in the business's zone; at midnight the day alone,
            since that is how a day without a time is recorded.
        arithmetic: 3 pallets × 4 days × 0.85.
        amount: what that comes to, without the currency.
    """

    kind: str
    reference: str
    description: str
    happened: str
    arithmetic: str
    amount: str


@dataclass(frozen=True, slots=True)
class Behind:
    """What one line charges for; a line of no events was entered by hand.

    Attributes:
        events: the first of `count`.
        more_count, more_amount: what is not among them, and what it comes to.
        amount: what all of them come to; before a discount that is the line.
    """

    count: int = 0
    events: tuple[BehindEvent, ...] = ()
    more_count: int = 0
    more_amount: str = ""
    amount: str = ""

    EMPTY: ClassVar[Behind]


Behind.EMPTY = Behind()


def describe_lines(
    events: Iterable[EventFacts],
    line_count: int,
    *,
    currency: str,
    zone: str,
    language: str = "en",
    shown_max: int = SHOWN_MAX,
) -> tuple[Behind, ...]:
    """Return what is behind each line of an issued invoice, in order.

    An invoice that bills no events at all gives none: nobody asks about its lines.
    """
    by_line: dict[int | None, list[EventFacts]] = {}
    for event in events:
        by_line.setdefault(event.line_position, []).append(event)
    if not by_line:
        return ()
    return tuple(
        describe_line(
            by_line.get(position, ()),
            currency=currency,
            zone=zone,
            language=language,
            shown_max=shown_max,
        )
        for position in range(1, line_count + 1)
    )


def describe_line(
    events: Sequence[EventFacts],
    *,
    currency: str,
    zone: str,
    language: str = "en",
    shown_max: int = SHOWN_MAX,
) -> Behind:
    if not events:
        return Behind.EMPTY

    def amount(some: Sequence[EventFacts]) -> str:
        return format_amount(sum_of(some, currency).minor, currency, language)

    shown, more = events[:shown_max], events[shown_max:]
    return Behind(
        count=len(events),
        events=tuple(
            describe_event(event, currency=currency, zone=zone, language=language)
            for event in shown
        ),
        more_count=len(more),
        more_amount=amount(more) if more else "",
        amount=amount(events),
    )


def describe_event(
    event: EventFacts, *, currency: str, zone: str, language: str = "en"
) -> BehindEvent:
    at = event.happened_at.astimezone(ZoneInfo(zone))
    day = format_short_date(at.date(), language)
    amount = amount_of(event.factors, event.rate, currency)
    return BehindEvent(
        kind=event.kind,
        reference=event.reference,
        description=event.description,
        happened=f"{day} {at:%H:%M}" if at.time() != time.min else day,
        arithmetic=write_arithmetic(event.factors, event.rate, currency, language),
        amount=format_amount(amount.minor, currency, language),
    )


def write_arithmetic(
    factors: tuple[Factor, ...], rate: Decimal, currency: str, language: str = "en"
) -> str:
    """Write what is multiplied: 3 pallets × 4 days × 0.85."""
    speech = speech_for(language)
    parts = [
        f"{format_quantity(x.value, language)} "
        f"{unit_words(x.word, x.value, speech)}".strip()
        for x in factors
    ]
    return " × ".join((*parts, format_price(rate, currency, language)))


def explain(
    factors: tuple[Factor, ...], rate: Decimal, currency: str, language: str = "en"
) -> str:
    """Write the whole arithmetic: 3 pallets × 4 days × 0.85 = 10.20."""
    amount = amount_of(factors, rate, currency)
    total = format_amount(amount.minor, currency, language)
    return f"{write_arithmetic(factors, rate, currency, language)} = {total}"
