"""Turn amounts, prices, quantities and dates into the text a person reads.

Numbers are written from whole digits, never through floats. Babel is asked how a
language writes (separators, grouping, where the currency stands), never how many
decimals a currency has: its answer is wrong for thirteen of them, and it rounds
halves to even.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date as babel_date
from babel.dates import format_skeleton as babel_skeleton
from babel.numbers import get_currency_symbol

from billing_app.domain.currencies import exponent

MINUS = "\N{MINUS SIGN}"
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"

# Signs that no second country's money shares. The others are written as ISO codes:
# a dollar on an invoice says too little.
SYMBOLS = {
    "EUR": "€",
    "GBP": "£",
    "ILS": "₪",
    "INR": "₹",
    "KRW": "₩",
    "NGN": "₦",
    "PHP": "₱",
    "TRY": "₺",
    "UAH": "₴",
    "VND": "₫",
}
# Where a shared sign can mean one currency only.
HOME_SYMBOLS = {("en", "US", "USD"): "$", ("es", "US", "USD"): "$"}


# Where English is written as Americans do: November 12, 2026, and $ for their dollar.
_AMERICAN = frozenset({"US", "PR", "GU", "VI", "AS", "MP"})


@dataclass(frozen=True, slots=True)
class NumberStyle:
    """How a language writes numbers.

    Attributes:
        first_group, next_groups: digits in the group before the decimal mark and
            in those before it; 3 and 2 in India.
        is_currency_first: before the digits, or behind them.
        currency_gap: what stands between the currency's sign and the digits.
    """

    decimal_mark: str
    group_mark: str
    first_group: int
    next_groups: int
    is_currency_first: bool
    currency_gap: str


@lru_cache(maxsize=64)
def locale_of(language: str) -> Locale:
    """Return the locale of a BCP 47 tag, British English when it is unknown.

    Plain `en` also reads 12 November 2026, which nobody takes for 11 December.
    """
    for tag in (language, language.split("-")[0]):
        try:
            locale = Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError, TypeError):
            continue
        return Locale("en", "GB") if str(locale) == "en" else locale
    return Locale("en", "GB")


def language_in(country: str, language: str) -> str:
    """Return a language as a business of that country writes it."""
    return "en-US" if language == "en" and country in _AMERICAN else language


@lru_cache(maxsize=64)
def number_style(language: str) -> NumberStyle:
    locale = locale_of(language)
    symbols = locale.number_symbols["latn"]
    first_group, next_groups = locale.decimal_formats[None].grouping
    pattern = locale.currency_formats["standard"]
    before, behind = pattern.prefix[0], pattern.suffix[0]
    around = before if "¤" in before else behind
    return NumberStyle(
        decimal_mark=symbols["decimal"],
        group_mark=symbols["group"],
        first_group=first_group,
        next_groups=next_groups,
        is_currency_first="¤" in before,
        currency_gap=NO_BREAK_SPACE if any(map(str.isspace, around)) else "",
    )


@dataclass(frozen=True, slots=True)
class AmountInWords:
    """An amount inside a sentence, written by whoever knows in which language."""

    minor: int
    currency: str

    def __str__(self) -> str:
        return format_money(self.minor, self.currency)


def format_amount(minor: int, currency: str, language: str = "en") -> str:
    """Write an amount without its currency: 28,230.13."""
    places = exponent(currency)
    digits = str(abs(minor)).rjust(places + 1, "0")
    whole, fraction = digits[: len(digits) - places], digits[len(digits) - places :]
    return _sign(minor < 0) + _joined(whole, fraction, number_style(language))


def format_money(minor: int, currency: str, language: str = "en") -> str:
    """Write an amount with its currency: €28,230.13, CHF 28,230.13.

    A minus stands before both.
    """
    style = number_style(language)
    figures = format_amount(abs(minor), currency, language)
    sign = currency_sign(currency, language)
    gap = style.currency_gap
    if sign[-1].isalpha():
        gap = NO_BREAK_SPACE
    parts = (sign, figures) if style.is_currency_first else (figures, sign)
    return _sign(minor < 0) + gap.join(parts)


def currency_sign(currency: str, language: str = "en") -> str:
    """Return the currency's sign where it is unmistakable, else its ISO code."""
    locale = locale_of(language)
    home = (locale.language, locale.territory or "", currency)
    return HOME_SYMBOLS.get(home) or SYMBOLS.get(currency, currency)


