"""Cells of a CSV file that no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Sequence

# What spreadsheets begin a formula with, in the forms that some take for the same
# (NFKC: full width, small, superscript), and minus signs that are typed as one.
_FORMULA_STARTS = frozenset("=+-@\N{MINUS SIGN}\N{HYPHEN}\N{EN DASH}")
# Categories of signs that nobody sees, which some skip before they look: spaces of
# all kinds, controls, and marks such as the zero-width space and the byte order mark.
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
_TABS = frozenset("\t\r")


def safe_cell(text: str) -> str:
    """Return the text; with an apostrophe before it where it would be a formula.

    Amounts do not pass through here: a minus before digits is meant there.
    """
    first = next((x for x in text if unicodedata.category(x) not in _UNSEEN), "")
    is_formula = unicodedata.normalize("NFKC", first)[:1] in _FORMULA_STARTS
    return f"'{text}" if is_formula or text[:1] in _TABS else text


def csv_line(cells: Sequence[str]) -> str:
    """Write one row as RFC 4180 has it, ended by CR LF."""
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue()
