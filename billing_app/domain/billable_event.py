"""What happened and is charged for: its arithmetic, and the line it becomes.

The factors of an event and its rate multiply to its amount; a line comes to the sum
of its events, so that "3 pallets × 4 days × 0.85 = 10.20" is true to the cent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from math import prod
from zoneinfo import ZoneInfo

from billing_app.domain.currencies import exponent, is_currency
from billing_app.domain.draft import DraftForm, LineForm, ReadLine
from billing_app.domain.errors import InvalidInput
from billing_app.domain.formats import (
    format_amount,
    format_date,
)
from billing_app.domain.money import MINOR_MAX, Money, priced
from billing_app.domain.parsing import clean_text

FACTORS_MAX = 6
# Of one invoice, and of one import.
EVENTS_MAX = 2_000
KIND_LENGTH_MAX = 60
REFERENCE_LENGTH_MAX = 120
DESCRIPTION_LENGTH_MAX = 500
WORD_LENGTH_MAX = 20
_PLACES_MAX = 8
_FACTOR_MAX = Decimal(10) ** 9
_KEY = "events-"


@dataclass(frozen=True, slots=True)
class Factor:
    """How many of what: 3 pallets."""

    value: Decimal
    word: str


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event as some other system tells of it.

    Attributes:
        kind: the business's own word, such as storage day.
        reference: with `kind`, names it once and for all: an import repeated
            changes nothing.
        rate: per one of everything, in the currency's major unit.
    """

    customer_id: int
    kind: str
    reference: str
    happened_at: datetime
    factors: tuple[Factor, ...]
    rate: Decimal
    currency: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class ReadEvent:
    """An event that can be stored; `amount` is exact, not rounded."""

    kind: str
    reference: str
    description: str
    factors: tuple[Factor, ...]
    quantity: Decimal
    rate: Decimal
    amount: Decimal


def read_event(event: NewEvent) -> ReadEvent:
    """Return an event with its arithmetic done.

    Raises:
        InvalidInput: with one sentence that names what is wrong with which.
    """
    kind = _named(event.kind, KIND_LENGTH_MAX, "kind")
    reference = _named(event.reference, REFERENCE_LENGTH_MAX, "reference")
    what = f"{kind} {reference}"
    if not is_currency(event.currency):
        raise InvalidInput(f"{what}: there is no such currency.", field="currency")
    if not 1 <= len(event.factors) <= FACTORS_MAX:
        raise InvalidInput(
            f"{what}: give 1 to {FACTORS_MAX} quantities.", field="factors"
        )
    factors = tuple(
        Factor(
            _number(factor.value, what, "factors"),
            clean_text(factor.word, length_max=WORD_LENGTH_MAX, field="factors"),
        )
        for factor in event.factors
    )
    rate = _number(event.rate, what, "rate")
    quantity = quantity_of(factors)
    amount = quantity * rate
    if quantity > _FACTOR_MAX:
        raise InvalidInput(f"{what}: that is too many to bill.", field="factors")
    for number in (quantity, amount):
        _check_places(number, what)
    if amount * 10 ** exponent(event.currency) > MINOR_MAX:
        raise InvalidInput(f"{what}: the amount is too large.", field="rate")
    return ReadEvent(
        kind=kind,
        reference=reference,
        description=clean_text(
            event.description, length_max=DESCRIPTION_LENGTH_MAX, field="description"
        ),
        factors=factors,
        quantity=quantity,
        rate=rate,
        amount=amount,
    )


def amount_of(factors: tuple[Factor, ...], rate: Decimal, currency: str) -> Money:
    """Return what factors and a rate come to, rounded as a line is."""
    return priced(quantity_of(factors), rate, currency)


def quantity_of(factors: tuple[Factor, ...]) -> Decimal:
    return prod((x.value for x in factors), start=Decimal(1))


@dataclass(frozen=True, slots=True)
class EventFacts:
    """An event as stored; `line_position` is counted from 1, None until issued."""

    line_position: int | None
    kind: str
    reference: str
    description: str
    happened_at: datetime
    factors: tuple[Factor, ...]
    rate: Decimal


class Grouping(StrEnum):
    """How events become lines: a line for each, or one for all of a kind."""

    EACH = "each"
    KIND = "kind"


def group_events(
    events: Sequence[EventFacts], grouping: Grouping
) -> tuple[tuple[int, ...], ...]:
    """Return which events go on which line, by their places in `events`."""
    if grouping == Grouping.EACH:
        return tuple((place,) for place in range(len(events)))
    kinds: dict[str, list[int]] = {}
    for place, event in enumerate(events):
        kinds.setdefault(event.kind, []).append(place)
    return tuple(tuple(places) for places in kinds.values())


def line_key(code: str) -> str:
    """Name a draft line that bills events; it keeps the name while it is edited."""
    return f"{_KEY}{code}"


