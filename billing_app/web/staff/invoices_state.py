"""The list of invoices: what it shows, and what a press on it does."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import reflex as rx

from billing_app.domain.dates import Moment
from billing_app.domain.invoice import RARE_STATUSES, InvoiceStatus
from billing_app.domain.invoice_mode import InvoiceMode
from billing_app.queries import invoices as queries
from billing_app.queries.customers import read_choice
from billing_app.queries.invoices import (
    InvoiceFilter,
    InvoicePage,
    InvoiceRow,
    InvoiceSort,
    parse_invoice_filter,
)
from billing_app.services import drafts, invoices, payments
from billing_app.web import formats
from billing_app.web.doors import staff_door
from billing_app.web.staff.addresses import invoice_address, with_query
from billing_app.web.staff.invoices_paid import UNDONE, PaidInvoicesState
from billing_app.web.staff.listing_state import (
    Chip,
    FilteredListState,
    Tab,
    range_words,
)
from billing_app.web.staff.reminding import RemindingState
from billing_app.web.undo import UndoState

# The list stands on two pages; each keeps to its own address.
PATHS = ("/invoices", "/accounting")
_NARROW_WORDS = "Add dates, a customer or a longer text to see the others."
PARTIAL_WORDS = (
    f"More than {queries.GATHERED_MAX:,} match, too many to sort. These are of the "
    f"newest {queries.LOOKED_MAX:,}; an export has all. {_NARROW_WORDS}"
)
NONE_YET_WORDS = (
    f"More than {queries.GATHERED_MAX:,} match in part, but of the newest "
    f"{queries.LOOKED_MAX:,} none in all. {_NARROW_WORDS}"
)
# What is looked for every day; the other views stand behind a button.
EVERYDAY = (
    InvoiceStatus.DRAFT,
    InvoiceStatus.DUE,
    InvoiceStatus.OVERDUE,
    InvoiceStatus.PARTIALLY_PAID,
    InvoiceStatus.PROCESSING,
    InvoiceStatus.PAID,
)
# Most invoices have lines; only what differs is said.
MODE_WORDS = {
    InvoiceMode.LINES: "",
    InvoiceMode.FIXED: "Fixed amount",
    InvoiceMode.PERCENT: "Part of a job",
}


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One invoice as the list shows it.

    Attributes:
        figure: the one amount of a card: what is left, or all where nothing is.
        of_total: what the figure is a part of; empty where it is all.
        reduced: what the balance lacks without a payment.
    """

    id: int
    number: str
    select_words: str
    href: str
    customer: str
    reference: str
    references: str
    mode: str
    issued: str
    due: str
    due_words: str
    is_late: bool
    status: str
    is_disputed: bool
    is_archived: bool
    viewed: str
    sent: str
    total: str
    outstanding: str
    is_settled: bool
    figure: str
    of_total: str
    reduced: str


