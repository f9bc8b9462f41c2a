"""What people type, turned into amounts, factors, dates and clean text, or refused.

People write numbers as their country does. A number is taken when it can be read
in one way only:

    1234.5   1,234.50   1.234,50   1 234,50   1'234.50   1,23,456.00   12,5

A lone dot is always the decimal point. A lone comma before exactly three digits
(1,234) can be read two ways and is refused, except where the currency has no
decimals. Nothing is ever rounded, guessed or cut off.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import ParamSpec, TypeVar

from billing_app.domain.currencies import currency_plural, exponent, exponents
from billing_app.domain.errors import BillingError, InvalidInput, Phrase
from billing_app.domain.formats import typed_signs
from billing_app.domain.money import MINOR_MAX, Money
from billing_app.domain.speech import later

P = ParamSpec("P")
T = TypeVar("T")

# Factors are stored with eight decimals in a 64-bit column, which leaves ten
# digits before the point.
FACTOR_DECIMALS_MAX = 8
FACTOR_DIGITS_MAX = 10
PERCENT_DECIMALS_MAX = 4

# Nobody bills outside of these, and at the ends of the calendar the day before or
# after a day does not exist.
_YEARS = range(1900, 3000)

_TYPED_LENGTH_MAX = 60
_MINUS_SIGNS = "-\u2212"
_COUNTED = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight")

_DOT_OR_WHOLE = re.compile(r"[0-9]+(\.[0-9]*)?|\.[0-9]+")
_LONE_COMMA = re.compile(r"[0-9]*,[0-9]*")
_TWO_READINGS = re.compile(r"[1-9][0-9]{0,2},[0-9]{3}")
# Thousands in threes, by any one mark; or as in India, where only the last
# group has three digits. The decimal mark must be another one.
_GROUPED = re.compile(
    r"(?P<whole>[0-9]{1,3}(?:(?P<mark>[., '\u2019\u00a0\u2009\u202f])[0-9]{3})"
    r"(?:(?P=mark)[0-9]{3})*|[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3})"
    r"(?:(?P<point>[.,])(?P<fraction>[0-9]*))?"
)

_WHOLE_GROUPED = re.compile(
    r"[0-9]+|[0-9]{1,3}(?P<mark>[., '\u2019\u00a0\u2009\u202f])[0-9]{3}"
    r"(?:(?P=mark)[0-9]{3})*|[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}"
)
# As a cell shows it: a sign, or the three letters of ISO 4217, at either end.
_SIGNS = "\\$\u00a2-\u00a5\u058f\u060b\u0e3f\u20a0-\u20cf"
_CURRENCY = re.compile(f"^(?:[{_SIGNS}]|[A-Z]{{3}} ?)|(?:[{_SIGNS}]| ?[A-Z]{{3}})$")

# What a text must not contain: control characters, halves of broken pairs, and
# the marks that make text read in another order than it is stored.
_UNWANTED = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f"
    "\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_LINE_ENDS = re.compile("\r\n?|\u0085|\u2028|\u2029")


def parse_amount(
    text: str,
    currency: str,
    *,
    field: str | None = None,
    what: str = "amount",
    may_be_negative: bool = False,
) -> Money:
    """Read an amount that somebody typed, exactly.

    `what` is the word for it in the refusal: Write the price like 1,240.50. The
    currency's own sign or code may stand beside it.
    """
    decimals = exponent(currency)
    hint = _hint(what, _example(decimals))
    text = without_currency(text, currency)
    number = _number(text, hint, field, decimals_max=decimals)
    if number < 0 and not may_be_negative:
        raise InvalidInput(
            _of(what, later("The amount must not be below zero.")), field=field
        )

    typed = _decimals(number)
    if typed > decimals:
        rule = Phrase(
            later("Decimals in {currency}: {allowed}, here: {typed}."),
            english=f"{_sentence(currency_plural(currency))} have "
            f"{_decimals_phrase(decimals)}, this has {_counted(typed)}.",
            currency=currency,
            allowed=decimals,
            typed=typed,
        )
        raise InvalidInput("{hint} {rule}", field=field, hint=hint, rule=rule)
    if abs(number) > Decimal(MINOR_MAX).scaleb(-decimals):
        words = _of(what, later("This amount is too large. {hint}"))
        raise InvalidInput(words, field=field, hint=hint)
    return Money.from_decimal(number, currency)


def parse_factor(
    text: str,
    *,
    decimals_max: int,
    field: str | None = None,
    what: str = "number",
    example: str = "",
    may_be_negative: bool = False,
) -> Decimal:
    """Read a quantity, unit price or rate that somebody typed, exactly."""
    assert 0 <= decimals_max <= FACTOR_DECIMALS_MAX
    hint = _hint(what, example or _example(min(decimals_max, 2)))
    number = _number(text, hint, field, decimals_max=decimals_max)
    if number < 0 and not may_be_negative:
        raise InvalidInput(f"The {what} must not be below zero.", field=field)

    typed = _decimals(number)
    if typed > decimals_max:
        raise InvalidInput(
            f"{hint} It may have {_decimals_phrase(decimals_max)} at most, "
            f"this has {_counted(typed)}.",
            field=field,
        )
    if abs(number) >= 10**FACTOR_DIGITS_MAX:
        raise InvalidInput(f"This {what} is too large. {hint}", field=field)
    return number


def without_currency(text: str, currency: str) -> str:
    """Leave out the currency's own sign or code at either end; no other's."""
    text = text.strip()
    minus = text[:1] if text[:1] in tuple(_MINUS_SIGNS) else ""
    size = text.removeprefix(minus).lstrip()
    for sign in typed_signs(currency):
        if size.upper().startswith(sign):
            return minus + size[len(sign) :].lstrip()
        if size.upper().endswith(sign):
            return minus + size[: -len(sign)].rstrip()
    return text


def plain_number(text: str, decimal_mark: str) -> str:
    """Rewrite a number as a program of a known language writes it, with a dot.

    A spreadsheet's 1.234 is a thousand in German and a little more than one in
    English. Its currency is left out. Empty for what is no number there.
    """
    size = _CURRENCY.sub("", text.strip()).strip()
    is_negative = size[:1] in tuple(_MINUS_SIGNS)
    size = size[1:].strip() if is_negative else size
    whole, mark, fraction = size.partition(decimal_mark)
    if _WHOLE_GROUPED.fullmatch(whole) and not (mark and not fraction):
        size = re.sub("[^0-9]", "", whole) + ("." + fraction if mark else "")
    elif _LONE_COMMA.fullmatch(size) and size != ",":
        size = size.replace(",", ".")
    if not _DOT_OR_WHOLE.fullmatch(size) or not size.isascii():
        return ""
    return f"-{size}" if is_negative else size


def find_amounts(text: str) -> dict[int, int]:
    """Return the minor units a text comes to, by a currency's decimals; or nothing.

    For searching: 1,240 is read as thousands, and a currency beside it is let be.
    """
    digits = _plain_digits(_CURRENCY.sub("", text.strip()).strip())
    if digits is None or len(digits) > _TYPED_LENGTH_MAX:
        return {}
    scaled = {each: Decimal(digits).scaleb(each) for each in exponents()}
    return {
        decimals: int(minor)
        for decimals, minor in scaled.items()
        if minor == minor.to_integral_value() and minor <= MINOR_MAX
    }


def parse_percent(text: str, *, field: str | None = None) -> Decimal:
    """Read a percentage from 0 to 100; a percent sign behind it is welcome."""
    number = parse_factor(
        text.strip().removesuffix("%"),
        decimals_max=PERCENT_DECIMALS_MAX,
        field=field,
        what="percentage",
        example="19.5",
    )
    if number > 100:
        raise InvalidInput("The percentage must not be above 100.", field=field)
    return number


def parse_date(text: str, *, field: str | None = None, what: str = "date") -> date:
    """Read a date as date fields send it: 2026-03-31."""
    if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text.strip()):
        raise InvalidInput(f"Write the {what} like 2026-03-31.", field=field)
    try:
        read = date.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInput(
            f"There is no such day in the calendar for the {what}.", field=field
        ) from None
    if read.year not in _YEARS:
        raise InvalidInput(
            f"The {what} must be between the years {_YEARS[0]} and {_YEARS[-1]}.",
            field=field,
        )
    return read


def clean_text(
    text: str,
    *,
    length_max: int,
    multiline: bool = False,
    field: str | None = None,
) -> str:
    """Return the text as it is stored: composed (NFC), trimmed, safe to print.

    Control characters and marks that reorder text are dropped, line ends become
    a newline, or a space where one line is wanted. Anything else that was typed
    stays as typed, markup too: escaping is up to whoever shows it.
    """
    text = _LINE_ENDS.sub("\n", text)
    text = _UNWANTED.sub("", text).replace("\t", " ")
    if not multiline:
        text = text.replace("\n", " ")
    text = unicodedata.normalize("NFC", text).strip()
    if len(text) > length_max:
        raise InvalidInput(
            later("This text has {count} characters; {allowed} fit here."),
            field=field,
            count=f"{len(text):,}",
            allowed=f"{length_max:,}",
        )
    return text


def _hint(what: str, example: str) -> Phrase:
    words = _of(what, later("Write the amount like {example}."))
    return Phrase(words, example=example)


def _of(what: str, words: str) -> str:
    """Say of something else what is said of an amount, which is all customers type."""
    return words.replace("amount", what)


def _number(
    text: str, hint: Phrase, field: str | None, *, decimals_max: int
) -> Decimal:
    text = text.strip()
    if not text:
        raise InvalidInput("{hint}", field=field, hint=hint)
    if len(text) > _TYPED_LENGTH_MAX:
        raise InvalidInput(
            later("This is too long for a number. {hint}"), field=field, hint=hint
        )

    is_negative = text[0] in _MINUS_SIGNS
    size = text[1:].lstrip() if is_negative else text
    if _TWO_READINGS.fullmatch(size) and decimals_max > 0:
        plain = size.replace(",", "")
        other = size.replace(",", ".") if decimals_max > 2 else f"{size}.00"
        raise InvalidInput(
            later("{typed} can be read in two ways. Write {one} or {other}."),
            field=field,
            typed=size,
            one=plain,
            other=other,
        )

    digits = _plain_digits(size)
    if digits is None:
        raise InvalidInput(
            later("This cannot be read as a number. {hint}"), field=field, hint=hint
        )
    number = Decimal(digits)
    return -number if is_negative and number else number


def _plain_digits(text: str) -> str | None:
    """Return the digits with at most a dot among them, or None if it is no number."""
    if _DOT_OR_WHOLE.fullmatch(text):
        return text
    if _TWO_READINGS.fullmatch(text):
        return text.replace(",", "")
    if _LONE_COMMA.fullmatch(text) and text != ",":
        return text.replace(",", ".")

    grouped = _GROUPED.fullmatch(text)
    if grouped is None or grouped["point"] == (grouped["mark"] or ","):
        return None
    whole = re.sub("[^0-9]", "", grouped["whole"])
    return f"{whole}.{grouped['fraction'] or ''}"


def _decimals(number: Decimal) -> int:
    """Count the decimals as typed, zeros too: 1.500 may be meant as thousands."""
    places = number.as_tuple().exponent
    assert isinstance(places, int)
    return max(0, -places)


def _counted(decimals: int) -> str:
    return _COUNTED[decimals] if decimals < len(_COUNTED) else str(decimals)


def _decimals_phrase(decimals: int) -> str:
    return f"{_counted(decimals)} decimal{'' if decimals == 1 else 's'}"


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _example(decimals: int) -> str:
    return f"{Decimal('1240.5'):,.{decimals}f}" if decimals else "1,240"


class Reading:
    """Reads several fields of a form, and refuses all that is wrong in one go."""

    def __init__(self) -> None:
        self._refusals: list[BillingError] = []

    def of(self, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """Return what is read, or None where it is refused."""
        try:
            return read(*args, **kwargs)
        except InvalidInput as refusal:
            self._refusals += refusal.together
            return None

    def check(self) -> None:
        """Refuse with the first thing that is wrong, which carries the others."""
        if self._refusals:
            first, *others = self._refusals
            first.others = tuple(others)
            raise first
