"""Figures of the staff list: every sort and filter, at two sizes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta

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
    counting = best_ms(lambda: ground.runtime.run(ground.owner, count_by_status), 4)
    yield Measured(f"its counts by status, {size}", counting, "ms", target=20)


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
