"""tallyport import: bring in a file of another program, all of it or nothing."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from billing_app.commands import _import_csv as import_csv
from billing_app.commands import _import_export as import_export
from billing_app.commands._import_csv import JOB, WORKSPACE, open_here
from billing_app.domain.errors import InvalidInput
from billing_app.domain.import_cases import import_file
from billing_app.domain.money import Money
from billing_app.workflows.audit_trail import seal_all
from billing_app.workflows.first_workspace import open_workspace
from billing_app.workflows.import_invoices import (
    ImportedInvoice,
    PreparedCase,
    import_invoices,
    prepare_cases,
    try_cases,
)
from billing_app.workflows.workspace_import import looks_like_zip

# How many invoices are issued between two lines of progress.
_STEP = 500


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file",
        type=Path,
        help="CSV, e-invoice, JSON with cases, or an export: docs/import.md",
    )
    parser.add_argument("--data", type=Path, help="data folder; sets DATA_DIR")
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    parser.add_argument("--workspace", default="", help="slug; the first by default")
    parser.add_argument(
        "--dry-run", action="store_true", help="compute and compare, issue nothing"
    )
    parser.add_argument(
        "--again", action="store_true", help="issue once more what is here already"
    )

    import_csv.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    if looks_like_zip(read_head(arguments.file)):
        return import_export.run(arguments)
    if arguments.file.suffix.lower() != ".json":
        return import_csv.run(arguments)
    prepared = prepare_cases(import_file(read_json(arguments.file)))
    if not prepared:
        print("The file has no cases; nothing was imported.")
        return 0
    if arguments.json:
        check_writable(arguments.json)
    imported = try_cases(prepared) if arguments.dry_run else _issue(arguments, prepared)
    if arguments.json:
        write_figures(arguments.json, imported)
    return report(imported)


def _issue(
    arguments: argparse.Namespace, prepared: Sequence[PreparedCase]
) -> tuple[ImportedInvoice, ...]:
    runtime = open_here(arguments.data)
    currency = prepared[0].ready.terms.currency
    opened = open_workspace(
        runtime, JOB, name=WORKSPACE, currency=currency, slug=arguments.workspace
    )
    print(opened.sentence)
    imported = import_invoices(
        runtime,
        opened.actor,
        prepared,
        again=arguments.again,
        tell=lambda count: _tell(count, len(prepared)),
    )
    seal_all(runtime)
    runtime.engine.dispose()
    return imported


def read_head(path: Path) -> bytes:
    """Return how a file begins.

    Raises:
        InvalidInput: it can't be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(64)
    except OSError as error:
        raise InvalidInput(f"{path} can't be read: {error.strerror}.") from error


def read_json(path: Path) -> object:
    """Parse a file.

    Raises:
        InvalidInput: it is not there, or not JSON; says where.
    """
    try:
        return json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InvalidInput(f"{path} can't be read: {error.strerror}.") from error
    except json.JSONDecodeError as error:
        raise InvalidInput(
            f"{path} is not JSON: {error.msg} at line {error.lineno}, "
            f"column {error.colno}."
        ) from error
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{path} is not JSON in UTF-8.") from error


def check_writable(path: Path) -> None:
    """Refuse before anything is imported what could not be reported after it."""
    try:
        path.open("a").close()
    except OSError as error:
        raise InvalidInput(f"{path} can't be written: {error.strerror}.") from error


def write_figures(path: Path, imported: Sequence[ImportedInvoice]) -> None:
    rows = [
        {
            "id": one.case_id,
            "number": one.number,
            "line_sum": _plain(one.line_sum),
            "net_total": _plain(one.net_total),
            "tax_total": _plain(one.tax_total),
            "total": _plain(one.total),
            "due": _plain(one.due),
        }
        for one in imported
    ]
    text = json.dumps({"invoices": rows}, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", "utf-8")


def report(imported: Sequence[ImportedInvoice]) -> int:
    """Print what was issued and what differs from print; return the exit code."""
    is_trial = not any(one.number for one in imported)
    print(f"{'Would issue' if is_trial else 'Issued'} {_count(_new(imported))}.")
    known = [one for one in imported if not one.is_new]
    if known:
        numbers = " to ".join(dict.fromkeys((known[0].number, known[-1].number)))
        print(
            f"Here already and as before: {_count(known)} ({numbers}). "
            "--again issues them once more."
        )
    differing = [one for one in imported if one.differences]
    for one in differing:
        named = f"{one.case_id} ({one.number})" if one.number else one.case_id
        for difference in one.differences:
            print(f"{named} differs in {difference}")
    if differing:
        print(f"{_count(differing)} came to other figures than printed.")
    admitted = [one for one in differing if one.admits_differences]
    if admitted:
        print(
            f"Of these the file itself says for {len(admitted):,} that the printed "
            'figures do not follow ("exact": false).'
        )
    return 1 if differing else 0


def _new(imported: Sequence[ImportedInvoice]) -> list[ImportedInvoice]:
    return [one for one in imported if one.is_new]


def _tell(count: int, whole: int) -> None:
    if count % _STEP == 0:
        print(f"{count:,} of {whole:,} …", flush=True)


def _count(some: Sequence[ImportedInvoice]) -> str:
    return f"{len(some):,} invoice{'' if len(some) == 1 else 's'}"


def _plain(amount: Money) -> str:
    return format(amount.decimal, "f")
