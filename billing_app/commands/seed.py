"""tallyport seed: fill a workspace with believable customers and invoices."""

from __future__ import annotations

import argparse
import os
import time
from decimal import Decimal
from pathlib import Path

from billing_app.commands.migrate import migrate
from billing_app.runtime import open_runtime
from billing_app.services.workspaces import NO_TAX, NewTax
from billing_app.settings import load_settings
from billing_app.workflows.audit_trail import seal_all
from billing_app.workflows.first_workspace import open_workspace
from billing_app.workflows.seed import seed

WORKSPACE = "Seeded"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--invoices", type=_count, default=1_000, metavar="N")
    parser.add_argument("--customers", type=_count, default=100, metavar="M")
    parser.add_argument("--workspace", default="", help="slug; the first by default")
    parser.add_argument("--data", type=Path, help="data folder; sets DATA_DIR")
    parser.add_argument(
        "--start", type=int, default=1, help="number that decides what is drawn"
    )


def run(arguments: argparse.Namespace) -> int:
    if arguments.data:
        os.environ["DATA_DIR"] = str(arguments.data.resolve())
    settings = load_settings()
    migrate(settings)
    runtime = open_runtime(settings)
    opened = open_workspace(
        runtime,
        "seed",
        name=WORKSPACE,
        currency="EUR",
        slug=arguments.workspace,
        taxes=(NewTax("VAT", Decimal(21)), NO_TAX),
    )
    print(opened.sentence, flush=True)

    started = time.monotonic()
    seed(
        runtime,
        opened.actor,
        customers=arguments.customers,
        invoices=arguments.invoices,
        start=arguments.start,
        tell=_tell,
    )
    seal_all(runtime)
    runtime.engine.dispose()
    seconds = time.monotonic() - started
    print(
        f"Added {arguments.customers:,} customers and {arguments.invoices:,} "
        f"invoices in {seconds:,.0f} s."
    )
    return 0


def _tell(what: str, done: int, whole: int) -> None:
    print(f"{done:,} of {whole:,} {what}", flush=True)


def _count(text: str) -> int:
    """Read a whole number of at least one."""
    if not (text.isascii() and text.isdigit() and int(text[:12]) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above zero")
    return int(text)
