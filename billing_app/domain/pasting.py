"""Rows copied from a spreadsheet, as lines of a draft.

Spreadsheets put tabs between cells and quote a cell that holds a tab or a line end.
What a cell says is kept as it is, so that what can't be used is named beside its
field; only numbers are rewritten, where the language tells how they are meant.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from billing_app.domain.draft import UNIT_LENGTH_MAX, LineForm
from billing_app.domain.errors import InvalidInput
from billing_app.domain.parsing import plain_number
from billing_app.domain.totals import TaxTerms

PASTED_LENGTH_MAX = 400_000

# What people write above a column, and the part of a line it holds. Those without
# a part are ours as well: an amount follows from the rest.
HEADINGS: Mapping[str, str] = {
    "item": "name",
    "name": "name",
    "product": "name",
    "service": "name",
    "item and description": "name",
    "description": "name",
    "details": "description",
    "qty": "quantity",
    "quantity": "quantity",
    "unit": "unit",
    "price": "unit_price",
    "unit price": "unit_price",
    "rate": "unit_price",
    "disc": "discount",
    "discount": "discount",
    "tax": "tax_id",
    "vat": "tax_id",
    "amount": "",
    "total": "",
}


def read_rows(
    text: str,
    *,
    decimal_mark: str,
    taxes: Mapping[str, TaxTerms],
    headings: Mapping[str, str] = HEADINGS,
    default_tax: str = "",
) -> tuple[LineForm, ...]:
    """Return a line for each row, without keys. A row of headings is not one.

    Without headings the columns are told by what they hold: words first, then
    quantity and unit price, or a price alone. `taxes` are by tax rate id.

    Raises:
        InvalidInput: more than any invoice holds.
    """
    if len(text) > PASTED_LENGTH_MAX:
        raise InvalidInput("That is more text than fits an invoice. Paste fewer rows.")
    rows = [row for row in read_cells(text) if any(row)]
    if not rows:
        return ()
    columns = _named_columns(rows[0], headings, decimal_mark)
    if columns:
        rows = rows[1:]
    else:
        columns = _guessed_columns(rows, decimal_mark, taxes)
    blank = LineForm(tax_id=default_tax)
    return tuple(_line(row, columns, blank, decimal_mark, taxes) for row in rows)


def read_cells(text: str, mark: str = "\t") -> list[list[str]]:
    """Cut a table into cells at a mark. A quote that never ends is a plain one."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    quoted = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    try:
        table = list(quoted)
    except csv.Error:
        table = [line.split(mark) for line in text.split("\n")]
    return [[cell.strip() for cell in row] for row in table]


def _named_columns(
    row: Sequence[str], headings: Mapping[str, str], decimal_mark: str
) -> list[str]:
    """Return the part of a line in each column, or nothing if it is no heading."""
    words = [cell.casefold().rstrip(".:") for cell in row]
    known = [word for word in words if word in headings]
    if len(known) < 2 or any(plain_number(cell, decimal_mark) for cell in row):
        return []
    columns: list[str] = []
    for word in words:
        part = headings.get(word, "")
        # Beside an item, a description is the smaller text.
        is_second = part == "name" and "name" in columns
        columns.append("description" if is_second else part)
    return columns


def _guessed_columns(
    rows: Sequence[Sequence[str]], decimal_mark: str, taxes: Mapping[str, TaxTerms]
) -> list[str]:
    width = max(len(row) for row in rows)
    columns = ["name"]
    numbers: list[int] = []
    for index in range(1, width):
        cells = [row[index] for row in rows if index < len(row) and row[index]]
        if cells and all(plain_number(cell, decimal_mark) for cell in cells):
            numbers.append(index)
            columns.append("")
        elif cells and all(cell.endswith("%") for cell in cells):
            is_tax = all(_tax_id(cell, decimal_mark, taxes, None) for cell in cells)
            columns.append("tax_id" if is_tax else "discount")
        elif numbers and all(len(cell) <= UNIT_LENGTH_MAX for cell in cells):
            columns.append("unit")
        else:
            columns.append("description")
    parts = ("unit_price",) if len(numbers) == 1 else ("quantity", "unit_price")
    # A third number is the amount, which follows from the other two.
    for index, part in zip(numbers, parts, strict=False):
        columns[index] = part
    return columns


def _line(
    row: Sequence[str],
    columns: Sequence[str],
    blank: LineForm,
    decimal_mark: str,
    taxes: Mapping[str, TaxTerms],
) -> LineForm:
    parts: dict[str, str] = {}
    for part, cell in zip(columns, row, strict=False):
        if not part or not cell:
            continue
        if part in ("quantity", "unit_price"):
            cell = plain_number(cell, decimal_mark) or cell
        elif part == "discount":
            cell = _percent(cell, decimal_mark)
        elif part == "tax_id":
            cell = _tax_id(cell, decimal_mark, taxes, cell) or ""
        joins = "\n" if part == "description" else " "
        parts[part] = f"{parts[part]}{joins}{cell}" if part in parts else cell
    return replace(blank, **parts)


def _percent(cell: str, decimal_mark: str) -> str:
    number = plain_number(cell.removesuffix("%").strip(), decimal_mark)
    return f"{number}%" if number else cell


def _tax_id(
    cell: str,
    decimal_mark: str,
    taxes: Mapping[str, TaxTerms],
    unknown: str | None,
) -> str | None:
    """Find the tax of a name or a percentage; none is no tax, else `unknown`."""
    for tax_id, tax in taxes.items():
        if tax.name.casefold() == cell.casefold():
            return tax_id
    number = plain_number(cell.removesuffix("%").strip(), decimal_mark)
    if not number:
        return unknown
    for tax_id, tax in taxes.items():
        if tax.percent == Decimal(number):
            return tax_id
    return "" if Decimal(number) == 0 else unknown
