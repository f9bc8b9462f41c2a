"""Lists as files: the same filters as the page, streamed row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from typing import TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from billing_app import runtime
from billing_app.domain.actors import StaffActor
from billing_app.domain.audit_chain import canonical
from billing_app.domain.custom_fields import FilledField
from billing_app.domain.errors import BillingError, NotSignedIn
from billing_app.domain.money import Money
from billing_app.domain.payment import method_name
from billing_app.domain.spreadsheet import csv_line, safe_cell
from billing_app.endpoints.refusals import status_of
from billing_app.endpoints.staff_request import staff_of
from billing_app.queries import accounting, credit_note_list, invoices
from billing_app.queries.accounting import PaymentFilter, PaymentRow
from billing_app.queries.audit_trail import export_audit_trail
from billing_app.queries.credit_note_list import CreditNoteFilter
from billing_app.queries.credit_notes import StaffCreditNote
from billing_app.queries.invoices import InvoiceFilter, InvoiceRow
from billing_app.queries.paging import PAGE_SIZE_MAX, Page, Paging
from billing_app.runtime import Runtime
from billing_app.workflows import workspace_export

Filter = TypeVar("Filter", InvoiceFilter, PaymentFilter, CreditNoteFilter)
Row = TypeVar("Row")
Typed = dict[str, str]
Export = Callable[[Runtime, StaffActor, Typed], Iterator[str]]

_CSV = "text/csv; charset=utf-8"
_JSON_LINES = "application/jsonl; charset=utf-8"

INVOICE_HEAD = (
    *("Number", "Status", "Customer", "PO number", "Job"),
    *("Issued", "Due", "Currency"),
    *(
        "Net",
        "Tax",
        "Total",
        "Paid",
        "Credited",
        "Written off",
        "Balance",
        "Sent (UTC)",
        "Viewed (UTC)",
        "Archived (UTC)",
    ),
)
# What was filled in for fields that there are no more.
OTHER_FIELDS = "Other fields"
CREDIT_NOTE_HEAD = (
    *("Number", "Issued", "Customer", "Invoice", "Reason", "Currency"),
    *("Net", "Tax", "Total", "Issued by"),
)
PAYMENT_HEAD = (
    *("Received", "Customer", "Invoices", "Method", "Reference", "Status"),
    *("Currency", "Amount", "Refunded", "Net", "Credit", "Recorded by"),
)


def export_routes() -> list[Route]:
    """Return the routes of files made from lists."""
    return [
        _route("/api/export/invoices.csv", _invoices),
        _route("/api/export/payments.csv", _payments),
        _route("/api/export/credit-notes.csv", _credit_notes),
        _route("/api/export/audit-trail.jsonl", _audit_trail, _JSON_LINES),
        Route("/api/export/workspace/{key}", _workspace, methods=["GET"]),
    ]


def _route(path: str, export: Export, media_type: str = _CSV) -> Route:
    def start(request: Request) -> Iterator[str]:
        typed = dict(request.query_params)
        return _started(export(runtime.current(), staff_of(request), typed))

    async def answer(request: Request) -> Response:
        try:
            chunks = await run_in_threadpool(start, request)
        except NotSignedIn:
            return RedirectResponse("/sign-in", 303)
        except BillingError as refusal:
            return PlainTextResponse(refusal.message, status_of(refusal))
        name = path.rpartition("/")[2]
        return StreamingResponse(
            chunks,
            media_type=media_type,
            headers={
                "content-disposition": f'attachment; filename="{name}"',
                "cache-control": "no-store",
            },
        )

    return Route(path, answer, methods=["GET"])


async def _workspace(request: Request) -> Response:
    """Send the file that this owner has made of the whole workspace."""

    def find() -> tuple[Path, str]:
        key = request.path_params["key"]
        return workspace_export.find_export(runtime.current(), staff_of(request), key)

    try:
        path, name = await run_in_threadpool(find)
    except NotSignedIn:
        return RedirectResponse("/sign-in", 303)
    except BillingError as refusal:
        return PlainTextResponse(refusal.message, status_of(refusal))
    return FileResponse(
        path,
        media_type="application/zip",
        filename=name,
        headers={"cache-control": "no-store"},
    )


def _invoices(running: Runtime, actor: StaffActor, typed: Typed) -> Iterator[str]:
    wanted = invoices.parse_invoice_filter({**typed, "after": "", "before": ""})
    own = running.run(actor, invoices.read_own_columns)
    pages = _pages(running, actor, invoices.export_invoices, wanted)
    if not (own.fields or own.are_filled):
        return _file(INVOICE_HEAD, pages, _invoice_cells)
    head = (*INVOICE_HEAD, *(safe_cell(x.name) for x in own.fields), OTHER_FIELDS)
    keys = tuple(field.key for field in own.fields)
    filled = (running.run(actor, invoices.with_filled_fields, rows) for rows in pages)
    return _file(head, filled, lambda row: _own_cells(*row, keys))


def _payments(running: Runtime, actor: StaffActor, typed: Typed) -> Iterator[str]:
    wanted = accounting.parse_payment_filter({**typed, "after": "", "before": ""})
    pages = _pages(running, actor, accounting.export_payments, wanted)
    return _file(PAYMENT_HEAD, pages, _payment_cells)


def _credit_notes(running: Runtime, actor: StaffActor, typed: Typed) -> Iterator[str]:
    wanted = credit_note_list.parse_credit_note_filter(
        {**typed, "after": "", "before": ""}
    )
    pages = _pages(running, actor, credit_note_list.export_credit_notes, wanted)
    return _file(CREDIT_NOTE_HEAD, pages, _credit_note_cells)


def _audit_trail(running: Runtime, actor: StaffActor, _: Typed) -> Iterator[str]:
    """Write what was sealed, one place a line, for docs/check_audit_trail.py."""
    place = 0
    while True:
        found = running.run(actor, export_audit_trail, place)
        yield "".join(f"{canonical(asdict(sealed))}\n" for sealed in found)
        if not found:
            return
        place = found[-1].place


def _pages(
    running: Runtime,
    actor: StaffActor,
    query: Callable[..., Page[Row]],
    wanted: Filter,
) -> Iterator[tuple[Row, ...]]:
    """Read page after page, each in a transaction of its own, so none is long."""
    after = ""
    while True:
        paging = Paging(after=after, limit=PAGE_SIZE_MAX)
        page = running.run(actor, query, replace(wanted, paging=paging))
        yield page.rows
        after = page.older
        if not after:
            return


def _file(
    head: tuple[str, ...],
    pages: Iterator[tuple[Row, ...]],
    cells: Callable[[Row], list[str]],
) -> Iterator[str]:
    """Write the file a page at a time; the head goes with the first."""
    # Spreadsheets take a file without this mark for an older encoding.
    before = "\N{ZERO WIDTH NO-BREAK SPACE}" + csv_line(head)
    for rows in pages:
        yield before + "".join(csv_line(cells(row)) for row in rows)
        before = ""


def _started(chunks: Iterator[str]) -> Iterator[str]:
    """Make the first chunk now, so that a refusal still has a status to answer."""
    return chain([next(chunks)], chunks)


def _invoice_cells(row: InvoiceRow) -> list[str]:
    return [
        safe_cell(row.number),
        row.status.value,
        safe_cell(row.customer_name),
        safe_cell(row.purchase_order),
        safe_cell(row.job),
        _day(row.issued_on),
        _day(row.due_on),
        row.currency,
        *(
            _amount(minor, row.currency)
            for minor in (
                row.net_minor,
                row.tax_minor,
                row.total_minor,
                row.allocated_minor,
                row.credited_minor,
                row.written_off_minor,
                row.outstanding_minor,
            )
        ),
        _instant(row.sent_at),
        _instant(row.first_viewed_at),
        _instant(row.archived_at),
    ]


def _own_cells(
    row: InvoiceRow, filled: tuple[FilledField, ...], keys: tuple[str, ...]
) -> list[str]:
    """Write a row with the workspace's own fields, each in its column."""
    value_by_key = {field.key: field.value for field in filled}
    others = [f"{x.name}: {x.value}" for x in filled if x.key not in keys]
    return [
        *_invoice_cells(row),
        *(safe_cell(value_by_key.get(key, "")) for key in keys),
        safe_cell("; ".join(others)),
    ]