class InvoicesState(
    UndoState, PaidInvoicesState, RemindingState, FilteredListState, rx.State
):
    """One page of the list.

    Attributes:
        rare_tabs: views besides `tabs`, and `rare_words` on the button before them.
        news: words on the button that shows rows that came in meanwhile.
        partial_words: said where too many match to sort them all.
        selected: ids; they may be sent as anything, the services decide.
    """

    _PARAMETERS = (
        *("status", "q", "customer", "issued", "due", "archived", "sort"),
        *("disputed", "sent"),
        *("after", "before"),
    )
    _BESIDES = ("deleted",)
    _SORT = f"-{InvoiceSort.ISSUED}"
    _DESCENDING_FIRST = frozenset(
        {InvoiceSort.ISSUED, InvoiceSort.TOTAL, InvoiceSort.OUTSTANDING}
    )
    _EXPORT = "/api/export/invoices.csv"
    _RANGES = ("issued", "due")

    lines: list[InvoiceLine] = []  # noqa: RUF012
    rare_tabs: list[Tab] = []  # noqa: RUF012
    rare_words: str = "More"
    shows_archived: bool = False
    news: str = ""
    none_words: str = ""
    partial_words: str = ""
    selected: list[int] = []  # noqa: RUF012
    selected_count: str = ""
    selected_sum: str = ""
    selects_all: bool = False
    selects_drafts: bool = False

    _path: str = PATHS[0]
    _wanted: InvoiceFilter = InvoiceFilter()
    _moment: Moment = Moment()
    _rows: dict[int, InvoiceRow] = {}  # noqa: RUF012

    @staff_door
    async def show_news(self) -> None:
        await self._read()

    @staff_door
    async def toggle_archived(self) -> Any:
        return self._go(archived="" if self.shows_archived else "1")

    # Acting on rows

    @staff_door
    async def select(self, invoice_id: int) -> None:
        """Turn one row's tick around."""
        kept = [one for one in self.selected if one != invoice_id]
        if len(kept) == len(self.selected) and invoice_id in self._rows:
            kept.append(invoice_id)
        self._select(kept)

    @staff_door
    async def select_all(self) -> None:
        is_whole = len(self.selected) == len(self.lines)
        self._select([] if is_whole else [line.id for line in self.lines])

    @staff_door
    async def clear_selection(self) -> None:
        self._select([])

    @staff_door
    async def mark_sent(self) -> None:
        """Mark the selected invoices as sent, each with its one mail."""
        marked = await self._run(invoices.mark_many_sent, self.selected)
        left = len(self.selected) - marked
        words = f"{formats.count_of(marked, 'invoice')} marked as sent."
        if left:
            words += f" {left} left as they were: drafts, void or sent before."
        self._select([])
        self._notify(words)
        await self._refresh()

    @staff_door
    async def archive(self) -> None:
        archived = await self._run(invoices.archive_many, self.selected)
        left = len(self.selected) - len(archived)
        words = f"{formats.count_of(len(archived), 'invoice')} archived."
        if left:
            words += f" {left} left as they were: drafts, or archived before."
        self._select([])
        self._tell(words, "unarchive", archived)
        await self._read()

    @staff_door
    async def delete_drafts(self) -> None:
        deleted = await self._run(drafts.delete_many, self.selected)
        left = len(self.selected) - len(deleted)
        words = f"{formats.count_of(len(deleted), 'draft')} deleted."
        if left:
            words += f" {left} left as they were: what is issued is never deleted."
        self._select([])
        self._tell(words, "restore", deleted)
        await self._read()

    def _chosen(self) -> list[int]:
        return [one for one in self.selected if one in self._rows]

    async def _after_reminding(self, words: str) -> None:
        self._select([])
        self._notify(words)
        await self._refresh()

    def _rests(self) -> tuple[dict[int, int], str, Moment]:
        seen = {one: self._rows[one].outstanding_minor for one in self.selected}
        words = f"{self.selected_count}, {self.selected_sum}"
        return seen, words, self._moment

    async def _after_paid(self, words: str, payment_ids: list[int]) -> None:
        self._select([])
        self._tell(words, "unpay", payment_ids)
        await self._refresh()

    @staff_door
    async def undo(self, key: str) -> None:
        verb, ids = self._offered(key) or ("", [])
        if verb == "restore":
            await self._run(drafts.restore_many, ids)
            await self._read()
        elif verb == "unpay":
            count = await self._run(payments.reverse_many, ids, UNDONE)
            await self._refresh()
            self._notify(f"{formats.count_of(count, 'payment')} taken back.")
        elif verb == "unarchive":
            await self._run(invoices.unarchive_many, ids)
            await self._read()
        await self.dismiss_notice(key)

    def _tell(self, words: str, verb: str, ids: list[int]) -> None:
        """Say what was done to these; Undo is offered where there are any."""
        if ids:
            self._offer_undo(words, (verb, ids))
        else:
            self._notify(words)

    # Drawing

    def _read_address(self) -> None:
        path = f"/{self._segment(0)}"
        path = path if path in PATHS else PATHS[0]
        if path != self._path:
            # What was chosen on the other page was chosen for it alone.
            self._select([])
            self.is_marking_paid = self.is_reminding = False
        self._path = path
        self._wanted = parse_invoice_filter(self._typed)

    async def _read(self) -> None:
        found = await self._run(queries.list_invoices, self._wanted)
        counts = await self._run(queries.count_by_status)
        self._show(found, counts)
        self.chips = await self._chips(found.moment)

    def _show(self, found: InvoicePage, counts: queries.StatusCounts) -> None:
        self._show_page(found, self._wanted)
        self._moment = found.moment
        self._rows = {row.id: row for row in found.page.rows}
        self.lines = [line_of(row, found.moment) for row in found.page.rows]
        self.shows_archived = self._wanted.includes_archived
        self.news = ""
        self._make_tabs(counts)
        self._select([one for one in self.selected if one in self._rows])
        self.partial_words = PARTIAL_WORDS if found.is_partial else ""
        self.none_words = NONE_YET_WORDS if found.is_partial else self._none_words()

    def _make_tabs(self, counts: queries.StatusCounts) -> None:
        def tab(words: str, status: str, count: str) -> Tab:
            href = with_query(
                self._path, self._typed, status=status, disputed="", sent=""
            )
            is_current = self._typed.get("status", "") == status and not crosses
            return Tab(words, href, count, is_current)

        def crossing(words: str, name: str, count: str, is_current: bool) -> Tab:
            others = {"status": "", "disputed": "", "sent": ""}
            chosen = with_query(self._path, self._typed, **{**others, name: "1"})
            return Tab(words, chosen, count, is_current)

        wanted = self._wanted
        crosses = wanted.is_disputed or wanted.is_sent
        by_status = [
            (status, tab(status.value, queries.slug(status), str(it)))
            for status, it in counts.by_status
            if status not in RARE_STATUSES or it.seen or wanted.status == status
        ]
        self.tabs = [
            tab("All", "", str(counts.all)),
            *(it for status, it in by_status if status in EVERYDAY),
            crossing("Disputed", "disputed", str(counts.disputed), wanted.is_disputed),
        ]
        self.rare_tabs = [
            crossing("Sent", "sent", str(counts.sent), wanted.is_sent),
            *(it for status, it in by_status if status not in EVERYDAY),
        ]
        chosen = (it.words for it in self.rare_tabs if it.is_current)
        self.rare_words = next(chosen, "More")

    async def _refresh(self) -> None:
        """Draw the rows in view anew where they stand, and say what came in."""
        fresh = await self._run(queries.list_invoices, self._wanted)
        counts = await self._run(queries.count_by_status)
        shown = [line.id for line in self.lines]
        if {row.id for row in fresh.page.rows} == set(shown) or not shown:
            by_id = {row.id: row for row in fresh.page.rows}
            rows = [by_id[one] for one in shown] or list(fresh.page.rows)
            self._show(replace_rows(fresh, rows), counts)
            return
        here = await self._run(queries.list_these, shown, self._wanted.sort)
        came = sum(row.id not in self._rows for row in fresh.page.rows)
        self._show(replace_rows(fresh, here), counts)
        self.news = f"{came} new" if came else "This list has changed"

    async def _chips(self, moment: Moment) -> list[Chip]:
        chips: list[Chip] = []
        if self._wanted.customer_id is not None:
            customer = await self._run(read_choice, self._wanted.customer_id)
            chips.append(Chip("customer", "Customer", customer.name))
        for name, days in (("issued", self._wanted.issued), ("due", self._wanted.due)):
            if not days.is_open:
                chips.append(Chip(name, name.capitalize(), range_words(days, moment)))
        return chips

    def _none_words(self) -> str:
        said = f"“{self.text}”" if self.text else "These filters"
        hidden = "" if self.shows_archived else " Archived invoices are hidden."
        return f"{said} match{'es' if self.text else ''} no invoice.{hidden}"

    def _select(self, ids: list[int]) -> None:
        self.selected = ids
        sums: Counter[str] = Counter()
        for one in ids:
            row = self._rows[one]
            sums[row.currency] += row.outstanding_minor
        self.selected_count = f"{len(ids)} selected" if ids else ""
        self.selects_all = bool(ids) and len(ids) == len(self.lines)
        self.selects_drafts = any(not self._rows[one].number for one in ids)
        self.selected_sum = formats.join_money(sums.items()) if ids else ""

    def _when_open(self) -> Any:
        """Offer Undo, once, where the builder has just deleted a draft."""
        deleted = self._query("deleted")
        if not (deleted.isascii() and deleted.isdigit() and len(deleted) < 16):
            return None
        key = self._offer_undo("Draft deleted.", ("restore", [int(deleted)]))
        self._carry_notice(key)
        return rx.redirect(with_query(self._path, self._typed), replace=True)


