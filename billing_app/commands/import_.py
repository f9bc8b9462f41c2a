"""tallyport import: issue the invoices of a JSON file, all or none."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path

from billing_app.commands.migrate import migrate
from billing_app.domain.errors import InvalidInput
from billing_app.domain.import_cases import import_file
from billing_app.domain.money import Money
from billing_app.runtime import open_runtime
from billing_app.settings import load_settings
from billing_app.workflows.first_workspace import open_workspace
from billing_app.workflows.import_invoices import (
    ImportedInvoice,
    import_invoices,
    prepare_cases,
)

JOB = "import"
WORKSPACE = "Imported"
# How many invoices are issued between two lines of progress.
_STEP = 500


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help='JSON: {"cases": [...]}')
    parser.add_argument("--data", type=Path, help="data folder; sets DATA_DIR")
    parser.add_argument("--json", type=Path, help="file to write the figures to")


def run(arguments: argparse.Namespace) -> int:
    prepared = prepare_cases(import_file(read_json(arguments.file)))
    if not prepared:
        print("The file has no cases; nothing was imported.")
        return 0
    if arguments.json:
        check_writable(arguments.json)
    if arguments.data:
        os.environ["DATA_DIR"] = str(arguments.data.resolve())
    settings = load_settings()
    migrate(settings)
    runtime = open_runtime(settings)

    currency = prepared[0].ready.terms.currency
    opened = open_workspace(runtime, JOB, name=WORKSPACE, currency=currency)
    print(opened.sentence)
    imported = import_invoices(
        runtime, opened.actor, prepared, lambda count: _tell(count, len(prepared))
    )
    runtime.engine.dispose()
    if arguments.json:
        write_figures(arguments.json, imported)
    return report(imported)


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
    print(f"Issued {len(imported):,} {_plural(len(imported))}.")
    differing = [one for one in imported if one.differences]
    for one in differing:
        for difference in one.differences:
            print(f"{one.case_id} ({one.number}) differs in {difference}")
    if differing:
        count = len(differing)
        print(f"{count:,} {_plural(count)} came to other figures than printed.")
    return 1 if differing else 0


def _tell(count: int, whole: int) -> None:
    if count % _STEP == 0:
        print(f"{count:,} of {whole:,} …", flush=True)


def _plural(count: int) -> str:
    return "invoice" if count == 1 else "invoices"


def _plain(amount: Money) -> str:
    return format(amount.decimal, "f")
