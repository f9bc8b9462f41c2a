"""Tables as other programs write them: their encoding, separator and notation.

How a file writes numbers and days is found once for the whole file, never for a
cell: where nothing in the file decides it, the person does.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import count
from typing import TextIO

from billing_app.domain.errors import InvalidInput
from billing_app.domain.parsing import parse_date, plain_number

SEPARATORS = (";", ",", "\t", "|")
COLUMNS_MAX = 200
# All of a line is in memory, and of a cell with line breaks each of its lines.
LINE_LENGTH_MAX = 1_000_000
# What other files begin with, and what to do with each of them.
_OTHER_FILES: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a spreadsheet or an archive. Save the sheet as CSV first"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file. Save the sheet as CSV first"),
    (b"%PDF", "a PDF, not a table"),
    (b"\x89PNG", "a picture, not a table"),
    (b"\xff\xd8\xff", "a picture, not a table"),
    (b"GIF8", "a picture, not a table"),
    (b"\x1f\x8b", "a compressed file. Unpack it first"),
    (b"<?xml", "XML, not a table"),
)
_UNREADABLE = "The file is not text in UTF-8 or Windows-1252. Save it as CSV in UTF-8."


class DateOrder(StrEnum):
    """In which order a file writes the parts of a day."""

    YEAR_FIRST = "ymd"
    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"


@dataclass(frozen=True, slots=True)
class Notation:
    """How a file writes numbers and days; empty where nothing in it decides that."""

    decimal_mark: str = ""
    date_order: str = ""


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row by the names of our columns; `line` counts lines of the file from 1."""

    line: int
    cells: Mapping[str, str]

    @property
    def is_blank(self) -> bool:
        return not any(cell.strip() for cell in self.cells.values())


# What `find_encoding` returns, as people call it.
ENCODING_WORDS = {
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": "Windows-1252",
}


def find_encoding(chunks: Iterable[bytes]) -> str:
    """Return the encoding of a whole text file: UTF-8, Windows-1252 or UTF-16.

    Raises:
        InvalidInput: it is something else, empty, or has zero bytes.
    """
    utf8 = codecs.getincrementaldecoder("utf-8")()
    begin, is_utf8, is_windows = b"", True, True
    utf16: codecs.IncrementalDecoder | None = None
    for chunk in chunks:
        if not begin:
            begin = chunk[:8]
            _check_is_text(begin)
            if begin.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                utf16 = codecs.getincrementaldecoder("utf-16")()
        text = _try(utf16, chunk) if utf16 else None
        if utf16 and text is None:
            raise InvalidInput(_UNREADABLE)
        if "\0" in text if text is not None else b"\0" in chunk:
            raise InvalidInput("The file has zero bytes in it, so it is no CSV file.")
        is_utf8 = is_utf8 and _try(utf8, chunk) is not None
        is_windows = is_windows and not _UNDEFINED.search(chunk)
    if not begin:
        raise InvalidInput("The file is empty.")
    if utf16:
        return "utf-16"
    # A character that was cut off at the very end.
    is_utf8 = is_utf8 and not utf8.getstate()[0]
    if is_utf8:
        return "utf-8-sig"
    if is_windows:
        return "cp1252"
    raise InvalidInput(_UNREADABLE)


# No character of Windows-1252, nor of any text.
_UNDEFINED = re.compile(b"[\x81\x8d\x8f\x90\x9d\x00-\x08\x0e-\x1f]")


def _try(decoder: codecs.IncrementalDecoder, chunk: bytes) -> str | None:
    try:
        return decoder.decode(chunk)
    except UnicodeDecodeError:
        return None


def _check_is_text(begin: bytes) -> None:
    for start, what in _OTHER_FILES:
        if begin.removeprefix(codecs.BOM_UTF8).startswith(start):
            raise InvalidInput(f"This is {what}.")


def find_separator(first_line: str) -> str:
    """Return what stands between the names of the columns."""
    counts = {mark: _count(first_line, mark) for mark in SEPARATORS}
    return max(SEPARATORS, key=lambda mark: counts[mark])


def _count(line: str, separator: str) -> int:
    try:
        return len(next(csv.reader([line], delimiter=separator), list[str]()))
    except csv.Error:
        return 0


def read_lines(file: TextIO, count_max: int | None = None) -> Iterator[str]:
    """Return the lines of a file, of which none takes more memory than one may.

    Raises:
        InvalidInput: a line is longer, or there are more than `count_max`.
    """
    for number in count(1):
        line = file.readline(LINE_LENGTH_MAX + 1)
        if not line:
            return
        if len(line) > LINE_LENGTH_MAX:
            raise InvalidInput(
                f"Line {number:,} has more than {LINE_LENGTH_MAX:,} characters, so "
                "it is no line of a table."
            )
        if count_max is not None and number > count_max:
            raise InvalidInput(
                f"This file has more than {count_max:,} lines. Import it on the "
                "server, with: tallyport import FILE"
            )
        yield line


