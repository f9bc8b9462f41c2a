"""Amounts, days and instants as staff read them on the screen."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel import Locale

from billing_app.domain.currencies import exponent
from billing_app.domain.dates import Moment
from billing_app.domain.formats import format_amount, format_money, number_style

NOTHING = "–"
_ENGLISH = Locale("en")
_MONTHS = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
]
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTH_NAMES = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)


def money(minor: int, currency: str) -> str:
    """Write an amount with its currency: $1,240.50, CHF 12.00."""
    return format_money(minor, currency, _language(currency))


def amount(minor: int, currency: str) -> str:
    """Write an amount without its currency, for a field or a matrix."""
    return format_amount(minor, currency, _language(currency))


def typed_amount(minor: int, currency: str) -> str:
    """Write an amount as an input takes it: 1240.50."""
    places = exponent(currency)
    digits = str(abs(minor)).rjust(places + 1, "0")
    cut = len(digits) - places
    plain = f"{digits[:cut]}.{digits[cut:]}" if places else digits
    return f"-{plain}" if minor < 0 else plain


def split_money(minor: int, currency: str) -> tuple[str, str]:
    """Cut an amount before its cents, which stand lighter in large figures."""
    text = money(minor, currency)
    if not exponent(currency):
        return text, ""
    mark = number_style(_language(currency)).decimal_mark
    whole, _, cents = text.rpartition(mark)
    digits = cents[: exponent(currency)]
    # A sign behind the digits stays with the cents.
    return whole, mark + digits + cents[len(digits) :]


def short_money(minor: int, currency: str) -> str:
    """Write a round amount of a scale: $1.2M, €300k."""
    whole = abs(minor) // 10 ** exponent(currency)
    for size, letter in ((10**9, "bn"), (10**6, "M"), (10**3, "k")):
        if whole >= size:
            tenths = whole * 10 // size
            figures = f"{tenths // 10}.{tenths % 10}".removesuffix(".0")
            return money(0, currency).replace(_zero(currency), figures + letter)
    return money(0, currency).replace(_zero(currency), str(whole)) if whole else "0"


def join_money(parts: Iterable[tuple[str, int]]) -> str:
    """Name amounts of several currencies, never added up: €12.00 and CHF 3.00."""
    return join_words(money(minor, currency) for currency, minor in parts)


def join_words(words: Iterable[str]) -> str:
    *first, last = list(words) or [""]
    return f"{', '.join(first)} and {last}" if first else last


def count_of(number: int, one: str, many: str = "") -> str:
    """Write a count with its noun: 1 invoice, 1,482 invoices."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def short_day(day: date | None, moment: Moment) -> str:
    """Write a day of this year without the year: 19 Nov."""
    if day is None:
        return NOTHING
    year = "" if day.year == moment.today.year else f" {day.year}"
    return f"{day.day} {_MONTHS[day.month - 1]}{year}"


def full_day(day: date | None) -> str:
    """Write a day: 19 Nov 2026."""
    return NOTHING if day is None else f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def weekday(day: date) -> str:
    """Write a day with its weekday: Thu 19 Nov 2026."""
    return f"{_DAYS[day.weekday()]} {full_day(day)}"


def month_name(day: date) -> str:
    return f"{_MONTH_NAMES[day.month - 1]} {day.year}"


def short_month(day: date) -> str:
    return _MONTHS[day.month - 1]


def local(at: datetime, moment: Moment) -> datetime:
    return at.astimezone(ZoneInfo(moment.zone))


def clock_time(at: datetime, moment: Moment) -> str:
    """Write the time of day in the workspace's zone: 14:32."""
    return f"{local(at, moment):%H:%M}"


def instant(at: datetime, moment: Moment) -> str:
    """Write an instant: 14:32 today, 19 Nov 14:32 before."""
    day = local(at, moment).date()
    time = clock_time(at, moment)
    return time if day == moment.today else f"{short_day(day, moment)} {time}"


def exact_instant(at: datetime, moment: Moment) -> str:
    """Write an instant in full, to show on hover: 19 Nov 2026 14:32:08 CET."""
    there = local(at, moment)
    return f"{full_day(there.date())} {there:%H:%M:%S %Z}"


def country_name(code: str) -> str:
    """Name a country by its two letters; unknown ones stay as they are."""
    return _ENGLISH.territories.get(code, code)


def language_name(tag: str) -> str:
    """Name a language by its tag: German for de and for de-CH."""
    return _ENGLISH.languages.get(tag.partition("-")[0].lower(), tag)


def isolated(name: str) -> str:
    """Keep a name that runs from right to left from turning its neighbours around.

    For names inside a longer text: there "2026-0026. شركة. €12" would swap sides.
    """
    turns = any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in name)
    return f"\u2068{name}\u2069" if turns else name


def live_words(moment: Moment) -> str:
    return f"Live. Updated {clock_time(moment.now, moment)}"


def days_late(due_on: date | None, moment: Moment) -> int:
    return 0 if due_on is None else max(0, (moment.today - due_on).days)


def _language(currency: str) -> str:
    """A dollar sign alone is unmistakable in American English only."""
    return "en-US" if currency == "USD" else "en"


def _zero(currency: str) -> str:
    return format_amount(0, currency, _language(currency))