def line_of(row: InvoiceRow, moment: Moment) -> InvoiceLine:
    """Write one row out."""
    is_draft = row.status == InvoiceStatus.DRAFT
    viewed = row.first_viewed_at
    total = formats.money(row.total_minor, row.currency)
    outstanding = formats.money(row.outstanding_minor, row.currency)
    is_settled = row.outstanding_minor <= 0
    is_part = not is_settled and row.outstanding_minor != row.total_minor
    return InvoiceLine(
        id=row.id,
        number=row.number,
        select_words=f"Select {row.number or f'draft for {row.customer_name}'}",
        href=invoice_address(row.id, is_draft),
        customer=row.customer_name or "No customer yet",
        reference=row.job or row.purchase_order,
        references=", ".join(filter(None, (row.job, row.purchase_order))),
        mode=MODE_WORDS[row.mode],
        issued=formats.short_day(row.issued_on, moment),
        due=formats.short_day(row.due_on, moment),
        due_words=f"Due {formats.short_day(row.due_on, moment)}" if row.due_on else "",
        # Red is spent once a row: where the badge says Overdue, the date stays ink.
        is_late=row.is_late and row.status != InvoiceStatus.OVERDUE,
        status=row.status.value,
        is_disputed=row.is_disputed,
        is_archived=row.archived_at is not None,
        viewed=formats.exact_instant(viewed, moment) if viewed else "",
        sent=formats.exact_instant(row.sent_at, moment) if row.sent_at else "",
        total=total,
        outstanding=formats.NOTHING if is_draft else outstanding,
        is_settled=is_settled,
        figure=total if is_draft or is_settled else outstanding,
        of_total=f"of {total}" if is_part and not is_draft else "",
        reduced="" if is_draft or is_settled else _reduced_words(row),
    )


def _reduced_words(row: InvoiceRow) -> str:
    parts = (
        (row.credited_minor, "credited"),
        (row.written_off_minor, "written off"),
    )
    return ", ".join(
        f"{formats.money(minor, row.currency)} {how}" for minor, how in parts if minor
    )


def replace_rows(found: InvoicePage, rows: Any) -> InvoicePage:
    return replace(found, page=replace(found.page, rows=tuple(rows)))
