"""Cells of a CSV file that no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

# What spreadsheets begin a formula with, and what some skip before they look.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_FULL_WIDTH_STARTS = ("＝", "＋", "－", "＠")


def safe_cell(text: str) -> str:
    """Return the text; with an apostrophe before it where it would be a formula.

    Amounts do not pass through here: a minus before digits is meant there.
    """
    first = text.lstrip(" \n\0")[:1]
    if first and first in (*_FORMULA_STARTS, *_FULL_WIDTH_STARTS):
        return f"'{text}"
    return text


def csv_line(cells: Sequence[str]) -> str:
    """Write one row as RFC 4180 has it, ended by CR LF."""
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue()
