"""What one currency was worth in another on a day, by whom, as people enter it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing_app.domain.currencies import is_currency
from billing_app.domain.errors import InvalidInput
from billing_app.domain.parsing import clean_text, parse_date, parse_factor

SOURCE_LENGTH_MAX = 60
# Above what any two currencies have ever been apart.
RATE_MAX = 10**7


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """A rate, its day and where it comes from.

    Attributes:
        rate: units of `currency` for one unit of the other currency.
    """

    currency: str
    rate: Decimal
    on: date
    source: str


def read_rate(
    currency: str, rate: str, on: str, source: str, issued_on: date | None
) -> ExchangeRate | None:
    """Read a rate as typed, or None while all three are empty.

    Raises:
        InvalidInput: one of the three is missing or can't be read, or the rate is of
            a day after the invoice's.
    """
    if not (rate + on + source).strip():
        return None
    read = parse_factor(rate, decimals_max=8, field="tax_rate", what="rate")
    if not 0 < read < RATE_MAX:
        raise InvalidInput(
            f"The rate must be above zero and below {RATE_MAX:,}.", field="tax_rate"
        )
    if not on.strip():
        raise InvalidInput("Say of which day the rate is.", field="tax_rate_on")
    day = parse_date(on, field="tax_rate_on", what="day of the rate")
    if issued_on is not None and day > issued_on:
        raise InvalidInput(
            "The rate can't be of a day after the issue date.", field="tax_rate_on"
        )
    whose = clean_text(source, length_max=SOURCE_LENGTH_MAX, field="tax_rate_source")
    if not whose:
        raise InvalidInput(
            "Say whose rate it is, like the central bank's.", field="tax_rate_source"
        )
    return ExchangeRate(currency, read, day, whose)


def parse_tax_currency(text: str) -> str:
    """Read a currency, or none."""
    code = text.strip().upper()
    if code and not is_currency(code):
        raise InvalidInput("Write a currency like PLN.", field="tax_currency")
    return code
