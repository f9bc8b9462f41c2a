"""Figures of the staff list: every sort and filter, at two sizes."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import event

from bench.figure import Measured, Reference, Row, best_ms
from bench.ground import Ground
from billing_app.domain.invoice import InvoiceStatus
from billing_app.queries.invoices import (
    InvoiceSort,
    count_by_status,
    list_invoices,
    parse_invoice_filter,
    slug,
)

# Steps of SQLite's plans that read a table, whole or by an index.
_SCAN = re.compile(r"SCAN (invoice|customer|line_item|payment)\b")
_READS = re.compile(r"(SCAN|SEARCH) (invoice|customer|line_item|payment)\b")


def staff_list(ground: Ground, size: str, commit: Reference) -> Iterator[Row]:
    """Time the first page of every status under every sort, and searches."""
    slowest, name = 0.0, ""
    for typed in _questions(ground):
        wanted = parse_invoice_filter(typed)
        milliseconds = best_ms(
            lambda wanted=wanted: ground.runtime.run(
                ground.owner, list_invoices, wanted
            ),
            4,
        )
        if milliseconds > slowest:
            slowest, name = milliseconds, " ".join(f"{k}={v}" for k, v in typed.items())
    yield Measured(
        f"staff list, slowest of all, {size}",
        slowest,
        "ms",
        target=20,
        reference=commit,
        note=f"The slowest was: {name or 'no filter'}",
    )
    yield Measured(
        f"list queries that sort or scan a table, {size}",
        len(_costly_plans(ground)),
        "",
        target=0,
    )
    counting = best_ms(lambda: ground.runtime.run(ground.owner, count_by_status), 4)
    yield Measured(f"its counts by status, {size}", counting, "ms", target=20)


def _costly_plans(ground: Ground) -> set[str]:
    """Return steps of the plans, for every sort and filter, that grow with the table.

    A search for text inside a field has to read; it is timed, not planned.
    """
    asked: list[tuple[str, Any]] = []

    def listen(_c: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        asked.append((statement, values))

    engine = ground.runtime.engine
    event.listen(engine, "before_cursor_execute", listen)
    try:
        for typed in _questions(ground):
            if "q" not in typed:
                wanted = parse_invoice_filter(typed)
                ground.runtime.run(ground.owner, list_invoices, wanted)
    finally:
        event.remove(engine, "before_cursor_execute", listen)
    with engine.connect() as connection:
        plans = [
            connection.exec_driver_sql(f"explain query plan {statement}", values).all()
            for statement, values in asked
            if statement.lstrip().startswith(("SELECT", "WITH"))
        ]
    return {step for plan in plans for step in _costly_steps(plan)}


def _costly_steps(plan: Sequence[Any]) -> Iterator[str]:
    """Yield scans of a table, and sorts beside a table that is read.

    What an outer query sorts, or finds by id, is the few rows that its inner ones
    are limited to.
    """
    beside_tables = {
        parent
        for _, parent, _, step in plan
        if _READS.match(step) and "PRIMARY KEY" not in step
    }
    for _, parent, _, step in plan:
        sorts = "TEMP B-TREE" in step and parent in beside_tables
        if sorts or _SCAN.match(step):
            yield step


def _questions(ground: Ground) -> Iterator[dict[str, str]]:
    statuses = ["", *(slug(status) for status in InvoiceStatus)]
    for status, sort in itertools.product(statuses, InvoiceSort):
        for sign in ("", "-"):
            typed = {"sort": f"{sign}{sort}", "status": status}
            yield {name: value for name, value in typed.items() if value}
    today = ground.runtime.now().date()
    lately = f"{today - timedelta(days=90)}..{today}"
    for text in ("INV-0", "Amber", "PO-1", "zzz"):
        yield {"q": text}
        yield {"q": text, "sort": "-total", "issued": lately}
