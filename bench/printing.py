"""Figures of the first PDF of an invoice, and of the XML inside it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from sqlmodel import col, select

from bench.figure import Measured, NotMeasured, Reference, Row, median_ms
from bench.ground import Ground
from bench.references import bare_table
from billing_app.documents.e_invoice import write_cii
from billing_app.documents.pdf import PdfEngineMissing, PdfRenderer, count_cores
from billing_app.documents.render import render_print
from billing_app.domain.document import (
    InvoiceDocument,
    content_digest,
    from_json,
    to_json,
)
from billing_app.models import IssuedDocument

BATCH = 1_000


def first_pdf(ground: Ground) -> Iterator[Row]:
    """Print invoices that were never printed, with a worker that runs already."""
    renderer = PdfRenderer()
    document = _seeded(ground)
    try:
        yield _print(ground, renderer, document, lines=10, times=7, target=110)
        yield _print(ground, renderer, document, lines=500, times=2, target=2_000)
        suited = _as_e_invoice(document)
        yield _write_xml(suited, lines=10, target=5)
        yield _print_factur_x(ground, renderer, suited, lines=10, times=7, target=130)
        yield _print_factur_x(
            ground, renderer, suited, lines=500, times=2, target=2_500
        )
    except PdfEngineMissing as missing:
        yield NotMeasured("first PDF", missing.message)
    finally:
        renderer.close()


def _seeded(ground: Ground) -> InvoiceDocument:
    with ground.runtime.reading(ground.system) as uow:
        stored = uow.one(
            select(IssuedDocument.content)
            .where(col(IssuedDocument.kind) == "invoice")
            # One of the seed; what other sections bill has no tax.
            .order_by(col(IssuedDocument.id))
            .limit(1)
        )
    return from_json(InvoiceDocument, stored)


def batch(ground: Ground) -> Iterator[Row]:
    """Print a thousand invoices of ten lines at once, on every core."""
    renderer = PdfRenderer(process_count=count_cores())
    document = _with_lines(_seeded(ground), 10)
    digest = content_digest(to_json(document))

    def render(_: int) -> None:
        html = render_print(document, None, ground.runtime.now())
        renderer.render(html, digest)

    try:
        with ThreadPoolExecutor(renderer.process_count) as threads:
            # Each process starts with its first document, which is not measured.
            list(threads.map(render, range(renderer.process_count)))
            started = time.perf_counter()
            list(threads.map(render, range(BATCH)))
            seconds = time.perf_counter() - started
    except PdfEngineMissing as missing:
        yield NotMeasured("batch of PDFs", missing.message)
        return
    finally:
        renderer.close()
    note = f"On {renderer.process_count} cores: {BATCH / seconds:.1f} a second."
    alone = bare_table(10)
    yield Measured(
        f"a batch of {BATCH:,} PDFs, 10 lines",
        seconds,
        "s",
        reference=Reference(f"{alone.name}, each alone", alone.value * BATCH / 1000),
        note=note,
    )


def _print(
    ground: Ground,
    renderer: PdfRenderer,
    document: InvoiceDocument,
    *,
    lines: int,
    times: int,
    target: float,
) -> Measured:
    long = _with_lines(document, lines)
    milliseconds = _time_print(ground, renderer, long, times, lambda: b"")
    return Measured(
        f"first PDF, {lines} lines",
        milliseconds,
        "ms",
        target=target,
        reference=bare_table(lines),
    )


def _print_factur_x(
    ground: Ground,
    renderer: PdfRenderer,
    document: InvoiceDocument,
    *,
    lines: int,
    times: int,
    target: float,
) -> Measured:
    """Print what people read with what machines read inside, written anew."""
    long = _with_lines(document, lines)
    milliseconds = _time_print(ground, renderer, long, times, lambda: write_cii(long))
    return Measured(
        f"Factur-X PDF, {lines} lines",
        milliseconds,
        "ms",
        target=target,
        reference=bare_table(lines),
    )


def _time_print(
    ground: Ground,
    renderer: PdfRenderer,
    document: InvoiceDocument,
    times: int,
    write_xml: Callable[[], bytes],
) -> float:
    """Return the milliseconds of one print, with the XML that goes inside."""
    digest = content_digest(to_json(document))

    def render() -> None:
        html = render_print(document, None, ground.runtime.now())
        renderer.render(html, digest, write_xml())

    return median_ms(render, times, warm_up=1)


def _write_xml(document: InvoiceDocument, *, lines: int, target: float) -> Measured:
    long = _with_lines(document, lines)
    milliseconds = median_ms(lambda: write_cii(long), 50)
    return Measured(
        f"XML, {lines} lines",
        milliseconds,
        "ms",
        target=target,
        reference=bare_table(lines),
    )


def _with_lines(document: InvoiceDocument, lines: int) -> InvoiceDocument:
    repeated = document.lines * (lines // len(document.lines) + 1)
    return replace(document, lines=repeated[:lines])


def _as_e_invoice(document: InvoiceDocument) -> InvoiceDocument:
    """Give the seeded business what EN 16931 wants of a seller."""
    seller = replace(
        document.seller,
        address=("Hauptstr. 1", "10115 Berlin"),
        country="DE",
        vat_id="DE123456789",
    )
    return replace(document, seller=seller)
