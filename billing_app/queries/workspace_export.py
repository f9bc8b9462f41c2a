"""All that a workspace is made of, row by row, to be written into an export."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import case, select
from sqlmodel import col

from billing_app.database import transfer
from billing_app.database.access import staff_or_job
from billing_app.database.audit_chain import ENTRY_COLUMNS, record_of
from billing_app.database.transfer import Carried
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.audit_chain import START, Sealed, seal_of
from billing_app.domain.document import DocumentKind
from billing_app.domain.errors import Conflict
from billing_app.domain.money import Money
from billing_app.domain.spreadsheet import csv_line, safe_cell
from billing_app.domain.workspace_export import WorkspaceFacts
from billing_app.models import (
    AuditEntry,
    AuditSeal,
    CreditNote,
    Customer,
    Invoice,
    IssuedDocument,
    LineItem,
    Payment,
    Product,
    WorkspaceSettings,
)

MOVE = Permission.MOVE_WORKSPACE


@dataclass(frozen=True, slots=True)
class ExportedDocument:
    """A document that was printed, and where its file is kept."""

    noun: str
    number: str
    row_id: int
    pdf_digest: str


@staff_or_job(MOVE)
def begin_export(uow: UnitOfWork) -> WorkspaceFacts:
    """See one state of the workspace from here to the end of the transaction."""
    transfer.hold_still(uow)
    workspace = uow.workspace
    return WorkspaceFacts(
        slug=workspace.slug,
        name=workspace.name,
        profile=workspace.profile,
        currency=workspace.currency,
        zone=workspace.zone,
        created_at=workspace.created_at,
    )


@dataclass(frozen=True, slots=True)
class Contents:
    """How much there is of what people know."""

    customers: int
    invoices: int
    payments: int
    documents: int


@staff_or_job(MOVE)
def read_contents(uow: UnitOfWork) -> Contents:
    return Contents(
        *(transfer.count_rows(uow, table) for table in (Customer, Invoice, Payment)),
        documents=sum(1 for _ in list_exported_documents(uow)),
    )


@staff_or_job(MOVE)
def count_exported(uow: UnitOfWork) -> int:
    """Return how many rows and documents there are to write."""
    tables = (transfer.TRAIL, *transfer.CARRIED)
    rows = sum(transfer.count_rows(uow, carried.table) for carried in tables)
    return rows + sum(1 for _ in list_exported_documents(uow))


@staff_or_job(MOVE)
def list_rows(uow: UnitOfWork, carried: Carried) -> Iterator[dict[str, Any]]:
    """Yield what is carried of a table, by id, as values for JSON."""
    return transfer.stream_rows(uow, carried.table)


@staff_or_job(MOVE)
def list_trail(uow: UnitOfWork) -> Iterator[Sealed]:
    """Yield the audit trail, sealed to its end.

    The last minutes have no seal in the database yet. They get the one that they
    will have there, unless somebody else commits in between.
    """
    seal, place = START, 0
    sealed = (
        select(col(AuditSeal.seal), *ENTRY_COLUMNS)
        .join(AuditEntry, col(AuditEntry.id) == col(AuditSeal.entry_id))
        .order_by(col(AuditSeal.place))
    )
    for row in uow.stream(sealed):
        place, seal = place + 1, row.seal
        yield Sealed(place, seal, record_of(row))
    waiting = (
        select(*ENTRY_COLUMNS)
        .outerjoin(AuditSeal, col(AuditSeal.entry_id) == col(AuditEntry.id))
        .where(col(AuditSeal.id).is_(None))
        .order_by(col(AuditEntry.id))
    )
    for row in uow.stream(waiting):
        record = record_of(row)
        place, seal = place + 1, seal_of(seal, record)
        yield Sealed(place, seal, record)


@staff_or_job(MOVE)
def list_exported_documents(uow: UnitOfWork) -> Iterator[ExportedDocument]:
    """Yield invoices, receipts and credit notes that have a file."""
    issued = (
        select(
            col(IssuedDocument.kind),
            col(IssuedDocument.number),
            col(IssuedDocument.id),
            col(IssuedDocument.pdf_digest),
        )
        .where(col(IssuedDocument.pdf_digest) != "")
        .order_by(col(IssuedDocument.id))
    )
    for kind, number, row_id, digest in uow.stream(issued):
        noun = "Receipt" if kind == DocumentKind.RECEIPT else "Invoice"
        yield ExportedDocument(noun, number, row_id, digest)
    credited = (
        select(col(CreditNote.number), col(CreditNote.id), col(CreditNote.pdf_digest))
        .where(col(CreditNote.pdf_digest) != "")
        .order_by(col(CreditNote.id))
    )
    for number, row_id, digest in uow.stream(credited):
        yield ExportedDocument("Credit-note", number, row_id, digest)


@staff_or_job(MOVE)
def read_logo_digest(uow: UnitOfWork) -> str:
    return uow.one(select(col(WorkspaceSettings.logo_digest)))[0]


# An empty workspace has none of these.
_CONTENTS = {
    Customer: "customers",
    Invoice: "invoices",
    Product: "products",
    Payment: "payments",
}


@staff_or_job(MOVE)
def check_room(uow: UnitOfWork, last_seal: str) -> None:
    """Refuse an export that is here, and a workspace that is in use.

    Raises:
        Conflict: says which.
    """
    if transfer.was_read_in(uow, last_seal):
        raise Conflict("This export was read in here already; nothing was changed.")
    for table, noun in _CONTENTS.items():
        row_id: Any = table.id
        if uow.first(select(row_id).limit(1)) is not None:
            raise Conflict(
                f"This workspace has {noun} already. An export is read into an empty "
                "one: two businesses never mix."
            )


# Sheets


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file for a spreadsheet: its head, its rows, and each row's cells."""

    name: str
    head: tuple[str, ...]
    rows: Any
    cells: Callable[[Any], list[str]]


