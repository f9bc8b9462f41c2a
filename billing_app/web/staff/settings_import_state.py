"""State of the page that imports files."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any

import reflex as rx

from billing_app.domain.errors import BillingError, InvalidInput
from billing_app.domain.import_columns import COLUMNS, ImportKind
from billing_app.domain.import_plan import FATE_WORDS, Fate, FateKind
from billing_app.queries.billable_events import WaitingCustomer, list_waiting
from billing_app.queries.imports import read_import_rules
from billing_app.web.doors import staff_door, staff_watch
from billing_app.web.staff.addresses import invoice_address
from billing_app.web.staff.settings_frame import SettingsState
from billing_app.workflows.import_tables import ImportReport
from billing_app.workflows.imports import (
    FileLook,
    check_file,
    draft_of_file,
    find_stopped,
    forget_file,
    import_file,
    is_e_invoice,
    is_export,
    keep_fates,
    look_again,
    look_at,
    look_at_export_file,
    read_export_file,
)
from billing_app.workflows.workspace_import import ExportLook

_SHOWN_AT_ONCE = 100
_TICK_SECONDS = 0.3
_NAME_MAX = 80
_NOTHING = FileLook("", (), {}, "", "")
_NOUNS = {
    ImportKind.CUSTOMERS: ("customer", "customers"),
    ImportKind.INVOICES: ("invoice", "invoices"),
    ImportKind.PAYMENTS: ("payment", "payments"),
    ImportKind.PRODUCTS: ("product", "products"),
    ImportKind.EVENTS: ("event", "events"),
}


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """One thing an import can know, and the column of the file that says it."""

    key: str
    label: str
    place: str
    is_needed: bool


@dataclass(frozen=True, slots=True)
class ShownFate:
    """One row of the file and what becomes of it, in words."""

    line: int
    name: str
    fate: str
    sentence: str


class ImportState(SettingsState, rx.State):
    """One file, how it is read, and what becomes of its rows.

    Attributes:
        file_name: empty while no file is chosen.
        columns: ours, each with the place of its column in the file, as text.
        head: the columns of the file as (place, name), nothing first.
        fates_href: all of these fates as a file.
        summary: what would become of the file; empty while that is not known.
        lacking: what it would come in without, for good.
        problem: why the file can't be read as it is.
        can_import: every row can be imported and one of them is new.
        done, whole: how far an import is; whole is 0 while none runs.
        outcome: what the last import did; left_out what a draft of it lacks.
        stopped: the key of a file whose import ended with the server.
        waiting: after events, whose wait to be billed: words, and where they stand.
    """

    file_name: str = ""
    kind: str = ""
    columns: list[ColumnChoice] = []  # noqa: RUF012  (Reflex copies the default)
    head: list[tuple[str, str]] = []  # noqa: RUF012
    decimal_mark: str = ""
    date_order: str = ""
    summary: str = ""
    lacking: str = ""
    problem: str = ""
    can_import: bool = False
    button: str = ""
    fates: list[ShownFate] = []  # noqa: RUF012
    only_refused: bool = False
    hidden_count: int = 0
    fates_href: str = ""
    is_checking: bool = False
    done: int = 0
    whole: int = 0
    outcome: str = ""
    stopped: str = ""
    next_page: str = ""
    left_out: list[str] = []  # noqa: RUF012
    waiting: list[tuple[str, str]] = []  # noqa: RUF012

    _key: str = ""
    _look: FileLook = _NOTHING
    _export: ExportLook | None = None
    _fates: tuple[Fate, ...] = ()
    _shown_max: int = _SHOWN_AT_ONCE

    @staff_door
    async def open(self) -> None:
        # Who may not import is turned away here.
        await self._run(read_import_rules)
        self.version, self.errors = 1, {}
        if not self.whole:
            self._clear()
            self.outcome, self.left_out, self.waiting = "", [], []
            self.stopped = await self._run_workflow(find_stopped)

    @staff_watch
    async def take_file(self, key: str, name: str) -> None:
        """Look into a file that has just been sent."""
        async with self:
            if self.whole:
                return
            self._clear()
            self.outcome, self.left_out, self.waiting = "", [], []
            self.stopped = ""
            self._key = key
            self.file_name = name[:_NAME_MAX] or "File"
        if await self._run_workflow(is_export, key):
            await self._look_at_export()
        elif await self._run_workflow(is_e_invoice, key):
            await self._make_draft()
        else:
            await self._look_and_check("")

    @staff_door
    async def refuse_file(self, problem: str) -> None:
        self.errors = {"file": problem[:500]}

    @staff_watch
    async def choose_kind(self, kind: str) -> None:
        if kind in set(ImportKind):
            await self._look_and_check(kind)

    @staff_watch
    async def choose_column(self, key: str, place: str) -> None:
        async with self:
            columns = {k: v for k, v in self._look.columns.items() if k != key}
            if place.isascii() and place.isdigit() and len(place) < 4:
                columns[key] = int(place)
            self._look = replace(self._look, columns=columns)
        await self._check()

    @staff_watch
    async def choose_numbers(self, mark: str) -> None:
        async with self:
            self._look = replace(
                self._look, decimal_mark=mark if mark in (".", ",") else ""
            )
        await self._check()

    @staff_watch
    async def choose_dates(self, order: str) -> None:
        async with self:
            self._look = replace(self._look, date_order=order)
        await self._check()

    @staff_door
    async def show_refused(self, chosen: bool) -> None:
        self.only_refused, self._shown_max = chosen, _SHOWN_AT_ONCE
        self._show_fates()

    @staff_door
    async def show_more(self) -> None:
        self._shown_max += _SHOWN_AT_ONCE
        self._show_fates()

    @staff_door
    async def leave(self) -> None:
        """Forget the file that was chosen."""
        if self.whole or not self._key:
            return
        await self._run_workflow(forget_file, self._key)
        self._clear()

    @staff_watch
    async def start(self) -> None:
        """Import the file, and show how far it is."""
        async with self:
            if self.whole or not self.can_import:
                return
            key, look = self._key, self._look
            self.done, self.whole = 0, len(self._fates)
            if self._export is not None:
                self.whole = self._export.rows
        if self._export is not None:
            await self._read_export(key, self._export)
            return
        heard: list[Fate] = []
        work = asyncio.ensure_future(
            self._run_workflow(import_file, key, look, heard.append)
        )
        while not work.done():
            await asyncio.wait({work}, timeout=_TICK_SECONDS)
            async with self:
                self.done = len(heard)
        try:
            report = work.result()
        except BillingError:
            async with self:
                self.whole = 0
            await self._check()
            raise
        async with self:
            self._tell_outcome(report)
            if ImportKind(look.kind) is ImportKind.EVENTS:
                found = await self._run(list_waiting)
                self.waiting = [_place_of(it) for it in found]

    async def _refuse(self, refusal: BillingError) -> None:
        async with self:
            self._clear()
            self.errors = {"file": refusal.message}

    async def _look_at_export(self) -> None:
        try:
            look = await self._run_workflow(look_at_export_file, self._key)
        except BillingError as refusal:
            await self._refuse(refusal)
            return
        async with self:
            self._export = look
            self.summary = (
                f"All of {look.name}, exported on {look.made_at}: "
                f"{look.customers:,} customers, {look.invoices:,} invoices, "
                f"{look.payments:,} payments and {look.documents:,} documents. This "
                "workspace takes its name, settings and taxes."
            )
            self.button, self.can_import = "Read it in", True

    async def _read_export(self, key: str, look: ExportLook) -> None:
        heard = 0

        def hear(done: int, whole: int) -> None:
            nonlocal heard
            heard = done

        work = asyncio.ensure_future(self._run_workflow(read_export_file, key, hear))
        while not work.done():
            await asyncio.wait({work}, timeout=_TICK_SECONDS)
            async with self:
                self.done = heard
        try:
            work.result()
        except BillingError as refusal:
            await self._refuse(refusal)
            return
        async with self:
            self._clear()
            self.outcome = f"{look.name} is here, with {look.invoices:,} invoices."
            self.next_page = "/dashboard"

    async def _make_draft(self) -> None:
        try:
            made = await self._run_workflow(draft_of_file, self._key)
        except InvalidInput as refusal:
            await self._refuse(refusal)
            return
        async with self:
            self._clear()
            self.outcome = made.sentence
            self.left_out = list(made.left_out)
            self.next_page = invoice_address(made.invoice_id, is_draft=True)

    async def _look_and_check(self, kind: str) -> None:
        try:
            look = await self._run_workflow(look_at, self._key, kind)
        except InvalidInput as refusal:
            await self._refuse(refusal)
            return
        async with self:
            self._look = look
        await self._check()

    async def _check(self) -> None:
        """Show what would become of the file as it is read now."""
        if not self._key:
            raise InvalidInput("Choose a file first.")
        async with self:
            self._show_look()
            self.is_checking, self.errors = True, {}
            self.summary, self.problem, self.can_import = "", "", False
            self.lacking = ""
            self.fates_href = ""
            self.fates, self._fates = [], ()
            key, look = self._key, self._look
        heard: list[Fate] = []
        try:
            again = await self._run_workflow(look_again, key, look)
            async with self:
                if self._look != look:
                    # Something else was chosen meanwhile, which is checked by itself.
                    return
                self._look = look = again
                self._show_look()
            report = await self._run_workflow(check_file, key, look, heard.append)
            await self._run_workflow(keep_fates, key, heard)
        except InvalidInput as refusal:
            async with self:
                self.problem = refusal.message
            return
        finally:
            async with self:
                self.is_checking = False
        async with self:
            if self._look != look:
                return
            self._fates = tuple(heard)
            self.fates_href = f"/api/import/{key}/fates.csv"
            self.only_refused = bool(report.refused)
            self._shown_max = _SHOWN_AT_ONCE
            self._show_fates()
            self._show_report(report)

    def _show_look(self) -> None:
        look = self._look
        self.kind = look.kind
        self.decimal_mark, self.date_order = look.decimal_mark, look.date_order
        self.head = [
            ("", "Not in the file"),
            *(
                (str(i), name[:60] or f"Column {i + 1}")
                for i, name in enumerate(look.head)
            ),
        ]
        self.columns = [
            ColumnChoice(
                column.key,
                column.label,
                str(look.columns.get(column.key, "")),
                column.needs,
            )
            for column in COLUMNS[ImportKind(look.kind)]
        ]

    def _show_fates(self) -> None:
        wanted = [
            fate
            for fate in self._fates
            if not self.only_refused or fate.kind is FateKind.REFUSED
        ]
        self.hidden_count = max(0, len(wanted) - self._shown_max)
        self.fates = [
            ShownFate(fate.line, fate.name, FATE_WORDS[fate.kind], fate.said)
            for fate in wanted[: self._shown_max]
        ]

    def _show_report(self, report: ImportReport) -> None:
        kind = ImportKind(self._look.kind)
        self.summary, self.lacking = _summary(report, kind), report.lacking
        self.can_import = bool(report.new) and not report.refused
        self.button = f"Import {_counted(report.new, kind)}"

    def _tell_outcome(self, report: ImportReport) -> None:
        kind = ImportKind(self._look.kind)
        self._clear()
        verb = "is" if report.new == 1 else "are"
        self.outcome = f"{_counted(report.new, kind)} {verb} imported."
        self.outcome = " ".join((self.outcome, *report.notes))
        self.next_page = _NEXT_PAGES[kind]

    def _clear(self) -> None:
        self.file_name = self.kind = self._key = self.summary = self.problem = ""
        self.lacking = ""
        self.fates_href = ""
        self._look, self._fates, self._export = _NOTHING, (), None
        self.columns, self.head, self.fates = [], [], []
        self.can_import = self.is_checking = False
        self.done = self.whole = self.hidden_count = 0
        self.errors = {}


_NEXT_PAGES = {
    ImportKind.CUSTOMERS: "/customers",
    ImportKind.INVOICES: "/invoices",
    ImportKind.PAYMENTS: "/accounting/payments",
    ImportKind.PRODUCTS: "/settings/products",
    ImportKind.EVENTS: "/customers",
}


def _place_of(it: WaitingCustomer) -> tuple[str, str]:
    return f"{it.name} ({it.count:,})", f"/customers/{it.id}/events"


def _counted(count: int, kind: ImportKind) -> str:
    one, many = _NOUNS[kind]
    return f"{count:,} {one if count == 1 else many}"


def _summary(report: ImportReport, kind: ImportKind) -> str:
    """Say what becomes of a whole file, in a few sentences."""
    if not report.count:
        return "The file names its columns, and nothing stands below them."
    parts = [f"{_counted(report.new, kind)} to add"]
    if report.new_customers and kind is ImportKind.INVOICES:
        parts.append(
            f"with {_counted(report.new_customers, ImportKind.CUSTOMERS)} more"
        )
    if report.known:
        parts.append(f"{report.known:,} here already")
    if report.left_out:
        parts.append(f"{report.left_out:,} left out")
    said = f"{', '.join(parts)}."
    if report.number_next:
        said += f" Your own invoices go on with number {report.number_next:,}."
    said = " ".join(filter(None, (said, *report.notes, report.column_words)))
    if report.refused:
        said += (
            f" {report.refused:,} can't be imported. Correct the file and choose it "
            "again: it comes in as a whole or not at all."
        )
    return said


def is_refused(fate: Any) -> Any:
    return fate.fate == FATE_WORDS[FateKind.REFUSED]