def _credit_note_cells(row: StaffCreditNote) -> list[str]:
    return [
        safe_cell(row.number),
        _day(row.issued_on),
        safe_cell(row.customer_name),
        safe_cell(row.invoice_number),
        safe_cell(row.reason),
        row.currency,
        *(
            _amount(minor, row.currency)
            for minor in (row.net_minor, row.tax_minor, row.total_minor)
        ),
        safe_cell(row.issued_by),
    ]


def _payment_cells(row: PaymentRow) -> list[str]:
    return [
        _day(row.received_on),
        safe_cell(row.customer_name),
        safe_cell(", ".join(invoice.number for invoice in row.invoices)),
        safe_cell(method_name(row.method, row.method_detail)),
        safe_cell(row.reference),
        row.status.value,
        row.currency,
        _amount(row.amount_minor, row.currency),
        _amount(row.refunded_minor, row.currency),
        _amount(row.net_minor, row.currency),
        _amount(row.credit_minor, row.currency),
        safe_cell(row.recorded_by),
    ]


def _amount(minor: int, currency: str) -> str:
    return format(Money(minor, currency).decimal, "f")


def _day(at: date | None) -> str:
    """Write a day in ISO form, as every program reads it."""
    return "" if at is None else at.isoformat()


def _instant(at: datetime | None) -> str:
    """Write an instant to the minute, in UTC, as spreadsheets take it for one."""
    return "" if at is None else f"{at:%Y-%m-%d %H:%M}"