@lru_cache
def typed_signs(currency: str) -> tuple[str, ...]:
    """Return how people write the currency beside a figure, longest first: CA$, $.

    In capitals. A sign that countries share is each one's own.
    """
    sign = get_currency_symbol(currency, "en").upper()
    signs = {currency, sign, currency_sign(currency)}
    if not sign[-1].isalpha():
        signs |= {sign[-1], currency[:2] + sign[-1]}
    return tuple(sorted(signs, key=lambda it: (-len(it), it)))


def format_price(value: Decimal, currency: str, language: str = "en") -> str:
    """Write a price with the currency's decimals, or more where it has more."""
    return _exactly(value, exponent(currency), language)


def format_quantity(value: Decimal, language: str = "en") -> str:
    """Write a number with the decimals it needs and no more."""
    return _exactly(value, 0, language)


def format_percent(value: Decimal, language: str = "en") -> str:
    """Write a rate: 21%, 9.5%."""
    return _exactly(value, 0, language) + "%"


# Pages write the same few days again and again, and Babel takes its time for each.
@lru_cache(maxsize=4096)
def format_date(day: date, language: str = "en") -> str:
    """Write a date with the month in words: 12 November 2026."""
    return babel_date(day, "long", locale=locale_of(language))


@lru_cache(maxsize=4096)
def format_short_date(day: date, language: str = "en") -> str:
    """Write a date with the month in letters, for lists: 12 Nov 2026."""
    return babel_date(day, "medium", locale=locale_of(language))


def format_instant(at: datetime, now: datetime, zone: str, language: str = "en") -> str:
    """Write an instant by a zone's clock: 17 Nov, 09:12; with the year when old."""
    there = at.astimezone(ZoneInfo(zone))
    this_year = now.astimezone(ZoneInfo(zone)).year
    skeleton = "MMMd" if there.year == this_year else "yMMMd"
    return f"{_day_by(skeleton, there.date(), language)}, {there:%H:%M}"


def format_exact_instant(at: datetime, zone: str, language: str = "en") -> str:
    """Write an instant in full: 17 November 2026, 09:12:40 CET."""
    there = at.astimezone(ZoneInfo(zone))
    return f"{format_date(there.date(), language)}, {there:%H:%M:%S %Z}"


@lru_cache(maxsize=4096)
def _day_by(skeleton: str, day: date, language: str) -> str:
    # Babel takes only an instant here, of which the skeleton shows the day.
    at_noon = datetime.combine(day, time(12))
    return babel_skeleton(skeleton, at_noon, locale=locale_of(language))


def _exactly(value: Decimal, places_min: int, language: str) -> str:
    assert value.is_finite()
    whole, _, fraction = format(abs(value), "f").partition(".")
    fraction = fraction.rstrip("0").ljust(places_min, "0")
    return _sign(value < 0) + _joined(whole, fraction, number_style(language))


def _joined(whole: str, fraction: str, style: NumberStyle) -> str:
    head, tail = whole[: -style.first_group], whole[-style.first_group :]
    groups = [tail]
    while head:
        groups.append(head[-style.next_groups :])
        head = head[: -style.next_groups]
    text = style.group_mark.join(reversed(groups))
    return f"{text}{style.decimal_mark}{fraction}" if fraction else text


def _sign(is_negative: bool) -> str:
    return MINUS if is_negative else ""
