"""Document numbers: a pattern, a counter, and when the counter starts again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from billing_app.domain.errors import InvalidInput

_FIELD = re.compile(r"\{(year|month|counter)(?::(\d{1,2}))?\}")
_LITERAL = re.compile(r"[A-Za-z0-9/._ -]*")
PADDING_MAX = 12
NUMBER_LENGTH_MAX = 60
COUNTER_MAX = 10**9


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
    """

    counter: int
    year: int = 0
    month: int = 0


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


def check_pattern(pattern: str, reset: Reset = Reset.NEVER) -> None:
    """Refuse a pattern that could not name each document differently."""
    named = [match.group(1) for match in _FIELD.finditer(pattern)]
    if "counter" not in named:
        raise InvalidInput(
            "The pattern needs {counter}, like INV-{counter:5}.", field="pattern"
        )
    if not _LITERAL.fullmatch(_FIELD.sub("", pattern)):
        raise InvalidInput(
            "Use letters, digits, - / . _ and {year}, {month}, {counter:5}.",
            field="pattern",
        )
    if named.count("counter") > 1:
        raise InvalidInput("The pattern needs {counter} once.", field="pattern")
    longest = format_number(pattern, COUNTER_MAX, date(2026, 12, 31))
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


def format_number(pattern: str, value: int, issued_on: date) -> str:
    """Write out a document number.

    `{counter:5}` pads the counter to five digits; `{year:2}` are its last two.
    """

    def fill(match: re.Match[str]) -> str:
        field, width = match.group(1), _width(match)
        parts = {"year": issued_on.year, "month": issued_on.month, "counter": value}
        text = str(parts[field]).zfill(width)
        return text[-2:] if field == "year" and width == 2 else text

    return _FIELD.sub(fill, pattern)


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
    )


def period_code(series_code: str, reset: Reset, on: date) -> str:
    """Name the counter of the period a day is in, like `invoice:2026-03`."""
    return _period_code(series_code, reset, on.year, on.month)


def period_code_of(series_code: str, reset: Reset, read: ReadNumber) -> str:
    """Name the counter that a number would have been taken from."""
    return _period_code(series_code, reset, read.year, read.month)


def fixed_start(pattern: str) -> str:
    """Return what every number of this form begins with."""
    return pattern.partition("{")[0]


def later_starts(pattern: str, reset: Reset, today: date) -> tuple[date, ...]:
    """Return the days ahead on which numbers will look or count differently."""
    named = {match.group(1) for match in _FIELD.finditer(pattern)}
    months = today.year * 12 + today.month
    next_month = date(months // 12, months % 12 + 1, 1)
    january = date(today.year + 1, 1, 1)
    starts = {next_month} if reset is Reset.MONTH else set[date]()
    if "year" in named:
        starts.add(january)
    return tuple(sorted(starts))


def _period_code(series_code: str, reset: Reset, year: int, month: int) -> str:
    match reset:
        case Reset.NEVER:
            return series_code
        case Reset.YEAR:
            return f"{series_code}:{year:04}"
        case Reset.MONTH:
            return f"{series_code}:{year:04}-{month:02}"


def _width(match: re.Match[str]) -> int:
    """Return the least digits of a field."""
    field, width = match.group(1), int(match.group(2) or 0)
    least = {"year": 4, "month": 2, "counter": 1}[field]
    if field == "year" and width == 2:
        return 2
    return min(max(width, least), PADDING_MAX)


def _read_as(match: re.Match[str], seen: set[str]) -> str:
    field, width = match.group(1), _width(match)
    digits = f"[0-9]{{{width},18}}" if field == "counter" else f"[0-9]{{{width}}}"
    if field in seen:
        return digits
    seen.add(field)
    return f"(?P<{field}>{digits})"
