"""Document numbers: a pattern, a counter, and when the counter starts again."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import count

from billing_app.domain.errors import InvalidInput

CUSTOMER = "{customer}"
SERIES = "{series}"
_FIELD = re.compile(r"\{(?:(year|month|counter)(?::(\d{1,2}))?|customer)\}")
_LITERAL = re.compile(r"[A-Za-z0-9/._ -]*")
# What no code has in it, so that each number says whose it is.
_APART = re.compile(r"(?:^|[/._ -])\{customer\}(?:[/._ -]|$)")
PADDING_MAX = 12
NUMBER_LENGTH_MAX = 60
COUNTER_MAX = 10**9
NUMBER_CODE_LENGTH_MAX = 8
# As long as the column is: c@ACMEACME:2026-03 has eighteen signs.
_CODE_LENGTH_MAX = 20
_NUMBER_CODE = re.compile(rf"[A-Z0-9]{{1,{NUMBER_CODE_LENGTH_MAX}}}")
_LONGEST_NUMBER_CODE = "W" * NUMBER_CODE_LENGTH_MAX
# What stands in numbers for the series.
SERIES_NAMES = {"invoice": "INV", "receipt": "RCT", "credit_note": "CN"}
# With a customer's code and a period behind it the name of a series is too long.
_SHORT = {"invoice": "i", "receipt": "r", "credit_note": "c"}


class Reset(StrEnum):
    """When a counter starts again at one."""

    NEVER = "never"
    YEAR = "year"
    MONTH = "month"


_NEEDED = {
    Reset.NEVER: (),
    Reset.YEAR: ("year",),
    Reset.MONTH: ("year", "month"),
}


@dataclass(frozen=True, slots=True)
class ReadNumber:
    """What a number says of itself, in the form of a pattern.

    Attributes:
        year, month: zero where the pattern does not have them.
        customer: a number code; empty where the pattern has none.
    """

    counter: int
    year: int = 0
    month: int = 0
    customer: str = ""


def parse_reset(text: str, field: str) -> Reset:
    if text not in set(Reset):
        raise InvalidInput("Choose when the counter starts again.", field=field)
    return Reset(text)


def parse_counter(text: str) -> int:
    text = text.strip()
    is_number = text.isascii() and text.isdigit() and len(text) <= 10
    if not is_number or not 1 <= int(text) <= COUNTER_MAX:
        raise InvalidInput("Write the next number, like 1.", field="next_value")
    return int(text)


def parse_number_code(text: str, field: str = "number_code") -> str | None:
    """Read what stands for a customer in numbers; None for nothing."""
    code = text.strip().upper()
    if not code:
        return None
    if not _NUMBER_CODE.fullmatch(code):
        raise InvalidInput(
            f"Use up to {NUMBER_CODE_LENGTH_MAX} letters from A to Z and digits, "
            "like ACME.",
            field=field,
        )
    return code


def number_codes(name: str, customer_id: int) -> Iterator[str]:
    """Yield codes for a customer without end, the one to prefer first."""
    plain = unicodedata.normalize("NFKD", name.upper()).encode("ascii", "ignore")
    words = "".join(x for x in plain.decode().upper() if x.isalnum())
    if words:
        yield words[:NUMBER_CODE_LENGTH_MAX]
    stem = words or "C"
    if len(by_id := f"C{customer_id}") <= NUMBER_CODE_LENGTH_MAX:
        yield by_id
    for number in count(2):
        digits = str(number)
        yield stem[: NUMBER_CODE_LENGTH_MAX - len(digits)] + digits


def counts_by_customer(pattern: str) -> bool:
    """Say whether each customer has a counter of their own."""
    return CUSTOMER in pattern


def counts_apart(pattern: str, reset: Reset) -> bool:
    """Say whether counters are rows of their own, beside that of the series."""
    return reset is not Reset.NEVER or counts_by_customer(pattern)


def name_series(pattern: str, series_code: str) -> str:
    """Return a pattern as typed with its series written out.

    That is the same in each number of the series, so it is kept as plain letters: what
    makes numbers unique has no field more to look at.
    """
    return pattern.strip().replace(SERIES, SERIES_NAMES[series_code])


def check_pattern(pattern: str, reset: Reset = Reset.NEVER) -> None:
    """Refuse a pattern that could not name each document differently."""
    named = _named(pattern)
    if "counter" not in named:
        raise InvalidInput(
            "The pattern needs {counter}, like INV-{counter:5}.", field="pattern"
        )
    if not _LITERAL.fullmatch(_FIELD.sub("", pattern)):
        raise InvalidInput(
            "Use letters, digits, - / . _ and {series}, {year}, {month}, {customer}, "
            "{counter:5}.",
            field="pattern",
        )
    if named.count("counter") > 1:
        raise InvalidInput("The pattern needs {counter} once.", field="pattern")
    if named.count("customer") > 1:
        raise InvalidInput("The pattern takes {customer} once.", field="pattern")
    if "customer" in named and not _APART.search(pattern):
        raise InvalidInput(
            "Only - / . _ or a space can stand beside {customer}, or two customers "
            "could have the same number.",
            field="pattern",
        )
    longest = format_number(
        pattern, COUNTER_MAX, date(2026, 12, 31), _LONGEST_NUMBER_CODE
    )
    if max(len(pattern), len(longest)) > NUMBER_LENGTH_MAX:
        raise InvalidInput(
            f"Keep numbers under {NUMBER_LENGTH_MAX} characters.", field="pattern"
        )
    missing = [field for field in _NEEDED[reset] if field not in named]
    if missing:
        fields = " and ".join(f"{{{field}}}" for field in missing)
        raise InvalidInput(
            f"Starting again each {reset} would give the same numbers again: "
            f"the pattern needs {fields}.",
            field="pattern",
        )


def format_number(pattern: str, value: int, issued_on: date, customer: str = "") -> str:
    """Write out a document number.

    `{counter:5}` pads the counter to five digits; `{year:2}` are its last two;
    `customer` is a number code.
    """
    assert customer or not counts_by_customer(pattern)
    return _filled(pattern, {**_parts(issued_on, customer), "counter": str(value)})


def read_number(pattern: str, number: str) -> ReadNumber | None:
    """Read a number that has the form of a pattern; the inverse of `format_number`."""
    seen: set[str] = set()
    expression = ""
    end = 0
    for match in _FIELD.finditer(pattern):
        expression += re.escape(pattern[end : match.start()]) + _read_as(match, seen)
        end = match.end()
    found = re.fullmatch(expression + re.escape(pattern[end:]), number, re.ASCII)
    if found is None:
        return None
    digits = found.groupdict()
    year = digits.get("year", "0")
    return ReadNumber(
        counter=int(digits["counter"]),
        year=int(year) + (2000 if len(year) == 2 else 0),
        month=int(digits.get("month", "0")),
        customer=digits.get("customer", ""),
    )


def counter_code(series_code: str, reset: Reset, on: date, customer: str = "") -> str:
    """Name the counter of the period a day is in, like `invoice:2026-03`.

    That of a customer's own is `i@ACME:2026-03`; `customer` is a number code, or empty
    where the pattern has none.
    """
    return _counter_code(series_code, reset, on.year, on.month, customer)


def counter_code_of(series_code: str, reset: Reset, read: ReadNumber) -> str:
    """Name the counter that a number would have been taken from."""
    return _counter_code(series_code, reset, read.year, read.month, read.customer)


def counters_start(series_code: str, pattern: str) -> str:
    """Return what the counters begin with that are no row of the series itself."""
    is_theirs = counts_by_customer(pattern)
    return customers_start(series_code) if is_theirs else f"{series_code}:"


def customers_start(series_code: str) -> str:
    """Return what a customer's counter begins with, before the number code."""
    return f"{_SHORT[series_code]}@"