def is_event_key(key: str) -> bool:
    """Say whether a draft line bills events."""
    return key.startswith(_KEY) and len(key) > len(_KEY)


def without_events(form: DraftForm) -> DraftForm:
    """Return a form whose lines bill no events, for a copy."""
    lines = (
        replace(line, key="") if is_event_key(line.key) else line for line in form.lines
    )
    return replace(form, lines=tuple(lines))


def bills_events(form: DraftForm) -> bool:
    return any(is_event_key(line.key) for line in form.lines)


def without_event_lines(form: DraftForm) -> DraftForm:
    """Return a form without the lines that bill events, which are billed elsewhere."""
    lines = (line for line in form.lines if not is_event_key(line.key))
    return replace(form, lines=tuple(lines))


def make_line(
    key: str,
    events: Sequence[EventFacts],
    *,
    currency: str,
    zone: str,
    language: str,
    tax_id: str,
) -> LineForm:
    """Write the line that bills these events; its figures must stay what they are."""
    first = events[0]
    is_one = len(events) == 1
    days = [it.happened_at.astimezone(ZoneInfo(zone)).date() for it in events]
    ends = dict.fromkeys(format_date(x, language) for x in (min(days), max(days)))
    told = ", ".join(filter(None, (first.reference, first.description)))
    blank = LineForm(
        key=key,
        name=first.kind,
        description=told if is_one else " – ".join(ends),
        tax_id=tax_id,
    )
    return with_figures(blank, events, currency)


def with_figures(
    line: LineForm, events: Sequence[EventFacts], currency: str
) -> LineForm:
    """Set what a line charges to exactly what its events come to.

    Events at one rate are counted together, where that is true to the cent;
    otherwise the line is one of their sum.
    """
    whole = sum_of(events, currency)
    rates = {it.rate for it in events}
    quantity = sum((quantity_of(it.factors) for it in events), start=Decimal(0))
    words = {it.factors[0].word if len(it.factors) == 1 else "" for it in events}
    if len(rates) == 1 and priced(quantity, events[0].rate, currency) == whole:
        return replace(
            line,
            quantity=format(quantity.normalize() + 0, "f"),
            unit=words.pop() if len(words) == 1 else "",
            unit_price=_price_text(events[0].rate, currency),
        )
    return replace(
        line, quantity="1", unit="", unit_price=_price_text(whole.decimal, currency)
    )


def sum_of(events: Iterable[EventFacts], currency: str) -> Money:
    """Add up what each event comes to, rounded."""
    amounts = (amount_of(it.factors, it.rate, currency) for it in events)
    return Money.sum(amounts, currency)


def check_figures(
    place: int, line: ReadLine, events: Sequence[EventFacts], currency: str
) -> None:
    """Refuse a line that charges something else than its events, before a discount.

    Raises:
        InvalidInput: it does, or its events are billed elsewhere by now.
    """
    if not events:
        raise InvalidInput(
            f"Line {place} charges for events that are billed elsewhere by now. "
            "Remove it.",
            field="lines",
        )
    assert line.terms is not None, "only lines that can be read are issued"
    base = priced(line.terms.quantity, line.terms.unit_price, currency)
    whole = sum_of(events, currency)
    if base != whole:
        said = format_amount(whole.minor, currency)
        what = f"{events[0].kind} {events[0].reference}"
        whose = what if len(events) == 1 else f"its {len(events)} events"
        raise InvalidInput(
            f"Line {place} does not come to the {said} of {whose}. "
            "Put its figures back, or remove the line.",
            field="lines",
        )


def _price_text(price: Decimal, currency: str) -> str:
    places = max(exponent(currency), -int(price.normalize().as_tuple().exponent))
    # One decimal more than the currency has would be taken for a slip.
    places += places == exponent(currency) + 1
    return format(price, f".{places}f")


def factors_to_json(factors: tuple[Factor, ...]) -> list[list[str]]:
    return [[format(x.value, "f"), x.word] for x in factors]


def factors_from_json(stored: list[list[str]]) -> tuple[Factor, ...]:
    return tuple(Factor(Decimal(value), str(word)) for value, word in stored)


def _named(text: str, length_max: int, field: str) -> str:
    name = clean_text(text, length_max=length_max, field=field)
    if not name:
        raise InvalidInput(f"Every event needs a {field}.", field=field)
    return name


def _number(value: Decimal, what: str, field: str) -> Decimal:
    if not value.is_finite() or not 0 <= value <= _FACTOR_MAX:
        raise InvalidInput(f"{what}: {value} can't be used.", field=field)
    _check_places(value, what)
    return value


def _check_places(value: Decimal, what: str) -> None:
    places = value.normalize().as_tuple().exponent
    if isinstance(places, int) and -places > _PLACES_MAX:
        raise InvalidInput(
            f"{what}: the numbers have more than {_PLACES_MAX} decimals.",
            field="factors",
        )
