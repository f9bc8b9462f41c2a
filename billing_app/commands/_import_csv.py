"""The part of tallyport import that reads CSV files and e-invoices."""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path

from billing_app.commands.migrate import migrate
from billing_app.domain.errors import InvalidInput
from billing_app.domain.import_columns import COLUMNS, ImportKind
from billing_app.domain.import_plan import Fate, FateKind, write_fates
from billing_app.domain.import_table import ENCODING_WORDS, DateOrder, Notation
from billing_app.queries.imports import read_import_rules
from billing_app.runtime import Runtime, open_runtime
from billing_app.services.imports import draft_from_e_invoice
from billing_app.settings import load_settings
from billing_app.workflows.audit_trail import seal_all
from billing_app.workflows.first_workspace import open_workspace
from billing_app.workflows.import_e_invoice import looks_like_e_invoice, read_file
from billing_app.workflows.import_tables import (
    Choices,
    ImportReport,
    TableFile,
    check_table,
    find_choices,
    import_table,
    open_table,
)

JOB = "import"
WORKSPACE = "Imported"
# Of a new workspace; each row may name its own.
_CURRENCY = "EUR"
_STEP = 1_000
# Of a PDF with an e-invoice in it; XML has a smaller limit.
_E_INVOICE_MAX = 100_000_000
_SHOWN_MAX = 50
_MARKS = {"point": ".", "comma": ","}
_SWITCHES = (
    "Say so with --numbers point or --numbers comma, and --dates "
    f"{' or --dates '.join(DateOrder)}."
)
_NOUNS = {
    ImportKind.CUSTOMERS: "customer",
    ImportKind.INVOICES: "invoice",
    ImportKind.PAYMENTS: "payment",
    ImportKind.PRODUCTS: "product",
    ImportKind.EVENTS: "event",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    csv = parser.add_argument_group("CSV files")
    csv.add_argument("--kind", choices=[*ImportKind], help="what the file is about")
    csv.add_argument("--numbers", choices=[*_MARKS], help="what is before decimals")
    csv.add_argument("--fates", type=Path, help="CSV file to write each row's fate to")
    csv.add_argument("--dates", choices=[*DateOrder], help="order of a day's parts")


def choose_folder(data: Path | None) -> None:
    """Let --data stand in for DATA_DIR."""
    if data:
        os.environ["DATA_DIR"] = str(data.resolve())


def open_here(data: Path | None) -> Runtime:
    """Open what the settings name, its tables brought up to date."""
    choose_folder(data)
    settings = load_settings()
    migrate(settings)
    return open_runtime(settings)


def run(arguments: argparse.Namespace) -> int:
    """Import a CSV file, or with --dry-run say what would become of it."""
    if arguments.json or arguments.again:
        raise InvalidInput("--json and --again are for JSON files.")
    try:
        with arguments.file.open("rb") as file:
            is_e_invoice = looks_like_e_invoice(file.read(64))
    except OSError as error:
        reason = error.strerror
        raise InvalidInput(f"{arguments.file} can't be read: {reason}.") from error
    if is_e_invoice:
        return _make_draft(arguments)
    table = open_table(arguments.file)
    choices = _choices(arguments, table)
    _tell_columns(table, choices, has_all=arguments.dry_run)

    runtime = open_here(arguments.data)
    opened = open_workspace(
        runtime, JOB, name=WORKSPACE, currency=_CURRENCY, slug=arguments.workspace
    )
    print(opened.sentence)
    lacking = runtime.run(opened.actor, read_import_rules).lacking
    if lacking and choices.kind is ImportKind.INVOICES:
        print(lacking, flush=True)
    teller = _Teller(is_trial=arguments.dry_run, keeps=bool(arguments.fates))
    work = check_table if arguments.dry_run else import_table
    try:
        report = work(runtime, opened.actor, table, choices, teller.hear)
    except InvalidInput as refusal:
        if refusal.field != "notation":
            raise
        raise InvalidInput(f"{refusal.message} {_SWITCHES}") from None
    seal_all(runtime)
    runtime.engine.dispose()
    if arguments.fates:
        arguments.fates.write_text(
            "".join(write_fates(teller.fates)), "utf-8", newline=""
        )
    _tell(report, choices.kind, is_trial=arguments.dry_run)
    return 1 if report.refused else 0


def _make_draft(arguments: argparse.Namespace) -> int:
    if arguments.dry_run:
        raise InvalidInput("An e-invoice becomes a draft, which needs no dry run.")
    if arguments.file.stat().st_size > _E_INVOICE_MAX:
        raise InvalidInput(f"No e-invoice has over {_E_INVOICE_MAX // 10**6} MB.")
    content = arguments.file.read_bytes()
    # A refusal leaves no workspace behind that nobody asked for.
    read = read_file(content)
    runtime = open_here(arguments.data)
    opened = open_workspace(
        runtime, JOB, name=WORKSPACE, currency=_CURRENCY, slug=arguments.workspace
    )
    print(opened.sentence)
    made = runtime.run(opened.actor, draft_from_e_invoice, read)
    seal_all(runtime)
    runtime.engine.dispose()
    print(made.sentence)
    for sentence in made.left_out:
        print(f"  Not in it: {sentence}")
    return 0


def _choices(arguments: argparse.Namespace, table: TableFile) -> Choices:
    kind = ImportKind(arguments.kind) if arguments.kind else None
    found = find_choices(table, kind)
    notation = Notation(
        _MARKS.get(arguments.numbers or "") or found.notation.decimal_mark,
        arguments.dates or found.notation.date_order,
    )
    return replace(found, notation=notation)


def _tell_columns(table: TableFile, choices: Choices, *, has_all: bool) -> None:
    print(f"Read as {choices.kind}, {ENCODING_WORDS[table.encoding]}.")
    if not has_all:
        return
    labels = {column.key: column.label for column in COLUMNS[choices.kind]}
    for key, place in sorted(choices.columns.items(), key=lambda it: it[1]):
        print(f"  {table.head[place][:40]} -> {labels[key]}")


class _Teller:
    """Prints what is refused or noted in a dry run, and how far an import is."""

    def __init__(self, *, is_trial: bool, keeps: bool) -> None:
        self._is_trial = is_trial
        self._heard = self._refused = self._noted = 0
        self._keeps = keeps
        self.fates: list[Fate] = []

    def hear(self, fate: Fate) -> None:
        self._heard += 1
        if self._keeps:
            self.fates.append(fate)
        if fate.kind is FateKind.REFUSED:
            self._refused += 1
            if self._refused <= _SHOWN_MAX:
                print(f"Line {fate.line}, {fate.name}: {fate.sentence}")
        elif fate.note and self._is_trial:
            self._noted += 1
            if self._noted <= _SHOWN_MAX:
                print(f"Line {fate.line}, {fate.name}: {fate.note}")
        if not self._is_trial and self._heard % _STEP == 0:
            print(f"{self._heard:,} …", flush=True)


def _tell(report: ImportReport, kind: ImportKind, *, is_trial: bool) -> None:
    print(f"{'Would add' if is_trial else 'Added'} {_count(report.new, kind)}.")
    if report.new_customers and kind is ImportKind.INVOICES:
        print(f"With {_count(report.new_customers, ImportKind.CUSTOMERS)} more.")
    for note in report.notes:
        print(note)
    if report.known:
        print(f"Here already: {_count(report.known, kind)}.")
    if report.left_out:
        print(f"Left out: {_count(report.left_out, kind)}.")
    if report.refused:
        print(f"Refused: {_count(report.refused, kind)}; nothing can be imported.")
    if report.number_next:
        print(f"Your own invoices go on with number {report.number_next:,}.")
    if report.column_words:
        print(report.column_words)


def _count(count: int, kind: ImportKind) -> str:
    return f"{count:,} {_NOUNS[kind]}{'' if count == 1 else 's'}"