def codes_counters(number_code: str) -> tuple[str, ...]:
    """Return what the counters of a number code are called, without their period."""
    return tuple(f"{customers_start(series)}{number_code}" for series in _SHORT)


def fixed_start(pattern: str) -> str:
    """Return what every number of this form begins with."""
    return pattern.partition("{")[0]


def fixed_ends(
    pattern: str, reset: Reset, on: date, customer: str = ""
) -> tuple[str, str]:
    """Return what every number of one counter begins and ends with."""
    parts = _parts(on, customer)
    known = _filled(
        pattern, {name: parts[name] for name in (*_NEEDED[reset], "customer")}
    )
    return fixed_start(known), known.rpartition("}")[2]


def later_starts(pattern: str, reset: Reset, today: date) -> tuple[date, ...]:
    """Return the days ahead on which numbers will look or count differently."""
    named = _named(pattern)
    months = today.year * 12 + today.month
    next_month = date(months // 12, months % 12 + 1, 1)
    january = date(today.year + 1, 1, 1)
    starts = {next_month} if reset is Reset.MONTH else set[date]()
    if "year" in named:
        starts.add(january)
    return tuple(sorted(starts))


def _counter_code(
    series_code: str, reset: Reset, year: int, month: int, customer: str
) -> str:
    stem = f"{customers_start(series_code)}{customer}" if customer else series_code
    match reset:
        case Reset.NEVER:
            code = stem
        case Reset.YEAR:
            code = f"{stem}:{year:04}"
        case Reset.MONTH:
            code = f"{stem}:{year:04}-{month:02}"
    assert len(code) <= _CODE_LENGTH_MAX, code
    return code


def _named(pattern: str) -> list[str]:
    return [_name(match) for match in _FIELD.finditer(pattern)]


def _name(match: re.Match[str]) -> str:
    return match.group(1) or "customer"


def _parts(on: date, customer: str) -> dict[str, str]:
    return {"year": str(on.year), "month": str(on.month), "customer": customer}


def _filled(pattern: str, parts: Mapping[str, str]) -> str:
    """Fill in the fields that are known, and leave the others as they are."""

    def fill(match: re.Match[str]) -> str:
        name = _name(match)
        if name not in parts or name == "customer":
            return parts.get(name, match.group())
        width = _width(match)
        text = parts[name].zfill(width)
        return text[-2:] if name == "year" and width == 2 else text

    return _FIELD.sub(fill, pattern)


def _width(match: re.Match[str]) -> int:
    """Return the least digits of a field."""
    field, width = match.group(1), int(match.group(2) or 0)
    least = {"year": 4, "month": 2, "counter": 1}[field]
    if field == "year" and width == 2:
        return 2
    return min(max(width, least), PADDING_MAX)


def _read_as(match: re.Match[str], seen: set[str]) -> str:
    field = _name(match)
    if field == "customer":
        return f"(?P<customer>{_NUMBER_CODE.pattern})"
    width = _width(match)
    digits = f"[0-9]{{{width},18}}" if field == "counter" else f"[0-9]{{{width}}}"
    if field in seen:
        return digits
    seen.add(field)
    return f"(?P<{field}>{digits})"