@staff_or_job(MOVE)
def write_sheet(uow: UnitOfWork, sheet: Sheet) -> Iterator[str]:
    """Yield a sheet line by line."""
    # Spreadsheets take a file without this mark for an older encoding.
    yield "\N{ZERO WIDTH NO-BREAK SPACE}" + csv_line(sheet.head)
    for row in uow.stream(sheet.rows):
        yield csv_line(sheet.cells(row))


def _cells(row: Any) -> list[str]:
    """Write a row whose amounts are those of its `currency`."""
    return [
        _amount(value, row.currency) if name.endswith("_minor") else _cell(value)
        for name, value in zip(row._fields, row, strict=True)
    ]


def _plain_cells(row: Any) -> list[str]:
    return [_cell(value) for value in row]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal | int):
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    return safe_cell(str(value))


def _amount(minor: int, currency: str) -> str:
    return format(Money(minor, currency).decimal, "f")


SHEETS = (
    Sheet(
        "customers",
        (
            *("Name", "Email", "Contact", "Phone", "Address", "Postal code", "Town"),
            *("Region", "Country", "VAT ID", "Registration", "Electronic address"),
            *("Their reference", "Language", "Currency", "Net days", "Number code"),
        ),
        select(
            col(Customer.name),
            col(Customer.email),
            col(Customer.contact_name),
            col(Customer.phone),
            col(Customer.address),
            col(Customer.postal_code),
            col(Customer.town),
            col(Customer.region),
            col(Customer.country),
            col(Customer.vat_id),
            col(Customer.registration),
            col(Customer.electronic_address),
            col(Customer.reference),
            col(Customer.language),
            col(Customer.currency),
            col(Customer.net_days),
            col(Customer.number_code),
        ).order_by(col(Customer.id)),
        _plain_cells,
    ),
    Sheet(
        "products",
        ("Name", "Description", "Unit", "Price", "Currency"),
        select(
            col(Product.name),
            col(Product.description),
            col(Product.unit),
            col(Product.unit_price),
            col(Product.currency),
        ).order_by(col(Product.id)),
        _plain_cells,
    ),
    Sheet(
        "invoices",
        (
            *("Number", "State", "Customer", "PO number", "Job"),
            *("Issued", "Due", "Currency"),
            *("Net", "Tax", "Total", "Paid", "Credited", "Written off", "Outstanding"),
        ),
        select(
            col(Invoice.number),
            case(
                (col(Invoice.cancelled_at).is_not(None), "cancelled"),
                else_=col(Invoice.state),
            ),
            col(Invoice.customer_name),
            col(Invoice.purchase_order),
            col(Invoice.job),
            col(Invoice.issued_on),
            col(Invoice.due_on),
            col(Invoice.currency),
            col(Invoice.net_minor),
            col(Invoice.tax_minor),
            col(Invoice.total_minor),
            col(Invoice.allocated_minor),
            col(Invoice.credited_minor),
            col(Invoice.written_off_minor),
            col(Invoice.outstanding_minor),
        ).order_by(col(Invoice.id)),
        _cells,
    ),
    Sheet(
        "lines",
        (
            *("Invoice", "Line", "Name", "Description", "Quantity", "Unit"),
            *("Unit price", "Net", "Currency"),
        ),
        select(
            col(Invoice.number),
            col(LineItem.position) + 1,
            col(LineItem.name),
            col(LineItem.description),
            col(LineItem.quantity),
            col(LineItem.unit),
            col(LineItem.unit_price),
            col(LineItem.net_minor),
            col(Invoice.currency),
        )
        .join(Invoice, col(Invoice.id) == col(LineItem.invoice_id))
        .order_by(col(LineItem.id)),
        _cells,
    ),
    Sheet(
        "credit-notes",
        ("Number", "Issued", "Invoice", "Reason", "Currency", "Net", "Tax", "Total"),
        select(
            col(CreditNote.number),
            col(CreditNote.issued_on),
            col(Invoice.number),
            col(CreditNote.reason),
            col(CreditNote.currency),
            col(CreditNote.net_minor),
            col(CreditNote.tax_minor),
            col(CreditNote.total_minor),
        )
        .join(Invoice, col(Invoice.id) == col(CreditNote.invoice_id))
        .order_by(col(CreditNote.id)),
        _cells,
    ),
    Sheet(
        "payments",
        (
            *("Received", "Customer", "For invoice", "Method", "Reference", "Status"),
            *("Currency", "Amount", "Paid with it", "Refunded"),
        ),
        select(
            col(Payment.received_on),
            col(Customer.name),
            col(Invoice.number),
            col(Payment.method),
            col(Payment.reference),
            col(Payment.status),
            col(Payment.currency),
            col(Payment.amount_minor),
            col(Payment.allocated_minor),
            col(Payment.refunded_minor),
        )
        .join(Customer, col(Customer.id) == col(Payment.customer_id))
        .outerjoin(Invoice, col(Invoice.id) == col(Payment.invoice_id))
        .order_by(col(Payment.id)),
        _cells,
    ),
)