def read_cells(lines: Iterable[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    """Return each row with the line it begins on, the names of the columns first.

    Empty lines are none.

    Raises:
        InvalidInput: a cell or a row is longer than any that is meant.
    """
    reader = csv.reader(lines, delimiter=separator)
    line = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise InvalidInput(
                f"Line {line} has a cell of more than {csv.field_size_limit():,} "
                "characters. Perhaps a quotation mark is missing."
            ) from error
        if cells is None:
            return
        if len(cells) > COLUMNS_MAX:
            raise InvalidInput(f"Line {line} has more than {COLUMNS_MAX} columns.")
        if cells:
            yield line, cells
        line = reader.line_num + 1


def read_rows(
    cells: Iterable[tuple[int, list[str]]], columns: Mapping[str, int]
) -> Iterator[TableRow]:
    """Return the rows behind the head that say anything, by the columns chosen."""
    rows = iter(cells)
    next(rows, None)
    for line, row in rows:
        taken = {
            name: row[place] if place < len(row) else ""
            for name, place in columns.items()
        }
        read = TableRow(line, taken)
        if not read.is_blank:
            yield read


class NotationFinder:
    """Reads a file's numbers and days until it knows how they are written."""

    def __init__(self) -> None:
        self._marks: dict[str, tuple[int, str]] = {}
        self._orders: dict[str, tuple[int, str]] = {}
        self._unclear_number: tuple[int, str] | None = None
        self._unclear_day: tuple[int, str] | None = None

    def see_number(self, line: int, text: str) -> None:
        mark = _decimal_mark(text.strip())
        if mark == "?":
            self._unclear_number = self._unclear_number or (line, text.strip())
        elif mark:
            self._marks.setdefault(mark, (line, text.strip()))

    def see_day(self, line: int, text: str) -> None:
        order = _date_order(_day_only(text))
        if order == "?":
            self._unclear_day = self._unclear_day or (line, text.strip())
        elif order:
            self._orders.setdefault(order, (line, text.strip()))

    def find(self) -> Notation:
        """Return what the file decides itself."""
        marks, orders = list(self._marks), list(self._orders)
        is_clear = self._unclear_number is None
        mark = marks[0] if len(marks) == 1 else "." if not marks and is_clear else ""
        order = orders[0] if len(orders) == 1 else ""
        if not orders and self._unclear_day is None:
            order = DateOrder.YEAR_FIRST
        return Notation(mark, order)

    def problem(self) -> str:
        """Say in a sentence what somebody has to decide, or nothing."""
        notation = self.find()
        if not notation.decimal_mark:
            return _two_ways(self._marks, self._unclear_number, "numbers")
        if not notation.date_order:
            return _two_ways(self._orders, self._unclear_day, "days")
        return ""


def _two_ways(
    seen: Mapping[str, tuple[int, str]], unclear: tuple[int, str] | None, what: str
) -> str:
    if len(seen) > 1:
        (line, text), (other_line, other) = list(seen.values())[:2]
        return (
            f"Line {line} has {text[:20]} and line {other_line} has {other[:20]}: the "
            f"file writes {what} in two ways. Choose which one is meant."
        )
    assert unclear is not None
    line, text = unclear
    return (
        f"{text[:20]} in line {line} can be read in two ways, and nothing in the file "
        f"decides it. Choose how it writes {what}."
    )


_NUMERIC = re.compile(r"[^0-9.,]")


def _decimal_mark(text: str) -> str:
    """Return the mark before decimals, nothing where there is none, or ? for both."""
    digits = _NUMERIC.sub("", text).strip(".,")
    points, commas = digits.count("."), digits.count(",")
    if not points and not commas:
        return ""
    if points and commas:
        return "." if digits.rindex(".") > digits.rindex(",") else ","
    mark, other = (".", ",") if points else (",", ".")
    if digits.count(mark) > 1:
        return other
    whole, _, fraction = digits.partition(mark)
    is_group = len(fraction) == 3 and 1 <= len(whole) <= 3 and whole[0] != "0"
    return "?" if is_group else mark


_PARTS = re.compile(r"([0-9]{1,4})([./-])([0-9]{1,2})\2([0-9]{1,4})")


def _day_only(text: str) -> str:
    """Leave out the time of day that some programs write behind a day."""
    return re.split("[T ]", text.strip(), maxsplit=1)[0]


def time_behind(text: str) -> str:
    """Return the time of day that stands behind a day, or nothing."""
    return text.strip()[len(_day_only(text)) + 1 :].strip()


def _date_order(text: str) -> str:
    match = _PARTS.fullmatch(text)
    if match is None:
        return ""
    first, mark, second, _ = match.groups()
    if len(first) == 4:
        return DateOrder.YEAR_FIRST
    if len(first) > 2:
        return ""
    if mark == "." or int(first) > 12:
        return DateOrder.DAY_FIRST
    if int(second) > 12:
        return DateOrder.MONTH_FIRST
    return "" if first == second else "?"


def read_number(text: str, decimal_mark: str, what: str) -> str:
    """Rewrite a number of the file with a dot, for `domain.parsing` to read.

    Raises:
        InvalidInput: it is none.
    """
    plain = plain_number(text.strip().removesuffix("%").strip(), decimal_mark)
    if not plain:
        shown = text.strip()[:40]
        raise InvalidInput(f"The {what} {shown!r} is not a number.")
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".") or "0"
    return plain


def read_day(text: str, order: str, what: str) -> date:
    """Read a day as the whole file writes them; 26 means 2026.

    Raises:
        InvalidInput: it is none, or written in another order.
    """
    shown = text.strip()[:40]
    match = _PARTS.fullmatch(_day_only(text))
    if match is None:
        raise InvalidInput(f"The {what} {shown!r} is not a day like 2026-03-31.")
    first, _, second, third = match.groups()
    parts = {
        DateOrder.YEAR_FIRST: (first, second, third),
        DateOrder.DAY_FIRST: (third, second, first),
        DateOrder.MONTH_FIRST: (third, first, second),
    }
    year, month, day = parts[DateOrder(order)]
    if len(year) == 2 and order != DateOrder.YEAR_FIRST:
        year = f"20{year}"
    if len(year) != 4 or len(day) > 2:
        raise InvalidInput(
            f"The {what} {shown!r} is not written in the order of this file."
        )
    return parse_date(f"{year}-{month:0>2}-{day:0>2}", what=what)
