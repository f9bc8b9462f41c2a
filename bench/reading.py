"""Figures of the staff list: every sort and filter, at two sizes."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import event, func
from sqlmodel import col, select

from bench.figure import Measured, Reference, Row, best_ms
from bench.ground import Ground
from billing_app.domain.invoice import InvoiceStatus
from billing_app.models import Invoice
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
    """Time the first page of every status and filter under every sort, and searches."""
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
    yield Measured(
        f"its counts by status, {size}", counting, "ms", target=20, reference=commit
    )


def _costly_plans(ground: Ground) -> set[str]:
    """Return steps of the plans, for every sort and filter, that grow with the table.

    A search for text inside a field has to read; it is timed, not planned.
    """
    # Making them up asks the database, too.
    questions = list(_questions(ground))
    asked: list[tuple[str, Any]] = []

    def listen(_c: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        asked.append((statement, values))

    engine = ground.runtime.engine
    event.listen(engine, "before_cursor_execute", listen)
    try:
        for typed in questions:
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
    """Yield every status and every filter under every sort, and searches."""
    statuses = [{"status": slug(status)} for status in InvoiceStatus]
    for asked in ({}, *statuses, *_filters(ground)):
        for sort, sign in itertools.product(InvoiceSort, ("", "-")):
            yield {**asked, "sort": f"{sign}{sort}"}
    for text in ("INV-0", "Amber", "PO-1", "zzz"):
        yield {"q": text}
        yield {"q": text, "sort": "-total", **_lately(ground, "issued")}


def _filters(ground: Ground) -> Iterator[dict[str, str]]:
    yield {"archived": "1"}
    yield {"disputed": "1"}
    yield {"customer": str(_busiest_customer(ground))}
    yield _lately(ground, "issued")
    yield _lately(ground, "due")
    yield {"status": "paid", **_lately(ground, "due")}


def _lately(ground: Ground, name: str) -> dict[str, str]:
    today = ground.runtime.now().date()
    return {name: f"{today - timedelta(days=90)}..{today}"}


def _busiest_customer(ground: Ground) -> int:
    """Return the customer with the most invoices: the most to gather and sort."""
    count = func.count().desc()
    by_customer = col(Invoice.customer_id)
    with ground.runtime.reading(ground.system) as uow:
        found = uow.first(select(by_customer).group_by(by_customer).order_by(count))
    assert found is not None
    return found
