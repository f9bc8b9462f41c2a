"""Figures of the first PDF of an invoice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sqlmodel import col, select

from bench.figure import Measured, NotMeasured, Row, median_ms
from bench.ground import Ground
from bench.references import bare_table
from billing_app.documents.pdf import PdfEngineMissing, PdfRenderer
from billing_app.documents.render import render_print
from billing_app.domain.document import (
    InvoiceDocument,
    content_digest,
    from_json,
    to_json,
)
from billing_app.models import IssuedDocument


def first_pdf(ground: Ground) -> Iterator[Row]:
    """Print invoices that were never printed, with a worker that runs already."""
    renderer = PdfRenderer()
    with ground.runtime.reading(ground.system) as uow:
        stored = uow.one(
            select(IssuedDocument.content)
            .where(col(IssuedDocument.kind) == "invoice")
            .order_by(col(IssuedDocument.id).desc())
            .limit(1)
        )
    document = from_json(InvoiceDocument, stored)
    try:
        yield _print(ground, renderer, document, lines=10, times=7, target=110)
        yield _print(ground, renderer, document, lines=500, times=2, target=2_000)
    except PdfEngineMissing as missing:
        yield NotMeasured("first PDF", missing.message)
    finally:
        renderer.close()


def _print(
    ground: Ground,
    renderer: PdfRenderer,
    document: InvoiceDocument,
    *,
    lines: int,
    times: int,
    target: float,
) -> Measured:
    repeated = document.lines * (lines // len(document.lines) + 1)
    long = replace(document, lines=repeated[:lines])
    digest = content_digest(to_json(long))

    def render() -> None:
        html = render_print(long, None, ground.runtime.now())
        renderer.render(html, digest)

    milliseconds = median_ms(render, times, warm_up=1)
    return Measured(
        f"first PDF, {lines} lines",
        milliseconds,
        "ms",
        target=target,
        reference=bare_table(lines),
    )
