"""The list of credit notes: what it shows, and what a press on it does."""

from __future__ import annotations

import reflex as rx

from billing_app.queries import credit_note_list as queries
from billing_app.queries.credit_note_list import (
    CreditNoteFilter,
    CreditNoteSort,
    parse_credit_note_filter,
)
from billing_app.web.staff.credit_state import CreditNoteLine, credit_note_line
from billing_app.web.staff.listing_state import Chip, FilteredListState, range_words


class CreditNoteListState(FilteredListState, rx.State):
    """One page of the list."""

    _PARAMETERS = ("q", "issued", "sort", "after", "before")
    _SORT = f"-{CreditNoteSort.ISSUED}"
    _DESCENDING_FIRST = frozenset(CreditNoteSort)
    _EXPORT = "/api/export/credit-notes.csv"
    _RANGES = ("issued",)

    lines: list[CreditNoteLine] = []  # noqa: RUF012  (Reflex copies the default)

    _path: str = "/accounting/credit-notes"
    _wanted: CreditNoteFilter = CreditNoteFilter()

    def _read_address(self) -> None:
        self._wanted = parse_credit_note_filter(self._typed)

    async def _read(self) -> None:
        found = await self._run(queries.list_issued_credit_notes, self._wanted)
        self._show_page(found, self._wanted)
        self.lines = [credit_note_line(row) for row in found.page.rows]
        days = self._wanted.issued
        words = range_words(days, found.moment)
        self.chips = [] if days.is_open else [Chip("issued", "Issued", words)]
