"""Write figures, names and addresses so that they read right among words of Arabic.

Where words run from right to left, what runs by itself is put between the signs that
Unicode has for that (isolates): they order a line in any text, in an attribute too.
Templates write them as elements, which nobody copies by accident with an IBAN.
What runs from left to right anyway is written as it is, to the byte.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal
from functools import lru_cache

from markupsafe import Markup, escape

from billing_app.domain import formats

_LEFT, _RIGHT, _END = "\u2066", "\u2067", "\u2069"
_SIGNS = re.compile(f"[{_LEFT}{_RIGHT}{_END}]")
_ELEMENTS = {
    _LEFT: Markup('<bdi dir="ltr">'),
    _RIGHT: Markup('<bdi dir="rtl">'),
}
_FROM_RIGHT = frozenset({"R", "AL"})
# Telephone numbers, dates and numbers of documents: their parts would change places
# where no latin word goes before them.
_CODE = re.compile(
    r"(?<![A-Za-z0-9])(?<![A-Za-z0-9] )"
    r"(?:\+[0-9][0-9 ()/-]*[0-9]|[A-Za-z0-9]+(?:[/-][A-Za-z0-9]+)+)"
)


@lru_cache(maxsize=64)
def is_turned(language: str) -> bool:
    """Say whether a language is written from right to left."""
    return formats.locale_of(language).text_direction == "rtl"


def figures(text: str, language: str) -> str:
    """Keep an amount, a number or a code as it is written: from left to right."""
    return f"{_LEFT}{text}{_END}" if text and is_turned(language) else text


def own(text: str, language: str) -> str:
    """Let each line of what somebody typed run as its first letter does.

    So does a phrase of ours, which is English where a language has no words here.
    """
    if not text or not is_turned(language):
        return text
    return "\n".join(_turned(line) if line else "" for line in text.split("\n"))


def _turned(line: str) -> str:
    if not _is_from_right(line):
        return f"{_LEFT}{line}{_END}"
    if _SIGNS.search(line):
        return f"{_RIGHT}{line}{_END}"
    with_codes = _CODE.sub(rf"{_LEFT}\g<0>{_END}", line)
    return f"{_RIGHT}{with_codes}{_END}"


def bare(text: str) -> str:
    """Return the text as it was before it was told how to run."""
    return _SIGNS.sub("", text)


def as_elements(value: object) -> object:
    """Write isolates as elements; what is markup already, attributes too, stays.

    For `finalize` of a template's environment.
    """
    if type(value) is not str or not _SIGNS.search(value):
        return value
    written, depth = [], 0
    for part in re.split(f"({_SIGNS.pattern})", value):
        if part in _ELEMENTS:
            written.append(_ELEMENTS[part])
            depth += 1
        elif part == _END:
            written.append(Markup("</bdi>") if depth else Markup())
            depth = max(depth - 1, 0)
        else:
            written.append(escape(part))
    return Markup().join([*written, Markup("</bdi>") * depth])


def format_amount(minor: int, currency: str, language: str) -> str:
    return figures(formats.format_amount(minor, currency, language), language)


def format_money(minor: int, currency: str, language: str) -> str:
    return figures(formats.format_money(minor, currency, language), language)


def format_price(value: Decimal, currency: str, language: str) -> str:
    return figures(formats.format_price(value, currency, language), language)


def format_quantity(value: Decimal, language: str) -> str:
    return figures(formats.format_quantity(value, language), language)


def format_percent(value: Decimal, language: str) -> str:
    return figures(formats.format_percent(value, language), language)


def format_date(day: date, language: str) -> str:
    return own(formats.format_date(day, language), language)


def format_short_date(day: date, language: str) -> str:
    return own(formats.format_short_date(day, language), language)


@lru_cache(maxsize=4096)
def _is_from_right(line: str) -> bool:
    kinds = (unicodedata.bidirectional(letter) for letter in line)
    first = next((kind for kind in kinds if kind == "L" or kind in _FROM_RIGHT), "L")
    return first in _FROM_RIGHT
